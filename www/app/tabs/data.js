// The tab Data: the first rows of a version, and more of them as one scrolls.

import { h } from "../shell/dom.js";
import { errorView, isCancelled } from "../shell/errors.js";
import { formatCount } from "../model/format.js";
import { Grid } from "../grid/grid.js";
import { centered, Panel } from "../shell/panel.js";
import { sourceOfRows } from "../grid/results.js";

/** @typedef {import('../../lakeglass/index.js').LakeTable} LakeTable */
/** @typedef {import('../../lakeglass/index.js').Rows} Rows */

const FIRST = 200;
const GROWTH = 5;
/** Beyond this, a query is the better tool. */
const MOST = 25_000;

/** @type {import("./tab.js").TabModule} */
export const dataTab = { id: "data", label: "Data", create: ({ element, status }) => new DataTab(element, status) };

class DataTab {
  /** @type {Grid | null} */
  #grid = null;
  /** @type {LakeTable | null} */
  #table = null;
  #rows = 0;
  #full = false;
  #growing = false;
  #note = h("div", { class: "panel-note" });

  /**
   * @param {HTMLElement} element
   * @param {import('../shell/status.js').Status} status
   */
  constructor(element, status) {
    this.status = status;
    this.element = element;
    this.panel = new Panel(element, status);
  }

  /** @param {import('../model/catalog.js').Entry} entry @param {LakeTable} table */
  async update(entry, table) {
    this.#table = table;
    const label = `Reading the first rows of ${entry.name} v${table.version}`;
    await this.panel.load(
      label,
      (signal) => this.#read(label, table, FIRST, signal),
      (rows) => this.#show(rows),
    );
  }

  stop() {
    this.panel.stop();
  }

  /**
   * @param {string} label
   * @param {LakeTable} table
   * @param {number} limit
   * @param {AbortSignal} signal
   */
  async #read(label, table, limit, signal) {
    const started = performance.now();
    const rows = await table.preview({ limit, signal });
    const more = rows.length >= limit;
    this.status.done({
      label: label.replace("Reading the", "The"),
      rows: rows.length,
      more,
      millis: performance.now() - started,
      metrics: rows.metrics,
    });
    return rows;
  }

  /** @param {Rows} rows */
  #show(rows) {
    this.#rows = rows.length;
    this.#full = rows.length < FIRST;
    this.#grid = new Grid({ label: "Rows of the table", onEnd: () => void this.#more() });
    this.#grid.setSource(sourceOfRows(rows));
    this.#describe();
    if (rows.length) return [this.#grid.element, this.#note];
    return [this.#grid.element, h("div", { class: "empty" }, "This version has no rows.")];
  }

  async #more() {
    const table = this.#table;
    if (this.#full || this.#growing || !table || this.#rows >= MOST) return;
    this.#growing = true;
    const limit = Math.min(MOST, this.#rows * GROWTH);
    const label = `Reading the first ${formatCount(limit)} rows`;
    try {
      const rows = await this.status.run(label, (signal) => this.#read(label, table, limit, signal));
      if (table !== this.#table) return;
      this.#full = rows.length < limit;
      this.#rows = rows.length;
      this.#grid?.extend(sourceOfRows(rows));
      this.#describe();
    } catch (error) {
      if (table !== this.#table) return;
      this.#full = true;
      this.#note.replaceChildren(
        isCancelled(error)
          ? `The first ${formatCount(this.#rows)} rows; reading more was cancelled.`
          : centered(errorView(error, { compact: true })),
      );
    } finally {
      this.#growing = false;
    }
  }

  #describe() {
    const count = formatCount(this.#rows);
    this.#note.hidden = this.#full && this.#rows > 0;
    this.#note.textContent =
      this.#rows >= MOST
        ? `The first ${count} rows. The SQL tab reads all of them.`
        : this.#full
          ? ""
          : `The first ${count} rows; scroll for more.`;
  }
}
