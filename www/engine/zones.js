const FROM = Date.UTC(1900, 0) / 1000;
const TO = Date.UTC(2100, 0) / 1000;
const PROBE = 20 * 86400; // clocks hardly ever change twice within so many seconds

/** @type {Map<string, Float64Array | undefined>} */
const known = new Map();

/**
 * When a zone's clocks change, 1900 to 2100, the first change standing for all time before: pairs of a UTC second and seconds east of Greenwich from then on.
 * Nothing for a name that is no zone. From the browser's own time zone data.
 * @param {string} name
 */
export function zoneChanges(name) {
  if (!known.has(name)) known.set(name, findChanges(name));
  return known.get(name);
}

/** @param {string} name */
function findChanges(name) {
  let format;
  try {
    format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  } catch {
    return undefined; // RangeError: no such zone; the core says so, naming the zone
  }
  const offset = offsets(format);
  const changes = [FROM, offset(FROM)];
  let before = offset(FROM);
  for (let at = FROM; at < TO; at += PROBE) {
    const after = offset(at + PROBE);
    if (before === after) continue;
    let low = at, high = at + PROBE;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offset(middle) === before) low = middle;
      else high = middle;
    }
    changes.push(high, after);
    before = after;
  }
  return Float64Array.from(changes);
}

/** The offset at a UTC second, read from a text such as `GMT+05:30`. @param {Intl.DateTimeFormat} format */
function offsets(format) {
  /** @param {number} second */
  return second => {
    const name = format.formatToParts(second * 1000).find(part => part.type === "timeZoneName")?.value ?? "GMT";
    const [, sign, hours, minutes = "0", seconds = "0"] = /GMT([+-])(\d+)(?::(\d+))?(?::(\d+))?/.exec(name) ?? ["", "+", "0"];
    return (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
  };
}
