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
  /** Is told when a worker is lost: by a crash, or because the browser has ended it. Another takes its place. */
  onLost?: (lost: Lost) => void;
}

export interface Lost {
  /** The place of the worker, from 0 on. */
  worker: number;
  error: ClickfoldError;
  /** Those that had rows in it. What is asked of them meanwhile waits. */
  datasets: Dataset[];
  /**
   * Those of them that have all their rows again: read again from a File, Blob, URL or Uint8Array, with the roles, joins and segments
   * since. Of a stream, or after rows were appended, or after three losses within a minute, they are lost for good: all that is asked then
   * fails with `WORKER_LOST`, and the error's `detail.lost` says how many rows of how many were in the worker.
   */
  rebuilt: Promise<Dataset[]>;
}

export interface Progress {
  bytes: number;
  /** Absent for streams of unknown length. */
  totalBytes?: number;
  rows: number;
  rejected: number;
  phase: "reading" | "done";
}

/**
 * `csv`: cells between separators. `ndjson`: a JSON object on each line. `json`: an array of objects, or a document with such
 * an array in it. `blanks`: cells between blanks. `log`: a request to a web server on each line.
 */
export type FileFormat = "csv" | "ndjson" | "json" | "blanks" | "log" | "parquet" | "arrow";

export interface LoadOptions {
  /**
   * How the records are written: found out, if not told. `encoding` is a label of the Encoding Standard, such as `gb18030`;
   * `separator`, `quote` and `header` are of `csv`, `pattern` of `log`: a known log's name such as `combined`, or the format
   * string of its server (Apache's LogFormat, nginx's log_format, a #Fields: directive).
   */
  format?: { kind?: FileFormat; pattern?: string; encoding?: string; separator?: string; quote?: string; header?: boolean };
  /**
   * A fixed type makes rejects of rows whose cell does not fit it. `order` says what comes first in dates such as 1/2/2024; `scale` how many digits behind
   * the point decimals have at the least (18 at the most), `unit` how finely times are counted at the least: values that are finer make the column so. Both are
   * of rows that are kept, and nothing to `keep: "answers"`.
   */
  schema?: Record<string, { type?: Exclude<ColumnType, "null">; role?: Role | null; order?: "dmy" | "mdy"; scale?: number; unit?: "s" | "ms" | "us" | "ns" }>;
  /** A recipe: steps that clean the rows, in their order. One worker then reads all of them. */
  clean?: CleaningStep[];
  /** The IANA time zone by whose clock times are that are written without a zone: UTC, if not told. */
  timezone?: string;
  /**
   * `answers`: no row is kept, only what the rows say of the `queries`, which are answered while the source is read once. So
   * a source larger than memory can be asked. Only those queries can be asked of the data set afterwards, and no rows
   * appended. A file whose columns turn out to need wider types than its first rows did is read a second time; a stream
   * then fails with `BAD_INPUT`.
   */
  keep?: "rows" | "answers";
  queries?: Query[];
  /** How rows that are appended are taken: those of a stream, whose first one may be still to come. See docs/live.md. */
  live?: LiveOptions;
  /**
   * Whether a file that has a header and no rows yet is a data set without rows, and no error. With `live` it is one, if not told, and the
   * first rows that are appended tell its columns' roles. With `keep: "answers"` it is an error.
   */
  awaitsRows?: boolean;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

/**
 * An object whose `step` says which: trim, case, replace, cast, parse, filter, select, rename, derive, drop_duplicates, impute,
 * quarantine or bots. See the README.
 */
export type CleaningStep = { step: string } & Record<string, unknown>;

/** What a step did: rows_in = rows_out + filtered + duplicate + rejected. */
export interface StepReport {
  step: string;
  rows_in: number;
  rows_out: number;
  filtered: number;
  duplicate: number;
  rejected: number;
  /** Values that are others now; of a new column, all that are not null. */
  changed: number;
  note?: string;
}

/** A row that a step put into quarantine; it counts as rejected. */
export interface Quarantined {
  /** The step's number, from 1 on. */
  step: number;
  /** The row's number among those that were read, from 1 on. */
  row: number;
  reason: string;
  columns: string[];
  values: (string | null)[];
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
  /** Of several files: that of the first. */
  format: FileFormat;
  /** The label of the encoding that the text was written in. Of several files: of the first. */
  encoding: string;
  /** The character between cells, where the format is `csv`. */
  separator: string | null;
  header: boolean;
  /** What is on a log's lines. */
  pattern?: string;
  /** Columns of a Parquet file that cannot be read. */
  left_out?: string[];
  /** The export that the columns are known to be of, what its words or codes for actions mean, and what is to be known of it. */
  preset?: string;
  actions?: { value: string; meaning: string }[];
  notes?: string[];
  /** What the data does not tell, and `schema` may. */
  /** Times that the clock of the source's zone shows twice or leaves out. */
  unclear_times?: number;
  questions?: { column: string; question: string; choices: ("dmy" | "mdy")[] }[];
  /** The first 1,000. */
  rejects: Reject[];
  /** What each step of the recipe did, and the first 1,000 rows that it put into quarantine. */
  steps?: StepReport[];
  quarantined?: Quarantined[];
}

/** `{ column, eq, … }`, `{ any: […] }`, `{ all: […] }`, `{ not: … }` or short `{ behavior: "pv" }`. */
export type Condition = Record<string, unknown>;

/** How far actors get: `step`, `actors`, `rate`, `rate_from_previous`, `median_seconds`, `p90_seconds`, `tied`, and `split_by`'s column first. */
export type FunnelQuery = {
  kind: "funnel";
  /** 1 to 32, each a condition or a list of them that must all hold. */
  steps: (Condition | Condition[])[];
  /** The longest time from the first step to the last, such as `30m`, `24h` or `7d`; any, if not told. */
  within?: string;
  mode?: "default" | "strict_order" | "strict_deduplication" | "strict_increase" | "any_order";
  /** Events between two steps (from 1) that take their actor out of the funnel. */
  exclude?: { where: Condition | Condition[]; after?: number; before?: number }[];
  /** `actor`, `session`, or a column with each value of which an actor has a funnel of its own. */
  per?: string;
  split_by?: string;
  split_at?: "first" | "last";
} & OfActors;

/** Who comes back how much later: `cohort`, `period`, `actors`, `rate`, `size`, `complete`, and with `value` what they spend. */
export type RetentionQuery = {
  kind: "retention";
  /** Any event, if not told. */
  start?: Condition | Condition[];
  return?: Condition | Condition[];
  /** `1d`, if not told. */
  every?: string;
  /** 7, if not told. */
  periods?: number;
  /** The first and last period of each, instead of `periods`. */
  brackets?: [number, number][];
  counting?: "on" | "on_or_after";
  clock?: "calendar" | "24h";
  cohorts?: "first" | "recurring";
  /** Further rows, whose cohort is null. */
  mean?: "weighted" | "simple";
  value?: string;
  order?: string;
  timezone?: string;
} & OfActors;

/** What kinds about actors have in common. */
export type OfActors = {
  where?: Condition[];
  /** The columns that say who and when, if not those with the roles. */
  actor?: string;
  time?: string;
  /** The actors themselves, one row each, instead of how many. */
  each?: "actor";
  having?: Condition[];
  order_by?: string[];
  limit?: number;
};

/** See the query's grammar in the README, and each kind in docs/questions.md. */
export type Query = FunnelQuery | RetentionQuery | ({ kind: string } & Record<string, unknown>);

export type SqlDialect = "duckdb" | "clickhouse" | "spark";

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

/** Files may be packed with gzip, zstd or zip; each file of data in a zip archive is one of several. */
export type Source = File | Blob | (File | Blob)[] | URL | Response | ReadableStream<Uint8Array> | Uint8Array;

export interface Dataset {
  readonly schema: Field[];
  readonly rows: number;
  readonly report: Report;
  /** A newer question of the same `view` cancels an older one that is not answered yet. */
  query(query: Query, options?: { signal?: AbortSignal; view?: string }): Promise<Table>;
  /**
   * Rows as objects, as CSV text in this data set's columns, or as an Arrow IPC stream or file; `format` says that they are written
   * otherwise. What became of them is told of these rows alone.
   */
  append(rows: Record<string, unknown>[] | Uint8Array, options?: { format?: FileFormat }): Promise<Appended>;
  /**
   * Calls `onTable` with the answer, and again when rows or roles have changed it, at most once in so many milliseconds. Returns
   * what ends it.
   */
  watch(query: Query, onTable: (table: LiveTable) => void, options?: WatchOptions): () => void;
  /** How far the stream's time has come, and what it has left behind; nothing where the data set was not loaded as `live`. */
  readonly live: LiveState | undefined;
  /** Says that it is so late by the stream's clock though no event says so: windows close that have ended by then, and rows go that were kept for a time. */
  advance(time: Date): Promise<void>;
  /** The last 1,000 rows that came too late for a window that was watched. */
  late(): Promise<Table>;
  /**
   * Brings another file's columns in, by a key: of items, of customers. Each row has those of the other file's first row of the
   * same key, null where there is none. Rows that are appended later have null in them.
   */
  join(source: Source, options: JoinOptions): Promise<Joined>;
  /**
   * Saves whom an answer names, by its first column, as a further column of that name: true in the rows of those, false in all
   * others. So a segment can stand in every `where`, `group_by` and `split_by`. Ask with `each: "actor"` where the kind has it. Rows that are
   * appended later have null in it.
   */
  segment(name: string, query: Query, options?: { signal?: AbortSignal }): Promise<Segment>;
  /**
   * The question in SQL, of a table `events` with this data set's columns: one statement, whose rows are the answer's, in its order.
   * What cannot be said so exactly fails with `UNSUPPORTED`. See the README for the columns' types.
   */
  sql(query: Query, dialect: SqlDialect): Promise<string>;
  /** Column → role; null takes it away. */
  setRoles(roles: Record<string, Role | null>): Promise<void>;
  close(): Promise<void>;
}

/** The column that a segment became, how many rows it is true in, and how many values the answer had. */
export interface Segment {
  column: string;
  rows: number;
  values: number;
}

export interface JoinOptions {
  /** The key's column in both, or in the data and in the other file. */
  on: string | [string, string];
  /** The columns that are brought in; all but the key, if not told. */
  columns?: string[];
  /** The name of a further column, true where a row's key was found: `is_matched`, if not told. */
  indicator?: string;
  format?: LoadOptions["format"];
  schema?: LoadOptions["schema"];
  signal?: AbortSignal;
}

/** What did and did not match: `matched` and `without` are all rows. */
export interface Joined {
  /** The names that the columns have, the indicator's last: `price_2` where there is a `price` already. */
  columns: string[];
  matched: number;
  /** Rows whose key was not found or is empty, and how many keys those have. */
  without: number;
  keysWithout: number;
  /** Rows of the other file whose key came before in it. */
  repeated: number;
  /** Rows of the other file whose key no row has; `unusedRows` are the first 1,000. */
  unused: number;
  unusedRows(): Promise<Table>;
}

/** What is kept of a stream, and how late its events may come. */
export interface LiveOptions {
  /** How long after a later event one may still come, such as `10s`: `0s`, if not told. Windows close so much later. */
  lateness?: string;
  /** The newest so many rows, or those of so long a time by the stream's clock, such as `1h`: all, if not told. Somewhat more may be held. */
  keep?: { rows?: number; time?: string };
  /** The column of each event's own id: an id that came before is a duplicate, and dropped. */
  id?: string;
  /** How many ids are remembered at the least: 1,000,000, if not told. */
  ids?: number;
}

/**
 * What became of appended rows: read = used + rejected + filtered + duplicate. Late ones are used. Where not one of them can be read, `append` fails
 * with `BAD_INPUT` instead, which says why, and the data set has counted nothing: a stream that `connect` reads counts them as invalid.
 */
export interface Appended {
  read: number;
  used: number;
  rejected: number;
  filtered: number;
  duplicate: number;
  /** Rows that came too late for a window that is watched. */
  late: number;
  /** The id of the last row, where ids are known. */
  last_id: string | null;
}

export interface LiveState {
  /** The greatest time of any event, or that of `advance`, and what it is less the lateness: windows that end by then are closed. */
  newest: Date | null;
  watermark: Date | null;
  /** Rows that came too late for a window that was watched, in all. */
  late: number;
  /** Rows that are no longer kept. */
  dropped: number;
}

export interface WatchOptions {
  /** Milliseconds: 250, if not told. */
  every?: number;
  /**
   * Windows of event time, each with an answer of its own: `{ size: "1m" }` (tumbling), `{ size: "1h", hop: "5m" }` (hopping), or of
   * sessions, which a longer silence of the actor (or of `by`) than `gap` ends: `{ gap: "30m" }`.
   */
  window?: { size: string; hop?: string; timezone?: string } | { gap: string; by?: string };
  /** How many windows the table has, the newest ones that have rows: 1, if not told. */
  show?: number;
  /** A column of the answer's: each of its values is told the place that it had in the window with rows before, and how far it moved. */
  movement?: string;
  /** Is given each window once, when it has closed: its answer is final. Windows come in their order; sessions that close together, in one table. */
  onClosed?: (table: LiveTable) => void;
  /** Is given what goes wrong, that the data set was closed, too; the watching then ends. */
  onError?: (error: ClickfoldError) => void;
}

/**
 * With windows, its first columns are `window_start`, `window_end` and `provisional`, true until the window has closed; with `movement` its
 * last ones `place_before` (null: it was not there) and `moved` (places up, null likewise).
 */
export interface LiveTable extends Table {
  live: LiveState & { windows: { start: Date; end: Date; provisional: boolean }[] };
}

/** Where events come from. See docs/streams.md for what each does. */
export type StreamSource =
  | { websocket: string | URL; protocols?: string | string[]; hello?: string; resume?: (lastId: string) => string | Uint8Array | undefined }
  | { sse: string | URL; headers?: Record<string, string> }
  | { fetch: string | URL; headers?: Record<string, string>; poll?: number }
  | { nats: string | string[]; subject: string; stream?: string; from?: "new" | "all" | number | Date; user?: string; pass?: string; token?: string }
  | { broadcast: string }
  | { postMessage: Window | MessagePort; origins: string[] }
  | { dataLayer: unknown[] | string }
  | { file: File | Blob; speed?: number };

export interface ConnectOptions extends Pick<LoadOptions, "format" | "schema" | "clean" | "timezone">, LiveOptions {
  /** When no event has come for so long, the stream's clock goes on with the wall's: never, if not told. */
  idle?: string;
  /** Bytes of one message, beyond which it is not read but counted: 16 MiB, if not told. */
  maxFrame?: number;
  /** Bytes that may wait for the engine, beyond which messages of sources that cannot wait are dropped and counted: 64 MiB, if not told. */
  buffer?: number;
  onStatus?: (status: StreamStatus) => void;
  signal?: AbortSignal;
}

export interface StreamStatus {
  state: "connecting" | "open" | "reconnecting" | "paused" | "ended" | "failed";
  /** Why, where it is reconnecting or has failed. */
  reason?: string;
  /** Why the last of the messages that were no events (`invalid_frames`) was none. */
  refused?: string;
  counters: StreamCounters;
}

/** frames = taken + invalid_frames + dropped_frames + waiting ones; received = used + invalid + filtered + duplicate. */
export interface StreamCounters {
  frames: number;
  bytes: number;
  /** Messages that were no events at all: garbage, or too large. */
  invalid_frames: number;
  /** Messages that came while too many were waiting, and those that still waited when the stream was closed. */
  dropped_frames: number;
  /** Events. */
  received: number;
  used: number;
  invalid: number;
  filtered: number;
  duplicate: number;
  late: number;
  reconnects: number;
}

/** A data set whose rows come from a stream. Closing it closes the stream. */
export interface LiveDataset extends Dataset {
  readonly status: StreamStatus;
  /** The source is not read meanwhile, where it can wait; others' messages wait here, and are dropped beyond the buffer. */
  pause(): void;
  resume(): void;
  /** Of a file: goes to that time, forwards or back; rows that came already are kept, and windows that closed stay so. */
  seek(time: Date): Promise<void>;
}

export interface Engine {
  readonly version: string;
  load(source: Source, options?: LoadOptions): Promise<Dataset>;
  /** Is there when the first event is: its columns are those of the data set. */
  connect(source: StreamSource, options?: ConnectOptions): Promise<LiveDataset>;
  close(): Promise<void>;
}

export function open(options?: EngineOptions): Promise<Engine>;

export class ClickfoldError extends Error {
  constructor(code: string, message: string, detail?: ErrorDetail);
  /** BAD_QUERY, UNKNOWN_COLUMN, BAD_INPUT, OVERFLOW, UNSUPPORTED, OUT_OF_MEMORY, CANCELLED, WORKER_LOST, SOURCE_LOST, … */
  readonly code: string;
  readonly detail: ErrorDetail;
}

export interface ErrorDetail {
  column?: string;
  line?: number;
  candidates?: string[];
  lost?: { rows: number; of: number };
}
