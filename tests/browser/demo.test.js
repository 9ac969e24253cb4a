// The page as people get it: the real module over the real demo tables, from a static server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PATIENCE_MILLIS, startHarness } from "./harness.js";

/** The names in demo/tables.json. */
const TABLES = ["weather", "trade", "pokemon", "moves", "types", "best_moves", "type_strength", "bronze_pokemon", "bronze_moves"];
const WEATHER = [
  [],
  [
    ["2025-09-30 12:00:00Z", "Paris", "10"],
    ["2025-09-30 13:00:00Z", "Paris", "11"],
    ["2025-09-30 14:00:00Z", "Paris", "12"],
  ],
  [
    ["2025-09-30 12:00:00Z", "Paris", "10"],
    ["2025-09-30 13:00:00Z", "Paris", "12"],
    ["2025-09-30 14:00:00Z", "Paris", "13"],
    ["2025-09-30 15:00:00Z", "Paris", "14"],
  ],
];

let harness;
before(async () => (harness = await startHarness()));
after(() => harness.close());

/** A test on a page of its own, which says what the page showed when it fails. */
function onPage(name, address, body) {
  test(name, { timeout: 4 * PATIENCE_MILLIS }, async () => {
    const page = await harness.open(`www/${address}`);
    try {
      await body(page);
    } catch (error) {
      const seen = await page
        .locator("main")
        .innerText()
        .catch(() => "");
      throw new Error(`${error.message}\nthe page showed:\n${seen.slice(0, 1500)}`, { cause: error });
    } finally {
      await page.done();
    }
  });
}

const visible = ".panel:not([hidden])";
const rowCount = (page, count) => page.locator(`${visible} [role=grid][aria-rowcount="${count + 1}"]`).waitFor();
const cells = async (page) =>
  (
    await page.$$eval(`${visible} .grid-body .grid-row`, (rows) =>
      rows.map((row) => [...row.querySelectorAll("[role=gridcell]")].map((cell) => cell.textContent)),
    )
  ).sort();
const link = (sql, rest = "") => `?table=weather${rest}&tab=sql&sql=${encodeURIComponent(sql)}`;

/** Replaces the query in the editor and runs it from the keyboard. */
async function run(page, sql) {
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(sql);
  await page.keyboard.press("Control+Enter");
}

onPage("every demo table opens, and shows rows, columns, commits and files", "", async (page) => {
  for (const name of TABLES) {
    await page.locator(`.table-select[data-key="${name}"]`).click();
    await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
    await page.getByRole("tab", { name: "Data" }).click();
    await page.locator(`${visible} [role=gridcell]`).first().waitFor();
    await page.getByRole("tab", { name: "Schema" }).click();
    await page.locator("[role=treegrid] tbody tr").first().waitFor();
    await page.getByRole("tab", { name: "History" }).click();
    await page.locator("tr.current").waitFor();
    await page.getByRole("tab", { name: "Files" }).click();
    await page.locator(`${visible} [role=gridcell]`, { hasText: ".parquet" }).first().waitFor();
    assert.equal(await page.locator("[role=alert]").count(), 0, name);
  }
  assert.equal(await page.locator(".pill.bad").count(), 0);
});

for (const version of [0, 1, 2]) {
  onPage(`weather at version ${version} has its rows, from a deep link`, `?table=weather&version=${version}`, async (page) => {
    await rowCount(page, WEATHER[version].length);
    assert.deepEqual(await cells(page), WEATHER[version]);
  });
}

onPage("a table is named by its place", "?table=demo/weather&version=1", async (page) => {
  await rowCount(page, WEATHER[1].length);
  assert.deepEqual(await cells(page), WEATHER[1]);
});

onPage(
  "the slider moves weather through its versions, and its average follows",
  link("SELECT city, avg(temperature) AS mean FROM weather GROUP BY city", "&version=2"),
  async (page) => {
    await page.locator("[role=gridcell]", { hasText: /^12\.25$/ }).waitFor();
    await page.getByRole("slider", { name: "Version" }).press("ArrowLeft");
    await page.locator("[role=gridcell]", { hasText: /^11(\.0)?$/ }).waitFor();
    await page.getByRole("slider", { name: "Version" }).press("Home");
    await page.getByText("The query returned no rows.").waitFor();
  },
);

onPage(
  "tables are joined",
  `?table=pokemon&tab=sql&sql=${encodeURIComponent("SELECT count(*) AS pairs FROM pokemon p JOIN best_moves m ON m.number = p.number")}`,
  async (page) => {
    await page.locator("[role=gridcell]", { hasText: /^\d+$/ }).waitFor();
    assert.ok(Number((await cells(page))[0][0]) > 100);
    assert.match(await page.locator("[data-fact=requests]").innerText(), /^\d/);
  },
);

onPage(
  "sums of trade by month answer",
  `?table=trade&tab=sql&sql=${encodeURIComponent("SELECT ym, sum(value) AS total FROM trade GROUP BY ym ORDER BY ym")}`,
  async (page) => {
    await page.locator(`${visible} [role=gridcell]`).first().waitFor();
    const [[month, total]] = await cells(page);
    assert.match(month, /^20\d{4}$/);
    assert.match(total, /^\d+$/);
  },
);

onPage("a filter on the partition column fetches only its files", "?table=trade&tab=sql", async (page) => {
  await page.locator(".cm-content").waitFor();
  const before = harness.homeLog.length;
  await run(page, "SELECT count(*) AS n FROM trade WHERE year = 2023 AND value > 0");
  await page.locator(`${visible} [role=gridcell]`, { hasText: /^\d+$/ }).first().waitFor();
  const files = harness.homeLog
    .slice(before)
    .map(({ path }) => path)
    .filter((path) => path.includes("/trade/") && path.endsWith(".parquet") && !path.includes("_delta_log"));
  assert.ok(files.length > 0);
  assert.deepEqual(
    files.filter((path) => !path.includes("year=2023")),
    [],
  );
});

onPage(
  "a result read only in part holds nothing up",
  `?table=trade&tab=sql&sql=${encodeURIComponent("SELECT * FROM trade")}`,
  async (page) => {
    await page.getByText(/^The first [\d,]+ rows; scroll for more\.$/).waitFor();
    await page.locator(".version-commit .badge").waitFor();
    await page.getByRole("tab", { name: "Data" }).click();
    await rowCount(page, 200);
  },
);

onPage("an error says its code, and the next query runs", link("SELECT temprature FROM weather"), async (page) => {
  await page.locator("[role=alert][data-code=invalid_sql]").waitFor();
  assert.match(await page.locator(".error-message").innerText(), /temprature/);
  await run(page, "SELECT * FROM weather");
  await rowCount(page, 4);
  assert.equal(await page.locator("[role=alert]").count(), 0);
});

onPage("a table that is not there is told as that", "?table=gone&url=demo/gone", async (page) => {
  await page.locator("[role=alert][data-code=table_not_found]").waitFor();
});

onPage("a version that is not there is told as that", "?table=weather&version=7", async (page) => {
  await page.locator("[role=alert][data-code=version_not_found]").waitFor();
  await page.locator('.table-select[data-key="moves"]').click();
  await page.locator(`${visible} [role=gridcell]`).first().waitFor();
});

onPage("a long query is cancelled, and the engine answers again", "?table=trade&tab=sql", async (page) => {
  await page.locator(".cm-content").waitFor();
  await run(page, "SELECT sum(a.value * b.value) FROM trade a JOIN trade b ON a.country = b.country");
  await page.locator(".sql-result .wait").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".sql-result [data-code=cancelled]").waitFor();
  await run(page, "SELECT * FROM weather");
  await rowCount(page, 4);
});

onPage("the keyboard alone opens a table, a tab and a cell", "", async (page) => {
  await page.locator(`${visible} [role=gridcell]`).first().waitFor();
  await page.locator('.table-select[data-key="weather"]').focus();
  for (const key of ["ArrowDown", "Enter"]) await page.keyboard.press(key);
  await page.getByRole("heading", { level: 1, name: "trade" }).waitFor();
  await page.locator(`${visible} [role=gridcell]`).first().waitFor();
  await page.getByRole("tab", { name: "Data" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.locator("[role=treegrid]").waitFor();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Tab");
  for (const key of ["ArrowDown", "ArrowRight", "Enter"]) await page.keyboard.press(key);
  await page.locator("dialog[open] pre").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
});

onPage("nothing is loaded from another origin, and the policy refuses nothing", link("SELECT * FROM weather"), async (page) => {
  const refused = [];
  page.on("console", (message) => message.type() === "error" && refused.push(message.text()));
  await rowCount(page, 4);
  const hosts = await page.evaluate(() => [...new Set(performance.getEntriesByType("resource").map(({ name }) => new URL(name).origin))]);
  assert.deepEqual(hosts, [new URL(harness.home).origin]);
  assert.deepEqual(
    refused.filter((text) => /Content Security Policy/.test(text)),
    [],
  );
});
