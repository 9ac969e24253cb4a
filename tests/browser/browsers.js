// The browser that the tests run in: Chromium, or what BROWSER names. All are driven through Playwright's interface.

import { chromium, firefox } from "playwright-core";
import { QUIET } from "../../scripts/chromium-flags.mjs";

/** @typedef {"chromium" | "firefox" | "webkit"} BrowserName */

export const BROWSER = /** @type {BrowserName} */ (process.env.BROWSER || "chromium");

/** What is only known of some browsers: a page's workers, and garbage collection on request. */
export const SEES_WORKERS = BROWSER !== "webkit";
export const COLLECTS_GARBAGE = BROWSER === "chromium";

/** What Firefox tells beside the page's own uncaught errors: resources that it refused, which the tests look at otherwise. */
export const NOTICE = /^(Loading (module|Worker) from|Content-Security-Policy:)/;

const launch = {
  chromium: () =>
    chromium.launch({
      executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
      headless: true,
      args: [...QUIET, "--js-flags=--expose-gc"],
    }),
  // An ordinary Firefox, over WebDriver BiDi: Playwright's own build is not needed.
  firefox: () => firefox.launch({ channel: "moz-firefox", executablePath: process.env.FIREFOX || "/usr/bin/firefox-esr", headless: true }),
  webkit: async () => (await import("./webkit.js")).launchWebKit(),
};

/** @returns {Promise<import("playwright-core").Browser>} */
export function launchBrowser() {
  return launch[BROWSER]();
}
