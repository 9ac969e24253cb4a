// Every kind of location in Chromium, in front of real servers on loopback: the table `trade` at two versions, and one aggregate of each.
// `scripts/servers all node --test tests/browser/` starts Swift, moto, Azurite and nginx; what is not there is skipped, with the reason.

import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import assert from "node:assert/strict";
import { serve } from "../../scripts/serve.mjs";
import { ACCOUNT, allowOrigin, containerSas, KEYS, objectsOf, presign, putIntoBucket, putIntoContainer } from "./locations-cloud.js";
import { locationTest as row, noCli, ROOT, TABLE, useLocations } from "./locations-harness.js";
import { front, python, redirecting, serverOf } from "./locations-hosts.js";
import { sharingServer } from "./locations-sharing.js";

const at = useLocations();
const { keep, answers, secrets } = at;
const { url: nginx, missing: noNginx } = serverOf("nginx");
const { url: swift, missing: noSwift } = serverOf("swift");
const { url: moto, missing: noMoto } = serverOf("moto");
const { url: azurite, missing: noAzurite } = serverOf("azurite");

/** The table's objects, below a folder. @param {string} prefix @returns {Promise<[string, Buffer][]>} */
const objects = async (prefix) => (await objectsOf(TABLE)).map(([name, bytes]) => [`${prefix}${name}`, bytes]);
/** Something that is done once, by the first test that needs it. @template T @param {() => Promise<T>} work */
const once = (work) => {
  /** @type {Promise<T> | undefined} */
  let done;
  return () => (done ??= work());
};

// A static host, on another origin than the page; what it is asked for is in its log.
const host = once(() => keep(serve({ root: path.join(ROOT, "www/demo"), log: true, faults: true })));
const signedSwift = once(async () => {
  await putIntoBucket(swift, "browser", await objects("some folder/trade/"));
  return (await keep(front(swift))).url;
});
const filledMoto = once(async () => {
  await putIntoBucket(moto, "lake", await objects("trade/"), { "x-amz-acl": "public-read" });
  return moto;
});
const filledAzurite = once(async () => {
  await putIntoContainer(azurite, "browser", await objects("lake/trade/"));
  await allowOrigin(azurite, new URL(at.home).origin);
  return `${azurite}/${ACCOUNT}`;
});

row("https: a static host without a listing", false, async () => {
  await answers({ url: `${(await host()).url}trade` });
});

row("https: nginx", noNginx, async () => {
  await answers({ url: `${nginx}/open/trade` });
});

row("https: nginx as a host of single-page apps, which answers everything", noNginx, async () => {
  await answers({ url: `${nginx}/app/trade` });
});

row("https: Python's http.server, which has no CORS: the page is there too", false, async () => {
  const { url } = await keep(python(ROOT));
  const metrics = await answers({ url: "/www/demo/trade" }, { base: `${url}/` });
  assert.ok(
    metrics.some(({ wholeReplies }) => wholeReplies > 0),
    "it ignores Range",
  );
});

row("https: a host that redirects to another origin, as Hugging Face does", false, async () => {
  const { url } = await keep(redirecting((await host()).url.slice(0, -1)));
  await answers({ url: `${url}/trade` });
});

row("https: an index file in place of a listing", noCli, async () => {
  const folder = path.join(at.folder, "indexed");
  await cp(TABLE, folder, { recursive: true });
  await at.lakeglass(["index", folder]);
  const { url, log } = await keep(serve({ root: folder, log: true }));
  await answers({ url, access: { index: true } });
  assert.ok(log.some(({ path }) => path.endsWith("/_index.json")));
  assert.deepEqual(
    log.filter(({ status }) => status === 404),
    [],
    "nothing is guessed where there is an index",
  );
});

row("s3: signed in the tab, at an endpoint that checks signatures", noSwift, async () => {
  const endpoint = await signedSwift();
  secrets.add(KEYS.id, endpoint);
  const access = { endpoint, accessKeyId: KEYS.id, secretAccessKey: KEYS.secret };
  await answers({ url: "s3://browser/some%20folder/trade", access });
  await answers({ url: "s3://browser/some%20folder/trade", access: { ...access, list: false } });
  await answers({ url: `${endpoint}/browser/some%20folder/trade`, access });
});

row("s3: without keys, in path style", noMoto, async () => {
  await answers({ url: "s3://lake/trade", access: { endpoint: await filledMoto() } });
});

row("s3: with a session token, the bucket in the host's name", noMoto, async () => {
  const { port } = new URL(await filledMoto());
  const endpoint = `http://localhost:${port}`;
  const sessionToken = secrets.add("temporary/session+token", `http://lake.localhost:${port}`);
  await answers({
    url: "s3://lake/trade",
    access: {
      endpoint,
      style: "virtual",
      region: "eu-west-1",
      accessKeyId: "AKIDTEMPORARY",
      secretAccessKey: secrets.add("temporarysecret"),
      sessionToken,
    },
  });
});

row("gs: public, and with an HMAC key", noMoto, async () => {
  const endpoint = await filledMoto();
  await answers({ url: "gs://lake/trade", access: { endpoint } });
  await answers({
    url: "gs://lake/trade",
    access: { endpoint, accessKeyId: secrets.add("GOOGHMACID", endpoint), secretAccessKey: secrets.add("hmacsecret") },
  });
});

row("gs: with a bearer token", false, async () => {
  const token = "ya29.bearer";
  const files = await keep(serve({ root: path.join(ROOT, "www"), log: true }));
  const { url } = await keep(front(files.url, ({ headers }) => (headers.authorization === `Bearer ${token}` ? null : [401, ""])));
  secrets.add(token, url);
  await answers({ url: "gs://demo/trade", access: { endpoint: url, bearerToken: token } });
});

row("abfss, az and https: a container's shared access signature", noAzurite, async () => {
  const endpoint = await filledAzurite();
  const sas = containerSas("browser", "rl", 1);
  secrets.add(/** @type {string} */ (new URLSearchParams(sas).get("sig")), endpoint);
  await answers({ url: `abfss://browser@${ACCOUNT}.dfs.core.windows.net/lake/trade`, access: { endpoint, sasToken: sas } });
  await answers({ url: "az://browser/lake/trade", access: { endpoint, sasToken: sas } });
  await answers({ url: `${endpoint}/browser/lake/trade?${sas}` });
});

row("https: a token in the query for a whole prefix, as CloudFront and Bunny have it", false, async () => {
  const query = "Policy=eyJ&Signature=prefixsignature~";
  const { url } = await keep(front((await host()).url, (seen) => (seen.url.endsWith(`?${query}`) ? null : [403, ""])));
  secrets.add("prefixsignature", url);
  await answers({ url: `${url}/trade`, access: { query } });
  await answers({ url: `${url}/trade?${query}` });
});

row("https: a header for its origin, and another for the origin that its log names", false, async () => {
  const demands = (/** @type {string} */ name, /** @type {string} */ value) => async () => {
    const { url } = await host();
    return keep(front(url, ({ headers }) => (headers[name] === value ? null : [403, ""])));
  };
  const [own, files] = [await demands("x-own", "ownsecret")(), await demands("authorization", "Bearer theirsecret")()];
  secrets.add("ownsecret", own.url);
  secrets.add("theirsecret", files.url);
  // The log is the table's own, with its data files named at the other origin.
  const folder = path.join(at.folder, "elsewhere");
  await cp(path.join(TABLE, "_delta_log"), path.join(folder, "elsewhere/_delta_log"), {
    recursive: true,
    filter: (name) => !name.endsWith(".parquet") && !name.includes("_last"),
  });
  for (const [name, bytes] of await objectsOf(folder)) {
    const lines = bytes
      .toString()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    for (const { add, remove } of lines) for (const file of [add, remove]) if (file) file.path = `${files.url}/trade/${file.path}`;
    await writeFile(path.join(folder, name), lines.map((line) => JSON.stringify(line)).join("\n"));
  }
  const log = await keep(serve({ root: folder, log: true }));
  const table = await keep(front(log.url, ({ headers }) => (headers["x-own"] === "ownsecret" ? null : [403, ""])));
  secrets.add("ownsecret", table.url);
  const access = { headers: { "x-own": "ownsecret" } };
  const refused = await at.fails({ url: `${table.url}/elsewhere`, access, version: 2 });
  assert.deepEqual([refused.code, refused.origin], ["origin_not_allowed", files.url]);
  await answers({
    url: `${table.url}/elsewhere`,
    access: { ...access, originHeaders: { [files.url]: { authorization: "Bearer theirsecret" } } },
  });
  // Allowed, but shown nothing: that host refuses.
  const shown = await at.fails({ url: `${table.url}/elsewhere`, access: { ...access, allowedOrigins: [files.url] }, version: 2 });
  assert.equal(shown.code, "permission_denied");
  await answers({ url: `${own.url}/trade`, access });
});

row("a function that signs each path", false, async () => {
  const { url } = await keep(front((await host()).url, (seen) => (seen.url.endsWith("?ticket=signedbythepage") ? null : [403, ""])));
  secrets.add("signedbythepage", url);
  secrets.add("neversent");
  await answers({
    url: "https://nowhere.invalid/t?sig=neversent",
    access: { headers: { "x-token": "neversent" } },
    signAt: `${url}/trade`,
    query: "?ticket=signedbythepage",
  });
});

row("a share manifest with presigned URLs, made by the command line", noSwift || noCli, async () => {
  const endpoint = await signedSwift();
  const out = path.join(at.folder, "share.json");
  const environment = { AWS_ACCESS_KEY_ID: KEYS.id, AWS_SECRET_ACCESS_KEY: KEYS.secret, AWS_ENDPOINT_URL: endpoint };
  await at.lakeglass(
    ["share", "s3://browser/some%20folder/trade", "--version", "2", "--version", "32", "--expires", "1h", "--out", out],
    environment,
  );
  const { url, log } = await keep(serve({ root: at.folder, log: true }));
  await answers({ url: `${url}share.json` });
  assert.deepEqual([...new Set(log.map(({ path }) => path))], ["/share.json"], "no log, no listing");
  const signature = /X-Amz-Signature=(\w+)/.exec(await readFile(out, "utf8"));
  secrets.add(signature?.[1] ?? "no signature", endpoint);
});

row("a share manifest whose files are beside it", noCli, async () => {
  const folder = path.join(at.folder, "beside");
  await cp(TABLE, folder, { recursive: true, filter: (name) => !name.endsWith("_delta_log") });
  await at.lakeglass(["share", TABLE, "--version", "2", "--version", "32", "--out", path.join(folder, "manifest.json")]);
  const { url } = await keep(serve({ root: folder }));
  await answers({ url: `${url}manifest.json` });
});

row("a manifest of one URL presigned by hand: the log of S3 read through them", noSwift, async () => {
  const endpoint = await signedSwift();
  const urls = Object.fromEntries((await objects("")).map(([name]) => [name, presign(endpoint, `browser/some folder/trade/${name}`)]));
  secrets.add(/** @type {string} */ (new URL(urls["_delta_log/00000000000000000000.json"]).searchParams.get("X-Amz-Signature")), endpoint);
  const page = await at.open(`${at.home}tests/browser/blank.html`);
  const rows = await page.evaluate(
    async ({ urls, sql }) => {
      const { Lakeglass } = await import(new URL("/www/lakeglass/index.js", location.href).href);
      const sign = (/** @type {string} */ path) => /** @type {Record<string, string>} */ (urls)[path] ?? null;
      const lake = await Lakeglass.connect({ tables: { trade: { url: "https://nowhere.invalid/trade", version: 2, sign } } });
      const [row] = await lake.query(sql);
      lake.close();
      return row;
    },
    { urls, sql: "SELECT count(*) AS n FROM trade" },
  );
  assert.deepEqual(rows, { n: 199200n });
});

row("Delta Sharing: a profile and a table's name, versions and a time", false, async () => {
  const token = "sharingtoken";
  const server = await keep(sharingServer({ trade: { folder: TABLE } }, { token }));
  secrets.add(token, server.url);
  await writeFile(path.join(at.folder, "my.share"), server.profile);
  const { url } = await keep(serve({ root: at.folder }));
  await answers({ url: `${url}my.share#lake.main.trade` });
  assert.ok(server.asked.some((line) => line.includes("/query") && line.includes('"version":2')));
});

at.keepsSecrets("no credential reached another origin, an error, the console, an address or what is stored", 500);
