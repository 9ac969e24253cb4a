// Which module of src/ may use what, and how long a file may be. See scripts/check.

import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "..");

// A module may use those of the lines below its own, and itself.
const LAYERS = [["api"], ["sql"], ["table"], ["formats", "scan"], ["parquet_file"], ["storage"], ["runtime", "snapshot"], ["error"]];
const ONLY_IN = [
  {
    what: /\b(wasm_bindgen|wasm_bindgen_futures|serde_wasm_bindgen|js_sys|web_sys)\b/,
    where: /^src\/(api\/|runtime\/|storage\/(http\/browser|cache\/cache_api)\.rs$)/,
  },
  { what: /\bdatafusion\w*\b/, where: /^src\/sql\// },
  // Names that only one format has. The doctor, and the command that writes an index of a log, are openly about Delta.
  {
    what: /\b(_delta_log|_last_checkpoint|minValues|maxValues|tightBounds|formats::delta|min_?[rR]eader_?[vV]ersion)\b/,
    where: /^src\/(formats\/(delta|sharing|manifest)\/|bin\/lakeglass\/(doctor\/|index\.rs))/,
    inStrings: true,
  },
];
const LOOK_AGAIN_LINES = 300;
const MOST_LINES = 500;

/** @type {string[]} */
const breaches = [];

/** Files below a folder, as paths from the root. @param {string} folder @param {RegExp} wanted @returns {string[]} */
function filesBelow(folder, wanted) {
  const skipped = new Set(["node_modules", "vendor", "pkg", "demo"]);
  /** @type {string[]} */
  const found = [];
  let names;
  try {
    names = readdirSync(path.join(ROOT, folder)).sort();
  } catch {
    return found;
  }
  for (const name of names) {
    const relative = `${folder}/${name}`;
    if (statSync(path.join(ROOT, relative)).isDirectory()) {
      if (!skipped.has(name)) found.push(...filesBelow(relative, wanted));
    } else if (wanted.test(name)) found.push(relative);
  }
  return found;
}

/** Rust without comments and strings, each replaced by as many line breaks as it had. @param {string} source */
function codeOf(source) {
  const noise = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|b?r(#*)"[\s\S]*?"\1|b?"(?:\\[\s\S]|[^"\\])*"|b?'(?:\\.[^']*|[^'\\])'/g;
  return source.replace(noise, (text) => text.replace(/[^\n]/g, ""));
}

/** Code up to the tests: those may use whatever shows the behaviour. @param {string} code */
const untested = (code) => code.split(/^\s*#\[cfg\(test\)\]\s*\n\s*mod\s/m)[0];

/** Crate modules that code names: `crate::scan::…` and `crate::{scan, table::…}`. @param {string} code */
function modulesUsed(code) {
  const used = [];
  for (const match of code.matchAll(/\b(?:crate|lakeglass)\s*::\s*(\w+|\{)/g)) {
    const line = code.slice(0, match.index).split("\n").length;
    if (match[1] !== "{") {
      used.push({ module: match[1], line });
      continue;
    }
    let depth = 1;
    let start = match.index + match[0].length;
    for (let at = start; depth > 0 && at < code.length; at++) {
      if (code[at] === "{") depth++;
      else if (code[at] === "}") depth--;
      if ((code[at] === "," && depth === 1) || depth === 0) {
        const name = /^\s*(\w+)/.exec(code.slice(start, at))?.[1];
        if (name) used.push({ module: name, line });
        start = at + 1;
      }
    }
  }
  return used;
}

/** @param {string} file */
function checkLayers(file) {
  const source = readFileSync(path.join(ROOT, file), "utf8");
  const code = untested(codeOf(source));
  const lines = code.split("\n");
  const withStrings = source
    .replace(/\/\/[^\n]*/g, "")
    .split("\n")
    .slice(0, lines.length);
  for (const [index, line] of lines.entries()) {
    for (const { what, where, inStrings } of ONLY_IN) {
      const match = what.exec(inStrings ? (withStrings[index] ?? "") : line);
      if (match && !where.test(file)) breaches.push(`${file}:${index + 1}: ${match[1] ?? match[0]} does not belong here`);
    }
  }
  const layerOf = (/** @type {string} */ module) => LAYERS.findIndex((layer) => layer.includes(module));
  const own = file.split("/")[1].replace(/\.rs$/, "");
  if (layerOf(own) < 0) return; // lib.rs re-exports, bin/ uses the public face
  for (const { module, line } of modulesUsed(code)) {
    const other = layerOf(module);
    if (other >= 0 && other <= layerOf(own) && module !== own) breaches.push(`${file}:${line}: ${own} must not use ${module}`);
  }
}

/** @param {string} file @param {string[]} long */
function checkLength(file, long) {
  const lines = readFileSync(path.join(ROOT, file), "utf8").split("\n").length - 1;
  if (lines > MOST_LINES) breaches.push(`${file}: ${lines} lines; split it (at most ${MOST_LINES})`);
  else if (lines > LOOK_AGAIN_LINES) long.push(`${file} (${lines})`);
}

const rust = filesBelow("src", /\.rs$/);
for (const file of rust) if (!/(^|\/)tests?\.rs$|\/tests\//.test(file)) checkLayers(file);

/** @type {string[]} */
const long = [];
const sources = /^(?!package-lock\.json$).*\.(rs|mjs|js|d\.ts|css|html|py)$|^[^.]+$/;
for (const folder of ["src", "www", "tests", "scripts"]) {
  for (const file of filesBelow(folder, sources)) if (!file.includes("/table/") && !file.endsWith("LICENSE")) checkLength(file, long);
}

if (long.length) console.log(`Over ${LOOK_AGAIN_LINES} lines, look again: ${long.join(", ")}`);
for (const breach of breaches) console.log(breach);
console.log(`${rust.length} Rust files checked, ${breaches.length} breaches`);
process.exit(breaches.length ? 1 : 0);
