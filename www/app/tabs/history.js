// The tab History: the table's commits, newest first, each a way to its version.

import { h } from "../shell/dom.js";
import { errorView } from "../shell/errors.js";
import { formatAgo, formatTime, plural } from "../model/format.js";
import { kindOf, summaryOf } from "../model/commits.js";
import { showText } from "../grid/cell.js";
import { formatWhole } from "../model/format.js";
import { Panel } from "../shell/panel.js";

/** @typedef {import('../../lakeglass/index.js').LakeTable} LakeTable */
/** @typedef {import('../../lakeglass/index.js').Commit} Commit */
/** @typedef {import('../model/catalog.js').Entry} Entry */

/** @type {import("./tab.js").TabModule} */
export const historyTab = {
  id: "history",
  label: "History",
  create: ({ element, status, location }) => new HistoryTab(element, status, (version) => location.go({ version })),
};

class HistoryTab {
  /**
   * @param {HTMLElement} element
   * @param {import('../shell/status.js').Status} status
   * @param {(version: number) => void} onPick
   */
  constructor(element, status, onPick) {
    this.status = status;
    this.onPick = onPick;
    this.panel = new Panel(element, status);
  }

  /** @param {Entry} entry @param {LakeTable} table */
  async update(entry, table) {
    const { commits } = entry;
    if (!commits) return;
    await this.panel.load(
      `Reading the history of ${entry.name}`,
      async (signal) => {
        if (!commits.list.length) await commits.loadMore(signal);
        return commits;
      },
      () => this.#show(entry, table),
    );
    this.panel.element.querySelector("tr.current")?.scrollIntoView({ block: "nearest" });
  }

  stop() {
    this.panel.stop();
  }

  /** @param {Entry} entry @param {LakeTable} table */
  #show(entry, table) {
    const commits = /** @type {import('../model/commits.js').Commits} */ (entry.commits);
    const body = h(
      "tbody",
      null,
      commits.list.map((commit) => this.#row(commit, Number(table.version))),
    );
    const heads = ["Version", "When", "Operation", "Changes", "By", ""];
    const more = h("button", { type: "button", class: "button", onclick: () => this.#more(entry, table, more) }, "Load older commits");
    return h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Commits" },
      h(
        "table",
        { class: "history" },
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            heads.map((head) => h("th", { scope: "col" }, head || h("span", { class: "sr-only" }, "Actions"))),
          ),
        ),
        body,
      ),
      h("div", { class: "history-end" }, commits.complete ? h("p", { class: "faint" }, endText(commits)) : more),
    );
  }

  /**
   * @param {Entry} entry
   * @param {LakeTable} table
   * @param {HTMLElement} button
   */
  async #more(entry, table, button) {
    const { commits } = entry;
    if (!commits) return;
    const before = commits.list.length;
    try {
      const found = await this.status.run(`Reading older commits of ${entry.name}`, (signal) => commits.loadMore(signal));
      const body = button.closest(".scroll")?.querySelector("tbody");
      body?.append(...commits.list.slice(before).map((commit) => this.#row(commit, Number(table.version))));
      if (commits.complete || !found) button.replaceWith(h("p", { class: "faint" }, endText(commits)));
    } catch (error) {
      button.before(errorView(error, { compact: true }));
    }
  }

  /**
   * @param {Commit} commit
   * @param {number} current
   */
  #row(commit, current) {
    const version = Number(commit.version);
    const here = version === current;
    return h(
      "tr",
      { class: here ? "current" : null, "aria-current": here ? "true" : null },
      h(
        "td",
        { class: "numeric" },
        h(
          "button",
          { type: "button", class: "version-link", title: `Show version ${version}`, onclick: () => this.onPick(version) },
          `v${version}`,
        ),
      ),
      h("td", { class: "when" }, timeOf(commit)),
      h("td", null, operationBadge(commit), parametersOf(commit)),
      h(
        "td",
        { class: "changes" },
        summaryOf(commit).map((change) => h("span", null, change)),
      ),
      h(
        "td",
        { class: "by" },
        userOf(commit) ?? "",
        userOf(commit) && commit.engineInfo ? h("br") : "",
        commit.engineInfo && h("span", { class: "faint" }, commit.engineInfo),
      ),
      h(
        "td",
        null,
        h(
          "button",
          {
            type: "button",
            class: "button quiet",
            "aria-label": `Details of version ${version}`,
            onclick: () => showText(`Version ${version}`, commit.operation ?? "commit", formatWhole(commit)),
          },
          "Details",
        ),
      ),
    );
  }
}

/** @param {import('../model/commits.js').Commits} commits */
function endText(commits) {
  const earliest = commits.range?.earliest ?? 0;
  return earliest === 0 ? `All ${plural(commits.list.length, "commit")}.` : `Versions before ${earliest} are no longer in the log.`;
}

/** @param {Commit} commit */
export function userOf(commit) {
  return commit.userName ?? commit.userId;
}

/** @param {Commit} commit */
export function timeOf(commit) {
  if (!commit.timestamp) return h("span", { class: "faint" }, "time unknown");
  const { millis, source } = commit.timestamp;
  const how = {
    inCommit: "written in the commit",
    lastModified: "from the log file’s modification time",
    commitInfo: "as the writer’s clock had it: approximate",
  }[source];
  return h(
    "time",
    { datetime: new Date(millis).toISOString(), title: `${formatAgo(millis)}, ${how}` },
    `${source === "commitInfo" ? "≈ " : ""}${formatTime(millis)}`,
  );
}

/** @param {Commit | null} commit */
export function operationBadge(commit) {
  return h("span", { class: `badge ${kindOf(commit)}` }, commit?.operation ?? "unknown operation");
}

/** @param {Commit} commit */
function parametersOf(commit) {
  const { operationParameters } = commit;
  const shown = Object.entries(operationParameters ?? {})
    .filter(
      ([name, value]) =>
        /^(mode|predicate|partitionBy|partition_by|version|columns)$/i.test(name) && value !== null && value !== "" && value !== "[]",
    )
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return shown.length ? h("span", { class: "parameters", title: shown.join("\n") }, shown.join(", ")) : null;
}
