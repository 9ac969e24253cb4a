// Hosts that stand in front of others: they add what a browser needs, ask for a token, or send elsewhere. All on loopback.

import { spawn } from "node:child_process";
import { createServer, request as ask } from "node:http";

/**
 * @typedef {object} Host
 * @property {string} url without a slash at its end
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Seen
 * @property {string} url the target with its query
 * @property {import("node:http").IncomingHttpHeaders} headers
 */

/** @param {import("node:http").RequestListener} listener @returns {Promise<Host>} */
export async function host(listener) {
  const server = createServer(listener);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = () =>
    new Promise((resolve) => {
      server.close(() => resolve(undefined));
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, close: /** @type {() => Promise<void>} */ (close) };
}

/** What lets every page read a reply. @param {import("node:http").IncomingMessage} request */
export const cors = (request) => ({
  "access-control-allow-origin": "*",
  "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "range",
  "access-control-expose-headers": "Content-Range, ETag, Delta-Table-Version, Delta-Sharing-Capabilities",
});

/** Answers with CORS. @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response @param {number} status @param {string} [body] @param {Record<string, string>} [headers] */
export function reply(request, response, status, body = "", headers = {}) {
  response.writeHead(status, { ...cors(request), ...headers }).end(body);
}

/**
 * A proxy that adds CORS to a server that has none, as its owner would put one in front. The `Host` header stays: it is signed.
 * `judge` may answer in its place, with a status and a body.
 * @param {string} target @param {(seen: Seen) => [number, string] | null} [judge]
 */
export function front(target, judge) {
  const { hostname, port } = new URL(target);
  return host((request, response) => {
    if (request.method === "OPTIONS") return reply(request, response, 204);
    const judged = judge?.({ url: request.url ?? "/", headers: request.headers });
    if (judged) return reply(request, response, ...judged);
    const { method, url, headers } = request;
    const onward = ask({ hostname, port, method, path: url, headers }, (answer) => {
      const own = Object.entries(answer.headers).filter(([name]) => !name.startsWith("access-control-"));
      response.writeHead(answer.statusCode ?? 502, { ...Object.fromEntries(own), ...cors(request) });
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
}

/** A host that sends everything to another one. @param {string} to */
export function redirecting(to) {
  return host((request, response) => {
    if (request.method === "OPTIONS") return reply(request, response, 204);
    reply(request, response, 302, "", { location: `${to}${request.url}` });
  });
}

/** `python3 -m http.server` over a folder. @param {string} folder @returns {Promise<Host>} */
export async function python(folder) {
  const args = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder];
  const child = spawn("python3", args, { stdio: ["ignore", "pipe", "ignore"] });
  const port = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.stdout.on("data", (text) => {
      const match = /port (\d+)/.exec(String(text));
      if (match) resolve(match[1]);
    });
  });
  return { url: `http://127.0.0.1:${port}`, close: async () => void child.kill() };
}

/** A server's URL as `scripts/servers` found it, or why it is not there. @param {string} name @returns {{ url: string, missing: false } | { url: "", missing: string }} */
export function serverOf(name) {
  const found = process.env[`LAKEGLASS_${name.toUpperCase()}`];
  if (found?.startsWith("http")) return { url: found, missing: false };
  return { url: "", missing: found ?? `LAKEGLASS_${name.toUpperCase()} is not set: run scripts/servers all node --test tests/browser/` };
}
