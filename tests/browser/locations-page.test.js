// The page as people get it, in front of what they were given: links that share a table, keys, folders and files of this machine, and
// hosts that do not let it read.

import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { serve } from "../../scripts/serve.mjs";
import { KEYS, objectsOf, presign, putIntoBucket } from "./locations-cloud.js";
import { EXPECTED, locationTest as onPage, noCli, ROOT, SQL, TABLE, useLocations } from "./locations-harness.js";
import { front, host, redirecting, reply, serverOf } from "./locations-hosts.js";

/** @typedef {import("playwright-core").Page} Page */

const at = useLocations();
const { keep, secrets } = at;
const { url: swift, missing: noSwift } = serverOf("swift");
const visible = ".panel:not([hidden])";

/** @type {Promise<string> | undefined} */
let filled;
/** Swift with the table in it, behind a proxy that adds CORS. */
const swiftFront = () =>
  (filled ??= (async () => {
    await putIntoBucket(
      swift,
      "page",
      (await objectsOf(TABLE)).map(([name, bytes]) => [`trade/${name}`, bytes]),
    );
    return (await keep(front(swift))).url;
  })());

let runs = 0;
/** Runs a query of one row in the page's editor; the cells of its result. @param {Page} page @param {string} sql */
async function run(page, sql) {
  // Known by a column of its own: the result of the query before stays until this one's comes.
  const mark = `run_${++runs}`;
  await page.getByRole("tab", { name: "SQL" }).click();
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(`SELECT *, 1 AS ${mark} FROM (${sql})`);
  await page.keyboard.press("Control+Enter");
  await page.locator(`${visible} [role=columnheader]`, { hasText: mark }).first().waitFor();
  return (await page.locator(`${visible} .grid-body [role=gridcell]`).allTextContents()).slice(0, -1);
}

/** What the selected table is called in SQL. @param {Page} page */
const nameOf = async (page) => (await page.getByRole("heading", { level: 1 }).textContent()) ?? "";
/** The table's first rows are there. @param {Page} page */
async function opened(page) {
  await page.getByRole("tab", { name: "Data" }).click();
  await page.locator("#view-data [role=gridcell]").first().waitFor();
}
/** @param {Page} page */
async function alert(page) {
  const shown = page.locator("[role=alert]").first();
  await shown.waitFor();
  return { code: await shown.getAttribute("data-code"), text: (await shown.textContent()) ?? "" };
}
const digits = (/** @type {string[]} */ cells) => cells.map((cell) => BigInt(cell.replace(/\D/g, "")));

/** A share of Swift's table with the link that opens it on the page. @param {string} name @param {string} manifestUrl */
async function share(name, manifestUrl) {
  const out = path.join(at.folder, `${name}.json`);
  const environment = { AWS_ACCESS_KEY_ID: KEYS.id, AWS_SECRET_ACCESS_KEY: KEYS.secret, AWS_ENDPOINT_URL: await swiftFront() };
  const args = [
    "share",
    "s3://page/trade",
    "--version",
    "2",
    "--expires",
    "1h",
    "--contact",
    "ana@example.com",
    "--out",
    out,
    "--at",
    manifestUrl,
    "--link",
    `${at.home}www/`,
  ];
  const { stdout, stderr } = await at.lakeglass(args, environment);
  assert.match(stderr, /Whoever has it can read these files until \d{4}-/);
  assert.match(stderr, /treat it like the manifest/);
  const link = new URL(/** @type {string} */ (stdout.trim().split("\n").at(-1)));
  assert.equal(link.search, "", "what is secret is behind the #");
  return { out, link: link.href };
}

onPage("a link that shares a table, in a fresh profile", noSwift || noCli, async () => {
  const { url } = await keep(serve({ root: at.folder }));
  secrets.add("manifestkey", url);
  const { link } = await share("shared", `${url}shared.json?key=manifestkey`);
  const page = await at.open(link);
  await opened(page);
  assert.deepEqual(digits(await run(page, SQL.replace("trade", `"${await nameOf(page)}"`))), Object.values(EXPECTED[2]));
  assert.ok(!page.url().includes("#"), page.url());
  assert.match(await page.locator(".secret-note").innerText(), /Whoever gets a link with it can read/);
});

onPage("a link that has ended says so, and whom to ask", noSwift || noCli, async () => {
  const { url } = await keep(serve({ root: at.folder }));
  const { out, link } = await share("ended", `${url}ended.json`);
  const manifest = JSON.parse(await readFile(out, "utf8"));
  await writeFile(out, JSON.stringify({ ...manifest, expires: Date.now() - 1000 }));
  const ended = await alert(await at.open(link));
  assert.equal(ended.code, "url_expired");
  assert.match(ended.text, /ask ana@example\.com/);
  // The manifest itself was at a URL that has ended.
  const endpoint = await swiftFront();
  const old = presign(endpoint, "page/gone.json", { seconds: 60, at: new Date(Date.now() - 3_600_000) });
  secrets.add(/** @type {string} */ (new URL(old).searchParams.get("X-Amz-Signature")), endpoint);
  const gone = await alert(await at.open((await share("gone", old)).link));
  assert.equal(gone.code, "url_expired");
  assert.match(gone.text, /ask ana@example\.com/);
});

onPage("keys that are typed into the page: in memory, or kept when asked", noSwift, async () => {
  const endpoint = await swiftFront();
  const page = await at.open(`${at.home}www/`);
  await opened(page);
  secrets.add("wrongkeytyped");
  const fill = async (/** @type {string} */ secret) => {
    await page.getByLabel("URL of a Delta table").fill("s3://page/trade");
    await page.getByLabel("Name for this table").fill("lake");
    await page.locator(".access-fields").evaluate((details) => details.setAttribute("open", ""));
    await page.getByLabel("Options for the table’s host").fill(`endpoint=${endpoint}\naccessKeyId=${KEYS.id}\nsecretAccessKey=${secret}`);
    await page.getByRole("button", { name: "Open", exact: true }).click();
  };
  await fill("wrongkeytyped");
  assert.equal((await alert(page)).code, "permission_denied");
  await fill(KEYS.secret);
  await page.getByRole("heading", { level: 1, name: "lake_2" }).waitFor();
  await opened(page);
  assert.deepEqual(digits(await run(page, "SELECT count(*) FROM lake_2")), [EXPECTED[32].n]);
  const stored = () => page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }));
  assert.ok(!(await stored()).includes("AccessKey"), await stored());
  await page.getByLabel(/Keep them/).check();
  await fill(KEYS.secret);
  await page.getByRole("heading", { level: 1, name: "lake_3" }).waitFor();
  await opened(page);
  assert.ok((await stored()).includes("AccessKey"));
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "lake_3" }).waitFor();
  await opened(page);
  await page.context().close();
});

onPage("an origin that a log names is read once the user allows it, without credentials", false, async () => {
  const files = await keep(serve({ root: path.join(ROOT, "www/demo"), log: true }));
  const folder = path.join(at.folder, "away");
  await cp(path.join(ROOT, "www/demo/weather/_delta_log"), path.join(folder, "weather/_delta_log"), { recursive: true });
  for (const [name, bytes] of await objectsOf(folder)) {
    const lines = bytes
      .toString()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    for (const { add, remove } of lines) for (const file of [add, remove]) if (file) file.path = `${files.url}weather/${file.path}`;
    await writeFile(path.join(folder, name), lines.map((line) => JSON.stringify(line)).join("\n"));
  }
  const table = await keep(serve({ root: folder }));
  secrets.add("tokenofthetable", table.url);
  const page = await at.open(`${at.home}www/#url=${encodeURIComponent(`${table.url}weather?token=tokenofthetable`)}`);
  assert.equal((await alert(page)).code, "origin_not_allowed");
  assert.equal(files.log.length, 0);
  await page.getByRole("button", { name: `Allow ${new URL(files.url).origin}` }).click();
  await opened(page);
  assert.ok(files.log.length > 0 && files.log.every(({ query }) => query === ""));
});

onPage("a folder of this machine, picked where the browser has no picker of its own", false, async () => {
  const page = await at.open(`${at.home}www/`);
  await opened(page);
  await page.evaluate(() => Reflect.deleteProperty(window, "showDirectoryPicker"));
  const chooser = page.waitForEvent("filechooser");
  assert.ok(await page.$eval(".side", (side) => side.scrollWidth <= side.clientWidth), "the form fits into its column");
  await page.getByRole("button", { name: "Open a local folder" }).click();
  await (await chooser).setFiles(TABLE);
  await page.getByRole("heading", { level: 1, name: "trade_2" }).waitFor();
  await opened(page);
  assert.deepEqual(digits(await run(page, SQL.replace("trade", "trade_2"))), Object.values(EXPECTED[32]));
  assert.deepEqual(digits(await run(page, SQL.replace("trade", "trade_2 VERSION AS OF 2"))), Object.values(EXPECTED[2]));
});

onPage("a Parquet file of this machine, picked and dropped", false, async () => {
  const page = await at.open(`${at.home}www/`);
  await opened(page);
  const [[name]] = (await objectsOf(TABLE)).filter(([name]) => name.startsWith("year=2015/"));
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Open a local Parquet file" }).click();
  await (await chooser).setFiles({
    name: "some file.parquet",
    mimeType: "application/octet-stream",
    buffer: await readFile(path.join(TABLE, name)),
  });
  await page.getByRole("heading", { level: 1, name: "some_file" }).waitFor();
  await opened(page);
  const counted = digits(await run(page, "SELECT count(*), sum(month) FROM some_file"));
  assert.ok(counted[0] > 1000n && counted[1] > counted[0], String(counted));
  await page.evaluate(async (url) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([await (await fetch(url)).arrayBuffer()], "dropped.parquet"));
    document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, `${at.home}www/demo/trade/${name}`);
  await page.getByRole("heading", { level: 1, name: "dropped" }).waitFor();
  await opened(page);
  assert.deepEqual(digits(await run(page, "SELECT count(*), sum(month) FROM dropped")), counted);
});

onPage("the doctor names the fault of each host, as the command line's does", noCli, async () => {
  const demo = await keep(serve({ root: path.join(ROOT, "www/demo"), faults: true }));
  const closed = await keep(host(() => {}));
  await closed.close();
  const narrow = await keep(
    host(async (request, response) => {
      // CORS, but for no header.
      if (request.method === "OPTIONS") return void response.writeHead(204, { "access-control-allow-origin": "*" }).end();
      const found = await fetch(demo.url + (request.url ?? "").slice(1), {
        headers: request.headers.range ? { range: request.headers.range } : {},
      });
      reply(request, response, found.status, Buffer.from(await found.arrayBuffer()).toString("latin1"), {
        "content-range": found.headers.get("content-range") ?? "",
      });
    }),
  );
  const away = await keep(redirecting(demo.url.slice(0, -1)));
  const behind = (/** @type {string} */ fault) => `${demo.url}~fault/${fault}/weather`;
  const headers = { "x-token": secrets.add("doctorstoken", narrow.url, away.url) };
  /** @type {[string, string, Record<string, any>?][]} */
  const hosts = [
    ["unreachable", `${closed.url}/weather`],
    ["cors_missing", behind("no-cors")],
    ["range_ignored", behind("no-range@.parquet")],
    ["range_wrong", behind("wrong-content-range@.parquet")],
    ["compressed", behind("gzip@.parquet")],
    ["missing_answers_page", behind("html")],
    ["table_not_found", `${demo.url}nowhere`],
    ["url_of_the_log", `${demo.url}weather/_delta_log`],
    ["permission_denied", behind("denied")],
    ["url_expired", behind("expired")],
    ["data_denied", behind("403@.parquet")],
    ["data_missing", behind("404@.parquet")],
    ["preflight_refused", `${narrow.url}/weather`, { headers }],
    ["redirected", `${away.url}/weather`, { headers }],
  ];
  const page = await at.open(`${at.home}www/`);
  await opened(page);
  for (const [code, url, access] of hosts) {
    const found = await page.evaluate(
      async ({ url, access }) => {
        const { diagnose } = await import(new URL("app/doctor/doctor.js", document.baseURI).href);
        const { Lakeglass } = await import(new URL("lakeglass/index.js", document.baseURI).href);
        const lake = /** @type {any} */ ((window.doctorsLake ??= await Lakeglass.connect({ preloadSql: false })));
        return diagnose({ url, access }, { opened: () => lake.table(url, { access }) });
      },
      { url, access },
    );
    secrets.show("findings", JSON.stringify(found));
    const faults = found.filter((/** @type {any} */ finding) => finding.severity === "fault");
    assert.deepEqual(
      faults.map((/** @type {any} */ finding) => finding.code),
      [code],
      JSON.stringify(found),
    );
    assert.ok(faults[0].fix.length > 10 && !/[{]\w+[}]/.test(faults[0].fix), faults[0].fix);
    const options = Object.entries(access?.headers ?? {}).flatMap(([name, value]) => ["-o", `header.${name}=${value}`]);
    const told = await at.lakeglass(["doctor", url, "--json", "--origin", new URL(at.home).origin, ...options]).catch((error) => error);
    const codes = JSON.parse(told.stdout)
      .filter((/** @type {any} */ finding) => finding.severity === "fault")
      .map((/** @type {any} */ finding) => finding.code);
    assert.ok(codes.includes(code), `the command line finds ${codes}, not ${code}`);
  }
  const end = await page.evaluate(async () => {
    const { endOf } = await import(new URL("app/doctor/judge.js", document.baseURI).href);
    return ["X-Amz-Date=20261121T190000Z&X-Amz-Expires=60", "se=2026-11-21T19%3A01%3A00Z&sig=x", "Expires=1795287660", "v=1"].map((query) =>
      endOf(new URL(`https://host/t?${query}`)),
    );
  });
  assert.deepEqual(end, [1795287660000, 1795287660000, 1795287660000, null]);
  // As a person sees it.
  const seen = await at.open(`${at.home}www/?table=w&url=${encodeURIComponent(behind("no-cors"))}`);
  await alert(seen);
  await seen.getByRole("alert").getByRole("button", { name: "Examine the host" }).click();
  const fault = seen.locator(".doctor [data-severity=fault]");
  await fault.waitFor();
  assert.equal(await fault.getAttribute("data-code"), "cors_missing");
  await seen.locator(".doctor [data-code=module_uncompressed]").waitFor();
  assert.match((await fault.textContent()) ?? "", new RegExp(`Access-Control-Allow-Origin: ${new URL(at.home).origin}`));
});

at.keepsSecrets("no credential reached another origin, an error, the console, an address or what is stored", 300);
