// Tables of what web.mjs and startup.mjs measured, as Markdown: scripts/bench report.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { WORK } from "./lab.mjs";

const { values: options } = parseArgs({
  options: {
    web: { type: "string", default: path.join(WORK, "web.json") },
    startup: { type: "string", default: path.join(WORK, "startup.json") },
  },
});

const ms = (/** @type {number} */ value) => Math.round(value).toLocaleString("en");
const mb = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(2);
const times = (/** @type {number} */ ratio) => `${ratio.toFixed(ratio < 10 ? 2 : 1)}×`;

/** @param {string[]} head @param {string[][]} rows */
function print(head, rows) {
  console.log(`| ${head.join(" | ")} |\n|${head.map((_, index) => (index ? "--:" : "---")).join("|")}|`);
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
  console.log();
}

if (existsSync(options.web)) {
  const web = JSON.parse(readFileSync(options.web, "utf8"));
  describe(web);
  for (const [network, table] of Object.entries(web.cold)) printCold(network, table, web.warm);
  if (Object.keys(web.switch ?? {}).length) printSwitch(web.switch);
  if (Object.keys(web.report ?? {}).length) printReport(web.report);
  if (Object.keys(web.warm).length) printWarm(web.warm);
}
if (existsSync(options.startup)) {
  const startup = JSON.parse(readFileSync(options.startup, "utf8"));
  describe(startup);
  printStartup(startup);
}

/** @param {any} results */
function describe({ machine, began }) {
  console.log(
    `${began.slice(0, 16)}Z, ${machine.cores} cores of ${machine.cpu}, load ${machine.load}, ${machine.chromium}, Node ${machine.node}\n`,
  );
}

/** @param {string} network @param {any} table @param {any} warm */
function printCold(network, table, warm) {
  console.log(`### Cold, network ${network}\n`);
  const rows = Object.entries(table).map(([query, { readers, needed, limit }]) => {
    const { lakeglass: ours, duckdb, hyparquet } = readers;
    // The very bytes, then decoding them, which the warm run tells.
    const floor = Math.min(limit.exact, limit.merged) + (warm[query]?.lakeglass.total ?? 0);
    return [
      query,
      `${ms(ours.open)} + ${ms(ours.query)}`,
      duckdb ? ms(duckdb.total) : "–",
      duckdb ? times(duckdb.total / ours.total) : "–",
      duckdb ? times(duckdb.total / ours.query) : "–",
      hyparquet ? ms(hyparquet.total) : "–",
      `${ms(Math.min(limit.exact, limit.merged))}`,
      warm[query] ? times(ours.query / floor) : "–",
      `${ours.requests} / ${duckdb?.requests ?? "–"}`,
      `${ours.chain}, ${ours.inFlight?.toFixed(1) ?? "–"}`,
      `${mb(ours.dataBytes)} / ${duckdb ? mb(duckdb.bytes) : "–"} / ${mb(needed.bytes)}`,
      `${ms((ours.memory ?? 0) / 1e6)} / ${ms((duckdb?.memory ?? 0) / 1e6)}`,
      Object.entries(readers)
        .map(([reader, one]) => (one.differs ? `${reader}: ${one.differs}` : ""))
        .join("") || "equal",
    ];
  });
  const head = [
    "query",
    "ours: open + query, ms",
    "DuckDB 1.28, ms",
    "DuckDB / ours",
    "DuckDB / our query",
    "hyparquet, ms",
    "raw fetch, ms",
  ];
  head.push("our query / (raw + warm)", "requests ours / DuckDB", "longest chain, at once", "data MB ours / DuckDB / needed");
  print([...head, "memory MB", "results"], rows);
}

/** @param {Record<string, any>} switches */
function printSwitch(switches) {
  console.log("### From the latest version to the one before it: Q6 again\n");
  const rows = Object.entries(switches).map(([network, { lakeglass: ours, duckdb }]) => {
    return [
      network,
      ms(ours.total),
      ms(duckdb.total),
      `${ours.requests} / ${duckdb.requests}`,
      `${mb(ours.bytes)} / ${mb(duckdb.bytes)}`,
      duckdb.differs ?? "equal",
    ];
  });
  print(["network", "ours, ms", "DuckDB 1.28, ms", "requests", "MB", "results"], rows);
}

/** @param {Record<string, any>} reports */
function printReport(reports) {
  console.log("### Ten aggregates at once, cold\n");
  const rows = Object.entries(reports).flatMap(([network, { union, rows }]) =>
    Object.entries(rows).map(([name, one]) => {
      const shown = name === "alone" ? `${one.query} alone` : name;
      const bytes = `${mb(one.dataBytes)} / ${mb(union)}`;
      return [network, shown, ms(one.open), ms(one.first), ms(one.last), String(one.requests), bytes, one.differs ?? "equal"];
    }),
  );
  print(["network", "how", "open, ms", "first answer, ms", "last answer, ms", "requests", "data MB / needed by all", "results"], rows);
}

/** @param {any} warm */
function printWarm(warm) {
  console.log("### Warm, no network\n");
  const rows = Object.entries(warm).map(([query, readers]) => {
    const { lakeglass: ours, duckdb, "duckdb-buffered": buffered } = readers;
    const best = Math.min(duckdb.total, buffered.total);
    const bestCpu = Math.min(duckdb.cpu, buffered.cpu);
    return [
      query,
      ours.total.toFixed(1),
      duckdb.total.toFixed(1),
      buffered.total.toFixed(1),
      times(ours.total / best),
      times(ours.least / Math.min(duckdb.least, buffered.least)),
      `${ms(ours.cpu)} / ${ms(bestCpu)}`,
      `${ours.requests} / ${duckdb.requests}`,
      [duckdb.differs, buffered.differs].find(Boolean) ?? "equal",
    ];
  });
  const head = [
    "query",
    "ours, ms",
    "DuckDB over HTTP",
    "DuckDB, files in its memory",
    "ours / the faster",
    "the same, least of all",
    "CPU ms",
    "requests",
  ];
  print([...head, "results"], rows);
}

/** @param {any} startup */
function printStartup({ sizes, visits }) {
  print(
    ["module, brotli", "MB"],
    Object.entries(sizes).map(([name, size]) => [name, (size / 1e6).toFixed(3)]),
  );
  for (const [network, readers] of Object.entries(visits)) {
    console.log(`### Visits, network ${network}\n`);
    const rows = Object.entries(readers).flatMap(([reader, both]) =>
      Object.entries(both).map(([visit, one]) => [
        `${reader}, ${visit}`,
        ...["ready", "metadata", "rows", "answer"].map((mark) => (one[mark] ? ms(one[mark]) : "–")),
        `${one.moduleRequests}, ${mb(one.moduleBytes ?? 0)}`,
        `${one.logRequests} + ${one.dataRequests}`,
        mb(one.dataBytes ?? 0),
      ]),
    );
    print(["visit", "ready, ms", "metadata", "100 rows", "SQL answer", "module requests, MB", "log + data requests", "MB"], rows);
  }
}
