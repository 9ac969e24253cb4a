// The misbehaving hosts that tests need. A fault is asked for in the path, so that everything below it has it:
//
//   /~fault/NAME/demo/weather/…            every request under it
//   /~fault/NAME@TEXT/demo/weather/…       only those whose path contains TEXT: /~fault/404@part-/…
//   /~fault/NAME=N/…                       a number: see below
//   /~fault/A/~fault/B/…                   both
//
//   404, 403, 500, any status [=N]         that status [only the first N times for each path and range; then the file]
//   flaky[=N]                              503 with Retry-After: 0 the first N times (1), then the file
//   drop[=N]                               the connection is closed without an answer [the first N times]
//   no-range                               200 and the whole file for a ranged GET
//   no-suffix                              400 for a suffix range (bytes=-N), as Azure
//   short-body                             half of what Content-Length announces, then the connection ends
//   truncated                              half of the range, and honest about the length of that half
//   wrong-content-range                    Content-Range tells other bytes than were asked for
//   gzip                                   whole file, gzipped, Content-Length that of the gzip; ranges ignored
//   expired                                403 with the XML of an S3 URL that has expired
//   denied                                 403 with the XML of S3's AccessDenied
//   missing-denied                         403 (AccessDenied) instead of 404, as S3 without ListBucket
//   html                                   200 and a page of HTML instead of 404, as hosts of single-page apps
//   redirect                               302 to the same path without this fault
//   slow[=MS]                              the answer comes after MS (1000)
//   hang                                   no answer, ever
//   hang-body                              headers and half of the body, then nothing
//   no-cors                                no CORS headers (applied in serve.mjs)
//   cors-if-found                          no CORS headers with errors, as nginx's add_header without `always` (in serve.mjs)
//   no-expose                              CORS, but no header is exposed (applied in serve.mjs)

import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { fileHeaders, parseRange, send, sendBytes } from "./serve.mjs";

/**
 * @typedef {{ name: string, number: number | null, text: string }} Fault
 * @typedef {import("./serve.mjs").Exchange} Exchange
 * @typedef {import("./serve.mjs").File} File
 */

/** Splits the faults off a path that is still percent-encoded. @param {string} path @returns {{ path: string, faults: Fault[] }} */
export function parseFaults(path) {
  /** @type {Fault[]} */
  const faults = [];
  for (;;) {
    const match = /^\/(?:~|%7E)fault\/([^/@=]+)(?:=(\d+))?(?:@([^/]*))?(\/.*)$/i.exec(path);
    if (!match) return { path, faults };
    faults.push({ name: match[1], number: match[2] ? Number(match[2]) : null, text: decodeURIComponent(match[3] ?? "") });
    path = match[4];
  }
}

/** @param {number} milliseconds */
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Answers as the fault says; false leaves the request to what comes next.
 * @param {Exchange} exchange @param {Fault} fault @param {File | null} file @param {Map<string, number>} counts
 * @returns {Promise<boolean>}
 */
export async function answerFault(exchange, fault, file, counts) {
  const { entry, headers, response } = exchange;
  if (!entry.path.includes(fault.text)) return false;
  const done = (/** @type {number} */ status, /** @type {string | Uint8Array} */ body) => {
    send(exchange, status, body);
    return true;
  };
  if (/^[1-5]\d\d$/.test(fault.name)) {
    if (spent(exchange, fault, fault.number, counts)) return false;
    return done(Number(fault.name), `This is a ${fault.name}.\n`);
  }
  switch (fault.name) {
    case "flaky":
      if (spent(exchange, fault, fault.number ?? 1, counts)) return false;
      headers["Retry-After"] = "0";
      return done(503, "Later.\n");
    case "drop":
      if (spent(exchange, fault, fault.number, counts)) return false;
      response.destroy();
      return true;
    case "expired":
      headers["Content-Type"] = "application/xml";
      return done(403, s3Error("AccessDenied", "Request has expired", "<X-Amz-Expires>60</X-Amz-Expires>"));
    case "denied":
      headers["Content-Type"] = "application/xml";
      return done(403, s3Error("AccessDenied", "Access Denied", ""));
    case "missing-denied":
      if (file) return false;
      headers["Content-Type"] = "application/xml";
      return done(403, s3Error("AccessDenied", "Access Denied", ""));
    case "html":
      if (file) return false;
      headers["Content-Type"] = "text/html; charset=utf-8";
      return done(200, "<!doctype html><title>Not what you asked for</title><p>Welcome!</p>\n");
    case "redirect":
      headers.Location = encodeURI(entry.path) + entry.query;
      return done(302, "");
    case "slow":
      await sleep(fault.number ?? 1000);
      return false;
    case "hang":
      return true;
    case "no-suffix":
      return exchange.request.headers.range?.startsWith("bytes=-") ? done(400, "No suffix ranges.\n") : false;
    default:
      return file ? answerWithFile(exchange, fault, file) : false;
  }
}

/** Whether a fault has already struck this request as often as it may. @param {Exchange} exchange @param {Fault} fault @param {number | null} limit @param {Map<string, number>} counts */
function spent(exchange, fault, limit, counts) {
  if (limit === null) return false;
  const key = [fault.name, exchange.entry.path, exchange.entry.query, exchange.entry.range].join(" ");
  const seen = counts.get(key) ?? 0;
  counts.set(key, seen + 1);
  return seen >= limit;
}

/** The faults that distort a file's bytes. @param {Exchange} exchange @param {Fault} fault @param {File} file */
async function answerWithFile(exchange, fault, file) {
  const { request, response, entry, headers } = exchange;
  const range = parseRange(request.headers.range, file.size);
  if (range === "unsatisfiable" || file.redirect) return false;
  const { start, end } = range ?? { start: 0, end: file.size - 1 };
  const half = start + Math.floor((end - start + 1) / 2) - 1;
  const status = range ? 206 : 200;
  const describe = (/** @type {number} */ first, /** @type {number} */ last) => {
    Object.assign(headers, fileHeaders(file));
    if (range) headers["Content-Range"] = `bytes ${first}-${last}/${file.size}`;
  };
  switch (fault.name) {
    case "no-range":
      Object.assign(headers, fileHeaders(file));
      delete headers["Accept-Ranges"];
      await sendBytes(exchange, 200, file.name, 0, file.size - 1);
      return true;
    case "truncated":
      describe(start, half);
      await sendBytes(exchange, status, file.name, start, half);
      return true;
    case "wrong-content-range":
      describe(start + 1, end + 1);
      await sendBytes(exchange, status, file.name, start, end);
      return true;
    case "gzip":
      Object.assign(headers, fileHeaders(file), { "Content-Encoding": "gzip" });
      send(exchange, 200, gzipSync(await readFile(file.name)));
      return true;
    case "short-body":
    case "hang-body":
      describe(start, end);
      entry.status = status;
      response.writeHead(status, { ...headers, "Content-Length": end - start + 1 });
      response.flushHeaders();
      if (half >= start) {
        for await (const chunk of createReadStream(file.name, { start, end: half })) {
          entry.bytes += chunk.length;
          response.write(chunk);
        }
      }
      if (fault.name === "short-body") setTimeout(() => response.destroy(), 20); // after the half has left
      return true;
    default:
      return false;
  }
}

/** @param {string} code @param {string} message @param {string} more */
function s3Error(code, message, more) {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`;
}
