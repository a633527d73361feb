/** Rows that can be chosen: one stop of the tab key for all of a view, and the arrow keys among them. */

import { html } from "lit";

/** A button for what is chosen; the click bubbles to its row. @param {unknown} content */
export const choice = content => html`<button type="button" class="choice" part="choice" tabindex="-1">${content}</button>`;

/** The same of a name, of which two lines are seen until it is pointed at or focused, with a bar beside it, of its share of the longest. @param {string} name @param {number} share */
export const barred = (name, share) => html`<div class="barred">${choice(html`<span class="name" title=${name}>${name}</span>`)}<span class="track" aria-hidden="true"><span class="bar" part="bar" .style=${`--share: ${share}`}></span></span></div>`;

/** @type {Record<string, (at: number, n: number) => number>} */
const WAYS = Object.assign(Object.create(null), {
  ArrowDown: (/** @type {number} */ at, /** @type {number} */ n) => Math.min(at + 1, n - 1), ArrowRight: (/** @type {number} */ at, /** @type {number} */ n) => Math.min(at + 1, n - 1),
  ArrowUp: (/** @type {number} */ at) => Math.max(at - 1, 0), ArrowLeft: (/** @type {number} */ at) => Math.max(at - 1, 0),
  Home: () => 0, End: (/** @type {number} */ _, /** @type {number} */ n) => n - 1,
});

/** @param {ParentNode} root @returns {HTMLElement[]} */
const choicesIn = root => [...root.querySelectorAll(/** @type {"button"} */ (".choice"))].filter(choice => choice.checkVisibility());

/** Moves the focus as an arrow key says. @param {KeyboardEvent} event @param {ParentNode} root */
export function moveChoice(event, root) {
  const way = WAYS[event.key], choices = choicesIn(root), at = choices.indexOf(/** @type {HTMLElement} */ (event.target));
  if (!way || at < 0) return;
  if (event.altKey || event.ctrlKey || event.metaKey) return; // those are the browser's
  event.preventDefault();
  const next = choices[way(at, choices.length)];
  for (const choice of choices) choice.tabIndex = choice === next ? 0 : -1;
  next.focus();
}

/** Leaves one stop for the tab key: that which was the last, or else the first. @param {ParentNode} root */
export function settleChoices(root) {
  const choices = choicesIn(root);
  if (choices.length && !choices.some(choice => choice.tabIndex === 0)) choices[0].tabIndex = 0;
}
