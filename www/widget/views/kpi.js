/** The few figures that say how a shop does, and how they have changed. */

/** @import { Dataset, Field } from "../clickfold.js" */
/** @import { Desk, Row, View } from "../views.js" */
/** @import { Answers, Asked } from "../watching.js" */

import { html, nothing } from "lit";
import { byRole } from "../../page/state.js";
import { actionOf, isAction } from "../../more/events/stages.js";
import { actionsIn, actionsOf, peopleIn } from "../actions.js";
import { choice } from "../choices.js";
import { DAY, HOUR, MINUTE, rangeIn, rangeOf } from "../ranges.js";
import { currenciesOf, isCode, revenueOf, revenuesIn } from "../revenue.js";

/** Of the currencies those with the most sales have a card. */
const MOST_CURRENCIES = 6;

/** A change is told to a thousandth at the finest: what is less is none. */
const THOUSAND = 1000;

/** A change's type, of the figure's, and what stands before it. */
const SMALL = 0.75, SIGN = "▲ ";

/** @typedef {(value: number, options?: Intl.NumberFormatOptions) => string} Write */
/** @typedef {{ name: "events" | "people" | "orders" | "revenue" | "conversion", currency?: string, value: number, before?: number, label: string, write: Write }} Card */
/** @typedef {{ length: number, unit: "days" | "hours", n: number, end: Date }} Period */

/**
 * The time that the figures are of: as many whole days (from a week on, weeks) or hours as the data has twice, up to the last event; all of the
 * data where that is less. It ends with a full hour or minute, so that not each event of a stream begins another.
 * @param {Answers} answers @returns {Period | undefined}
 */
function periodIn(answers) {
  const range = rangeIn(answers);
  if (!range) return undefined;
  const [from, to] = range, span = to.getTime() - from.getTime();
  const days = Math.floor(span / DAY / 2), hours = Math.floor(span / HOUR / 2);
  if (!hours) return undefined;
  const step = days ? HOUR : MINUTE, end = new Date(Math.floor(to.getTime() / step + 1) * step);
  if (!days) return { n: Math.min(hours, 12), unit: "hours", length: Math.min(hours, 12) * HOUR, end };
  const n = days < 7 ? days : Math.min(28, days - days % 7);
  return { n, unit: "days", length: n * DAY, end };
}

/** @param {Field | undefined} field */
const isNumber = field => field?.type === "int" || field?.type === "decimal";

/** What the data has of a sale. @param {Dataset} dataset @param {Answers} answers */
function saleIn(dataset, answers) {
  const hasActions = byRole(dataset, "action"), buy = actionOf(dataset, actionsIn(answers), "buy");
  const price = byRole(dataset, "price"), quantity = byRole(dataset, "quantity"), order = byRole(dataset, "order");
  const isKnown = buy !== undefined || !hasActions && Boolean(order), where = buy === undefined ? [] : [isAction(dataset, buy)];
  return {
    isKnown, order, where,
    // What comes back is no order, though it lessens what was taken in.
    ordered: isNumber(quantity) ? [...where, { any: [{ column: quantity?.name, is_null: true }, { column: quantity?.name, gt: 0 }] }] : where,
    price: isKnown && isNumber(price) ? price : undefined,
    wordy: isKnown && price?.type === "text" ? price : undefined,
    quantity: isNumber(quantity) ? quantity : undefined,
  };
}

/** The questions about a stretch of time. @param {Dataset} dataset @param {Answers} answers @param {string} name @param {object[]} when @returns {Record<string, Asked>} */
function questions(dataset, answers, name, when) {
  const { isKnown, order, where, ordered, price, quantity } = saleIn(dataset, answers), actor = byRole(dataset, "actor");
  const people = actor ? { people: { fn: "count_distinct", column: actor.name } } : {};
  return {
    [`${name} all`]: { query: { kind: "aggregate", where: when, measures: { events: { fn: "count" }, ...people } } },
    ...isKnown ? { [`${name} sold`]: { query: { kind: "aggregate", where: [...when, ...ordered], measures: { orders: order ? { fn: "count_distinct", column: order.name } : { fn: "count" }, ...people } } } } : {},
    ...price ? { [`${name} revenue`]: { query: revenueOf(dataset, [...when, ...where], price, quantity) } } : {},
  };
}

/** @param {Dataset} dataset @param {Answers} answers @param {string} name */
function figuresOf(dataset, answers, name) {
  const [all] = answers.get(`${name} all`)?.rows() ?? [], [sold] = answers.get(`${name} sold`)?.rows() ?? [];
  const number = (/** @type {unknown} */ value) => value === undefined || value === null ? undefined : Number(value);
  const people = number(all?.people), buyers = number(sold?.people);
  return {
    events: number(all?.events), people, orders: number(sold?.orders),
    // Where there is nothing but orders, whoever is there has ordered.
    conversion: people && buyers !== undefined && byRole(dataset, "action") ? buyers / people : undefined,
  };
}

/** The cards, and how many currencies have none. @param {Desk} desk @param {Answers} answers @returns {{ cards: Card[], omitted: number }} */
function cardsOf(desk, answers) {
  const { dataset, words, format } = desk, now = figuresOf(dataset, answers, "now"), before = figuresOf(dataset, answers, "before"), { order } = saleIn(dataset, answers);
  const card = (/** @type {keyof typeof now} */ name, /** @type {string} */ label, write = /** @type {Write} */ (format.number.bind(format))) => {
    const value = now[name];
    return value === undefined ? [] : [{ name, value, before: before[name], label, write }];
  };
  const { shown, omitted } = revenueCards(desk, answers);
  const cards = [
    ...card("events", words.kpi.events), ...card("people", peopleIn(desk)), ...card("orders", order ? words.kpi.orders : words.kpi.purchases),
    ...shown, ...card("conversion", words.kpi.conversion, value => format.percent(value)),
  ];
  return { cards, omitted };
}

/**
 * A card for each currency, by its code, and one for what is of none; `omitted` is how many currencies have no card.
 * @param {Desk} desk @param {Answers} answers @returns {{ shown: Card[], omitted: number }}
 */
function revenueCards({ dataset, words, format }, answers) {
  const { price } = saleIn(dataset, answers), [now, before] = revenuesIn(answers, ["now revenue", "before revenue"]);
  if (!answers.has("now revenue")) return { shown: [], omitted: 0 };
  const sales = (/** @type {string} */ currency) => (now.get(currency)?.n ?? 0) + (before.get(currency)?.n ?? 0);
  const all = [...new Set([...now.keys(), ...before.keys()])], known = all.filter(Boolean).sort((a, b) => sales(b) - sales(a) || (a < b ? -1 : 1));
  const currencies = [...known.slice(0, MOST_CURRENCIES).sort(), ...all.includes("") || !all.length ? [""] : []];
  const shown = currencies.map(currency => /** @type {Card} */ ({
    name: "revenue", value: now.get(currency)?.amount ?? 0, before: answers.has("before revenue") ? before.get(currency)?.amount ?? 0 : undefined,
    label: currencies.length > 1 || currency && !isCode(currency) ? words.kpi.revenueIn(currency) : words.kpi.revenue,
    ...currencies.length > 1 ? { currency } : {},
    write: (value, options) => format.money(value, Boolean(price?.scale), isCode(currency) ? currency : undefined, options),
  }));
  return { shown, omitted: Math.max(0, known.length - MOST_CURRENCIES) };
}

/** @type {View} */
export const kpi = {
  needs: [],
  title: words => words.kpi.title,
  lines: (_, isNarrow) => isNarrow ? 9 : 3,
  ask: ({ dataset }) => {
    const time = byRole(dataset, "time"), hasTime = time?.type === "time";
    return {
      scout: { ...actionsOf(dataset), ...currenciesOf(dataset), ...hasTime ? rangeOf(dataset) : {} },
      plan(scouted) {
        const period = periodIn(scouted);
        if (!period || !time) return questions(dataset, scouted, "now", []);
        const { end, length } = period, ago = (/** @type {number} */ n) => new Date(end.getTime() - n * length).toISOString();
        return {
          ...questions(dataset, scouted, "now", [{ column: time.name, gte: ago(1) }]),
          ...questions(dataset, scouted, "before", [{ column: time.name, gte: ago(2), lt: ago(1) }]),
        };
      },
    };
  },
  template(desk, answers) {
    const { words, format } = desk, period = periodIn(answers), { cards, omitted } = cardsOf(desk, answers), { wordy } = saleIn(desk.dataset, answers);
    return html`<ul class="cards" .style=${`--longest: ${Math.max(1, ...cards.map(card => lengthOf(desk, card)))}`}>${cards.map(card => html`<li class="card" part="card" @click=${() => desk.choose(rowOf(card))}>
      ${choice(html`<span class="label" part="label">${card.label}</span><span class="figure" part="figure">${card.write(card.value)}</span>`)}
      ${card.before === undefined ? nothing : html`<span class="change" part="change">${changeOf(desk, card, card.before)}</span>`}
    </li>`)}</ul>
    ${wordy ? html`<p class="fine">${words.kpi.noNumbers(wordy.name)}</p>` : nothing}
    ${omitted ? html`<p class="fine">${words.kpi.omitted({ n: omitted, text: format.number(omitted), plurals: format.plurals })}</p>` : nothing}
    ${period ? html`<p class="fine">${words.kpi.period[period.unit]({ n: period.n, text: format.number(period.n), plurals: format.plurals })}</p>` : nothing}`;
  },
  summary(desk, answers) {
    return cardsOf(desk, answers).cards.map(({ label, value, write }) => desk.words.pair(label, write(value))).join(desk.words.comma);
  },
};

/** Of what must not break in a card, in characters of the figure's size. @param {Desk} desk @param {Card} card */
function lengthOf(desk, card) {
  const { name, value, before, write } = card, figure = write(value).length;
  return before === undefined || name === "conversion" ? figure : Math.max(figure, SMALL * (SIGN.length + measured(desk, card, before).shown.length));
}

/** @param {Desk} desk @param {Card} card @param {number} before */
function changeOf(desk, card, before) {
  const { by, shown, said } = measured(desk, card, before), { up, down, same } = desk.words.kpi;
  const [sign, say] = by > 0 ? ["▲", up] : by < 0 ? ["▼", down] : ["=", same];
  return html`<span aria-hidden="true">${sign} ${shown}</span><span class="unseen">${say(said)}</span>`;
}

/**
 * A change with its sign, as it is shown, and without, as it is said: of a share in points; of what was more than nothing, and is not less now, in percent of
 * that; of all else, of which there is no percentage, the difference.
 * @param {Desk} desk @param {Card} card @param {number} before
 */
function measured({ words, format }, { name, value, write }, before) {
  const isShare = name === "conversion", isRelative = !isShare && before > 0 && value >= 0;
  const by = Math.round((value - before) / (isRelative ? before : 1) * THOUSAND) / THOUSAND;
  if (isShare) return { by, shown: words.kpi.points(format.points(by, "exceptZero")), said: words.kpi.saidPoints(format.points(by, "never")) };
  if (isRelative) return { by, shown: format.change(by, "exceptZero"), said: format.change(by, "never") };
  return { by, shown: write(by, { signDisplay: "exceptZero" }), said: write(by, { signDisplay: "never" }) };
}

/** @param {Card} card @returns {Row} */
function rowOf({ name, currency, value, before }) {
  const row = Object.create(null);
  return Object.assign(row, { name, value, before: before ?? null }, currency === undefined ? {} : { currency });
}
