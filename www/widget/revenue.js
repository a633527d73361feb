/** What was taken in: amounts of several currencies are never added up. */

/** @import { Cell, Dataset, Field } from "./clickfold.js" */
/** @import { Answers, Asked } from "./watching.js" */

/** Prices of so called columns are those of all pieces together. */
const IS_TOTAL = /total|revenue|sales|spend|amount|value/i;

const CURRENCY = /^currency(_?code)?$/i, SAYS_NOTHING = /^([\s\-–—.?]*|n\/?a|none|null|unknown)$/i;

/** More ways to write currencies than there are currencies. */
const MOST_SPELLINGS = 1_000;

/** Whether an amount can be written in it. @param {string} currency */
export const isCode = currency => /^[A-Z]{3}$/.test(currency);

/** @param {Dataset} dataset */
const columnOf = ({ schema }) => schema.find(({ name, type }) => (type === "text" || type === "int") && CURRENCY.test(name))?.name;

/** Its code, or what stands there instead, if that says anything. @param {Cell | undefined} currency */
function codeOf(currency) {
  const text = String(currency ?? "").trim(), code = text.toUpperCase();
  return isCode(code) ? code : SAYS_NOTHING.test(text) ? "" : text;
}

/**
 * The question in which currencies prices are, where a column says that.
 * @param {Dataset} dataset @returns {Record<string, Asked>}
 */
export function currenciesOf(dataset) {
  const column = columnOf(dataset);
  return column ? { currencies: { query: { kind: "aggregate", where: [{ column, is_null: false }], group_by: [{ column, as: "currency" }], measures: { n: { fn: "count" } }, limit: MOST_SPELLINGS } } } : {};
}

/**
 * The question for the prices of sales, each as many times as its row's quantity says.
 * @param {Dataset} dataset @param {object[]} where @param {Field} price @param {Field} [quantity]
 */
export function revenueOf(dataset, where, price, quantity) {
  const column = columnOf(dataset);
  return {
    kind: "aggregate", where,
    group_by: [
      ...column ? [{ column, as: "currency" }] : [],
      ...quantity && !IS_TOTAL.test(price.name) ? [{ column: quantity.name, as: "pieces" }] : [],
    ],
    measures: { price: { fn: "sum", column: price.name }, n: { fn: "count", column: price.name } },
  };
}

/**
 * What was taken in, by the code of its currency, and by `""` where none is known; all of it is in the only one that there is.
 * @typedef {{ amount: number, n: number }} Revenue of so many prices
 * @param {Answers} answers @param {string[]} names of the answers to `revenueOf` @returns {Map<string, Revenue>[]} each
 */
export function revenuesIn(answers, names) {
  const rows = names.map(name => (answers.get(name)?.rows() ?? []).map(row => ({ ...row, code: codeOf(row.currency) })));
  const [only = "", another] = new Set([...answers.get("currencies")?.rows().map(({ currency }) => codeOf(currency)) ?? [], ...rows.flat().map(({ code }) => code)].filter(Boolean));
  return rows.map(rows => {
    /** @type {Map<string, Revenue>} */
    const revenues = new Map();
    for (const { code, price, pieces = 1, n } of /** @type {(import("./views.js").Row & { code: string })[]} */ (rows)) {
      const currency = another === undefined ? only : code, { amount, n: before } = revenues.get(currency) ?? { amount: 0, n: 0 };
      if (n) revenues.set(currency, { amount: amount + Number(price) * Number(pieces ?? 1), n: before + Number(n) });
    }
    if (!revenues.size && another === undefined) revenues.set(only, { amount: 0, n: 0 });
    return revenues;
  });
}
