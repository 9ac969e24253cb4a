// The page's own `fetch`, where it gave one: the engine's requests go to the page as messages, and its replies come back whole. A function
// cannot go to a worker, and not every browser can hand over a stream.

/** @import { FetchReply, FetchRequest } from "./protocol.js" */
/** @import { PageFetch } from "./index.js" */

/** Statuses whose responses have no body; the constructor of `Response` insists on it. */
const BODILESS = new Set([101, 204, 205, 304]);

/**
 * In the host: a request, as it can be copied.
 * @param {string} url
 * @param {RequestInit} init
 * @returns {FetchRequest}
 */
export function requestMessage(url, { signal: _, headers, ...init }) {
  return { url, init: { ...init, headers: [...new Headers(headers)] } };
}

/**
 * In the page: sends it, and reads the reply to its end.
 * @param {PageFetch} fetch
 * @param {FetchRequest} request
 * @param {AbortSignal} signal
 * @returns {Promise<FetchReply>}
 */
export async function answerRequest(fetch, { url, init }, signal) {
  const response = await fetch(url, { ...init, signal });
  if (!(response instanceof Response)) throw new TypeError("the page's fetch gave no Response");
  const { status, type, headers } = response;
  // An opaque reply says nothing but that there is one.
  const body = type.startsWith("opaque") ? null : await response.arrayBuffer();
  return { status, type, headers: [...headers], body };
}

/**
 * In the host: the reply as a `Response` again.
 * @param {FetchReply} reply
 */
export function responseOf({ status, type, headers, body }) {
  const isOpaque = type.startsWith("opaque");
  const response = new Response(BODILESS.has(status) ? null : body, { status: isOpaque ? 200 : status, headers });
  return isOpaque ? Object.defineProperty(response, "type", { value: type }) : response;
}
