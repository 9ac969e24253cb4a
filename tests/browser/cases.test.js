// Folders of ../shared/cases through the package in Chromium: those about SQL alone, and some with files. `scripts/cases` runs all of them
// natively, by the same code; nested values are left to it.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { serve } from "../../scripts/serve.mjs";
import { PATIENCE_MILLIS, startHarness, unbuilt } from "./harness.js";

const root = process.env.LAKEGLASS_CASES ?? new URL("../../../shared/cases", import.meta.url).pathname;
const skip = unbuilt || (existsSync(root) ? false : `SKIPPED: there are no cases at ${root}`);
if (skip) console.error(`*** ${skip} ***`);

/** By the beginnings of their names, and how many statements at least are compared. */
const FOLDERS = /** @type {const} */ ([
  ["03", 30],
  ["04", 14],
  ["07", 25],
  ["16", 20],
  ["26", 45],
  ["27", 70],
  ["35", 35],
  ["36", 20],
  ["40", 70],
]);

/** Floats are right to this relative difference: sums depend on the order of their rows. */
const TOLERANCE = 1e-9;

/** @type {Awaited<ReturnType<typeof startHarness>>} */
let harness;
/** @type {Awaited<ReturnType<typeof serve>>} */
let server;
before(async () => {
  if (!skip) [harness, server] = await Promise.all([startHarness(), serve({ root })]);
});
after(async () => {
  await Promise.all([harness?.close(), server?.close()]);
});

/** Blocks that begin with `-- id`. */
function blocks(/** @type {string} */ text) {
  return text
    .split(/^-- /m)
    .slice(1)
    .map((block) => {
      const end = block.indexOf("\n");
      return { id: block.slice(0, end).split(" ")[0], body: block.slice(end + 1) };
    });
}

/** The fields of each line of CSV. */
function csv(/** @type {string} */ text) {
  /** @type {string[][]} */
  const rows = [[""]];
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const row = rows[rows.length - 1];
    const c = text[at];
    if (c === '"' && quoted && text[at + 1] === '"') {
      row[row.length - 1] += '"';
      at += 1;
    } else if (c === '"') quoted = !quoted;
    else if (c === "," && !quoted) row.push("");
    else if (c === "\n" && !quoted) rows.push([""]);
    else row[row.length - 1] += c;
  }
  return rows;
}

/** A folder's tables by URL, its statements, and what they return. */
async function load(/** @type {string} */ name) {
  const folder = pathToFileURL(`${root}/${name}/`);
  const read = (/** @type {string} */ file) => readFile(new URL(file, folder), "utf8");
  const url = new URL(`${name}/`, server.url);
  /** @type {Record<string, string>} */
  const tables = {};
  if (existsSync(new URL("tables.txt", folder))) {
    for (const line of (await read("tables.txt")).split("\n")) {
      const [table, place] = line.trim().split("=");
      // A listing of files is no table: they are named in the statements.
      if (place && existsSync(new URL(`${place}/_delta_log`, folder))) tables[table] = new URL(place, url).href;
    }
  } else if (existsSync(new URL("table", folder))) {
    tables.t = new URL("table", url).href;
  }
  const expected = new Map(blocks(await read("expected.csv")).map(({ id, body }) => [id, body.replace(/\n\n?$/, "")]));
  const statements = blocks(await read("query.sql")).map(({ id, body }) => ({
    id,
    // Files are named by their place in the folder.
    sql: body.trim().replace(/(read_parquet|delta_scan)\('([^']+)'/g, (_, call, file) => `${call}('${new URL(file, url).href}'`),
    expected: expected.get(id) ?? assert.fail(`${name}:${id} has no expected rows`),
  }));
  return { tables, statements };
}

/** A value with one text, or null where it is nested; in a page. */
function run(/** @type {string[]} */ statements) {
  const lake = /** @type {any} */ (globalThis).lake;
  const cell = (/** @type {any} */ value) => {
    if (value === null) return { kind: "null", text: "" };
    if (value instanceof Date) return { kind: "time", text: value.toISOString() };
    if (value instanceof Uint8Array) return { kind: "bytes", text: [...value].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
    return typeof value === "object" ? { kind: "nested", text: "" } : { kind: typeof value, text: String(value) };
  };
  return statements.reduce(
    async (before, sql) => {
      const results = await before;
      try {
        const rows = await lake.query(sql);
        results.push({
          rows: rows.map((/** @type {any} */ row) =>
            rows.schema.map((/** @type {any} */ { name, type }) => ({ type, ...cell(row[name]) })),
          ),
        });
      } catch (error) {
        results.push({ error: String(/** @type {any} */ (error).code ?? error), message: String(error) });
      }
      return results;
    },
    Promise.resolve(/** @type {any[]} */ ([])),
  );
}

/** @typedef {{ type: string, kind: string, text: string }} Cell */

/** A number's text without zeros at the end of its fraction. */
const number = (/** @type {string} */ text) =>
  (text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text).replace(/^-0$/, "0");

/** A time's text with a blank, without a zone, whose fraction is what a Date holds. */
function time(/** @type {string} */ text) {
  const plain = text
    .replace("T", " ")
    .replace(/(Z|\+00(:00)?)$/, "")
    .replace(/(\.\d{3})\d+$/, "$1");
  return number(plain).replace(/ 00:00:00$/, "");
}

function float(/** @type {string} */ text) {
  const word = text.toLowerCase().replace("infinity", "inf");
  return word === "nan" ? NaN : word === "inf" ? Infinity : word === "-inf" ? -Infinity : Number(text);
}

/** Whether a value of a result is what a field of CSV says. */
function is(/** @type {Cell} */ { type, kind, text }, /** @type {string} */ expected) {
  if (kind === "null") return expected === "" || expected === "NULL";
  if (type === "float" || type === "double") {
    const [a, b] = [float(text), float(expected)];
    return Object.is(a, b) || a === b || Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
  }
  if (kind === "number" || kind === "bigint" || type.startsWith("decimal")) {
    return number(text) === number(expected) || (/[eE]/.test(expected) && Math.abs(Number(text) / Number(expected) - 1) < TOLERANCE);
  }
  if (kind === "time" || type.startsWith("timestamp") || type === "date") return time(text) === time(expected);
  if (type === "time") return number(text) === number(expected);
  return (
    text === expected ||
    (kind === "boolean" && text === expected.toLowerCase()) ||
    (/^\d{4}-\d\d-\d\d[ T]\d\d:/.test(text) && time(text) === time(expected))
  );
}

/** What is wrong with a result, or nothing. */
function wrong(
  /** @type {{ rows?: Cell[][], error?: string, message?: string }} */ result,
  /** @type {string} */ expected,
  /** @type {string} */ sql,
) {
  const wanted = /^error *(\w*) *$/.exec(expected);
  if (result.error === "internal" || (result.error && !wanted)) return result.message;
  if (wanted) return result.error && (!wanted[1] || wanted[1] === result.error) ? undefined : "no such error";
  const found = result.rows ?? [];
  const rows = expected === "" && found.length === 0 ? [] : csv(expected);
  const same = (/** @type {Cell[]} */ row, /** @type {string[]} */ fields) =>
    row.length === fields.length && row.every((cell, at) => is(cell, fields[at]));
  const text = () =>
    `is ${JSON.stringify(found.slice(0, 5).map((row) => row.map((cell) => cell.text)))}\n  not ${JSON.stringify(rows.slice(0, 5))}`;
  if (found.length !== rows.length) return text();
  // Outside of brackets and texts.
  const outer = sql.replace(/'[^']*'|"[^"]*"/g, "");
  let flat = outer;
  for (let next = ""; next !== flat; ) [next, flat] = [flat, flat.replace(/\([^()]*\)/g, " ")];
  if (/\border\s+by\b/i.test(flat)) return found.every((row, at) => same(row, rows[at])) ? undefined : text();
  const left = [...rows];
  for (const row of found) {
    const at = left.findIndex((fields) => same(row, fields));
    if (at < 0) return text();
    left.splice(at, 1);
  }
  return undefined;
}

for (const [prefix, least] of FOLDERS) {
  test(`cases ${prefix}`, { skip, timeout: 3 * PATIENCE_MILLIS }, async () => {
    const name = (await readdir(root)).find((each) => each.startsWith(`${prefix}-`)) ?? assert.fail(`no folder ${prefix}`);
    const { tables, statements } = await load(name);
    const page = await harness.open();
    await page.evaluate(async (tables) => {
      const { Lakeglass } = await import("/www/lakeglass/index.js");
      Object.assign(globalThis, { lake: await Lakeglass.connect({ tables }) });
    }, tables);
    const results = await page.evaluate(
      run,
      statements.map(({ sql }) => sql),
    );
    await page.done();
    /** @type {string[]} */
    const faults = [];
    let compared = 0;
    statements.forEach(({ id, sql, expected }, at) => {
      if (results[at].rows?.some((/** @type {Cell[]} */ row) => row.some(({ kind }) => kind === "nested"))) return;
      compared += 1;
      const fault = wrong(results[at], expected, sql);
      // An exact value is right where DuckDB's type overflows; the native run computes it.
      if (fault === "no such error" && results[at].rows.length === 1 && /^SELECT [-\w() ]+[-+*)] ?\w* FROM /.test(sql)) return;
      if (fault) faults.push(`${name}:${id} ${sql.slice(0, 300)}\n  ${fault}`);
    });
    assert.deepEqual(faults, []);
    assert.ok(compared >= least, `${compared} of ${statements.length} compared`);
  });
}
