// Which table URLs are secrets, and how a URL is shown. A query string may be a signature and user information is a
// password: neither may enter the page's own address, the history, storage, or the screen.

/**
 * Whether a URL carries anything beyond a public location.
 * @param {string} url
 */
export function isSecret(url) {
  const parsed = parse(url);
  if (!parsed) return /[?#@]/.test(url);
  return Boolean(parsed.search || parsed.hash || parsed.username || parsed.password);
}

/**
 * The URL as it may be shown: without query, fragment and user information.
 * @param {string} url
 */
export function redact(url) {
  const parsed = parse(url);
  if (!parsed) return url.split(/[?#]/)[0].replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, "$1");
  if (!isAbsolute(url)) return url.split(/[?#]/)[0];
  return `${parsed.protocol}//${parsed.host}${decodePath(parsed.pathname)}`;
}

/** @param {string} path */
function decodePath(path) {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** @param {string} url */
function isAbsolute(url) {
  return /^[a-z][a-z0-9+.-]*:/i.test(url);
}

/** @param {string} url */
function parse(url) {
  try {
    return new URL(url, "http://relative.invalid/");
  } catch {
    return null;
  }
}

/**
 * A name for the table at a URL, usable in SQL without quotes: its last folder, in lower case.
 * @param {string} url
 */
export function nameFromUrl(url) {
  const parts = redact(url)
    .split("/")
    .filter((part) => part && part !== "_delta_log" && part !== "." && !part.endsWith(":"));
  // A sharing profile names its table behind it, and a share is called like its file.
  const shared = /\.share#(?:[^.]*\.){2}(.+)$/.exec(url)?.[1];
  const last = shared ?? (parts.at(-1) ?? "").replace(/\.(json|share)$/, "");
  const name = last
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "_")
    .replace(/^_+|_+$/g, "");
  if (!name) return "delta_table";
  return /^[0-9]/.test(name) ? `t_${name}` : name;
}
