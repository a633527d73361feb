/** Clickfold's engine: an online shop's questions about its own events, answered in the browser tab. */

/** A `uuid` is text to all questions and in all answers: hyphens, letters in lower case. */
export type ColumnType = "null" | "bool" | "int" | "decimal" | "time" | "uuid" | "text";
export type Role = "actor" | "session" | "item" | "category" | "action" | "time" | "price" | "quantity" | "order" | "channel";

export interface EngineOptions {
  /** How many workers share files. If not told: one for files below 64 MiB, else as many as the machine has cores, 8 at the most. */
  workers?: "auto" | number;
  /**
   * Bytes that all workers together may hold: 4 GiB each, if not told. What needs more fails with `OUT_OF_MEMORY`, and the
   * data that is loaded already still answers.
   */
  memory?: number;
}

export interface Progress {
  bytes: number;
  /** Absent for streams of unknown length. */
  totalBytes?: number;
  rows: number;
  rejected: number;
  phase: "reading" | "done";
}

export interface LoadOptions {
  format?: { separator?: string; quote?: string; header?: boolean };
  /** A fixed type makes rejects of rows whose cell does not fit it. */
  schema?: Record<string, { type?: Exclude<ColumnType, "null">; role?: Role | null }>;
  /** The time zone of the source's clock: UTC for now. */
  timezone?: string;
  /**
   * `answers`: no row is kept, only what the rows say of the `queries`, which are answered while the source is read once. So
   * a source larger than memory can be asked. Only those queries can be asked of the data set afterwards, and no rows
   * appended. A file whose columns turn out to need wider types than its first rows did is read a second time; a stream
   * then fails with `BAD_INPUT`.
   */
  keep?: "rows" | "answers";
  queries?: Query[];
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

export interface Field {
  name: string;
  type: ColumnType;
  role: Role | null;
  nulls: number;
  /** Bytes of memory that the column held when this was told; questions may change how it is held. */
  bytes: number;
  /** Digits after the point, of decimals. */
  scale?: number;
  unit?: "s" | "ms" | "us" | "ns";
}

export interface Reject {
  /** Of several files: which. */
  file?: string;
  /** Counted from 1. */
  line: number;
  /** Counted from 0. */
  byte: number;
  reason: string;
  text: string;
}

/** What became of the source's rows: read = used + rejected + filtered + duplicate. */
export interface Report {
  read: number;
  used: number;
  rejected: number;
  filtered: number;
  duplicate: number;
  bytes: number;
  separator: string;
  header: boolean;
  /** The first 1,000. */
  rejects: Reject[];
}

/** See the query's grammar in the README. */
export type Query = { kind: string } & Record<string, unknown>;

export type Cell = string | number | bigint | boolean | Date | null;

export interface Table {
  /** `error`: how far the column's values may be off, such as `0.01 relative`; absent where they are exact. */
  columns: { name: string; type: string; error?: string }[];
  numRows: number;
  /** Null as null, times as Date, integers as Number and beyond ±(2^53−1) as BigInt, decimals as Number (exact in `ipc`). */
  rows(): Record<string, Cell>[];
  /** The answer as an Arrow IPC stream. */
  ipc: Uint8Array;
  stats: { rows_scanned: number; ms: number; exact: boolean };
}

export type Source = File | Blob | (File | Blob)[] | URL | Response | ReadableStream<Uint8Array> | Uint8Array;

export interface Dataset {
  readonly schema: Field[];
  readonly rows: number;
  readonly report: Report;
  /** A newer question of the same `view` cancels an older one that is not answered yet. */
  query(query: Query, options?: { signal?: AbortSignal; view?: string }): Promise<Table>;
  /** Rows as objects, as CSV text in this data set's columns, or as an Arrow IPC stream or file. */
  append(rows: Record<string, unknown>[] | Uint8Array): Promise<void>;
  /** Column → role; null takes it away. */
  setRoles(roles: Record<string, Role | null>): Promise<void>;
  close(): Promise<void>;
}

export interface Engine {
  readonly version: string;
  load(source: Source, options?: LoadOptions): Promise<Dataset>;
  close(): Promise<void>;
}

export function open(options?: EngineOptions): Promise<Engine>;

export class ClickfoldError extends Error {
  constructor(code: string, message: string, detail?: ErrorDetail);
  /** BAD_QUERY, UNKNOWN_COLUMN, BAD_INPUT, OVERFLOW, UNSUPPORTED, OUT_OF_MEMORY, CANCELLED, WORKER_LOST, … */
  readonly code: string;
  readonly detail: ErrorDetail;
}

export interface ErrorDetail {
  column?: string;
  line?: number;
  candidates?: string[];
}
