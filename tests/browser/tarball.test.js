// The package as npm installs it: packed, installed into an empty folder, and queried from there, in Chromium and in Node.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { serve } from "../../scripts/serve.mjs";
import { PATIENCE_MILLIS, startHarness, unbuilt as skip } from "./harness.js";

const run = promisify(execFile);
const WWW = new URL("../../www/", import.meta.url).pathname;
const SQL = "SELECT city, avg(temperature) AS mean, count(*) AS n FROM weather GROUP BY city";

/** @type {string} a project whose one dependency is the package */
let project;
/** @type {Awaited<ReturnType<typeof serve>>} */
let server;
before(async () => {
  if (skip) return;
  project = await mkdtemp(join(tmpdir(), "lakeglass-tarball-"));
  await writeFile(join(project, "package.json"), '{ "private": true, "type": "module" }');
  await writeFile(join(project, "index.html"), "<!doctype html><title>A page that installed the package</title>");
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", project], { cwd: join(WWW, "lakeglass") });
  const tarball = (await readdir(project)).find((name) => name.endsWith(".tgz"));
  assert.ok(tarball, "npm pack made no tarball");
  await run("npm", ["install", "--offline", "--ignore-scripts", `./${tarball}`], { cwd: project });
  server = await serve({ root: project, mounts: { "/demo": join(WWW, "demo") } });
});
after(async () => {
  await server?.close();
  if (project) await rm(project, { recursive: true });
});

test("Chromium: a page queries with what was installed", { skip, timeout: 2 * PATIENCE_MILLIS }, async () => {
  const harness = await startHarness();
  try {
    const page = await harness.open("index.html", { base: server.url });
    const seen = await page.evaluate(async (sql) => {
      const { Lakeglass } = await import("/node_modules/lakeglass/index.js");
      const lake = await Lakeglass.connect({ tables: { weather: "/demo/weather" } });
      return { mode: lake.mode, rows: [...(await lake.query(sql))] };
    }, SQL);
    assert.deepEqual(seen, { mode: "worker", rows: [{ city: "Paris", mean: 12.25, n: 4n }] });
    await page.done();
  } finally {
    await harness.close();
  }
});

test("Node: a script queries with what was installed, and ends when it closes", { skip, timeout: 2 * PATIENCE_MILLIS }, async () => {
  const script = `
    import { Lakeglass } from "lakeglass";
    const lake = await Lakeglass.connect({ tables: { weather: "${server.url}demo/weather" } });
    const rows = await lake.query(${JSON.stringify(SQL)});
    const missing = await lake.table("${server.url}demo/none").catch(({ code }) => code);
    const stopped = await lake.query("SELECT 1", { signal: AbortSignal.abort() }).catch(({ code }) => code);
    console.log(JSON.stringify({ mode: lake.mode, reason: lake.modeReason, rows, missing, stopped }, (_, value) => (typeof value === "bigint" ? Number(value) : value)));
    lake.close();`;
  await writeFile(join(project, "script.js"), script);
  const { stdout, stderr } = await run(process.execPath, ["script.js"], { cwd: project, timeout: PATIENCE_MILLIS });
  assert.deepEqual(JSON.parse(stdout), {
    mode: "main",
    reason: "no worker could be started: this runtime has none",
    rows: [{ city: "Paris", mean: 12.25, n: 4 }],
    missing: "table_not_found",
    stopped: "cancelled",
  });
  assert.equal(stderr, "");
});

test("Node: a module that is not there is told as that", { skip, timeout: PATIENCE_MILLIS }, async () => {
  const script = `
    import { Lakeglass } from "lakeglass";
    await Lakeglass.connect({ wasmUrl: new URL("none.wasm", import.meta.url) }).catch(({ code, message }) => console.log(code, message));`;
  await writeFile(join(project, "broken.js"), script);
  const { stdout } = await run(process.execPath, ["broken.js"], { cwd: project, timeout: PATIENCE_MILLIS });
  assert.match(stdout, /^network could not read the engine at file:.*none\.wasm: .* wasmUrl/);
});
