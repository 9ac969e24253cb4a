// Putting tables on clouds' servers, and signing for them as their own tools do: what the engine's signatures are compared with.

import { createHash, createHmac } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** The keys that `scripts/servers` starts Swift with; moto takes any. */
export const KEYS = { id: "test:tester", secret: "testing" };
/** Azurite's well-known account. */
export const ACCOUNT = "devstoreaccount1";
const AZURE_KEY = Buffer.from("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==", "base64");
const AZURE_VERSION = "2021-08-06";

const hmac = (/** @type {Buffer | string} */ key, /** @type {string} */ text) => createHmac("sha256", key).update(text).digest();
const strict = (/** @type {string} */ text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * A presigned URL of S3, by the book: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 * @param {string} endpoint @param {string} key with its bucket @param {{ method?: string, seconds?: number, at?: Date }} [options]
 */
export function presign(endpoint, key, { method = "GET", seconds = 3600, at = new Date() } = {}) {
  const time = at.toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const { host, origin } = new URL(endpoint);
  const target = `/${key.split("/").map(strict).join("/")}`;
  const query = [
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Credential", `${KEYS.id}/${scope}`],
    ["X-Amz-Date", time],
    ["X-Amz-Expires", String(seconds)],
    ["X-Amz-SignedHeaders", "host"],
  ]
    .map(([name, value]) => `${name}=${strict(value)}`)
    .join("&");
  const request = [method, target, query, `host:${host}`, "", "host", "UNSIGNED-PAYLOAD"].join("\n");
  const text = ["AWS4-HMAC-SHA256", time, scope, createHash("sha256").update(request).digest("hex")].join("\n");
  const signing = ["us-east-1", "s3", "aws4_request"].reduce(
    (last, part) => hmac(last, part),
    hmac(`AWS4${KEYS.secret}`, time.slice(0, 8)),
  );
  return `${origin}${target}?${query}&X-Amz-Signature=${hmac(signing, text).toString("hex")}`;
}

/** The files below a folder, by name. @param {string} folder @returns {Promise<[string, Buffer][]>} */
export async function objectsOf(folder) {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
  return Promise.all(files.map(async (file) => [path.relative(folder, file), await readFile(file)]));
}

/** @param {string} what @param {Promise<Response>} sent @param {number[]} [also] statuses that are as good as success */
async function done(what, sent, also = []) {
  const reply = await sent;
  const text = await reply.text();
  if (!reply.ok && !also.includes(reply.status)) throw new Error(`${what}: ${reply.status} ${text.slice(0, 300)}`);
}

/** Runs `work` on all of them, eight at a time. @template T @param {T[]} all @param {(one: T) => Promise<void>} work */
async function each(all, work) {
  const rest = [...all];
  const worker = async () => {
    for (let next = rest.shift(); next; next = rest.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** Makes a bucket and puts objects into it. @param {string} endpoint @param {string} bucket @param {[string, Buffer][]} objects @param {Record<string, string>} [headers] */
export async function putIntoBucket(endpoint, bucket, objects, headers = {}) {
  await done(bucket, fetch(presign(endpoint, bucket, { method: "PUT" }), { method: "PUT", headers }), [409]);
  await each(objects, ([name, body]) =>
    done(name, fetch(presign(endpoint, `${bucket}/${name}`, { method: "PUT" }), { method: "PUT", body, headers })),
  );
}

const inHours = (/** @type {number} */ hours) => new Date(Date.now() + hours * 3_600_000).toISOString().replace(/\.\d+/, "");
const azureSignature = (/** @type {string} */ text) => encodeURIComponent(hmac(AZURE_KEY, text).toString("base64"));

/** A shared access signature of a container. @param {string} container @param {string} rights @param {number} hours */
export function containerSas(container, rights, hours) {
  const end = inHours(hours);
  const text = `${rights}\n\n${end}\n/blob/${ACCOUNT}/${container}\n\n\n\n${AZURE_VERSION}\nc\n\n\n\n\n\n\n`;
  return `sv=${AZURE_VERSION}&sr=c&sp=${rights}&se=${encodeURIComponent(end)}&sig=${azureSignature(text)}`;
}

/** An account's signature, which may make containers and set properties. */
function accountSas() {
  const end = inHours(1);
  const text = `${ACCOUNT}\nrwlc\nb\nsco\n\n${end}\n\n\n${AZURE_VERSION}\n\n`;
  return `sv=${AZURE_VERSION}&ss=b&srt=sco&sp=rwlc&se=${encodeURIComponent(end)}&sig=${azureSignature(text)}`;
}

/** Makes a container and puts objects into it. @param {string} endpoint @param {string} container @param {[string, Buffer][]} objects */
export async function putIntoContainer(endpoint, container, objects) {
  const sas = accountSas();
  const root = `${endpoint}/${ACCOUNT}/${container}`;
  await done(container, fetch(`${root}?restype=container&${sas}`, { method: "PUT" }), [409]);
  await each(objects, ([name, body]) =>
    done(name, fetch(`${root}/${name}?${sas}`, { method: "PUT", body, headers: { "x-ms-blob-type": "BlockBlob" } })),
  );
}

/** Lets pages of `origin` read the account, as its owner would. @param {string} endpoint @param {string} origin */
export async function allowOrigin(endpoint, origin) {
  const rule =
    `<CorsRule><AllowedOrigins>${origin}</AllowedOrigins><AllowedMethods>GET,OPTIONS</AllowedMethods><AllowedHeaders>range,x-ms-*</AllowedHeaders>` +
    "<ExposedHeaders>Content-Range,ETag</ExposedHeaders><MaxAgeInSeconds>600</MaxAgeInSeconds></CorsRule>";
  const body = `<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties><Cors>${rule}</Cors></StorageServiceProperties>`;
  const url = `${endpoint}/${ACCOUNT}?restype=service&comp=properties&${accountSas()}`;
  await done("CORS of Azurite", fetch(url, { method: "PUT", body, headers: { "x-ms-version": AZURE_VERSION } }));
}
