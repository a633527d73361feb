/** @import { Desk } from "./desk.js" */
/** @import { Pick } from "./kind.js" */

/** No more bars are drawn: the table has them all. */
const MOST_BARS = 20;

/**
 * A bar with what stands before and behind it, and those whom it counts.
 * @typedef {{ name: string, value: number, text: string, pick?: Pick, low?: number, high?: number }} Bar
 */

/** Bars below each other, the longest as wide as there is room; `low` and `high` are what it may as well be. @param {Desk} desk @param {string} label @param {Bar[]} bars */
export function bars(desk, label, bars) {
  const { html, nothing } = desk, drawn = bars.slice(0, MOST_BARS);
  const most = Math.max(1e-9, ...drawn.map(({ value, high }) => Math.max(0, high ?? value)));
  const share = (/** @type {number} */ value) => Math.max(0, value) / most;
  return html`<div class="bars" role="group" aria-label=${label}>${drawn.map(({ name, value, text, pick, low, high }) => html`<div class="bar-row">
    <span class="name" title=${name}>${pick ? html`<button type="button" class="figure" title=${pick.text} @click=${() => desk.offer(pick)}>${name}</button>` : name}</span>
    <span class="track"><span class="fill" .style=${`--share: ${share(value)}`}></span>${low === undefined || high === undefined ? nothing
      : html`<span class="range-mark" title="what it may as well be" .style=${`--from: ${share(low)}; --to: ${share(high)}`}></span>`}</span>
    <span class="number">${text}</span>
  </div>`)}</div>`;
}
