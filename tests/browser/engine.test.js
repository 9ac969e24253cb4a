// The package over the built engine (www/lakeglass/pkg) and the demo tables: real bytes, a real worker, a real browser.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PATIENCE_MILLIS, giveEngine, startHarness, unbuilt as skip } from "./harness.js";

/** @type {Awaited<ReturnType<typeof startHarness>>} */
let harness;
before(async () => {
  if (!skip) harness = await startHarness();
});
after(() => harness?.close());

const row = (/** @type {number} */ hour, /** @type {number} */ temperature) => ({
  time: new Date(Date.UTC(2025, 8, 30, hour)),
  city: "Paris",
  temperature,
});
const WEATHER = [[], [row(12, 10), row(13, 11), row(14, 12)], [row(12, 10), row(13, 12), row(14, 13), row(15, 14)]];

/** A test in a page of its own, in which `connect` connects to the engine. */
function engineTest(/** @type {string} */ name, /** @type {(page: Awaited<ReturnType<typeof harness.open>>) => Promise<void>} */ body) {
  test(name, { skip, timeout: 2 * PATIENCE_MILLIS }, async () => {
    const page = await harness.open();
    await giveEngine(page);
    await body(page);
    await page.done();
  });
}

for (const worker of [true, false]) {
  const mode = worker ? "worker" : "main";

  engineTest(`${mode}: weather at each version: rows, schema, history`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      const lake = await connect({ worker });
      const latest = await lake.table("/www/demo/weather");
      const versions = [];
      for (let version = 0; version <= 2; version += 1) {
        const table = await lake.table("/www/demo/weather", { version });
        await lake.register("weather", table);
        const rows = await lake.query("SELECT time, city, temperature FROM weather ORDER BY time");
        const means = await lake.query("SELECT city, avg(temperature) AS mean FROM weather GROUP BY city");
        const preview = await table.preview();
        versions.push({
          version: table.version,
          rows: [...rows],
          means: [...means],
          previewed: preview.length,
          rowCount: table.info.rowCount,
        });
      }
      return {
        mode: lake.mode,
        latest: latest.version,
        range: await latest.versions().then(({ earliest, latest, intact }) => ({ earliest, latest, intact })),
        schema: (await latest.schema()).map((field) => `${field.name} ${field.type}`),
        history: (await latest.history()).map((commit) => commit.version),
        versions,
      };
    }, worker);
    assert.equal(seen.mode, mode);
    assert.equal(seen.latest, 2n);
    assert.deepEqual(seen.range, { earliest: 0n, latest: 2n, intact: null });
    assert.deepEqual(seen.schema, ["time timestamp", "city string", "temperature float"]);
    assert.deepEqual(seen.history, [2n, 1n, 0n]);
    const means = [[], [{ city: "Paris", mean: 11 }], [{ city: "Paris", mean: 12.25 }]];
    WEATHER.forEach((rows, version) => {
      const { rowCount, ...rest } = seen.versions[version];
      assert.deepEqual(rest, { version: BigInt(version), rows, means: means[version], previewed: rows.length });
      assert.ok(rowCount === null || rowCount === BigInt(rows.length));
    });
  });
}

engineTest("versions of one table joined with each other", async (page) => {
  const rows = await page.evaluate(async () => {
    const at = (version) => ({ url: "/www/demo/weather", version });
    const lake = await connect({ tables: { before: at(1), now: at(2) } });
    const sql =
      "SELECT now.time, before.temperature AS old, now.temperature AS new FROM now JOIN before ON now.time = before.time WHERE before.temperature <> now.temperature ORDER BY 1";
    return [...(await lake.query(sql))];
  });
  assert.deepEqual(rows, [
    { time: WEATHER[2][1].time, old: 11, new: 12 },
    { time: WEATHER[2][2].time, old: 12, new: 13 },
  ]);
});

engineTest("parameters by place and by name, as values", async (page) => {
  const seen = await page.evaluate(async () => {
    const lake = await connect({ tables: { weather: "/www/demo/weather" } });
    const injected = "x' OR ''='";
    const places = await lake.query("SELECT ? AS text, ? AS big, ? AS half, ? AS nothing, ? AS list, ? AS at, ? AS bytes", {
      params: [injected, 2n ** 60n, 0.5, null, [1, 2], new Date(1_500), new Uint8Array([0, 255])],
    });
    const { bytes, ...values } = places[0];
    const names = await lake.query("SELECT count(*) AS n FROM weather WHERE temperature > $low AND city = ANY($cities)", {
      params: { low: 11.5, cities: ["Paris", "Rome"] },
    });
    const none = await lake.query("SELECT count(*) AS n FROM weather WHERE city = $city", { params: { city: injected } });
    const missing = await lake.query("SELECT $a", { params: { b: 1 } }).catch((error) => error.code);
    const wrong = await lake.query("SELECT ?", { params: [Symbol.iterator in [] ? { a: 1 } : 0] }).catch((error) => error.name);
    return { values, bytes: [...bytes], names: names[0].n, none: none[0].n, missing, wrong };
  });
  const { values, ...rest } = seen;
  assert.deepEqual(values, { text: "x' OR ''='", big: 2n ** 60n, half: 0.5, nothing: null, list: [1n, 2n], at: new Date(1_500) });
  assert.deepEqual(rest, { bytes: [0, 255], names: 3n, none: 0n, missing: "invalid_sql", wrong: "TypeError" });
});

engineTest("rows of the page, and Arrow bytes, as tables", async (page) => {
  const seen = await page.evaluate(async () => {
    const lake = await connect({ tables: { weather: "/www/demo/weather" } });
    await lake.registerRows("capitals", [{ city: "Paris", people: 2.1 }, { city: "Rome" }]);
    const joined = await lake.query("SELECT DISTINCT c.city, c.people FROM weather w JOIN capitals c ON w.city = c.city");
    const absent = await lake.query("SELECT city FROM capitals WHERE people IS NULL");
    await lake.registerRows("copy", await lake.queryIPC("SELECT * FROM weather"));
    const copied = await lake.query("SELECT count(*) AS n, max(temperature) AS top FROM copy");
    const wrong = await lake.registerRows("bad", new Uint8Array([1, 2, 3])).catch((error) => error.code);
    await lake.query("CREATE VIEW warm AS SELECT * FROM copy WHERE temperature > 11");
    const warm = await lake.query("SELECT count(*) AS n FROM warm");
    return { joined: [...joined], absent: [...absent], copied: [...copied], wrong, warm: warm[0].n };
  });
  assert.deepEqual(seen, {
    joined: [{ city: "Paris", people: 2.1 }],
    absent: [{ city: "Rome" }],
    copied: [{ n: 4n, top: 14 }],
    wrong: "invalid_sql",
    warm: 3n,
  });
});

engineTest("values of SQL's types as rows, and the IPC stream whole", async (page) => {
  const seen = await page.evaluate(async () => {
    const lake = await connect({});
    const sql = `SELECT 9007199254740993 AS long, CAST(1.5 AS DECIMAL(10,2)) AS decimal, DATE '2025-09-30' AS day,
      TIMESTAMP '2025-09-30 12:00:00.123456' AS clock, TRUE AS yes, NULL AS nothing, make_array(1, 2) AS list, X'00ff' AS bytes`;
    const rows = await lake.query(sql);
    const { bytes, ...values } = rows[0];
    const other = await import("/www/lakeglass/node_modules/@uwdata/flechette/src/index.js");
    const read = other.tableFromIPC(await lake.queryIPC("SELECT value FROM generate_series(1, 20000)"));
    const stream = lake.queryStream("SELECT value FROM generate_series(1, 20000)");
    const sizes = [];
    for await (const batch of stream) sizes.push(batch.numRows);
    return { values, bytes: [...bytes], read: read.numRows, streamed: sizes.reduce((a, b) => a + b, 0), batches: sizes.length > 1 };
  });
  const { clock, ...values } = seen.values;
  assert.deepEqual(values, { long: 9007199254740993n, decimal: "1.50", day: "2025-09-30", yes: true, nothing: null, list: [1n, 2n] });
  assert.equal(clock, "2025-09-30T12:00:00.123456");
  assert.deepEqual(seen.bytes, [0, 255]);
  assert.deepEqual([seen.read, seen.streamed, seen.batches], [20000, 20000, true]);
});

engineTest("errors come with their code", async (page) => {
  const seen = await page.evaluate(async () => {
    const lake = await connect({ tables: { weather: "/www/demo/weather" } });
    return [
      await codeOf(lake.query("SELECT nothing FROM weather")),
      await codeOf(lake.query("SELEC 1")),
      await codeOf(lake.table("/www/demo/no-such-table")),
      await codeOf(lake.table("/www/demo/weather", { version: 99 })),
      await codeOf(lake.table("http://127.0.0.1:1/table")),
    ];
  });
  assert.deepEqual(seen, ["invalid_sql", "invalid_sql", "table_not_found", "version_not_found", "cors_or_network"]);
});

engineTest("versions inside a statement, changes, history and a file's name", async (page) => {
  const seen = await page.evaluate(async () => {
    const lake = await connect({ tables: { weather: "/www/demo/weather" } });
    const rows = async (/** @type {string} */ sql) => [...(await lake.query(sql))].map((row) => Object.values(row));
    return {
      added: await rows("SELECT temperature FROM weather EXCEPT SELECT temperature FROM weather VERSION AS OF 1 ORDER BY temperature"),
      counts: await rows(
        "SELECT (SELECT count(*) FROM weather@v0), (SELECT count(*) FROM weather AT (VERSION => 1)), count(*) FROM weather",
      ),
      history: await rows("SELECT version, operation FROM table_history('weather') ORDER BY version"),
      files: await rows("SELECT count(DISTINCT _metadata.file_path) FROM weather"),
      later: await codeOf(lake.query("SELECT * FROM weather VERSION AS OF 3")),
      undone: await codeOf(lake.query("SELECT * FROM table_changes('weather', 0, 2)")),
    };
  });
  assert.deepEqual(seen, {
    added: [[13], [14]],
    counts: [[0n, 3n, 4n]],
    history: [
      [0n, "CREATE TABLE"],
      [1n, "WRITE"],
      [2n, "MERGE"],
    ],
    files: [[1n]],
    later: "version_not_found",
    undone: "unsupported_feature",
  });
});

engineTest("hosts with other letters than ASCII's are asked for as the browser spells them", async (page) => {
  const asked = await page.evaluate(async () => {
    const hosts = new Set();
    const lake = await connect({ worker: false });
    const { fetch } = globalThis;
    globalThis.fetch = (input, init) => {
      const { protocol, host } = new URL(input instanceof Request ? input.url : input, location.href);
      if (protocol !== "https:") return fetch(input, init);
      hosts.add(host);
      return Promise.reject(new TypeError("no such host"));
    };
    const codes = [
      await codeOf(lake.query("SELECT * FROM read_parquet('https://BÜCHER.example/a.parquet')")),
      await codeOf(lake.query("SELECT * FROM read_parquet('https://例え。テスト/a.parquet')")),
      await codeOf(lake.query("SELECT * FROM read_parquet('https://xn--bcher-kva.example/a.parquet')")),
    ];
    globalThis.fetch = fetch;
    return { codes: [...new Set(codes)], hosts: [...hosts] };
  });
  assert.deepEqual(asked, { codes: ["cors_or_network"], hosts: ["xn--bcher-kva.example", "xn--r8jz45g.xn--zckzah"] });
});

engineTest("a host whose errors carry no CORS headers is read; one without any says what is wrong", async (page) => {
  const seen = await page.evaluate(async (other) => {
    const lake = await connect({});
    const table = await lake.table(`${other}~fault/cors-if-found/www/demo/weather`);
    const rows = await table.preview();
    const refused = (/** @type {string} */ url) =>
      lake.table(url).then(
        () => null,
        ({ code, answered }) => ({ code, answered }),
      );
    return {
      version: table.version,
      rows: rows.length,
      missing: await refused(`${other}~fault/cors-if-found/www/demo/no-such-table`),
      without: await refused(`${other}~fault/no-cors/www/demo/weather`),
      dead: await refused("http://127.0.0.1:1/table"),
    };
  }, harness.other);
  assert.deepEqual(seen, {
    version: 2n,
    rows: 4,
    missing: { code: "cors_or_network", answered: true },
    without: { code: "cors_or_network", answered: true },
    dead: { code: "cors_or_network", answered: false },
  });
});

engineTest("tables of one engine share its cache, and one opened again finds its data", async (page) => {
  const seen = await page.evaluate(async () => {
    const lake = await connect({});
    const costs = [];
    for (const version of [2, 2, 1]) {
      const table = await lake.table("/www/demo/weather", { version });
      const rows = await table.preview();
      costs.push({ rows: rows.length, requests: rows.metrics.requests });
    }
    return costs;
  });
  assert.equal(seen[0].rows, 4);
  assert.ok(seen[0].requests > 0);
  assert.deepEqual(
    seen.slice(1).map(({ rows }) => rows),
    [4, 3],
  );
  assert.equal(seen[1].requests, 0, "the same version again");
});

engineTest("a second visit finds its data in the browser's store, until that is cleared", async (page) => {
  const seen = await page.evaluate(async () => {
    const visit = async (/** @type {object} */ options = {}) => {
      const lake = await connect(options);
      const rows = await (await lake.table("/www/demo/weather", { version: 2 })).preview();
      const { requests } = rows.metrics;
      return { lake, rows: JSON.stringify(rows), requests };
    };
    const first = await visit();
    let second = await visit();
    // What is kept is written behind the answer.
    for (let i = 0; i < 50 && second.requests > 0; i += 1) second = await visit();
    const without = await visit({ storeBytes: 0 });
    await second.lake.clearCache();
    const cleared = await visit();
    return { same: first.rows === second.rows, requests: [first, second, without, cleared].map(({ requests }) => requests > 0) };
  });
  assert.deepEqual(seen, { same: true, requests: [true, false, true, true] });
});

engineTest("first rows do not wait for SQL, whose file is fetched when it is asked for", async (page) => {
  const seen = await page.evaluate(async () => {
    const fetched = () => performance.getEntriesByType("resource").filter(({ name }) => name.includes("lakeglass_sql")).length;
    const lake = await connect({ preloadSql: false, tables: { weather: "/www/demo/weather" } });
    const rows = await (await lake.table("weather")).preview();
    const before = fetched();
    await lake.loadSql();
    const after = fetched();
    const answer = await lake.query("SELECT count(*) AS n FROM weather");
    const broken = await connect({ preloadSql: false, sqlUrl: "/no/such.wasm", tables: { weather: "/www/demo/weather" } });
    const code = await codeOf(broken.query("SELECT 1"));
    const stillReads = (await (await broken.table("weather")).preview()).length;
    return { rows: rows.length, before, after, n: answer[0].n, code, stillReads, again: fetched() };
  });
  assert.deepEqual(seen, { rows: 4, before: 0, after: 1, n: 4n, code: "http_status", stillReads: 4, again: 1 });
});

engineTest("an engine that has nothing to do does nothing", async (page) => {
  const calls = await page.evaluate(async () => {
    const lake = await connect({ worker: false, tables: { weather: "/www/demo/weather" } });
    await lake.query("SELECT count(*) FROM weather WHERE temperature > 11");
    const pause = (/** @type {number} */ millis) => new Promise((resolve) => setTimeout(resolve, millis));
    await pause(200);
    // Its driver looks at the clock in every slice of work.
    let calls = 0;
    const { now } = performance;
    performance.now = () => ((calls += 1), now.call(performance));
    await pause(500);
    performance.now = now;
    return calls;
  });
  assert.ok(calls < 10, `${calls} looks at the clock in half a second`);
});

engineTest("a host that ignores ranges is told", async (page) => {
  const seen = await page.evaluate(async (other) => {
    const lake = await connect({});
    const table = await lake.table(`${other}~fault/no-range@parquet/www/demo/trade`, { version: 1 });
    const rows = await table.preview({ limit: 5 });
    return { rows: rows.length, told: rows.metrics.wholeReplies > 0 };
  }, harness.other);
  assert.deepEqual(seen, { rows: 5, told: true });
});

engineTest("a query under way is cancelled, and the engine answers the next one", async (page) => {
  const seen = await page.evaluate(async () => {
    const lake = await connect({ tables: { weather: "/www/demo/weather" } });
    const abort = new AbortController();
    const sql = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b WHERE a.value % 7 = b.value % 11";
    const code = codeOf(lake.query(sql, { signal: abort.signal }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    abort.abort();
    const begun = performance.now();
    const ended = await code;
    const millis = performance.now() - begun;
    const rows = await lake.query("SELECT count(*) AS n FROM weather");
    return { ended, quick: millis < 1000, n: rows[0].n };
  });
  assert.deepEqual(seen, { ended: "cancelled", quick: true, n: 4n });
});

engineTest("from another origin: blob worker, module and table over CORS", async (page) => {
  const seen = await page.evaluate(async (other) => {
    const { Lakeglass } = await import(`${other}www/lakeglass/index.js`);
    const lake = await Lakeglass.connect({ tables: { weather: `${other}www/demo/weather` } });
    return { mode: lake.mode, rows: (await lake.query("SELECT * FROM weather")).length };
  }, harness.other);
  assert.deepEqual(seen, { mode: "worker", rows: 4 });
});
