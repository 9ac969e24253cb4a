// The command line's archive, over a compiler that only pretends: what is in it, its name and its checksum. The others: tests/browser.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { version } from "../../scripts/version.mjs";

const run = promisify(execFile);
const ROOT = new URL("../../", import.meta.url).pathname;

test("the command line's archive has the binary and the licences, and with GNU's tar the same bytes each time", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "lakeglass-release-"));
  try {
    const bin = path.join(folder, "bin");
    const target = path.join(folder, "target");
    await mkdir(bin);
    await writeFile(path.join(bin, "rustc"), '#!/bin/sh\necho "host: made-up-target"\n');
    await writeFile(
      path.join(bin, "cargo"),
      '#!/bin/sh\necho "$@" >"$CARGO_TARGET_DIR.asked"\nmkdir -p "$CARGO_TARGET_DIR/cli" && echo binary >"$CARGO_TARGET_DIR/cli/lakeglass"\n',
    );
    for (const name of ["rustc", "cargo"]) await chmod(path.join(bin, name), 0o755);
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, CARGO_TARGET_DIR: target };
    const name = `lakeglass-cli-${version()}-made-up-target`;
    const sums = [];
    for (const out of ["first", "second"]) {
      await run("scripts/release", ["--out", path.join(folder, out), "cli"], { cwd: ROOT, env });
      const archive = await readFile(path.join(folder, out, `${name}.tar.gz`));
      sums.push(createHash("sha256").update(archive).digest("hex"));
      assert.equal((await readFile(path.join(folder, out, "SHA256SUMS"), "utf8")).split(/\s+/)[0], sums.at(-1));
    }
    if ((await run("tar", ["--version"])).stdout.includes("GNU")) assert.equal(sums[0], sums[1]);
    assert.match(await readFile(`${target}.asked`, "utf8"), /build --locked --features cli --profile cli --bin lakeglass/);
    const { stdout } = await run("tar", ["-tzf", path.join(folder, "first", `${name}.tar.gz`)]);
    const files = stdout
      .trim()
      .split("\n")
      .filter((file) => !file.endsWith("/"));
    assert.deepEqual(
      files.map((file) => path.posix.relative(name, file)),
      ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "lakeglass"],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("what it does not know is answered with its usage", async () => {
  const failed = await run("scripts/release", ["docker"], { cwd: ROOT }).catch((error) => error);
  assert.equal(failed.code, 2);
  assert.match(failed.stdout, /Usage: scripts\/release/);
});
