// Constants that the package has besides the engine, because it needs them before the engine is there: they must be the engine's.

import { readFileSync, readdirSync } from "node:fs";
import { ENGINE } from "../www/lakeglass/head-start.js";

const SRC = new URL("../src/", import.meta.url);
const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".rs"));
const rust = sources.map((name) => readFileSync(new URL(name, SRC), "utf8")).join("\n");

const wrong = Object.entries(ENGINE).filter(([name, value]) => {
  const found = [...rust.matchAll(new RegExp(`\\bconst ${name}: [^=]+ = ([^;]+);`, "g"))].map((match) => match[1]);
  if (found.length === 1 && found[0] === JSON.stringify(value)) return false;
  console.error(`www/lakeglass/head-start.js: ${name} is ${JSON.stringify(value)}, and in src/ ${found.join(" and ") || "nowhere"}`);
  return true;
});
if (wrong.length > 0) process.exit(1);
console.log(`${Object.keys(ENGINE).length} constants of the engine's are the same in the package`);
