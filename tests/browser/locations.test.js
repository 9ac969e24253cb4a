// Where a table may be, with the built engine in a real browser: functions that sign, folders, other origins, shares.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PATIENCE_MILLIS, startHarness, unbuilt as skip } from "./harness.js";

/** @type {Awaited<ReturnType<typeof startHarness>>} */
let harness;
before(async () => {
  if (!skip) harness = await startHarness();
});
after(() => harness?.close());

const SQL = "SELECT count(*) AS n, sum(temperature) AS s FROM weather";

function locationTest(/** @type {string} */ name, /** @type {(page: Awaited<ReturnType<typeof harness.open>>) => Promise<void>} */ body) {
  test(name, { skip, timeout: 2 * PATIENCE_MILLIS }, async () => {
    const page = await harness.open();
    await page.evaluate(() => {
      Object.assign(globalThis, {
        loadPackage: () => import(new URL("/www/lakeglass/index.js", location.href).href),
        failure: (/** @type {Promise<any>} */ promise) =>
          promise.then(
            () => ({}),
            ({ code, message, origin }) => ({ code, message, origin }),
          ),
      });
    });
    await body(page);
    await page.done();
  });
}

locationTest("a function that signs each path, whose URLs are at another origin", async (page) => {
  const before = harness.otherLog.length;
  const seen = await page.evaluate(
    async ({ other, sql }) => {
      const { Lakeglass } = await loadPackage();
      const sign = (/** @type {string} */ path) => `${other}www/demo/weather/${path}?ticket=1`;
      const answers = [];
      for (const version of [1, 2]) {
        const source = { url: "https://nowhere.invalid/t?sig=secret", version, sign, access: { headers: { "x-token": "secret" } } };
        const lake = await Lakeglass.connect({ tables: { weather: source } });
        answers.push((await lake.query(sql))[0]);
        lake.close();
      }
      return answers;
    },
    { other: harness.other, sql: SQL },
  );
  assert.deepEqual(seen, [
    { n: 3n, s: 33 },
    { n: 4n, s: 49 },
  ]);
  const requests = harness.otherLog.slice(before).filter((entry) => entry.path.includes("/demo/weather/"));
  assert.ok(requests.length > 0 && requests.every((entry) => !JSON.stringify(entry).includes("secret")));
});

locationTest("a folder that was picked, and one that was dropped", async (page) => {
  const before = harness.homeLog.length;
  const seen = await page.evaluate(async (sql) => {
    const { Lakeglass, localFolder } = await loadPackage();
    const names = ["00000000000000000000.json", "00000000000000000001.json", "00000000000000000002.json"].map(
      (name) => `_delta_log/${name}`,
    );
    const logs = await Promise.all(names.map(async (name) => (await fetch(`/www/demo/weather/${name}`)).text()));
    const data = logs
      .join("\n")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line).add?.path)
      .filter(Boolean);
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle("weather", { create: true });
    const log = await folder.getDirectoryHandle("_delta_log", { create: true });
    /** @type {File[]} */
    const files = [];
    for (const name of [...names, ...data]) {
      const bytes = await (await fetch(`/www/demo/weather/${name}`)).arrayBuffer();
      const [where, last] = name.startsWith("_delta_log/") ? [log, name.slice(11)] : [folder, name];
      const writable = await (await where.getFileHandle(last, { create: true })).createWritable();
      await writable.write(bytes);
      await writable.close();
      const file = new File([bytes], last);
      Object.defineProperty(file, "webkitRelativePath", { value: `weather/${name}` });
      files.push(file);
    }
    const answers = [];
    for (const source of [localFolder(folder), localFolder(files)]) {
      for (const version of [1, 2]) {
        const lake = await Lakeglass.connect({ tables: { weather: { ...source, version } } });
        answers.push((await lake.query(sql))[0]);
        lake.close();
      }
    }
    return answers;
  }, SQL);
  assert.deepEqual(seen, [
    { n: 3n, s: 33 },
    { n: 4n, s: 49 },
    { n: 3n, s: 33 },
    { n: 4n, s: 49 },
  ]);
  assert.ok(!harness.homeLog.slice(before).some((entry) => entry.path.includes("folder.invalid")));
});

locationTest("a share whose time is over says so and whom to ask", async (page) => {
  const error = await page.evaluate(async () => {
    const { Lakeglass } = await loadPackage();
    const share = {
      lakeglassManifest: 1,
      contact: "ana@example.com",
      expires: 1,
      definitions: [],
      files: [],
      versions: [{ version: 1, definition: 0, files: [] }],
    };
    const url = URL.createObjectURL(new Blob([JSON.stringify(share)]));
    const sign = (/** @type {string} */ path) => (path === "share.json" ? url : null);
    return failure(Lakeglass.connect({ tables: { t: { url: "https://nowhere.invalid/share.json?sig=secret", sign } } }));
  });
  assert.equal(error.code, "url_expired");
  assert.match(error.message, /ask ana@example.com/);
  assert.ok(!error.message.includes("secret"));
});

locationTest("what a log names at another origin has to be allowed", async (page) => {
  const seen = await page.evaluate(
    async ({ other, sql }) => {
      const { Lakeglass } = await loadPackage();
      const log = await (await fetch("/www/demo/weather/_delta_log/00000000000000000000.json")).text();
      const first = await (await fetch("/www/demo/weather/_delta_log/00000000000000000001.json")).text();
      const away = (/** @type {string} */ text) =>
        text
          .split("\n")
          .filter(Boolean)
          .map((line) => {
            const action = JSON.parse(line);
            if (action.add) action.add.path = `${other}www/demo/weather/${action.add.path}`;
            return JSON.stringify(action);
          })
          .join("\n");
      const blobs = { "_delta_log/00000000000000000000.json": log, "_delta_log/00000000000000000001.json": away(first) };
      const sign = (/** @type {string} */ path) => {
        if (path.startsWith("http")) return undefined;
        const text = /** @type {Record<string, string>} */ (blobs)[path];
        return text === undefined ? null : URL.createObjectURL(new Blob([text]));
      };
      const url = "https://nowhere.invalid/t";
      const refused = await failure(Lakeglass.connect({ tables: { weather: { url, sign } } }).then((lake) => lake.query(sql)));
      const allowed = await Lakeglass.connect({ tables: { weather: { url, sign, access: { allowedOrigins: [other] } } } });
      return { refused, rows: [...(await allowed.query(sql))] };
    },
    { other: harness.other, sql: SQL },
  );
  assert.equal(seen.refused.code, "origin_not_allowed");
  assert.equal(`${seen.refused.origin}/`, harness.other);
  assert.deepEqual(seen.rows, [{ n: 3n, s: 33 }]);
});
