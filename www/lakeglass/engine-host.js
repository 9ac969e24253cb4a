// The engine's host: answers the page's messages with the engine's work. The same code runs in the worker and, where there
// is none, on the main thread behind a MessageChannel.

import { LakeglassError, errorData, isTrap } from "./errors.js";
import { HeadStart } from "./head-start.js";
import { compileModule } from "./module.js";
import { requestMessage, responseOf } from "./page-fetch.js";
import { PLANNING, PROGRESS_MILLIS } from "./progress.js";
import { PROTOCOL } from "./protocol.js";
import { redactUrl } from "./urls.js";

/** @import { Engine, EngineModule, EngineResult, EngineTable } from "./engine.js" */
/** @import { PageFetch } from "./index.js" */
/** @import { FetchReply, FromHost, Handle, LoadSqlParams, Method, OpenedResult, OpenedTable, StartParams, ToHost } from "./protocol.js" */

/**
 * A table or result of the engine, and the calls on it under way: it must not be freed under them.
 * @typedef {{ object: EngineTable | EngineResult, calls: Set<AbortController>, freed: boolean }} Held
 */

/** Which copy of the engine's module this thread uses: hosts share one until it traps. */
let copy = 1;

export class EngineHost {
  /** @type {(message: FromHost, transfer?: Transferable[]) => void} */ #post;
  /** @type {Engine | null} */ #engine = null;
  /** What the engine's second file is linked with. @type {WebAssembly.Exports | null} */ #exports = null;
  /** @type {Promise<unknown> | null} */ #sql = null;
  /** @type {Map<number, AbortController>} */ #calls = new Map();
  /** @type {Map<Handle, Held>} */ #held = new Map();
  #lastHandle = 0;
  /** Before it is handed over; then it is in {@link #early}. @type {HeadStart | null} */ #headStart = null;
  /** @type {HeadStart | null} */ #early = null;
  /** What sends the engine's requests. @type {PageFetch} */ #fetch = (url, init) => fetch(url, init);
  /** @type {Map<number, { resolve: (value: unknown) => void, reject: (error: Error) => void }>} */ #asked = new Map();
  #lastAsk = 0;
  #lost = false;
  #closed = false;
  #copy = copy;
  /** @type {(event: Event) => void} */ #onUncaught;

  /** @param {(message: FromHost, transfer?: Transferable[]) => void} post */
  constructor(post) {
    this.#post = post;
    // A panic inside a task that the engine spawned reaches no caller: it ends in one of these two events. On the main thread it
    // may be another module's; then a new engine for nothing is better than calls that never end. Node has no such events.
    this.#onUncaught = (event) => {
      const error = "reason" in event ? event.reason : /** @type {ErrorEvent} */ (event).error;
      if (isTrap(error)) this.#loseEngine(error);
    };
    globalThis.addEventListener?.("error", this.#onUncaught);
    globalThis.addEventListener?.("unhandledrejection", this.#onUncaught);
    post({ hello: PROTOCOL });
  }

  /** @param {ToHost} message */
  receive(message) {
    if ("told" in message) return this.#told(message);
    if ("cancel" in message) this.#calls.get(message.cancel)?.abort();
    else void this.#answer(message.id, message.method, message.params);
  }

  /** Only for the main thread: a worker is simply ended. */
  close() {
    globalThis.removeEventListener?.("error", this.#onUncaught);
    globalThis.removeEventListener?.("unhandledrejection", this.#onUncaught);
    for (const call of this.#calls.values()) call.abort();
    for (const handle of [...this.#held.keys()]) this.#free(handle);
    this.#closed = true;
    if (this.#calls.size === 0) this.#freeEngine();
  }

  #freeEngine() {
    if (!this.#lost) this.#engine?.free();
    this.#engine = null;
  }

  /**
   * @param {number} id
   * @param {Method} method
   * @param {any} params
   */
  async #answer(id, method, params) {
    const call = new AbortController();
    this.#calls.set(id, call);
    const held = params.handle === undefined ? undefined : this.#held.get(params.handle);
    held?.calls.add(call);
    const telling = params.progress ? this.#tellProgress(id, held) : undefined;
    try {
      const value = await this.#run(method, params, call.signal);
      const bytes = /** @type {any} */ (value)?.bytes ?? /** @type {any} */ (value)?.schema;
      this.#post({ id, value }, ownBuffers(bytes));
    } catch (error) {
      // The loss is the answer to every call: the caller's next one must not come before the page knows of it.
      if (isTrap(error)) this.#loseEngine(error);
      else this.#post({ id, error: errorData(error) });
    } finally {
      clearInterval(telling);
      this.#calls.delete(id);
      held?.calls.delete(call);
      if (held?.freed && held.calls.size === 0 && !this.#lost) held.object.free();
      if (this.#closed && this.#calls.size === 0) this.#freeEngine();
    }
  }

  /**
   * While a call is under way; there is no result yet where it plans a query.
   * @param {number} id
   * @param {Held | undefined} held
   */
  #tellProgress(id, held) {
    const result = held && "progress" in held.object ? held.object : undefined;
    return setInterval(() => {
      if (!this.#lost) this.#post({ id, progress: result?.progress() ?? PLANNING });
    }, PROGRESS_MILLIS);
  }

  /**
   * @param {Method} method
   * @param {any} params
   * @param {AbortSignal} signal
   * @returns {Promise<unknown> | unknown}
   */
  #run(method, params, signal) {
    const { handle, ...options } = params;
    switch (method) {
      case "start":
        return this.#start(params);
      case "loadSql":
        return this.#loadSql(params);
      case "expect":
        this.#headStart ??= new HeadStart(params.folder);
        return undefined;
      case "clearCache":
        return this.#running().clearCache();
      case "open":
        return this.#openedTable(this.#open(params, signal));
      case "at":
        return this.#openedTable(this.#table(handle).at(params.at, signal));
      case "files":
        return this.#table(handle).files(options, signal);
      case "versions":
        return this.#table(handle).versions(signal);
      case "history":
        return this.#table(handle).history(options, signal);
      case "preview":
        return this.#openedResult(this.#table(handle).preview(options, signal));
      case "register":
        return this.#running().register(params.name, this.#table(handle));
      case "registerArrow":
        return this.#running().registerArrow(params.name, params.bytes);
      case "deregister":
        return this.#running().deregister(params.name);
      case "query":
        return this.#openedResult(this.#running().query(params.sql, signal, params.params));
      case "export":
        return this.#openedResult(this.#running().export(params.sql, params.format, signal, params.params));
      case "explain":
        return this.#running().explain(params.sql, params.analyze, signal, params.params).then(JSON.parse);
      case "rehearse":
        return this.#rehearse(params);
      case "next":
        return this.#next(/** @type {EngineResult} */ (this.#object(handle)), signal, params.progress);
      case "free":
        return this.#free(handle);
    }
  }

  /**
   * @param {{ url: string, at: import("./engine.js").EngineVersion, access?: import("./index.js").AccessOptions, format?: string, sign?: number }} params
   * @param {AbortSignal} signal
   */
  #open({ url, at, access, format, sign }, signal) {
    const options = { ...at, ...(access && { access }), ...(format && { format }) };
    const ask = sign === undefined ? undefined : (/** @type {string} */ path) => this.#ask(sign, path);
    const headStart = this.#headStart;
    this.#headStart = null;
    this.#early ??= headStart;
    headStart?.handOver();
    const opening = this.#running().open(url, options, signal, ask);
    const end = () => {
      headStart?.end();
      if (this.#early === headStart) this.#early = null;
    };
    opening.then(end, end);
    return opening;
  }

  /**
   * Asks one of the page's functions where an object is.
   * @param {number} sign
   * @param {string} path
   * @returns {Promise<unknown>}
   */
  #ask(sign, path) {
    return new Promise((resolve, reject) => {
      const ask = ++this.#lastAsk;
      this.#asked.set(ask, { resolve, reject });
      this.#post({ ask, sign, path });
    });
  }

  /**
   * Has the page send a request.
   * @param {string} url
   * @param {RequestInit} init
   * @returns {Promise<Response>}
   */
  #pageFetch(url, init) {
    return new Promise((resolve, reject) => {
      const ask = ++this.#lastAsk;
      this.#asked.set(ask, { resolve: (reply) => resolve(responseOf(/** @type {FetchReply} */ (reply))), reject });
      const onAbort = () => {
        if (!this.#asked.delete(ask)) return;
        this.#post({ drop: ask });
        reject(new DOMException("aborted", "AbortError"));
      };
      init.signal?.addEventListener("abort", onAbort, { once: true });
      this.#post({ ask, fetch: requestMessage(url, init) });
    });
  }

  /** @param {{ told: number, signed?: unknown, reply?: FetchReply, failed?: string }} message */
  #told({ told, signed, reply, failed }) {
    const asked = this.#asked.get(told);
    this.#asked.delete(told);
    if (failed === undefined) return asked?.resolve(reply ?? signed);
    // The kind is what the engine goes by: a `TypeError` is what `fetch` throws where CORS forbids.
    const message = "the page's function failed";
    const error = failed === "TypeError" ? new TypeError(message) : Object.assign(new Error(message), { name: failed });
    asked?.reject(error);
  }

  /** @param {import("./protocol.js").RehearseParams} params */
  async #rehearse(params) {
    const { rehearse, replies } = await import("./rehearsal-host.js");
    this.#fetch = replies(params.objects); // nothing else is fetched from then on
    await rehearse(this.#running(), params.statements);
  }

  /** @param {StartParams} params */
  async #start({ module, wasmUrl, engineUrl, pageFetches, options }) {
    if (pageFetches) this.#fetch = this.#pageFetch;
    const [engine, compiled] = await Promise.all([this.#importEngine(engineUrl), module ?? compileModule(wasmUrl)]);
    this.#exports = await engine.default({ module_or_path: compiled });
    this.#engine = new engine.Engine(options, (url, init) => this.#early?.take(url, init) ?? this.#fetch(url, init));
  }

  /** @param {LoadSqlParams} params */
  #loadSql(params) {
    const loading = (this.#sql ??= this.#link(params));
    loading.catch(() => (this.#sql = null));
    return loading.then(() => {});
  }

  /**
   * Puts the second file's functions into the places that the first one keeps free for them.
   * @param {LoadSqlParams} params
   */
  async #link({ module, sqlUrl }) {
    const compiled = module ?? (await compileModule(sqlUrl));
    try {
      await WebAssembly.instantiate(compiled, { __wasm_split: /** @type {WebAssembly.ModuleImports} */ (this.#exports) });
    } catch (cause) {
      const url = redactUrl(sqlUrl);
      const message = `the engine's SQL at ${url} does not fit the engine: they are of different versions; reload, or check wasmUrl and sqlUrl`;
      throw new LakeglassError("internal", message, { url }, { cause });
    }
  }

  /**
   * @param {string | null} engineUrl
   * @returns {Promise<EngineModule>}
   */
  async #importEngine(engineUrl) {
    try {
      return await this.#importCopy(engineUrl);
    } catch (cause) {
      const message = `could not load the engine's script: ${cause instanceof Error ? cause.message : cause}`;
      throw new LakeglassError("cors_or_network", message, { url: redactUrl(engineUrl ?? import.meta.url) });
    }
  }

  /**
   * @param {string | null} engineUrl
   * @returns {Promise<EngineModule>}
   */
  #importCopy(engineUrl) {
    // @ts-ignore: built; engine.d.ts is its contract
    if (!engineUrl && this.#copy === 1) return import("./pkg/lakeglass.js");
    // The module keeps its WebAssembly instance for good: after a trap, this thread needs another copy of the module.
    const url = new URL(engineUrl ?? new URL("./pkg/lakeglass.js", import.meta.url));
    if (this.#copy > 1) url.searchParams.set("copy", String(this.#copy));
    return import(/* @vite-ignore */ /* webpackIgnore: true */ url.href);
  }

  /**
   * @param {Promise<EngineTable>} opening
   * @returns {Promise<OpenedTable>}
   */
  async #openedTable(opening) {
    const table = await opening;
    try {
      return { info: table.info(), schema: table.schema(), handle: this.#hold(table) };
    } catch (error) {
      if (!isTrap(error)) table.free();
      throw error;
    }
  }

  /**
   * @param {Promise<EngineResult>} opening
   * @returns {Promise<OpenedResult>}
   */
  async #openedResult(opening) {
    const result = await opening;
    try {
      return { schema: result.schema(), handle: this.#hold(result) };
    } catch (error) {
      if (!isTrap(error)) result.free();
      throw error;
    }
  }

  /**
   * @param {EngineResult} result
   * @param {AbortSignal} signal
   * @param {boolean | undefined} progress whether it is asked for
   */
  async #next(result, signal, progress) {
    const bytes = await result.next(signal);
    return { bytes, metrics: result.metrics(), progress: progress ? result.progress() : undefined };
  }

  /** @param {EngineTable | EngineResult} object */
  #hold(object) {
    const handle = ++this.#lastHandle;
    this.#held.set(handle, { object, calls: new Set(), freed: false });
    return handle;
  }

  /** @param {Handle} handle */
  #free(handle) {
    const held = this.#held.get(handle);
    this.#held.delete(handle);
    if (!held || this.#lost) return null;
    const metrics = "metrics" in held.object ? held.object.metrics() : null;
    if (held.calls.size === 0) {
      held.object.free();
    } else {
      // The object is borrowed by a call under way (this one among them): it is freed when that has ended.
      held.freed = true;
      for (const call of held.calls) call.abort();
    }
    return metrics;
  }

  #running() {
    if (!this.#engine) throw new Error("the engine is not running");
    return this.#engine;
  }

  /** @param {Handle} handle */
  #object(handle) {
    const held = this.#held.get(handle);
    if (!held) throw new Error(`no table or result has the handle ${handle}`);
    return held.object;
  }

  /** @param {Handle} handle */
  #table(handle) {
    return /** @type {EngineTable} */ (this.#object(handle));
  }

  /** @param {unknown} error */
  #loseEngine(error) {
    if (this.#lost) return;
    this.#lost = true;
    copy = Math.max(copy, this.#copy + 1);
    this.#post({ lost: error instanceof Error ? error.message : String(error) });
  }
}

/**
 * The buffers that can go to the page without a copy: those that hold nothing else.
 * @param {unknown} bytes
 * @returns {Transferable[]}
 */
function ownBuffers(bytes) {
  if (!(bytes instanceof Uint8Array) || bytes.byteLength !== bytes.buffer.byteLength) return [];
  return bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
}
