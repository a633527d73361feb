// An engine whose answers to some kinds of questions are given by the test; all others are the real one's.

const WRAPPED = `
import { open as openReal, ClickfoldError } from "./clickfold.js?real";
export { ClickfoldError };
const table = rows => ({
  columns: Object.keys(rows[0] ?? {}).map(name => ({ name, type: typeof rows[0][name] === "number" ? "float" : "text" })),
  numRows: rows.length, rows: () => rows.map(row => ({ ...row })), ipc: new Uint8Array(), stats: { rows_scanned: 0, ms: 0, exact: true },
});
export async function open(options) {
  const engine = await openReal(options);
  return { ...engine, load: async (...given) => wrap(await engine.load(...given)) };
}
function wrap(dataset) {
  return new Proxy(dataset, {
    get(target, key) {
      if (key === "query") return async (query, options) => {
        globalThis.asked = [...globalThis.asked ?? [], query];
        const answer = globalThis.answers?.find(({ of }) => Object.entries(of).every(([key, value]) => JSON.stringify(query[key] ?? null) === JSON.stringify(value)));
        if (!answer) return target.query(query, options);
        if (answer.after) await new Promise(resolve => setTimeout(resolve, answer.after));
        if (answer.isHeld) await new Promise(resolve => { globalThis.letGo = resolve; });
        if (answer.error) throw new ClickfoldError(answer.error[0], answer.error[1]);
        return table(answer.rows.map(row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === "string" && /^\\d{4}-\\d\\d-\\d\\dT/.test(value) ? new Date(value) : value]))));
      };
      if (key === "segment") return async (name, query) => {
        globalThis.segments = [...globalThis.segments ?? [], { name, query }];
        return { column: globalThis.segmentColumn };
      };
      return target[key];
    },
  });
}
`;

/**
 * Answers of the page's engine from its next visit on: the first whose \`of\` is in the question; \`null\` in \`of\` is a key that is not there.
 * One that `isHeld` comes once `letGo` is called in the page. What was asked is in \`asked\`. The visit must block service workers, which have an engine of their own.
 */
export async function mock(page, answers = [], { segmentColumn } = {}) {
  await page.context().route(/\/clickfold\.js$/, route => route.fulfill({ contentType: "text/javascript", body: WRAPPED }));
  await page.addInitScript(([answers, segmentColumn]) => Object.assign(globalThis, { answers, segmentColumn }), [answers, segmentColumn]);
}
