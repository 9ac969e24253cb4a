// First and second visits, in browser profiles of their own: scripts/bench startup.

import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { median } from "./compare.mjs";
import { HERE, LAUNCH, ROOT, WORK, machine, startLab } from "./lab.mjs";
import { sleep } from "./network.mjs";
import { brotliCopy } from "./server.mjs";

const { values: options } = parseArgs({
  options: {
    networks: { type: "string", default: "none,40ms-20mbit" },
    readers: { type: "string", default: "lakeglass,duckdb-1.28,duckdb-1.32" },
    repetitions: { type: "string", default: "5" },
    waterfall: { type: "boolean", default: false },
    module: { type: "string" },
    package: { type: "string", default: path.join(ROOT, "www/lakeglass") },
    out: { type: "string", default: path.join(WORK, "startup.json") },
  },
});

/** What is asked first: of all rows one column, so that the answer needs the table's data. */
const SQL = "SELECT l_shipmode, count(*) AS n FROM t WHERE l_orderkey < 100000 GROUP BY l_shipmode ORDER BY l_shipmode";
/** Chromium keeps compiled code when its optimising compiler has been through: some seconds after the page was used. */
const SETTLE_MILLIS = 6_000;

await writePage();
const lab = await startLab({ packageFolder: options.package, moduleFolder: options.module });
const files = lab.versions.lineitem.at(-1);
/** @type {any} */
const results = { machine: machine(), began: new Date().toISOString(), sizes: await sizes(), visits: {} };
console.log("brotli, bytes:", JSON.stringify(results.sizes));
try {
  for (const network of options.networks.split(",")) {
    /** @type {Record<string, { first: any[], second: any[] }>} */
    const runs = Object.fromEntries(options.readers.split(",").map((reader) => [reader, { first: [], second: [] }]));
    for (let repetition = 0; repetition < Number(options.repetitions); repetition++) {
      for (const reader of Object.keys(runs)) {
        const profile = await mkdtemp(path.join(tmpdir(), "lakeglass-bench-"));
        try {
          runs[reader].first.push(await visit(profile, reader, network));
          runs[reader].second.push(await visit(profile, reader, network));
        } finally {
          await rm(profile, { recursive: true, force: true, maxRetries: 5 });
        }
      }
    }
    results.visits[network] = {};
    for (const [reader, visits] of Object.entries(runs)) {
      results.visits[network][reader] = Object.fromEntries(Object.entries(visits).map(([name, list]) => [name, summary(list)]));
      for (const [name, list] of Object.entries(visits)) console.log(`${network} ${reader} ${name}: ${JSON.stringify(summary(list))}`);
    }
  }
} finally {
  await lab.close();
}
await mkdir(path.dirname(options.out), { recursive: true });
await writeFile(options.out, JSON.stringify(results));

/** Our page asks for the package's files as early as www/index.html does. */
async function writePage() {
  const index = await readFile(path.join(options.package, "../index.html"), "utf8");
  const hints = [...index.matchAll(/<link rel="(?:module)?preload" href="lakeglass\/.*>/g)].map(([link]) =>
    link.replace('href="', 'href="/'),
  );
  const page = await readFile(path.join(HERE, "startup/lakeglass.html"), "utf8");
  await mkdir(path.join(WORK, "pages"), { recursive: true });
  await writeFile(path.join(WORK, "pages/lakeglass.html"), page.replace(/<!-- hints.*-->/, hints.join("\n")));
}

/** @param {string} profile @param {string} reader @param {string} network */
async function visit(profile, reader, network) {
  const context = await chromium.launchPersistentContext(profile, LAUNCH);
  const page = context.pages()[0] ?? (await context.newPage());
  // 1.32's Parquet reader is an extension on another host, that cannot be had here: it is ready, and that is all.
  const told = reader === "duckdb-1.32" ? {} : { url: `${lab.data.url}/data/lineitem`, sql: SQL, files };
  try {
    lab.home.clear();
    lab.data.clear();
    lab.network(network);
    const folder = reader === "lakeglass" ? "pages" : "startup";
    const address = `${lab.home.url}/${folder}/${reader}.html#${encodeURIComponent(JSON.stringify(told))}`;
    await page.goto(address, { waitUntil: "commit" });
    await page.waitForFunction("globalThis.finished !== undefined", undefined, { polling: 50, timeout: 120_000 });
    const marks = /** @type {Record<string, number>} */ (await page.evaluate("globalThis.finished"));
    const moduleLog = lab.home.log.filter((asked) => !/^\/(startup|pages)\//.test(asked.path));
    const cost = {
      moduleRequests: moduleLog.length,
      moduleBytes: moduleLog.reduce((sum, asked) => sum + asked.bytes, 0),
      logRequests: lab.data.log.filter((asked) => asked.path.includes("_delta_log")).length,
      dataRequests: lab.data.log.filter((asked) => !asked.path.includes("_delta_log")).length,
      dataBytes: lab.data.log.reduce((sum, asked) => sum + asked.bytes, 0),
    };
    if (options.waterfall) printWaterfall(marks);
    lab.network("none");
    await sleep(SETTLE_MILLIS);
    return { ...marks, ...cost };
  } finally {
    await context.close();
  }
}

/** @param {Record<string, number>} marks */
function printWaterfall(marks) {
  console.log(JSON.stringify(marks));
  for (const asked of [...lab.home.log, ...lab.data.log].sort((a, b) => a.start - b.start)) {
    const times = `${asked.start.toFixed(0).padStart(6)} ${(asked.end - asked.start).toFixed(0).padStart(5)}`;
    console.log(`  ${times} ${String(asked.bytes).padStart(9)} ${asked.range.padEnd(26)} ${asked.path}`);
  }
}

/** @param {Record<string, number>[]} runs */
function summary(runs) {
  const failed = runs.find((run) => run.failed)?.failed;
  if (failed) return { failed };
  return Object.fromEntries(Object.keys(runs[0]).map((key) => [key, Math.round(median(runs.map((run) => run[key])))]));
}

/** What each reader downloads before it is ready, with brotli at its best. */
async function sizes() {
  const modules = path.join(HERE, "node_modules");
  const ours = options.module ?? path.join(options.package, "pkg");
  /** @type {Record<string, string>} */
  const names = {
    "lakeglass, until the first rows": path.join(ours, "lakeglass_bg.wasm"),
    "lakeglass, SQL": path.join(ours, "lakeglass_sql.wasm"),
    "duckdb-1.28": path.join(modules, "duckdb-wasm-1.28/dist/duckdb-eh.wasm"),
    "duckdb-1.32": path.join(modules, "duckdb-wasm-1.32/dist/duckdb-eh.wasm"),
  };
  const entries = Object.entries(names).map(async ([reader, name]) => {
    return [reader, (await stat(await brotliCopy(name, path.join(WORK, "brotli")))).size];
  });
  return Object.fromEntries(await Promise.all(entries));
}
