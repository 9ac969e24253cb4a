// Sizes of the built files, as a host sends them. See scripts/size.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ROOT = new URL("../www/", import.meta.url);
const PKG = "lakeglass/pkg/";
/** The module's two files. */
const MODULE = [`${PKG}lakeglass_bg.wasm`, `${PKG}lakeglass_sql.wasm`];
/** @type {{ eachRaw: number, allRaw: number, allBrotli: number, firstBrotli: number }} */
const LIMITS = JSON.parse(readFileSync(new URL("size-limits.json", import.meta.url), "utf8"));

const files = [...MODULE, `${PKG}lakeglass.js`, `${PKG}arrow.js`, ...vendored()];

/** The page's bundles, whatever their names. */
function vendored() {
  const folder = new URL("vendor/", ROOT);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".js"))
    .map((name) => `vendor/${name}`);
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
const line = (cells) => console.log(cells.map((cell, index) => (index ? cell.padStart(14) : cell.padEnd(36))).join(""));

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

let [raw, brotli] = [0, 0];
line(["bytes", "raw", "gzip -9", "brotli -q 11"]);
for (const name of files) {
  if (!existsSync(new URL(name, ROOT))) {
    fail(`${name} is not built: run scripts/build`);
    continue;
  }
  const sizes = measure(readFileSync(new URL(name, ROOT)));
  line([name, ...Object.values(sizes).map((size) => size.toLocaleString("en"))]);
  if (!MODULE.includes(name)) continue;
  limit(`${name}, raw,`, sizes.raw, LIMITS.eachRaw);
  if (name === MODULE[0]) limit(`${name}, brotli,`, sizes.brotli, LIMITS.firstBrotli);
  raw += sizes.raw;
  brotli += sizes.brotli;
}
line(["the module", raw.toLocaleString("en"), "", brotli.toLocaleString("en")]);
limit("the module, raw,", raw, LIMITS.allRaw);
limit("the module, brotli,", brotli, LIMITS.allBrotli);
process.exit(failed ? 1 : 0);
