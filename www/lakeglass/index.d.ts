/**
 * Lakeglass: open any version of a Delta table in the browser tab and query it with SQL.
 *
 * ```js
 * import { Lakeglass } from "lakeglass";
 * const lake = await Lakeglass.connect({ tables: { weather: "./demo/weather" } });
 * const rows = await lake.query("SELECT city, avg(temperature) AS mean FROM weather GROUP BY city");
 * ```
 *
 * @module lakeglass
 */

import type { OpenOptions, PageFetch } from "./access.js";
import type { ExportOptions, PlanNode, QueryOptions, QueryParams } from "./query.js";

export type { AccessOptions, OpenOptions, PageFetch, Sign, Signed } from "./access.js";
export type { ExportFormat, ExportOptions, ParamValue, PlanNode, QueryOptions, QueryParams, QueryProgress } from "./query.js";

/** What went wrong, by what a caller can do about it. Stable: the same words in Rust, here and on the command line. */
export type ErrorCode =
  | "table_not_found"
  | "version_not_found"
  | "network"
  | "cors_or_network"
  | "http_status"
  | "permission_denied"
  | "url_expired"
  | "origin_not_allowed"
  | "unsupported_feature"
  | "corrupt_table"
  | "invalid_sql"
  | "memory_limit"
  | "cancelled"
  | "internal";

/** All the codes, in a fixed order. */
export const ERROR_CODES: readonly ErrorCode[];

/**
 * What the package rejects with; only wrong arguments are a `TypeError`. The facts stand in fields, where the code has them; URLs carry
 * neither query nor credentials.
 */
export class LakeglassError extends Error {
  constructor(code: ErrorCode, message: string, fields?: ErrorFields, options?: { cause?: unknown });
  readonly name: "LakeglassError";
  readonly code: ErrorCode;
  /** The table or object: every code about one except `corrupt_table`. */
  readonly url?: string;
  /** Why: `table_not_found`, `version_not_found`, `network`, `url_expired`, `unsupported_feature`, `corrupt_table`. */
  readonly reason?: string;
  /** The version or timestamp asked for: `version_not_found`. */
  readonly requested?: string;
  /** Whether the host did answer, with a reply that CORS keeps from this page: `cors_or_network`. */
  readonly answered?: boolean;
  /** The HTTP status: `http_status`, `permission_denied`. */
  readonly status?: number;
  /** The feature as its specification, or SQL, spells it: `unsupported_feature`. */
  readonly feature?: string;
  /** The file inside the table: `corrupt_table`. */
  readonly path?: string;
  /** What `allowedOrigins` has to name to let the object be read: `origin_not_allowed`. */
  readonly origin?: string;
}

/** The fields of a {@link LakeglassError}. */
export type ErrorFields = Partial<
  Pick<LakeglassError, "url" | "reason" | "requested" | "answered" | "status" | "feature" | "path" | "origin">
>;

/** What every call takes. Aborting rejects the call at once, with code `cancelled`, and stops its requests. */
export interface CallOptions {
  signal?: AbortSignal;
}

/** Which version of a table. Neither: the latest. Not both. */
export interface VersionOptions {
  version?: bigint | number;
  /** The latest version not after this time: a `Date`, milliseconds since 1970, or ISO 8601 text. */
  timestamp?: Date | number | string;
}

/** A table to open at a version. */
export interface TableSource extends VersionOptions, OpenOptions {
  /**
   * The table's root, the folder that holds `_delta_log`: `https`, `s3://bucket/path`, `gs://`, `abfss://container@account…`, `az://`; or a
   * document that tells of tables: a share manifest, a Delta Sharing profile with `#share.schema.table` behind it. Relative URLs
   * resolve against `document.baseURI`.
   */
  url: string | URL;
}

/**
 * A table in a folder of this machine: as `showDirectoryPicker()` gives it, or the files of an `<input webkitdirectory>`. Nothing of it
 * leaves the machine.
 */
export function localFolder(folder: FileSystemDirectoryHandle | Iterable<File>): TableSource;

/** How the engine works; all optional. */
export interface EngineOptions {
  /** Requests under way at a time; 6 by default. */
  concurrency?: number;
  /** Bytes of fetched data kept in memory, to be read again without a request. */
  cacheBytes?: number;
  /**
   * Bytes kept in the browser's Cache API for the next visit: of data files and of tables' logs, where they are read without credentials or
   * a query string. The oldest go first. 256 MiB by default (0 with {@link ConnectOptions.fetch}), 0: none. Where the browser forbids it,
   * nothing is kept.
   */
  storeBytes?: number;
  /** Partitions of a plan; 1 by default, which is best on one thread. */
  targetPartitions?: number;
  /** Rows in a batch, at most. */
  batchSize?: number;
  /** Bytes that queries may hold together before one fails with `memory_limit`; 2 GiB by default, half of what WebAssembly may have. */
  memoryLimit?: number;
  /**
   * The engine whose meaning SQL takes where engines differ; `"duckdb"` by default. It decides `/` between integers and decimals
   * (`1 / 2` is 0.5, in `"trino"` 0; a quotient of decimals is a double in `"duckdb"` alone) and where NULL comes in an `ORDER BY`
   * that does not tell (last; in `"spark"` it is the smallest value).
   */
  dialect?: "duckdb" | "spark" | "trino";
}

export interface ConnectOptions extends EngineOptions, CallOptions {
  /**
   * Bytes of Arrow that one call of `query`, `queryArrow` or `queryIPC` hands over at most; 512 MiB by default. A larger result ends
   * with `memory_limit`: it can be streamed or exported.
   */
  maxResultBytes?: number;
  /** Tables to open and register under a name, at their latest version unless said otherwise. */
  tables?: Record<string, string | URL | TableSource | LakeTable>;
  /**
   * A table that will be opened first, at its latest version and with neither `access` nor `sign`: the beginning of its log is asked for
   * while the engine is on its way. The first of {@link tables} is, without being named here.
   */
  expect?: string | URL;
  /**
   * `true` (the default): run the engine in a dedicated worker, and on the main thread where a worker is forbidden or
   * does not start (see {@link Lakeglass.mode}). `false`: on the main thread. Node always has it there.
   */
  worker?: boolean;
  /** Where the WebAssembly module is; beside this script by default. */
  wasmUrl?: string | URL;
  /** Where its second file is, the SQL engine; `lakeglass_sql.wasm` beside the first by default. */
  sqlUrl?: string | URL;
  /**
   * `true` (the default): the SQL engine is fetched as soon as the module that opens tables is there. `false`: by
   * {@link Lakeglass.loadSql} or the first query, so that nothing else shares the line with a table's first rows.
   */
  preloadSql?: boolean;
  /**
   * `true` (the default): when the SQL engine is there and nothing is asked of it, a second worker runs a few statements over a table
   * of its own for half a second or so, so that the browser has compiled what queries need when the first one comes. It fetches nothing
   * but its script, and ends by itself. Only where the engine is in a worker, and once for each page.
   */
  rehearse?: boolean;
  /**
   * Sends all requests for tables' objects in place of the global `fetch`: to add a header that expires, to go through a service of the
   * page's, to count or to replay. It runs on the page, also where the engine is in a worker; each reply is read whole before it goes on.
   * With it, nothing is kept in the Cache API unless {@link EngineOptions.storeBytes} says so: what it sends may be a secret. The module's own
   * files are not fetched by it.
   */
  fetch?: PageFetch;
  /** Where the worker's script is; beside this script by default. From another origin it needs CORS. */
  workerUrl?: string | URL;
}

/** What a call cost. */
export interface Metrics {
  /** HTTP requests, retries included. */
  requests: number;
  /** Bytes received. */
  bytes: number;
  retries: number;
  /** Bytes that came from the memory cache instead. */
  cachedBytes: number;
  /** Requests for a part of a file that were answered with all of it: the host ignores `Range`. */
  wholeReplies: number;
}

/**
 * A value of a row, by its column's type:
 *
 * | Type | JavaScript |
 * |---|---|
 * | `boolean` | boolean |
 * | `byte` `short` `integer` `float` `double`, unsigned up to 32 bits | number |
 * | `long`, unsigned 64 bits | bigint |
 * | `decimal(p,s)` | string, exact: `"12.50"` |
 * | `decimal(p,0)`, which `sum` of `long` is | bigint |
 * | `string` | string |
 * | `binary` | Uint8Array |
 * | `date` | string `"2025-09-30"`: a day has no time zone, a `Date` would give it one |
 * | `timestamp` | Date: an instant, whole milliseconds, rounded down ({@link Lakeglass.queryIPC} keeps all digits) |
 * | `timestamp_ntz` | string `"2025-09-30T12:00:00.123456"`: a wall clock's time, of no zone |
 * | `time` | string `"12:00:00.123456"` |
 * | `interval`, `duration` | string, an ISO 8601 duration: `"P1M2DT3.5S"` |
 * | `array<…>` | array |
 * | `map<…>` | Map |
 * | `struct<…>` | object |
 *
 * and `null` for NULL, of any type.
 */
export type Value = null | boolean | number | bigint | string | Uint8Array | Date | Value[] | Map<Value, Value> | { [name: string]: Value };

/** A row: a plain object, its keys in the order of the columns. */
export type Row = { [column: string]: Value };

/** A column of a result. */
export interface ResultField {
  /**
   * The key in a {@link Row}. When a result has two columns of one name, the later ones get `_1`, `_2`, … appended,
   * so that no value is lost.
   */
  name: string;
  /** Delta's words (`long`, `decimal(10,2)`, `struct<a: long>`); Arrow's for what Delta lacks (`uint64`, `interval`). */
  type: string;
  nullable: boolean;
  /** The parts of a nested type: a struct's fields, an array's `element`, a map's `key` and `value`. */
  children: ResultField[];
}

/** All rows of a result. `schema` and `metrics` are not enumerable: the rest is an ordinary array. */
export type Rows = Row[] & { readonly schema: ResultField[]; readonly metrics: Metrics };

/** One batch of a streamed result. */
export interface RowBatch {
  readonly numRows: number;
  readonly schema: ResultField[];
  /** The batch as an Arrow table. */
  readonly arrow: ArrowTable;
  /** The batch as rows. */
  toArray(): Row[];
}

/**
 * A streamed result: nothing runs before the first batch, or the schema, is asked for, and each batch is made when it is asked
 * for. Leaving the loop early, or {@link close}, frees the query in the engine. It can be iterated once.
 */
export interface RowStream extends AsyncIterable<RowBatch> {
  [Symbol.asyncIterator](): AsyncIterator<RowBatch, undefined, undefined>;
  /** The columns, before the first batch. Starts the query. */
  readonly schema: Promise<ResultField[]>;
  /** What the query cost, once it has ended or was left. Does not start it. */
  readonly metrics: Promise<Metrics>;
  /** Ends the query. */
  close(): Promise<void>;
}

/** A column of an {@link ArrowTable}. */
export interface ArrowColumn extends Iterable<any> {
  readonly name: string;
  readonly type: any;
  readonly length: number;
  readonly nullCount: number;
  at(index: number): any;
  toArray(): any;
}

/** An Arrow table: flechette's `Table`; this is the part of it most callers use. */
export interface ArrowTable extends Iterable<Record<string, any>> {
  readonly schema: { readonly fields: { name: string; type: any; nullable: boolean; metadata: Map<string, string> | null }[] };
  readonly names: string[];
  readonly numRows: number;
  readonly numCols: number;
  getChild(name: string): ArrowColumn;
  getChildAt(index: number): ArrowColumn;
  get(index: number): Record<string, any>;
  at(index: number): Record<string, any>;
  select(names: string[]): ArrowTable;
  toColumns(): Record<string, any>;
  toArray(): Record<string, any>[];
}

/** When a commit was made, and how that is known: only `inCommit` is exact by the specification. */
export interface CommitTimestamp {
  /** Milliseconds since 1970. */
  millis: number;
  source: "inCommit" | "lastModified" | "commitInfo";
}

/** A table at a version, as its log describes it. */
export interface TableInfo {
  /** Without query or credentials. */
  url: string;
  version: bigint;
  timestamp: CommitTimestamp | null;
  metadata: {
    id: string;
    name: string | null;
    description: string | null;
    /** Milliseconds since 1970. */
    createdTime: number | null;
    configuration: Record<string, string>;
  };
  /** What format it is in: `delta`, `parquet`; the format's own version, and the features that the table asks of readers or writers. */
  format: { name: string; version: string; features: string[] };
  /**
   * What else the format says of the table, by its own names; of a Delta table: `minReaderVersion`, `minWriterVersion`,
   * `readerFeatures`, `writerFeatures`.
   */
  protocol: Record<string, number | string[]>;
  partitionColumns: string[];
  fileCount: number;
  totalBytes: bigint;
  /**
   * Known where every file's statistics tell it, and came with the log: those of a large checkpoint stay in it until a query asks
   * for them. `SELECT count(*)` always tells.
   */
  rowCount: bigint | null;
  /** What opening this version cost. */
  metrics: Metrics;
}

/** A column of a table. */
export interface Field {
  name: string;
  /** Delta's type as text: `long`, `decimal(10,2)`, `struct<a: long>`. */
  type: string;
  nullable: boolean;
  partition: boolean;
  /** Its name in the data files, where column mapping gives it another. */
  physicalName: string;
  fieldId: number | null;
  comment: string | null;
  children: Field[];
}

/** A live data file of a version. */
export interface FileInfo {
  /** Relative to the table's root, or absolute. */
  path: string;
  size: bigint;
  /** Milliseconds since 1970. */
  modificationTime: number;
  partitionValues: Record<string, string | null>;
  statistics: {
    numRecords: bigint | null;
    /** By column; `min` and `max` as text. */
    columns: Record<string, { min: string | null; max: string | null; nullCount: bigint | null }>;
  } | null;
  /** Rows marked deleted by the file's deletion vector. */
  deletedRows: bigint;
}

/** A commit of a table's history: what it says of itself, by the log's own names; `null` where it does not say. */
export interface Commit {
  version: bigint;
  timestamp: CommitTimestamp | null;
  operation: string | null;
  operationParameters: Record<string, any>;
  operationMetrics: Record<string, any>;
  userName: string | null;
  userId: string | null;
  /** The writer and its version. */
  engineInfo: string | null;
  /** Whether the commit added files and had read none. */
  isBlindAppend: boolean | null;
  /** The version that the writer had read. */
  readVersion: bigint | null;
  isolationLevel: string | null;
  /** What tells the commit from every other. */
  txnId: string | null;
  userMetadata: string | null;
  /** Whatever else the writer noted, by its own names. */
  other: Record<string, any>;
}

/** A registered table. */
export interface RegisteredTable {
  name: string;
  /** Without query or credentials. */
  url: string;
  version: bigint;
}

/**
 * A table at one version; made by {@link Lakeglass.table} and {@link Lakeglass.register}. It never changes: another version is
 * another `LakeTable`. When the engine had to be replaced, it opens itself again, at the same version, on next use.
 */
export class LakeTable {
  private constructor();
  /** The table's root as it was given, made absolute; may carry a signature. To show it, take `info.url`. */
  readonly url: string;
  readonly version: bigint;
  readonly info: TableInfo;
  /** The columns. No request. */
  schema(options?: CallOptions): Promise<Field[]>;
  /** The live data files, in log order; all by default. Fetches the statistics that opening a large table left in its checkpoint. */
  files(options?: CallOptions & { offset?: number; limit?: number }): Promise<FileInfo[]>;
  /**
   * Which versions can be opened; looks for newer ones. `intact`, where VACUUM is among the newest commits: the oldest version whose
   * files it has surely left alone; older ones may lack some, and then reading them fails with `version_not_found`. `listed`, where there
   * are holes between the oldest and the newest: those that there are, the oldest first. `references`: branches and tags.
   */
  versions(options?: CallOptions): Promise<{
    earliest: bigint;
    latest: bigint;
    intact: bigint | null;
    listed: bigint[] | null;
    references: { name: string; kind: "branch" | "tag"; version: bigint }[];
  }>;
  /** Commits, newest first, from `until` (this version by default) down. */
  history(options?: CallOptions & { limit?: number; until?: bigint | number }): Promise<Commit[]>;
  /** The same table at another version. */
  at(options: CallOptions & VersionOptions): Promise<LakeTable>;
  /** The first rows, without SQL, in no promised order; 100 by default. */
  preview(options?: CallOptions & { limit?: number; columns?: string[] }): Promise<Rows>;
  /**
   * Frees it in the engine; used again, it opens again. A registration of it stays. Tables that are garbage collected are freed too.
   */
  close(): void;
}

/** The event `lost`: the engine stopped (a trap, a dead worker) and the next call starts a new one. */
export interface LostEvent extends Event {
  readonly error: LakeglassError;
}

/** An engine and the tables registered in it. */
export class Lakeglass extends EventTarget {
  private constructor();
  /**
   * Starts the worker, the compilation of the WebAssembly module, the fetching of SQL behind it and, as soon as it runs, the opening of all tables at a time.
   * Rejects with the first error, and then leaves nothing behind.
   */
  static connect(options?: ConnectOptions): Promise<Lakeglass>;
  /** Where the engine runs. On `main`, long queries make the page wait. */
  readonly mode: "worker" | "main";
  /** Why the engine runs on the main thread; `null` in a worker. */
  readonly modeReason: string | null;
  /** Runs a statement; all its rows. */
  query(sql: string, options?: QueryOptions): Promise<Rows>;
  /**
   * Runs a statement; its result as one Arrow table, with what it cost in the property `metrics`. Its values are the Arrow
   * library's: 64-bit integers are bigints, timestamps and dates `Date`s, maps `Map`s and decimals numbers. To have all digits,
   * take {@link query}, or {@link queryIPC} and a reader with other options.
   */
  queryArrow(sql: string, options?: QueryOptions): Promise<ArrowTable & { readonly metrics: Metrics }>;
  /** Runs a statement; its result as the bytes of an Arrow IPC stream, for another Arrow library. */
  queryIPC(sql: string, options?: QueryOptions): Promise<Uint8Array & { readonly metrics: Metrics }>;
  /** Runs a statement, batch by batch, at the pace of the reader. */
  queryStream(sql: string, options?: QueryOptions): RowStream;
  /**
   * Runs a query; its result as the bytes of a file, which are made as they are read: `await stream.pipeTo(writable)`,
   * `await new Response(stream).bytes()`. Cancelling the stream ends the query.
   */
  export(sql: string, options: ExportOptions): ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The same as a `Blob` of the format's media type, to be downloaded. */
  exportBlob(sql: string, options: ExportOptions): Promise<Blob>;
  /**
   * The plan of a query. With `analyze` the query is run to its end, its rows are dropped, and each operator tells what it did. The same as text:
   * `EXPLAIN …`, `EXPLAIN ANALYZE …`.
   */
  explain(sql: string, options?: CallOptions & { params?: QueryParams; analyze?: boolean }): Promise<PlanNode>;
  /**
   * Opens a table, by URL or, when it is the name of a registered one, that table: at the version it is registered at, or at
   * another one. To open a folder of that name, write `./name`.
   */
  table(urlOrName: string | URL, options?: CallOptions & VersionOptions & OpenOptions): Promise<LakeTable>;
  /** Resolves when the SQL engine is here, which the first query would wait for; fetches it unless it is on its way. */
  loadSql(options?: CallOptions): Promise<void>;
  /** Forgets all fetched data, in memory and in the browser's store. */
  clearCache(options?: CallOptions): Promise<void>;
  /** Gives a table a name in SQL, replacing the one that had it. */
  register(name: string, table: string | URL | LakeTable, options?: CallOptions & VersionOptions & OpenOptions): Promise<LakeTable>;
  /**
   * Makes rows known to SQL as `name`: an Arrow IPC stream or file, or plain objects, whose keys are the columns. They are held in
   * the engine's memory, under its limit, until {@link deregister} or `DROP TABLE`, and go with an engine that is lost.
   */
  registerRows(name: string, rows: Uint8Array | Record<string, unknown>[], options?: CallOptions): Promise<void>;
  /** Takes a name away; whether there was one. */
  deregister(name: string, options?: CallOptions): Promise<boolean>;
  /** The registered tables, in the order of their registration. */
  tables(): RegisteredTable[];
  /** Cancels what is under way and ends the worker. */
  close(): void;
  addEventListener(type: "lost", listener: (event: LostEvent) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

/**
 * Any value as text for a person: `2025-09-30 12:00:00Z`, `0x0a0b`, `{a: 1, b: [x, y]}`, `null`. With its field it is as exact as the
 * type: a `float` shows no digits it does not have. Text is cut to `maxLength` characters (with `…`), when given.
 */
export function formatValue(
  value: Value | undefined,
  field?: { type: string; children?: readonly { name: string; type: string; children?: readonly any[] }[] } | null,
  options?: { maxLength?: number },
): string;
