// Where the package runs: other origins, forbidden workers, unusual hosts; and what happens when the engine stops.

import assert from "node:assert/strict";
import { SEES_WORKERS } from "./browsers.js";
import { pageTest, useHarness } from "./fake-page.js";

useHarness();

const tables = { weather: "/demo/weather", before: { url: "/demo/weather", version: 1 } };

pageTest("relative URLs are the page's", async (page, { home }) => {
  const urls = await page.evaluate(async () => {
    const lake = await connect();
    const before = (await lake.table("./demo/weather?sig=secret#x")).info.url;
    document.head.append(Object.assign(document.createElement("base"), { href: "/elsewhere/" }));
    const after = await lake.table("weather?sig=secret");
    return [before, after.info.url, after.url, lake.tables().length];
  });
  assert.deepEqual(urls, [`${home}tests/browser/demo/weather`, `${home}elsewhere/weather`, `${home}elsewhere/weather?sig=secret`, 0]);
});

pageTest(
  "from another origin, the worker comes out of a blob and takes its script and module from there",
  async (page, { other, homeLog, otherLog }) => {
    const [homeBefore, otherBefore] = [homeLog.length, otherLog.length];
    const seen = await page.evaluate(async (tables) => {
      const lake = await connect({ tables });
      return { mode: lake.mode, thread: (await counters(lake)).thread, rows: (await lake.query("weather")).length };
    }, tables);
    assert.deepEqual(seen, { mode: "worker", thread: "worker", rows: 4 });
    assert.equal(new URL(page.url()).origin === new URL(other).origin, false);
    const paths = otherLog.slice(otherBefore).map((entry) => entry.path);
    for (const path of ["/www/lakeglass/index.js", "/www/lakeglass/worker.js", "/tests/browser/trap.wasm"])
      assert.ok(paths.includes(path), path);
    assert.deepEqual(
      homeLog
        .slice(homeBefore)
        .map((entry) => entry.path)
        .filter((path) => /lakeglass|trap/.test(path)),
      [],
    );
  },
  { packageBase: (harness) => harness.other },
);

pageTest(
  "where workers are forbidden, the main thread works and says why",
  async (page) => {
    const seen = await page.evaluate(async (tables) => {
      const lake = await connect({ tables });
      return {
        mode: lake.mode,
        reason: lake.modeReason,
        thread: (await counters(lake)).thread,
        rows: (await lake.query("weather")).length,
      };
    }, tables);
    assert.deepEqual([seen.mode, seen.thread, seen.rows], ["main", "main", 4]);
    assert.match(seen.reason, /^no worker could be started: /);
    if (SEES_WORKERS) assert.equal(page.workers().length, 0);
  },
  { base: (harness) => harness.origin({ "Content-Security-Policy": "worker-src 'none'; script-src 'self' 'wasm-unsafe-eval'" }) },
);

pageTest(
  "a strict policy is enough: no eval, nothing from elsewhere",
  async (page) => {
    const seen = await page.evaluate(async (tables) => {
      const lake = await connect({ tables });
      return { mode: lake.mode, rows: (await lake.query("weather")).length };
    }, tables);
    assert.deepEqual(seen, { mode: "worker", rows: 4 });
  },
  { base: (harness) => harness.origin({ "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" }) },
);

pageTest("a worker's script that is not there is one that cannot be started", async (page) => {
  const seen = await page.evaluate(async (tables) => {
    const lake = await connect({ tables, workerUrl: "/no/such/worker.js" });
    return { mode: lake.mode, reason: lake.modeReason, rows: (await lake.query("weather")).length };
  }, tables);
  assert.deepEqual([seen.mode, seen.rows], ["main", 4]);
  assert.match(seen.reason, /^no worker could be started: /);
});

pageTest("a worker of another version is refused", async (page) => {
  const error = await page.evaluate(() => {
    const source = new Blob(["postMessage({ hello: 999 })"], { type: "text/javascript" });
    return failure(connect({ workerUrl: URL.createObjectURL(source) }));
  });
  assert.equal(error.code, "internal");
  assert.match(error.message, /another version/);
});

pageTest("the module: with a wrong type it still compiles; missing, or something else, it is told", async (page, { home }) => {
  const seen = await page.evaluate(async () => {
    const bytes = new Uint8Array(await (await fetch("/tests/browser/trap.wasm")).arrayBuffer());
    const wrongType = `data:application/octet-stream;base64,${btoa(String.fromCharCode(...bytes))}`;
    return {
      mode: (await connect({ wasmUrl: wrongType })).mode,
      missing: await failure(connect({ wasmUrl: "/no/such.wasm?sig=secret" })),
      notWasm: await failure(connect({ wasmUrl: "/tests/browser/blank.html" })),
      unreachable: await failure(connect({ wasmUrl: "http://127.0.0.1:1/x.wasm" })),
    };
  });
  assert.equal(seen.mode, "worker");
  assert.deepEqual([seen.missing.code, seen.missing.status, seen.missing.url], ["http_status", 404, `${home}no/such.wasm`]);
  assert.doesNotMatch(seen.missing.message, /secret/);
  assert.equal(seen.notWasm.code, "internal");
  assert.match(seen.notWasm.message, /could not compile the engine/);
  assert.equal(seen.unreachable.code, "cors_or_network");
});

pageTest("the module is fetched once, however often the engine starts", async (page, { homeLog }) => {
  const before = homeLog.length;
  await page.evaluate(async (tables) => {
    const lake = await connect({ tables });
    await failure(lake.query("trap"));
    await lake.query("weather");
  }, tables);
  const paths = homeLog.slice(before).map((entry) => entry.path);
  assert.equal(paths.filter((path) => path.endsWith("trap.wasm")).length, 1);
});

for (const worker of [true, false]) {
  const mode = worker ? "worker" : "main";
  const fatal = worker ? ["trap", "panic", "crash"] : ["trap", "panic"];
  for (const end of fatal) {
    pageTest(
      `${mode}: after a ${end}, calls reject and the next one has a new engine with the same tables`,
      async (page) => {
        const seen = await page.evaluate(
          async ({ worker, tables, end }) => {
            const lake = await connect({ worker, tables });
            const table = await lake.table("before");
            const { instance } = await counters(lake);
            const lost = [];
            lake.addEventListener("lost", (event) => lost.push(event.error.code));
            const slow = failure(lake.query("slow"));
            const stream = lake.queryStream("batches 3")[Symbol.asyncIterator]();
            await stream.next();
            const ended = await failure(lake.query(end));
            const others = [await slow, await failure(stream.next())].map(({ code }) => code);
            const rows = [(await lake.query("weather")).length, (await lake.query("before")).length];
            const later = await counters(lake);
            return {
              ended: ended.code,
              message: ended.message,
              others,
              lost,
              rows,
              replaced: later.instance !== instance,
              history: (await table.history()).length,
              preview: (await table.preview()).length,
              opened: (await counters(lake)).open,
              mode: lake.mode,
            };
          },
          { worker, tables, end },
        );
        assert.equal(seen.ended, "internal");
        assert.match(seen.message, /the engine stopped/);
        assert.deepEqual(seen.others, ["internal", "internal"]);
        assert.deepEqual(seen.lost, ["internal"]);
        assert.deepEqual(seen.rows, [4, 3]);
        assert.equal(seen.replaced, true);
        assert.deepEqual([seen.history, seen.preview], [2, 3]);
        // Both registered tables, once each; the table in hand is one of them.
        assert.equal(seen.opened, 2);
        assert.equal(seen.mode, mode);
        if (SEES_WORKERS) assert.equal(page.workers().length, worker ? 1 : 0);
      },
      { uncaught: /unreachable|crashed/i },
    );
  }

  pageTest(`${mode}: a table that cannot be opened again fails queries with its own error, until it can or is taken away`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker, tables: { weather: "/demo/weather", fragile: "/demo/fragile" } });
      const table = await lake.table("fragile");
      await failure(lake.query("trap"));
      // As if its signature had run out meanwhile.
      Object.defineProperty(table, "url", { value: `${location.origin}/demo/fragile?gone` });
      const failed = [await failure(lake.query("weather")), await failure(lake.query("weather"))].map(({ code }) => code);
      const taken = await failure(lake.deregister("fragile"));
      return { failed, taken: taken.resolved ?? taken.code, rows: (await lake.query("weather")).length };
    }, worker);
    assert.deepEqual(seen, { failed: ["url_expired", "url_expired"], taken: "true", rows: 4 });
  });
}
