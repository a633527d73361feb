/** The one engine of all widgets of a page: there from the first use until nobody has used it for a while. */

/** @import { Engine } from "./clickfold.js" */

import { open } from "./clickfold.js";

/** Milliseconds that an engine outlives its last user: a page that shows its next view needs it again. */
const LINGER = 5_000;

/** @type {Promise<Engine> | undefined} */
let engine;
let users = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let closing;

/** The engine, for one more user, who gives it back with `releaseEngine`. */
export function holdEngine() {
  users++;
  clearTimeout(closing);
  engine ??= start();
  return engine;
}

export function releaseEngine() {
  users--;
  if (!users) closing = setTimeout(end, LINGER);
}

function start() {
  const started = open();
  // Told to whoever waits for it; the next try is a new one.
  started.catch(() => { if (engine === started) engine = undefined; });
  return started;
}

function end() {
  engine?.then(engine => engine.close(), () => {}); // one that never was has nothing to close
  engine = undefined;
}
