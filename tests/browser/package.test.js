// The package's API over the fake engine, in a worker and on the main thread alike.

import assert from "node:assert/strict";
import { COLLECTS_GARBAGE, SEES_WORKERS } from "./browsers.js";
import { pageTest, useHarness } from "./fake-page.js";

useHarness();

/** The browser tells of a worker's end a little later. */
async function workersGone(/** @type {import("playwright-core").Page} */ page) {
  if (!SEES_WORKERS) return true;
  for (let i = 0; i < 200 && page.workers().length > 0; i += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  return page.workers().length === 0;
}

const at = (/** @type {number} */ hour) => new Date(Date.UTC(2025, 8, 30, hour));
const row = (/** @type {number} */ hour, /** @type {number} */ temperature) => ({ time: at(hour), city: "Paris", temperature });
const VERSION_1 = [row(12, 10), row(13, 11), row(14, 12)];
const VERSION_2 = [row(12, 10), row(13, 12), row(14, 13), row(15, 14)];

for (const worker of [true, false]) {
  const mode = worker ? "worker" : "main";

  pageTest(`${mode}: connects, tells its mode and passes the engine's options`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker, concurrency: 3, memoryLimit: 1e6 });
      const { thread, options } = await counters(lake);
      return { mode: lake.mode, modeReason: lake.modeReason, thread, options };
    }, worker);
    const modeReason = worker ? null : "asked for with worker: false";
    assert.deepEqual(seen, { mode, modeReason, thread: mode, options: '{"concurrency":3,"memoryLimit":1000000}' });
  });

  pageTest(`${mode}: rows of registered tables, at their versions`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const tables = {
        weather: "./demo/weather",
        before: { url: "./demo/weather", version: 1 },
        then: { url: "/demo/weather", timestamp: new Date(0) },
      };
      const lake = await connect({ worker, tables });
      const rows = await lake.query("weather");
      const { schema, metrics } = rows;
      const listed = lake.tables().sort((a, b) => (a.name < b.name ? -1 : 1));
      return {
        rows: [...rows],
        before: [...(await lake.query("before"))],
        then: [...(await lake.query("then"))],
        schema,
        metrics,
        listed,
        keys: Object.keys(rows),
      };
    }, worker);
    assert.deepEqual(seen.rows, VERSION_2);
    assert.deepEqual(seen.before, VERSION_1);
    assert.deepEqual(seen.then, []);
    assert.deepEqual(seen.schema, [
      { name: "time", type: "timestamp", nullable: true, children: [] },
      { name: "city", type: "string", nullable: true, children: [] },
      { name: "temperature", type: "float", nullable: true, children: [] },
    ]);
    assert.deepEqual(seen.metrics, { requests: 2, bytes: 20, retries: 0, cachedBytes: 0, wholeReplies: 0 });
    assert.deepEqual(seen.keys, ["0", "1", "2", "3"]);
    assert.deepEqual(
      seen.listed.map(({ name, version }) => [name, version]),
      [
        ["before", 1n],
        ["then", 0n],
        ["weather", 2n],
      ],
    );
  });

  pageTest(`${mode}: a table's versions, history, files, schema and rows`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker });
      const table = await lake.table("./demo/weather");
      const first = await table.at({ version: 1 });
      return {
        version: table.version,
        totalBytes: table.info.totalBytes,
        versions: await table.versions(),
        history: (await table.history({ limit: 2 })).map((commit) => commit.version),
        until: (await table.history({ until: 0 })).map((commit) => commit.version),
        files: (await table.files({ offset: 1, limit: 5 })).map((file) => file.path),
        schema: (await table.schema()).map((field) => `${field.name} ${field.type}`),
        at: first.version,
        preview: [...(await first.preview({ limit: 2, columns: ["city", "temperature"] }))],
      };
    }, worker);
    assert.deepEqual(seen, {
      version: 2n,
      totalBytes: 2n ** 60n,
      versions: { earliest: 0n, latest: 2n, intact: null },
      history: [2n, 1n],
      until: [0n],
      files: ["part-1.parquet"],
      schema: ["time timestamp", "city string", "temperature float"],
      at: 1n,
      preview: [
        { city: "Paris", temperature: 10 },
        { city: "Paris", temperature: 11 },
      ],
    });
  });

  pageTest(`${mode}: an error keeps its class, code, message and fields`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker });
      const { LakeglassError, ERROR_CODES } = await loadPackage();
      const caught = await lake.query("error permission_denied").catch((error) => error);
      const codes = [];
      for (const code of ERROR_CODES) codes.push((await failure(lake.query(`error ${code}`))).code);
      return {
        isOurs: caught instanceof LakeglassError && caught instanceof Error,
        error: await failure(lake.query("error permission_denied")),
        unknown: await failure(lake.query("error something_else")),
        table: await failure(lake.table("https://host/missing")),
        wrong: await failure(lake.table("https://host/weather", { version: 1, timestamp: 0 })),
        sameCodes: JSON.stringify(codes) === JSON.stringify(ERROR_CODES),
        count: codes.length,
      };
    }, worker);
    assert.equal(seen.isOurs, true);
    const fields = { url: "https://host/t", reason: "so", requested: "7", status: 403, feature: "f", path: "p" };
    assert.deepEqual(seen.error, {
      name: "LakeglassError",
      code: "permission_denied",
      message: "the message of permission_denied",
      ...fields,
    });
    assert.equal(seen.unknown.code, "internal");
    assert.equal(seen.table.code, "table_not_found");
    assert.equal(seen.table.url, "https://host/missing");
    assert.equal(seen.wrong.name, "TypeError");
    assert.deepEqual([seen.sameCodes, seen.count], [true, 14]);
  });

  pageTest(`${mode}: a cancelled call rejects at once and reaches the engine`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker });
      const abort = new AbortController();
      const calls = [lake.query("slow", { signal: abort.signal }), lake.table("https://host/slow", { signal: abort.signal })];
      const failures = calls.map(failure);
      await pause(50);
      const begun = performance.now();
      abort.abort("enough");
      const codes = (await Promise.all(failures)).map(({ code }) => code);
      const millis = performance.now() - begun;
      const late = await failure(lake.query("weather", { signal: abort.signal }));
      const cause = (await lake.query("slow", { signal: AbortSignal.abort("why") }).catch((error) => error)).cause;
      return { codes, late: late.code, cause, quick: millis < 1000, aborted: (await counters(lake)).aborted };
    }, worker);
    assert.deepEqual(seen, { codes: ["cancelled", "cancelled"], late: "cancelled", cause: "why", quick: true, aborted: 2 });
  });

  pageTest(`${mode}: what a cancelled call opens too late is freed`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker });
      const abort = new AbortController();
      const failed = failure(lake.query("late", { signal: abort.signal }));
      await pause(20);
      abort.abort();
      const { code } = await failed;
      await pause(200);
      return { code, results: await eventually(async () => (await counters(lake)).results, 0) };
    }, worker);
    assert.deepEqual(seen, { code: "cancelled", results: 0 });
  });

  pageTest(`${mode}: a stream is pulled: no batch is made before it is asked for`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker });
      const stream = lake.queryStream("batches 5");
      const columns = (await stream.schema).map((field) => field.name);
      const made = [(await counters(lake)).made];
      const numbers = [];
      for await (const batch of stream) {
        numbers.push(batch.numRows, batch.toArray()[9].n, batch.arrow.getChild("n").at(0));
        made.push((await counters(lake)).made);
      }
      const again = await failure(stream[Symbol.asyncIterator]().next());
      return { columns, made, numbers, metrics: await stream.metrics, again: again.name, results: (await counters(lake)).results };
    }, worker);
    assert.deepEqual(seen.columns, ["n"]);
    // One for each turn, and one for each look before: the counters are a batch too.
    assert.deepEqual(seen.made, [0, 2, 4, 6, 8, 10]);
    assert.deepEqual(
      seen.numbers,
      [0, 1, 2, 3, 4].flatMap((i) => [10, i * 10 + 9, i * 10]),
    );
    assert.equal(seen.metrics.requests, 6);
    assert.equal(seen.again, "TypeError");
    assert.equal(seen.results, 0);
  });

  pageTest(`${mode}: a stream that is left, closed or cancelled is freed`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker });
      const results = async () => (await counters(lake)).results;
      const left = lake.queryStream("batches 5");
      for await (const batch of left) if (batch.numRows > 0) break;
      const afterLeft = await results();

      const closed = lake.queryStream("hang");
      const iterator = closed[Symbol.asyncIterator]();
      await iterator.next();
      const pending = failure(iterator.next());
      await closed.close();
      const afterClosed = [(await pending).code ?? "ended", await eventually(results, 0)];

      const abort = new AbortController();
      const cancelled = lake.queryStream("hang", { signal: abort.signal })[Symbol.asyncIterator]();
      await cancelled.next();
      const rejected = failure(cancelled.next());
      abort.abort();
      const afterCancel = [(await rejected).code, await eventually(results, 0)];

      const never = lake.queryStream("batches 5");
      await never.close();
      const broken = await failure(lake.queryStream("error invalid_sql").schema);
      return {
        afterLeft,
        afterClosed,
        afterCancel,
        metrics: (await left.metrics).requests,
        never: await failure(never.schema),
        broken: broken.code,
      };
    }, worker);
    assert.equal(seen.afterLeft, 0);
    assert.deepEqual(seen.afterClosed, ["cancelled", 0]);
    assert.deepEqual(seen.afterCancel, ["cancelled", 0]);
    assert.equal(seen.metrics, 1);
    assert.equal(seen.never.code, "cancelled");
    assert.equal(seen.broken, "invalid_sql");
  });

  pageTest(`${mode}: dictionaries reach every batch, replaced ones only those after`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker });
      const batches = [];
      for await (const batch of lake.queryStream("dictionary"))
        batches.push(
          batch
            .toArray()
            .map((row) => row.word)
            .join(" "),
        );
      return { batches, rows: (await lake.query("dictionary")).map((row) => row.word).join(" ") };
    }, worker);
    assert.deepEqual(seen, { batches: ["a b a", "c b c", "d d d"], rows: "a b a c b c d d d" });
  });

  pageTest(`${mode}: an Arrow table, and an IPC stream for another reader`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker, tables: { weather: "/demo/weather" } });
      const table = await lake.queryArrow("weather");
      const ipc = await lake.queryIPC("weather");
      const other = await import("/www/lakeglass/node_modules/@uwdata/flechette/src/index.js");
      const read = other.tableFromIPC(ipc);
      return {
        rows: table.toArray(),
        metrics: table.metrics,
        names: read.names,
        temperatures: [...read.getChild("temperature")],
        ended: [...ipc.slice(-8)],
        ipcMetrics: ipc.metrics,
      };
    }, worker);
    assert.deepEqual(seen.rows, VERSION_2);
    assert.equal(seen.metrics.requests, 2);
    assert.deepEqual(seen.names, ["time", "city", "temperature"]);
    assert.deepEqual(seen.temperatures, [10, 12, 13, 14]);
    assert.deepEqual(seen.ended, [255, 255, 255, 255, 0, 0, 0, 0]);
    assert.equal(seen.ipcMetrics.bytes, 20);
  });

  pageTest(`${mode}: names are given, taken away and given again`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker, tables: { weather: "/demo/weather" } });
      const table = await lake.table("weather", { version: 1 });
      const same = (await lake.table("weather")) === (await lake.table("weather"));
      await lake.register("weather", table);
      const older = (await lake.query("weather")).length;
      const known = await lake.deregister("weather");
      const unknown = await lake.deregister("weather");
      const gone = await failure(lake.query("weather"));
      await lake.register("weather", table, { version: 2 });
      return { same, older, known, unknown, gone: gone.code, newer: (await lake.query("weather")).length, tables: lake.tables().length };
    }, worker);
    assert.deepEqual(seen, { same: true, older: 3, known: true, unknown: false, gone: "invalid_sql", newer: 4, tables: 1 });
  });

  pageTest(`${mode}: tables are freed when closed, and open again when used again`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker });
      const count = async () => (await counters(lake)).tables;
      const table = await lake.table("/demo/weather", { version: 1 });
      const open = await count();
      table.close();
      table.close();
      const closed = await eventually(count, 0);
      return { open, closed, rows: (await table.preview()).length, again: await count() };
    }, worker);
    assert.deepEqual(seen, { open: 1, closed: 0, rows: 3, again: 1 });
  });

  pageTest(
    `${mode}: what is garbage collected is freed in the engine`,
    async (page) => {
      const seen = await page.evaluate(async (worker) => {
        const lake = await connect({ worker });
        await (async () => {
          await lake.table("/demo/weather");
          await lake.queryStream("batches 5").schema;
        })();
        const live = async () => {
          globalThis.gc?.();
          const { tables, results } = await counters(lake);
          return `${tables} ${results}`;
        };
        return eventually(live, "0 0");
      }, worker);
      assert.equal(seen, "0 0");
    },
    { skip: COLLECTS_GARBAGE ? false : "this browser collects when it likes" },
  );

  pageTest(`${mode}: close cancels what is under way, and what comes after`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker, tables: { weather: "/demo/weather" } });
      const table = await lake.table("weather");
      const pending = failure(lake.query("slow"));
      await pause(20);
      lake.close();
      lake.close();
      const after = [failure(lake.query("weather")), failure(table.history()), failure(lake.queryStream("weather").schema)];
      return [(await pending).code, ...(await Promise.all(after)).map(({ code }) => code)];
    }, worker);
    assert.deepEqual(seen, ["cancelled", "cancelled", "cancelled", "cancelled"]);
    assert.ok(await workersGone(page));
  });

  pageTest(`${mode}: connect rejects with the first error and leaves no worker`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const missing = await failure(connect({ worker, tables: { weather: "/demo/weather", missing: "/demo/missing" } }));
      const abort = new AbortController();
      const slow = failure(connect({ worker, tables: { slow: "/demo/slow" }, signal: abort.signal }));
      await pause(100);
      abort.abort();
      const url = await failure(connect({ worker, tables: { bad: "https://[" } }));
      const engine = await failure(connect({ worker, engineUrl: "/no/such/engine.js" }));
      return { missing: missing.code, slow: (await slow).code, url: url.code, engine: engine.code };
    }, worker);
    assert.deepEqual(seen, { missing: "table_not_found", slow: "cancelled", url: "table_not_found", engine: "cors_or_network" });
    assert.ok(await workersGone(page));
  });
}
