// Requests as the engine sends them, and what this page gets to see of the answers.

import { codeOf } from "../shell/errors.js";

/** @typedef {import('../../lakeglass/index.js').AccessOptions} AccessOptions */
/** @typedef {import('../../lakeglass/index.js').LakeTable} LakeTable */
/**
 * @typedef {{ status: number, headers: Headers, body: Uint8Array, movedTo: string | null }} Reply
 * @typedef {{ blocked: true, alive: boolean }} Blocked  a reply that this page may not read, or none
 * @typedef {Reply | Blocked | { redirected: true }} Answer
 * @typedef {object} Seen
 * @property {URL} url           of an object of the log
 * @property {string} origin     this page's
 * @property {string[]} headers  names of those that the page has to send
 * @property {LakeTable | null} table  as it opened
 * @property {unknown} error     why it did not
 * @property {Answer} log        GET of an object of the log
 * @property {Answer} range      GET of the first bytes of a data file, or of the log where there is none
 * @property {boolean} isData
 * @property {Answer | null} whole    GET of all of that, where the range did not come
 * @property {Answer | null} bare     GET of the log without headers, where it did not come with them
 * @property {Answer} missing    GET of an object that cannot be there
 * @property {Answer} head       HEAD of an object of the log
 */

/** What a reply's beginning is good for. */
const BEGINNING_BYTES = 512;

/**
 * Where a table is over HTTP; null where the engine alone knows: requests that keys sign, folders of this machine.
 * @param {string} location @param {AccessOptions} [access] @returns {URL | null}
 */
export function httpRoot(location, access = {}) {
  const url = new URL(location, document.baseURI);
  if (access.accessKeyId || /\.(share|json)$/.test(url.pathname)) return null;
  const path = url.pathname.replace(/\/+$/, "");
  const { endpoint } = access;
  const query = [url.search.slice(1), access.query, access.sasToken]
    .filter(Boolean)
    .map((part) => String(part).replace(/^\?/, ""))
    .join("&");
  /** @param {string} root */
  const at = (root) => new URL(`${root.replace(/\/+$/, "")}${path}${query && `?${query}`}`);
  switch (url.protocol) {
    case "http:":
    case "https:":
      return at(url.origin);
    case "s3:":
    case "s3a:":
      return at(endpoint ? `${endpoint}/${url.host}` : `https://${url.host}.s3.${access.region ?? "us-east-1"}.amazonaws.com`);
    case "gs:":
      return at(`${endpoint ?? "https://storage.googleapis.com"}/${url.host}`);
    case "abfss:":
      return at(`${endpoint ?? `https://${url.host.replace(".dfs.", ".blob.")}`}/${url.username}`);
    case "az:":
      return access.account || endpoint ? at(`${endpoint ?? `https://${access.account}.blob.core.windows.net`}/${url.host}`) : null;
    default:
      return null;
  }
}

/** @param {URL} root @param {string} path below the table's root @returns {URL} */
function below(root, path) {
  const url = new URL(root);
  url.pathname = `${root.pathname.replace(/\/+$/, "")}/${path
    .split("/")
    .map((part) => encodeURIComponent(part).replace(/%3D/g, "="))
    .join("/")}`;
  return url;
}

/**
 * Asks the host of a table everything.
 * @param {URL} root @param {AccessOptions | undefined} access @param {() => Promise<LakeTable>} open
 * @returns {Promise<Seen>}
 */
export async function examine(root, access, open) {
  /** @type {Record<string, string>} */
  const headers = { ...access?.headers, ...(access?.bearerToken && { authorization: `Bearer ${access.bearerToken}` }) };
  const guarded = root.search !== "" || Object.keys(headers).some((name) => name.toLowerCase() !== "authorization");
  /** @param {URL} url @param {Record<string, string>} more */
  const get = (url, more = {}) => ask(url, { ...headers, ...more }, guarded);
  const first = below(root, "_delta_log/00000000000000000000.json");
  const opening = open().then(
    (table) => ({ table, error: null }),
    (error) => ({ table: null, error }),
  );
  const [{ table, error }, begun, missing] = await Promise.all([
    opening,
    get(first),
    get(below(root, "_delta_log/99999999999999999999.json")),
  ]);
  // The first commit of a long log may have been cleaned up.
  const hint = status(begun) === 404 ? await get(below(root, "_delta_log/_last_checkpoint")) : begun;
  const log = status(hint) === 200 ? hint : begun;
  const file = table ? (await table.files({ limit: 1 }).catch(() => [])).at(0) : undefined;
  const isData = file !== undefined && !/^[a-z][a-z0-9+.-]*:/i.test(file.path);
  const data = isData ? below(root, file.path) : first;
  const range = await get(data, { range: "bytes=0-3" });
  const whole = "blocked" in range && range.alive ? await get(data) : null;
  const bare = "blocked" in log && log.alive && Object.keys(headers).length ? await ask(first, {}, guarded) : null;
  const head = await ask(first, headers, guarded, "HEAD");
  return {
    url: first,
    origin: window.location.origin,
    headers: Object.keys(headers),
    table,
    error,
    log,
    range,
    isData,
    whole,
    bare,
    missing,
    head,
  };
}

/** @param {Answer} answer */
export const status = (answer) => ("status" in answer ? answer.status : 0);

/**
 * One request. What must not reach another origin keeps it from following a redirect.
 * @param {URL} url @param {Record<string, string>} headers @param {boolean} guarded @param {string} [method] @returns {Promise<Answer>}
 */
async function ask(url, headers, guarded, method = "GET") {
  try {
    const reply = await fetch(url, {
      method,
      headers,
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      redirect: guarded ? "manual" : "follow",
      signal: AbortSignal.timeout(20_000),
    });
    if (reply.type === "opaqueredirect") return { redirected: true };
    const reader = reply.body?.getReader();
    const body = (await reader?.read())?.value?.slice(0, BEGINNING_BYTES) ?? new Uint8Array();
    // The beginning will do: a host that ignores ranges may send gigabytes.
    void reader?.cancel();
    return {
      status: reply.status,
      headers: reply.headers,
      body,
      movedTo: reply.redirected && new URL(reply.url).origin !== url.origin ? new URL(reply.url).origin : null,
    };
  } catch (error) {
    if (codeOf(error) === "internal" && !(error instanceof TypeError) && !(error instanceof DOMException)) throw error;
    return { blocked: true, alive: await answers(url) };
  }
}

/** Whether anybody answers: such a request tells nothing else. @param {URL} url */
function answers(url) {
  const asked = fetch(url, {
    mode: "no-cors",
    cache: "no-store",
    credentials: "omit",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout(20_000),
  });
  return asked.then(
    () => true,
    () => false,
  );
}
