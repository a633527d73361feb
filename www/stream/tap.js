/** A data layer's pushes, heard while somebody listens. */

/**
 * What is in the array already, then all that is pushed to it; the array and what it answers stay as they are.
 * @param {unknown[]} layer @param {(pushed: unknown) => void} take @returns {() => void} ends it
 */
export function tap(layer, take) {
  const isOwn = Object.hasOwn(layer, "push"), before = layer.push;
  let isHeard = true;
  const push = (/** @type {unknown[]} */ ...pushed) => {
    const answer = before.apply(layer, pushed);
    if (isHeard) pushed.forEach(take);
    return answer;
  };
  layer.push = push;
  Array.from(layer).forEach(take);
  return () => {
    isHeard = false;
    // Whoever has put their own push over ours calls it, and is not taken away.
    if (layer.push !== push) return;
    if (isOwn) layer.push = before;
    else Reflect.deleteProperty(layer, "push");
  };
}
