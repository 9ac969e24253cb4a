// One version number, and the changelog's headings.

import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setVersion, version } from "../../scripts/version.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
const FILES = ["Cargo.toml", "Cargo.lock", "CHANGELOG.md", "www/lakeglass/package.json", "www/lakeglass/package-lock.json"];

test("every file has the same version; another is written everywhere, and one that differs is told", async () => {
  const root = await mkdtemp(path.join(tmpdir(), "lakeglass-version-"));
  try {
    for (const file of FILES) {
      await mkdir(path.join(root, path.dirname(file)), { recursive: true });
      await cp(path.join(ROOT, file), path.join(root, file));
    }
    assert.match(version(root), /^\d+\.\d+\.\d+/);
    setVersion("7.8.9", new Date("2031-02-03"), root);
    assert.equal(version(root), "7.8.9");
    const changelog = await readFile(path.join(root, "CHANGELOG.md"), "utf8");
    assert.match(changelog, /\n## Unreleased\n\nNothing yet\.\n\n## 7\.8\.9 \(2031-02-03\)\n/);
    const manifest = JSON.parse(await readFile(path.join(root, "www/lakeglass/package-lock.json"), "utf8"));
    assert.deepEqual([manifest.version, manifest.packages[""].version], ["7.8.9", "7.8.9"]);

    const lock = path.join(root, "Cargo.lock");
    await writeFile(lock, (await readFile(lock, "utf8")).replace('version = "7.8.9"', 'version = "7.8.8"'));
    assert.throws(() => version(root), /Cargo\.lock has 7\.8\.8/);
    assert.throws(() => setVersion("new", new Date(), root), /no version/);
  } finally {
    await rm(root, { recursive: true });
  }
});
