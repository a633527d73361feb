/** What leads at this moment: the first items of the current window, and how they moved since the window before. */

/** @import { LiveDataset } from "../clickfold.js" */
/** @import { Desk, Row, View } from "../views.js" */
/** @import { Answers } from "../watching.js" */

import { html, nothing } from "lit";
import { barred } from "../choices.js";
import { countedIn, nameOfCounted, nameOfRanked, rankingOf } from "../rankings.js";
import { actionsOf } from "../actions.js";
import { DAY } from "../ranges.js";

/** The window before is shown to no one, but says whether there was one: else nothing is new. */
const WINDOWS = 2;

/** Whether a window begins with a day, by whosever clock. @param {string} size */
const isOfDays = size => /\d(d|w|mo|q|y)$/.test(size);

/** @param {Answers} answers */
const windowsIn = answers => answers.get("leaders")?.live.windows ?? [];

/** Those of the current window. @param {Answers} answers @returns {Row[]} */
function leadersIn(answers) {
  const start = windowsIn(answers).at(-1)?.start.getTime();
  return (answers.get("leaders")?.rows() ?? []).filter(({ window_start }) => /** @type {Date} */ (window_start).getTime() === start);
}

/** @type {View} */
export const live = {
  needs: ["time"],
  title: words => words.live.title,
  lines: limit => limit + 1,
  isTicking: true,
  ask: ({ dataset, limit, window, timezone }) => ({
    scout: actionsOf(dataset),
    plan: scouted => ({ leaders: { query: rankingOf(dataset, countedIn(dataset, scouted), limit, "row_number"), options: { window: { size: window, ...isOfDays(window) ? { timezone } : {} }, movement: "what", show: WINDOWS } } }),
  }),
  template(desk, answers) {
    const { words, format } = desk, rows = leadersIn(answers), hasBefore = windowsIn(answers).length > 1;
    const most = Math.max(1, ...rows.map(row => Number(row.value)));
    return html`${state(desk, answers)}
    <table class="ranking" part="table" aria-labelledby="title">
      <thead><tr><th scope="col" class="number place">${words.topItems.place}</th><th scope="col" class="moved"><span class="unseen">${words.live.moved}</span></th><th scope="col">${nameOfRanked(desk)}</th><th scope="col" class="number">${nameOfCounted(desk, answers)}</th></tr></thead>
      <tbody>${rows.map(row => html`<tr part="row" @click=${() => desk.choose(row)}>
        <td class="number place">${format.number(row.place)}</td>
        <td class="moved">${hasBefore ? movement(desk, row) : nothing}</td>
        <th scope="row">${barred(format.name(row.what, words.none), Number(row.value) / most)}</th>
        <td class="number">${format.number(row.value)}</td>
      </tr>`)}</tbody>
    </table>
    ${rows.length ? nothing : html`<p class="note">${nobodyIn(desk, answers)}</p>`}
    ${counters(desk, answers)}
    ${windowsIn(answers).length ? html`<p class="fine">${words.zone(format.zone())}</p>` : nothing}`;
  },
  summary(desk, answers) {
    const { words, format } = desk, [first] = leadersIn(answers);
    return first ? words.live.leads(format.name(first.what, words.none)) : nobodyIn(desk, answers);
  },
};

/** That the window has nothing of what is counted. @param {Desk} desk @param {Answers} answers */
const nobodyIn = (desk, answers) => desk.words.live.nothing(nameOfCounted(desk, answers));

/** Whether the window is final; nothing where that will never be known. @param {Desk} desk @param {boolean} isProvisional */
function closing({ dataset, words }, isProvisional) {
  const state = /** @type {Partial<LiveDataset>} */ (dataset).status?.state;
  if (isProvisional && state === "failed") return nothing;
  return html` <span class="tag">${isProvisional && state !== "ended" ? words.live.provisional : words.live.closed}</span>`;
}

/** @param {Desk} desk @param {Row} row */
function movement({ words, format }, { place_before, moved }) {
  if (place_before === null) return html`<span class="tag">${words.live.isNew}</span>`;
  const places = Number(moved), counted = { n: Math.abs(places), text: format.number(Math.abs(places)), plurals: format.plurals };
  if (!places) return html`<span aria-hidden="true">=</span><span class="unseen">${words.live.stayed}</span>`;
  return html`<span aria-hidden="true">${places > 0 ? "▲" : "▼"}${counted.text}</span><span class="unseen">${places > 0 ? words.live.up(counted) : words.live.down(counted)}</span>`;
}

/** Whether the time of day alone would be taken for today's. @param {Date} date */
const isOld = date => Math.abs(Date.now() - date.getTime()) > DAY / 2;

/** The connection, the window and whether its answer may still change. @param {Desk} desk @param {Answers} answers */
function state(desk, answers) {
  const { dataset, words, format, memory } = desk;
  const { status } = /** @type {Partial<LiveDataset>} */ (dataset), window = windowsIn(answers).at(-1);
  const rate = rateOf(dataset, memory);
  return html`<p class="state" part="status">
    ${status ? html`<span class="tag" data-state=${status.state}>${words.live.states[status.state]}</span>` : nothing}
    ${window ? html`<span>${isOld(window.start) ? format.time(window.start, "1s") : format.clock(window.start)} – ${window.end.getTime() - window.start.getTime() < DAY ? format.clock(window.end) : format.time(window.end, "1s")}</span>${closing(desk, window.provisional)}` : nothing}
    ${rate === undefined || !status && !rate ? nothing : html`<span>${words.live.rate({ n: rate, text: format.number(rate), plurals: format.plurals })}</span>`}
  </p>`;
}

/** @param {Desk} desk @param {Answers} answers */
function counters({ dataset, words, format }, answers) {
  const { status, live } = /** @type {Partial<LiveDataset>} */ (dataset), told = answers.get("leaders")?.live ?? live;
  /** @type {[string, string][]} */
  const shown = [];
  if (told?.watermark) shown.push([words.live.watermark, format.clock(told.watermark)]);
  if (told) shown.push([words.live.late, format.number(told.late)]);
  if (status) shown.push([words.live.duplicate, format.number(status.counters.duplicate)], [words.live.invalid, format.number(status.counters.invalid + status.counters.invalid_frames)]);
  return shown.length ? html`<dl class="counters" part="counters">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>` : nothing;
}

/** Milliseconds over which the rate of events is told. */
const OVER = 5_000;

/** Events in a second, of late, few of them to a tenth; nothing until that is known. @param {import("../clickfold.js").Dataset} dataset @param {Map<string, any>} memory */
function rateOf(dataset, memory) {
  /** @type {{ at: number, n: number }[]} */
  const seen = memory.get("rate") ?? [], at = performance.now();
  const kept = [...seen, { at, n: dataset.rows + (dataset.live?.dropped ?? 0) }].filter((one, i, all) => at - one.at <= OVER || i === all.length - 1);
  memory.set("rate", kept);
  const [first] = kept, last = kept[kept.length - 1];
  if (last.at - first.at < 500) return undefined;
  const rate = Math.max(0, (last.n - first.n) / (last.at - first.at) * 1000);
  return rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate);
}
