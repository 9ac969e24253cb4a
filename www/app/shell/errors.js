// Errors, as the page shows them: what happened, its code, and what to do next.

import { copyText, h, icon } from "./dom.js";

/** @typedef {import('../../lakeglass/index.js').ErrorCode} ErrorCode */

/** @type {Record<ErrorCode, { title: string, next: string }>} */
export const ADVICE = {
  table_not_found: {
    title: "No Delta table here",
    next: "Give the folder that contains _delta_log, not a file in it, and check that the host serves that folder. GitHub Pages needs a .nojekyll file to serve folders that begin with an underscore.",
  },
  version_not_found: {
    title: "This version is not available",
    next: "Choose another version with the slider. Older ones may have been removed by log retention.",
  },
  network: {
    title: "The host could not be reached",
    next: "Check your connection and try again. What has arrived already is kept, so trying again is cheap.",
  },
  cors_or_network: {
    title: "This host could not be read",
    next: "Either the host is not reachable, or its CORS rules do not let this page read it: allow this page’s origin, the GET method and the Range header. A page on https cannot read http hosts.",
  },
  http_status: {
    title: "The host answered with an error",
    next: "Try again in a moment. If it stays, open the address in a tab of its own to see what the host says.",
  },
  permission_denied: {
    title: "The host refused access",
    next: "The table is private, or the signature does not cover this file. Ask its owner for access, or for a URL signed for the whole folder.",
  },
  url_expired: {
    title: "This signed URL has expired",
    next: "Ask for a fresh one, remove this table from the list, and open it again with the new URL.",
  },
  origin_not_allowed: {
    title: "A file of this table is somewhere else",
    next: "Its log names a file at another host. Allow that origin if you trust it; nothing that you gave for this table is sent there.",
  },
  unsupported_feature: {
    title: "This cannot be read correctly here",
    next: "Rather than show wrong rows, nothing is shown. Another version of the table may not use this feature; in a query, write it without the construct named above.",
  },
  corrupt_table: {
    title: "The table contradicts its own format",
    next: "The file named above is damaged, incomplete, or was overwritten. Try another version, or tell the table’s owner.",
  },
  invalid_sql: {
    title: "The query cannot run as written",
    next: "Correct it and run again. Names with capitals or other special characters need double quotes; SHOW TABLES and DESCRIBE list what there is.",
  },
  memory_limit: {
    title: "Not enough memory in this tab",
    next: "Select fewer columns or rows, filter earlier, or aggregate before joining. Closing other tabs may help.",
  },
  cancelled: { title: "Cancelled", next: "Nothing was changed. Try again when you like." },
  internal: {
    title: "Something went wrong in Lakeglass",
    next: "This is a defect, not your mistake. Reload the page and try again; please report it with the details.",
  },
};

/**
 * The code of anything thrown: an abort is a cancellation, whatever has no code is a defect.
 * @param {unknown} error
 * @returns {ErrorCode}
 */
export function codeOf(error) {
  const code = /** @type {{ code?: unknown } | null} */ (error)?.code;
  if (typeof code === "string" && Object.hasOwn(ADVICE, code)) return /** @type {ErrorCode} */ (code);
  if (error instanceof DOMException && error.name === "AbortError") return "cancelled";
  return "internal";
}

/** @param {unknown} error */
export function isCancelled(error) {
  return codeOf(error) === "cancelled";
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * @param {unknown} error
 * @param {{ retry?: () => void, compact?: boolean }} [options]
 */
export function errorView(error, { retry, compact = false } = {}) {
  const code = codeOf(error);
  const { title, next } = ADVICE[code];
  const message = messageOf(error);
  if (code === "cancelled") return cancelledView(retry);
  const details = `${code}: ${message}`;
  /** @type {HTMLButtonElement} */
  const copy = h("button", { type: "button", class: "button quiet", onclick: () => copyText(details, copy) }, "Copy details");
  return h(
    "div",
    { class: compact ? "error compact" : "error", role: "alert", "data-code": code },
    h("div", { class: "error-head" }, icon("warning"), h("strong", null, title), h("code", { class: "chip" }, code)),
    h("p", { class: "error-message" }, message),
    h("p", { class: "error-next" }, next),
    h(
      "div",
      { class: "row" },
      retry && code !== "invalid_sql" && h("button", { type: "button", class: "button", onclick: retry }, "Try again"),
      ...offers(error, code),
      copy,
    ),
  );
}

/** Codes of what a table's host does. */
const OF_HOSTS = new Set(["table_not_found", "network", "cors_or_network", "http_status", "permission_denied", "url_expired"]);

/** What the page can do about an error, told to whoever knows the table. @param {unknown} error @param {ErrorCode} code */
function offers(error, code) {
  /** @param {string} text @param {string} event @param {string} [detail] */
  const offer = (text, event, detail) =>
    h("button", { type: "button", class: "button", onclick: () => document.dispatchEvent(new CustomEvent(event, { detail })) }, text);
  const { origin } = /** @type {{ origin?: string }} */ (error);
  if (code === "origin_not_allowed" && origin) return [offer(`Allow ${origin}`, "lakeglass-allow", origin)];
  return OF_HOSTS.has(code) ? [offer("Examine the host", "lakeglass-doctor")] : [];
}

/** @param {(() => void) | undefined} retry */
function cancelledView(retry) {
  return h(
    "div",
    { class: "notice", role: "status", "data-code": "cancelled" },
    h("p", null, "Cancelled."),
    retry && h("button", { type: "button", class: "button", onclick: retry }, "Try again"),
  );
}
