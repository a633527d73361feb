/** Of those who first came in a period, how many came back so many periods later. */

/** @import { Desk, Row, View } from "../views.js" */
/** @import { Answers } from "../watching.js" */

import { html, nothing } from "lit";
import { countedPeople, peopleIn } from "../actions.js";
import { choice } from "../choices.js";
import { DAY, rangeIn, rangeOf } from "../ranges.js";

const PERIODS = 7, MOST_COHORTS = 12;

/** @param {Answers} answers */
function everyFor(answers) {
  const range = rangeIn(answers), days = range ? (range[1].getTime() - range[0].getTime()) / DAY : 0;
  return days <= 21 ? "1d" : days <= 250 ? "1w" : "1mo";
}

/** The cells of each cohort; those of all together, which come first, have none. @param {Answers} answers @returns {{ cohort: Date | null, cells: Row[] }[]} */
function cohortsIn(answers) {
  /** @type {Map<number | null, { cohort: Date | null, cells: Row[] }>} */
  const found = new Map();
  for (const row of answers.get("retention")?.rows() ?? []) {
    const cohort = row.cohort instanceof Date ? row.cohort : null, key = cohort?.getTime() ?? null;
    const group = found.get(key);
    if (group) group.cells.push(row);
    else found.set(key, { cohort, cells: [row] });
  }
  return [...found.values()].sort((a, b) => Number(a.cohort !== null) - Number(b.cohort !== null));
}

/** @param {Row[]} cells */
const sizeOf = cells => cells[0].size ?? cells.find(({ period }) => Number(period) === 0)?.actors;

/** Whether the rates of all together are of fewer people in one period than in another. @param {{ cohort: Date | null, cells: Row[] }[]} cohorts */
const hasBases = ([all]) => all.cohort === null && all.cells.some(({ size }) => size !== all.cells[0].size);

/** @type {View} */
export const retention = {
  needs: ["actor", "time"],
  title: words => words.retention.title,
  lines: () => 13,
  ask: ({ dataset, timezone }) => ({
    scout: rangeOf(dataset),
    plan: scouted => ({ retention: { query: { kind: "retention", every: everyFor(scouted), periods: PERIODS, mean: "weighted", timezone } } }),
  }),
  template(desk, answers) {
    const { words, format } = desk, found = cohortsIn(answers), own = found.filter(({ cohort }) => cohort !== null), every = everyFor(answers);
    const cohorts = [...found.filter(({ cohort }) => cohort === null), ...own.slice(-MOST_COHORTS)];
    if (!cohorts.length) return html`<p class="note">${words.empty}</p>`;
    const last = Math.max(...cohorts.flatMap(({ cells }) => cells.map(({ period }) => Number(period))));
    const most = Math.max(1e-9, ...cohorts.flatMap(({ cells }) => cells.filter(({ period }) => Number(period) > 0).map(({ rate }) => Number(rate ?? 0))));
    const periods = Array.from({ length: last + 1 }, (_, period) => period);
    return html`<p class="sentence" part="summary">${retention.summary(desk, answers)}</p>
    <div class="scroll" tabindex="0" role="group" aria-labelledby="title"><table class="heat" part="table" aria-labelledby="title">
      <thead><tr><th scope="col">${words.retention.first[/** @type {"1d"} */ (every)]}</th><th scope="col" class="number">${peopleIn(desk)}</th>${periods.map(period => html`<th scope="col" class="number"><span aria-hidden="true">${period ? `+${period}` : "0"}</span><span class="unseen">${words.retention.later[/** @type {"1d"} */ (every)]({ n: period, text: format.number(period), plurals: format.plurals })}</span></th>`)}</tr></thead>
      <tbody>${cohorts.map(({ cohort, cells }) => html`<tr part="row">
        <th scope="row">${cohort === null ? words.retention.all : format.time(cohort, every)}</th><td class="number">${format.number(sizeOf(cells))}</td>
        ${periods.map(period => {
          const cell = cells.find(cell => Number(cell.period) === period);
          if (!cell || cell.rate === null) return html`<td></td>`;
          const isOpen = cell.complete === false, base = cohort === null ? words.retention.base(countedPeople(desk, cell.size)) : undefined;
          return html`<td class="number shaded" part="cell" title=${base ?? nothing} ?data-open=${isOpen} .style=${`--share: ${period ? Math.min(1, Number(cell.rate) / most) : 0}`} @click=${() => desk.choose(cell)}>${choice(html`${format.percent(cell.rate, 0)}${isOpen ? html`<span aria-hidden="true">*</span><span class="unseen"> ${words.retention.open}</span>` : base ? html`<span class="unseen"> ${base}</span>` : nothing}`)}</td>`;
        })}
      </tr>`)}</tbody>
    </table></div>
    ${cohorts.some(({ cells }) => cells.some(({ complete }) => complete === false)) ? html`<p class="fine">* ${words.retention.open}</p>` : nothing}
    ${own.length > MOST_COHORTS ? html`<p class="fine">${words.retention.newest[/** @type {"1d"} */ (every)](format.number(MOST_COHORTS), format.number(own.length))}</p>` : nothing}
    ${hasBases(cohorts) ? html`<p class="fine">${words.retention.bases}</p>` : nothing}`;
  },
  summary(desk, answers) {
    const { words, format } = desk, cohorts = cohortsIn(answers), all = cohorts.find(({ cohort }) => cohort === null), next = all?.cells.find(({ period }) => Number(period) === 1);
    if (!cohorts.length) return words.empty;
    if (next && next.rate !== null) return words.retention.summary[/** @type {"1d"} */ (everyFor(answers))](format.percent(next.rate));
    return words.retention.early(countedPeople(desk, (all ? [all] : cohorts).reduce((sum, { cells }) => sum + Number(sizeOf(cells)), 0)));
  },
};
