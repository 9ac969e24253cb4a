// Keeps an engine running: starts a session when one is needed, and another one when that was lost.

import { LakeglassError, abortable } from "./errors.js";
import { logFolder } from "./head-start.js";
import { compileModule } from "./module.js";
import { Session } from "./session.js";
import { openMain, openWorker } from "./transport.js";

/** @import { EngineConfig } from "./engine.js" */
/** @import { Handle } from "./protocol.js" */
/** @import { Receiver, Transport } from "./transport.js" */

/**
 * @typedef {object} Settings
 * @property {boolean} worker
 * @property {string | null} workerUrl `null`: beside this script
 * @property {string} wasmUrl
 * @property {string} sqlUrl the module's second file
 * @property {boolean} preloadSql whether that is fetched before it is needed
 * @property {boolean} rehearse whether small statements are run when that is there: rehearsal.js
 * @property {string | null} engineUrl
 * @property {import("./index.js").PageFetch | null} fetch the page's own
 * @property {EngineConfig} options
 *
 * @typedef {object} Registration A table under a name, which can be opened again.
 * @property {(session: Session, signal?: AbortSignal) => Promise<Handle>} handle
 */

/** The engines that were rehearsed on this page. @type {Set<string>} */
const rehearsed = new Set();
/** How long nothing has been asked before a rehearsal begins, and how often that is looked at. */
const QUIET_MILLIS = 300;
const STEP_MILLIS = 100;

export class Connection {
  /** @type {Settings} */ #settings;
  /** @type {Promise<Session> | null} */ #session = null;
  /** @type {Session | null} */ #current = null;
  /** @type {WeakMap<Session, Promise<void>>} */ #restored = new WeakMap();
  /** @type {WeakMap<Session, Promise<void>>} */ #withSql = new WeakMap();
  /** By URL: the module's files. @type {Map<string, Promise<WebAssembly.Module | null>>} */ #modules = new Map();
  /** @type {string | null} why a worker is not tried again */ #mainReason;
  /** @type {LakeglassError | null} */ #closed = null;
  /** @type {(error: LakeglassError) => void} */ #onLost;
  /** @type {Map<string, Registration>} */ #registered;
  #rehearsing = new AbortController();
  /** The log that the first session asks for while it starts. @type {string | null} */ #expected = null;
  #mayExpect = true;
  /** The session that starts, and can be told. @type {Session | null} */ #starting = null;
  /** @type {"worker" | "main"} */ mode = "worker";

  /**
   * @param {Settings} settings
   * @param {Map<string, Registration>} registered what every session must know by name
   * @param {(error: LakeglassError) => void} onLost
   */
  constructor(settings, registered, onLost) {
    this.#settings = settings;
    this.#registered = registered;
    this.#onLost = onLost;
    this.#mainReason = settings.worker ? null : "asked for with worker: false";
  }

  get modeReason() {
    return this.#mainReason;
  }

  /**
   * The running engine, started if need be.
   * @param {AbortSignal} [signal]
   * @returns {Promise<Session>}
   */
  session(signal) {
    if (this.#closed) return Promise.reject(this.#closed);
    if (!this.#session) {
      const starting = this.#start();
      this.#session = starting;
      starting.catch(() => {
        if (this.#session === starting) this.#session = null;
      });
    }
    return abortable(this.#session, signal);
  }

  /**
   * The running engine, with all registered tables in it.
   * @param {AbortSignal} [signal]
   */
  async sessionWithTables(signal) {
    const session = await this.session(signal);
    const restored = this.#restored.get(session) ?? this.#restore(session);
    await abortable(restored, signal);
    return session;
  }

  /**
   * The running engine, with all registered tables and SQL in it.
   * @param {AbortSignal} [signal]
   */
  async sessionWithSql(signal) {
    if (!this.#settings.engineUrl) void this.#compileSql(); // while tables are opened
    const session = await this.sessionWithTables(signal);
    const loaded = this.#withSql.get(session) ?? this.#loadSql(session);
    await abortable(loaded, signal);
    return session;
  }

  /**
   * Says which table will be opened first.
   * @param {string} url absolute
   */
  expect(url) {
    // The page's own `fetch` may send what makes a reply another one.
    if (!this.#mayExpect || this.#settings.engineUrl || this.#settings.fetch) return;
    this.#mayExpect = false;
    this.#expected = logFolder(url);
    this.#tellExpected();
  }

  #tellExpected() {
    // Only before it runs, and in a worker: on this thread the page's own work comes first.
    if (!this.#expected || !this.#starting || this.mode === "main") return;
    this.#starting.call("expect", { folder: this.#expected }).catch(() => {}); // what ends the session is told elsewhere
    this.#expected = null;
  }

  close() {
    this.#closed ??= new LakeglassError("cancelled", "the connection is closed");
    this.#current?.end(this.#closed);
    this.#rehearsing.abort();
    this.#current = null;
  }

  async #start() {
    const { wasmUrl, preloadSql, engineUrl, fetch, options } = this.#settings;
    const session = new Session((lost, error) => this.#lose(lost, error), fetch);
    this.#current = session;
    const compiling = this.#compile(wasmUrl);
    // What opens a table comes first: it should not share the line with what queries it.
    if (preloadSql && !engineUrl) void compiling.then(() => this.#compileSql());
    try {
      const opening = this.#open(session).then((transport) => {
        session.attach(transport);
        this.mode = transport.mode;
        this.#starting = session;
        this.#tellExpected();
      });
      const [module] = await Promise.all([compiling, opening]);
      this.#starting = null;
      this.#mayExpect = false;
      await session.call("start", { module, wasmUrl, engineUrl, pageFetches: fetch !== null, options });
    } catch (error) {
      const failure = error instanceof LakeglassError ? error : new LakeglassError("internal", String(error), {}, { cause: error });
      session.end(failure);
      throw this.#closed ?? failure;
    }
    if (this.#registered.size === 0) this.#restored.set(session, Promise.resolve());
    return session;
  }

  /**
   * @param {Session} session
   * @returns {Promise<Transport>}
   */
  async #open(session) {
    /** @type {Receiver} */
    const receiver = { onMessage: (message) => session.receive(message), onDeath: (reason) => session.lose(reason) };
    if (this.#mainReason === null) {
      try {
        return await openWorker(this.#settings.workerUrl, receiver);
      } catch (error) {
        if (error instanceof LakeglassError) throw error;
        this.#mainReason = `no worker could be started: ${error instanceof Error ? error.message : error}`;
      }
    }
    return openMain(this.#mainReason, receiver);
  }

  /**
   * Tables keep their version across engines: what a query sees does not change because a worker died.
   * @param {Session} session
   */
  #restore(session) {
    const restoring = Promise.all(
      [...this.#registered].map(async ([name, table]) => {
        const handle = await table.handle(session);
        await session.call("register", { name, handle });
      }),
    ).then(() => {});
    this.#restored.set(session, restoring);
    restoring.catch(() => this.#restored.delete(session)); // the next call tries again
    return restoring;
  }

  /**
   * A file of the module: compiled here, while the worker's script is fetched, and once, for this engine and those that replace it.
   * @param {string} url
   */
  #compile(url) {
    const known = this.#modules.get(url);
    if (known) return known;
    const compiling = compileModule(url).catch(() => {
      this.#modules.delete(url);
      return null; // the host tries again, and tells what is wrong
    });
    this.#modules.set(url, compiling);
    return compiling;
  }

  /** The module's second file, and what follows it. */
  #compileSql() {
    const { sqlUrl } = this.#settings;
    const isNew = !this.#modules.has(sqlUrl);
    const compiling = this.#compile(sqlUrl);
    if (isNew) void compiling.then((sql) => sql && this.#rehearse(sql));
    return compiling;
  }

  /**
   * When nothing has been asked for a while: who asks at once is not kept waiting for what should make it quicker.
   * @param {WebAssembly.Module} sql
   */
  async #rehearse(sql) {
    const { wasmUrl, sqlUrl, rehearse } = this.#settings;
    const module = await this.#compile(wasmUrl);
    const session = await this.#session?.catch(() => null);
    if (!rehearse || !module || !session || this.mode === "main" || !(navigator.hardwareConcurrency > 1)) return;
    for (let quiet = 0; quiet < QUIET_MILLIS; quiet = session.isBusy ? 0 : quiet + STEP_MILLIS) {
      if (session !== this.#current || rehearsed.has(sqlUrl)) return;
      await new Promise((resolve) => setTimeout(resolve, STEP_MILLIS));
    }
    rehearsed.add(sqlUrl);
    const script = await import("./rehearsal.js").catch(() => null); // only a loss of time
    await script?.rehearse(this.#settings, { module, sql }, this.#rehearsing.signal);
  }

  /** @param {Session} session */
  #loadSql(session) {
    const { sqlUrl, engineUrl } = this.#settings;
    // Another engine is whole.
    const loading = engineUrl ? Promise.resolve() : this.#compileSql().then((module) => session.call("loadSql", { module, sqlUrl }));
    this.#withSql.set(session, loading);
    loading.catch(() => this.#withSql.delete(session)); // the next call tries again
    return loading;
  }

  /**
   * @param {Session} session
   * @param {LakeglassError} error
   */
  #lose(session, error) {
    if (this.#current !== session) return;
    this.#current = null;
    this.#session = null;
    this.#onLost(error);
  }
}
