// The static server of the demo and of the tests: GET with ranges, CORS with preflight, correct types, validators.
// No dependency. It stands for an ordinary static host; with `faults` it also stands for the hosts that misbehave.
//
//   import { serve } from "../../scripts/serve.mjs";
//   const server = await serve({ root: "www", faults: true, log: true });
//   fetch(server.url + "demo/weather/_delta_log/00000000000000000000.json");
//   server.log       // what was asked for, in order
//   await server.close();

import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { answerFault, parseFaults } from "./serve-faults.mjs";

/**
 * @typedef {object} ServeOptions
 * @property {string} [root] the folder behind `/`; default: the working folder
 * @property {Record<string, string>} [mounts] other folders by prefix: `{ "/fixtures": "tests/fixtures" }`
 * @property {number} [port] default 0: any free one
 * @property {boolean} [cors] answer other origins, preflights too; default true
 * @property {number} [latency] milliseconds that every answer waits before its first byte; default 0
 * @property {boolean} [faults] serve `/~fault/NAME/…` (see serve-faults.mjs); default false
 * @property {boolean} [log] serve the request log as JSON at `/~log`, and clear it on DELETE; default false
 * @property {Record<string, string>} [headers] added to every answer
 *
 * @typedef {object} LogEntry
 * @property {string} method
 * @property {string} path percent-decoded, without fault prefixes and query
 * @property {string} query with its question mark, or empty
 * @property {string | null} range the `Range` header
 * @property {string | null} origin the `Origin` header
 * @property {string[]} faults names of the faults that were asked for
 * @property {number} status 0 while unanswered or when the connection was dropped before an answer
 * @property {number} bytes of the body, handed to the connection
 * @property {number} start milliseconds since the server started
 * @property {number | null} end null while under way
 *
 * @typedef {object} Server
 * @property {string} url with a slash at its end
 * @property {number} port
 * @property {LogEntry[]} log
 * @property {() => Promise<void>} close drops the connections that are open
 *
 * @typedef {object} Exchange one request under way
 * @property {import("node:http").IncomingMessage} request
 * @property {import("node:http").ServerResponse} response
 * @property {LogEntry} entry
 * @property {Record<string, string>} headers
 */

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".ts": "text/plain; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

const EXPOSED = "Accept-Ranges, Content-Length, Content-Range, Date, ETag, Last-Modified, Retry-After";

/** @param {ServeOptions} [options] @returns {Promise<Server>} */
export async function serve(options = {}) {
  const mounts = await resolveMounts(options);
  /** @type {LogEntry[]} */
  const log = [];
  const counts = new Map(); // requests seen so far, for the faults that stop after some
  const began = performance.now();
  const http = createServer((request, response) => {
    const { path: decoded, query, faults } = parseTarget(request.url ?? "/", options.faults ?? false);
    const entry = {
      method: request.method ?? "",
      path: decoded ?? request.url ?? "",
      query,
      range: request.headers.range ?? null,
      origin: request.headers.origin ?? null,
      faults: faults.map((fault) => fault.name),
      status: 0,
      bytes: 0,
      start: performance.now() - began,
      end: /** @type {number | null} */ (null),
    };
    const exchange = { request, response, entry, headers: commonHeaders(request, options, faults) };
    response.on("close", () => (entry.end = performance.now() - began));
    if (options.log && decoded === "/~log") return answerLog(exchange, log);
    log.push(entry);
    answer(exchange, decoded, faults, mounts, options, counts).catch((error) => {
      if (response.headersSent) response.destroy();
      else send(exchange, 500, String(error));
    });
  });
  http.keepAliveTimeout = 60_000;
  await new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen(options.port ?? 0, "127.0.0.1", () => resolve(undefined));
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (http.address());
  const close = () =>
    new Promise((resolve) => {
      http.close(() => resolve(undefined));
      http.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}/`, port, log, close: /** @type {() => Promise<void>} */ (close) };
}

/** The folders to serve, longest prefix first. @param {ServeOptions} options */
async function resolveMounts(options) {
  const given = Object.entries({ ...options.mounts, "/": options.root ?? "." });
  const mounts = given.map(async ([prefix, folder]) => ({
    prefix: `/${prefix.split("/").filter(Boolean).join("/")}/`.replace("//", "/"),
    folder: await realpath(folder),
  }));
  return (await Promise.all(mounts)).sort((a, b) => b.prefix.length - a.prefix.length);
}

/** Path and faults of a request target; the path is null where it cannot name a file. @param {string} target @param {boolean} allowFaults */
function parseTarget(target, allowFaults) {
  const [raw, ...rest] = target.split("?");
  const query = rest.length ? `?${rest.join("?")}` : "";
  const { path: bare, faults } = allowFaults ? parseFaults(raw) : { path: raw, faults: [] };
  let decoded = null;
  try {
    decoded = decodeURIComponent(bare);
  } catch {
    // a lone percent sign
  }
  const unsafe = !decoded?.startsWith("/") || decoded.includes("\0") || decoded.split("/").includes("..");
  return { path: unsafe ? null : decoded, query, faults };
}

/** @param {import("node:http").IncomingMessage} request @param {ServeOptions} options @param {{ name: string }[]} faults */
function commonHeaders(request, options, faults) {
  /** @type {Record<string, string>} */
  const headers = { ...options.headers };
  const named = (/** @type {string} */ name) => faults.some((fault) => fault.name === name);
  if ((options.cors ?? true) && request.headers.origin && !named("no-cors")) {
    headers["Access-Control-Allow-Origin"] = "*";
    if (!named("no-expose")) headers["Access-Control-Expose-Headers"] = EXPOSED;
  }
  return headers;
}

/** @param {Exchange} exchange @param {LogEntry[]} log */
function answerLog(exchange, log) {
  if (exchange.request.method === "DELETE") log.length = 0;
  exchange.headers["Content-Type"] = TYPES[".json"];
  exchange.headers["Cache-Control"] = "no-store";
  send(exchange, 200, JSON.stringify(log));
}

/**
 * @param {Exchange} exchange @param {string | null} decoded @param {import("./serve-faults.mjs").Fault[]} faults
 * @param {{ prefix: string, folder: string }[]} mounts @param {ServeOptions} options @param {Map<string, number>} counts
 */
async function answer(exchange, decoded, faults, mounts, options, counts) {
  const { request, headers } = exchange;
  if (options.latency) await new Promise((resolve) => setTimeout(resolve, options.latency));
  if (request.method === "OPTIONS") return answerPreflight(exchange);
  if (request.method !== "GET" && request.method !== "HEAD") {
    headers.Allow = "GET, HEAD, OPTIONS";
    return send(exchange, 405, "Only GET and HEAD.\n");
  }
  if (decoded === null) return send(exchange, 400, "Not a path.\n");
  const file = await findFile(decoded, mounts);
  for (const fault of faults) {
    if (await answerFault(exchange, fault, file, counts)) return;
  }
  if (!file) return send(exchange, 404, "Not found.\n");
  if (file.redirect) {
    headers.Location = file.redirect;
    return send(exchange, 301, "");
  }
  await sendFile(exchange, file);
}

/** @param {Exchange} exchange */
function answerPreflight(exchange) {
  const { request, headers } = exchange;
  if (headers["Access-Control-Allow-Origin"]) {
    headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS";
    headers["Access-Control-Allow-Headers"] = request.headers["access-control-request-headers"] ?? "range";
    headers["Access-Control-Max-Age"] = "600";
  }
  send(exchange, 204, "");
}

/**
 * The file that a path names: a folder's is its index.html. Links that lead out of the served folder are not followed.
 * @param {string} decoded @param {{ prefix: string, folder: string }[]} mounts
 */
async function findFile(decoded, mounts) {
  const mount = mounts.find(({ prefix }) => `${decoded}/`.startsWith(prefix));
  if (!mount) return null;
  try {
    let name = await realpath(path.join(mount.folder, decoded.slice(mount.prefix.length)));
    if (name !== mount.folder && !name.startsWith(mount.folder + path.sep)) return null;
    let status = await stat(name);
    if (status.isDirectory()) {
      if (!decoded.endsWith("/")) return { redirect: `${encodeURI(path.posix.basename(decoded))}/`, name, size: 0, mtime: 0 };
      name = path.join(name, "index.html");
      status = await stat(name);
    }
    return { redirect: null, name, size: status.size, mtime: status.mtimeMs };
  } catch {
    return null;
  }
}

/** @typedef {NonNullable<Awaited<ReturnType<typeof findFile>>>} File */

/** Headers that describe a file. @param {File} file @returns {Record<string, string>} */
export function fileHeaders(file) {
  return {
    "Content-Type": TYPES[path.extname(file.name)] ?? "application/octet-stream",
    "Accept-Ranges": "bytes",
    "Cache-Control": "no-cache", // kept, and asked about again: nothing served here is known to be final
    ETag: `"${file.size.toString(16)}-${Math.floor(file.mtime).toString(16)}"`,
    "Last-Modified": new Date(file.mtime).toUTCString(),
  };
}

/**
 * The one range that a request asks for: null for the whole file, "unsatisfiable" for one behind its end.
 * @param {string | undefined} header @param {number} size @returns {{ start: number, end: number } | "unsatisfiable" | null}
 */
export function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (!match[1] && !match[2])) return null;
  const start = match[1] ? Number(match[1]) : Math.max(0, size - Number(match[2]));
  const end = match[1] && match[2] ? Math.min(Number(match[2]), size - 1) : size - 1;
  if (match[1] && match[2] && Number(match[2]) < start) return null; // not a range, says RFC 9110
  return start >= size || (!match[1] && Number(match[2]) === 0) ? "unsatisfiable" : { start, end };
}

/** @param {Exchange} exchange @param {File} file */
async function sendFile(exchange, file) {
  const { request, headers } = exchange;
  Object.assign(headers, fileHeaders(file), headers);
  const asked = request.headers["if-none-match"]?.split(",").map((tag) => tag.trim());
  if (asked?.includes(headers.ETag) || asked?.includes("*")) return send(exchange, 304, "");
  const condition = request.headers["if-range"];
  const wanted = !condition || condition === headers.ETag || condition === headers["Last-Modified"];
  const range = wanted ? parseRange(request.headers.range, file.size) : null;
  if (range === "unsatisfiable") {
    headers["Content-Range"] = `bytes */${file.size}`;
    return send(exchange, 416, "");
  }
  if (range) headers["Content-Range"] = `bytes ${range.start}-${range.end}/${file.size}`;
  const { start, end } = range ?? { start: 0, end: file.size - 1 };
  await sendBytes(exchange, range ? 206 : 200, file.name, start, end);
}

/**
 * A part of a file, both ends included.
 * @param {Exchange} exchange @param {number} status @param {string} name @param {number} start @param {number} end
 */
export async function sendBytes(exchange, status, name, start, end) {
  const { request, response, entry, headers } = exchange;
  entry.status = status;
  response.writeHead(status, { ...headers, "Content-Length": end - start + 1 });
  if (request.method === "HEAD" || end < start) {
    response.end();
    return;
  }
  const source = createReadStream(name, { start, end });
  source.on("data", (chunk) => (entry.bytes += chunk.length));
  await pipeline(source, response).catch((error) => {
    if (!response.destroyed) throw error; // who asked has gone: no error of ours
  });
}

/** A short answer. @param {Exchange} exchange @param {number} status @param {string | Uint8Array} body */
export function send(exchange, status, body) {
  const { request, response, entry, headers } = exchange;
  const bytes = Buffer.from(body);
  entry.status = status;
  if (status >= 400 && entry.faults.includes("cors-if-found")) delete headers["Access-Control-Allow-Origin"];
  if (bytes.length && !headers["Content-Type"]) headers["Content-Type"] = TYPES[".txt"];
  const bodiless = status === 204 || status === 304;
  response.writeHead(status, bodiless ? headers : { ...headers, "Content-Length": bytes.length });
  if (request.method !== "HEAD" && !bodiless) entry.bytes += bytes.length;
  response.end(bodiless || request.method === "HEAD" ? undefined : bytes);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: "string", default: "8080" },
      latency: { type: "string", default: "0" },
      "no-cors": { type: "boolean", default: false },
      faults: { type: "boolean", default: false },
      log: { type: "boolean", default: false },
      mount: { type: "string", multiple: true, default: [] },
    },
  });
  const mounts = (values.mount ?? []).map((mount) => /** @type {[string, string]} */ (mount.split(/=(.*)/s, 2)));
  const options = {
    root: positionals[0] ?? ".",
    mounts: Object.fromEntries(mounts),
    latency: Number(values.latency),
    cors: !values["no-cors"],
    faults: values.faults,
    log: values.log,
  };
  const wanted = Number(values.port);
  // A taken port is no reason to fail: the next free one is as good.
  const server = await serve({ ...options, port: wanted }).catch((error) => {
    if (error.code !== "EADDRINUSE") throw error;
    return serve({ ...options, port: 0 });
  });
  console.log(server.url);
}

if (process.argv[1] && import.meta.url === pathToFileURL(await realpath(process.argv[1])).href) await main();
