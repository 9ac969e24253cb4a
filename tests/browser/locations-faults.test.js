// What hosts do wrong, in Chromium: the table is read all the same, or the error says what it was, by its code, without a secret.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { serve } from "../../scripts/serve.mjs";
import { ACCOUNT, allowOrigin, containerSas, KEYS, objectsOf, presign, putIntoBucket, putIntoContainer } from "./locations-cloud.js";
import { locationTest as fault, noCli, ROOT, TABLE, useLocations } from "./locations-harness.js";
import { front, host, redirecting, reply, serverOf } from "./locations-hosts.js";
import { sharingServer } from "./locations-sharing.js";

const at = useLocations();
const { keep, answers, fails, secrets } = at;
const { url: nginx, missing: noNginx } = serverOf("nginx");
const { url: swift, missing: noSwift } = serverOf("swift");
const { url: azurite, missing: noAzurite } = serverOf("azurite");
const HOUR_MILLIS = 3_600_000;

/** @type {Promise<Awaited<ReturnType<typeof serve>>> | undefined} */
let hosted;
/** A static host with the faults of scripts/serve-faults.mjs, at another origin. */
const faulty = () => (hosted ??= keep(serve({ root: path.join(ROOT, "www/demo"), log: true, faults: true })));
/** The table behind faults. @param {string} faults `/~fault/…` of each, one behind the other */
const behind = async (faults) => ({ url: `${(await faulty()).url}${faults}/trade` });

/** @type {Promise<string> | undefined} */
let filled;
const swiftFront = () =>
  (filled ??= (async () => {
    await putIntoBucket(
      swift,
      "faults",
      (await objectsOf(TABLE)).map(([name, bytes]) => [`trade/${name}`, bytes]),
    );
    return (await keep(front(swift))).url;
  })());

/** A share of version 2 whose URLs the test writes itself. @param {(name: string) => Promise<string>} urlOf @param {string} name */
async function shareOf(urlOf, name) {
  const out = path.join(at.folder, `${name}.json`);
  const environment = { AWS_ACCESS_KEY_ID: KEYS.id, AWS_SECRET_ACCESS_KEY: KEYS.secret, AWS_ENDPOINT_URL: await swiftFront() };
  await at.lakeglass(
    ["share", "s3://faults/trade", "--version", "2", "--expires", "1h", "--contact", "ana@example.com", "--out", out],
    environment,
  );
  const share = JSON.parse(await readFile(out, "utf8"));
  share.expires = null; // so that it is the server that refuses
  for (const [file, url] of Object.entries(share.urls))
    share.urls[file] = await urlOf(decodeURIComponent(new URL(String(url)).pathname.slice(1)));
  await writeFile(out, JSON.stringify(share));
  return { url: `${(await keep(serve({ root: at.folder }))).url}${name}.json`, version: 2 };
}

fault("an expired presigned URL, which S3 refuses: says so, and whom to ask", noSwift || noCli, async () => {
  const endpoint = await swiftFront();
  const share = await shareOf(async (key) => {
    const url = presign(endpoint, key, { seconds: 60, at: new Date(Date.now() - HOUR_MILLIS) });
    secrets.add(/** @type {string} */ (new URL(url).searchParams.get("X-Amz-Signature")), endpoint);
    return url;
  }, "expired");
  const { code, message } = await fails(share);
  assert.equal(code, "url_expired");
  assert.match(message, /ask ana@example\.com/);
});

fault("a tampered presigned URL, which S3 refuses", noSwift || noCli, async () => {
  const endpoint = await swiftFront();
  const other = presign(endpoint, "faults/trade/_delta_log/00000000000000000000.json");
  const share = await shareOf(async (key) => `${endpoint}/${key}${new URL(other).search}`, "tampered");
  assert.equal((await fails(share)).code, "permission_denied");
});

fault("wrong keys, and none", noSwift, async () => {
  const endpoint = await swiftFront();
  const url = "s3://faults/trade";
  const wrong = await fails({ url, access: { endpoint, accessKeyId: KEYS.id, secretAccessKey: secrets.add("wrongkeyofmine") } });
  assert.equal(wrong.code, "permission_denied");
  // Swift takes a request without a signature for one of its own language, and answers 400.
  assert.equal((await fails({ url, access: { endpoint } })).code, "http_status");
});

fault("a shared access signature that has expired, was tampered with, or may not list", noAzurite, async () => {
  await putIntoContainer(
    azurite,
    "faults",
    (await objectsOf(TABLE)).map(([name, bytes]) => [`trade/${name}`, bytes]),
  );
  await allowOrigin(azurite, new URL(at.home).origin);
  const endpoint = `${azurite}/${ACCOUNT}`;
  const url = "az://faults/trade";
  const read = containerSas("faults", "r", 1);
  secrets.add(/** @type {string} */ (new URLSearchParams(read).get("sig")), endpoint);
  await answers({ url, access: { endpoint, sasToken: read } });
  assert.equal((await fails({ url, access: { endpoint, sasToken: containerSas("faults", "rl", -1) } })).code, "url_expired");
  assert.equal((await fails({ url, access: { endpoint, sasToken: read.replace("sp=r&", "sp=rl&") } })).code, "permission_denied");
});

fault("S3 without the right to list", noSwift, async () => {
  const direct = await swiftFront();
  let denied = 0;
  const { url: endpoint } = await keep(
    front(direct, (seen) => {
      if (!seen.url.includes("list-type=2")) return null;
      denied++;
      return [403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"];
    }),
  );
  await answers({ url: "s3://faults/trade", access: { endpoint, accessKeyId: KEYS.id, secretAccessKey: KEYS.secret } });
  assert.ok(denied > 0);
});

fault("no CORS headers: told from a dead host", noNginx, async () => {
  const closed = await fails({ url: `${nginx}/closed/trade` });
  assert.deepEqual([closed.code, closed.answered], ["cors_or_network", true]);
  const gone = await keep(host(() => {}));
  await gone.close();
  const dead = await fails({ url: `${gone.url}/trade` });
  assert.ok(dead.code === "network" || (dead.code === "cors_or_network" && !dead.answered), dead.code);
});

fault("CORS headers with success alone: what is not there is not readable", false, async () => {
  await answers(await behind("~fault/cors-if-found"));
});

fault("a hidden Content-Range", false, async () => {
  await answers(await behind("~fault/no-expose"));
});

fault("a host that ignores Range", false, async () => {
  const metrics = await answers(await behind("~fault/no-range"));
  assert.ok(metrics.every(({ wholeReplies }) => wholeReplies > 0));
});

fault("replies gzipped on the way", noNginx, async () => {
  await answers(await behind("~fault/gzip"));
  await answers({ url: `${nginx}/compressed/trade` });
});

fault("redirects: at the same origin, to another, and with what must not go there", false, async () => {
  await answers(await behind("~fault/redirect"));
  const { url } = await faulty();
  const away = await keep(redirecting(url.slice(0, -1)));
  await answers({ url: `${away.url}/trade` });
  // The host repeats what it is asked in where it leads to: not followed.
  secrets.add("prefixtoken", away.url);
  const repeated = await fails({ url: `${away.url}/trade`, access: { query: "token=prefixtoken" } });
  assert.match(repeated.message, /what its URL is signed with is not sent along/);
  // A browser drops this header itself.
  secrets.add("bearerofthefirst", away.url);
  await answers({ url: `${away.url}/trade`, access: { bearerToken: "bearerofthefirst" } });
  // And takes these along, so that such a redirect is not followed.
  secrets.add("headerofthefirst", away.url);
  const refused = await fails({ url: `${away.url}/trade`, access: { headers: { "x-token": "headerofthefirst" } } });
  assert.match(refused.message, /redirects, and headers are not sent along/);
});

fault("a slow host", false, async () => {
  await answers(await behind("~fault/slow=200"));
});

fault("a connection that is cut: once, in the middle of a body, and for ever", false, async () => {
  await answers(await behind("~fault/drop=1"));
  let cut = 0;
  const { url } = await faulty();
  const cutting = await keep(
    host(async (request, response) => {
      const whole = await fetch(url + (request.url ?? "").slice(1), {
        headers: request.headers.range ? { range: request.headers.range } : {},
      });
      const body = Buffer.from(await whole.arrayBuffer());
      const half = cut < 3 && body.length > 1000 && ++cut;
      response.writeHead(whole.status, { "access-control-allow-origin": "*", "content-length": body.length });
      if (!half) return response.end(body);
      response.write(body.subarray(0, body.length / 2));
      setTimeout(() => response.destroy(), 20);
    }),
  );
  await answers({ url: `${cutting.url}/trade` });
  assert.equal(cut, 3);
  assert.match((await fails(await behind("~fault/drop"))).code, /network/);
});

fault("expired and private hosts", false, async () => {
  assert.equal((await fails(await behind("~fault/expired"))).code, "url_expired");
  assert.equal((await fails(await behind("~fault/denied"))).code, "permission_denied");
  await answers(await behind("~fault/missing-denied"));
});

fault("a sharing server: a token it does not know, a version it does not have, URLs that end and are renewed", false, async () => {
  // Three names of one table: what is kept in memory is kept for each.
  const server = await keep(
    sharingServer({ trade: { folder: TABLE }, short: { folder: TABLE }, over: { folder: TABLE } }, { token: "rightsharingtoken" }),
  );
  const profiles = await keep(
    host((request, response) => {
      const profile = request.url?.includes("wrong") ? server.profile.replace("rightsharingtoken", "wrongsharingtoken") : server.profile;
      reply(request, response, 200, profile);
    }),
  );
  secrets.add("rightsharingtoken", server.url);
  secrets.add("wrongsharingtoken", server.url);
  const table = "#lake.main.trade";
  assert.equal((await fails({ url: `${profiles.url}/wrong.share${table}` })).code, "permission_denied");
  assert.equal((await fails({ url: `${profiles.url}/a.share${table}`, version: 99 })).code, "version_not_found");
  assert.equal((await fails({ url: `${profiles.url}/a.share#lake.main.nothing` })).code, "table_not_found");
  server.at.lifetime = 61_000; // ends a minute before: so that each file's URL is asked for anew
  await answers({ url: `${profiles.url}/short.share#lake.main.short` });
  server.at.lifetime = -1;
  const before = server.asked.length;
  assert.equal((await fails({ url: `${profiles.url}/b.share#lake.main.over`, version: 2 })).code, "url_expired");
  assert.ok(server.asked.slice(before).filter((line) => line.includes("/query")).length > 1, "it was asked again first");
});

at.keepsSecrets("no credential reached another origin, an error, the console, an address or what is stored", 500);
