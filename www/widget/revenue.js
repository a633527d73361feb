/** What was taken in: amounts of several currencies are never added up. */

/** @import { Cell, Dataset, Field } from "./clickfold.js" */
/** @import { Answers, Asked } from "./watching.js" */

/** Prices of so called columns are those of all pieces together. */
const IS_TOTAL = /total|revenue|sales|spend|amount|value/i;

const CURRENCY = /^currency(_?code)?$/i;

/** Whether an amount can be written in it. @param {string} currency */
export const isCode = currency => /^[A-Z]{3}$/.test(currency);

/** @param {Dataset} dataset */
const columnOf = ({ schema }) => schema.find(({ name, type }) => type === "text" && CURRENCY.test(name))?.name;

/** Its code, or what stands there instead. @param {Cell | undefined} currency */
function codeOf(currency) {
  const text = String(currency ?? ""), code = text.toUpperCase();
  return isCode(code) ? code : text;
}

/** The question in which currencies prices are, where a column says that: whether there are several. @param {Dataset} dataset @returns {Record<string, Asked>} */
export function currenciesOf(dataset) {
  const column = columnOf(dataset);
  return column ? { currencies: { query: { kind: "aggregate", where: [{ column, is_null: false }], group_by: [{ column, as: "currency" }], measures: { n: { fn: "count" } }, limit: 3 } } } : {};
}

/** Two that say something are enough. @param {Answers} answers */
const currenciesIn = answers => answers.get("currencies")?.rows().map(({ currency }) => codeOf(currency)).filter(Boolean) ?? [];

/**
 * The question for the prices of sales, each as many times as its row's quantity says.
 * @param {Dataset} dataset @param {Answers} answers @param {object[]} where @param {Field} price @param {Field} [quantity]
 */
export function revenueOf(dataset, answers, where, price, quantity) {
  return {
    kind: "aggregate", where,
    group_by: [
      ...currenciesIn(answers).length > 1 ? [{ column: columnOf(dataset), as: "currency" }] : [],
      ...quantity && !IS_TOTAL.test(price.name) ? [{ column: quantity.name, as: "pieces" }] : [],
    ],
    measures: { price: { fn: "sum", column: price.name }, n: { fn: "count", column: price.name } },
  };
}

/**
 * What was taken in, by the code of its currency, and by `""` where none is known; all of it is in the only one that there is.
 * @typedef {{ amount: number, n: number }} Revenue of so many prices
 * @param {Answers} answers @param {string} name of the answer to `revenueOf` @returns {Map<string, Revenue> | undefined}
 */
export function revenuesIn(answers, name) {
  const [first = "", another] = currenciesIn(answers), only = isCode(first) ? first : "";
  /** @type {Map<string, Revenue>} */
  const revenues = new Map();
  for (const { currency, price, pieces = 1, n } of answers.get(name)?.rows() ?? []) {
    const code = another === undefined ? only : codeOf(currency), { amount, n: before } = revenues.get(code) ?? { amount: 0, n: 0 };
    if (n) revenues.set(code, { amount: amount + Number(price) * Number(pieces ?? 1), n: before + Number(n) });
  }
  if (!revenues.size && another === undefined) revenues.set(only, { amount: 0, n: 0 });
  return answers.has(name) ? revenues : undefined;
}
