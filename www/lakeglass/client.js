// An engine and the tables registered in it, as the caller sees them.

import { Connection } from "./connection.js";
import { blobOf, byteStream, mediaType } from "./export.js";
import { tableFromArrays, tableToIPC } from "./pkg/arrow.js";
import { told } from "./progress.js";
import { ResultCursor, readArrow, readIPC, readRows } from "./results.js";
import { RowStream } from "./stream.js";
import { LakeTable } from "./table.js";
import { resolveUrl } from "./urls.js";

/** @import { EngineConfig } from "./engine.js" */
/** @import { CallOptions, ConnectOptions, ExportOptions, Lakeglass as PublicLakeglass, OpenOptions, QueryOptions, QueryProgress, RegisteredTable, VersionOptions } from "./index.js" */
/** @import { Opened } from "./results.js" */

/** Bytes of Arrow that one call hands over, unless told: rows take several times as much. */
const MAX_RESULT_BYTES = 512 * 2 ** 20;

const ENGINE_OPTIONS = /** @type {const} */ ([
  "concurrency",
  "cacheBytes",
  "storeBytes",
  "targetPartitions",
  "batchSize",
  "memoryLimit",
  "dialect",
]);

class EngineLostEvent extends Event {
  /** @param {import("./errors.js").LakeglassError} error */
  constructor(error) {
    super("lost");
    this.error = error;
  }
}

/**
 * See index.d.ts.
 * @implements {Omit<PublicLakeglass, "addEventListener">} whose overloads only tell the event's type
 */
export class Lakeglass extends EventTarget {
  /** @type {Connection} */ #connection;
  /** @type {Map<string, LakeTable>} */ #registered = new Map();
  /** @type {number} */ #maxResultBytes;

  /** @param {ConnectOptions & { engineUrl?: string | URL }} options `engineUrl`: another engine, for tests */
  constructor({
    worker = true,
    workerUrl,
    wasmUrl,
    sqlUrl,
    preloadSql = true,
    rehearse = true,
    maxResultBytes = MAX_RESULT_BYTES,
    fetch,
    engineUrl,
    ...options
  }) {
    super();
    this.#maxResultBytes = maxResultBytes;
    const module = wasmUrl === undefined ? new URL("./pkg/lakeglass_bg.wasm", import.meta.url).href : resolveUrl(wasmUrl);
    const settings = {
      worker,
      workerUrl: workerUrl === undefined ? null : resolveUrl(workerUrl),
      wasmUrl: module,
      sqlUrl: sqlUrl === undefined ? besideModule(module) : resolveUrl(sqlUrl),
      preloadSql,
      rehearse,
      engineUrl: engineUrl === undefined ? null : resolveUrl(engineUrl),
      fetch: fetch ?? null,
      // What the page's own `fetch` sends may be a secret: what came of it is kept on disk only where that is asked for.
      options: engineConfig(fetch ? { storeBytes: 0, ...options } : options),
    };
    this.#connection = new Connection(settings, this.#registered, (error) => this.dispatchEvent(new EngineLostEvent(error)));
  }

  /** @param {ConnectOptions} [options] */
  static async connect({ tables = {}, expect, signal, ...options } = {}) {
    const lake = new Lakeglass(options);
    if (expect !== undefined) lake.#connection.expect(resolveUrl(expect));
    try {
      const registrations = Object.entries(tables).map(([name, source]) => {
        const plain = typeof source === "object" && !(source instanceof URL) && !(source instanceof LakeTable);
        const { url, ...version } = plain ? source : { url: /** @type {string | URL | LakeTable} */ (source) };
        return lake.register(name, url, { ...version, signal });
      });
      await Promise.all([lake.#connection.session(signal), ...registrations]);
      return lake;
    } catch (error) {
      lake.close();
      throw error;
    }
  }

  get mode() {
    return this.#connection.mode;
  }

  get modeReason() {
    return this.#connection.modeReason;
  }

  /**
   * @param {string} sql
   * @param {QueryOptions} [options]
   */
  async query(sql, options = {}) {
    return readRows(await this.#cursor("query", { sql }, options), this.#maxResultBytes);
  }

  /**
   * @param {string} sql
   * @param {QueryOptions} [options]
   */
  async queryArrow(sql, options = {}) {
    return readArrow(await this.#cursor("query", { sql }, options), this.#maxResultBytes);
  }

  /**
   * @param {string} sql
   * @param {QueryOptions} [options]
   */
  async queryIPC(sql, options = {}) {
    return readIPC(await this.#cursor("query", { sql }, options), this.#maxResultBytes);
  }

  /**
   * @param {string} sql
   * @param {QueryOptions} [options]
   */
  queryStream(sql, options = {}) {
    const onProgress = told(options.onProgress);
    return new RowStream(() => this.#run("query", { sql }, options, onProgress), options.signal, onProgress);
  }

  /**
   * @param {string} sql
   * @param {ExportOptions} options
   */
  export(sql, { format, ...options }) {
    mediaType(format); // or a TypeError
    return byteStream(() => this.#cursor("export", { sql, format }, options));
  }

  /**
   * @param {string} sql
   * @param {ExportOptions} options
   */
  async exportBlob(sql, options) {
    return blobOf(this.export(sql, options), mediaType(options.format));
  }

  /**
   * @param {string} sql
   * @param {CallOptions & { params?: QueryOptions["params"], analyze?: boolean }} [options]
   */
  async explain(sql, { signal, params, analyze = false } = {}) {
    const session = await this.#connection.sessionWithSql(signal);
    return session.call("explain", { sql, analyze, params }, signal);
  }

  /**
   * @param {string | URL} urlOrName
   * @param {CallOptions & VersionOptions & OpenOptions} [options]
   */
  async table(urlOrName, { signal, ...version } = {}) {
    const registered = typeof urlOrName === "string" ? this.#registered.get(urlOrName) : undefined;
    if (!registered) return LakeTable.open(this.#connection, resolveUrl(urlOrName), version, signal);
    const same = version.version === undefined && version.timestamp === undefined;
    return same ? registered : registered.at({ ...version, signal });
  }

  /** @param {CallOptions} [options] */
  async loadSql({ signal } = {}) {
    await this.#connection.sessionWithSql(signal);
  }

  /**
   * @param {string} name
   * @param {string | URL | LakeTable} source
   * @param {CallOptions & VersionOptions & OpenOptions} [options]
   */
  async register(name, source, { signal, ...version } = {}) {
    const table = await this.#tableToRegister(source, version, signal);
    // After a loss, the tables registered before go in first, so that none of them comes back over this one.
    const session = await this.#connection.sessionWithTables(signal).catch(() => this.#connection.session(signal));
    const handle = await table.handle(session, signal);
    await session.call("register", { name, handle }, signal);
    this.#registered.delete(name); // to its place in the order
    this.#registered.set(name, table);
    return table;
  }

  /**
   * @param {string} name
   * @param {Uint8Array | Record<string, unknown>[]} rows
   * @param {CallOptions} [options]
   */
  async registerRows(name, rows, { signal } = {}) {
    const bytes = rows instanceof Uint8Array ? rows : ipcOfRows(rows);
    const session = await this.#connection.sessionWithSql(signal);
    await session.call("registerArrow", { name, bytes }, signal);
  }

  /**
   * @param {string} name
   * @param {CallOptions} [options]
   */
  async deregister(name, { signal } = {}) {
    const known = this.#registered.delete(name);
    const session = await this.#connection.sessionWithTables(signal);
    return (await session.call("deregister", { name }, signal)) || known;
  }

  /** @returns {RegisteredTable[]} */
  tables() {
    return [...this.#registered].map(([name, { info, version }]) => ({ name, url: info.url, version }));
  }

  /** @param {CallOptions} [options] */
  async clearCache({ signal } = {}) {
    const session = await this.#connection.session(signal);
    await session.call("clearCache", {}, signal);
  }

  close() {
    this.#connection.close();
  }

  /**
   * @template {"query" | "export"} M
   * @param {M} method
   * @param {import("./protocol.js").Methods[M]["params"]} call
   * @param {QueryOptions} options
   * @param {(progress: QueryProgress) => void} [onProgress]
   * @returns {Promise<Opened>}
   */
  async #run(method, call, { signal, params }, onProgress) {
    const session = await this.#connection.sessionWithSql(signal);
    const asked = onProgress ? { ...call, params, progress: true } : { ...call, params };
    return { session, opened: await session.call(method, asked, signal, onProgress) };
  }

  /**
   * @template {"query" | "export"} M
   * @param {M} method
   * @param {import("./protocol.js").Methods[M]["params"]} call
   * @param {QueryOptions} options
   */
  async #cursor(method, call, options) {
    const onProgress = told(options.onProgress);
    return new ResultCursor(await this.#run(method, call, options, onProgress), options.signal, onProgress);
  }

  /**
   * @param {string | URL | LakeTable} source
   * @param {VersionOptions & OpenOptions} version
   * @param {AbortSignal} [signal]
   */
  #tableToRegister(source, version, signal) {
    if (!(source instanceof LakeTable)) return LakeTable.open(this.#connection, resolveUrl(source), version, signal);
    const same = version.version === undefined && version.timestamp === undefined;
    if (source.isOf(this.#connection)) return same ? source : source.at({ ...version, signal });
    return LakeTable.open(this.#connection, source.url, { ...source.host, ...(same ? { version: source.version } : version) }, signal);
  }
}

/**
 * Rows as an Arrow IPC stream: a key that a row lacks is null in it.
 * @param {Record<string, unknown>[]} rows
 * @returns {Uint8Array}
 */
function ipcOfRows(rows) {
  if (!Array.isArray(rows)) throw new TypeError("rows are an array of objects, or a Uint8Array of Arrow IPC");
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  if (names.size === 0) throw new TypeError("rows without a column");
  const columns = [...names].map((name) => [name, rows.map((row) => row[name] ?? null)]);
  const bytes = tableToIPC(tableFromArrays(/** @type {[string, unknown[]][]} */ (columns)), { format: "stream" });
  if (!bytes) throw new TypeError("these rows have no form in Arrow");
  return bytes;
}

/**
 * Where the module's second file is, unless told: beside the first. A `data:` or `blob:` URL has nothing beside it.
 * @param {string} module
 */
function besideModule(module) {
  const base = /^(data|blob):/.test(module) ? new URL("./pkg/", import.meta.url) : module;
  return new URL("lakeglass_sql.wasm", base).href;
}

/**
 * @param {ConnectOptions} options
 * @returns {EngineConfig}
 */
function engineConfig(options) {
  /** @type {EngineConfig} */
  const config = {};
  for (const name of ENGINE_OPTIONS) {
    if (options[name] !== undefined) Object.assign(config, { [name]: options[name] });
  }
  return config;
}
