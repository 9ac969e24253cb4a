// Values: of every type as rows, and as text.

import assert from "node:assert/strict";
import { pageTest, useHarness } from "./fake-page.js";

useHarness();

pageTest("every type as the value of a row, and as text", async (page) => {
  const seen = await page.evaluate(async () => {
    const lake = await connect();
    const { formatValue } = await loadPackage();
    const rows = await lake.query("types");
    const kind = (value) => (value === null ? "null" : typeof value === "object" ? value.constructor.name : typeof value);
    const plain = (value) => {
      if (value instanceof Map) return { map: [...value] };
      return value instanceof Uint8Array ? { bytes: [...value], alone: value.buffer.byteLength === value.length } : value;
    };
    return {
      columns: rows.schema.map((field) => [
        field.name,
        field.type,
        kind(rows[0][field.name]),
        plain(rows[0][field.name]),
        formatValue(rows[0][field.name], field),
      ]),
      nulls: rows.schema.map((field) => rows[1][field.name]),
      nullText: formatValue(rows[1].long, rows.schema[3]),
      children: rows.schema.find((field) => field.name === "map").children.map((field) => `${field.name} ${field.type}`),
    };
  });
  const date = (/** @type {number} */ millis) => new Date(millis);
  const expected = [
    ["boolean", "boolean", "boolean", true, "true"],
    ["byte", "byte", "number", -128, "-128"],
    ["uint32", "uint32", "number", 4294967295, "4294967295"],
    ["long", "long", "bigint", 9007199254740993n, "9007199254740993"],
    ["uint64", "uint64", "bigint", 18446744073709551615n, "18446744073709551615"],
    ["float", "float", "number", Math.fround(0.1), "0.1"],
    ["double", "double", "number", 0.1, "0.1"],
    ["decimal", "decimal(38,4)", "string", "-1234567890123456789012340.0001", "-1234567890123456789012340.0001"],
    ["small_decimal", "decimal(5,2)", "string", "-0.05", "-0.05"],
    ["string", "string", "string", "é\u0000𝄞", "é\u0000𝄞"],
    ["binary", "binary", "Uint8Array", { bytes: [0, 255], alone: true }, "0x00ff"],
    ["date", "date", "string", "1582-10-14", "1582-10-14"],
    ["timestamp", "timestamp", "Date", date(-1), "1969-12-31 23:59:59.999Z"],
    ["timestamp_ntz", "timestamp_ntz", "string", "0001-01-01T00:00:00.12", "0001-01-01 00:00:00.12"],
    ["seconds", "timestamp", "Date", date(Date.UTC(2025, 8, 30, 12)), "2025-09-30 12:00:00Z"],
    ["time", "time", "string", "23:59:59.000001", "23:59:59.000001"],
    ["duration", "duration", "string", "PT-1.5S", "PT-1.5S"],
    ["interval", "interval", "string", "P14M-3DT3.5S", "P14M-3DT3.5S"],
    ["list", "array<integer>", "Array", [1, 2], "[1, 2]"],
    ["instants", "array<timestamp>", "Array", [date(0), null], "[1970-01-01 00:00:00Z, null]"],
    ["struct", "struct<a: long, at: timestamp>", "Object", { a: 1n, at: date(5) }, "{a: 1, at: 1970-01-01 00:00:00.005Z}"],
    ["map", "map<string, array<decimal(5,2)>>", "Map", { map: [["k", ["1.50"]]] }, "{k: [1.50]}"],
  ];
  assert.deepEqual(seen.columns, expected);
  assert.deepEqual(
    seen.nulls,
    expected.map(() => null),
  );
  assert.equal(seen.nullText, "null");
  assert.deepEqual(seen.children, ["key string", "value array<decimal(5,2)>"]);
});

pageTest("two columns of one name both keep their values", async (page) => {
  const seen = await page.evaluate(async () => {
    const rows = await (await connect()).query("twins");
    return { names: rows.schema.map((field) => field.name), entries: Object.entries(rows[0]) };
  });
  assert.deepEqual(seen.names, ["x", "x_2", "x_1", "__proto__"]);
  assert.deepEqual(seen.entries, [
    ["x", 1],
    ["x_2", 2],
    ["x_1", 3],
    ["__proto__", 1],
  ]);
});

pageTest("text is cut where asked, and odd values have one", async (page) => {
  const seen = await page.evaluate(async () => {
    const { formatValue } = await loadPackage();
    return [
      formatValue("abcdef", null, { maxLength: 4 }),
      formatValue(new Uint8Array(1000).fill(171), { type: "binary" }, { maxLength: 6 }),
      formatValue(Array(1e6).fill(1), null, { maxLength: 5 }),
      formatValue(undefined),
      formatValue(new Date(NaN), { type: "timestamp" }),
      formatValue(Infinity, { type: "float" }),
      formatValue(16777216, { type: "float" }),
      formatValue(NaN),
      formatValue([], { type: "array<long>", children: [] }),
      formatValue(new Map()),
      formatValue({}),
    ];
  });
  assert.deepEqual(seen, ["abc…", "0xaba…", "[1, …", "null", "out of range", "Infinity", "16777216", "NaN", "[]", "{}", "{}"]);
});
