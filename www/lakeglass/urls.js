// Where things are, seen from the page.

import { LakeglassError } from "./errors.js";

/**
 * A URL made absolute the way the page's own links are; the worker, whose base is another, never sees a relative one.
 * @param {string | URL} url
 */
export function resolveUrl(url) {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    return new URL(url, base).href;
  } catch {
    const given = String(url);
    const reason = "this is no URL; give an absolute one, or one relative to the page";
    throw new LakeglassError("table_not_found", `no table found at ${given}: ${reason}`, { url: given, reason });
  }
}

/**
 * A URL that may be shown: without query, fragment and user, where secrets are.
 * @param {string} url
 */
export function redactUrl(url) {
  try {
    const { protocol, host, pathname } = new URL(url);
    return host ? `${protocol}//${host}${pathname}` : `${protocol}${pathname}`;
  } catch {
    return url.replace(/[?#].*$/s, "");
  }
}
