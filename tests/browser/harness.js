// What every browser test needs: the repository on two origins, a Chromium, and pages that report their errors.
//
//   const harness = await startHarness();
//   const page = await harness.open();                       // tests/browser/blank.html
//   await page.evaluate(async () => { … });
//   await harness.close();

import { existsSync } from "node:fs";
import { NOTICE, launchBrowser } from "./browsers.js";
import { serve } from "../../scripts/serve.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;

const built = existsSync(new URL("../../www/lakeglass/pkg/lakeglass_bg.wasm", import.meta.url));
/** Why tests of the built engine are skipped, or false. */
export const unbuilt = built ? false : "www/lakeglass/pkg/lakeglass_bg.wasm is not built: run scripts/build";

/** Gives a page `connect`, which connects to the engine, and `codeOf`, what a promise came to. */
export const giveEngine = (/** @type {import("playwright-core").Page} */ page) =>
  page.evaluate(() => {
    Object.assign(globalThis, {
      connect: async (/** @type {object} */ options) => {
        const { Lakeglass } = await import("/www/lakeglass/index.js");
        return Lakeglass.connect(options);
      },
      codeOf: (/** @type {Promise<any>} */ promise) =>
        promise.then(
          () => "resolved",
          (error) => error.code ?? String(error),
        ),
    });
  });

/** Where tests may wait for something that must happen. */
export const PATIENCE_MILLIS = 60_000;

/** A blank page of ours, from the repository's root. */
export const BLANK = "tests/browser/blank.html";

export async function startHarness() {
  const [home, other, browser] = await Promise.all([
    serve({ root: ROOT, log: true }),
    serve({ root: ROOT, log: true, faults: true }),
    launchBrowser(),
  ]);
  const servers = [home, other];
  return {
    browser,
    /** The page's origin, with a slash at its end, and another one, which has the faults of scripts/serve-faults.mjs. */
    home: home.url,
    other: other.url,
    homeLog: home.log,
    otherLog: other.log,

    /** An origin whose answers carry more headers: a Content-Security-Policy, say. */
    async origin(/** @type {Record<string, string>} */ headers) {
      const server = await serve({ root: ROOT, headers });
      servers.push(server);
      return server.url;
    },

    /**
     * A page of its own context. An error that nobody caught fails the test when the page is closed, unless `uncaught` expects it.
     * @param {string} [path]
     * @param {{ base?: string, uncaught?: RegExp }} [options]
     */
    async open(path = BLANK, { base = home.url, uncaught } = {}) {
      const context = await browser.newContext();
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE_MILLIS);
      /** @type {string[]} */
      const errors = [];
      page.on("pageerror", ({ message, stack = message }) => NOTICE.test(stack) || errors.push(stack));
      await page.goto(new URL(path, base).href);
      const close = async () => {
        await context.close();
        const unexpected = errors.filter((error) => !uncaught?.test(error));
        if (unexpected.length > 0) throw new Error(`uncaught in the page: ${unexpected.join("\n")}`);
      };
      return Object.assign(page, { done: close });
    },

    async close() {
      await browser.close();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
