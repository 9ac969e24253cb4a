// The version control: a slider over all versions of a table, steps, and a list of the commits. Moving it shows the
// commit at once, and opens its version as soon as it rests.

import { kindOf, summaryOf } from "../model/commits.js";
import { h, icon, iconButton } from "./dom.js";
import { codeOf, errorView, isCancelled, messageOf } from "./errors.js";
import { formatAgo } from "../model/format.js";
import { operationBadge, timeOf, userOf } from "../tabs/history.js";

/** @typedef {import('../model/catalog.js').Entry} Entry */
/** @typedef {import('../model/commits.js').Commits} Commits */

const REST_MS = 180;
const MOST_TICKS = 90;

export class VersionControl {
  /** @type {Entry | null} */
  #entry = null;
  #rest = 0;
  #current = 0;
  #loading = new AbortController();
  #slider = h("input", { type: "range", class: "slider", min: 0, max: 0, step: 1, value: 0, "aria-label": "Version" });
  #ticks = h("div", { class: "ticks", "aria-hidden": "true" });
  #label = h("div", { class: "version-label" });
  #commit = h("div", { class: "version-commit" });
  #list = h("div", { class: "version-list", id: "version-list", hidden: true });
  #older = iconButton("chevronLeft", "Older version", () => this.#step(-1));
  #newer = iconButton("chevronRight", "Newer version", () => this.#step(1));
  #toggle = h(
    "button",
    {
      type: "button",
      class: "button quiet",
      "aria-expanded": "false",
      "aria-controls": "version-list",
      "aria-haspopup": "listbox",
      onclick: () => this.#showList(Boolean(this.#list.hidden)),
    },
    "All versions",
    icon("chevronDown"),
  );

  /**
   * @param {HTMLElement} root
   * @param {import('./status.js').Status} status
   * @param {{ pick: (version: number | null) => void, refresh: () => void }} on `null`: the latest, whichever that is
   */
  constructor(root, status, on) {
    this.status = status;
    this.on = on;
    root.append(
      h("div", { class: "version-move" }, this.#older, h("div", { class: "track" }, this.#slider, this.#ticks), this.#newer, this.#label),
      h(
        "div",
        { class: "version-about" },
        this.#commit,
        h(
          "div",
          { class: "version-actions" },
          this.#toggle,
          iconButton("refresh", "Look for newer versions", () => on.refresh()),
        ),
      ),
      this.#list,
    );
    this.#slider.addEventListener("input", () => this.#preview(Number(this.#slider.value)));
    this.#list.addEventListener("keydown", (event) => this.#onListKey(event));
    root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.#list.hidden) return;
      event.preventDefault();
      this.#showList(false);
      this.#toggle.focus();
    });
    document.addEventListener("pointerdown", (event) => {
      if (event.target instanceof Node && !root.contains(event.target)) this.#showList(false);
    });
  }

  /** Shows where an opened table stands. @param {Entry} entry */
  async show(entry) {
    const { table, commits } = entry;
    if (!table || !commits) return;
    this.#loading.abort();
    const loading = (this.#loading = new AbortController());
    if (entry !== this.#entry) this.#showList(false);
    this.#entry = entry;
    this.#current = Number(table.version);
    this.#render(this.#current);
    if (commits.range && commits.get(this.#current)) return;
    try {
      await this.status.run(
        `Reading the versions of ${entry.name}`,
        async (signal) => {
          await commits.loadRange(signal);
          this.#render(this.#current);
          await commits.load(this.#current, signal);
        },
        { signal: loading.signal, quiet: true },
      );
      this.#render(this.#current);
      if (!this.#list.hidden) this.#fillList();
    } catch (error) {
      if (!loading.signal.aborted) this.#commit.replaceChildren(...this.#failure(error, entry));
    }
  }

  /** @param {unknown} error @param {Entry} entry */
  #failure(error, entry) {
    return [
      h("span", { class: "faint", title: messageOf(error) }, `The history could not be read: ${codeOf(error)}`),
      h("button", { type: "button", class: "button quiet", onclick: () => this.show(entry) }, "Try again"),
    ];
  }

  /** @param {number} version */
  #preview(version) {
    this.#render(version);
    clearTimeout(this.#rest);
    this.#rest = window.setTimeout(() => this.#pick(version), REST_MS);
  }

  /** @param {number} version */
  #pick(version) {
    clearTimeout(this.#rest);
    if (version === this.#current) return;
    this.#current = version;
    this.on.pick(version === this.#entry?.commits?.range?.latest ? null : version);
  }

  /** @param {number} by */
  #step(by) {
    const { range } = this.#entry?.commits ?? {};
    const version = Number(this.#slider.value) + by;
    if (range && version >= range.earliest && version <= range.latest) this.#preview(version);
  }

  /** @param {number} version */
  #render(version) {
    const commits = this.#entry?.commits;
    const range = commits?.range ?? { earliest: version, latest: version };
    const latest = Math.max(range.latest, version);
    this.#slider.min = String(range.earliest);
    this.#slider.max = String(latest);
    this.#slider.value = String(version);
    this.#slider.disabled = range.earliest === latest;
    const share = latest > range.earliest ? (version - range.earliest) / (latest - range.earliest) : 0;
    this.#slider.style.setProperty("--share", `${share * 100}%`);
    this.#older.disabled = version <= range.earliest;
    this.#newer.disabled = version >= latest;
    const commit = commits?.get(version) ?? null;
    this.#slider.setAttribute("aria-valuetext", `Version ${version} of ${latest}${commit?.operation ? `, ${commit.operation}` : ""}`);
    this.#label.replaceChildren(
      h("b", null, `v${version}`),
      h("span", { class: "faint" }, version === latest ? " latest" : ` of ${latest}`),
    );
    this.#commit.replaceChildren(...(commit ? commitLine(commit, commits?.mayLackFiles(version)) : []));
    this.#renderTicks(range.earliest, latest);
  }

  /**
   * @param {number} earliest
   * @param {number} latest
   */
  #renderTicks(earliest, latest) {
    this.#ticks.replaceChildren();
    if (latest === earliest || latest - earliest > MOST_TICKS) return;
    for (let version = earliest; version <= latest; version++) {
      const commit = this.#entry?.commits?.get(version) ?? null;
      const tick = h("i", { class: commit ? kindOf(commit) : "unknown" });
      tick.style.left = `${((version - earliest) / (latest - earliest)) * 100}%`;
      this.#ticks.append(tick);
    }
  }

  /** @param {boolean} open */
  #showList(open) {
    this.#list.hidden = !open;
    this.#toggle.setAttribute("aria-expanded", String(open));
    if (!open) return;
    this.#fillList();
    const chosen = this.#list.querySelector("[aria-selected=true]") ?? this.#list.querySelector("[role=option]");
    if (chosen instanceof HTMLElement) chosen.focus();
  }

  #fillList() {
    const commits = this.#entry?.commits;
    if (!commits) return;
    const options = commits.list.map((commit) => this.#option(commit));
    const more = h("button", { type: "button", class: "button", onclick: () => void this.#loadOlder(commits) }, "Load older commits");
    this.#list.replaceChildren(
      h("div", { role: "listbox", "aria-label": "Versions" }, options),
      ...(commits.complete || !commits.range ? [] : [more]),
    );
    this.#list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  /** @param {import('../model/commits.js').Commit} commit */
  #option(commit) {
    const version = Number(commit.version);
    const chosen = version === this.#current;
    return h(
      "div",
      {
        role: "option",
        class: "version-option",
        tabindex: chosen ? 0 : -1,
        "aria-selected": String(chosen),
        "data-version": version,
        onclick: () => this.#choose(version),
      },
      h("b", null, `v${version}`),
      h("div", { class: "version-option-about" }, ...commitLine(commit, this.#entry?.commits?.mayLackFiles(version))),
    );
  }

  /** @param {number} version */
  #choose(version) {
    this.#showList(false);
    this.#toggle.focus();
    this.#render(version);
    this.#pick(version);
  }

  /** @param {Commits} commits */
  async #loadOlder(commits) {
    try {
      await this.status.run("Reading older commits", (signal) => commits.loadMore(signal));
      this.#fillList();
    } catch (error) {
      if (!isCancelled(error)) this.#list.append(errorView(error, { compact: true }));
    }
  }

  /** @param {KeyboardEvent} event */
  #onListKey(event) {
    const option = event.target instanceof HTMLElement ? event.target.closest("[role=option]") : null;
    if (!(option instanceof HTMLElement)) return;
    const options = /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll("[role=option]")]);
    const at = options.indexOf(option);
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: options.length - 1, PageDown: at + 10, PageUp: at - 10 };
    if (event.key in moves) options[Math.max(0, Math.min(options.length - 1, moves[event.key]))].focus();
    else if (event.key === "Enter" || event.key === " ") this.#choose(Number(option.dataset.version));
    else return;
    event.preventDefault();
  }
}

const VACUUMED = "VACUUM ran since. Files that this version needs may be gone: then its rows cannot be read.";

/**
 * A commit in two lines: what and when, then its metrics and who.
 * @param {import('../model/commits.js').Commit} commit
 * @param {boolean} [mayLackFiles]
 */
function commitLine(commit, mayLackFiles = false) {
  const ago = commit.timestamp ? formatAgo(commit.timestamp.millis) : "";
  const changes = summaryOf(commit).map((change) => h("span", null, change));
  const who = userOf(commit) ?? commit.engineInfo;
  return [
    h(
      "div",
      { class: "commit-line" },
      operationBadge(commit),
      timeOf(commit),
      h("span", { class: "faint ago" }, ago),
      mayLackFiles && h("span", { class: "faint vacuumed", title: VACUUMED }, "files may be gone"),
    ),
    h(
      "div",
      { class: "commit-line" },
      changes.length > 0 && h("span", { class: "changes" }, changes),
      who && h("span", { class: "by", title: "Who made this commit" }, `by ${who}`),
    ),
  ];
}
