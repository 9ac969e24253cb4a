// The rehearsal: what it runs, when, and what it leaves alone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PATIENCE_MILLIS, giveEngine, startHarness, unbuilt as skip } from "./harness.js";

/** @type {Awaited<ReturnType<typeof startHarness>>} */
let harness;
before(async () => {
  if (!skip) harness = await startHarness();
});
after(() => harness?.close());

/** A test in a page of its own, with the workers that it has had: `begun` and `ended`. */
function rehearsalTest(
  /** @type {string} */ name,
  /** @type {(page: Awaited<ReturnType<typeof harness.open>>, workers: { begun: number, ended: number }) => Promise<void>} */ body,
) {
  test(name, { skip, timeout: PATIENCE_MILLIS }, async () => {
    const page = await harness.open();
    const workers = { begun: 0, ended: 0 };
    page.on("worker", (worker) => {
      workers.begun += 1;
      worker.on("close", () => (workers.ended += 1));
    });
    await giveEngine(page);
    await body(page, workers);
    await page.done();
  });
}

const pause = (/** @type {number} */ millis) => new Promise((resolve) => setTimeout(resolve, millis));

async function until(/** @type {() => boolean} */ isSo) {
  for (let i = 0; i < 400 && !isSo(); i += 1) await pause(50);
  assert.ok(isSo());
}

rehearsalTest("all of its statements run, in a worker that ends with them, and nothing but scripts is fetched", async (page, workers) => {
  const before = harness.homeLog.length;
  const all = await page.evaluate(async () => {
    const { rehearse } = await import("/www/lakeglass/rehearsal.js");
    const at = (/** @type {string} */ name) => new URL(`/www/lakeglass/pkg/${name}`, location.href).href;
    const [wasmUrl, sqlUrl] = [at("lakeglass_bg.wasm"), at("lakeglass_sql.wasm")];
    const [module, sql] = await Promise.all([wasmUrl, sqlUrl].map((url) => WebAssembly.compileStreaming(fetch(url))));
    return rehearse({ workerUrl: null, wasmUrl, sqlUrl }, { module, sql }, new AbortController().signal);
  });
  assert.equal(all, true);
  await until(() => workers.ended === 1);
  assert.equal(workers.begun, 1);
  const asked = harness.homeLog.slice(before).map(({ path }) => path);
  assert.deepEqual(
    asked.filter((path) => !/\.(js|wasm)$/.test(path)),
    [],
  );
});

rehearsalTest("when nothing has been asked for a while, once for a page", async (page, workers) => {
  await page.evaluate(async () =>
    Object.assign(globalThis, { lakes: [await connect({ tables: { weather: "/www/demo/weather" } }), await connect({})] }),
  );
  await until(() => workers.begun === 3 && workers.ended === 1);
  const rows = await page.evaluate(async () => {
    const { lakes } = /** @type {any} */ (globalThis);
    const rows = await lakes[0].query("SELECT count(*) AS n FROM weather");
    for (const lake of lakes) lake.close();
    await connect({});
    return [...rows];
  });
  assert.deepEqual(rows, [{ n: 4n }]);
  await until(() => workers.ended === 3);
  await pause(1000);
  assert.equal(workers.begun, 4);
});

rehearsalTest("not while a call is under way, and not after the connection is closed", async (page, workers) => {
  await page.evaluate(async (url) => {
    const lake = await connect({});
    await lake.loadSql();
    const opening = codeOf(lake.table(url));
    Object.assign(globalThis, { lake, opening });
  }, `${harness.other}~fault/slow=1500@_delta_log/www/demo/weather`);
  await pause(1200);
  assert.equal(workers.begun, 1);
  await page.evaluate(() => /** @type {any} */ (globalThis).lake.close());
  await pause(1000);
  assert.deepEqual(workers, { begun: 1, ended: 1 });
});

rehearsalTest(
  "not where it is not wanted, nor where the engine has no worker, nor when its connection was closed before",
  async (page, workers) => {
    const seen = await page.evaluate(async () => {
      const lakes = [await connect({ rehearse: false }), await connect({ worker: false })];
      for (const lake of lakes) await lake.loadSql();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const { rehearse } = await import("/www/lakeglass/rehearsal.js");
      const closed = await rehearse(/** @type {any} */ ({}), /** @type {any} */ ({}), AbortSignal.abort());
      return [closed, (await lakes[0].query("SELECT 1 AS one")).length];
    });
    assert.deepEqual(seen, [false, 1]);
    assert.equal(workers.begun, 1);
  },
);
