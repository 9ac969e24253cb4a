// The one version number: the crate, the npm package and their lock files have the same, and the changelog tells what it holds.
//
//   node scripts/version.mjs          prints it; fails where they differ
//   node scripts/version.mjs 0.2.0    writes it everywhere, and gives what the changelog has as unreleased that heading

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Where a version stands: the part before it, itself, in each file. @type {[file: string, pattern: RegExp][]} */
const PLACES = [
  ["Cargo.toml", /(^\[package\]\nname = "lakeglass"\nversion = ")([^"]+)/m],
  ["Cargo.lock", /(\nname = "lakeglass"\nversion = ")([^"]+)/],
  ["www/lakeglass/package.json", /(^\s*"version": ")([^"]+)/m],
  ["www/lakeglass/package-lock.json", /(^\s*"version": ")([^"]+)/m],
  ["www/lakeglass/package-lock.json", /("packages": \{\s*"": \{\s*"name": "lakeglass",\s*"version": ")([^"]+)/],
];
const UNRELEASED = "## Unreleased";

/** The version, where all files agree on it. @param {string} [root] @returns {string} */
export function version(root = ROOT) {
  const found = PLACES.map(([file, pattern]) => {
    const match = pattern.exec(readFileSync(path.join(root, file), "utf8"));
    return { file, version: match?.[2] ?? "none" };
  });
  if (new Set(found.map((each) => each.version)).size !== 1) {
    const listed = found.map((each) => `${each.file} has ${each.version}`).join(", ");
    throw new Error(`the version number differs: ${listed}; run node scripts/version.mjs VERSION`);
  }
  const headings = readFileSync(path.join(root, "CHANGELOG.md"), "utf8");
  const [{ version }] = found;
  if (!headings.includes(`\n## ${version} `) && !headings.includes(`\n${UNRELEASED}\n`)) {
    throw new Error(`CHANGELOG.md has neither "${UNRELEASED}" nor a heading for ${version}`);
  }
  return version;
}

/** @param {string} wanted @param {Date} day @param {string} [root] */
export function setVersion(wanted, day, root = ROOT) {
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(wanted)) throw new Error(`${wanted} is no version: three numbers, as in 0.2.0`);
  for (const [file, pattern] of PLACES) {
    const name = path.join(root, file);
    const text = readFileSync(name, "utf8");
    if (!pattern.test(text)) throw new Error(`${file} has no version where one is expected`);
    writeFileSync(
      name,
      text.replace(pattern, (_, before) => before + wanted),
    );
  }
  const changelog = path.join(root, "CHANGELOG.md");
  const text = readFileSync(changelog, "utf8");
  const heading = `${UNRELEASED}\n\nNothing yet.\n\n## ${wanted} (${day.toISOString().slice(0, 10)})`;
  writeFileSync(
    changelog,
    text.replace(UNRELEASED, () => heading),
  );
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    if (process.argv[2]) setVersion(process.argv[2], new Date());
    console.log(version());
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exit(1);
  }
}
