/** What a file's first bytes say it is, where they alone do. */

/** @typedef {"gzip" | "zstd" | "zip"} Packing */

/** @type {[Packing, string][]} */
const PACKINGS = [["gzip", "\x1f\x8b"], ["zstd", "\x28\xb5\x2f\xfd"], ["zip", "PK\x03\x04"]];
/** Of files that say at their end where their columns are. */
const INDEXED = ["PAR1", "PARE", "ARROW1"];
const ARROW_STREAM = "\xff\xff\xff\xff";

/** Bytes that tell it. */
export const LONGEST = 6;

/** Formats whose values lie column by column. */
export const COLUMNAR = ["parquet", "arrow"];

/** @param {Uint8Array} start @returns {Packing | undefined} */
export const packingOf = start => PACKINGS.find(([, signature]) => begins(start, signature))?.[0];

/** @param {Uint8Array} start */
export const isIndexed = start => INDEXED.some(signature => begins(start, signature));

/** Whether bytes begin a Parquet or Arrow file, which is no text. @param {Uint8Array} start */
export const isColumnar = start => isIndexed(start) || begins(start, ARROW_STREAM);

/** @param {Uint8Array} bytes @param {string} signature */
const begins = (bytes, signature) => [...signature].every((char, at) => char.charCodeAt(0) === bytes[at]);
