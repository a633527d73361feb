/** The items that most happens to: viewed, in a shop. */

/** @import { View } from "../views.js" */

import { html } from "lit";
import { actionsOf } from "../actions.js";
import { barred } from "../choices.js";
import { countedIn, nameOfCounted, nameOfRanked, rankingOf, titleOfRanked } from "../rankings.js";

/** @type {View} */
export const topItems = {
  needs: [],
  title: titleOfRanked,
  lines: limit => limit,
  ask: ({ dataset, limit }) => ({
    scout: actionsOf(dataset),
    plan: scouted => ({ ranking: { query: rankingOf(dataset, countedIn(dataset, scouted), limit) } }),
  }),
  template(desk, answers) {
    const { words, format } = desk, rows = answers.get("ranking")?.rows() ?? [];
    if (!rows.length) return html`<p class="note">${words.empty}</p>`;
    const most = Math.max(1, ...rows.map(row => Number(row.value)));
    return html`<table class="ranking" part="table" aria-labelledby="title">
      <thead><tr><th scope="col" class="number place">${words.topItems.place}</th><th scope="col">${nameOfRanked(desk)}</th><th scope="col" class="number">${nameOfCounted(desk, answers)}</th></tr></thead>
      <tbody>${rows.map(row => html`<tr part="row" @click=${() => desk.choose(row)}>
        <td class="number place">${format.number(row.place)}</td>
        <th scope="row">${barred(format.name(row.what, words.none), Number(row.value) / most)}</th>
        <td class="number">${format.number(row.value)}</td>
      </tr>`)}</tbody>
    </table>`;
  },
  summary({ words, format }, answers) {
    const first = answers.get("ranking")?.rows()[0];
    return first ? words.topItems.summary(format.name(first.what, words.none), format.number(first.value)) : words.empty;
  },
};
