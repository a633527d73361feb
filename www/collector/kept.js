/** What localStorage has not taken: it may be denied or full. @type {Map<string, unknown>} */
const memory = new Map();

/** @param {string} key @returns {any} */
export function read(key) {
  try {
    return memory.get(key) ?? JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {} // denied, or not ours: as good as nothing
}

/** Nothing is kept of a value that is none. @param {string} key @param {unknown} [value] */
export function keep(key, value) {
  memory.delete(key);
  try {
    localStorage.removeItem(key);
    if (value) localStorage.setItem(key, JSON.stringify(value));
  } catch {
    memory.set(key, value);
  }
}
