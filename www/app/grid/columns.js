// The widths of a grid's columns: fitted to what the first rows hold, then as the user drags them.

import { cellText, shortType } from "../model/format.js";

export const MIN_WIDTH = 56;
const WIDEST_AT_FIRST = 340;
const PADDING = 28;
const ROWS_MEASURED = 40;

/** @type {CanvasRenderingContext2D | null} */
let context = null;

/** @param {string} text */
function textWidth(text) {
  if (!context) return text.length * 8;
  return context.measureText(text.slice(0, 200)).width;
}

/** Measures with the grid's font from now on. @param {string} font */
export function measureWith(font) {
  context ??= document.createElement("canvas").getContext("2d");
  if (context) context.font = font;
}

/**
 * @param {import('./grid.js').Source} source
 * @param {number} column
 */
export function fitWidth(source, column) {
  const about = source.columns[column];
  const { name, type } = about;
  let width = Math.max(textWidth(name) * 1.08, textWidth(shortType(type)) * 0.85);
  for (let row = 0; row < Math.min(source.rowCount, ROWS_MEASURED); row++) {
    width = Math.max(width, textWidth(cellText(source.cell(row, column), about)));
  }
  return Math.ceil(width) + PADDING;
}

/** @param {import('./grid.js').Source} source */
export function initialWidths(source) {
  return source.columns.map((_, column) => Math.min(WIDEST_AT_FIRST, Math.max(80, fitWidth(source, column))));
}

/**
 * Follows the pointer until it is let go.
 * @param {PointerEvent} event
 * @param {number} width
 * @param {(width: number) => void} apply
 */
export function startResize(event, width, apply) {
  event.preventDefault();
  event.stopPropagation();
  const from = event.clientX;
  /** @param {PointerEvent} move */
  const follow = (move) => apply(width + move.clientX - from);
  const done = () => {
    window.removeEventListener("pointermove", follow);
    window.removeEventListener("pointerup", done);
    window.removeEventListener("pointercancel", done);
  };
  // On the window: the handle itself is drawn anew while its column changes.
  window.addEventListener("pointermove", follow);
  window.addEventListener("pointerup", done);
  window.addEventListener("pointercancel", done);
}
