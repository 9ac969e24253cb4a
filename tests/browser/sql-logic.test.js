// Statements of tests/sql through the package in Chromium: of *.slt those of versions, of the log and of the session, and of the standard
// part every fourth; of idioms.tsv all whose values are not nested. All of them run natively, by the same code.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { PATIENCE_MILLIS, startHarness, unbuilt as skip } from "./harness.js";

/** @type {Awaited<ReturnType<typeof startHarness>>} */
let harness;
before(async () => {
  if (!skip) harness = await startHarness();
});
after(() => harness?.close());

/** @typedef {{ line: number, kind: "ok" | "error" | "rows", sort: string, sql: string, expected: string[] }} Record */

/** The records of a file in sqllogictest's format, as far as these files use it. */
function parse(/** @type {string} */ text) {
  /** @type {Record[]} */
  const records = [];
  let line = 1;
  for (const block of text.split(/\n{2,}/)) {
    const lines = block.split("\n").filter((each) => !each.startsWith("#"));
    const head = /^(statement (ok|error)|query ([A-Z]+)(?: (\w+))?)/.exec(lines[0] ?? "");
    if (head) {
      const end = lines.indexOf("----");
      const sql = lines
        .slice(1, end < 0 ? undefined : end)
        .join("\n")
        .trim();
      const kind = head[2] === "ok" || head[2] === "error" ? head[2] : "rows";
      records.push({ line, kind, sort: head[4] ?? "nosort", sql, expected: end < 0 ? [] : lines.slice(end + 1).filter(Boolean) });
    } else {
      assert.ok(
        lines.every((each) => !each.trim()),
        `line ${line}: ${lines[0]}`,
      );
    }
    line += block.split("\n").length + 1;
  }
  return records;
}

/** Runs records in a page; what is wrong. */
function run(/** @type {Record[]} */ records) {
  return records.reduce(
    async (before, { line, kind, sort, sql, expected }) => {
      const wrong = await before;
      const lake = /** @type {any} */ (globalThis).lake;
      try {
        const rows = await lake.query(sql);
        if (kind === "error") wrong.push(`line ${line}: no error: ${sql}`);
        if (kind !== "rows") return wrong;
        // Beside the rows, the bytes: a float is its first six digits, a time without what JavaScript has no place for.
        const { schema } = rows;
        const value = (/** @type {any} */ row, /** @type {any} */ { name, type }) => {
          const found = row[name];
          if (found === null) return "NULL";
          if (type === "float" || type === "double") {
            return Number.isFinite(found) ? found.toExponential(5).replace("e+", "e") : String(found).replace("Infinity", "inf");
          }
          if (found instanceof Date) return found.toISOString().replace(".000Z", "Z");
          if (found instanceof Uint8Array) return [...found].map((byte) => byte.toString(16).padStart(2, "0")).join("");
          return typeof found === "object" ? null : String(found) || "(empty)";
        };
        const shown = rows.map((/** @type {any} */ row) => schema.map((/** @type {any} */ field) => value(row, field)));
        // Nested values have a text of Arrow's own natively.
        if (shown.flat().includes(null)) return wrong;
        let lines = shown.map((/** @type {string[]} */ row) => row.join(" "));
        const flat = (/** @type {string[]} */ all) => all.join(" ").replace(/\s+/g, " ");
        if (sort !== "nosort") [lines, expected] = [lines.toSorted(), expected.toSorted()];
        if (flat(lines) !== flat(expected)) wrong.push(`line ${line}: ${sql}\n  is ${flat(lines)}\n  not ${flat(expected)}`);
        /** @type {any} */ (globalThis).compared += 1;
      } catch (error) {
        if (kind !== "error") wrong.push(`line ${line}: ${sql}\n  ${error}`);
      }
      return wrong;
    },
    Promise.resolve(/** @type {string[]} */ ([])),
  );
}

for (const [name, every, least] of /** @type {[string, number, number][]} */ ([
  ["lakehouse", 1, 16],
  ["standard", 4, 150],
])) {
  test(`statements of ${name}.slt`, { skip, timeout: 3 * PATIENCE_MILLIS }, async () => {
    const records = parse(await readFile(new URL(`../sql/${name}.slt`, import.meta.url), "utf8"));
    // What makes and drops things is needed by what follows.
    const chosen = records.filter(({ kind }, place) => place % every === 0 || kind === "ok");
    const page = await harness.open();
    await page.evaluate(async () => {
      const { Lakeglass } = await import("/www/lakeglass/index.js");
      const lake = await Lakeglass.connect({ tables: { weather: "/www/demo/weather", trade: "/www/demo/trade" } });
      Object.assign(globalThis, { lake, compared: 0 });
    });
    const wrong = await page.evaluate(run, chosen);
    const compared = await page.evaluate(() => /** @type {any} */ (globalThis).compared);
    await page.done();
    assert.deepEqual(wrong, []);
    assert.ok(compared >= least, `${compared} of ${chosen.length} compared`);
  });
}

test("idioms of DuckDB and Spark: tests/sql/idioms.tsv", { skip, timeout: 3 * PATIENCE_MILLIS }, async () => {
  const table = await readFile(new URL("../sql/idioms.tsv", import.meta.url), "utf8");
  const rows = table
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"));
  const page = await harness.open();
  const { wrong, compared } = await page.evaluate(async (rows) => {
    const { Lakeglass } = await import("/www/lakeglass/index.js");
    const lake = await Lakeglass.connect({ tables: { weather: "/www/demo/weather" } });
    const wrong = [];
    let compared = 0;
    // As Arrow shows values; nested ones, which are spelled otherwise, are left to the native test.
    const shown = (/** @type {any} */ value, /** @type {string} */ type) => {
      if (value === null) return "null";
      if (typeof value === "number" && (type === "double" || type === "float"))
        return Number.isInteger(value) ? value.toFixed(1) : String(value);
      if (value instanceof Date) return value.toISOString().replace(/\.000Z$/, "Z");
      if (value instanceof Uint8Array) return [...value].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return typeof value === "object" ? undefined : String(value);
    };
    for (const [feature, , , statement, expected] of rows) {
      let found;
      try {
        const result = await lake.query(statement);
        const cells = result.map((row) => result.schema.map(({ name, type }) => shown(row[name], type)));
        if (cells.flat().includes(undefined) || result.schema.some(({ type }) => /interval|duration|^time$/.test(type))) continue;
        found = cells.map((row) => row.join("|")).join(" ; ");
      } catch (error) {
        found = `error ${/** @type {any} */ (error).code}`;
      }
      compared += 1;
      if (found !== expected) wrong.push(`${feature}: ${statement}\n  expected ${expected}\n  found    ${found}`);
    }
    return { wrong, compared };
  }, rows);
  await page.done();
  assert.deepEqual(wrong, []);
  assert.ok(compared >= 250, `${compared} of ${rows.length} compared`);
});
