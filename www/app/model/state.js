// What the page shows, as its address: any screen is a link.
//
//   ?table=weather&version=1&tab=sql&sql=SELECT…      a table of the demo folder
//   ?table=sales&url=https://host/sales               a pasted table
//   ?table=https://host/sales                         the same, as somebody would write it by hand
//   &with=trade@3&with=sales@2@https://host/sales     other tables a query needs: pinned versions, pasted tables
//
// A secret URL (see secret.js) never enters the query. It may come in by the fragment, `#url=…`, which no server sees;
// it is read once and taken out of the address; `&contact=…` beside it says whom to ask when it has ended. SQL too long for a request line is kept in the fragment.

import { isSecret, nameFromUrl } from "./secret.js";

/** @typedef {{ name: string, version: number | null, url: string | null }} Companion */
/**
 * @typedef {object} State
 * @property {string | null} table
 * @property {string | null} url      where a pasted table is; null for a demo table
 * @property {number | null} version  null: the latest
 * @property {string | null} tab    its id; null: the first
 * @property {string | null} sql
 * @property {Companion[]} companions
 * @property {string | null} [contact] whom to ask for a fresh URL, as a link's maker said
 */

const LONGEST_SQL_IN_QUERY = 4000;

/**
 * @param {{ search: string, hash: string }} location
 * @returns {State}
 */
export function parseState({ search, hash }) {
  const query = new URLSearchParams(search);
  const fragment = new URLSearchParams(hash.replace(/^#/, ""));
  const table = query.get("table");
  const place = table?.includes("/") ? table : null;
  return {
    table: place === null ? table : nameFromUrl(place),
    contact: fragment.get("contact"),
    url: fragment.get("url") ?? query.get("url") ?? place,
    version: parseVersion(query.get("version")),
    tab: query.get("tab"),
    sql: fragment.get("sql") ?? query.get("sql"),
    companions: query
      .getAll("with")
      .map(parseCompanion)
      .filter((companion) => companion !== null),
  };
}

/**
 * The address of a state: query and fragment, `''` where there is nothing to say.
 * @param {State} state
 * @returns {string}
 */
export function formatState(state) {
  const query = new URLSearchParams();
  const fragment = new URLSearchParams();
  if (state.table) query.set("table", state.table);
  if (state.url && !isSecret(state.url)) query.set("url", state.url);
  if (state.version !== null) query.set("version", String(state.version));
  if (state.tab !== null) query.set("tab", state.tab);
  for (const companion of state.companions) {
    if (companion.url && isSecret(companion.url)) continue;
    query.append("with", [companion.name, companion.version ?? "", companion.url].filter((part) => part !== null).join("@"));
  }
  if (state.sql) (state.sql.length > LONGEST_SQL_IN_QUERY ? fragment : query).set("sql", state.sql);
  const search = String(query);
  const hash = String(fragment);
  return (search && `?${search}`) + (hash && `#${hash}`);
}

/**
 * The address that carries a secret URL too, in the fragment: made only when the user asks for it.
 * @param {State} state
 */
export function formatSecretState(state) {
  const [search, hash] = formatState(state).split("#");
  const fragment = new URLSearchParams(hash ?? "");
  if (state.url) fragment.set("url", state.url);
  return `${search}#${fragment}`;
}

/** @param {string | null} text */
function parseVersion(text) {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** @param {string} text @returns {Companion | null} */
function parseCompanion(text) {
  const [name, version = "", ...url] = text.split("@");
  if (!name) return null;
  return { name, version: parseVersion(version), url: url.length ? url.join("@") : null };
}

/** The state of this tab: reads and writes the address, and tells when it changed. */
export class Location extends EventTarget {
  constructor() {
    super();
    /** @type {State} */
    this.state = parseState(window.location);
    if (this.state.url !== new URLSearchParams(window.location.search).get("url")) this.#write("replaceState");
    window.addEventListener("popstate", () => {
      // A secret is not in the address, so going back must not forget it: the catalog knows the table by its name.
      this.state = parseState(window.location);
      this.dispatchEvent(new Event("change"));
    });
  }

  /**
   * Shows something else. `replace` where going back should not stop in between.
   * @param {Partial<State>} patch
   * @param {{ replace?: boolean, quiet?: boolean }} [options]
   */
  go(patch, { replace = false, quiet = false } = {}) {
    this.state = { ...this.state, ...patch };
    const unchanged = formatState(this.state) === window.location.search + window.location.hash;
    this.#write(replace || unchanged ? "replaceState" : "pushState");
    if (!quiet) this.dispatchEvent(new Event("change"));
  }

  /** @param {'pushState' | 'replaceState'} method */
  #write(method) {
    window.history[method](null, "", formatState(this.state) || window.location.pathname);
  }
}
