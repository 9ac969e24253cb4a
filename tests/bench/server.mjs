// The host of the benchmarks: a static server for pages, readers' modules and data, behind a network of choice.
//
// It stands for an object store with a CDN's manners: HTTP/1.1 (so six connections for each origin in Chromium, for every
// reader alike), single ranges, CORS with all headers exposed, validators, modules served with brotli and as immutable.
// Two servers that share a `Downlink` are two origins behind one line.

import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { fileHeaders, parseRange } from "../../scripts/serve.mjs";
import { Downlink, NETWORKS, sleep } from "./network.mjs";

/**
 * @typedef {object} Asked one request
 * @property {string} method
 * @property {string} path
 * @property {string} range the header, or empty
 * @property {number} status
 * @property {number} bytes of the body, as sent
 * @property {number} start milliseconds since the log was cleared
 * @property {number} end
 *
 * @typedef {object} HostOptions
 * @property {Record<string, string>} mounts folders by prefix: `{ "/data/": "target/bench/data" }`
 * @property {string} [brotliFolder] where compressed copies are kept; without it nothing is compressed
 * @property {Record<string, string>} [headers] added to every answer
 * @property {Downlink} [downlink] shared with another host
 *
 * @typedef {object} Host
 * @property {string} url without a slash at its end
 * @property {Asked[]} log since it was cleared
 * @property {(network: import("./network.mjs").Network) => void} setNetwork
 * @property {() => void} clear
 * @property {() => Promise<void>} close
 */

const EXPOSED = "Accept-Ranges, Content-Encoding, Content-Length, Content-Range, Date, ETag, Last-Modified";
const COMPRESSED = new Set([".js", ".mjs", ".wasm", ".css", ".html"]);

/** @param {HostOptions} options @returns {Promise<Host>} */
export async function startHost({ mounts, brotliFolder, headers = {}, downlink = new Downlink() }) {
  /** @type {Asked[]} */
  let log = [];
  let began = performance.now();
  let network = NETWORKS.none;
  const http = createServer(async (request, response) => {
    const entry = { method: request.method ?? "", path: decodeURIComponent(new URL(request.url ?? "/", "http://host").pathname) };
    /** @type {Asked} */
    const asked = { ...entry, range: request.headers.range ?? "", status: 0, bytes: 0, start: performance.now() - began, end: 0 };
    log.push(asked);
    response.on("close", () => (asked.end = performance.now() - began));
    if (network.latency) await sleep(network.latency);
    try {
      await answer(request, response, asked);
    } catch (error) {
      if (!response.headersSent) response.writeHead(500);
      response.destroy();
      if (/** @type {any} */ (error).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
    }
  });

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response @param {Asked} asked */
  async function answer(request, response, asked) {
    const common = { ...headers, "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED, "Timing-Allow-Origin": "*" };
    /** @param {number} status @param {Record<string, string | number>} more */
    const head = (status, more) => response.writeHead((asked.status = status), { ...common, ...more });
    if (request.method === "OPTIONS") {
      head(204, {
        "Access-Control-Allow-Methods": "GET, HEAD",
        "Access-Control-Allow-Headers": request.headers["access-control-request-headers"] ?? "range",
        "Access-Control-Max-Age": "600",
      });
      return response.end();
    }
    const file = await findFile(asked.path);
    if (!file) {
      head(404, { "Content-Length": 0 });
      return response.end();
    }
    const compressed = brotliFolder && COMPRESSED.has(path.extname(file.name)) && /\bbr\b/.test(String(request.headers["accept-encoding"]));
    const described = fileHeaders(file);
    if (file.immutable) described["Cache-Control"] = "public, max-age=31536000, immutable";
    else delete described["Cache-Control"]; // an object store says nothing
    if (request.headers["if-none-match"] === described.ETag) {
      head(304, described);
      return response.end();
    }
    let { name, size } = file;
    if (compressed) {
      name = await brotliCopy(name, brotliFolder);
      size = (await stat(name)).size;
    }
    const range = compressed ? null : parseRange(request.headers.range, size);
    if (range === "unsatisfiable") {
      head(416, { "Content-Range": `bytes */${size}`, "Content-Length": 0 });
      return response.end();
    }
    const { start, end } = range ?? { start: 0, end: size - 1 };
    head(range ? 206 : 200, {
      ...described,
      ...(range ? { "Content-Range": `bytes ${start}-${end}/${size}` } : {}),
      ...(compressed ? { "Content-Encoding": "br", Vary: "Accept-Encoding" } : {}),
      "Content-Length": end - start + 1,
    });
    if (request.method === "HEAD" || end < start) return response.end();
    response.flushHeaders(); // the body may wait for its turn on the downlink
    const source = createReadStream(name, { start, end, highWaterMark: 262_144 });
    const counted = async function* (/** @type {AsyncIterable<Buffer>} */ body) {
      for await (const chunk of downlink.pace(body)) {
        asked.bytes += chunk.length;
        yield chunk;
      }
    };
    await pipeline(source, counted, response);
  }

  /** @param {string} asked */
  async function findFile(asked) {
    const prefix = Object.keys(mounts).find((prefix) => asked.startsWith(prefix));
    if (!prefix || asked.split("/").includes("..")) return null;
    const name = path.join(mounts[prefix], asked.slice(prefix.length));
    const status = await stat(name).catch(() => null);
    if (!status?.isFile()) return null;
    return { name, size: status.size, mtime: status.mtimeMs, redirect: null, immutable: !prefix.startsWith("/data") };
  }

  http.keepAliveTimeout = 600_000;
  await new Promise((resolve) => http.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (http.address());
  return {
    url: `http://127.0.0.1:${port}`,
    get log() {
      return log;
    },
    setNetwork(wanted) {
      network = wanted;
      downlink.setRate(wanted.megabits);
    },
    clear() {
      log = [];
      began = performance.now();
    },
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve(undefined));
        http.closeAllConnections();
      }),
  };
}

const compressing = new Map();

/** A file's copy at brotli's best, made once for each content. @param {string} name @param {string} folder @returns {Promise<string>} */
export async function brotliCopy(name, folder) {
  const bytes = await readFile(name);
  const copy = path.join(folder, `${createHash("sha256").update(bytes).digest("hex").slice(0, 32)}.br`);
  const known = compressing.get(copy) ?? makeCopy(bytes, copy);
  compressing.set(copy, known);
  return known;
}

/** @param {Buffer} bytes @param {string} copy */
async function makeCopy(bytes, copy) {
  if (await stat(copy).catch(() => null)) return copy;
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants;
  const params = { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
  await mkdir(path.dirname(copy), { recursive: true });
  await writeFile(`${copy}.part`, await promisify(brotliCompress)(bytes, { params }));
  await rename(`${copy}.part`, copy);
  return copy;
}
