/** From this share of a way's ends on it is told that they skipped a step: such a step makes a funnel look worse than the shop is. */
const MANY = 1 / 3;

/** How many skipped a step between the first and the last, where they are many; else 0. @param {number} direct how many did the last after the first, whatever came between @param {number} through how many took all steps */
export function skippedOf(direct, through) {
  const skipped = direct - through;
  return skipped >= direct * MANY ? Math.max(0, skipped) : 0;
}
