/** @import { Cell, Query, Role } from "../../clickfold.js" */
/** @import { Desk } from "./desk.js" */

/** @typedef {Record<string, Cell>} Row */

/**
 * A column of an answer's table. `as` says how its values are written (`written`: they are, as numbers), `digits` how many of money's stand after the point; `pick` makes them buttons.
 * @typedef {{ name: string, label: string, as?: "text" | "count" | "rate" | "seconds" | "days" | "money" | "figure" | "time" | "written", digits?: number, pick?: boolean }} Column
 */

/** @typedef {{ columns: Column[], rows: Row[] }} Shape of a table */

/**
 * Those whom a click chose: a sentence on them, how many they are, and the question that lists them.
 * @typedef {{ text: string, n?: number, query: Query }} Pick
 */

/** A kind of question: what it asks, with which choices, and how its answer looks. */
export class Kind {
  static title = "";
  /** The roles that columns must have. @type {Role[]} */
  static needs = ["actor", "time"];

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
  }

  /** Makes the first choices, once the desk knows the file's actions. */
  begin() {}

  /** What is chosen. @returns {unknown} */
  controls() {
    return this.desk.nothing;
  }

  /** What is asked; nothing while a choice is missing. @returns {Query | undefined} */
  query() {
    return undefined;
  }

  /** What is asked beside it, once the answer is there. @param {Row[]} _rows @returns {Promise<void>} */
  async more(_rows) {}

  /** The answer as a picture. @param {Row[]} _rows @returns {unknown} */
  chart(_rows) {
    return this.desk.nothing;
  }

  /** The answer as a table: its columns; those that the answer lacks are left out. @param {Row[]} rows @returns {Shape | undefined} */
  table(rows) {
    return { columns: [], rows };
  }

  /** Those whom a cell of the table counts. @param {Row} _row @param {string} _column @returns {Pick | undefined} */
  pick(_row, _column) {
    return undefined;
  }
}
