// WebKit, as Debian packages it: WebKitGTK's MiniBrowser, driven by WebKitWebDriver over plain WebDriver, without a client library. What
// tests use of Playwright's interface is here under the same names, so that their bodies run unchanged. What WebDriver cannot tell is
// missing: a page's workers, its console, requests on their way.

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { decode, encode } from "./webkit-values.js";
import { Locator } from "./webkit-locator.js";

/** Where a script of a test may take its time. */
const SCRIPT_MILLIS = 5 * 60_000;
const COMMAND_MILLIS = 60_000;
const SESSION_MILLIS = 20_000;
const ATTEMPTS = 3;
const STEP_MILLIS = 50;

/** Keys that have a name; others are themselves. */
const KEYS = /** @type {Record<string, string>} */ ({
  Backspace: "\uE003",
  Tab: "\uE004",
  Enter: "\uE007",
  Shift: "\uE008",
  Control: "\uE009",
  Alt: "\uE00A",
  Escape: "\uE00C",
  Space: " ",
  PageUp: "\uE00E",
  PageDown: "\uE00F",
  End: "\uE010",
  Home: "\uE011",
  ArrowLeft: "\uE012",
  ArrowUp: "\uE013",
  ArrowRight: "\uE014",
  ArrowDown: "\uE015",
  Delete: "\uE017",
});

/** What every script finds: values in both directions, and what nobody caught. */
const PRELUDE = `
const encode = ${encode}, decode = ${decode};
if (!globalThis.uncaughtErrors) {
  const errors = (globalThis.uncaughtErrors = []);
  addEventListener("error", ({ error, message }) => errors.push(String(error?.stack ? error + "\\n" + error.stack : message)));
  addEventListener("unhandledrejection", ({ reason }) => errors.push(String(reason)));
}`;

const pause = (/** @type {number} */ millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** A driver process with its display, and all that it starts. */
async function startDriver() {
  const port = await freePort();
  const driver = ["WebKitWebDriver", "--host=127.0.0.1", `--port=${port}`];
  const [command, ...args] = process.env.DISPLAY || process.env.WAYLAND_DISPLAY ? driver : ["xvfb-run", "-a", ...driver];
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  const failed = new Promise((_, reject) => child.once("error", reject));
  const base = `http://127.0.0.1:${port}`;
  await Promise.race([failed, untilReady(base)]);
  return { base, end: () => child.exitCode === null && child.pid && process.kill(-child.pid) };
}

/** @returns {Promise<import("playwright-core").Browser>} of whose interface the tests' part is there */
export async function launchWebKit() {
  let driver = await startDriver();
  /** @type {Set<Context>} */
  const open = new Set();

  /** A browser that does not come is started once more, by another driver: seen once in some hundred. */
  const openContext = async () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const context = await Context.open(driver.base, () => open.delete(context));
        return context;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        driver.end();
        driver = await startDriver();
      }
    }
  };
  const browser = {
    newContext: async () => {
      // One session at a time is all that the driver has: what a failed test left is over.
      for (const left of open) await left.close().catch(() => {});
      const context = await openContext();
      open.add(context);
      return context;
    },
    close: async () => {
      await Promise.all([...open].map((context) => context.close().catch(() => {})));
      driver.end();
    },
  };
  return /** @type {any} */ (browser);
}

/** Where Debian puts it. */
function miniBrowser() {
  for (const machine of readdirSync("/usr/lib")) {
    for (const version of ["4.1", "4.0", "6.0"]) {
      const binary = `/usr/lib/${machine}/webkit2gtk-${version}/MiniBrowser`;
      if (existsSync(binary)) return binary;
    }
  }
  throw new Error("no MiniBrowser: scripts/install webkit");
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** @param {string} base */
async function untilReady(base) {
  for (let i = 0; i < 400; i += 1) {
    const status = await fetch(`${base}/status`).then(
      (response) => response.json(),
      () => null,
    );
    if (status?.value?.ready) return;
    await pause(STEP_MILLIS);
  }
  throw new Error("WebKitWebDriver does not answer");
}

/**
 * One command of WebDriver's.
 * @param {string} method @param {string} url @param {object} [body]
 */
async function command(method, url, body) {
  const headers = { "Content-Type": "application/json" };
  const patience = /\/(execute\/async|url)$/.test(url) ? SCRIPT_MILLIS : url.endsWith("/session") ? SESSION_MILLIS : COMMAND_MILLIS;
  const signal = AbortSignal.timeout(patience);
  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body), signal }).catch((cause) => {
    throw new Error(`WebDriver's ${new URL(url).pathname} was not answered`, { cause });
  });
  const { value } = await response.json();
  if (value?.error) throw Object.assign(new Error(`${value.error}: ${value.message}`), { code: value.error });
  return value;
}

/** A session of its own, which shares nothing with others: one page. */
class Context {
  /** @param {string} base @param {() => void} onClose */
  static async open(base, onClose) {
    const binary = process.env.WEBKIT || miniBrowser();
    const options = { binary, args: ["--automation"] };
    const session = await command("POST", `${base}/session`, { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } } });
    const url = `${base}/session/${session.sessionId}`;
    await command("POST", `${url}/timeouts`, { script: SCRIPT_MILLIS, pageLoad: SCRIPT_MILLIS, implicit: 0 });
    await command("POST", `${url}/window/rect`, { width: 1280, height: 800 }).catch(() => {});
    return new Context(url, onClose);
  }

  /** @param {string} url @param {() => void} onClose */
  constructor(url, onClose) {
    this.page = new Page(url);
    this.close = async () => {
      onClose();
      await this.page.reportErrors();
      await command("DELETE", url);
    };
  }

  async newPage() {
    return this.page;
  }
}

class Page {
  #session;
  #address = "about:blank";
  /** @type {((error: Error) => void)[]} */ #onError = [];

  /** @param {string} session its URL */
  constructor(session) {
    this.#session = session;
    this.patience = 30_000;
    this.keyboard = {
      press: (/** @type {string} */ keys) => this.#press(keys),
      insertText: (/** @type {string} */ text) => this.#insert(text),
    };
  }

  /** @param {number} millis */
  setDefaultTimeout(millis) {
    this.patience = millis;
  }

  /** Only what nobody caught is told, and when the page is closed. @param {string} name @param {(value: any) => void} listener */
  on(name, listener) {
    if (name === "pageerror") this.#onError.push(listener);
  }

  async reportErrors() {
    const errors = /** @type {string[]} */ (await this.evaluate(() => /** @type {any} */ (globalThis).uncaughtErrors).catch(() => []));
    for (const error of errors) for (const listener of this.#onError) listener(new Error(error));
  }

  url() {
    return this.#address;
  }

  /** @param {string} url */
  async goto(url) {
    await this.command("POST", "url", { url });
    this.#address = url;
    await this.evaluate(() => {}); // from now on errors are kept
  }

  /** @param {"GET" | "POST" | "DELETE"} method @param {string} path @param {object} [body] */
  command(method, path, body) {
    return command(method, `${this.#session}/${path}`, body);
  }

  /**
   * As Playwright's: the function's source goes to the page, values are copies.
   * @param {Function | string} work @param {unknown} [argument]
   */
  async evaluate(work, argument) {
    const script = `${PRELUDE}
      const done = arguments[arguments.length - 1];
      (async () => (${work})(decode(${JSON.stringify(encode(argument))})))().then(
        (value) => done({ value: encode(value) }),
        (error) => done({ error: error instanceof Error ? error.name + ": " + error.message : String(error) }));`;
    const answer = await this.command("POST", "execute/async", { script, args: [] });
    if (answer.error !== undefined) throw new Error(`page.evaluate: ${answer.error}`);
    return decode(answer.value);
  }

  /** @param {string} selector @param {Function} work of the elements @param {unknown} [argument] */
  $$eval(selector, work, argument) {
    const all = `(argument) => (${work})([...document.querySelectorAll(${JSON.stringify(selector)})], argument)`;
    return this.evaluate(all, argument);
  }

  /** @param {string} css @param {{ hasText?: string | RegExp }} [options] */
  locator(css, options) {
    return new Locator(this, []).locator(css, options);
  }

  /** @param {string} role @param {import("./webkit-locator.js").RoleOptions} [options] */
  getByRole(role, options) {
    return new Locator(this, []).getByRole(role, options);
  }

  /** @param {string | RegExp} text @param {{ exact?: boolean }} [options] */
  getByText(text, options) {
    return new Locator(this, []).getByText(text, options);
  }

  /** @param {string} keys as in `Control+a` */
  async #press(keys) {
    const values = keys.split("+").map((key) => KEYS[key] ?? key);
    const down = values.map((value) => ({ type: "keyDown", value }));
    const up = values.toReversed().map((value) => ({ type: "keyUp", value }));
    await this.command("POST", "actions", { actions: [{ type: "key", id: "keyboard", actions: [...down, ...up] }] });
  }

  /** @param {string} text */
  async #insert(text) {
    await this.evaluate((/** @type {string} */ text) => void document.execCommand("insertText", false, text), text);
  }
}
