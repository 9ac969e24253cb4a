// A `fetch` of the page's own: what it is asked, what it may answer, and that its requests end with those who asked.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { giveEngine, PATIENCE_MILLIS, startHarness, unbuilt as skip } from "./harness.js";

/** @type {Awaited<ReturnType<typeof startHarness>>} */
let harness;
before(async () => {
  if (!skip) harness = await startHarness();
});
after(() => harness?.close());

/** @param {string} name @param {(page: Awaited<ReturnType<typeof harness.open>>) => Promise<void>} body */
function fetchTest(name, body) {
  test(name, { skip, timeout: 2 * PATIENCE_MILLIS }, async () => {
    const page = await harness.open();
    await giveEngine(page);
    await body(page);
    await page.done();
  });
}

for (const worker of [true, false]) {
  const mode = worker ? "worker" : "main";

  fetchTest(`${mode}: every request for a table's objects goes through it, and nothing is kept on disk`, async (page) => {
    harness.otherLog.length = 0;
    const seen = await page.evaluate(
      async ([worker, other]) => {
        /** @type {{ path: string, range: string | null, method?: string, hasSignal: boolean }[]} */
        const asked = [];
        const fetchWith = (/** @type {string} */ url, /** @type {RequestInit} */ init) => {
          const headers = new Headers(init.headers);
          asked.push({
            path: new URL(url).pathname,
            range: headers.get("range"),
            method: init.method,
            hasSignal: init.signal instanceof AbortSignal,
          });
          return fetch(url.replace("https://made-up.example/", `${other}www/demo/`), init);
        };
        const lake = await connect({ worker, preloadSql: false, fetch: fetchWith });
        const table = await lake.table("https://made-up.example/weather", { version: 1 });
        const rows = await table.preview();
        return {
          mode: lake.mode,
          rows: rows.length,
          requests: table.info.metrics.requests + rows.metrics.requests,
          asked,
          kept: await caches.keys(),
        };
      },
      /** @type {[boolean, string]} */ ([worker, harness.other]),
    );
    assert.deepEqual([seen.mode, seen.rows, seen.kept], [mode, 3, []]);
    assert.equal(seen.asked.length, seen.requests);
    assert.ok(seen.asked.every(({ path, method, hasSignal }) => path.startsWith("/weather/") && method === "GET" && hasSignal));
    assert.ok(seen.asked.some(({ path, range }) => path.endsWith(".parquet") && /^bytes=\d+-\d+$/.test(range ?? "")));
    const served = harness.otherLog.map(({ path }) => path.replace("/www/demo", ""));
    assert.deepEqual(served.sort(), seen.asked.map(({ path }) => path).sort());
  });

  fetchTest(`${mode}: its answers are taken as a host's: statuses, ranges, errors by their kind`, async (page) => {
    const seen = await page.evaluate(
      async ([worker, other]) => {
        const weather = `${other}www/demo/weather`;
        const connectWith = (/** @type {(url: string, init: RequestInit) => any} */ fetchWith) =>
          connect({ worker, preloadSql: false, fetch: fetchWith });
        const opened = async (/** @type {(url: string, init: RequestInit) => any} */ fetchWith) => {
          const lake = await connectWith(fetchWith);
          return codeOf(lake.table(weather));
        };
        const flaky = new Set();
        const lake = await connectWith((url, init) => {
          if (flaky.has(url)) return fetch(url, init);
          flaky.add(url);
          return Promise.resolve(new Response("busy", { status: 503, headers: { "Retry-After": "0" } }));
        });
        const retried = await lake.table(weather);
        return {
          version: retried.version,
          retries: retried.info.metrics.retries > 0,
          forbidden: await opened(async () => new Response(null, { status: 403 })),
          missing: await opened(async () => new Response("none", { status: 404 })),
          blocked: await opened(async () => Promise.reject(new TypeError("secret"))),
          text: await opened(async () => "not a Response"),
        };
      },
      /** @type {[boolean, string]} */ ([worker, harness.other]),
    );
    assert.deepEqual(seen, {
      version: 2n,
      retries: true,
      forbidden: "permission_denied",
      missing: "table_not_found",
      blocked: "cors_or_network",
      text: "cors_or_network",
    });
  });

  fetchTest(`${mode}: a call that is cancelled aborts its request`, async (page) => {
    const seen = await page.evaluate(async (worker) => {
      /** @type {AbortSignal[]} */
      const signals = [];
      const never = (/** @type {string} */ _url, /** @type {RequestInit} */ { signal }) => {
        signals.push(/** @type {AbortSignal} */ (signal));
        return new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      };
      const lake = await connect({ worker, preloadSql: false, fetch: never });
      const abort = new AbortController();
      const code = codeOf(lake.table("https://made-up.example/slow", { signal: abort.signal }));
      for (let i = 0; i < 200 && signals.length === 0; i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
      abort.abort();
      const ended = await code;
      for (let i = 0; i < 200 && !signals.every(({ aborted }) => aborted); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
      return { ended, asked: signals.length > 0, aborted: signals.every(({ aborted }) => aborted) };
    }, worker);
    assert.deepEqual(seen, { ended: "cancelled", asked: true, aborted: true });
  });
}
