// The tab SQL: an editor over all tables of the list, each at the version it is shown at, and the result below.

import { h, icon } from "../shell/dom.js";
import { download, exportControl } from "./download.js";
import { Editor } from "../editor/editor.js";
import { errorView, isCancelled } from "../shell/errors.js";
import { formatBytes, formatCount, plural } from "../model/format.js";
import { Grid, MOST_ROWS } from "../grid/grid.js";
import { centered, Panel } from "../shell/panel.js";
import { describeProgress } from "./progress.js";
import { ResultSet } from "../grid/results.js";
import { mentions, quoteName } from "../model/names.js";

/** @typedef {import('../model/catalog.js').Entry} Entry */
/** @typedef {import('../model/catalog.js').Catalog} Catalog */

/** Rows read before they are asked for; the rest waits until one scrolls there. */
const AHEAD = 20_000;
const EDIT_MS = 400;

/** @type {import("./tab.js").TabModule} */
export const sqlTab = {
  id: "sql",
  label: "SQL",
  create({ element, status, catalog, location, pick }) {
    element.classList.add("sql");
    /** @type {Entry | null} */
    let shown = null;
    const tab = new SqlTab(element, status, catalog, {
      edit: (sql) => location.go({ sql }, { replace: true, quiet: true }),
      ran: (sql, used) => location.go({ sql, companions: companions(used, shown) }, { quiet: true }),
      pick,
    });
    return {
      keeps: true,
      update: (entry) => ((shown = entry), tab.update(entry, location.state.sql)),
      stop: () => tab.stop(),
    };
  },
};

/** The other tables a query needs, as far as a link can say. @param {Entry[]} used @param {Entry | null} shown */
function companions(used, shown) {
  return used
    .filter((entry) => entry !== shown && (entry.version !== null || !entry.demo))
    .map((entry) => ({ name: entry.name, version: entry.version, url: entry.demo ? null : entry.url }));
}

class SqlTab {
  /** @type {ResultSet | null} */
  #result = null;
  /** @type {Grid | null} */
  #grid = null;
  #editTimer = 0;
  #reading = false;
  /** The statement shown below, with the versions it ran at. */
  #ran = "";
  #ranText = "";
  /** The statement the editor began with: another table brings its own. */
  #sample = "";
  #names = "";
  #said = h("span", null);
  #note = h(
    "div",
    { class: "panel-note" },
    this.#said,
    exportControl((format) => void this.#export(format)),
  );
  #plan = h(
    "button",
    {
      type: "button",
      class: "button",
      title: "Runs the query, and shows what each of its operators did",
      onclick: () => void this.explain(),
    },
    "Plan",
  );
  #sources = h("div", { class: "sql-sources", "aria-label": "Tables of this query" });
  #run = h(
    "button",
    { type: "button", class: "button primary", title: "Run (Ctrl+Enter)", onclick: () => void this.run() },
    icon("play"),
    "Run",
    h("kbd", null, /mac|iphone|ipad/i.test(navigator.userAgent) ? "⌘↵" : "Ctrl ↵"),
  );

  /**
   * @param {HTMLElement} element
   * @param {import('../shell/status.js').Status} status
   * @param {Catalog} catalog
   * @param {{ edit: (sql: string) => void, ran: (sql: string, used: Entry[]) => void, pick: (entry: Entry) => void }} on
   */
  constructor(element, status, catalog, on) {
    this.status = status;
    this.catalog = catalog;
    this.on = on;
    this.editor = new Editor({ run: () => void this.run(), change: (text) => this.#edited(text) });
    const result = h("div", { class: "sql-result" }, h("div", { class: "empty" }, "Run a query to see its rows here."));
    this.panel = new Panel(result, status);
    element.append(
      h("div", { class: "sql-editor" }, this.editor.element),
      h("div", { class: "sql-bar" }, this.#run, this.#plan, this.#sources),
      result,
    );
    catalog.addEventListener("change", () => this.#describe());
  }

  /**
   * Shows the tab, with a statement to begin with where there is none.
   * @param {Entry} entry
   * @param {string | null} sql
   */
  async update(entry, sql) {
    const linked = sql !== null && sql !== this.editor.text;
    if (linked) this.editor.text = sql;
    else if (!this.editor.text.trim() || this.editor.text === this.#sample) {
      this.#sample = entry.sample || `SELECT *\nFROM ${quoteName(entry.name)}\nLIMIT 100`;
      this.editor.text = this.#sample;
    }
    this.#describe();
    void this.editor.load();
    // A link with a query shows its rows; a moved version shows the same query again. What is being written does not run.
    if (linked || (this.#ranText === this.editor.text.trim() && this.#signature(this.#ranText) !== this.#ran)) await this.run();
  }

  stop() {
    this.panel.stop();
  }

  /** Runs what is in the editor. */
  async run() {
    const sql = this.editor.text.trim();
    if (!sql) return;
    const used = this.used(sql);
    this.#ranText = sql;
    this.#ran = this.#signature(sql);
    this.on.ran(this.editor.text, used);
    void this.#result?.close();
    const started = performance.now();
    await this.panel.load(
      "Running the query",
      async (signal, wait) => {
        await this.#openAll(sql, signal);
        const lake = await this.catalog.lake();
        const result = new ResultSet(
          lake.queryStream(sql, { signal, onProgress: (progress) => (wait.detail = describeProgress(progress)) }),
        );
        await result.readTo(1);
        if (!result.complete) await result.readTo(AHEAD);
        await this.#tell(result, started);
        return result;
      },
      (result) => this.#show(result),
      () => void this.run(),
    );
  }

  /** Runs what is in the editor for its plan alone. */
  async explain() {
    const sql = this.editor.text.trim();
    if (!sql) return;
    void this.#result?.close();
    this.#result = null;
    const started = performance.now();
    await this.panel.load(
      "Running the query",
      async (signal) => {
        await this.#openAll(sql, signal);
        const lake = await this.catalog.lake();
        const [{ planView }, plan] = await Promise.all([import("./plan.js"), lake.explain(sql, { signal, analyze: true })]);
        this.status.done({ label: "Plan of the query", millis: performance.now() - started });
        return planView(plan);
      },
      (view) => view,
      () => void this.explain(),
    );
  }

  /**
   * Writes all rows of the statement that is shown to a file.
   * @param {import('../../lakeglass/index.js').ExportFormat} format
   */
  async #export(format) {
    const sql = this.#ranText;
    const started = performance.now();
    try {
      const blob = await this.status.run(`Writing result.${format}`, async (signal, wait) => {
        await this.#openAll(sql, signal);
        const lake = await this.catalog.lake();
        return lake.exportBlob(sql, { format, signal, onProgress: (progress) => (wait.detail = describeProgress(progress)) });
      });
      download(blob, `result.${format}`);
      this.status.done({ label: `Wrote result.${format}, ${formatBytes(blob.size)}`, millis: performance.now() - started });
    } catch (error) {
      if (!isCancelled(error)) this.#said.replaceChildren(errorView(error, { compact: true }));
    }
  }

  /** The tables a statement names; all of them where it asks what there is. @param {string} sql */
  used(sql) {
    if (/\bshow\s+tables\b|information_schema/i.test(sql)) return this.catalog.entries;
    return this.catalog.entries.filter((entry) => mentions(sql, entry.name));
  }

  /**
   * Opens what the statement names and is not open yet: the engine then knows it under its name.
   * @param {string} sql
   * @param {AbortSignal} signal
   */
  async #openAll(sql, signal) {
    await Promise.all(this.used(sql).map((entry) => this.catalog.open(entry, entry.version, signal)));
  }

  /** @param {string} sql */
  #signature(sql) {
    return [sql.trim(), ...this.used(sql).map((entry) => `${entry.name}@${entry.version ?? ""}`)].join("\n");
  }

  /**
   * @param {ResultSet} result
   * @param {number} started
   */
  async #tell(result, started) {
    const millis = performance.now() - started;
    // What a query costs is known when it has ended.
    const metrics = result.complete ? await result.stream.metrics : null;
    this.status.done({
      label: result.complete ? "Query done" : "First rows of the query",
      rows: result.rowCount,
      more: !result.complete,
      millis,
      metrics,
    });
  }

  /** @param {ResultSet} result */
  #show(result) {
    this.#result = result;
    this.#grid = new Grid({ label: "Result", onEnd: () => void this.#more() });
    this.#grid.setSource(result);
    this.#describeResult();
    if (!result.columns.length) return centered(h("p", { class: "faint" }, "Done; the statement returns no columns."));
    if (!result.rowCount) return [this.#grid.element, h("div", { class: "empty" }, "The query returned no rows.")];
    return [this.#grid.element, this.#note];
  }

  async #more() {
    const result = this.#result;
    if (!result || result.complete || this.#reading || result.rowCount >= MOST_ROWS) return;
    this.#reading = true;
    const started = performance.now();
    try {
      await this.status.run("Reading more rows of the result", () => result.readTo(result.rowCount + AHEAD));
      if (result !== this.#result) return;
      await this.#tell(result, started);
      this.#grid?.refresh();
      this.#describeResult();
    } catch (error) {
      if (result !== this.#result) return;
      result.complete = true;
      void result.stream.close();
      this.#note.hidden = false;
      this.#said.replaceChildren(
        isCancelled(error)
          ? `The first ${formatCount(result.rowCount)} rows; the query was cancelled here.`
          : errorView(error, { compact: true }),
      );
    } finally {
      this.#reading = false;
    }
  }

  #describeResult() {
    if (!this.#result) return;
    const { rowCount, complete } = this.#result;
    this.#said.textContent = complete
      ? plural(rowCount, "row")
      : rowCount >= MOST_ROWS
        ? `The first ${formatCount(MOST_ROWS)} rows; add a LIMIT or an aggregate.`
        : `The first ${formatCount(rowCount)} rows; scroll for more.`;
  }

  /** @param {string} text */
  #edited(text) {
    clearTimeout(this.#editTimer);
    this.#editTimer = window.setTimeout(() => {
      this.#describe();
      this.on.edit(text);
    }, EDIT_MS);
  }

  /** Which tables and versions the query is about, and the names to complete. */
  #describe() {
    const used = this.used(this.editor.text);
    this.#sources.replaceChildren(
      ...used.map((entry) =>
        h(
          "button",
          { type: "button", class: "source", title: `Show ${entry.name}, to move its version`, onclick: () => this.on.pick(entry) },
          entry.name,
          h("b", null, entry.table ? `v${entry.table.version}` : entry.error ? "!" : "…"),
        ),
      ),
    );
    void this.#setNames();
  }

  async #setNames() {
    /** @type {import('../editor/completion.js').Names} */
    const names = {};
    for (const { name, table } of this.catalog.entries) {
      names[name] = table ? (await table.schema()).map(({ name: column, type }) => ({ name: column, type })) : [];
    }
    const key = JSON.stringify(names);
    if (key !== this.#names) this.editor.setNames(names);
    this.#names = key;
  }
}
