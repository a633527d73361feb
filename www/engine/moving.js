/** Data sets that move from the core of a first visit into the complete one, for questions that only it answers. */

/** @import { Field, Query } from "../clickfold.js" */
/** @import { WireOptions } from "./protocol.js" */
/** @import { Dataset } from "../../target/pkg/clickfold.js" */

import { breathe } from "./breathe.js";
import { bytesForComplete, completeCore, isBeyondFirst, isComplete } from "./core.js";
import { discard, freed } from "./errors.js";
import { zoneChanges } from "./zones.js";

/**
 * The data set, or what it has become in the core that answers the question. A move that fails half-way loses rows.
 * @param {Dataset} dataset @param {Query} query @param {WireOptions} options that it was loaded with
 * @param {boolean} moves whether it moves in any case
 * @returns {Promise<{ dataset: Dataset, isMoved: boolean }>}
 */
export async function ableTo(dataset, query, options, moves) {
  if (isComplete(dataset) || !moves && !isBeyondFirst(query)) return { dataset, isMoved: false };
  const core = await completeCore();
  core.checkQuery(query); // nothing moves for a question that cannot be asked
  const told = {
    schema: dataset.schema(), types: dataset.types(), report: dataset.report(), styles: dataset.dateStyles,
    is_shard: dataset.isShard, has_whole_actors: dataset.hasWholeActors,
  };
  // Texts are in both cores until all rows have gone; all else is free there before it is needed here.
  const texts = told.schema.reduce((/** @type {number} */ sum, /** @type {Field} */ { type, bytes }) => sum + (type === "text" ? bytes : 0), 0);
  if (core.bytesHeld() + texts > bytesForComplete()) {
    throw { code: "OUT_OF_MEMORY", message: "there is not enough memory to move the rows to where such questions are answered; load fewer rows or columns, or use the command line" };
  }
  core.setBudget(bytesForComplete());
  const moved = core.Dataset.arriving(told, JSON.parse(JSON.stringify(options)), zoneChanges);
  try {
    await freed(dataset.leave(), async leaving => {
      for (let given; (given = dataset.give(leaving));) {
        core.setBudget(bytesForComplete()); // what goes there goes from here
        for (const { rows } of given) moved.takeIn(rows);
        await breathe();
      }
    });
    moved.arrive();
  } catch (error) {
    discard(moved);
    throw error;
  }
  return { dataset: moved, isMoved: true };
}
