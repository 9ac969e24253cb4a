// Values, counts, sizes and times as text. Times are UTC everywhere: a table's rows and its commits then read alike for
// everyone who opens the same link.

import { formatValue } from "../../lakeglass/index.js";

const COUNT = new Intl.NumberFormat("en-US");

/** @param {number | bigint} count */
export function formatCount(count) {
  return COUNT.format(count);
}

/**
 * @param {number | bigint} count
 * @param {string} noun
 */
export function plural(count, noun) {
  return `${formatCount(count)} ${noun}${Number(count) === 1 ? "" : "s"}`;
}

/** @param {number | bigint} bytes */
export function formatBytes(bytes) {
  let size = Number(bytes);
  if (size < 1000) return `${size} B`;
  for (const unit of ["kB", "MB", "GB", "TB"]) {
    size /= 1000;
    if (size < 999.5 || unit === "TB") return `${size.toFixed(size < 9.95 ? 1 : 0)} ${unit}`;
  }
  return "";
}

/** @param {number} millis */
export function formatDuration(millis) {
  if (millis < 1000) return `${Math.round(millis)} ms`;
  if (millis < 60_000) return `${(millis / 1000).toFixed(millis < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(millis / 60_000)} min ${Math.round((millis % 60_000) / 1000)} s`;
}

/** @param {number} millis since the epoch */
export function formatTime(millis) {
  const date = new Date(millis);
  return Number.isNaN(date.getTime()) ? String(millis) : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["year", 31_557_600_000],
  ["month", 2_629_800_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** @param {number} millis since the epoch */
export function formatAgo(millis) {
  const distance = millis - Date.now();
  for (const [unit, size] of UNITS) {
    if (Math.abs(distance) >= size) return AGO.format(Math.round(distance / size), unit);
  }
  return "just now";
}

/**
 * A value of a column as one line of text, cut where a cell could not show more.
 * @param {unknown} value
 * @param {import('../grid/grid.js').Column} column
 */
export function cellText(value, column) {
  if (value === null || value === undefined) return column.missing ?? "null";
  if (column.text) return column.text(value);
  return formatValue(/** @type {any} */ (value), column, { maxLength: 300 });
}

/**
 * A value in full, over several lines where it is nested.
 * @param {unknown} value
 * @param {{ type: string, children?: readonly any[] }} [field]
 */
export function formatWhole(value, field) {
  const nested = typeof value === "object" && value !== null && !(value instanceof Date) && !(value instanceof Uint8Array);
  return nested ? JSON.stringify(plain(value), null, 2) : formatValue(/** @type {any} */ (value), field);
}

/**
 * The same value in what JSON can say: 64-bit integers keep every digit, maps become lists of pairs unless their keys
 * are strings.
 * @param {unknown} value
 * @returns {unknown}
 */
function plain(value) {
  if (typeof value === "bigint") {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
  }
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date || value instanceof Uint8Array) return formatValue(/** @type {any} */ (value));
  if (value instanceof Map) return plainMap(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(/** @type {ArrayLike<unknown>} */ (value), plain);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

/** @param {Map<unknown, unknown>} map */
function plainMap(map) {
  const entries = [...map].map(([key, value]) => /** @type {const} */ ([plain(key), plain(value)]));
  return entries.every(([key]) => typeof key === "string") ? Object.fromEntries(entries) : entries;
}

/**
 * Whether values of a type stand to the right, so that their digits line up.
 * @param {string} type
 */
export function isNumeric(type) {
  return /^(u?int\d*|byte|short|integer|long|float\d*|double|decimal.*)$/i.test(type);
}

/**
 * A type short enough for a column's header.
 * @param {string} type
 */
export function shortType(type) {
  return type.length > 28 ? `${type.slice(0, type.indexOf("<") > 0 ? type.indexOf("<") : 26)}<…>` : type;
}
