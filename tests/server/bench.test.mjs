// The benchmarks' host keeps to the network it is told: else the figures in tests/bench/README.md mean nothing.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { brotliDecompressSync } from "node:zlib";
import { chain, difference, inFlight } from "../bench/compare.mjs";
import { Downlink, NETWORKS } from "../bench/network.mjs";
import { brotliCopy, startHost } from "../bench/server.mjs";

const MODULE = Buffer.from("export const text = 'a module';\n".repeat(100));
const DATA = Buffer.alloc(500_000, "0123456789");

/** @type {string} */ let folder;
/** @type {import("../bench/server.mjs").Host} */ let home;
/** @type {import("../bench/server.mjs").Host} */ let data;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "lakeglass-bench-"));
  await mkdir(path.join(folder, "data"));
  await writeFile(path.join(folder, "module.js"), MODULE);
  await writeFile(path.join(folder, "data", "part-0.parquet"), DATA);
  const downlink = new Downlink();
  home = await startHost({ downlink, mounts: { "/": folder }, brotliFolder: path.join(folder, "brotli") });
  data = await startHost({ downlink, mounts: { "/data/": path.join(folder, "data") } });
});

after(async () => {
  await Promise.all([home.close(), data.close()]);
  await rm(folder, { recursive: true });
});

/** @param {keyof typeof NETWORKS} network */
function use(network) {
  for (const host of [home, data]) {
    host.setNetwork(NETWORKS[network]);
    host.clear();
  }
}

/** Milliseconds that parts of the data take, asked for all at once. @param {number} count @param {number} bytes */
async function millisFor(count, bytes) {
  const began = performance.now();
  const bodies = Array.from({ length: count }, async (_, index) => {
    const headers = { Range: `bytes=${index * bytes}-${(index + 1) * bytes - 1}` };
    const response = await fetch(`${data.url}/data/part-0.parquet`, { headers });
    assert.equal(response.status, 206);
    return Buffer.from(await response.arrayBuffer());
  });
  const received = Buffer.concat(await Promise.all(bodies));
  assert.deepEqual(received, DATA.subarray(0, count * bytes));
  return performance.now() - began;
}

test("every answer waits for the latency, and many wait at once", async () => {
  use("40ms");
  const millis = await millisFor(40, 1000);
  assert.ok(millis >= 39, `${millis} ms`);
  assert.ok(millis < 40 * 40, `${millis} ms: one after another`);
});

test("all answers share one downlink", async () => {
  use("40ms-20mbit");
  const expected = 40 + (500_000 * 8) / 20_000;
  for (const count of [1, 5]) {
    const millis = await millisFor(count, 500_000 / count);
    // The last chunk is let go when the ones before it have arrived.
    assert.ok(millis >= expected * 0.9, `${count} answers: ${millis} ms, not ${expected}`);
    assert.ok(millis < expected * 2.5, `${count} answers: ${millis} ms, not ${expected}`);
  }
});

test("what was asked for is counted", async () => {
  use("none");
  await millisFor(2, 1000);
  const whole = await fetch(`${data.url}/data/part-0.parquet`, { method: "HEAD" });
  assert.equal(whole.headers.get("content-length"), String(DATA.length));
  assert.equal((await fetch(`${data.url}/data/absent`)).status, 404);
  assert.deepEqual(data.log.map(({ method, range, status, bytes }) => [method, range, status, bytes]).sort(), [
    ["GET", "", 404, 0],
    ["GET", "bytes=0-999", 206, 1000],
    ["GET", "bytes=1000-1999", 206, 1000],
    ["HEAD", "", 200, 0],
  ]);
});

test("modules come with brotli, data as it is", async () => {
  use("none");
  const response = await fetch(`${home.url}/module.js`, { headers: { "Accept-Encoding": "br" } });
  assert.equal(response.headers.get("content-encoding"), "br");
  assert.match(response.headers.get("cache-control") ?? "", /immutable/);
  assert.equal(await response.text(), MODULE.toString());
  assert.ok(home.log[0].bytes < MODULE.length / 10, "counted as sent");
  const plain = await fetch(`${home.url}/module.js`, { headers: { "Accept-Encoding": "identity" } });
  assert.equal(plain.headers.get("content-encoding"), null);
  const copy = await brotliCopy(path.join(folder, "module.js"), path.join(folder, "brotli"));
  assert.equal(brotliDecompressSync(await readFile(copy)).toString(), MODULE.toString());
});

test("round trips in a row, and requests at once", () => {
  const log = [
    { start: 0, end: 40 },
    { start: 1, end: 41 },
    { start: 42, end: 90 },
    { start: 43, end: 80 },
    { start: 95, end: 100 },
  ];
  assert.equal(chain(log), 3);
  assert.equal(inFlight(log), (40 + 40 + 48 + 37 + 5) / 100);
});

test("results are compared by value", () => {
  assert.equal(difference([[1, "a"]], [[1 + 1e-12, "a"]]), null);
  assert.match(difference([[1, "a"]], [[1.001, "a"]]) ?? "", /row 0, column 0/);
  assert.match(difference([[1]], [[1], [2]]) ?? "", /rows/);
  assert.equal(difference([[1]], [[2]], true), null);
});
