// A streamed result, as the caller sees it: an async iterable that pulls.

import { cancelled } from "./errors.js";
import { BatchReader, ResultCursor } from "./results.js";

/** @import { Metrics, QueryProgress, ResultField, RowBatch, RowStream as PublicStream } from "./index.js" */
/** @import { Opened } from "./results.js" */

/** Frees results whose stream was dropped half way. */
const abandoned = new FinalizationRegistry((/** @type {{ cursor?: ResultCursor }} */ started) => started.cursor?.drop());

/** @implements {PublicStream} */
export class RowStream {
  /** @type {() => Promise<Opened>} */ #open;
  /** @type {AbortSignal | undefined} */ #signal;
  /** @type {((progress: QueryProgress) => void) | undefined} */ #onProgress;
  /** @type {Promise<{ cursor: ResultCursor, reader: BatchReader }> | null} */ #started = null;
  /** @type {{ cursor?: ResultCursor }} */ #state = {};
  /** @type {(metrics: Metrics) => void} */ #resolveMetrics = () => {};
  /** @type {(error: unknown) => void} */ #rejectMetrics = () => {};
  /** @readonly @type {Promise<Metrics>} */ metrics;
  #iterated = false;
  #closed = false;

  /**
   * @param {() => Promise<Opened>} open starts the query
   * @param {AbortSignal} [signal]
   * @param {(progress: QueryProgress) => void} [onProgress]
   */
  constructor(open, signal, onProgress) {
    this.#open = open;
    this.#signal = signal;
    this.#onProgress = onProgress;
    this.metrics = new Promise((resolve, reject) => {
      this.#resolveMetrics = resolve;
      this.#rejectMetrics = reject;
    });
    this.metrics.catch(() => {}); // nobody has to ask for them
    abandoned.register(this, this.#state);
  }

  /** @returns {Promise<ResultField[]>} */
  get schema() {
    const schema = this.#start().then(({ reader }) => reader.schema);
    schema.catch(() => {});
    return schema;
  }

  /** @returns {AsyncGenerator<RowBatch, undefined, undefined>} */
  async *[Symbol.asyncIterator]() {
    if (this.#iterated) throw new TypeError("a result can be iterated once");
    this.#iterated = true;
    try {
      const { cursor, reader } = await this.#start();
      for (let bytes = await cursor.next(); bytes !== undefined; bytes = await cursor.next()) {
        yield reader.read(bytes);
      }
    } catch (error) {
      this.#rejectMetrics(error);
      throw error;
    } finally {
      await this.close();
    }
  }

  async close() {
    this.#closed = true;
    if (!this.#started) return this.#rejectMetrics(cancelled());
    try {
      const { cursor } = await this.#started;
      await cursor.end();
      this.#resolveMetrics(cursor.metrics);
    } catch (error) {
      this.#rejectMetrics(error);
    }
  }

  #start() {
    if (this.#closed && !this.#started) return Promise.reject(cancelled());
    this.#started ??= this.#open().then((opened) => {
      const cursor = new ResultCursor(opened, this.#signal, this.#onProgress);
      this.#state.cursor = cursor;
      return { cursor, reader: new BatchReader(opened.opened.schema) };
    });
    return this.#started;
  }
}
