// The static server itself: what it promises to the tests that rely on it.

import assert from "node:assert/strict";
import { mkdtemp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { serve } from "../../scripts/serve.mjs";

/** @type {string} */ let folder;
/** @type {import("../../scripts/serve.mjs").Server} */ let server;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "lakeglass-serve-"));
  await mkdir(path.join(folder, "root", "inner"), { recursive: true });
  await writeFile(path.join(folder, "secret"), "secret");
  await writeFile(path.join(folder, "root", "ten"), "0123456789");
  await writeFile(path.join(folder, "root", "a%20b c.json"), "{}");
  await writeFile(path.join(folder, "root", "module.wasm"), "wasm");
  await writeFile(path.join(folder, "root", "inner", "index.html"), "<p>");
  await symlink(path.join(folder, "secret"), path.join(folder, "root", "link"));
  server = await serve({
    root: path.join(folder, "root"),
    mounts: { "/other": path.join(folder, "root", "inner") },
    faults: true,
    log: true,
  });
});

after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** @param {string} name @param {Record<string, string>} [headers] @param {string} [method] */
const ask = (name, headers = {}, method = "GET") => fetch(server.url + name, { headers, method, redirect: "manual" });

/** A request whose path fetch would tidy up. @param {string} target @returns {Promise<number | undefined>} */
const rawStatus = (target) =>
  new Promise((resolve, reject) => {
    get({ port: server.port, path: target, agent: false }, (answer) => resolve(answer.resume().statusCode)).on("error", reject);
  });

test("a whole file, its type and validators", async () => {
  const answer = await ask("module.wasm");
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), "wasm");
  assert.equal(answer.headers.get("content-type"), "application/wasm");
  const tag = answer.headers.get("etag") ?? "";
  assert.equal((await ask("module.wasm", { "If-None-Match": tag })).status, 304);
  assert.equal((await ask("a%2520b%20c.json")).headers.get("content-type"), "application/json; charset=utf-8");
});

test("ranges", async () => {
  /** @type {[string, number, string, string | null][]} */
  const cases = [
    ["bytes=0-0", 206, "0", "bytes 0-0/10"],
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=8-99", 206, "89", "bytes 8-9/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-3", 206, "789", "bytes 7-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=4-2", 200, "0123456789", null],
    ["bytes=0-1,4-5", 200, "0123456789", null],
  ];
  for (const [range, status, body, contentRange] of cases) {
    const answer = await ask("ten", { Range: range });
    assert.equal(answer.status, status, range);
    assert.equal(await answer.text(), body, range);
    assert.equal(answer.headers.get("content-range"), contentRange, range);
  }
  const stale = await ask("ten", { Range: "bytes=0-0", "If-Range": '"other"' });
  assert.equal(stale.status, 200);
});

test("nothing outside the folder", async () => {
  assert.equal(await rawStatus("/../secret"), 400);
  assert.equal(await rawStatus("/inner/..%2f..%2fsecret"), 400);
  assert.equal(await rawStatus("/%2e%2e/secret"), 400);
  assert.equal(await rawStatus("/%zz"), 400);
  assert.equal(await rawStatus("/link"), 404);
  assert.equal(await rawStatus("/none"), 404);
});

test("folders, mounts, methods", async () => {
  assert.equal((await ask("inner")).headers.get("location"), "inner/");
  assert.equal(await (await ask("inner/")).text(), "<p>");
  assert.equal(await (await ask("other/")).text(), "<p>");
  assert.equal((await ask("")).status, 404);
  assert.equal((await ask("ten", {}, "POST")).status, 405);
  const head = await ask("ten", {}, "HEAD");
  assert.equal(head.headers.get("content-length"), "10");
  assert.equal(await head.text(), "");
});

test("CORS and its preflight", async () => {
  const simple = await ask("ten", { Origin: "http://elsewhere" });
  assert.equal(simple.headers.get("access-control-allow-origin"), "*");
  assert.match(simple.headers.get("access-control-expose-headers") ?? "", /Content-Range/);
  const preflight = await ask("ten", { Origin: "http://elsewhere", "Access-Control-Request-Headers": "range,x-a" }, "OPTIONS");
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-headers"), "range,x-a");
  const without = await ask("~fault/no-cors/ten", { Origin: "http://elsewhere" });
  assert.equal(without.headers.get("access-control-allow-origin"), null);
  const found = await ask("~fault/cors-if-found/ten", { Origin: "http://elsewhere" });
  assert.equal(found.headers.get("access-control-allow-origin"), "*");
  const missing = await ask("~fault/cors-if-found/none", { Origin: "http://elsewhere" });
  assert.deepEqual([missing.status, missing.headers.get("access-control-allow-origin")], [404, null]);
  const hidden = await ask("~fault/no-expose/ten", { Origin: "http://elsewhere" });
  assert.equal(hidden.headers.get("access-control-expose-headers"), null);
});

test("faults by status and by count", async () => {
  assert.equal((await ask("~fault/404/ten")).status, 404);
  assert.equal((await ask("~fault/500@eleven/ten")).status, 200);
  assert.equal((await ask("~fault/500@te/ten")).status, 500);
  const flaky = [];
  for (let i = 0; i < 4; i++) flaky.push((await ask("~fault/flaky=2/ten")).status);
  assert.deepEqual(flaky, [503, 503, 200, 200]);
  assert.match(await (await ask("~fault/expired/ten")).text(), /Request has expired/);
  assert.equal((await ask("~fault/missing-denied/ten")).status, 200);
  assert.equal((await ask("~fault/missing-denied/none")).status, 403);
  assert.match(await (await ask("~fault/html/none")).text(), /doctype/);
  assert.equal((await ask("~fault/redirect/ten?x=1")).headers.get("location"), "/ten?x=1");
  await assert.rejects(ask("~fault/drop/ten"));
});

test("faults in the bytes", async () => {
  const range = { Range: "bytes=2-5" };
  const whole = await ask("~fault/no-range/ten", range);
  assert.deepEqual([whole.status, await whole.text()], [200, "0123456789"]);
  const truncated = await ask("~fault/truncated/ten", range);
  assert.deepEqual([truncated.status, await truncated.text()], [206, "23"]);
  const wrong = await ask("~fault/wrong-content-range/ten", range);
  assert.equal(wrong.headers.get("content-range"), "bytes 3-6/10");
  const zipped = await ask("~fault/gzip/ten", range);
  assert.deepEqual([zipped.status, await zipped.text()], [200, "0123456789"]);
  const short = await ask("~fault/short-body/ten", range);
  assert.equal(short.headers.get("content-length"), "4");
  await assert.rejects(short.text());
  assert.equal((await ask("~fault/no-suffix/ten", { Range: "bytes=-1" })).status, 400);
  assert.equal(await (await ask("~fault/no-suffix/~fault/truncated/ten", range)).text(), "23");
});

test("faults that wait", async () => {
  const began = performance.now();
  assert.equal(await (await ask("~fault/slow=60/ten")).text(), "0123456789");
  assert.ok(performance.now() - began >= 55);
  const options = { signal: AbortSignal.timeout(100) };
  await assert.rejects(fetch(`${server.url}~fault/hang/ten`, options));
  const body = await fetch(`${server.url}~fault/hang-body/ten`, { signal: AbortSignal.timeout(200) });
  assert.equal(body.status, 200);
  await assert.rejects(body.text());
});

test("the request log", async () => {
  await ask("~log", {}, "DELETE");
  await (await ask("ten?token=1", { Range: "bytes=1-2" })).text();
  await (await ask("~fault/404/none")).text();
  const log = await (await ask("~log")).json();
  assert.deepEqual(
    log.map((/** @type {import("../../scripts/serve.mjs").LogEntry} */ { method, path, query, range, status, bytes, faults }) => ({
      method,
      path,
      query,
      range,
      status,
      bytes,
      faults,
    })),
    [
      { method: "GET", path: "/ten", query: "?token=1", range: "bytes=1-2", status: 206, bytes: 2, faults: [] },
      { method: "GET", path: "/none", query: "", range: null, status: 404, bytes: 15, faults: ["404"] },
    ],
  );
});
