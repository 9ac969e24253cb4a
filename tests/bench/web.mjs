// Queries in Chromium, beside DuckDB-WASM: scripts/bench web.

import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { chain, difference, inFlight, median } from "./compare.mjs";
import { WORK, ask, askAll, launch, machine, openPage, startLab, watchProcesses } from "./lab.mjs";
import { QUERIES, REPORT, tablesOf } from "./queries.mjs";
import { merge, neededRanges } from "./ranges.mjs";

/** @import { Query } from "./queries.mjs" */
/** @import { Lab, ReaderName } from "./lab.mjs" */
/** @import { Asked } from "./server.mjs" */

/**
 * @typedef {object} Run one query by one reader, in a page of its own
 * @property {number} open milliseconds: of Lakeglass, reading the table's log
 * @property {number} first milliseconds from the statement to the first row
 * @property {number} total milliseconds from the statement to the last row
 * @property {number} requests
 * @property {number} bytes
 * @property {number} dataBytes without the log's
 * @property {number} chain see compare.mjs
 * @property {number} inFlight requests under way, on average from the first to the last
 * @property {number | null} memory see lab.mjs
 * @property {number | null} cpu see lab.mjs
 * @property {import("./compare.mjs").Rows} rows
 * @property {Asked[]} log
 */

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    networks: { type: "string", default: "none,40ms,40ms-20mbit,150ms-5mbit" },
    queries: { type: "string" },
    readers: { type: "string", default: "lakeglass,duckdb,hyparquet" },
    repetitions: { type: "string", default: "5" },
    rounds: { type: "string", default: "9" },
    module: { type: "string" },
    package: { type: "string" },
    out: { type: "string", default: path.join(WORK, "web.json") },
    wait: { type: "string", default: "2000" }, // milliseconds that a page has stood before it is asked; 0: at once
    "no-warm": { type: "boolean", default: false },
    "no-cold": { type: "boolean", default: false },
    primed: { type: "boolean", default: false }, // cold data but not cold code: the same statement was run on a table of the same shape
    waterfall: { type: "boolean", default: false },
  },
});
if (options.quick) Object.assign(options, { networks: "40ms", repetitions: "1", rounds: "3", readers: "lakeglass,duckdb" });

const queries = QUERIES.filter(({ name, extra }) =>
  options.queries ? options.queries.split(",").includes(name) : !(options.quick && extra),
);
/** A reader that took longer than this once is not asked again at that network: a median of one. */
const PATIENCE_MILLIS = 20_000;
/** hyparquet makes objects of every row: it is asked where few are needed. */
const FEW_ROWS = new Set(["count", "min-max", "sorted", "all-columns", "limit", "one-day"]);

/** Ten queries at once matter where bytes take their time. */
const REPORT_NETWORK = "40ms-20mbit";

const lab = await startLab({ packageFolder: options.package, moduleFolder: options.module });
const browser = await launch();
/** @type {any} */
const results = { machine: machine(), began: new Date().toISOString(), options, cold: {}, switch: {}, report: {}, warm: {} };
await mkdir(path.dirname(options.out), { recursive: true });
try {
  if (!options["no-warm"]) await measureWarm(results.warm);
  for (const network of options["no-cold"] ? [] : options.networks.split(",")) {
    if (options.queries ? options.queries.split(",").includes("switch") : !options.quick) await measureSwitch(network);
    if (options.queries ? options.queries.split(",").includes("report") : network === REPORT_NETWORK && !options.quick)
      await measureReport(network);
    await measureCold(network, (results.cold[network] = {}));
  }
} finally {
  await browser.close();
  await lab.close();
}

/** What there is so far: a run takes long, and may be broken off. */
async function save() {
  await writeFile(options.out, JSON.stringify(results));
}

/** @param {string} network @param {Record<string, any>} table */
async function measureCold(network, table) {
  const readers = /** @type {ReaderName[]} */ (options.readers.split(","));
  for (const query of queries) {
    const needed = await needs(query);
    /** @type {Record<string, Run[]>} */
    const runs = Object.fromEntries(readers.map((reader) => [reader, []]));
    /** @type {{ exact: number[], merged: number[] }} */
    const limits = { exact: [], merged: [] };
    const slow = new Set();
    for (let repetition = 0; repetition < Number(options.repetitions); repetition++) {
      for (const reader of repetition % 2 ? [...readers].reverse() : readers) {
        if (slow.has(reader) || (reader === "hyparquet" && !FEW_ROWS.has(query.name))) continue;
        const run = await coldRun(reader, query, network);
        if (!run) {
          slow.add(reader);
          continue;
        }
        runs[reader].push(run);
        if (run.total > PATIENCE_MILLIS) slow.add(reader);
      }
      // A gap that takes less than a round trip is read over: fewer requests, more bytes.
      if (needed.length) {
        limits.exact.push(await rawRun(needed, network));
        limits.merged.push(await rawRun(merge(needed, 1 << 19), network));
      }
    }
    table[query.name] = summary(query, needed, runs, limits);
    await save();
    printCold(network, query, table[query.name]);
    if (options.waterfall && runs.lakeglass?.[0]) printWaterfall(runs.lakeglass[0]);
  }
}

/** From the latest version, just queried, to the one before it and the same query there: what is asked for again. @param {string} network */
async function measureSwitch(network) {
  const query = /** @type {Query} */ (QUERIES.find(({ name }) => name === "q6"));
  const before = lab.versions.lineitem.length - 2;
  /** @type {Record<string, any>} */
  const row = {};
  /** @type {import("./compare.mjs").Rows | undefined} */ let expected;
  for (const reader of /** @type {ReaderName[]} */ (["lakeglass", "duckdb"])) {
    const times = [];
    /** @type {Asked[]} */
    let log = [];
    let differs = null;
    for (let repetition = 0; repetition < Math.min(3, Number(options.repetitions)); repetition++) {
      const page = await openPage(browser, lab, reader);
      await ask(page, lab.tables(["lineitem"]), query.sql);
      lab.network(network);
      lab.data.clear();
      const answer = await ask(page, lab.tables(["lineitem"], { lineitem: before }), query.sql);
      log = [...lab.data.log];
      lab.network("none");
      await page.context().close();
      times.push(answer.open + answer.total);
      expected ??= answer.rows;
      differs ??= difference(expected, answer.rows);
    }
    row[reader] = { total: median(times), requests: log.length, bytes: log.reduce((sum, asked) => sum + asked.bytes, 0), differs };
  }
  results.switch[network] = row;
  await save();
  console.log(`${network} version switch: ${JSON.stringify(row)}`);
}

/** A dashboard's ten aggregates, cold: together, one after the other, and by DuckDB-WASM. @param {string} network */
async function measureReport(network) {
  const needed = (await Promise.all(REPORT.map(needs))).flat();
  const union = merge(needed, 0).reduce((sum, { start, end }) => sum + end - start, 0);
  const all = REPORT.map(({ sql }) => sql);
  /** @type {Record<string, any>} */
  const rows = {};
  const together = await reportRun("lakeglass", network, all, true);
  rows.together = together;
  rows["one after the other"] = await reportRun("lakeglass", network, all, false);
  // The query that was answered first, on its own.
  const first = together.answers.indexOf(Math.min(...together.answers));
  rows.alone = { ...(await reportRun("lakeglass", network, [all[first]], true)), query: REPORT[first].name };
  if (options.readers.split(",").includes("duckdb")) rows.duckdb = await reportRun("duckdb", network, all, true);
  for (const [name, row] of Object.entries(rows)) {
    const expected = name === "alone" ? [together.rows[first]] : together.rows;
    row.differs =
      row.rows.map((/** @type {any} */ one, /** @type {number} */ index) => difference(expected[index], one)).find(Boolean) ?? null;
  }
  for (const row of Object.values(rows)) delete row.rows;
  results.report[network] = { union, rows };
  await save();
  for (const [name, { open, first, last, requests, dataBytes, differs }] of Object.entries(rows)) {
    const times = `open ${Math.round(open)} first ${Math.round(first)} last ${Math.round(last)} ms`;
    console.log(
      `${network} report, ${name}: ${times}, ${requests} req ${megabytes(dataBytes)} of ${megabytes(union)}${differs ? ` DIFFERS: ${differs}` : ""}`,
    );
  }
  console.log(
    `${network} report: first answer ${(together.first / rows.alone.first).toFixed(2)} of its time alone (${rows.alone.query}), bytes ${(together.dataBytes / union).toFixed(3)} of the union`,
  );
}

/** @param {ReaderName} reader @param {string} network @param {string[]} statements @param {boolean} together */
async function reportRun(reader, network, statements, together) {
  const page = await openPage(browser, lab, reader);
  try {
    await page.waitForTimeout(Number(options.wait));
    lab.network(network);
    lab.data.clear();
    const { open, answers } = await askAll(page, lab.tables([...new Set(statements.flatMap(tablesOf))]), statements, together);
    const log = [...lab.data.log];
    const data = log.filter((asked) => !asked.path.includes("/_delta_log/"));
    const times = answers.map(({ at }) => at);
    return {
      open,
      first: Math.min(...times),
      last: Math.max(...times),
      answers: times,
      requests: log.length,
      dataBytes: data.reduce((sum, asked) => sum + asked.bytes, 0),
      rows: answers.map(({ rows }) => rows),
    };
  } finally {
    lab.network("none");
    await page.context().close();
  }
}

/** The bytes that a query has to read. @param {Query} query */
async function needs(query) {
  const lists = query.reads.map((read) => neededRanges(lab.dataFolder, read, lab.versions[read.table].at(-1)));
  return (await Promise.all(lists)).flat();
}

/** @param {ReaderName} reader @param {Query} query @param {string} network @returns {Promise<Run | null>} */
async function coldRun(reader, query, network) {
  const page = await openPage(browser, lab, reader);
  const stopWatching = await watchProcesses(browser);
  try {
    await page.waitForTimeout(Number(options.wait));
    if (options.primed) await prime(page, query);
    lab.network(network);
    lab.data.clear();
    const answer = await ask(page, lab.tables(tablesOf(query.sql)), query.sql);
    const log = [...lab.data.log];
    const bytes = log.reduce((sum, asked) => sum + asked.bytes, 0);
    const logBytes = log.filter((asked) => asked.path.includes("/_delta_log/")).reduce((sum, asked) => sum + asked.bytes, 0);
    const order = { chain: chain(log), inFlight: inFlight(log) };
    return { ...answer, requests: log.length, bytes, dataBytes: bytes - logBytes, ...order, ...stopWatching(), log };
  } catch (error) {
    console.log(`${network} ${query.name}: ${reader} cannot: ${String(error).split("\n")[0]}`);
    return null;
  } finally {
    stopWatching();
    lab.network("none");
    await page.context().close();
  }
}

/** Lets the browser's compilers see what a statement needs, on other files. @param {import("playwright-core").Page} page @param {Query} query */
async function prime(page, query) {
  const other = query.sql.replace("{lineitem}", "{lineitem_snappy}");
  if (other !== query.sql) for (let round = 0; round < 3; round++) await ask(page, lab.tables(tablesOf(other)), other);
}

/** @param {import("./ranges.mjs").Range[]} needed @param {string} network */
async function rawRun(needed, network) {
  const page = await openPage(browser, lab, "raw");
  lab.network(network);
  const ranges = needed.map(({ path: name, start, end }) => {
    return { url: `${lab.data.url}/data/${name.split("/").map(encodeURIComponent).join("/")}`, start, end };
  });
  const { total } = await page.evaluate((ranges) => /** @type {any} */ (globalThis).raw.fetchRanges(ranges), ranges);
  lab.network("none");
  await page.context().close();
  return /** @type {number} */ (total);
}

/**
 * @param {Query} query @param {import("./ranges.mjs").Range[]} needed @param {Record<string, Run[]>} runs
 * @param {{ exact: number[], merged: number[] }} limits
 */
function summary(query, needed, runs, limits) {
  const [reference] = runs.lakeglass ?? [];
  const readers = Object.entries(runs).filter(([, list]) => list.length > 0);
  const of = (/** @type {Run[]} */ list) => ({
    runs: list.length,
    open: median(list.map((run) => run.open)),
    first: median(list.map((run) => run.open + run.first)),
    query: median(list.map((run) => run.total)),
    total: median(list.map((run) => run.open + run.total)),
    all: list.map((run) => Math.round(run.open + run.total)),
    requests: median(list.map((run) => run.requests)),
    bytes: median(list.map((run) => run.bytes)),
    dataBytes: median(list.map((run) => run.dataBytes)),
    chain: median(list.map((run) => run.chain)),
    inFlight: median(list.map((run) => run.inFlight)),
    cpu: median(list.map((run) => run.cpu ?? 0)) || null,
    memory: Math.max(...list.map((run) => run.memory ?? 0)) || null,
    differs: reference ? (list.map((run) => difference(reference.rows, run.rows, query.anyRows)).find(Boolean) ?? null) : null,
  });
  return {
    readers: Object.fromEntries(readers.map(([reader, list]) => [reader, of(list)])),
    needed: { ranges: needed.length, bytes: needed.reduce((sum, { start, end }) => sum + end - start, 0) },
    limit: limits.exact.length ? { exact: median(limits.exact), merged: median(limits.merged) } : { exact: 0, merged: 0 },
    waterfall: reference?.log,
  };
}

/** @param {string} network @param {Query} query @param {any} row */
function printCold(network, query, row) {
  const cells = Object.entries(row.readers).map(([reader, one]) => {
    const requests = `${one.requests} req (${one.chain} deep, ${one.inFlight.toFixed(1)} at once)`;
    const figures = `${Math.round(one.open)}+${Math.round(one.query)} ms ${requests} ${megabytes(one.bytes)} cpu ${one.cpu}`;
    return `${reader} ${figures} mem ${Math.round((one.memory ?? 0) / 1e6)}${one.differs ? ` DIFFERS: ${one.differs}` : ""}`;
  });
  const limit = `limit ${Math.round(row.limit.exact)}/${Math.round(row.limit.merged)} ms, ${row.needed.ranges} ranges ${megabytes(row.needed.bytes)}`;
  console.log(`${network} ${query.name}: ${cells.join(" | ")} | ${limit}`);
}

/** @param {Run} run */
function printWaterfall({ log }) {
  for (const asked of log) {
    const times = `${asked.start.toFixed(0).padStart(6)} ${(asked.end - asked.start).toFixed(0).padStart(5)}`;
    console.log(
      `  ${times} ${String(asked.status).padStart(4)} ${String(asked.bytes).padStart(9)} ${asked.range.padEnd(26)} ${asked.path}`,
    );
  }
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

/** Every reader's page stays open, and they take turns; the first rounds are for caches and compilers. @param {Record<string, any>} table */
async function measureWarm(table) {
  /** @type {ReaderName[]} */
  const readers = ["lakeglass", "duckdb", "duckdb-buffered"];
  const kept = queries.filter(({ name }) => !["1-gb-file", "400-files", "one-day"].includes(name));
  const pages = new Map();
  for (const reader of readers) pages.set(reader, await openPage(browser, lab, reader));
  const names = [...new Set(kept.flatMap((query) => tablesOf(query.sql)))];
  for (const page of pages.values())
    await page.evaluate((/** @type {any} */ tables) => /** @type {any} */ (globalThis).reader.open(tables), lab.tables(names));
  for (const query of kept) {
    /** @type {Record<string, { times: number[], cpu: number[], requests: number, rows: any }>} */
    const of = Object.fromEntries(readers.map((reader) => [reader, { times: [], cpu: [], requests: 0, rows: [] }]));
    for (let round = -2; round < Number(options.rounds); round++) {
      for (const reader of round % 2 ? [...readers].reverse() : readers) {
        lab.data.clear();
        const stopWatching = await watchProcesses(browser);
        const answer = await pages
          .get(reader)
          .evaluate((/** @type {string} */ sql) => /** @type {any} */ (globalThis).reader.query(sql), query.sql);
        const { cpu } = stopWatching();
        if (round < 0) continue;
        of[reader].cpu.push(cpu ?? 0);
        of[reader].times.push(answer.total);
        of[reader].requests = lab.data.log.length;
        of[reader].rows = answer.rows;
      }
    }
    table[query.name] = Object.fromEntries(
      readers.map((reader) => {
        const { times, cpu, requests, rows } = of[reader];
        return [
          reader,
          {
            total: median(times),
            least: Math.min(...times),
            cpu: cpu.reduce((sum, one) => sum + one, 0) / cpu.length,
            all: times,
            requests,
            differs: difference(of.lakeglass.rows, rows, query.anyRows),
          },
        ];
      }),
    );
    await save();
    const cells = Object.entries(table[query.name]).map(([reader, one]) => {
      return `${reader} ${one.total.toFixed(1)} ms (least ${one.least.toFixed(1)}, cpu ${one.cpu.toFixed(0)}) ${one.requests} req${one.differs ? ` DIFFERS: ${one.differs}` : ""}`;
    });
    const ratio = table[query.name].lakeglass.total / Math.min(table[query.name].duckdb.total, table[query.name]["duckdb-buffered"].total);
    console.log(`warm ${query.name}: ${cells.join(" | ")} | ratio ${ratio.toFixed(2)}`);
  }
  for (const page of pages.values()) await page.context().close();
}
