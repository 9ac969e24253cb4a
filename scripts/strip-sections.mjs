// Takes the custom sections (names, producers) off a WebAssembly module: nothing that runs is in them.
//
//   node scripts/strip-sections.mjs IN.wasm OUT.wasm

import { readFileSync, writeFileSync } from "node:fs";
import { Reader } from "./wasm-reader.mjs";

const CUSTOM = 0;

const [input, output] = process.argv.slice(2);
const bytes = readFileSync(input);
const kept = [bytes.subarray(0, 8)];
const reader = new Reader(bytes, 8);
while (reader.at < bytes.length) {
  const start = reader.at;
  const section = reader.byte();
  const end = reader.number() + reader.at;
  if (section !== CUSTOM) kept.push(bytes.subarray(start, end));
  reader.at = end;
}
writeFileSync(output, Buffer.concat(kept));
