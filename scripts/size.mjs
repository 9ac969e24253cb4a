// Sizes of the built files, as a host sends them. See scripts/size.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ROOT = new URL("../www/", import.meta.url);
const PKG = "lakeglass/pkg/";
/** The module's two files. */
const MODULE = [`${PKG}lakeglass_bg.wasm`, `${PKG}lakeglass_sql.wasm`];
/** The most each may be, in bytes: Cloudflare Pages refuses files of 25 MiB. */
const RAW_LIMIT = 24 * 1024 * 1024;
/**
 * The most they may be together as a host sends them, and the first one alone, for which first rows wait. Growth is a decision: signing for
 * S3, listings, share manifests and Delta Sharing brought 0.13 MB to the first, names of other dialects and tables of a session's own
 * 0.08 MB to the second. The aim is 4.0 MB together.
 */
const BROTLI_LIMIT = 4_400_000;
const FIRST_BROTLI_LIMIT = 1_300_000;

const files = [...MODULE, `${PKG}lakeglass.js`, `${PKG}arrow.js`, ...vendored()];

/** The page's bundles, whatever their names. */
function vendored() {
  const folder = new URL("vendor/", ROOT);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith(".js")).map((name) => `vendor/${name}`);
}

/** @param {Uint8Array} bytes */
function measure(bytes) {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants;
  const params = { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

/** @param {string[]} cells */
const line = (cells) => console.log(cells.map((cell, index) => (index ? cell.padStart(12) : cell.padEnd(36))).join(""));

let failed = false;
/** @param {string} message */
function fail(message) {
  console.log(message);
  failed = true;
}

/** @param {string} what @param {number} bytes @param {number} limit */
function limit(what, bytes, limit) {
  if (bytes > limit) fail(`${what} is over its limit: ${bytes.toLocaleString("en")} > ${limit.toLocaleString("en")}`);
}

let together = 0;
line(["bytes", "raw", "gzip -9", "brotli -q 11"]);
for (const name of files) {
  if (!existsSync(new URL(name, ROOT))) {
    fail(`${name} is not built: run scripts/build`);
    continue;
  }
  const sizes = measure(readFileSync(new URL(name, ROOT)));
  line([name, ...Object.values(sizes).map((size) => size.toLocaleString("en"))]);
  if (!MODULE.includes(name)) continue;
  limit(`${name}, raw,`, sizes.raw, RAW_LIMIT);
  if (name === MODULE[0]) limit(`${name}, brotli,`, sizes.brotli, FIRST_BROTLI_LIMIT);
  together += sizes.brotli;
}
limit("the module, brotli,", together, BROTLI_LIMIT);
process.exit(failed ? 1 : 0);
