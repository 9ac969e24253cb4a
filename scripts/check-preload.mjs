// Whether www/index.html names every module that the page needs at its start: the browser then asks for all of them at once,
// where finding them import by import takes a round trip for each level.
//
//   node scripts/check-preload.mjs [--print]      with it: prints the lines to put there

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const WWW = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../www");
// What the page's script and the worker begin with, and what they import when they run.
const ROOTS = ["app/shell/main.js", "lakeglass/index.js", "lakeglass/worker.js", "lakeglass/pkg/lakeglass.js"];

/** The modules that `name` imports statically, itself among them. @param {string} name @param {Set<string>} found */
function collect(name, found) {
  if (found.has(name)) return found;
  found.add(name);
  const file = path.join(WWW, name);
  if (!existsSync(file)) return found; // built
  for (const [, target] of readFileSync(file, "utf8").matchAll(/^(?:import|export)\b[^"';]*?(?:\bfrom\s*)?["'](\.[^"']+)["'];?$/gm)) {
    collect(path.posix.join(path.posix.dirname(name), target), found);
  }
  return found;
}

const wanted = [...ROOTS.reduce((found, root) => collect(root, found), /** @type {Set<string>} */ (new Set()))];
if (process.argv.includes("--print")) {
  console.log(wanted.map((name) => `  <link rel="modulepreload" href="${name}">`).join("\n"));
} else {
  const html = readFileSync(path.join(WWW, "index.html"), "utf8");
  const named = [...html.matchAll(/rel="modulepreload" href="([^"]+)"/g)].map(([, name]) => name);
  const missing = wanted.filter((name) => !named.includes(name));
  const needless = named.filter((name) => !wanted.includes(name));
  for (const name of missing) console.log(`www/index.html does not preload ${name}`);
  for (const name of needless) console.log(`www/index.html preloads ${name}, which nothing imports at the start`);
  process.exit(missing.length + needless.length ? 1 : 0);
}
