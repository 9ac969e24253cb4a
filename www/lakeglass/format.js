// Values as text, for a person.

/** @import { Value } from "./index.js" */

/** @typedef {{ type: string, children?: readonly any[] }} FormatField */

/**
 * See index.d.ts.
 * @param {Value | undefined} value
 * @param {FormatField | null} [field]
 * @param {{ maxLength?: number }} [options]
 */
export function formatValue(value, field, { maxLength = Infinity } = {}) {
  const text = valueText(value, field ?? null, maxLength);
  return text.length > maxLength ? `${text.slice(0, Math.max(0, maxLength - 1))}…` : text;
}

/**
 * @param {Value | undefined} value
 * @param {FormatField | null} field
 * @param {number} maxLength no need to write more
 * @returns {string}
 */
function valueText(value, field, maxLength) {
  if (value === null || value === undefined) return "null";
  switch (typeof value) {
    case "string":
      return field?.type === "timestamp_ntz" ? value.replace("T", " ") : value;
    case "number":
      return field?.type === "float" ? floatText(value) : String(value);
    case "object":
      return objectText(value, field, maxLength);
    default:
      return String(value);
  }
}

/**
 * @param {Exclude<Value, null>} value
 * @param {FormatField | null} field
 * @param {number} maxLength
 */
function objectText(value, field, maxLength) {
  const children = field?.children ?? [];
  if (value instanceof Date) return instantText(value);
  if (value instanceof Uint8Array) return bytesText(value, maxLength);
  if (Array.isArray(value)) {
    const element = children[0] ?? null;
    return `[${partsText(value, (item) => valueText(item, element, maxLength), maxLength)}]`;
  }
  if (value instanceof Map) {
    const [key = null, item = null] = children;
    return `{${partsText(value, ([k, v]) => `${valueText(k, key, maxLength)}: ${valueText(v, item, maxLength)}`, maxLength)}}`;
  }
  const entries = Object.entries(value);
  const fieldOf = (/** @type {string} */ name) => children.find((child) => child.name === name) ?? null;
  return `{${partsText(entries, ([name, v]) => `${name}: ${valueText(v, fieldOf(name), maxLength)}`, maxLength)}}`;
}

/**
 * @template T
 * @param {Iterable<T>} parts
 * @param {(part: T) => string} partText
 * @param {number} maxLength
 */
function partsText(parts, partText, maxLength) {
  let text = "";
  for (const part of parts) {
    if (text.length > maxLength) break;
    text += (text && ", ") + partText(part);
  }
  return text;
}

/** @param {Date} date */
function instantText(date) {
  if (Number.isNaN(date.getTime())) return "out of range";
  return date.toISOString().replace("T", " ").replace(".000Z", "Z");
}

/**
 * @param {Uint8Array} bytes
 * @param {number} maxLength
 */
function bytesText(bytes, maxLength) {
  const shown = bytes.subarray(0, Math.min(bytes.length, Math.ceil(maxLength / 2)));
  return `0x${Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join("")}${shown.length < bytes.length ? "…" : ""}`;
}

/**
 * The shortest text that is this 32-bit number: as a 64-bit one, 0.1 would be 0.10000000149011612.
 * @param {number} value
 */
function floatText(value) {
  for (let digits = 6; digits <= 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}
