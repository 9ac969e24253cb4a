// The page over the fake package: what it shows, what its address says, and that a keyboard is enough.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, ORIGIN } from "./page-harness.js";

const PHONE = { viewport: { width: 390, height: 800 } };
const CODES = [
  "table_not_found",
  "version_not_found",
  "network",
  "cors_or_network",
  "http_status",
  "permission_denied",
  "url_expired",
  "origin_not_allowed",
  "unsupported_feature",
  "corrupt_table",
  "memory_limit",
  "internal",
];

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

/** Runs a test on a page of its own, and lets no error of the page pass. */
function onPage(name, path, options, body) {
  test(name, async () => {
    const { page, troubles, close } = await openPage(browser, path, options);
    page.setDefaultTimeout(8000);
    try {
      await body(page);
      assert.deepEqual(troubles, []);
    } finally {
      await close();
    }
  });
}

const address = (page) => page.evaluate(() => location.search + location.hash);
const cells = (page, scope = ".panel:not([hidden])") =>
  page.$$eval(`${scope} .grid-body .grid-row`, (rows) =>
    rows.map((row) => [...row.querySelectorAll("[role=gridcell]")].map((cell) => cell.textContent)),
  );
const shown = (page, text) => page.getByText(text, { exact: true }).first().waitFor();
const version = (page, label) => page.locator(".version-label", { hasText: label }).waitFor();
const rowCount = (page, count) => page.locator(`.panel:not([hidden]) [role=grid][aria-rowcount="${count + 1}"]`).waitFor();
const fact = (page, name) => page.locator(`[data-fact="${name}"]`).innerText();
const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent);
const sqlLink = (sql, table = "weather") => `/?table=${table}&tab=sql&sql=${encodeURIComponent(sql)}`;

onPage("the first table opens, and every table shows its version", "/", {}, async (page) => {
  await rowCount(page, 4);
  assert.deepEqual(await cells(page), [
    ["2025-09-30 12:00:00Z", "Paris", "10"],
    ["2025-09-30 13:00:00Z", "Paris", "12"],
    ["2025-09-30 14:00:00Z", "Paris", "13"],
    ["2025-09-30 15:00:00Z", "Paris", "14"],
  ]);
  // Every table is asked by itself: the last to answer may be any.
  await page.waitForFunction(() => document.querySelectorAll(".table-select .pill").length === 4);
  assert.deepEqual(await page.locator(".table-select .pill").allInnerTexts(), ["v2", "v32", "v0", "v0"]);
  assert.equal(await fact(page, "rows"), "4 rows");
  assert.equal(await fact(page, "requests"), "2 requests");
  assert.equal(await fact(page, "read"), "32 kB read");
  assert.equal(await page.title(), "weather · Lakeglass");
});

onPage("the address says what is shown, and going back shows it again", "/?table=weather&version=1", {}, async (page) => {
  await rowCount(page, 3);
  await page.getByRole("tab", { name: "Schema" }).click();
  await shown(page, "degrees Celsius");
  assert.equal(await address(page), "?table=weather&version=1&tab=schema");
  await page.getByRole("button", { name: /^trade/ }).click();
  await shown(page, "exp_imp");
  assert.equal(await address(page), "?table=trade&tab=schema");
  await page.goBack();
  await shown(page, "degrees Celsius");
  await version(page, "v1");
  await page.goBack();
  await rowCount(page, 3);
  assert.equal(await address(page), "?table=weather&version=1");
  await page.goForward();
  await shown(page, "degrees Celsius");
});

onPage("a moved version reaches every tab", "/?table=weather&version=0", {}, async (page) => {
  await shown(page, "This version has no rows.");
  await page.getByRole("slider", { name: "Version" }).press("ArrowRight");
  await rowCount(page, 3);
  assert.equal(await address(page), "?table=weather&version=1");
  assert.equal(await page.getByRole("slider").getAttribute("aria-valuetext"), "Version 1 of 2, WRITE");
  await page.getByRole("button", { name: "Newer version", exact: true }).click();
  await rowCount(page, 4);
  assert.equal(await address(page), "?table=weather");
  await page.getByRole("button", { name: "All versions" }).click();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await shown(page, "This version has no rows.");
  await page.getByRole("tab", { name: "History" }).click();
  await page.locator("tr.current", { hasText: "CREATE TABLE" }).waitFor();
  await page.getByRole("button", { name: "v2", exact: true }).click();
  await page.locator("tr.current", { hasText: "MERGE" }).waitFor();
  assert.match(await page.locator("tr.current .changes").innerText(), /\+1 row\s*~2 rows\s*\+1 file\s*−1 file/);
});

onPage(
  "a query runs from its link, again at a moved version, and its tables are named",
  sqlLink("SELECT city, avg(temperature) FROM weather GROUP BY city"),
  {},
  async (page) => {
    await page.locator(".cm-content").waitFor();
    await rowCount(page, 1);
    assert.deepEqual(await cells(page), [["Paris", "12.25"]]);
    assert.equal(await page.locator(".source").innerText(), "weather\nv2");
    await page.getByRole("button", { name: "Older version", exact: true }).click();
    await page.locator(".grid-cell", { hasText: /^11$/ }).waitFor();
    assert.deepEqual(await cells(page), [["Paris", "11"]]);
    assert.match(await address(page), /version=1&tab=sql&sql=SELECT/);
    await page.locator("[data-fact=requests]", { hasText: "3 requests" }).waitFor();
  },
);

onPage("a query over several tables is a link that keeps their versions", "/?table=trade&version=5", {}, async (page) => {
  await page.getByRole("button", { name: /^weather/ }).click();
  await page.getByRole("tab", { name: "SQL" }).click();
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("SELECT 1 FROM weather, trade LIMIT 2");
  await page.keyboard.press("Control+Enter");
  await rowCount(page, 2);
  const link = await address(page);
  assert.match(link, /with=trade%405/);
  await page.goto(`${ORIGIN}/${link}`);
  await page.locator(".source", { hasText: "trade" }).filter({ hasText: "v5" }).waitFor();
});

onPage("what is being written does not run by itself", "/?table=weather&tab=sql", {}, async (page) => {
  await page.locator(".cm-content").click();
  await page.keyboard.type("-- half");
  await page.waitForTimeout(600);
  await page.getByRole("tab", { name: "Schema" }).click();
  await shown(page, "degrees Celsius");
  await page.getByRole("tab", { name: "SQL" }).click();
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => window.fakeQueries), undefined);
});

onPage("completion offers the columns of the tables named", "/?table=trade&tab=sql", {}, async (page) => {
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("SELECT 1 FROM trade WHERE h");
  const options = page.locator(".cm-completionLabel");
  await options.getByText("hs2").waitFor();
  assert.deepEqual((await options.allInnerTexts()).slice(0, 3), ["hs2", "hs4", "hs9"]);
  await page.waitForTimeout(150); // a completion that has just come up takes no key, lest it swallow one meant for the text
  await page.keyboard.press("Tab");
  assert.match(await page.locator(".cm-content").innerText(), /WHERE hs2$/);
});

onPage("a large result scrolls to its end, drawing only what is seen", sqlLink("SELECT * FROM orders", "orders"), {}, async (page) => {
  await rowCount(page, 24576);
  assert.match(await fact(page, "rows"), /^24,576\+ rows/);
  const grid = page.locator(".sql-result [role=grid]");
  await grid.focus();
  for (const count of [49152, 73728, 98304, 100000]) {
    await page.keyboard.press("Control+End");
    await rowCount(page, count);
  }
  await page.keyboard.press("Control+ArrowDown");
  const last = await grid.getAttribute("aria-activedescendant");
  assert.match(last, /-99999-\d+$/);
  await page.keyboard.press("Home");
  assert.equal(await page.locator(".grid-cell.active").innerText(), "99999");
  assert.ok((await cells(page)).length < 60);
});

onPage("a keyboard is enough: skip, tabs, grid, the whole value, copy", "/?table=orders", {}, async (page) => {
  await rowCount(page, 200);
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to the table");
  await page.getByRole("tab", { name: "Data" }).focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await focused(page), "Schema");
  await page.getByRole("treegrid").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.locator("[role=treegrid] tr", { hasText: "address" }).focus();
  await page.keyboard.press("ArrowLeft");
  assert.equal(await page.getByText("street", { exact: true }).isVisible(), false);
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.getByText("street", { exact: true }).isVisible(), true);
  await page.getByRole("tab", { name: "Schema" }).focus();
  await page.keyboard.press("Home");
  await rowCount(page, 200);
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Rows of the table");
  for (const key of ["ArrowDown", "ArrowRight", "Control+c"]) await page.keyboard.press(key);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "Customer 7919");
  for (let step = 0; step < 8; step++) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  assert.deepEqual(JSON.parse(await page.locator("dialog pre").innerText()), {
    street: "1 Rue de la Paix",
    geo: { lat: 48.80001, lon: null },
  });
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Control+c");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "9223372036854775806");
});

onPage("a wait is shown with its time, and Escape cancels it", "/?table=slow&url=https://host.example/slow_60000", {}, async (page) => {
  await page.locator(".stage .wait", { hasText: "Opening slow" }).waitFor();
  await page.locator(".stage .elapsed", { hasText: /^0\.[5-9] s$/ }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".stage [data-code=cancelled]").waitFor();
  await page.getByRole("button", { name: /^weather/ }).click();
  await rowCount(page, 4);
});

onPage("a query is cancelled by its button, and runs again", sqlLink("SELECT slow_60000 FROM weather"), {}, async (page) => {
  await page.locator(".sql-result").getByRole("button", { name: "Cancel" }).click();
  await page.locator(".sql-result [data-code=cancelled]").waitFor();
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("SELECT slow_60001 FROM wea");
  await page.locator(".cm-tooltip-autocomplete").waitFor();
  await page.keyboard.press("Control+Enter");
  await page.locator(".sql-result .wait").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".sql-result [data-code=cancelled]").waitFor();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("SELECT * FROM weather");
  await page.getByRole("button", { name: /^Run/ }).click();
  await rowCount(page, 4);
});

onPage("a running query tells how far it is", sqlLink("SELECT slow_60000 FROM weather"), {}, async (page) => {
  await page.locator(".sql-result .wait-detail", { hasText: "1 of 4 files, 91 kB of 250 kB, 12,000 rows" }).waitFor();
});

onPage("a plan is shown as a tree, as text alone", sqlLink("SELECT count(*) FROM weather"), {}, async (page) => {
  await page.getByRole("button", { name: "Plan", exact: true }).click();
  const tree = page.locator(".sql-result .plan");
  await tree.locator("li li .plan-node").waitFor();
  assert.deepEqual(await tree.locator("b").allInnerTexts(), ["AggregateExec", "LakeglassScan"]);
  const facts = await tree.locator("li li .plan-fact").allInnerTexts();
  assert.deepEqual(facts, ["360 rows", "13 ms", "2 of 6 files", "2 of 2 row groups", "91 kB fetched"]);
  assert.match(await tree.locator(".plan-details").last().innerText(), /<img src=x/);
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  await page.getByRole("button", { name: /^Run/ }).click();
  await rowCount(page, 4);
});

onPage("a result is written to a file in the chosen format", sqlLink("SELECT * FROM weather"), {}, async (page) => {
  await rowCount(page, 4);
  await page.getByLabel("Format of the file").selectOption("parquet");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export" }).click()]);
  assert.equal(download.suggestedFilename(), "result.parquet");
  const stream = await download.createReadStream();
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), "SELECT * FROM weather as parquet");
  await page.locator(".status-ready", { hasText: "Wrote result.parquet" }).waitFor();
});

for (const code of CODES) {
  onPage(`${code} is shown with its code and what to do next`, `/?table=broken&url=https://host.example/fail_${code}`, {}, async (page) => {
    const error = page.locator(`.stage [role=alert][data-code=${code}]`);
    await error.waitFor();
    assert.equal(await error.locator(".chip").innerText(), code);
    assert.ok((await error.locator(".error-next").innerText()).length > 30);
    await error.getByRole("button", { name: "Try again" }).waitFor();
  });
}

onPage("an error of a query stands below the query", sqlLink("SELECT fail_invalid_sql FROM weather"), {}, async (page) => {
  const error = page.locator(".sql-result [role=alert][data-code=invalid_sql]");
  await error.waitFor();
  assert.match(await error.locator(".error-message").innerText(), /No field named temprature/);
});

onPage("versions whose files VACUUM may have deleted are marked", "/?table=trade&version=19", {}, async (page) => {
  await page.locator(".version-commit .vacuumed", { hasText: "files may be gone" }).waitFor();
  await page.getByRole("button", { name: "All versions" }).click();
  await page.locator('[data-version="0"] .vacuumed').waitFor();
  const marked = await page
    .locator(".version-option:has(.vacuumed)")
    .evaluateAll((options) => options.map((option) => Number(option.dataset.version)));
  assert.deepEqual(
    marked.sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, version) => version),
  );
  await page.locator('[data-version="20"]').click();
  await version(page, "v20");
  assert.equal(await page.locator(".version-commit .vacuumed").count(), 0);
});

onPage("another try after an error goes all the way", "/?table=weather&version=9", {}, async (page) => {
  await page.locator(".stage [data-code=version_not_found]").waitFor();
  await page.evaluate(() => (window.fakeVersions = 10));
  await page.getByRole("button", { name: "Try again" }).click();
  await version(page, "v9");
  await shown(page, "This version has no rows.");
});

onPage("markup in a table stays text", "/?table=hostile", {}, async (page) => {
  await rowCount(page, 2);
  assert.deepEqual(await cells(page), [
    ['<img src=x onerror="window.pwned=1">', "<script>window.pwned=1</script>"],
    ["null", "null"],
  ]);
  assert.equal(await page.locator(".grid-cell.null").count(), 1);
  for (const tab of ["Schema", "History", "Files", "SQL"]) {
    await page.getByRole("tab", { name: tab }).click();
    await page.waitForTimeout(150);
  }
  await page.getByRole("button", { name: "All versions" }).click();
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.locator("main img, main b b, .side i").count(), 0);
});

onPage("a secret URL stays out of the address, the history and the screen", "/", {}, async (page) => {
  await rowCount(page, 4);
  await page.getByLabel("URL of a Delta table").fill("https://user:pw@host.example/orders?sig=TOPSECRET");
  await page.getByText("may be a secret").waitFor();
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await rowCount(page, 200);
  assert.equal(await address(page), "?table=orders_2");
  assert.equal(await page.locator(".head-url").innerText(), "https://host.example/orders");
  assert.doesNotMatch(await page.content(), /TOPSECRET|pw@/);
  assert.doesNotMatch(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage, ...history.state })), /TOPSECRET/);
  await page.getByRole("button", { name: "Copy a link with it" }).click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /\?table=orders_2#url=https.*TOPSECRET/);
  await page.goto("about:blank");
  await page.goto(link);
  await rowCount(page, 200);
  assert.equal(await address(page), "?table=orders_2");
});

onPage("a pasted table is linked, renamed and removed", "/", {}, async (page) => {
  await rowCount(page, 4);
  await page.getByLabel("URL of a Delta table").fill(" https://host.example/lake/trade/_delta_log/ ");
  await page.getByLabel("Name for this table").fill("Imports");
  await page.keyboard.press("Enter");
  await rowCount(page, 200);
  assert.equal(await address(page), "?table=Imports&url=https%3A%2F%2Fhost.example%2Flake%2Ftrade");
  await page.getByRole("button", { name: "Rename Imports" }).click();
  await page.keyboard.type("imports");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "imports" }).waitFor();
  assert.deepEqual(
    await page.evaluate(() =>
      window.fakeLake
        .tables()
        .map((table) => table.name)
        .sort(),
    ),
    ["hostile", "imports", "orders", "trade", "weather"],
  );
  await page.getByRole("button", { name: "Remove imports from the list" }).click();
  await rowCount(page, 4);
  assert.equal(await page.getByText("imports", { exact: true }).count(), 0);
});

onPage("dark follows the system, and the choice is kept", "/", { colorScheme: "dark" }, async (page) => {
  /** @param {string} color */
  const background = (color) => page.waitForFunction((color) => getComputedStyle(document.body).backgroundColor === color, color);
  const [dark, light] = ["rgb(14, 17, 19)", "rgb(246, 247, 248)"];
  await background(dark);
  // The button works once the page's script has run.
  await page.getByRole("button", { name: /^weather/ }).waitFor();
  await page.locator("#theme").click();
  await background(light);
  await page.reload();
  await background(light);
});

onPage("a narrow screen has the tables in a drawer and nothing wider than itself", "/?table=trade", PHONE, async (page) => {
  await rowCount(page, 200);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  const menu = page.getByRole("button", { name: "Tables" });
  await menu.click();
  await page.keyboard.press("Escape");
  assert.equal(await menu.getAttribute("aria-expanded"), "false");
  await menu.click();
  await page.getByRole("button", { name: /^weather/ }).click();
  await rowCount(page, 4);
  for (const tab of ["Schema", "History", "Files", "SQL"]) {
    await page.getByRole("tab", { name: tab }).click();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, tab);
  }
});
