// Pages on which the package runs over the fake engine; the tests' functions are evaluated in them.

import { test } from "node:test";
import { PATIENCE_MILLIS, startHarness } from "./harness.js";

/** @typedef {Awaited<ReturnType<typeof startHarness>>} Harness */

/** What every test's page function finds in its global scope. */
function prepare(/** @type {string} */ packageBase) {
  Object.assign(globalThis, {
    loadPackage: () => import(`${packageBase}www/lakeglass/index.js`),
    /** A connection to the fake engine. */
    connect: async (/** @type {object} */ options = {}) => {
      const { Lakeglass } = await import(`${packageBase}www/lakeglass/index.js`);
      const fake = { engineUrl: `${packageBase}tests/browser/fake-engine.js`, wasmUrl: `${packageBase}tests/browser/trap.wasm` };
      return Lakeglass.connect({ ...fake, ...options });
    },
    /** What a promise rejects with, as plain data. */
    failure: (/** @type {Promise<any>} */ promise) =>
      promise.then(
        (value) => ({ resolved: String(value) }),
        (error) => {
          const { name, code, message, url, reason, requested, status, feature, path } = error;
          const fields = { url, reason, requested, status, feature, path };
          return { name, code, message, ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) };
        },
      ),
    counters: async (/** @type {any} */ lake) => (await lake.query("state"))[0],
    pause: (/** @type {number} */ millis) => new Promise((resolve) => setTimeout(resolve, millis)),
    /** Asks until the answer is the one expected, or gives the last one up. */
    eventually: async (/** @type {() => Promise<any>} */ ask, /** @type {any} */ expected) => {
      let answer;
      for (let i = 0; i < 100; i += 1) {
        answer = await ask();
        if (answer === expected) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return answer;
    },
  });
}

/** @type {Harness | undefined} */
let harness;

/** A test in a page: the function gets it and the harness. */
export function pageTest(
  /** @type {string} */ name,
  /** @type {(page: Awaited<ReturnType<Harness["open"]>>, harness: Harness) => Promise<void>} */ body,
  /** @type {{ base?: (harness: Harness) => string | Promise<string>, packageBase?: (harness: Harness) => string, uncaught?: RegExp, skip?: string | false }} */ options = {},
) {
  test(name, { timeout: PATIENCE_MILLIS, skip: options.skip }, async () => {
    if (!harness) throw new Error("call useHarness first");
    const base = (await options.base?.(harness)) ?? harness.home;
    const page = await harness.open(undefined, { base, uncaught: options.uncaught });
    await page.evaluate(prepare, options.packageBase?.(harness) ?? base);
    await body(page, harness);
    await page.done();
  });
}

/** One browser for all tests of a file. */
export function useHarness() {
  test.before(async () => {
    harness = await startHarness();
  });
  test.after(() => harness?.close());
}
