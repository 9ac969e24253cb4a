// Arrow batches as rows: plain objects.

import { tableFromIPC } from "./pkg/arrow.js";
import { resultField } from "./types.js";
import { RAW, converter } from "./values.js";

/** @import { ResultField, Row } from "./index.js" */

/**
 * A result's columns, under names of their own.
 * @param {Uint8Array} schema the schema message of the IPC stream
 * @returns {ResultField[]}
 */
export function resultSchema(schema) {
  const fields = /** @type {any[]} */ (tableFromIPC([schema]).schema.fields).map(resultField);
  const names = uniqueNames(fields.map((field) => field.name));
  return fields.map((field, i) => ({ ...field, name: names[i] }));
}

/**
 * SQL allows two columns of one name; an object would keep the last one only.
 * @param {string[]} names
 */
export function uniqueNames(names) {
  const taken = new Set(names);
  const seen = new Set();
  return names.map((name) => {
    let unique = name;
    for (let n = 1; seen.has(unique); n += 1) {
      if (!taken.has(`${name}_${n}`)) unique = `${name}_${n}`;
    }
    seen.add(unique);
    taken.add(unique);
    return unique;
  });
}

/**
 * @param {Uint8Array[]} messages schema, dictionaries and record batches of an IPC stream
 * @param {ResultField[]} schema
 * @returns {Row[]}
 */
export function rowsFromIPC(messages, schema) {
  const table = /** @type {any} */ (tableFromIPC(messages, RAW));
  /** @type {Row[]} */
  const rows = Array.from({ length: table.numRows }, () => ({}));
  for (const [column, { name }] of schema.entries()) fillColumn(rows, name, table.getChildAt(column));
  return rows;
}

/**
 * Column by column: every loop then does one thing to values of one type, and all rows get their keys in the same order.
 * @param {Row[]} rows
 * @param {string} name
 * @param {any} column
 */
function fillColumn(rows, name, column) {
  const convert = converter(column.type);
  let row = 0;
  for (const batch of column.data) {
    for (let i = 0; i < batch.length; i += 1, row += 1) {
      const raw = batch.at(i) ?? null;
      const value = convert ? convert(raw) : raw;
      if (name === "__proto__") Object.defineProperty(rows[row], name, { value, enumerable: true, writable: true, configurable: true });
      else rows[row][name] = value;
    }
  }
}
