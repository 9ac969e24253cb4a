// The page over the fake package: Chromium with every request answered from www/, and one module replaced. No server.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";
import { QUIET } from "../../scripts/chromium-flags.mjs";

const WWW = new URL("../../www/", import.meta.url);
const FAKE = new URL("./fake-lakeglass.js", import.meta.url);
const TYPES = {
  html: "text/html",
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
  json: "application/json",
  wasm: "application/wasm",
};

export const TABLES = [
  {
    name: "weather",
    url: "demo/weather",
    title: "Weather",
    description: "Three versions of the Delta walkthrough.",
    sql: "SELECT city, avg(temperature) AS mean\nFROM weather\nGROUP BY city",
  },
  {
    name: "trade",
    url: "demo/trade",
    title: "Trade statistics",
    description: "A million synthetic rows by month, country, customs office and commodity, partitioned by year.",
    sql: "SELECT ym, sum(value)\nFROM trade\nGROUP BY ym",
  },
  { name: "orders", url: "demo/orders", title: "Orders", description: "A hundred thousand rows of every type.", sql: "" },
  { name: "hostile", url: "demo/hostile", title: "<i>Hostile</i>", description: "Markup as text.", sql: "" },
];

/** The origin the tests pretend to: a secure context, so that the clipboard works. */
export const ORIGIN = "http://localhost";

export function launch() {
  const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
    (path) => path && existsSync(path),
  );
  return chromium.launch({ executablePath, args: QUIET });
}

/**
 * A page on the fake, and what went wrong in it: uncaught errors, and whatever the policy refused.
 */
export async function openPage(browser, path = "/", { delay = 15, ...options } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  await context.route("**/*", answer);
  await context.addInitScript((ms) => (window.fakeDelay = ms), delay);
  const page = await context.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
  await page.goto(ORIGIN + path);
  return { page, troubles, close: () => context.close() };
}

async function answer(route) {
  const url = new URL(route.request().url());
  if (url.origin !== ORIGIN) return route.abort();
  const path = url.pathname === "/" ? "index.html" : url.pathname.slice(1);
  if (path === "demo/tables.json") return route.fulfill({ json: { tables: TABLES } });
  const file = path === "lakeglass/index.js" ? FAKE : new URL(path, WWW);
  try {
    await route.fulfill({ body: await readFile(file), contentType: TYPES[path.split(".").at(-1)] ?? "text/plain" });
  } catch {
    await route.fulfill({ status: 404, body: "" });
  }
}
