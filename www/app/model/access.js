// What a table's host has to be told and shown, as a person types it: the same names as in the package and on the command line's
// `--option`. It stays in memory, unless the user asks to keep it until this tab is closed.

import { h } from "../shell/dom.js";

/** @typedef {import('../../lakeglass/index.js').AccessOptions} AccessOptions */

const TEXTS = /** @type {const} */ ([
  "region",
  "endpoint",
  "style",
  "accessKeyId",
  "secretAccessKey",
  "sessionToken",
  "account",
  "sasToken",
  "bearerToken",
  "query",
]);
const SECRETS = /** @type {const} */ ([
  "accessKeyId",
  "secretAccessKey",
  "sessionToken",
  "sasToken",
  "bearerToken",
  "query",
  "headers",
  "originHeaders",
]);

/**
 * Reads `name=value` lines: `region=eu-west-1`, `header.x-key=…`, `allowedOrigins=https://a,https://b`, `list=false`.
 * @param {string} text
 * @returns {AccessOptions | undefined} nothing where nothing is said
 */
export function parseAccess(text) {
  /** @type {Record<string, any>} */
  const access = {};
  for (const line of text
    .split("\n")
    .map((part) => part.trim())
    .filter(Boolean)) {
    const [name, ...rest] = line.split("=");
    const value = rest.join("=").trim();
    const header = /^header\.(.+)$/.exec(name.trim())?.[1];
    const known = name.trim();
    if (rest.length === 0) throw new TypeError("Write name=value, one on each line.");
    if (header) access.headers = { ...access.headers, [header]: value };
    else if (known === "allowedOrigins") access.allowedOrigins = value.split(",").map((origin) => origin.trim());
    else if (known === "list" || known === "index") access[known] = value === "true";
    else if (TEXTS.some((text) => text === known)) access[known] = value;
    // The value is not repeated: it may be a secret in the wrong place.
    else throw new TypeError(`There is no option named ${known}: use ${TEXTS.join(", ")}, header.NAME, allowedOrigins, list, index.`);
  }
  return Object.keys(access).length ? access : undefined;
}

/** Whether something is shown to the host that is not for everybody. @param {AccessOptions | undefined} access */
export function hasSecrets(access) {
  return SECRETS.some((name) => access?.[name] !== undefined);
}

/** What may be kept without being asked: where the service is, not what opens it. @param {AccessOptions | undefined} access @returns {AccessOptions | undefined} */
export function withoutSecrets(access) {
  const rest = Object.entries(access ?? {}).filter(([name]) => !SECRETS.some((secret) => secret === name));
  return rest.length ? Object.fromEntries(rest) : undefined;
}

/** The part of a form that asks for them. */
export function accessFields() {
  const lines = h("textarea", {
    class: "input access",
    name: "access",
    rows: 3,
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    "aria-label": "Options for the table’s host",
    placeholder: "region=eu-west-1\naccessKeyId=…\nsecretAccessKey=…",
  });
  const keep = h("input", { type: "checkbox", name: "keep" });
  const element = h(
    "details",
    { class: "access-fields" },
    h("summary", null, "Keys, tokens, endpoint"),
    lines,
    h(
      "p",
      { class: "form-note" },
      `One name=value on each line: ${TEXTS.join(", ")}, header.NAME. They are shown to the table’s own host and to no other.`,
    ),
    h("label", { class: "form-note" }, keep, " Keep them until this tab is closed (otherwise they are gone with the page)"),
  );
  return { element, read: () => ({ access: parseAccess(lines.value), keep: keep.checked }) };
}
