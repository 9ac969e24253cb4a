// No circle of imports between files of src/, other than between a module and what is inside it. See scripts/check.

import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "..", "src");
const NOISE = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|b?r(#*)"[\s\S]*?"\1|b?"(?:\\[\s\S]|[^"\\])*"|b?'(?:\\.[^']*|[^'\\])'/g;

/** Rust files below a folder. @param {string} folder @returns {string[]} */
function rustFiles(folder) {
  return readdirSync(folder).flatMap((name) => {
    const file = path.join(folder, name);
    if (statSync(file).isDirectory()) return rustFiles(file);
    return name.endsWith(".rs") ? [file] : [];
  });
}

/** A file's module, `sql::plan::prune`; the crate's root is "". @param {string} file */
function moduleOf(file) {
  const parts = path.relative(ROOT, file).replace(/\.rs$/, "").split(path.sep);
  if (parts.at(-1) === "mod" || parts.at(-1) === "lib") parts.pop();
  return parts.join("::");
}

/** The paths that a use tree names, `a::{b, c::d}`. @param {string} tree @param {string} [prefix] @returns {string[]} */
function leaves(tree, prefix = "") {
  const open = tree.indexOf("{");
  if (open < 0) return [(prefix + tree.trim()).replace(/\s+as\s+\w+$/, "").replace(/::self$/, "")];
  const head = prefix + tree.slice(0, open).trim();
  /** @type {string[]} */
  const found = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open; at < tree.length; at++) {
    if (tree[at] === "{") depth++;
    else if (tree[at] === "}") depth--;
    if ((tree[at] === "," && depth === 1) || depth === 0) {
      const part = tree.slice(start, at).trim();
      if (part) found.push(...leaves(part, head));
      start = at + 1;
    }
    if (depth === 0) break;
  }
  return found;
}

const files = rustFiles(ROOT).filter((file) => !file.startsWith(path.join(ROOT, "bin")));
const modules = new Map(files.map((file) => [moduleOf(file), file]));

/** The innermost module that a path goes through; null of another crate's. @param {string} name @param {string} module */
function resolve(name, module) {
  const parts = name.split("::").map((part) => part.trim());
  let base = module;
  if (parts[0] === "crate") {
    base = "";
    parts.shift();
  } else if (parts[0] === "self") parts.shift();
  else if (parts[0] === "super") {
    while (parts[0] === "super") {
      base = base.includes("::") ? base.slice(0, base.lastIndexOf("::")) : "";
      parts.shift();
    }
  } else if (!modules.has([module, parts[0]].filter(Boolean).join("::"))) return null;
  const all = [...(base ? base.split("::") : []), ...parts];
  for (let length = all.length; length > 0; length--) {
    const found = all.slice(0, length).join("::");
    if (modules.has(found)) return found;
  }
  return null;
}

/** Whether one module is inside the other. @param {string} one @param {string} other */
const isWithin = (one, other) => other === "" || one.startsWith(`${other}::`);

/** The modules that a module's file imports from. @param {string} module @param {string} file */
function imports(module, file) {
  const code = readFileSync(file, "utf8")
    .replace(NOISE, "")
    .split(/^\s*#\[cfg\(test\)\]\s*\n\s*mod\s/m)[0];
  const rest = code.replace(/\buse\s+[^;]+;/g, "");
  /** @type {Set<string>} */
  const found = new Set();
  for (const use of code.matchAll(/\buse\s+([^;]+);/g)) {
    for (const leaf of leaves(use[1])) {
      const other = resolve(leaf, module);
      // A function may have its module's name: then nothing goes through the name.
      const name = leaf.split("::").at(-1);
      const isModule = other?.split("::").at(-1) === name;
      if (other !== null && (!isModule || rest.includes(`${name}::`))) found.add(other);
    }
  }
  for (const use of rest.matchAll(/(?<![\w:])((?:crate|super|self)(?:::\w+)+|[a-z_]\w*(?=::))/g)) {
    const other = resolve(use[1], module);
    if (other !== null) found.add(other);
  }
  return [...found].filter((other) => other !== module && !isWithin(other, module) && !isWithin(module, other));
}

const graph = new Map([...modules].map(([module, file]) => [module, imports(module, file)]));

/** The strongly connected components of more than one module (Tarjan). */
function circles() {
  /** @type {string[][]} */
  const found = [];
  /** @type {string[]} */
  const stack = [];
  /** @type {Map<string, { index: number, low: number, onStack: boolean }>} */
  const seen = new Map();
  /** @param {string} module */
  const visit = (module) => {
    const own = { index: seen.size, low: seen.size, onStack: true };
    seen.set(module, own);
    stack.push(module);
    for (const next of graph.get(module) ?? []) {
      const known = seen.get(next);
      if (!known) own.low = Math.min(own.low, visit(next).low);
      else if (known.onStack) own.low = Math.min(own.low, known.index);
    }
    if (own.low === own.index) {
      const circle = stack.splice(stack.indexOf(module));
      for (const member of circle) Object.assign(seen.get(member) ?? {}, { onStack: false });
      if (circle.length > 1) found.push(circle);
    }
    return own;
  };
  for (const module of graph.keys()) if (!seen.has(module)) visit(module);
  return found;
}

const found = circles();
for (const circle of found) {
  console.log(`import circle of ${circle.length} files:`);
  for (const module of circle) {
    console.log(
      `  ${module} imports from ${graph
        .get(module)
        ?.filter((other) => circle.includes(other))
        .join(", ")}`,
    );
  }
}
console.log(`${modules.size} modules checked, ${found.length} import circles`);
process.exit(found.length ? 1 : 0);
