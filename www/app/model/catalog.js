// The tables this tab knows, by name: the demo tables and the pasted ones, each at the version it is shown at. What is
// open here is registered with the engine under the same name, so that SQL sees the same tables as the page.

import { withoutSecrets } from "./access.js";
import { Commits } from "./commits.js";
import { codeOf } from "../shell/errors.js";
import { isSecret } from "./secret.js";

/** @typedef {import('../../lakeglass/index.js').Lakeglass} Lakeglass */
/** @typedef {import('../../lakeglass/index.js').LakeTable} LakeTable */
/** @typedef {import('../../lakeglass/index.js').AccessOptions} AccessOptions */
/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {string} url
 * @property {string} title
 * @property {string} description
 * @property {boolean} demo
 * @property {boolean} secret          its URL may not be shown or linked
 * @property {import('../../lakeglass/index.js').Sign} [sign]   knows its files: it is in a folder of this machine
 * @property {AccessOptions} [access]  what its host is told and shown
 * @property {boolean} [keep]          whether the user wants that kept until the tab is closed
 * @property {string | null} [contact] whom to ask for a fresh URL
 * @property {number | null} version   the version asked for; null: the latest
 * @property {LakeTable | null} table  as opened last
 * @property {number | null} shown     the version asked for when `table` was opened
 * @property {string} sample           a query to begin with
 * @property {unknown} error           why it could not be opened last
 * @property {Commits | null} commits
 * @property {number} opening          counts the opens, so that a slow one does not undo a newer one
 */

const REMEMBERED = "lakeglass.tables";

export class Catalog extends EventTarget {
  /** @type {Entry[]} */
  entries = [];

  /** @type {Promise<Lakeglass> | null} */
  #lake = null;
  /** Whether the engine has started. */
  ready = false;

  /** @param {() => Promise<Lakeglass>} connect */
  constructor(connect) {
    super();
    this.connect = connect;
  }

  /** The engine, started when it is first needed; after a failure the next call tries again. */
  lake() {
    this.#lake ??= this.connect().then(
      (lake) => {
        this.ready = true;
        return lake;
      },
      (error) => {
        this.#lake = null;
        throw error;
      },
    );
    return this.#lake;
  }

  /** @param {string | null} name */
  get(name) {
    return this.entries.find((entry) => entry.name.toLowerCase() === name?.toLowerCase()) ?? null;
  }

  /**
   * Adds a table; one of the same name gives way to it when it is somewhere else.
   * @param {{ name: string, url: string, title?: string, description?: string, sample?: string, demo?: boolean, version?: number | null, sign?: import('../../lakeglass/index.js').Sign, access?: AccessOptions, keep?: boolean, contact?: string | null }} about
   * @returns {Entry}
   */
  add({ name, url, title = "", description = "", sample = "", demo = false, version = null, sign, access, keep, contact }) {
    /** @type {Entry} */
    const entry = {
      name: this.freeName(name),
      url,
      title,
      description,
      sample,
      demo,
      version,
      shown: null,
      secret: isSecret(url),
      sign,
      access,
      keep,
      contact,
      table: null,
      error: null,
      commits: null,
      opening: 0,
    };
    this.entries.push(entry);
    this.#changed();
    return entry;
  }

  /**
   * The name itself, or with a number where another table has it.
   * @param {string} name
   * @param {Entry | null} [own] the table that is to have it
   */
  freeName(name, own = null) {
    let free = name;
    for (let count = 2; ![null, own].includes(this.get(free)); count++) free = `${name}_${count}`;
    return free;
  }

  /** @param {Entry} entry */
  async remove(entry) {
    this.entries = this.entries.filter((other) => other !== entry);
    entry.opening++;
    this.#changed();
    if (entry.table) await (await this.lake()).deregister(entry.name);
  }

  /**
   * @param {Entry} entry
   * @param {string} name
   */
  async rename(entry, name) {
    const before = entry.name;
    entry.name = name;
    this.#changed();
    if (!entry.table) return;
    const lake = await this.lake();
    await lake.deregister(before);
    await lake.register(name, entry.table);
  }

  /**
   * The table at a version (`null`: the latest known here), opened and registered.
   * @param {Entry} entry
   * @param {number | null} version
   * @param {AbortSignal} [signal]
   * @returns {Promise<LakeTable>}
   */
  async open(entry, version, signal) {
    entry.version = version;
    if (entry.table && !entry.error && entry.shown === version) return entry.table;
    const opening = ++entry.opening;
    try {
      const table = await this.#openAt(entry, version, signal);
      signal?.throwIfAborted();
      await (await this.lake()).register(entry.name, table, { signal });
      if (opening !== entry.opening) return table;
      Object.assign(entry, { table, shown: version, error: null });
      entry.commits ??= new Commits(table);
      return table;
    } catch (error) {
      // Whoever made a link to what has ended has said whom to ask.
      if (entry.contact && codeOf(error) === "url_expired" && error instanceof Error && !error.message.includes(entry.contact))
        error.message += `; ask ${entry.contact} for a fresh one`;
      if (opening === entry.opening && !signal?.aborted) entry.error = error;
      throw error;
    } finally {
      this.#changed();
    }
  }

  /** Forgets what is known of a table's versions, so that the next open asks its host again. @param {Entry} entry */
  forget(entry) {
    Object.assign(entry, { table: null, commits: null });
  }

  /**
   * @param {Entry} entry
   * @param {number | null} version
   * @param {AbortSignal} [signal]
   */
  async #openAt(entry, version, signal) {
    // The latest known here needs no search; looking for newer ones is for the button that says so.
    const known = version ?? entry.commits?.range?.latest;
    if (entry.table && known !== undefined) return entry.table.at({ version: known, signal });
    // Absolute, so that nothing pasted is taken for the name of a registered table.
    const url = new URL(entry.url, document.baseURI);
    const lake = await this.lake();
    const { sign, access } = entry;
    return lake.table(url, version === null ? { sign, access, signal } : { version, sign, access, signal });
  }

  /** The table as its host gives it now, whatever is known of it. @param {Entry} entry */
  async opened({ url, sign, access }) {
    return (await this.lake()).table(new URL(url, document.baseURI), { sign, access });
  }

  /** Lets a table's log name files at another origin, and opens it anew. @param {Entry} entry @param {string} origin */
  allow(entry, origin) {
    const allowedOrigins = [...new Set([...(entry.access?.allowedOrigins ?? []), origin])];
    entry.access = { ...entry.access, allowedOrigins };
    this.forget(entry);
  }

  #changed() {
    remember(this.entries);
    this.dispatchEvent(new Event("change"));
  }
}

/** Pasted tables outlive a reload of this tab, except what is secret and was not asked to be kept. @param {Entry[]} entries */
function remember(entries) {
  const kept = entries.filter((entry) => !entry.demo && !entry.sign && (!entry.secret || entry.keep));
  const pasted = kept.map(({ name, url, access, keep }) => ({ name, url, keep, access: keep ? access : withoutSecrets(access) }));
  try {
    sessionStorage.setItem(REMEMBERED, JSON.stringify(pasted));
  } catch {
    // Storage is a convenience: where it is forbidden, pasted tables last as long as the page.
  }
}

/** @returns {{ name: string, url: string, keep?: boolean, access?: AccessOptions }[]} */
export function remembered() {
  try {
    const tables = JSON.parse(sessionStorage.getItem(REMEMBERED) ?? "[]");
    return tables.filter((/** @type {any} */ table) => typeof table?.name === "string" && typeof table?.url === "string");
  } catch {
    return [];
  }
}
