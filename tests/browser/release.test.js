// The archives of scripts/release: their checksums, and a page that is served from the site's alone.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { serve } from "../../scripts/serve.mjs";
import { version } from "../../scripts/version.mjs";
import { PATIENCE_MILLIS, startHarness, unbuilt as skip } from "./harness.js";

const run = promisify(execFile);
const ROOT = new URL("../../", import.meta.url).pathname;

test("the site's archive is the page, and the checksums are those of the archives", { skip, timeout: 3 * PATIENCE_MILLIS }, async () => {
  const dist = await mkdtemp(join(tmpdir(), "lakeglass-dist-"));
  const harness = await startHarness();
  try {
    await run("scripts/release", ["--no-build", "--out", dist, "npm", "site"], { cwd: ROOT });
    const site = `lakeglass-site-${version()}`;
    assert.deepEqual((await readdir(dist)).sort(), ["SHA256SUMS", `lakeglass-${version()}.tgz`, `${site}.tar.gz`].sort());
    for (const line of (await readFile(join(dist, "SHA256SUMS"), "utf8")).trim().split("\n")) {
      const [sum, name] = line.split(/\s+/);
      assert.equal(
        createHash("sha256")
          .update(await readFile(join(dist, name)))
          .digest("hex"),
        sum,
        name,
      );
    }

    await run("tar", ["-xzf", `${site}.tar.gz`], { cwd: dist });
    const server = await serve({ root: join(dist, site) });
    try {
      const page = await harness.open("?table=weather&version=1", { base: server.url });
      await page.locator('[role=grid][aria-rowcount="4"]').waitFor();
      await page.getByRole("tab", { name: "SQL" }).click();
      await page.locator(".cm-content").waitFor();
      await page.done();
    } finally {
      await server.close();
    }
  } finally {
    await harness.close();
    await rm(dist, { recursive: true });
  }
});
