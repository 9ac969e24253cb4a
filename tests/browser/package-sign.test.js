// A page's functions that know where a table's objects are, and what a table's host is shown: on their way to the engine.

import assert from "node:assert/strict";
import { BROWSER } from "./browsers.js";
import { pageTest, useHarness } from "./fake-page.js";

useHarness();

for (const worker of [true, false]) {
  const mode = worker ? "worker" : "main";

  pageTest(
    `${mode}: the engine asks the page where objects are, and a new engine asks again`,
    async (page) => {
      const seen = await page.evaluate(async (worker) => {
        /** @type {string[]} */
        const asked = [];
        const sign = async (/** @type {string} */ path) => {
          asked.push(path);
          if (path.endsWith("gone")) return null;
          if (path.endsWith("own")) return undefined;
          if (path.endsWith("fails")) throw new RangeError("https://host/?secret");
          return new URL(`https://host/${path}?sig=1`);
        };
        const access = { endpoint: "http://localhost:9000", headers: { "x-token": "t" } };
        const lake = await connect({ worker, tables: { weather: { url: "s3://bucket/weather", sign, access } } });
        const { signed, access: told } = await counters(lake);
        await failure(lake.query("trap"));
        const rows = (await lake.query("weather")).length;
        const again = await counters(lake);
        return { signed, told, rows, again: again.signed, asked: asked.length, url: (await lake.table("weather")).url };
      }, worker);
      assert.deepEqual(seen, {
        signed: '"https://host/weather/a?sig=1" null undefined "RangeError"',
        told: '{"endpoint":"http://localhost:9000","headers":{"x-token":"t"}}',
        rows: 4,
        again: seen.signed,
        asked: 8,
        url: "s3://bucket/weather",
      });
    },
    { uncaught: /unreachable|crashed/ },
  );
}

pageTest(
  "a folder's files, by path",
  async (page) => {
    const seen = await page.evaluate(async () => {
      const { localFolder } = await loadPackage();
      const file = (/** @type {string} */ path, /** @type {string} */ text) => {
        const made = new File([text], path.split("/").pop() ?? "");
        Object.defineProperty(made, "webkitRelativePath", { value: path });
        return made;
      };
      const { url, sign } = localFolder([file("my table/_delta_log/0.json", "log"), file("my table/p=1/a.parquet", "data")]);
      const text = async (/** @type {any} */ at) => (await fetch(at, { headers: { range: "bytes=1-2" } })).text();
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle("table", { create: true });
      const log = await folder.getDirectoryHandle("_delta_log", { create: true });
      const writable = await (await log.getFileHandle("0.json", { create: true })).createWritable();
      await writable.write("picked");
      await writable.close();
      const picked = localFolder(folder);
      return [
        url,
        await text(await sign("_delta_log/0.json")),
        await text(await sign("p=1/a.parquet")),
        (await sign("p=1/a.parquet")) === (await sign("p=1/a.parquet")),
        await sign("p=1/b.parquet"),
        await text(await picked.sign("_delta_log/0.json")),
        await picked.sign("_delta_log/1.json"),
        await picked.sign("nowhere/1.json"),
      ];
    });
    assert.deepEqual(seen, ["https://folder.invalid/my%20table", "og", "at", true, null, "ic", null, null]);
  },
  { skip: BROWSER === "webkit" && "MiniBrowser has no file system of its own" },
);
