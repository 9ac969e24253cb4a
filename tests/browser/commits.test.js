// The commits that the page's version control and its history share, over a table that answers when it is told to.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Commits } from "../../www/app/model/commits.js";

/** @param {number} latest */
function tableOf(latest) {
  /** @type {number[]} */
  const asked = [];
  const table = {
    versions: async () => ({ earliest: 0n, latest: BigInt(latest), intact: null }),
    history: async ({ limit, until }) => {
      asked.push(until);
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (until < 0) throw new Error("invalid type: floating point `-1.0`, expected u64");
      return Array.from({ length: Math.min(limit, until + 1) }, (_, i) => ({ version: BigInt(until - i) }));
    },
  };
  return { asked, commits: new Commits(/** @type {any} */ (table)) };
}
const { signal } = new AbortController();

test("pages follow each other to the first version, and nothing is asked for behind it", async () => {
  const { asked, commits } = tableOf(120);
  assert.equal(await commits.loadMore(signal), true);
  assert.equal(await commits.loadMore(signal), true);
  assert.equal(commits.complete, true);
  assert.equal(await commits.loadMore(signal), false);
  assert.deepEqual(asked, [120, 20]);
});

test("a page that is read meanwhile by the version control is no reason to ask behind the first version", async () => {
  const { asked, commits } = tableOf(2);
  const more = commits
    .loadRange(signal)
    .then(() => commits.load(1, signal))
    .then(() => commits.loadMore(signal));
  assert.equal(await more, false);
  assert.equal(commits.list.length, 3);
  assert.deepEqual(asked, [2]);
});
