/** Answers that are kept up to date: a view first asks what it needs to know, then what follows from that. */

/** @import { Dataset, LiveTable, Query, WatchOptions } from "./clickfold.js" */

/** @typedef {{ query: Query, options?: WatchOptions }} Asked */
/** @typedef {Map<string, LiveTable>} Answers */

/**
 * What is asked. `scout` are questions whose answers `plan` needs to say the others.
 * @typedef {{ scout?: Record<string, Asked>, plan: (scouted: Answers) => Record<string, Asked> }} Asking
 */

export class Watching {
  #dataset;
  #asking;
  #changed;
  #failed;
  /** @type {Answers} */
  #scouted = new Map();
  /** What ends the questions that are watched. @type {(() => void)[]} */
  #scouts = [];
  /** @type {(() => void)[]} */
  #planned = [];
  #plan = "";
  /** Tells what follows from what is known, once all of it is known. */
  #tell = () => {};
  #isStopped = false;

  /**
   * @param {Dataset} dataset @param {Asking} asking
   * @param {(answers: Answers) => void} changed called with all answers, and again when one of them is another
   * @param {(error: unknown) => void} failed called once at the most; the watching has ended then
   */
  constructor(dataset, asking, changed, failed) {
    this.#dataset = dataset;
    this.#asking = asking;
    this.#changed = changed;
    this.#failed = failed;
    const scout = asking.scout ?? {}, n = Object.keys(scout).length;
    if (!n) this.#follow();
    this.#scouts = this.#watch(scout, this.#scouted, () => this.#scouted.size === n && this.#follow());
  }

  stop() {
    this.#isStopped = true;
    for (const end of [...this.#scouts, ...this.#planned]) end();
  }

  /** Asks what follows from what is known; what is asked already stays. */
  #follow() {
    /** @type {Record<string, Asked>} */
    let plan;
    try {
      plan = this.#asking.plan(this.#scouted);
    } catch (error) {
      return this.#fail(error);
    }
    const text = JSON.stringify(plan);
    if (text === this.#plan) return this.#tell();
    this.#plan = text;
    for (const end of this.#planned) end();
    /** @type {Answers} */
    const answers = new Map(), n = Object.keys(plan).length;
    this.#tell = () => {
      if (answers.size === n) this.#changed(new Map([...this.#scouted, ...answers]));
    };
    this.#planned = this.#watch(plan, answers, this.#tell);
    if (!n) this.#tell();
  }

  /** @param {Record<string, Asked>} asked @param {Answers} answers @param {() => void} heard */
  #watch(asked, answers, heard) {
    return Object.entries(asked).map(([name, { query, options }]) => this.#dataset.watch(query, table => {
      answers.set(name, table);
      heard();
    }, { ...options, onError: error => this.#fail(error) }));
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#isStopped) return;
    this.stop();
    this.#failed(error);
  }
}
