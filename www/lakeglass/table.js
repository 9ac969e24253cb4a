// A table at one version, on the page's side.

import { abortable } from "./errors.js";
import { ResultCursor, readRows } from "./results.js";

/** @import { Connection } from "./connection.js" */
/** @import { EngineVersion } from "./engine.js" */
/** @import { CallOptions, Commit, Field, FileInfo, LakeTable as PublicTable, OpenOptions, Rows, TableInfo, VersionOptions } from "./index.js" */
/** @import { Handle, Method, Methods, OpenedTable } from "./protocol.js" */
/** @import { Session } from "./session.js" */

/**
 * The engine's side of a table: apart from the table, so that it can be freed when the table is gone.
 * @typedef {{ session: Session | null, handle: Promise<Handle> | null }} Remote
 */

const abandoned = new FinalizationRegistry((/** @type {Remote} */ remote) => free(remote));

/** @param {Remote} remote */
function free(remote) {
  const { session, handle } = remote;
  remote.session = null;
  remote.handle = null;
  handle?.then((opened) => session?.free(opened)).catch(() => {});
}

/** @implements {PublicTable} */
export class LakeTable {
  /** @type {Connection} */ #connection;
  /** @type {Field[]} */ #schema;
  /** @type {Remote} */ #remote;
  /** @type {OpenOptions} how its host is spoken to */ #host;

  /**
   * @param {Connection} connection
   * @param {string} url
   * @param {OpenOptions} host
   * @param {Session} session where it was opened
   * @param {OpenedTable} opened
   */
  constructor(connection, url, host, session, { handle, info, schema }) {
    this.#connection = connection;
    this.#schema = schema;
    this.#host = host;
    this.#remote = { session, handle: Promise.resolve(handle) };
    /** @readonly */
    this.url = url;
    /** @readonly @type {TableInfo} */
    this.info = info;
    abandoned.register(this, this.#remote);
  }

  /**
   * @param {Connection} connection
   * @param {string} url absolute
   * @param {VersionOptions & OpenOptions} options
   * @param {AbortSignal} [signal]
   */
  static async open(connection, url, options, signal) {
    const { access, sign, format } = options;
    const at = engineVersion(options);
    if (!access && !sign && !format && Object.keys(at).length === 0) connection.expect(url);
    const session = await connection.session(signal);
    const opened = await session.call("open", { url, at, ...hostParams(session, { access, sign, format }) }, signal);
    return new LakeTable(connection, url, { access, sign, format }, session, opened);
  }

  get version() {
    return this.info.version;
  }

  /** @param {CallOptions} [options] */
  async schema({ signal } = {}) {
    await abortable(Promise.resolve(), signal);
    return this.#schema;
  }

  /**
   * @param {CallOptions & { offset?: number, limit?: number }} [options]
   * @returns {Promise<FileInfo[]>}
   */
  files({ signal, ...options } = {}) {
    return this.#call("files", options, signal);
  }

  /** @param {CallOptions} [options] */
  versions({ signal } = {}) {
    return this.#call("versions", {}, signal);
  }

  /**
   * @param {CallOptions & { limit?: number, until?: bigint | number }} [options]
   * @returns {Promise<Commit[]>}
   */
  history({ signal, ...options } = {}) {
    return this.#call("history", options, signal);
  }

  /** @param {CallOptions & VersionOptions} options */
  async at({ signal, ...options }) {
    const session = await this.#connection.session(signal);
    const handle = await this.handle(session, signal);
    const opened = await session.call("at", { handle, at: engineVersion(options) }, signal);
    return new LakeTable(this.#connection, this.url, this.#host, session, opened);
  }

  /**
   * @param {CallOptions & { limit?: number, columns?: string[] }} [options]
   * @returns {Promise<Rows>}
   */
  async preview({ signal, ...options } = {}) {
    const session = await this.#connection.session(signal);
    const handle = await this.handle(session, signal);
    const opened = await session.call("preview", { handle, limit: 100, ...defined(options) }, signal);
    return readRows(new ResultCursor({ session, opened }, signal), Infinity);
  }

  close() {
    free(this.#remote);
  }

  /**
   * Its handle in a session: opened there, at the same version, unless it is.
   * @param {Session} session
   * @param {AbortSignal} [signal]
   * @returns {Promise<Handle>}
   */
  handle(session, signal) {
    const remote = this.#remote;
    if (remote.session !== session || !remote.handle) {
      // For all callers, of which one may cancel: without its signal.
      const params = { url: this.url, at: { version: this.version }, ...hostParams(session, this.#host) };
      const opening = session.call("open", params).then(({ handle }) => handle);
      remote.session = session;
      remote.handle = opening;
      opening.catch(() => {
        if (remote.handle === opening) remote.handle = null; // the next call tries again
      });
    }
    return abortable(/** @type {Promise<Handle>} */ (remote.handle), signal);
  }

  /** How its host is spoken to: for another connection. */
  get host() {
    return this.#host;
  }

  /** @param {Connection} connection */
  isOf(connection) {
    return this.#connection === connection;
  }

  /**
   * @template {Method} M
   * @param {M} method
   * @param {object} options
   * @param {AbortSignal} [signal]
   * @returns {Promise<Methods[M]["value"]>}
   */
  async #call(method, options, signal) {
    const session = await this.#connection.session(signal);
    const handle = await this.handle(session, signal);
    return session.call(method, /** @type {any} */ ({ handle, ...defined(options) }), signal);
  }
}

/**
 * What the host of the engine is told of the table's host.
 * @param {Session} session
 * @param {OpenOptions} host
 */
function hostParams(session, { access, sign, format }) {
  return defined({ access, format, sign: sign && session.signNumber(sign) });
}

/**
 * @param {VersionOptions} options
 * @returns {EngineVersion}
 */
export function engineVersion({ version, timestamp }) {
  if (version !== undefined && timestamp !== undefined) throw new TypeError("give version or timestamp, not both");
  const millis = timestamp instanceof Date ? timestamp.getTime() : timestamp;
  if (Number.isNaN(millis)) throw new TypeError("the timestamp is an invalid date");
  if (typeof version === "number" && !(Number.isSafeInteger(version) && version >= 0)) {
    throw new TypeError(`a version is a whole number from 0 up, not ${version}`);
  }
  return defined({ version, timestamp: millis });
}

/**
 * Without what is `undefined`: the engine tells "not given" from "given".
 * @template {object} T
 * @param {T} options
 * @returns {T}
 */
function defined(options) {
  return /** @type {T} */ (Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)));
}
