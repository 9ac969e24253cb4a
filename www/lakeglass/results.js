// Results of the engine: pulled batch by batch, and freed.

import { cancelled } from "./errors.js";
import { tooLarge } from "./export.js";
import { Dictionaries, END_OF_STREAM, concatenate } from "./ipc.js";
import { tableFromIPC } from "./pkg/arrow.js";
import { resultSchema, rowsFromIPC } from "./rows.js";

/** @import { ArrowTable, Metrics, QueryProgress, ResultField, Row, RowBatch, Rows } from "./index.js" */
/** @import { Handle, OpenedResult } from "./protocol.js" */
/** @import { Session } from "./session.js" */

/** @typedef {{ session: Session, opened: OpenedResult }} Opened */

/** What a user of an Arrow table gets by default: a `Date` for an instant, and no 64-bit integer rounded. */
const ARROW = Object.freeze({ useBigInt: true, useDate: true, useMap: true });

/** A result in the engine, read once from start to end. */
export class ResultCursor {
  /** @type {Session} */ #session;
  /** @type {Handle} */ #handle;
  /** @type {AbortSignal | undefined} */ #signal;
  /** @type {((progress: QueryProgress) => void) | undefined} */ #onProgress;
  /** @type {() => void} */ #onAbort;
  #ended = false;

  /** @type {Metrics} */
  metrics = { requests: 0, bytes: 0, retries: 0, cachedBytes: 0, wholeReplies: 0 };

  /**
   * @param {Opened} opened
   * @param {AbortSignal} [signal] for all that follows
   * @param {(progress: QueryProgress) => void} [onProgress]
   */
  constructor({ session, opened }, signal, onProgress) {
    this.#session = session;
    this.#handle = opened.handle;
    this.#signal = signal;
    this.#onProgress = onProgress;
    /** @readonly the stream's schema message */
    this.schemaBytes = opened.schema;
    this.#onAbort = () => void this.end();
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /**
   * The next batch's messages; `undefined` at the end. After an error there is nothing more.
   * @returns {Promise<Uint8Array | undefined>}
   */
  async next() {
    if (this.#signal?.aborted) throw cancelled(this.#signal.reason);
    if (this.#ended) return undefined;
    try {
      const params = this.#onProgress ? { handle: this.#handle, progress: true } : { handle: this.#handle };
      const { bytes, metrics, progress } = await this.#session.call("next", params, this.#signal, this.#onProgress);
      this.metrics = metrics;
      if (progress) this.#onProgress?.(progress);
      if (bytes === undefined) await this.end();
      return bytes;
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  /** Frees it in the engine; the metrics are then final. */
  async end() {
    if (this.#ended) return;
    this.#ended = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    try {
      this.metrics = (await this.#session.call("free", { handle: this.#handle })) ?? this.metrics;
    } catch {
      // The engine is gone, and the result with it.
    }
  }

  /** Frees it, without waiting for what it cost. */
  drop() {
    if (this.#ended) return;
    this.#ended = true;
    this.#session.free(this.#handle);
  }

  /**
   * Everything, as the messages of an IPC stream.
   * @param {number} most bytes
   */
  async messages(most) {
    const messages = [this.schemaBytes];
    let held = 0;
    for (let bytes = await this.next(); bytes !== undefined; bytes = await this.next()) {
      messages.push(bytes);
      held += bytes.length;
      if (held > most) {
        await this.end();
        throw tooLarge(most);
      }
    }
    return messages;
  }
}

/**
 * @param {ResultCursor} cursor
 * @param {number} most bytes of Arrow
 * @returns {Promise<Rows>}
 */
export async function readRows(cursor, most) {
  const schema = resultSchema(cursor.schemaBytes);
  const rows = rowsFromIPC(await cursor.messages(most), schema);
  return /** @type {Rows} */ (withHidden(rows, { schema, metrics: cursor.metrics }));
}

/**
 * @param {ResultCursor} cursor
 * @param {number} most bytes of Arrow
 * @returns {Promise<ArrowTable & { readonly metrics: Metrics }>}
 */
export async function readArrow(cursor, most) {
  const table = tableFromIPC(await cursor.messages(most), ARROW);
  return /** @type {any} */ (withHidden(table, { metrics: cursor.metrics }));
}

/**
 * @param {ResultCursor} cursor
 * @param {number} most bytes of Arrow
 * @returns {Promise<Uint8Array & { readonly metrics: Metrics }>}
 */
export async function readIPC(cursor, most) {
  const bytes = concatenate([...(await cursor.messages(most)), END_OF_STREAM]);
  return /** @type {any} */ (withHidden(bytes, { metrics: cursor.metrics }));
}

/** Decodes batches of one stream, in order. */
export class BatchReader {
  #dictionaries = new Dictionaries();
  /** @type {Uint8Array} */ #schemaBytes;

  /** @param {Uint8Array} schemaBytes */
  constructor(schemaBytes) {
    this.#schemaBytes = schemaBytes;
    this.schema = resultSchema(schemaBytes);
  }

  /**
   * @param {Uint8Array} bytes
   * @returns {RowBatch}
   */
  read(bytes) {
    const messages = [this.#schemaBytes, ...this.#dictionaries.messages, bytes];
    this.#dictionaries.follow(bytes);
    return new Batch(messages, this.schema);
  }
}

/** @implements {RowBatch} */
class Batch {
  /** @type {Uint8Array[]} */ #messages;
  /** @type {ArrowTable | undefined} */ #arrow;

  /**
   * @param {Uint8Array[]} messages
   * @param {ResultField[]} schema
   */
  constructor(messages, schema) {
    this.#messages = messages;
    /** @readonly */
    this.schema = schema;
  }

  get arrow() {
    return (this.#arrow ??= /** @type {ArrowTable} */ (/** @type {unknown} */ (tableFromIPC(this.#messages, ARROW))));
  }

  get numRows() {
    return this.arrow.numRows;
  }

  /** @returns {Row[]} */
  toArray() {
    return rowsFromIPC(this.#messages, this.schema);
  }
}

/**
 * @template {object} T
 * @param {T} target
 * @param {Record<string, unknown>} properties
 */
function withHidden(target, properties) {
  for (const [name, value] of Object.entries(properties)) Object.defineProperty(target, name, { value });
  return target;
}
