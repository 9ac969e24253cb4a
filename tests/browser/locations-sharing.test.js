// Delta Sharing in Chromium: the change feed, tables that are given out as folders; and the server that the tests share tables with, as the
// official Python client reads it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { objectsOf, putIntoBucket } from "./locations-cloud.js";
import { EXPECTED, locationTest, ROOT, TABLE, useLocations } from "./locations-harness.js";
import { front, host, reply, serverOf } from "./locations-hosts.js";
import { sharingServer } from "./locations-sharing.js";

const at = useLocations();
const { keep, outcome, answers, fails, secrets } = at;
const { url: moto, missing: noMoto } = serverOf("moto");
const FEED = path.join(ROOT, "tests/fixtures/change_feed");
const CLIENT = process.env.LAKEGLASS_SHARING ?? "LAKEGLASS_SHARING is not set: run scripts/servers all node --test tests/browser/";

/** How many rows each version changed in which way, by the fixture's own list. @param {(version: number) => boolean} wanted */
async function changed(wanted) {
  const counts = /** @type {Map<string, number>} */ (new Map());
  for (const row of JSON.parse(await readFile(path.join(FEED, "changes.json"), "utf8"))) {
    const [version, kind] = row.split("|");
    if (wanted(Number(version))) counts.set(`${version}|${kind}`, (counts.get(`${version}|${kind}`) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => `${key}|${count}`).sort();
}

test("the tests' server, as the official client reads it", {
  skip: CLIENT.startsWith("/") ? false : CLIENT,
  timeout: 120_000,
}, async () => {
  const server = await sharingServer({ trade: { folder: TABLE }, feed: { folder: path.join(FEED, "table") } }, { token: "officialtoken" });
  after(() => server.close());
  const profile = path.join(ROOT, ".tools/servers/official.share");
  await writeFile(profile, server.profile);
  const { stdout } = await promisify(execFile)(CLIENT, [path.join(ROOT, "tests/browser/locations-sharing.py"), profile], {
    env: { ...process.env, no_proxy: "*" },
  });
  const aggregate = Object.values(EXPECTED[2]).map(Number);
  assert.deepEqual(JSON.parse(stdout), {
    shares: ["lake"],
    tables: ["lake.main.feed", "lake.main.trade"],
    version: 32,
    parquet: aggregate,
    delta: aggregate,
    auto: aggregate,
    changes: await changed((version) => version <= 4),
  });
});

/** A profile's URL. @param {string} text */
const profileAt = async (text) => `${(await keep(host((request, response) => reply(request, response, 200, text)))).url}/my.share`;

locationTest("the change feed, in both formats, by versions and by times", false, async () => {
  const server = await keep(
    sharingServer({ feed: { folder: path.join(FEED, "table") }, trade: { folder: TABLE } }, { token: "feedtoken" }),
  );
  secrets.add("feedtoken", server.url);
  const profile = await profileAt(server.profile);
  /** @param {string} range @param {string} [table] */
  const changes = async (range, table = "feed") => {
    const sql = `SELECT concat_ws('|', _commit_version, _change_type, count(*)) AS line FROM table_changes('trade', ${range}) GROUP BY _commit_version, _change_type ORDER BY 1`;
    const seen = await outcome({ url: `${profile}#lake.main.${table}` }, { sql });
    return seen.rows ? seen.rows.map((/** @type {{ line: string }} */ { line }) => line) : [seen.code, seen.message];
  };
  for (const plain of [false, true]) {
    server.at.plain = plain;
    assert.deepEqual(await changes("0, 4"), await changed((version) => version <= 4), `plain: ${plain}`);
    assert.deepEqual(await changes("2, 3"), await changed((version) => version === 2 || version === 3), `plain: ${plain}`);
  }
  const times = (await readFile(path.join(FEED, "table/_delta_log/00000000000000000002.json"), "utf8")).match(/"timestamp":(\d+)/);
  const second = new Date(Number(times?.[1])).toISOString();
  assert.deepEqual(await changes(`'${second}', '${second}'`), await changed((version) => version === 2));
  server.at.lifetime = 61_000;
  assert.deepEqual(await changes("3, 4"), await changed((version) => version === 3 || version === 4), "URLs that are renewed");
  assert.equal((await changes("0, 2", "trade"))[0], "unsupported_feature");
});

locationTest("a table that is given out as a folder, with credentials that end", noMoto, async () => {
  const endpoint = (await keep(front(moto))).url;
  await putIntoBucket(
    moto,
    "given",
    (await objectsOf(TABLE)).map(([name, bytes]) => [`trade/${name}`, bytes]),
  );
  let granted = 0;
  const credentials = () => {
    granted++;
    const sessionToken = `folder/session+${granted}`;
    // The first end within a minute: asked for anew before they are used.
    secrets.add(sessionToken, ...(granted === 1 ? [] : [endpoint]));
    return {
      awsTempCredentials: { accessKeyId: `FOLDERKEY${granted}`, secretAccessKey: secrets.add(`foldersecret${granted}`), sessionToken },
      expirationTime: Date.now() + (granted === 1 ? 30_000 : 3_600_000),
    };
  };
  const directory = { location: "s3://given/trade", modes: ["dir"], credentials };
  const server = await keep(sharingServer({ trade: { folder: TABLE, directory } }, { token: "foldertoken" }));
  secrets.add("foldertoken", server.url);
  const url = `${await profileAt(server.profile)}#lake.main.trade`;
  const first = await outcome({ url, version: 2, access: { endpoint } });
  assert.deepEqual(first.rows, [EXPECTED[2]], first.message);
  assert.equal(granted, 2);
  await answers({ url, access: { endpoint } });
  const { rows, message } = await outcome({ url, access: { endpoint } }, { sql: "SELECT count(*) AS n FROM table_history('trade')" });
  assert.deepEqual(rows, [{ n: 33n }], message);
});

locationTest("a profile without a table's name tells which there are", false, async () => {
  const server = await keep(
    sharingServer({ feed: { folder: path.join(FEED, "table") }, trade: { folder: TABLE } }, { token: "listtoken" }),
  );
  secrets.add("listtoken", server.url);
  const { code, message } = await fails({ url: await profileAt(server.profile) });
  assert.equal(code, "table_not_found");
  assert.match(message, /it shares lake\.main\.feed, lake\.main\.trade/);
});

at.keepsSecrets("no credential reached another origin, an error, the console, an address or what is stored", 50);
