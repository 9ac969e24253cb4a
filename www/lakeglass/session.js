// One life of the engine: from its start to its end or loss. Handles belong to a session and die with it.

import { LakeglassError, cancelled, errorFromData } from "./errors.js";
import { answerRequest } from "./page-fetch.js";

/** @import { FetchRequest, FromHost, Handle, Method, Methods } from "./protocol.js" */
/** @import { PageFetch, QueryProgress, Sign } from "./index.js" */
/** @import { Transport } from "./transport.js" */

/** @typedef {{ resolve: (value: any) => void, reject: (error: Error) => void, onProgress?: (progress: QueryProgress) => void }} Pending */

export class Session {
  /** @type {Transport | null} */ #transport = null;
  /** @type {Map<number, Pending>} */ #pending = new Map();
  #lastId = 0;
  /** @type {LakeglassError | null} */ #ended = null;
  /** @type {(session: Session, error: LakeglassError) => void} */ #onLost;
  /** @type {Map<Sign, number>} */ #numbers = new Map();
  /** @type {Sign[]} */ #signs = [];
  /** @type {PageFetch | null} */ #fetch;
  /** Requests of the page's `fetch` under way. @type {Map<number, AbortController>} */ #fetches = new Map();

  /**
   * @param {(session: Session, error: LakeglassError) => void} onLost called once, when the engine stops by itself
   * @param {PageFetch | null} [fetch] the page's own
   */
  constructor(onLost, fetch = null) {
    this.#onLost = onLost;
    this.#fetch = fetch;
  }

  /** @param {Transport} transport */
  attach(transport) {
    this.#transport = transport;
    if (this.#ended) transport.end();
  }

  /**
   * @template {Method} M
   * @param {M} method
   * @param {Methods[M]["params"]} params
   * @param {AbortSignal} [signal]
   * @param {(progress: QueryProgress) => void} [onProgress] what `params` asked for
   * @returns {Promise<Methods[M]["value"]>}
   */
  call(method, params, signal, onProgress) {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      if (signal?.aborted) return reject(cancelled(signal.reason));
      const id = ++this.#lastId;
      const onAbort = () => {
        this.#pending.delete(id);
        this.#transport?.post({ cancel: id });
        reject(cancelled(signal?.reason));
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const done = () => signal?.removeEventListener("abort", onAbort);
      this.#pending.set(id, {
        resolve: (value) => (done(), resolve(value)),
        reject: (error) => (done(), reject(error)),
        onProgress,
      });
      this.#transport?.post({ id, method, params });
    });
  }

  /** Whether a call is under way. */
  get isBusy() {
    return this.#pending.size > 0;
  }

  /**
   * The number that the host knows a function of the page's by.
   * @param {Sign} sign
   */
  signNumber(sign) {
    let number = this.#numbers.get(sign);
    if (number === undefined) {
      number = this.#signs.push(sign) - 1;
      this.#numbers.set(sign, number);
    }
    return number;
  }

  /**
   * @param {number} ask
   * @param {number} sign
   * @param {string} path
   */
  async #sign(ask, sign, path) {
    try {
      const signed = await this.#signs[sign](path);
      this.#transport?.post({ told: ask, signed: signed instanceof URL ? signed.href : signed });
    } catch (error) {
      // The kind alone: messages may have URLs in them.
      this.#transport?.post({ told: ask, failed: error instanceof Error ? error.name : "no Error" });
    }
  }

  /**
   * @param {number} ask
   * @param {FetchRequest} request
   */
  async #send(ask, request) {
    const abort = new AbortController();
    this.#fetches.set(ask, abort);
    try {
      const reply = await answerRequest(/** @type {PageFetch} */ (this.#fetch), request, abort.signal);
      this.#transport?.post({ told: ask, reply }, reply.body ? [reply.body] : []);
    } catch (error) {
      this.#transport?.post({ told: ask, failed: error instanceof Error ? error.name : "no Error" });
    } finally {
      this.#fetches.delete(ask);
    }
  }

  /**
   * Lets go of a table or result, without an answer.
   * @param {Handle} handle
   */
  free(handle) {
    if (!this.#ended) this.#transport?.post({ id: 0, method: "free", params: { handle } });
  }

  /** @param {FromHost} message */
  receive(message) {
    if ("lost" in message) return this.lose(message.lost);
    if ("hello" in message) return;
    if ("drop" in message) return this.#fetches.get(message.drop)?.abort();
    if ("fetch" in message) return void this.#send(message.ask, message.fetch);
    if ("ask" in message) return void this.#sign(message.ask, message.sign, message.path);
    const pending = this.#pending.get(message.id);
    if ("progress" in message) return pending?.onProgress?.(message.progress);
    this.#pending.delete(message.id);
    if (pending) {
      if ("error" in message) pending.reject(errorFromData(message.error));
      else pending.resolve(message.value);
    } else if ("value" in message && message.value?.handle) {
      // The call was cancelled when its answer was on the way: nobody else will free what it opened.
      this.free(message.value.handle);
    }
  }

  /** @param {string} reason */
  lose(reason) {
    if (this.#ended) return;
    const message = `the engine stopped (${reason}); the next call starts a new one. Please report how it came to this`;
    const error = new LakeglassError("internal", message);
    this.end(error);
    this.#onLost(this, error);
  }

  /** @param {LakeglassError} error what calls reject with, those pending and those to come */
  end(error) {
    if (this.#ended) return;
    this.#ended = error;
    this.#transport?.end();
    for (const abort of this.#fetches.values()) abort.abort();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
