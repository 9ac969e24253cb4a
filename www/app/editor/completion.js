// Which names to offer where: the columns of the tables a statement names, beside what CodeMirror's own source knows of
// `table.column` and aliases.

import { mentions, quoteName } from "../model/names.js";

/** @typedef {Record<string, { name: string, type: string }[]>} Names columns by table */

/**
 * The columns that may stand here, once each, with the tables they come from.
 * @param {Names} names
 * @param {string} sql
 * @returns {{ label: string, detail: string, type: string, apply: string, boost: number }[]}
 */
export function columnsFor(names, sql) {
  const tables = Object.keys(names).filter((table) => mentions(sql, table));
  /** @type {Map<string, { type: string, tables: string[] }>} */
  const found = new Map();
  for (const table of tables) {
    for (const { name, type } of names[table]) {
      const column = found.get(name) ?? { type, tables: [] };
      column.tables.push(table);
      found.set(name, column);
    }
  }
  return [...found].map(([name, { type, tables: from }]) => ({
    label: name,
    apply: quoteName(name),
    type: "property",
    boost: 20,
    detail: type.split("<")[0] + (tables.length > 1 ? ` · ${from.join(", ")}` : ""),
  }));
}

/**
 * The same names as CodeMirror's schema completion takes them.
 * @param {Names} names
 */
export function schemaOf(names) {
  return Object.fromEntries(
    Object.entries(names).map(([table, columns]) => [
      table,
      {
        self: { label: table, apply: quoteName(table), type: "class", detail: "table", boost: 10 },
        children: columns.map(({ name, type }) => ({ label: name, apply: quoteName(name), type: "property", detail: type.split("<")[0] })),
      },
    ]),
  );
}
