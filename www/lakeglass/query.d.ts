// What a query takes, and what it tells beside its rows. Part of the public types: see index.d.ts.

import type { CallOptions } from "./index.js";

/**
 * A value for a parameter of a statement. A whole number is an integer, any other a double; a `Date` is a timestamp, a `Uint8Array`
 * a binary, an array a list (`x = ANY($list)`).
 */
export type ParamValue = null | undefined | boolean | number | bigint | string | Date | Uint8Array | ParamValue[];

/** Values by place, of `?` or `$1`, or by name, of `$name`. */
export type QueryParams = ParamValue[] | { [name: string]: ParamValue };

/** What a query takes. */
export interface QueryOptions extends CallOptions {
  /** Values for the statement's parameters. They are bound as values: no text in them is ever read as SQL. */
  params?: QueryParams;
  /** Is told how far the query is: when its phase changes, and else ten times a second. The last one told of has the phase `done`. */
  onProgress?: (progress: QueryProgress) => void;
}

/** How far a query is. */
export interface QueryProgress {
  /**
   * `planning`: what it is about is looked up, in logs and statistics. `reading`: files are read. `computing`: all is read, and
   * worked on. `done`: it has ended.
   */
  phase: "planning" | "reading" | "computing" | "done";
  /** Files that are to be read after pruning; of a query that needs no more of them, some are never done. */
  files: { done: number; total: number };
  /** Row groups to read, of the files opened so far. */
  rowGroups: { done: number; total: number };
  /** Rows read from tables. */
  rows: number;
  /** Compressed bytes of these row groups' wanted columns: those that are here, fetched or from a cache, and all that are known of. */
  bytes: { fetched: number; planned: number };
}

/**
 * What a result is exported as.
 *
 * | Format | Values |
 * |---|---|
 * | `csv` | RFC 4180 with a header; a null is an empty field, an empty text `""`; binaries hexadecimal, nested values JSON |
 * | `jsonl` | an object in each line; decimals (but those that are integers), dates and times are texts, so are `NaN` and the infinities; binaries hexadecimal |
 * | `arrow` | an Arrow IPC file, not compressed: every value as it is |
 * | `parquet` | compressed with snappy, a row group for 131,072 rows: every value as it is. It has no type for intervals: `unsupported_feature` |
 */
export type ExportFormat = "csv" | "jsonl" | "arrow" | "parquet";

/** What an export takes. */
export interface ExportOptions extends QueryOptions {
  format: ExportFormat;
}

/** An operator of a query's plan, with those whose rows it takes. */
export interface PlanNode {
  /** Its name: `LakeglassScan`, `AggregateExec`. */
  operator: string;
  /** Its arguments, as `EXPLAIN` writes them. */
  details: string;
  /** Rows it gave out; `null` where it did not run, or does not count them. */
  rows: number | null;
  /** Milliseconds of its own work; `null` where it did not run, or does not measure it. */
  millis: number | null;
  /**
   * What else it counted, by name; times in milliseconds. Of a `LakeglassScan`: `files_pruned` and `files_matched`,
   * `row_groups_pruned` and `row_groups_matched`, `requests`, `bytes_fetched` and `bytes_cached`.
   */
  metrics: Record<string, number>;
  children: PlanNode[];
}
