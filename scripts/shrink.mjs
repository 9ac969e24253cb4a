// Makes a WebAssembly module smaller, as it is sent: with brotli, 0.1 MB of the engine's 4.
//
// - Custom sections (names, producers) go: nothing that runs is in them.
// - Numbers take as few bytes as they have. A linker leaves room in them.
// - Of functions that do the same to the byte, one stays. Nothing compares addresses of functions; those of vtables stay as they are.
// - Functions of one type stand together, by their code: what is similar is near, which a compressor makes use of.
//
// A module that it does not understand is an error: an instruction, a kind of elements, a section that is not as long as it says.
//
//   node scripts/shrink.mjs IN.wasm OUT.wasm

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Module, assemble } from "./wasm-module.mjs";

/** @param {Uint8Array<ArrayBuffer>} bytes */
export function shrink(bytes) {
  const module = new Module(bytes);
  const standIns = equals(module);
  const { functions, imported } = module;
  const order = [...functions.keys()].filter((index) => !standIns.has(index + imported));
  order.sort((a, b) => functions[a].type - functions[b].type || Buffer.compare(functions[a].code, functions[b].code) || a - b);
  const smaller = module.bytes(order, (index) => standIns.get(index) ?? index);
  if (!WebAssembly.validate(smaller)) throw new Error("what came out is no valid module");
  return smaller;
}

/**
 * For each function that another one is equal to, the number of that one. Two that name functions become equal when those turn out to
 * be, so it is looked again until there are no more.
 * @param {Module} module
 */
function equals({ functions, imported }) {
  /** @type {Map<number, number>} */
  const standIns = new Map();
  /** @param {number} index */
  const standIn = (index) => standIns.get(index) ?? index;
  for (let before = -1; before < standIns.size; ) {
    before = standIns.size;
    /** @type {Map<string, number>} */
    const first = new Map();
    for (const [place, func] of functions.entries()) {
      const index = place + imported;
      const text = `${func.type} ${assemble(func, standIn).toString("latin1")}`;
      const same = first.get(text);
      if (same === undefined) first.set(text, index);
      else standIns.set(index, same);
    }
  }
  return standIns;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [input, output] = process.argv.slice(2);
  writeFileSync(output, shrink(readFileSync(input)));
}
