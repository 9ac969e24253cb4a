// A grid that draws only the rows and columns in view, so that a million rows scroll like ten. It asks a source for one
// cell at a time and puts what comes into text nodes.
//
// Keyboard: arrows, Home/End, Page Up/Down move the active cell (with Ctrl: to the edges), Enter opens it in full,
// Ctrl+C copies it, Alt+arrows resize its column. The grid keeps the focus and names its active cell, because the cells
// come and go.

import { showCell } from "./cell.js";
import { copyText, h } from "../shell/dom.js";
import { moveFor } from "./keys.js";
import { fitWidth, initialWidths, MIN_WIDTH, startResize } from "./columns.js";
import { cellText, formatCount, formatWhole, shortType } from "../model/format.js";

/** @typedef {{ name: string, type: string, numeric?: boolean, text?: (value: any) => string, missing?: string, children?: readonly any[] }} Column */
/**
 * @typedef {object} Source
 * @property {Column[]} columns
 * @property {number} rowCount  rows that can be asked for now
 * @property {(row: number, column: number) => unknown} cell
 * @property {(row: number) => void} [open]  what Enter does on a row, where not showing the cell
 */

export const ROW_HEIGHT = 28;
const HEAD_HEIGHT = 44;
const OVERSCAN = 8;
/** Browsers stop laying out elements at about 33 million pixels. */
export const MOST_ROWS = 1_000_000;

let grids = 0;

export class Grid {
  #id = `grid${++grids}`;
  /** @type {Source} */
  #source = { columns: [], rowCount: 0, cell: () => null };
  /** @type {number[]} */
  #widths = [];
  #active = { row: 0, column: 0 };
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();
  #frame = 0;
  #window = "";
  #head = h("div", { class: "grid-head", role: "rowgroup" });
  #body = h("div", { class: "grid-body", role: "rowgroup" });

  /**
   * @param {{ label: string, onEnd?: () => void }} options `onEnd` is called when the last rows come into view
   */
  constructor({ label, onEnd }) {
    this.onEnd = onEnd;
    this.element = h(
      "div",
      { class: "grid", role: "grid", tabindex: 0, "aria-label": label, "aria-readonly": "true" },
      this.#head,
      this.#body,
    );
    this.element.addEventListener("scroll", () => this.#schedule(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.element.addEventListener("pointerdown", (event) => this.#onPointer(event));
    this.element.addEventListener("dblclick", (event) => this.#cellAt(event) && this.#open());
    this.element.addEventListener("focus", () => this.#draw(true));
    new ResizeObserver(() => this.#schedule()).observe(this.element);
  }

  /** @param {Source} source */
  setSource(source) {
    this.#source = source;
    this.#widths = initialWidths(source);
    this.#active = { row: 0, column: 0 };
    this.element.scrollTop = 0;
    this.element.scrollLeft = 0;
    this.refresh();
  }

  /** A source of the same columns and first rows, with more of them: where one is, stays. @param {Source} source */
  extend(source) {
    this.#source = source;
    this.refresh();
  }

  /** The source has more rows, or its rows have changed. */
  refresh() {
    const { columns } = this.#source;
    this.element.setAttribute("aria-rowcount", String(this.#count + 1));
    this.element.setAttribute("aria-colcount", String(columns.length));
    this.#body.style.height = `${this.#count * ROW_HEIGHT}px`;
    this.#draw(true);
  }

  get #count() {
    return Math.min(this.#source.rowCount, MOST_ROWS);
  }

  get #gutter() {
    return 26 + String(this.#count).length * 8;
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw(false);
    });
  }

  /** @param {boolean} everything also what is drawn already */
  #draw(everything) {
    const { scrollTop, clientHeight, scrollLeft, clientWidth } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - OVERSCAN);
    const last = Math.min(this.#count, Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + OVERSCAN);
    const columns = this.#columnsInView(scrollLeft, clientWidth);
    const window = `${columns.first}:${columns.last}`;
    if (everything || window !== this.#window) {
      this.#clear();
      this.#window = window;
      this.#head.replaceChildren(this.#headRow(columns));
    }
    for (const [index, row] of this.#rows) {
      if (index >= first && index < last) continue;
      row.remove();
      this.#rows.delete(index);
    }
    for (let index = first; index < last; index++) {
      if (this.#rows.has(index)) continue;
      const row = this.#bodyRow(index, columns);
      this.#rows.set(index, row);
      this.#body.append(row);
    }
    this.#markActive();
    if (last >= this.#count) this.onEnd?.();
  }

  #clear() {
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
    const width = `${this.#gutter + this.#widths.reduce((sum, each) => sum + each, 0)}px`;
    this.#head.style.width = width;
    this.#body.style.width = width;
  }

  /**
   * @param {number} left
   * @param {number} width
   */
  #columnsInView(left, width) {
    let offset = 0;
    let first = 0;
    while (first < this.#widths.length - 1 && offset + this.#widths[first] < left - 300) offset += this.#widths[first++];
    let last = first;
    let end = offset;
    while (last < this.#widths.length && end < left + Math.max(width, 400) + 300) end += this.#widths[last++];
    return { first, last, offset };
  }

  /** @param {{ first: number, last: number, offset: number }} view */
  #headRow({ first, last, offset }) {
    const row = h("div", { class: "grid-row", role: "row", "aria-rowindex": 1 }, this.#gutterCell(""), spacer(offset));
    for (let column = first; column < last; column++) {
      const { name, type, numeric } = this.#source.columns[column];
      const handle = h("span", { class: "grid-resize", "aria-hidden": "true", title: "Drag to resize, double-click to fit" });
      handle.addEventListener("pointerdown", (event) => startResize(event, this.#widths[column], (width) => this.#resize(column, width)));
      handle.addEventListener("dblclick", () => this.#resize(column, fitWidth(this.#source, column)));
      const cell = h(
        "div",
        {
          class: numeric ? "grid-cell numeric" : "grid-cell",
          role: "columnheader",
          "aria-colindex": column + 1,
          title: `${name}  ${type}`,
        },
        h("span", { class: "column-name" }, name),
        h("span", { class: "column-type" }, shortType(type)),
        handle,
      );
      cell.style.width = `${this.#widths[column]}px`;
      row.append(cell);
    }
    return row;
  }

  /**
   * @param {number} index
   * @param {{ first: number, last: number, offset: number }} view
   */
  #bodyRow(index, { first, last, offset }) {
    const row = h(
      "div",
      { class: index % 2 ? "grid-row odd" : "grid-row", role: "row", "aria-rowindex": index + 2 },
      this.#gutterCell(formatCount(index + 1)),
      spacer(offset),
    );
    row.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
    for (let column = first; column < last; column++) {
      const value = this.#source.cell(index, column);
      const missing = value === null || value === undefined;
      const kind = (missing ? " null" : "") + (this.#source.columns[column].numeric ? " numeric" : "");
      const cell = h("div", {
        class: `grid-cell${kind}`,
        role: "gridcell",
        id: `${this.#id}-${index}-${column}`,
        "aria-colindex": column + 1,
      });
      cell.textContent = cellText(value, this.#source.columns[column]);
      cell.style.width = `${this.#widths[column]}px`;
      row.append(cell);
    }
    return row;
  }

  /** @param {string} text */
  #gutterCell(text) {
    const cell = h("div", { class: "grid-gutter", "aria-hidden": "true" }, text);
    cell.style.width = `${this.#gutter}px`;
    return cell;
  }

  #markActive() {
    this.element.querySelector(".grid-cell.active")?.classList.remove("active");
    const id = `${this.#id}-${this.#active.row}-${this.#active.column}`;
    const cell = this.#rows.get(this.#active.row)?.querySelector(`#${id}`);
    cell?.classList.add("active");
    if (cell) this.element.setAttribute("aria-activedescendant", id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  /**
   * @param {number} column
   * @param {number} width
   */
  #resize(column, width) {
    this.#widths[column] = Math.max(MIN_WIDTH, width);
    this.#draw(true);
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  #move(row, column) {
    if (!this.#count) return;
    this.#active = { row: clamp(row, this.#count), column: clamp(column, this.#source.columns.length) };
    const top = this.#active.row * ROW_HEIGHT;
    const { element } = this;
    const room = element.clientHeight - HEAD_HEIGHT - ROW_HEIGHT;
    element.scrollTop = Math.min(top, Math.max(element.scrollTop, top - room));
    const left = this.#widths.slice(0, this.#active.column).reduce((sum, each) => sum + each, 0);
    const right = left + this.#widths[this.#active.column] + this.#gutter - element.clientWidth;
    element.scrollLeft = Math.min(left, Math.max(element.scrollLeft, right));
    this.#draw(false);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const { row, column } = this.#active;
    const page = Math.max(1, Math.floor((this.element.clientHeight - HEAD_HEIGHT) / ROW_HEIGHT) - 1);
    const edge = event.ctrlKey || event.metaKey;
    if (event.altKey && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      this.#resize(column, this.#widths[column] + (event.key === "ArrowLeft" ? -24 : 24));
    } else if (edge && event.key === "c" && !String(getSelection())) {
      void copyText(this.#whole(row, column));
      this.element.querySelector(".grid-cell.active")?.animate([{ opacity: 0.3 }, { opacity: 1 }], 250);
    } else if (event.key === "Enter") {
      this.#open();
    } else {
      const move = moveFor(event.key, edge, page, this.#active);
      if (!move) return;
      this.#move(...move);
    }
    event.preventDefault();
  }

  /**
   * A cell as it is copied: in full, and nothing for null.
   * @param {number} row
   * @param {number} column
   */
  #whole(row, column) {
    const value = this.#source.cell(row, column);
    const about = this.#source.columns[column];
    if (value === null || value === undefined) return "";
    return about.text ? about.text(value) : formatWhole(value, about);
  }

  /** @param {PointerEvent} event */
  #onPointer(event) {
    const cell = this.#cellAt(event);
    if (!cell) return;
    const again = cell.row === this.#active.row && cell.column === this.#active.column;
    this.#move(cell.row, cell.column);
    if (again && event.pointerType === "touch") this.#open();
  }

  /** @param {Event} event @returns {{ row: number, column: number } | null} */
  #cellAt(event) {
    const cell = event.target instanceof Element ? event.target.closest("[role=gridcell]") : null;
    if (!cell) return null;
    const [, row, column] = cell.id.split("-").map(Number);
    return { row, column };
  }

  #open() {
    const { row, column } = this.#active;
    if (!this.#count) return;
    if (this.#source.open) this.#source.open(row);
    else showCell(this.#source.columns[column], row, this.#source.cell(row, column));
  }
}

/** @param {number} width */
function spacer(width) {
  const element = h("div", { class: "grid-spacer", "aria-hidden": "true" });
  element.style.width = `${width}px`;
  return element;
}

/**
 * @param {number} index
 * @param {number} count
 */
function clamp(index, count) {
  return Math.max(0, Math.min(index, count - 1));
}
