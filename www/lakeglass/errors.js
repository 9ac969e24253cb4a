// The package's one error, and how any thrown thing becomes one. Mirrors the engine's `src/error.rs`.

/** @import { ErrorCode, ErrorFields } from "./index.js" */

/** @type {readonly ErrorCode[]} */
export const ERROR_CODES = Object.freeze([
  "table_not_found",
  "version_not_found",
  "network",
  "cors_or_network",
  "http_status",
  "permission_denied",
  "url_expired",
  "origin_not_allowed",
  "unsupported_feature",
  "corrupt_table",
  "invalid_sql",
  "memory_limit",
  "cancelled",
  "internal",
]);

const FIELDS = /** @type {const} */ (["url", "reason", "requested", "answered", "status", "feature", "path", "origin"]);

/** See index.d.ts. */
export class LakeglassError extends Error {
  /** @readonly @type {string | undefined} */ url = undefined;
  /** @readonly @type {string | undefined} */ reason = undefined;
  /** @readonly @type {string | undefined} */ requested = undefined;
  /** @readonly @type {boolean | undefined} */ answered = undefined;
  /** @readonly @type {number | undefined} */ status = undefined;
  /** @readonly @type {string | undefined} */ feature = undefined;
  /** @readonly @type {string | undefined} */ path = undefined;
  /** @readonly @type {string | undefined} */ origin = undefined;

  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {ErrorFields} [fields]
   * @param {{ cause?: unknown }} [options]
   */
  constructor(code, message, fields, options) {
    super(message, options);
    /** @readonly */
    this.name = /** @type {const} */ ("LakeglassError");
    /** @readonly */
    this.code = code;
    Object.assign(this, fields);
  }
}

/**
 * An error as it crosses to another thread: structured clone keeps neither the class nor the fields.
 * @typedef {{ code: ErrorCode | "TypeError", message: string, fields: ErrorFields }} ErrorData
 */

/**
 * @param {unknown} error anything thrown
 * @returns {ErrorData}
 */
export function errorData(error) {
  const thrown = /** @type {any} */ (error);
  /** @type {any} */
  const fields = {};
  if (!ERROR_CODES.includes(thrown?.code)) {
    // The engine's `TypeError`s tell of wrong arguments.
    const code = thrown instanceof TypeError ? "TypeError" : "internal";
    return { code, message: String(thrown?.message ?? thrown), fields };
  }
  for (const name of FIELDS) {
    if (thrown[name] !== undefined) fields[name] = thrown[name];
  }
  return { code: thrown.code, message: String(thrown.message), fields };
}

/** @param {ErrorData} data */
export function errorFromData({ code, message, fields }) {
  if (code === "TypeError") return new TypeError(message);
  return new LakeglassError(code, message, fields);
}

/**
 * @param {unknown} [cause] the signal's reason
 */
export function cancelled(cause) {
  return new LakeglassError("cancelled", "cancelled", undefined, cause === undefined ? undefined : { cause });
}

/**
 * Whether the WebAssembly instance cannot be used again: a trap, a panic among them, leaves its memory half way through a
 * change, and what it was to settle stays pending for ever.
 * @param {unknown} error
 */
export function isTrap(error) {
  if (error instanceof WebAssembly.RuntimeError) return true;
  return error instanceof RangeError && /call stack/i.test(error.message);
}

/**
 * A promise that rejects as soon as the signal aborts; what the given promise does later is ignored.
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<T>}
 */
export function abortable(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(cancelled(signal.reason));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
