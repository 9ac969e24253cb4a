// What the tests of locations share: servers with the table on each, a Chromium that writes down all it sends, and one page that opens
// tables with the built package.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { QUIET } from "../../scripts/chromium-flags.mjs";
import { serve } from "../../scripts/serve.mjs";
import { BLANK, PATIENCE_MILLIS, unbuilt } from "./harness.js";
import { lookBehind, logTo, requestsIn, Secrets, watch } from "./locations-log.js";

export const ROOT = new URL("../../", import.meta.url).pathname;
export const TABLE = path.join(ROOT, "www/demo/trade");
/** The command line, which the native tests build. */
const CLI = path.join(process.env.CARGO_TARGET_DIR ?? path.join(ROOT, "target"), "debug/lakeglass");
export const noCli = existsSync(CLI) ? false : `${CLI} is not built: run cargo build --features cli --bin lakeglass`;

export const SQL = "SELECT count(*) AS n, sum(month) AS months FROM trade";
/** Versions of the table with what they answer: computed by pyarrow from the files that the log has live. */
export const EXPECTED = /** @type {const} */ ({ 2: { n: 199200n, months: 1294800n }, 32: { n: 988015n, months: 6455713n } });
export const VERSIONS = /** @type {(keyof typeof EXPECTED)[]} */ ([2, 32]);

/**
 * @typedef {{ code: string, message: string, origin?: string, answered?: boolean }} Failure
 * @typedef {{ rows: any, metrics: any } | Failure} Outcome
 */

export function useLocations() {
  const secrets = new Secrets();
  /** @type {{ close: () => Promise<void> }[]} */
  const hosts = [];
  const state =
    /** @type {{ browser: import("playwright-core").Browser, home: string, folder: string, pages: Map<string, Promise<import("playwright-core").Page>> }} */ ({
      pages: new Map(),
    });

  before(async () => {
    if (unbuilt) return;
    state.folder = await mkdtemp(path.join(tmpdir(), "lakeglass-"));
    const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
    const args = [...QUIET, ...logTo(path.join(state.folder, "net.json"))];
    state.home = (await keep(serve({ root: ROOT }))).url;
    state.browser = await chromium.launch({ executablePath, headless: true, args });
  });
  after(async () => {
    await state.browser?.close();
    await Promise.all(hosts.map((host) => host.close()));
    if (state.folder) await rm(state.folder, { recursive: true });
  });

  /** Closes a server at the end. @template {{ close: () => Promise<void> }} T @param {T | Promise<T>} host */
  async function keep(host) {
    hosts.push(await host);
    return host;
  }

  /** A new page in a profile of its own. @param {string} url */
  async function open(url) {
    const page = await (await state.browser.newContext()).newPage();
    page.setDefaultTimeout(PATIENCE_MILLIS);
    await watch(page, secrets);
    await page.goto(url);
    return page;
  }

  /** The page at `base` with the package, opened once. @param {string} base */
  function packagePage(base) {
    const opened =
      state.pages.get(base) ??
      open(`${base}${BLANK}`).then(async (page) => {
        await page.evaluate(async () => {
          const { Lakeglass, localFolder } = await import(new URL("/www/lakeglass/index.js", location.href).href);
          Object.assign(globalThis, { lake: await Lakeglass.connect(), localFolder });
        });
        return page;
      });
    state.pages.set(base, opened);
    return opened;
  }

  /**
   * What a query over a table answers, or how opening it or that fails.
   * @param {Record<string, any>} source url, version, access; `map`: base URLs by prefix of path, for a function that signs
   * @param {{ sql?: string, base?: string }} [options]
   * @returns {Promise<any>}
   */
  async function outcome(source, { sql = SQL, base = state.home } = {}) {
    const page = await packagePage(base);
    const seen = await page.evaluate(
      async ({ source: { signAt, query, ...source }, sql }) => {
        const { lake } = /** @type {any} */ (globalThis);
        if (signAt) source.sign = (/** @type {string} */ path) => (path.startsWith("http") ? undefined : `${signAt}/${path}${query ?? ""}`);
        try {
          const { url, ...options } = source;
          await lake.register("trade", await lake.table(new URL(url, location.href), options));
          const rows = await lake.query(sql);
          return { rows: [...rows], metrics: rows.metrics };
        } catch (error) {
          const { code, message, origin, answered, stack } = /** @type {any} */ (error);
          return { code: code ?? "no code", message, origin, answered, stack };
        }
      },
      { source, sql },
    );
    if (seen.message) secrets.show("error", `${seen.message} ${seen.stack}`);
    return seen;
  }

  return {
    secrets,
    keep,
    open,
    outcome,
    /** The repository's own origin, with a slash at its end. */
    get home() {
      return state.home;
    },
    /** A folder that is removed at the end. */
    get folder() {
      return state.folder;
    },

    /** The table answers right at each version. @param {Record<string, any>} source @param {{ base?: string }} [options] */
    async answers(source, options) {
      const metrics = [];
      for (const version of VERSIONS) {
        const seen = await outcome({ ...source, version }, options);
        assert.deepEqual(seen.rows, [EXPECTED[version]], `version ${version}: ${seen.code} ${seen.message}`);
        metrics.push(seen.metrics);
      }
      return metrics;
    },

    /** How opening or querying fails. @param {Record<string, any>} source @returns {Promise<Failure>} */
    async fails(source) {
      const seen = await outcome(source);
      assert.ok(seen.code, `it answered ${JSON.stringify(seen.rows, (_, value) => (typeof value === "bigint" ? String(value) : value))}`);
      return seen;
    },

    /** Runs the command line. @param {string[]} args @param {Record<string, string>} [environment] */
    async lakeglass(args, environment = {}) {
      const env = { PATH: process.env.PATH ?? "", HOME: state.folder, ...environment };
      return promisify(execFile)(CLI, args, { env, maxBuffer: 1 << 26 });
    },

    /** The last test: nothing that was given in confidence went where it should not. @param {string} name @param {number} least requests that the log has to have */
    keepsSecrets(name, least) {
      test(name, { skip: unbuilt, timeout: 2 * PATIENCE_MILLIS }, async () => {
        for (const context of state.browser.contexts())
          for (const page of context.pages()) if (page.url().startsWith("http")) await lookBehind(page, secrets);
        await state.browser.close();
        const requests = await requestsIn(path.join(state.folder, "net.json"));
        assert.ok(requests.length >= least, `only ${requests.length} requests in the browser's log`);
        assert.deepEqual(secrets.unseen(requests), [], "secrets that the check did not come across");
        assert.deepEqual(secrets.leaks(requests), []);
      });
    },
  };
}

/** A test that needs the built engine, and a server perhaps. @param {string} name @param {string | false} missing why it cannot run @param {() => Promise<void>} body */
export function locationTest(name, missing, body) {
  test(name, { skip: unbuilt || missing, timeout: 4 * PATIENCE_MILLIS }, body);
}
