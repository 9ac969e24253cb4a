// Takes the custom sections (names, producers) off a WebAssembly module: nothing that runs is in them.
//
//   node scripts/strip-sections.mjs IN.wasm OUT.wasm

import { readFileSync, writeFileSync } from "node:fs";

const [input, output] = process.argv.slice(2);
const bytes = readFileSync(input);
const kept = [bytes.subarray(0, 8)];
let at = 8;
while (at < bytes.length) {
  const start = at;
  const id = bytes[at++];
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    length += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  at += length;
  if (id !== 0) kept.push(bytes.subarray(start, at));
}
writeFileSync(output, Buffer.concat(kept));
