// Everything that a Chromium sent, by its own log of the network: the lines and headers of each request, preflights and what redirects led
// to among them; and a check of where the secrets in them went.

import { readFile } from "node:fs/promises";

/** The flags that make Chromium write the log. @param {string} file */
export const logTo = (file) => [`--log-net-log=${file}`, "--net-log-capture-mode=IncludeSensitive"];

/** @typedef {{ origin: string, text: string }} Sent  a request: the origin it went to, and its line and headers */

/** The requests in a log: whole, once the browser has been closed. @param {string} file @returns {Promise<Sent[]>} */
export async function requestsIn(file) {
  const { constants, events } = JSON.parse(await readFile(file, "utf8"));
  const headersSent = constants.logEventTypes.HTTP_TRANSACTION_SEND_REQUEST_HEADERS;
  return events
    .filter((/** @type {any} */ event) => event.type === headersSent)
    .map((/** @type {any} */ { params }) => {
      const named = params.headers.find((/** @type {string} */ header) => /^host:/i.test(header));
      return { origin: `http://${named.slice(5).trim()}`, text: [params.line, ...params.headers].join("\n") };
    });
}

/** What a test gave to the browser in confidence, and the origins that may see it. */
export class Secrets {
  /** @type {Map<string, Set<string>>} the origins of each */
  #allowed = new Map();
  /** What people, pages and other programs can see: errors, console lines, addresses, storage. @type {string[]} */
  #shown = [];

  /** Notes a secret. @param {string} secret @param {...string} urls whose origins may see it */
  add(secret, ...urls) {
    const origins = this.#allowed.get(secret) ?? new Set();
    for (const url of urls) origins.add(new URL(url).origin);
    this.#allowed.set(secret, origins);
    return secret;
  }

  /** Notes something that was shown. @param {string} what @param {unknown} text */
  show(what, text) {
    this.#shown.push(`${what}: ${text}`);
  }

  /** What was told to whom it should not be: in requests, and in what was shown. @param {Sent[]} requests */
  leaks(requests) {
    const found = [];
    for (const [secret, origins] of this.#allowed) {
      for (const { origin, text } of requests)
        if (has(text, secret) && !origins.has(origin)) found.push(`${secret} was sent to ${origin}: ${text}`);
      for (const text of this.#shown) if (has(text, secret)) found.push(`${secret} was shown: ${text}`);
    }
    return found;
  }

  /** The secrets that were to be sent and that no request had: a check of the check. @param {Sent[]} requests */
  unseen(requests) {
    return [...this.#allowed]
      .filter(([secret, origins]) => origins.size && !requests.some(({ text }) => has(text, secret)))
      .map(([secret]) => secret);
  }
}

/** Whether a text has a secret: as it is, or encoded. @param {string} text @param {string} secret */
const has = (text, secret) => [secret, encodeURIComponent(secret)].some((form) => text.includes(form));

/**
 * Watches a page: its console, and the addresses that it and its history had.
 * @param {import("playwright-core").Page} page @param {Secrets} secrets
 */
export async function watch(page, secrets) {
  page.on("console", (message) => secrets.show("console", `${message.text()} ${message.location().url}`));
  page.on("pageerror", (error) => secrets.show("uncaught", error.stack ?? error.message));
}

/** What a page leaves behind: its history and what it has stored. @param {import("playwright-core").Page} page @param {Secrets} secrets */
export async function lookBehind(page, secrets) {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send("Page.getNavigationHistory");
  for (const entry of entries) secrets.show("history", `${entry.url} ${entry.title}`);
  const stored = await page.evaluate(async () => {
    const caches = await Promise.all(
      (await globalThis.caches.keys()).map(async (name) => (await (await globalThis.caches.open(name)).keys()).map(({ url }) => url)),
    );
    return JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie, caches, history.state, location.href]);
  });
  secrets.show("storage", stored);
}
