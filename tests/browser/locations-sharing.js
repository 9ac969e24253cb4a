// A Delta Sharing server over tables in folders, small and by the protocol: lists, metadata, queries in both formats at a version or a time,
// the change feed, URLs that end, credentials for a table's folder. The official Python client reads it too, in locations-sharing.test.js.
// https://github.com/delta-io/delta-formats/sharing/blob/main/PROTOCOL.md

import { createHash, createHmac } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { cors, host, reply } from "./locations-hosts.js";

/**
 * @typedef {object} Shared  a table that is shared
 * @property {string} folder
 * @property {{ location: string, modes: string[], credentials: () => Record<string, any> }} [directory]  how it is given out as a folder
 *
 * @typedef {{ version: number, timestamp: number, actions: any[] }} Commit
 */

const SHARE = { name: "lake", id: "0d34b3f7-4b5c-4b0f-8a35-bd8a1f1a8c11" };
const SCHEMA = "main";

/**
 * @param {Record<string, Shared>} tables by name
 * @param {{ token: string, lifetime?: number }} options `lifetime`: how long its URLs are good, in milliseconds
 */
export async function sharingServer(tables, { token, lifetime = 3_600_000 }) {
  /** @type {string[]} what was asked for, with its body */
  const asked = [];
  const at = { lifetime, plain: false };
  const secret = createHash("sha256").update(token).digest();
  const sign = (/** @type {string} */ target, /** @type {number} */ ends) =>
    createHmac("sha256", secret).update(`${target} ${ends}`).digest("hex");
  const signed = (/** @type {string} */ name, /** @type {string} */ file) => {
    const target = `/files/${name}/${file}`;
    const ends = Date.now() + at.lifetime;
    // Of Azure's shape: the official client's reader takes a URL for presigned by the names of what is in its query.
    return { url: `${server.url}${target}?sp=r&se=${new Date(ends).toISOString()}&sig=${sign(target, ends)}`, ends };
  };
  const server = await host(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://here");
    if (request.method === "OPTIONS") return reply(request, response, 204);
    if (url.pathname.startsWith("/files/")) {
      const ends = Date.parse(url.searchParams.get("se") ?? "");
      const fits = url.searchParams.get("sig") === sign(url.pathname, ends);
      if (!fits || ends < Date.now())
        return reply(
          request,
          response,
          403,
          `<Error><Code>AccessDenied</Code><Message>${fits ? "Request has expired" : "Access Denied"}</Message></Error>`,
        );
      const [, , name, ...file] = url.pathname.split("/");
      return sendFile(request, response, path.join(tables[name].folder, decodeURIComponent(file.join("/"))));
    }
    let body = "";
    for await (const chunk of request) body += chunk;
    asked.push(`${request.method} ${url.pathname}${url.search} ${body}`);
    if (request.headers.authorization !== `Bearer ${token}`)
      return reply(request, response, 401, '{"errorCode":"UNAUTHENTICATED","message":"who are you?"}');
    const capabilities = String(request.headers["delta-sharing-capabilities"] ?? "").toLowerCase();
    const { status, lines, version, json, delta } = answer(
      tables,
      url,
      body && JSON.parse(body),
      !at.plain && /responseformat=[^;]*delta/.test(capabilities),
      signed,
    );
    /** @type {Record<string, string>} */
    const headers = { "content-type": json ? "application/json; charset=utf-8" : "application/x-ndjson; charset=utf-8" };
    if (version !== undefined) headers["delta-table-version"] = String(version);
    if (lines) headers["delta-sharing-capabilities"] = `responseformat=${delta ? "delta" : "parquet"}`;
    reply(
      request,
      response,
      status,
      json ? JSON.stringify(json) : (lines ?? []).map((line) => `${JSON.stringify(line)}\n`).join(""),
      headers,
    );
  });
  const endpoint = `${server.url}/delta-sharing`;
  const profile = JSON.stringify({ shareCredentialsVersion: 1, endpoint, bearerToken: token, expirationTime: "2999-01-01T00:00:00.0Z" });
  return { ...server, endpoint, profile, asked, at };
}

/** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response @param {string} file */
function sendFile(request, response, file) {
  const bytes = readFileSync(file);
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]), bytes.length - 1) : bytes.length - 1;
  const headers = {
    ...cors(request),
    "accept-ranges": "bytes",
    "content-length": end - start + 1,
    ...(range && { "content-range": `bytes ${start}-${end}/${bytes.length}` }),
  };
  response.writeHead(range ? 206 : 200, headers).end(request.method === "HEAD" ? undefined : bytes.subarray(start, end + 1));
}

/** @typedef {{ status: number, json?: any, lines?: any[], version?: number, delta?: boolean }} Answer */
const refuse = (/** @type {number} */ status, /** @type {string} */ message) => ({
  status,
  json: { errorCode: status === 404 ? "RESOURCE_DOES_NOT_EXIST" : "INVALID_PARAMETER_VALUE", message },
});

/**
 * @param {Record<string, Shared>} tables @param {URL} url @param {any} body @param {boolean} delta
 * @param {(name: string, file: string) => { url: string, ends: number }} signed @returns {Answer}
 */
function answer(tables, url, body, delta, signed) {
  const [first, share, , schema, , name, what] = url.pathname.replace(/^\/delta-sharing\//, "").split("/");
  const list = (/** @type {any[]} */ items) => {
    // One at a time, so that whoever asks has to turn pages.
    const from = Number(url.searchParams.get("pageToken") ?? 0);
    return {
      status: 200,
      json: { items: items.slice(from, from + 1), ...(from + 1 < items.length && { nextPageToken: String(from + 1) }) },
    };
  };
  const all = Object.entries(tables).map(([name, { directory }]) => ({
    name,
    schema: SCHEMA,
    share: SHARE.name,
    ...(directory && { location: directory.location, accessModes: directory.modes }),
  }));
  if (first !== "shares") return refuse(404, "no such path");
  if (!share) return list([SHARE]);
  if (share !== SHARE.name) return refuse(404, "no such share");
  if (url.pathname.endsWith("/schemas")) return list([{ name: SCHEMA, share }]);
  if (url.pathname.endsWith("/all-tables") || (schema === SCHEMA && !name)) return list(all);
  const table = tables[name];
  if (schema !== SCHEMA || !table) return refuse(404, "no such table");
  if (what === "temporary-table-credentials")
    return table.directory
      ? { status: 200, json: { credentials: { location: table.directory.location, ...table.directory.credentials() } } }
      : refuse(400, "not shared as a folder");
  if (table.directory && !table.directory.modes.includes("url")) return refuse(400, "this table is shared as a folder alone");
  const log = commits(table.folder);
  const sought = /** @type {(version: any, time: any) => number} */ (
    (version, time) => {
      if (time !== undefined && time !== null) return log.findLastIndex((commit) => commit.timestamp <= Date.parse(time));
      return Number(version ?? log.length - 1);
    }
  );
  if (what === "version") return { status: 200, json: {}, version: log.length - 1 };
  if (what === "changes") return changes(table, name, log, url.searchParams, delta, signed);
  const version = sought(body?.version, body?.timestamp);
  if (!log[version]) return refuse(400, `no version ${version}`);
  const state = replay(log.slice(0, version + 1));
  const lines = head(state, version, delta);
  if (what === "metadata") return { status: 200, lines, version, delta };
  for (const add of state.files.values()) lines.push(line("file", { add }, name, version, undefined, delta, signed));
  return { status: 200, lines, version, delta };
}

/** @param {string} folder @returns {Commit[]} */
function commits(folder) {
  const log = path.join(folder, "_delta_log");
  const names = readdirSync(log)
    .filter((name) => /^\d{20}\.json$/.test(name))
    .sort();
  return names.map((name, version) => {
    const actions = readFileSync(path.join(log, name), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((text) => JSON.parse(text));
    const timestamp = actions.find((action) => action.commitInfo)?.commitInfo.timestamp ?? statSync(path.join(log, name)).mtimeMs;
    return { version, timestamp, actions };
  });
}

/** @param {Commit[]} log */
function replay(log) {
  const state = {
    protocol: /** @type {any} */ (null),
    metaData: /** @type {any} */ (null),
    files: /** @type {Map<string, any>} */ (new Map()),
  };
  for (const action of log.flatMap((commit) => commit.actions)) {
    if (action.protocol) state.protocol = action.protocol;
    if (action.metaData) state.metaData = action.metaData;
    if (action.remove) state.files.delete(action.remove.path);
    if (action.add) state.files.set(action.add.path, action.add);
  }
  return state;
}

/** @param {ReturnType<typeof replay>} state @param {number} version @param {boolean} delta @returns {any[]} */
function head({ protocol, metaData }, version, delta) {
  if (delta) return [{ protocol: { deltaProtocol: protocol } }, { metaData: { version, deltaMetadata: metaData } }];
  return [{ protocol: { minReaderVersion: 1 } }, { metaData: { ...metaData, name: metaData.name ?? undefined, version } }];
}

/**
 * A file's line, in either format. @param {"file" | "add" | "remove" | "cdf"} word that the plain format has for it
 * @param {any} action @param {string} name @param {number} version @param {number | undefined} timestamp @param {boolean} delta
 * @param {(name: string, file: string) => { url: string, ends: number }} signed
 */
function line(word, action, name, version, timestamp, delta, signed) {
  const [kind, file] = Object.entries(action)[0];
  const { url, ends } = signed(name, file.path);
  const id = createHash("md5").update(file.path).digest("hex");
  const about = { version, ...(timestamp !== undefined && { timestamp }), expirationTimestamp: ends };
  if (delta) return { file: { id, ...about, deltaSingleAction: { [kind]: { ...file, path: url } } } };
  return { [word]: { url, id, partitionValues: file.partitionValues, size: file.size, stats: file.stats, ...about } };
}

/**
 * @param {Shared} _table @param {string} name @param {Commit[]} log @param {URLSearchParams} query @param {boolean} delta
 * @param {(name: string, file: string) => { url: string, ends: number }} signed @returns {Answer}
 */
function changes(_table, name, log, query, delta, signed) {
  const start = Number(
    query.get("startingVersion") ?? log.findIndex((commit) => commit.timestamp >= Date.parse(query.get("startingTimestamp") ?? "")),
  );
  const endingTime = query.get("endingTimestamp");
  const end = Number(
    query.get("endingVersion") ?? (endingTime ? log.findLastIndex((commit) => commit.timestamp <= Date.parse(endingTime)) : log.length - 1),
  );
  if (!(start >= 0 && start <= end && end < log.length)) return refuse(400, `no changes from ${start} to ${end}`);
  const state = replay(log.slice(0, end + 1));
  const enabled = replay(log.slice(0, start + 1)).metaData.configuration?.["delta.enableChangeDataFeed"] === "true";
  if (!enabled) return refuse(400, "the change data feed is not enabled");
  const lines = head(state, end, delta);
  for (const { version, timestamp, actions } of log.slice(start, end + 1)) {
    const recorded = actions.filter((action) => action.cdc);
    const files = recorded.length ? recorded : actions.filter(({ add, remove }) => (add ?? remove)?.dataChange);
    for (const action of files)
      lines.push(line(action.cdc ? "cdf" : action.add ? "add" : "remove", action, name, version, timestamp, delta, signed));
  }
  return { status: 200, lines, version: log.length - 1, delta };
}
