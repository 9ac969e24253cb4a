// The page: connects the engine, and keeps what is shown in step with the address. Everything goes one way: a click
// changes the address, a changed address opens a table at a version, and the opened table goes to the tab in view.

import { Catalog, remembered } from "../model/catalog.js";
import { byId } from "./dom.js";
import { codeOf, errorView, messageOf } from "./errors.js";
import { measureWith } from "../grid/columns.js";
import { Head } from "./head.js";
import { centered, Panel } from "./panel.js";
import { nameFromUrl } from "../model/secret.js";
import { setUpShell, toggleDrawer } from "./shell.js";
import { Location, parseState } from "../model/state.js";
import { Status } from "./status.js";
import { Tables } from "./tables.js";
import { TabPanels } from "./tab-panels.js";
import { VersionControl } from "./versions.js";

/** @typedef {import('../model/catalog.js').Entry} Entry */
/** @typedef {import('../../lakeglass/index.js').LakeTable} LakeTable */

class Page {
  location = new Location();
  /** @type {Entry | null} */
  #entry = null;

  /**
   * @param {Catalog} catalog
   * @param {Status} status
   */
  constructor(catalog, status) {
    const { location } = this;
    this.catalog = catalog;
    this.status = status;
    this.stage = new Panel(byId("stage"), status);
    this.head = new Head(byId("head"), location);
    this.tables = new Tables(
      catalog,
      { list: byId("table-list"), form: byId("table-open") },
      {
        select: (entry) => this.#select(entry),
        open: (url, name, how) => this.#select(catalog.add({ name, url, ...how })),
        remove: (entry) => this.#remove(entry),
        rename: (entry, name) => this.#rename(entry, name),
      },
    );
    this.versions = new VersionControl(byId("versions"), status, {
      pick: (version) => location.go({ version }),
      refresh: () => this.#refresh(),
    });
    this.tabs = new TabPanels(
      { row: byId("tabs"), panels: byId("panels") },
      { status, catalog, location, pick: (entry) => this.#select(entry) },
    );
    location.addEventListener("change", () => void this.sync());
    // What an error offers to do about it.
    document.addEventListener("lakeglass-allow", (event) => this.#allow(/** @type {CustomEvent<string>} */ (event).detail));
    document.addEventListener("lakeglass-doctor", () => void this.#examine());
  }

  /** @param {string} origin */
  #allow(origin) {
    if (!this.#entry) return;
    this.catalog.allow(this.#entry, origin);
    void this.sync();
  }

  async #examine() {
    const entry = this.#entry;
    if (!entry) return;
    const { showDoctor } = await import("../doctor/doctor.js");
    await showDoctor(entry, this.catalog);
  }

  /** Shows what the address says. */
  async sync() {
    const { state } = this.location;
    this.tabs.select();
    const entry = this.#find();
    this.tables.select(entry?.name ?? null);
    if (!entry) return this.#unknown(state.table);
    if (entry !== this.#entry) this.tabs.leave();
    this.#entry = entry;
    this.head.show(entry);
    const at = state.version === null ? "" : ` at version ${state.version}`;
    const opened = await this.stage.load(
      `${this.catalog.ready ? "Opening" : "Starting the engine and opening"} ${entry.name}${at}`,
      (signal) => this.#open(entry, state.version, signal),
      () => [],
      () => void this.sync(),
    );
    byId("versions").hidden = !entry.commits;
    this.head.show(entry);
    void this.versions.show(entry);
    if (opened && entry === this.#entry && entry.table) await this.tabs.show(entry, entry.table);
  }

  /** Opens the other tables of the list, one at a time, so that their versions are seen and SQL knows their columns. */
  async openOthers() {
    for (const entry of [...this.catalog.entries]) {
      if (entry.table || entry.error || !entry.demo || entry === this.#entry) continue;
      try {
        await this.status.run(`Opening ${entry.name}`, (signal) => this.catalog.open(entry, entry.version, signal), { quiet: true });
      } catch (error) {
        if (codeOf(error) === "cancelled") return;
      }
    }
  }

  /** The table of the address: a known one, a pasted one, or the first. */
  #find() {
    const { table, url, contact, companions } = this.location.state;
    for (const { name, version, url: at } of companions) {
      const entry = this.catalog.get(name) ?? (at ? this.catalog.add({ name, url: at }) : null);
      if (entry && name !== table) entry.version = version;
    }
    const known = this.catalog.get(table);
    if (known && (!url || known.url === url)) return known;
    if (url) {
      const elsewhere =
        this.catalog.entries.find((entry) => entry.url === url) ?? this.catalog.add({ name: table ?? nameFromUrl(url), url, contact });
      this.location.go({ table: elsewhere.name }, { replace: true, quiet: true });
      return elsewhere;
    }
    const first = table === null ? (this.catalog.entries.at(0) ?? null) : null;
    if (first) this.location.go({ table: first.name }, { replace: true, quiet: true });
    return first;
  }

  /**
   * @param {Entry} entry
   * @param {number | null} version
   * @param {AbortSignal} signal
   */
  async #open(entry, version, signal) {
    const started = performance.now();
    const before = entry.table;
    const table = await this.catalog.open(entry, version, signal);
    if (table !== before) {
      this.status.done({
        label: `${entry.name} v${table.version} opened`,
        rows: table.info.rowCount,
        millis: performance.now() - started,
        metrics: table.info.metrics,
      });
    }
    return table;
  }

  /** @param {string | null} name */
  #unknown(name) {
    this.tabs.leave();
    this.#entry = null;
    this.head.clear();
    byId("versions").hidden = true;
    const error = { code: "table_not_found", message: "" };
    const message =
      name === null
        ? "There is no table in the list."
        : `This page knows no table named ${name}. A link leaves out a URL that may hold a secret.`;
    this.stage.stop();
    this.stage.element.replaceChildren(centered(errorView(Object.assign(new Error(message), { code: error.code }))));
  }

  /** @param {Entry} entry */
  #select(entry) {
    toggleDrawer(false);
    this.location.go({ table: entry.name, url: entry.demo ? null : entry.url, version: entry.version });
  }

  /** @param {Entry} entry */
  #remove(entry) {
    void this.catalog.remove(entry);
    if (entry === this.#entry) this.location.go({ table: this.catalog.entries.at(0)?.name ?? null, url: null, version: null });
  }

  /**
   * @param {Entry} entry
   * @param {string} name
   */
  #rename(entry, name) {
    void this.catalog.rename(entry, name);
    if (entry !== this.#entry) return;
    this.tables.select(name);
    this.location.go({ table: name }, { replace: true });
  }

  #refresh() {
    if (!this.#entry) return;
    this.catalog.forget(this.#entry);
    void this.sync();
  }
}

/** @param {Catalog} catalog */
async function addDemoTables(catalog) {
  const response = await fetch("demo/tables.json");
  if (!response.ok) return;
  const { tables } = await response.json();
  for (const { name, url, title, description, sql } of tables) catalog.add({ name, url, title, description, sample: sql, demo: true });
}

/**
 * @param {Status} status
 * @param {string} [expect] the table of the address
 */
async function connect(status, expect) {
  const { Lakeglass } = await import("../../lakeglass/index.js");
  const lake = await Lakeglass.connect({ preloadSql: false, expect });
  lake.addEventListener("lost", (event) => status.say(`The engine stopped and starts again: ${messageOf(event.error)}`));
  return lake;
}

/**
 * The table that a link leads to, where it can be asked for before the engine is here.
 * @param {ReturnType<typeof remembered>} pasted
 */
function expectedTable(pasted) {
  const { url, version } = parseState(window.location);
  if (!url || version !== null || !URL.canParse(url, document.baseURI)) return undefined;
  return pasted.some((table) => table.url === url && table.access) ? undefined : url;
}

async function main() {
  setUpShell();
  measureWith(getComputedStyle(document.body).font);
  const status = new Status(byId("status"));
  // Read first: whatever is added is remembered anew.
  const pasted = remembered();
  const expected = expectedTable(pasted);
  const catalog = new Catalog(() => connect(status, expected));
  // The engine starts while the list is fetched; whether that fails is told by the first table that needs it.
  catalog.lake().catch(() => {});
  await addDemoTables(catalog).catch((error) => console.warn("The demo tables could not be listed.", error));
  for (const table of pasted) catalog.add(table);
  const page = new Page(catalog, status);
  await page.sync();
  // Behind the first rows: a visitor who looks at them does not wait for what queries them.
  catalog
    .lake()
    .then((lake) => lake.loadSql())
    .catch(() => {}); // the first query tries again, and tells
  await page.openOthers();
}

void main();
