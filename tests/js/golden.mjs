// The golden folders, for whoever can run them.
import { readFileSync, readdirSync } from "node:fs";

const folder = new URL("../golden/", import.meta.url);

export const cases = readdirSync(folder).sort().map(name => {
  const read = file => readFileSync(new URL(`${name}/${file}`, folder));
  return { name, events: read("events.csv"), query: JSON.parse(read("query.json")), expected: String(read("expected.csv")) };
});
