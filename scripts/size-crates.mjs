// What the module's code is made of: the twenty crates that hold most of it, by the names of its functions. The names are in
// what cargo leaves in target/; wasm-bindgen takes them off the module that is shipped, which is otherwise the same.
//
//   node scripts/size-crates.mjs [FILE.wasm] [COUNT]

import { readFileSync } from "node:fs";
import { importedFunctions } from "./wasm-module.mjs";
import { Reader } from "./wasm-reader.mjs";

const IMPORT = 2;
const CODE = 10;
const CUSTOM = 0;
/** Crates of the standard library: a function of theirs counts for the crate whose types it is made for. */
const STANDARD = new Set(["core", "alloc", "std", "hashbrown", "dyn"]);

/** The sizes of all functions by their name. @param {Uint8Array} bytes @returns {[string, number][]} */
function functions(bytes) {
  const reader = new Reader(bytes, 8);
  let imported = 0;
  /** @type {number[]} */
  const sizes = [];
  /** @type {Map<number, string>} */
  const names = new Map();
  while (reader.at < bytes.length) {
    const section = reader.byte();
    const end = reader.number() + reader.at;
    if (section === IMPORT) imported = importedFunctions(reader);
    if (section === CODE) {
      for (let left = reader.number(); left > 0; left -= 1) {
        const before = reader.at;
        const length = reader.number();
        reader.at += length;
        sizes.push(reader.at - before);
      }
    }
    if (section === CUSTOM && reader.text() === "name") readNames(reader, end, names);
    reader.at = end;
  }
  return sizes.map((size, index) => [names.get(index + imported) ?? "", size]);
}

/** @param {Reader} reader @param {number} end @param {Map<number, string>} names */
function readNames(reader, end, names) {
  while (reader.at < end) {
    const kind = reader.byte();
    const next = reader.number() + reader.at;
    if (kind === 1) for (let left = reader.number(); left > 0; left -= 1) names.set(reader.number(), reader.text());
    reader.at = next;
  }
}

/** The crate in a mangled name: the first one that is not the standard library's. @param {string} name */
function crateOf(name) {
  const first = /^_ZN(\d+)(.*)$/.exec(name);
  if (first) {
    const path = first[2].slice(0, Number(first[1]));
    const crates =
      path.startsWith("_$LT$") || path.startsWith("$LT$") ? (path.match(/(?<![.a-z_0-9])[a-z_][a-z_0-9]*(?=\.\.)/g) ?? []) : [path];
    return crates.find((crate) => !STANDARD.has(crate)) ?? "std";
  }
  if (name.startsWith("_R")) {
    const crates = [...name.matchAll(/C(?:s[0-9A-Za-z]+_)?(\d+)([a-z_0-9]+)/g)].map(([, length, text]) => text.slice(0, Number(length)));
    return crates.find((crate) => !STANDARD.has(crate)) ?? "std";
  }
  return /^(ZSTD|HUF|FSE|HIST|XXH)/.test(name) ? "zstd (C)" : "other";
}

const file =
  process.argv[2] ??
  `${process.env.CARGO_TARGET_DIR ?? new URL("../target", import.meta.url).pathname}/wasm32-unknown-unknown/release/lakeglass.wasm`;
/** @type {Map<string, { bytes: number, count: number }>} */
const crates = new Map();
let total = 0;
for (const [name, size] of functions(readFileSync(file))) {
  const crate = crateOf(name);
  const sum = crates.get(crate) ?? { bytes: 0, count: 0 };
  crates.set(crate, { bytes: sum.bytes + size, count: sum.count + 1 });
  total += size;
}
console.log(`${total.toLocaleString("en").padStart(12)} bytes of code`);
const largest = [...crates].sort(([, a], [, b]) => b.bytes - a.bytes).slice(0, Number(process.argv[3] ?? 20));
for (const [crate, { bytes, count }] of largest) {
  console.log(`${bytes.toLocaleString("en").padStart(12)} ${String(count).padStart(7)} functions  ${crate}`);
}
