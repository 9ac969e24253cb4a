// What every measurement needs: two hosts behind one line (pages and readers; data), the readers bundled, a Chromium, and pages that
// know one reader each.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setPriority } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { QUIET } from "../../scripts/chromium-flags.mjs";
import { Downlink, NETWORKS } from "./network.mjs";
import { startHost } from "./server.mjs";

/** @import { Tables } from "./readers/reader.js" */
/** @typedef {"lakeglass" | "duckdb" | "duckdb-buffered" | "duckdb-1.32" | "hyparquet"} ReaderName */

export const HERE = new URL(".", import.meta.url).pathname;
export const ROOT = path.join(HERE, "../..");
export const WORK = path.join(ROOT, "target/bench");

const FLAGS = [
  ...QUIET,
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
];

export const LAUNCH = { executablePath: process.env.CHROMIUM || "/usr/bin/chromium", headless: true, args: FLAGS };

/** How each reader is started: its script and what it is told. @type {Record<ReaderName, { script: string, where: object }>} */
const READERS = {
  lakeglass: { script: "/readers/lakeglass.js", where: { base: "/lakeglass/" } },
  duckdb: { script: "/bundles/duckdb-1.28.js", where: { base: "/duckdb-1.28/" } },
  "duckdb-buffered": { script: "/bundles/duckdb-1.28.js", where: { base: "/duckdb-1.28/", buffered: true } },
  "duckdb-1.32": { script: "/bundles/duckdb-1.32.js", where: { base: "/duckdb-1.32/" } },
  hyparquet: { script: "/bundles/hyparquet.js", where: {} },
};

/**
 * `moduleFolder`: another build of what is in the package's pkg/. `brotli`: whether modules are served compressed, which takes a minute for each
 * that is new.
 * @param {{ packageFolder?: string, moduleFolder?: string, dataFolder?: string, brotli?: boolean }} [options]
 */
export async function startLab({
  packageFolder = path.join(ROOT, "www/lakeglass"),
  moduleFolder = path.join(packageFolder, "pkg"),
  dataFolder = path.join(WORK, "data"),
  brotli = true,
} = {}) {
  await bundleReaders();
  const downlink = new Downlink();
  const modules = path.join(HERE, "node_modules");
  const home = await startHost({
    downlink,
    brotliFolder: brotli ? path.join(WORK, "brotli") : undefined,
    mounts: {
      "/lakeglass/pkg/": moduleFolder,
      "/lakeglass/": packageFolder,
      "/duckdb-1.28/": path.join(modules, "duckdb-wasm-1.28/dist"),
      "/duckdb-1.32/": path.join(modules, "duckdb-wasm-1.32/dist"),
      "/bundles/": path.join(WORK, "bundles"),
      "/pages/": path.join(WORK, "pages"),
      "/readers/": path.join(HERE, "readers"),
      "/": HERE,
    },
  });
  const data = await startHost({ downlink, mounts: { "/data/": dataFolder } });
  const versions = JSON.parse(await readFile(path.join(dataFolder, "tables.json"), "utf8"));
  return {
    home,
    data,
    dataFolder,
    versions,
    /** Tables by name, at their latest version or the one given. @param {string[]} names @param {Record<string, number>} [at] @returns {Tables} */
    tables(names, at = {}) {
      const source = (/** @type {string} */ name) => {
        return { url: `${data.url}/data/${name}`, version: at[name], files: versions[name].at(at[name] ?? -1) };
      };
      return Object.fromEntries(names.map((name) => [name, source(name)]));
    },
    /** @param {keyof typeof NETWORKS | string} name */
    network(name) {
      for (const host of [home, data]) host.setNetwork(NETWORKS[name]);
    },
    async close() {
      await Promise.all([home.close(), data.close()]);
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startLab>>} Lab */

/** The other readers as their users would serve them. */
async function bundleReaders() {
  const format = /** @type {const} */ ("esm");
  const common = {
    absWorkingDir: HERE,
    bundle: true,
    minify: true,
    format,
    target: "es2022",
    legalComments: /** @type {const} */ ("none"),
  };
  const outdir = path.join(WORK, "bundles");
  const script = (/** @type {string} */ name) => path.join(HERE, "readers", name);
  for (const version of ["1.28", "1.32"]) {
    const alias = { duckdb: `duckdb-wasm-${version}` };
    await build({ ...common, alias, entryPoints: [script("duckdb.js")], outfile: path.join(outdir, `duckdb-${version}.js`) });
  }
  await build({ ...common, entryPoints: [script("hyparquet.js")], outfile: path.join(outdir, "hyparquet.js") });
}

/**
 * A page of its own context, in which a reader runs: nothing of another one's caches.
 * @param {import("playwright-core").Browser} browser @param {Lab} lab @param {ReaderName | "raw"} reader
 */
export async function openPage(browser, lab, reader) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  page.on("pageerror", (error) => console.error(`bench: uncaught in ${reader}: ${error.message}`));
  await page.goto(`${lab.home.url}/bench.html`);
  if (reader === "raw") {
    await page.evaluate("import('/readers/raw.js').then((raw) => { globalThis.raw = raw; })");
  } else {
    await page.evaluate(async ({ script, where }) => {
      const { start } = await import(script);
      const base = "base" in where ? { base: new URL(/** @type {string} */ (where.base), location.href).href } : {};
      /** @type {any} */ (globalThis).reader = await start({ ...where, ...base });
    }, READERS[reader]);
  }
  return page;
}

/**
 * What a reader is asked in one go: tables, then a statement.
 * @param {import("playwright-core").Page} page @param {Tables} tables @param {string} sql
 */
export function ask(page, tables, sql) {
  return page.evaluate(
    async ({ tables, sql }) => {
      const { reader } = /** @type {{ reader: import("./readers/reader.js").Reader }} */ (/** @type {unknown} */ (globalThis));
      const began = performance.now();
      await reader.open(tables);
      const open = performance.now() - began;
      return { open, ...(await reader.query(sql)) };
    },
    { tables, sql },
  );
}

/**
 * Several statements, started together or one after the other: `at` is when each was answered, in milliseconds since the first was asked.
 * @param {import("playwright-core").Page} page @param {Tables} tables @param {string[]} statements @param {boolean} together
 */
export function askAll(page, tables, statements, together) {
  return page.evaluate(
    async ({ tables, statements, together }) => {
      const { reader } = /** @type {{ reader: import("./readers/reader.js").Reader }} */ (/** @type {unknown} */ (globalThis));
      const opening = performance.now();
      await reader.open(tables);
      const began = performance.now();
      const answer = async (/** @type {string} */ sql) => ({ ...(await reader.query(sql)), at: performance.now() - began });
      const answers = [];
      if (together) answers.push(...(await Promise.all(statements.map(answer))));
      else for (const sql of statements) answers.push(await answer(sql));
      return { open: began - opening, answers };
    },
    { tables, statements, together },
  );
}

/**
 * What the pages' processes cost between this call and that of the function it gives. `memory`: the most that one of them had of its own, which
 * Chromium's task manager calls its footprint. `cpu`: milliseconds that the busiest one computed, all its threads together; on a busy
 * machine it says more than a clock. On Linux alone; elsewhere both are null.
 * @param {import("playwright-core").Browser} browser
 */
export async function watchProcesses(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const processes = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => ({ id, cpu: cpuMillis(id) }));
  let peak = 0;
  const look = () => {
    for (const { id } of processes) peak = Math.max(peak, ownMemory(id));
  };
  const timer = setInterval(look, 50);
  return () => {
    look();
    clearInterval(timer);
    const cpu = Math.max(...processes.map(({ id, cpu }) => cpuMillis(id) - cpu));
    return { memory: peak || null, cpu: peak ? cpu : null };
  };
}

/** @param {number} id */
function ownMemory(id) {
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(readMaybe(`/proc/${id}/status`))?.[1] ?? 0) * 1024;
}

/** User and system time, from hundredths of a second. @param {number} id */
function cpuMillis(id) {
  const [, user = 0, system = 0] = /\) \S(?: \S+){10} (\d+) (\d+)/.exec(readMaybe(`/proc/${id}/stat`)) ?? [];
  return (Number(user) + Number(system)) * 10;
}

/**
 * On a machine that others work on, LAKEGLASS_BENCH_NICE=-15 puts the browsers and this process before them. Chromium sets priorities of
 * its own, so that inheriting one is not enough.
 */
function favour() {
  const nice = Number(process.env.LAKEGLASS_BENCH_NICE ?? 0);
  if (!nice) return;
  const raise = (/** @type {string} */ id) => {
    for (const thread of list(`/proc/${id}/task`)) {
      try {
        setPriority(Number(thread), nice);
      } catch {
        // it has ended, or may not be raised
      }
      for (const child of readMaybe(`/proc/${id}/task/${thread}/children`).split(" ").filter(Boolean)) raise(child);
    }
  };
  setInterval(() => raise(String(process.pid)), 100).unref();
}
favour();

/** @param {string} folder */
function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

export const launch = () => chromium.launch(LAUNCH);

/** What a table of results has to say of where it was made. */
export function machine() {
  const cpu = /^model name\s*:\s*(.*)$/m.exec(readMaybe("/proc/cpuinfo"))?.[1] ?? process.arch;
  const load = readMaybe("/proc/loadavg").split(" ").slice(0, 3).join(" ");
  const version = execFileSync(LAUNCH.executablePath, ["--version"], { encoding: "utf8" }).trim();
  const cores = Number(execFileSync("nproc", { encoding: "utf8" }));
  return { nice: process.env.LAKEGLASS_BENCH_NICE ?? 0, cpu, cores, load, chromium: version, node: process.version };
}

/** @param {string} name */
function readMaybe(name) {
  try {
    return readFileSync(name, "utf8");
  } catch {
    return "";
  }
}
