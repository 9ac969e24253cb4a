// A query's life in the built engine: progress, cancelling, limits, plans, exports; and statements of tests/sql.
//
// What is measured is counted in turns of an event loop, not in milliseconds alone: a busy machine is slow, and gives its turns all
// the same. On the main thread the engine works in the page's own event loop, whose turns the page counts.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { PATIENCE_MILLIS, giveEngine, startHarness, unbuilt as skip } from "./harness.js";

/** @type {Awaited<ReturnType<typeof startHarness>>} */
let harness;
before(async () => {
  if (!skip) harness = await startHarness();
});
after(() => harness?.close());

/** A test in a page of its own, in which `connect` connects to the engine. */
function lifeTest(/** @type {string} */ name, /** @type {(page: Awaited<ReturnType<typeof harness.open>>) => Promise<void>} */ body) {
  test(name, { skip, timeout: 3 * PATIENCE_MILLIS }, async () => {
    const page = await harness.open();
    await giveEngine(page);
    await page.evaluate(() => {
      Object.assign(globalThis, {
        /** Counts the event loop's turns from now on, and how long each took at most. */
        countTurns: () => {
          const { port1, port2 } = new MessageChannel();
          const counted = { turns: 0, longest: 0, stop: () => (port1.onmessage = null) };
          let last = performance.now();
          port1.onmessage = () => {
            const now = performance.now();
            counted.turns += 1;
            counted.longest = Math.max(counted.longest, now - last);
            last = now;
            port2.postMessage(null);
          };
          port2.postMessage(null);
          return counted;
        },
        until: async (/** @type {() => boolean} */ isSo) => {
          for (let i = 0; i < 3000 && !isSo(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
        },
      });
    });
    await body(page);
    await page.done();
  });
}

const ROWS = 1_500_000;
/** Statements whose work lies in one operator, and none of them in what is below it. */
const HEAVY = {
  sort: `SELECT a, b FROM (SELECT (value * 7919) % 1000003 AS a, concat('row ', value % 977) AS b FROM generate_series(1, ${ROWS})) ORDER BY b, a`,
  "sort by one key": `SELECT a FROM (SELECT (value * 7919) % 1000003 AS a FROM generate_series(1, ${8 * ROWS})) ORDER BY a`,
  aggregate: `SELECT a, count(*), min(b) FROM (SELECT (value * 7919) % 300007 AS a, value AS b FROM generate_series(1, ${40 * ROWS})) GROUP BY a`,
  window: `SELECT a, sum(b) OVER (PARTITION BY a ORDER BY b) FROM (SELECT (value * 7919) % 1009 AS a, value AS b FROM generate_series(1, ${ROWS}))`,
  join: `SELECT count(*) FROM generate_series(1, 20000) a JOIN generate_series(1, 20000) b ON a.value % 7 = b.value % 7 WHERE (a.value + b.value) % 3 = 1`,
  "cross join": `SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b WHERE (a.value * b.value) % 7 = 3`,
};

for (const [name, sql] of Object.entries(HEAVY)) {
  lifeTest(`cancelled in the middle of a heavy ${name}: within a few turns, its memory given back`, async (page) => {
    const seen = await page.evaluate(
      async ([sql]) => {
        // Nothing is kept for the next visit: that is done when no query runs, which is when this looks whether anything is done.
        const lake = await connect({ worker: false, storeBytes: 0, memoryLimit: 512 * 2 ** 20, tables: { weather: "/www/demo/weather" } });
        await lake.query("SELECT count(*) FROM weather WHERE temperature > 0");
        const phases = [];
        const abort = new AbortController();
        const turns = countTurns();
        const code = codeOf(lake.query(sql, { signal: abort.signal, onProgress: ({ phase }) => phases.push(phase) }));
        await new Promise((resolve) => setTimeout(resolve, 400)); // each takes a second or more on a fast machine
        const working = { ...turns };
        abort.abort();
        const aborted = performance.now();
        const ended = await code;
        const rejected = { turns: turns.turns - working.turns, millis: performance.now() - aborted };
        turns.stop();
        await new Promise((resolve) => setTimeout(resolve, 1));
        // The engine's driver looks at the clock in each of its slices: when it has let go of the query, it does so no more.
        const { now } = performance;
        let looks = 0;
        performance.now = () => ((looks += 1), now.call(performance));
        let [quiet, slices] = [0, 0];
        for (let turn = 0; turn < 400 && quiet < 20; turn += 1) {
          looks = 0;
          await new Promise((resolve) => setTimeout(resolve, 1));
          quiet = looks > 0 ? 0 : quiet + 1;
          if (looks > 0) slices = turn + 1;
        }
        performance.now = now;
        const n = (await lake.query("SELECT count(*) AS n FROM weather WHERE temperature > 11")).at(0).n;
        return { ended, rejected, slices, n, worked: working.turns, longest: Math.round(working.longest), phases: [...new Set(phases)] };
      },
      [sql],
    );
    assert.equal(seen.ended, "cancelled");
    assert.ok(seen.rejected.turns <= 3 && seen.rejected.millis < 1000, JSON.stringify(seen.rejected));
    assert.ok(seen.worked > 10, `the event loop had ${seen.worked} turns while the query ran`);
    assert.ok(seen.slices <= 10, `the engine worked on for ${seen.slices} turns`);
    assert.ok(seen.longest < 1000, `a turn took ${seen.longest} ms`);
    assert.ok(!seen.phases.includes("done"), seen.phases.join());
    assert.equal(seen.n, 3n);
  });
}

lifeTest("cancelled while it fetches: its requests end, and no more are sent", async (page) => {
  const slow = `${harness.other}~fault/slow=400@parquet/www/demo/trade`;
  const asked = () => harness.otherLog.filter(({ path }) => path.includes("slow=400") && path.endsWith(".parquet")).length;
  const running = page.evaluate(async (url) => {
    const lake = await connect({ tables: { trade: url, weather: "/www/demo/weather" } });
    await lake.loadSql();
    const abort = new AbortController();
    const turns = countTurns();
    let read = 0;
    const sql = "SELECT sum(value) AS s FROM trade";
    const code = codeOf(lake.query(sql, { signal: abort.signal, onProgress: ({ files }) => (read = files.total) }));
    await until(() => read > 0);
    const before = turns.turns;
    abort.abort();
    const ended = await code;
    const rejected = turns.turns - before;
    turns.stop();
    const n = (await lake.query("SELECT count(*) AS n FROM weather WHERE temperature > 11"))[0].n;
    return { ended, rejected, n };
  }, slow);
  const seen = await running;
  const sent = asked();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.deepEqual([seen.ended, seen.n], ["cancelled", 3n]);
  assert.ok(seen.rejected <= 3, `${seen.rejected} turns`);
  assert.equal(asked(), sent, "requests after the cancel");
});

lifeTest("progress: phases in their order, and everything done at the end", async (page) => {
  const seen = await page.evaluate(async (url) => {
    const lake = await connect({ tables: { trade: url } });
    /** @type {import("../../www/lakeglass/index.js").QueryProgress[]} */
    const told = [];
    const rows = await lake.query("SELECT country, sum(value) AS s FROM trade WHERE year >= 2020 GROUP BY country", {
      onProgress: (progress) => told.push(progress),
    });
    const streamed = [];
    const stream = lake.queryStream("SELECT * FROM trade", { onProgress: ({ phase }) => streamed.push(phase) });
    for await (const batch of stream) if (batch.numRows < 0) break;
    const left = [];
    for await (const batch of lake.queryStream("SELECT * FROM trade", { onProgress: ({ phase }) => left.push(phase) }))
      if (batch.numRows > 0) break;
    const failed = [];
    await codeOf(lake.query("SELECT CAST(concat('x', country) AS INT) FROM trade", { onProgress: ({ phase }) => failed.push(phase) }));
    const all = (await lake.query("SELECT count(*) AS n FROM trade WHERE year >= 2020 AND value IS NOT NULL OR year >= 2020"))[0].n;
    return { rows: rows.length, told, streamed, left, failed, all };
  }, `${harness.other}~fault/slow=150@parquet/www/demo/trade`);
  assert.ok(seen.rows > 0);
  const order = ["planning", "reading", "computing", "done"];
  const places = seen.told.map(({ phase }) => order.indexOf(phase));
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  assert.ok(places.includes(1), JSON.stringify(seen.told));
  const end = /** @type {any} */ (seen.told.at(-1));
  assert.equal(end.phase, "done");
  assert.ok(end.files.total > 1 && end.files.done === end.files.total, JSON.stringify(end));
  assert.ok(end.rowGroups.total >= end.files.total && end.rowGroups.done === end.rowGroups.total, JSON.stringify(end));
  assert.ok(end.bytes.planned > 0 && end.bytes.fetched === end.bytes.planned, JSON.stringify(end));
  assert.equal(BigInt(end.rows), seen.all);
  for (const [before, after] of seen.told.slice(1).map((progress, i) => [seen.told[i], progress])) {
    assert.ok(after.rows >= before.rows && after.files.done >= before.files.done && after.bytes.fetched >= before.bytes.fetched);
  }
  assert.equal(seen.streamed.at(-1), "done");
  assert.ok(!seen.left.includes("done") && !seen.failed.includes("done"));
});

lifeTest("a plan as data, and what its operators did", async (page) => {
  const seen = await page.evaluate(async () => {
    const lake = await connect({ tables: { trade: "/www/demo/trade" } });
    const sql = "SELECT country, sum(value) AS s FROM trade WHERE year = $year GROUP BY country ORDER BY s DESC LIMIT 3";
    const flat = (/** @type {import("../../www/lakeglass/index.js").PlanNode} */ node) => [node, ...node.children.flatMap(flat)];
    const params = { year: 2021 };
    const planned = flat(await lake.explain(sql, { params }));
    const ran = flat(await lake.explain(sql, { params, analyze: true }));
    const whole = flat(await lake.explain("SELECT * FROM trade", { analyze: true }));
    const rows = (await lake.query("SELECT count(*) AS n FROM trade WHERE year = 2021 AND country = country"))[0].n;
    return {
      planned,
      ran,
      rows,
      files: whole.at(-1).metrics,
      unplanned: await codeOf(lake.explain("SHOW TABLES")),
      text: (await lake.query(`EXPLAIN ANALYZE ${sql.replace("$year", "2021")}`))[0].plan,
    };
  });
  const names = seen.ran.map(({ operator }) => operator);
  assert.deepEqual(
    seen.planned.map(({ operator }) => operator),
    names,
  );
  assert.ok(names.includes("GroupBy") && names.at(-1) === "LakeglassScan", names.join());
  assert.ok(!names.includes("Interruptible") && !names.includes("CooperativeExec"), names.join());
  assert.deepEqual(
    seen.planned.map(({ rows }) => rows ?? 0),
    names.map(() => 0),
  );
  const scan = /** @type {any} */ (seen.ran.at(-1));
  assert.equal(BigInt(scan.rows), seen.rows);
  assert.ok(scan.millis > 0 && scan.metrics.bytes_fetched > 0 && scan.metrics.requests > 0, JSON.stringify(scan));
  assert.ok(scan.metrics.files_pruned > 0 && scan.metrics.files_matched > 0, JSON.stringify(scan));
  assert.equal(scan.metrics.files_pruned + scan.metrics.files_matched, seen.files.files_matched);
  assert.equal(/** @type {any} */ (seen.ran[0]).rows, 3);
  assert.equal(seen.unplanned, "invalid_sql");
  assert.match(seen.text, /LakeglassScan.*files=\d+ total → \d+ matched.*bytes_fetched=/);
});

lifeTest("exports: each format's bytes, as a stream and as a Blob", async (page) => {
  const seen = await page.evaluate(async () => {
    const lake = await connect({ tables: { weather: "/www/demo/weather" } });
    const sql = "SELECT time, city, temperature, [1, NULL] AS list FROM weather WHERE temperature > $low ORDER BY time";
    const params = { low: 12.5 };
    /** Megabytes as an array of numbers are more than some drivers carry. @type {(blob: Blob) => Promise<string>} */
    const base64 = (blob) =>
      new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(String(reader.result).split(",")[1]);
        reader.readAsDataURL(blob);
      });
    const text = async (/** @type {any} */ format) => (await lake.exportBlob(sql, { format, params })).text();
    const arrow = new Uint8Array(await (await lake.exportBlob(sql, { format: "arrow", params })).arrayBuffer());
    const other = await import("/www/lakeglass/node_modules/@uwdata/flechette/src/index.js");
    const parquet = await lake.exportBlob("SELECT value AS n, concat('row ', value) AS text FROM generate_series(1, 300000)", {
      format: "parquet",
    });
    const chunks = [];
    for await (const chunk of lake.export("SELECT value FROM generate_series(1, 300000)", { format: "csv" })) chunks.push(chunk.length);
    const phases = [];
    const left = lake.export("SELECT value FROM generate_series(1, 3000000)", {
      format: "jsonl",
      onProgress: ({ phase }) => phases.push(phase),
    });
    const reader = left.getReader();
    const first = new TextDecoder().decode((await reader.read()).value).split("\n", 2);
    await reader.cancel();
    const abort = new AbortController();
    const aborted = codeOf(lake.exportBlob("SELECT value FROM generate_series(1, 30000000)", { format: "csv", signal: abort.signal }));
    setTimeout(() => abort.abort(), 200);
    const url = URL.createObjectURL(parquet);
    URL.revokeObjectURL(url);
    return {
      csv: await text("csv"),
      jsonl: await text("jsonl"),
      type: parquet.type,
      chunks,
      first,
      phases,
      arrow: other.tableFromIPC(arrow).toArray().length,
      empty: [
        await (await lake.exportBlob("SELECT city FROM weather@v0", { format: "csv" })).text(),
        await (await lake.exportBlob("SELECT city FROM weather@v0", { format: "jsonl" })).text(),
      ],
      twins: await (
        await lake.exportBlob("SELECT a.value, b.value FROM generate_series(1, 1) a, generate_series(2, 2) b", { format: "jsonl" })
      ).text(),
      aborted: await aborted,
      wrong: await codeOf(lake.exportBlob("SELEC", { format: "csv" })),
      interval: await codeOf(lake.exportBlob("SELECT INTERVAL '1 day' AS i", { format: "parquet" })),
      format: (() => {
        try {
          lake.export("SELECT 1", { format: "xlsx" });
        } catch (error) {
          return error.name;
        }
      })(),
      parquet: await base64(parquet),
      n: (await lake.query("SELECT count(*) AS n FROM weather"))[0].n,
    };
  });
  assert.equal(
    seen.csv,
    'time,city,temperature,list\n2025-09-30T14:00:00Z,Paris,13.0,"[1,null]"\n2025-09-30T15:00:00Z,Paris,14.0,"[1,null]"\n',
  );
  assert.deepEqual(
    seen.jsonl
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
    [
      { time: "2025-09-30T14:00:00Z", city: "Paris", temperature: 13, list: [1, null] },
      { time: "2025-09-30T15:00:00Z", city: "Paris", temperature: 14, list: [1, null] },
    ],
  );
  assert.equal(seen.arrow, 2);
  assert.deepEqual([seen.empty, seen.twins], [["city\n", ""], '{"value":1,"value_1":2}\n']);
  assert.ok(seen.chunks.length > 5 && Math.min(...seen.chunks.slice(0, -1)) >= 1 << 16, `${seen.chunks.length} chunks`);
  assert.deepEqual(seen.first, ['{"value":1}', '{"value":2}']);
  assert.ok(!seen.phases.includes("done"));
  assert.deepEqual(
    [seen.aborted, seen.wrong, seen.interval, seen.format, seen.n],
    ["cancelled", "invalid_sql", "unsupported_feature", "TypeError", 4n],
  );
  // What was written in the browser is read by the engine, over HTTP.
  assert.equal(seen.type, "application/vnd.apache.parquet");
  const folder = await mkdtemp(join(tmpdir(), "lakeglass-export-"));
  await writeFile(join(folder, "result.parquet"), Buffer.from(seen.parquet, "base64"));
  const server = await serve({ root: folder });
  try {
    const read = await page.evaluate(async (url) => {
      const lake = await connect({});
      return [
        ...(await lake.query(
          `SELECT count(*) AS n, sum(n) AS s, min(text) AS low, max(text) AS high FROM read_parquet('${url}result.parquet')`,
        )),
      ];
    }, server.url);
    assert.deepEqual(read, [{ n: 300000n, s: 45000150000n, low: "row 1", high: "row 99999" }]);
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
});

lifeTest("over the memory limit ten times, and the session still answers", async (page) => {
  const seen = await page.evaluate(async () => {
    const lake = await connect({ memoryLimit: 8 * 2 ** 20, tables: { weather: "/www/demo/weather" } });
    const grouped = "SELECT (value * 7919) % 1000003 AS key, count(*) FROM generate_series(1, 1000000) GROUP BY key";
    const codes = [];
    for (let i = 0; i < 10; i += 1) {
      codes.push(
        await codeOf(lake.query(i % 2 ? grouped : "SELECT concat('row ', value) AS text FROM generate_series(1, 1000000) ORDER BY text")),
      );
    }
    const message = await lake.query(grouped).catch((error) => error.message);
    const sorted = await lake.query("SELECT value FROM generate_series(1, 100000) ORDER BY value DESC LIMIT 2");
    return {
      codes: [...new Set(codes)],
      count: codes.length,
      message,
      sorted: sorted.map((row) => row.value),
      n: (await lake.query("SELECT count(*) AS n FROM weather"))[0].n,
    };
  });
  assert.deepEqual([seen.codes, seen.count], [["memory_limit"], 10]);
  assert.match(seen.message, /GroupBy/);
  assert.deepEqual([seen.sorted, seen.n], [[100000n, 99999n], 4n]);
});

lifeTest("a result too large to hand over says so, and can be streamed", async (page) => {
  const seen = await page.evaluate(async () => {
    const lake = await connect({ maxResultBytes: 100_000 });
    const sql = "SELECT value FROM generate_series(1, 100000)";
    const error = await lake.query(sql).catch(({ code, message }) => ({ code, message }));
    const others = [await codeOf(lake.queryArrow(sql)), await codeOf(lake.queryIPC(sql))];
    let rows = 0;
    for await (const batch of lake.queryStream(sql)) rows += batch.numRows;
    return { error, others, rows, small: (await lake.query("SELECT 1 AS one")).length };
  });
  assert.equal(seen.error.code, "memory_limit");
  assert.match(seen.error.message, /queryStream/);
  assert.deepEqual([seen.others, seen.rows, seen.small], [["memory_limit", "memory_limit"], 100000, 1]);
});

lifeTest("several queries at once on one session: all right, and what one fetched is there for the others", async (page) => {
  const seen = await page.evaluate(async () => {
    const one = await connect({ storeBytes: 0, tables: { trade: "/www/demo/trade" } });
    const sql = "SELECT year, count(*) AS n, sum(value) AS s FROM trade GROUP BY year ORDER BY year";
    const alone = await one.query(sql);
    const lake = await connect({ storeBytes: 0, tables: { trade: "/www/demo/trade" } });
    const together = await Promise.all([sql, sql, sql, sql].map((text) => lake.query(text)));
    const text = (/** @type {any[]} */ rows) => JSON.stringify([...rows], (_, value) => (typeof value === "bigint" ? `${value}` : value));
    const bytes = together.reduce((sum, rows) => sum + rows.metrics.bytes, 0);
    return { same: together.every((rows) => text(rows) === text(alone)), rows: alone.length, alone: alone.metrics.bytes, bytes };
  });
  assert.ok(seen.same && seen.rows > 5);
  assert.ok(seen.bytes <= seen.alone * 1.2, `${seen.bytes} bytes for four, ${seen.alone} for one`);
});
