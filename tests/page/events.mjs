// Events made from a seed, and the same numbers that the page shows counted a second, plain way.

/** Numbers in [0, 1), the same for the same seed. */
export function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const ACTIONS = ["view", "view", "view", "view", "cart", "cart", "buy"];

/** A shop's events over three days, with an hour without any. */
export function makeEvents(n, seed = 7) {
  const next = random(seed), pick = most => Math.floor(next() * most);
  const start = Date.UTC(2017, 10, 25);
  return Array.from({ length: n }, () => {
    const hour = pick(71);
    return {
      user_id: 1 + pick(40), item_id: 1000 + Math.floor(next() ** 2 * 60), behavior: ACTIONS[pick(ACTIONS.length)],
      price: (pick(5000) / 100).toFixed(2), event_time: new Date(start + (hour + (hour >= 20 ? 1 : 0)) * 3_600_000 + pick(3600) * 1000),
    };
  });
}

/** The events as CSV. */
export function csvOf(events) {
  const [first] = events;
  const text = value => value instanceof Date ? value.toISOString().slice(0, 19).replace("T", " ") : String(value);
  return [Object.keys(first), ...events.map(event => Object.values(event).map(text))].map(row => row.join(",")).join("\n") + "\n";
}

/** `[place, key, value]` of the groups with the highest values: SQL's rank, equal values by their key. */
export function rankOf(events, key, value, limit = 20) {
  const groups = Map.groupBy ? Map.groupBy(events, event => event[key]) : groupBy(events, key);
  const sorted = [...groups].map(([name, group]) => [name, value(group)]).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return sorted.slice(0, limit).map(([name, n]) => [1 + sorted.filter(other => other[1] > n).length, name, n]);
}

function groupBy(events, key) {
  const groups = new Map();
  for (const event of events) groups.set(event[key], [...(groups.get(event[key]) ?? []), event]);
  return groups;
}

/** `[time, count of each action…]` per bucket of so many milliseconds, empty ones too. */
export function lineOf(events, actions, width) {
  const bucket = event => Math.floor(event.event_time.getTime() / width) * width;
  const all = events.map(bucket), rows = [];
  for (let at = Math.min(...all); at <= Math.max(...all); at += width) {
    rows.push([at, ...actions.map(action => events.filter(event => event.behavior === action && bucket(event) === at).length)]);
  }
  return rows;
}
