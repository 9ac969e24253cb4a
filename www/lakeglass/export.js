// A result as a file: its bytes as they are written, and its kind.

import { LakeglassError } from "./errors.js";

/** @import { ExportFormat } from "./index.js" */
/** @import { ResultCursor } from "./results.js" */

/** @type {Record<ExportFormat, string>} */
const TYPES = {
  csv: "text/csv;charset=utf-8",
  jsonl: "application/x-ndjson",
  arrow: "application/vnd.apache.arrow.file",
  parquet: "application/vnd.apache.parquet",
};

/** Pieces smaller than this are put together. */
const PIECE_BYTES = 1 << 16;

/**
 * @param {ExportFormat} format
 * @returns {string} its media type
 */
export function mediaType(format) {
  if (!Object.hasOwn(TYPES, format)) throw new TypeError(`a result is exported as one of ${Object.keys(TYPES).join(", ")}`);
  return TYPES[format];
}

/**
 * The bytes of an export, made as they are read. Nothing runs before the first is asked for; cancelling ends the query.
 * @param {() => Promise<ResultCursor>} open
 * @returns {ReadableStream<Uint8Array<ArrayBuffer>>}
 */
export function byteStream(open) {
  /** @type {Promise<ResultCursor> | undefined} */
  let opening;
  const stream = new ReadableStream(
    {
      async pull(controller) {
        const cursor = await (opening ??= open());
        /** @type {Uint8Array[]} */
        const pieces = [];
        let length = 0;
        let ended = false;
        while (length < PIECE_BYTES && !ended) {
          const bytes = await cursor.next();
          ended = bytes === undefined;
          if (bytes) pieces.push(bytes);
          length += bytes?.length ?? 0;
        }
        if (length > 0) controller.enqueue(joined(pieces, length));
        if (ended) controller.close();
      },
      async cancel() {
        await (await opening?.catch(() => undefined))?.end();
      },
    },
    { highWaterMark: 0 },
  );
  return iterable(stream);
}

/**
 * Lets `for await` read a stream in browsers whose streams cannot be iterated (WebKitGTK 2.50); leaving the loop cancels it.
 * @template T
 * @param {ReadableStream<T>} stream
 * @returns {ReadableStream<T>}
 */
function iterable(stream) {
  if (Symbol.asyncIterator in ReadableStream.prototype) return stream;
  const iterate = async function* () {
    const reader = stream.getReader();
    let ended = false;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        ended = done;
        if (done) return;
        yield value;
      }
    } finally {
      if (!ended) await reader.cancel();
      reader.releaseLock();
    }
  };
  return Object.defineProperty(/** @type {any} */ (stream), Symbol.asyncIterator, { value: iterate });
}

/**
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} stream
 * @param {string} type
 */
export async function blobOf(stream, type) {
  const parts = [];
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(new Blob([value])); // which a browser may keep on its disk
  }
  return new Blob(parts, { type });
}

/**
 * @param {Uint8Array[]} pieces
 * @param {number} length
 */
function joined(pieces, length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** @param {number} most bytes */
export function tooLarge(most) {
  const message = `the result is larger than ${Math.round(most / 2 ** 20)} MiB (maxResultBytes): read it by queryStream, write it by export, or add a LIMIT or an aggregate`;
  return new LakeglassError("memory_limit", message);
}
