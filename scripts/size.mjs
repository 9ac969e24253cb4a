// Sizes of the built files, as a host sends them. See scripts/size.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ROOT = new URL("../www/", import.meta.url);
const MODULE = "lakeglass/pkg/lakeglass_bg.wasm";
// Of the module, in bytes. Any growth past them is a decision.
const LIMITS = { raw: 24_000_000, brotli: 4_200_000 };

const files = [MODULE, "lakeglass/pkg/lakeglass.js", "lakeglass/pkg/arrow.js", ...vendored()];

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
line(["bytes", "raw", "gzip -9", "brotli -q 11"]);
for (const name of files) {
  if (!existsSync(new URL(name, ROOT))) {
    console.log(`${name} is not built: run scripts/build`);
    failed = true;
    continue;
  }
  const sizes = measure(readFileSync(new URL(name, ROOT)));
  line([name, ...Object.values(sizes).map((size) => size.toLocaleString("en"))]);
  if (name !== MODULE) continue;
  for (const [kind, limit] of /** @type {["raw" | "brotli", number][]} */ (Object.entries(LIMITS))) {
    if (sizes[kind] <= limit) continue;
    console.log(`${name} is over its limit: ${kind} ${sizes[kind].toLocaleString("en")} > ${limit.toLocaleString("en")}`);
    failed = true;
  }
}
process.exit(failed ? 1 : 0);
