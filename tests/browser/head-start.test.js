// The head start: what is asked of a table's log while the engine is on its way, and that nothing of it is asked twice.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PATIENCE_MILLIS, giveEngine, startHarness, unbuilt as skip } from "./harness.js";

/** How long the module is on its way. */
const MODULE_MILLIS = 4000;

/** @type {Awaited<ReturnType<typeof startHarness>>} */
let harness;
before(async () => {
  if (!skip) harness = await startHarness();
});
after(() => harness?.close());

/**
 * Connects with a module that is slow to come: what has been asked of the other origin until then, and what afterwards, and what `use` made of it.
 * @param {Awaited<ReturnType<typeof harness.open>>} page
 * @param {{ options: object, use?: string }} how `use`: the body of a function of `lake`
 */
async function connectSlowly(page, { options, use = "return null" }) {
  harness.otherLog.length = 0;
  const wasmUrl = `${harness.other}~fault/slow=${MODULE_MILLIS}/www/lakeglass/pkg/lakeglass_bg.wasm`;
  const asked = () => {
    const paths = harness.otherLog.map(({ path }) => path).filter((path) => !path.includes("/pkg/"));
    return paths.map((path) => path.replace(/^.*\//, ""));
  };
  const connecting = page.evaluate(
    async ([options, wasmUrl, use]) => {
      const lake = await connect({ ...options, wasmUrl, preloadSql: false });
      const made = await new Function("lake", `return (async () => { ${use} })()`)(lake);
      lake.close();
      return made;
    },
    /** @type {[object, string, string]} */ ([options, wasmUrl, use]),
  );
  await new Promise((resolve) => setTimeout(resolve, MODULE_MILLIS - 1000));
  const early = asked();
  return { made: await connecting, early, late: asked().slice(early.length) };
}

/** @param {string} name @param {(page: Awaited<ReturnType<typeof harness.open>>) => Promise<void>} body */
function headStartTest(name, body) {
  test(name, { skip, timeout: PATIENCE_MILLIS }, async () => {
    const page = await harness.open();
    await giveEngine(page);
    await body(page);
    await page.done();
  });
}

const commit = (/** @type {number} */ version) => `${String(version).padStart(20, "0")}.json`;
const FIRST = ["_last_checkpoint", ...[0, 1, 2, 3, 4].map(commit)];
const rowsOf = (/** @type {string} */ name) => `return [...await (await lake.table("${name}")).preview()].length`;

headStartTest("a young table's log is here before the engine, and is not asked for again", async (page) => {
  const weather = `${harness.other}www/demo/weather`;
  const { made, early, late } = await connectSlowly(page, { options: { tables: { weather } }, use: rowsOf("weather") });
  assert.equal(made, 4);
  assert.deepEqual(early.sort(), FIRST.toSorted());
  assert.deepEqual(
    late.filter((name) => FIRST.includes(name)),
    [],
  );

  // From then on the log is kept: most of it is not asked for at all.
  const again = await connectSlowly(page, { options: { tables: { weather } }, use: rowsOf("weather") });
  assert.equal(again.made, 4);
  assert.deepEqual(again.early, []);
});

headStartTest("a table that is named without being opened, and then another one", async (page) => {
  const expect = `${harness.other}www/demo/weather`;
  const use = `return [...await (await lake.table("${harness.other}www/demo/trade")).preview({ limit: 7 })].length`;
  const { made, early } = await connectSlowly(page, { options: { expect }, use });
  assert.equal(made, 7);
  assert.deepEqual(early.sort(), FIRST.toSorted());
  const restored = await page.evaluate(() => fetch.toString().includes("native"));
  assert.ok(restored);
});

headStartTest("a log with a checkpoint goes on behind it", async (page) => {
  const trade = `${harness.other}www/demo/trade`;
  const { made, early, late } = await connectSlowly(page, { options: { tables: { trade } }, use: rowsOf("trade") });
  assert.equal(made, 100);
  assert.deepEqual(early.sort(), FIRST.toSorted());
  assert.deepEqual(
    late.filter((name) => FIRST.includes(name)),
    [],
  );
});

headStartTest("errors are the engine's: a host without the table, one that fails, one that hangs up", async (page) => {
  for (const [fault, code] of [
    ["404", "table_not_found"],
    ["500=1", "resolved"],
    ["drop=1", "resolved"],
    ["no-cors", "cors_or_network"],
  ]) {
    const expect = `${harness.other}~fault/${fault}/www/demo/weather`;
    const { made } = await connectSlowly(page, { options: { expect }, use: `return codeOf(lake.table("${expect}"))` });
    assert.equal(made, code, fault);
    await page.evaluate(() => caches.delete("lakeglass-1"));
  }
});

headStartTest("not where a table takes more than asking, and not on the page's own thread", async (page) => {
  const weather = `${harness.other}www/demo/weather`;
  const { early: inPage } = await connectSlowly(page, { options: { tables: { weather }, worker: false }, use: "return typeof fetch" });
  assert.deepEqual(inPage, []);
  await page.evaluate(() => caches.delete("lakeglass-1"));
  for (const source of [`${weather}?sig=1`, { url: weather, version: 1 }, { url: weather, access: { headers: { "x-a": "b" } } }]) {
    const { early } = await connectSlowly(page, { options: { tables: { weather: source } } });
    assert.deepEqual(early, [], JSON.stringify(source));
    await page.evaluate(() => caches.delete("lakeglass-1"));
  }
});
