// The list of tables on the left, and the form that opens any other table by its URL.

import { accessFields } from "../model/access.js";
import { codeOf, messageOf } from "./errors.js";
import { h, icon, iconButton } from "./dom.js";
import { acceptDropped, pickFile, pickFolder } from "../model/folder.js";
import { nameFromUrl, redact, isSecret } from "../model/secret.js";

/** @typedef {import('../model/catalog.js').Entry} Entry */
/** @typedef {import('../../lakeglass/index.js').Sign} Sign */
/** @typedef {(url: string, name: string, how?: { sign?: Sign, access?: import('../model/access.js').AccessOptions, keep?: boolean }) => void} Open */

export class Tables {
  /** @type {string | null} */
  #selected = null;
  /** @type {Entry | null} the one whose name is being edited */
  #renaming = null;

  /**
   * @param {import('../model/catalog.js').Catalog} catalog
   * @param {{ list: HTMLElement, form: HTMLElement }} places
   * @param {{ select: (entry: Entry) => void, open: Open, remove: (entry: Entry) => void, rename: (entry: Entry, name: string) => void }} on
   */
  constructor(catalog, { list, form }, on) {
    this.catalog = catalog;
    this.list = list;
    this.on = on;
    catalog.addEventListener("change", () => this.#render());
    list.addEventListener("keydown", (event) => this.#onKey(event));
    form.append(openForm(on.open, () => catalog.lake()));
    this.#render();
  }

  /** @param {string | null} name */
  select(name) {
    this.#selected = name;
    this.#render();
  }

  #render() {
    const focused =
      document.activeElement instanceof HTMLElement && this.list.contains(document.activeElement)
        ? document.activeElement.dataset.key
        : null;
    const demo = this.catalog.entries.filter((entry) => entry.demo);
    const pasted = this.catalog.entries.filter((entry) => !entry.demo);
    this.list.replaceChildren(...this.#group("Demo tables", demo), ...this.#group("Opened by URL", pasted));
    if (!focused || this.#renaming) return;
    for (const button of this.list.querySelectorAll("button")) if (button.dataset.key === focused) button.focus();
  }

  /**
   * @param {string} title
   * @param {Entry[]} entries
   */
  #group(title, entries) {
    if (!entries.length) return [];
    return [
      h("h2", null, title),
      h(
        "ul",
        null,
        entries.map((entry) => this.#item(entry)),
      ),
    ];
  }

  /** @param {Entry} entry */
  #item(entry) {
    if (entry === this.#renaming) return h("li", { class: "table-item" }, this.#renameForm(entry));
    const about = entry.title || (entry.demo ? "" : redact(entry.url));
    const select = h(
      "button",
      {
        type: "button",
        class: "table-select",
        "data-key": entry.name,
        "aria-current": entry.name === this.#selected ? "true" : null,
        title: [redact(entry.url), entry.description].filter(Boolean).join("\n"),
        onclick: () => this.on.select(entry),
      },
      icon("table"),
      h("span", { class: "table-name" }, entry.name),
      versionPill(entry),
      about && h("span", { class: "table-about" }, about),
    );
    if (entry.demo) return h("li", { class: "table-item" }, select);
    return h(
      "li",
      { class: "table-item pasted" },
      select,
      h(
        "span",
        { class: "table-actions" },
        iconButton("pencil", `Rename ${entry.name}`, () => this.#rename(entry), { "data-key": `${entry.name} rename` }),
        iconButton("close", `Remove ${entry.name} from the list`, () => this.on.remove(entry), { "data-key": `${entry.name} remove` }),
      ),
    );
  }

  /** @param {Entry} entry */
  #rename(entry) {
    this.#renaming = entry;
    this.#render();
    this.list.querySelector("input")?.select();
  }

  /** @param {Entry} entry */
  #renameForm(entry) {
    const input = h("input", { class: "input", value: entry.name, "aria-label": `New name of ${entry.name}`, spellcheck: "false" });
    let done = false;
    /** @param {boolean} keep */
    const end = (keep) => {
      if (done) return;
      done = true;
      this.#renaming = null;
      const name = cleanName(input.value);
      if (keep && name && name !== entry.name) this.on.rename(entry, this.catalog.freeName(name, entry));
      this.#render();
      for (const button of this.list.querySelectorAll("button")) if (button.dataset.key === entry.name) button.focus();
    };
    input.addEventListener("blur", () => end(true));
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      end(event.key === "Enter");
    });
    return input;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const buttons = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll(".table-select")]);
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (at < 0) return;
    event.preventDefault();
    buttons.at((at + (event.key === "ArrowDown" ? 1 : -1)) % buttons.length)?.focus();
  }
}

/** @param {Entry} entry */
function versionPill(entry) {
  if (entry.error)
    return h(
      "span",
      { class: "pill bad", title: codeOf(entry.error) },
      icon("warning"),
      h("span", { class: "sr-only" }, `could not be opened: ${codeOf(entry.error)}`),
    );
  if (!entry.table) return null;
  const pinned = entry.version !== null;
  return h(
    "span",
    { class: pinned ? "pill pinned" : "pill", title: pinned ? "Shown at this version" : "The latest version" },
    `v${entry.table.version}`,
  );
}

/** @param {Open} open @param {() => Promise<import('../../lakeglass/index.js').Lakeglass>} lake */
function openForm(open, lake) {
  const url = h("input", {
    class: "input",
    name: "url",
    type: "text",
    inputmode: "url",
    placeholder: "https://host/path/to/table",
    "aria-label": "URL of a Delta table",
    required: true,
    autocomplete: "off",
    spellcheck: "false",
    autocapitalize: "off",
  });
  const name = h("input", {
    class: "input",
    name: "name",
    placeholder: "name",
    "aria-label": "Name for this table",
    autocomplete: "off",
    spellcheck: "false",
    autocapitalize: "off",
  });
  const note = h("p", { class: "form-note" });
  const explain = () => {
    name.placeholder = url.value ? nameFromUrl(url.value) : "name";
    note.textContent =
      url.value && isSecret(url.value)
        ? "This URL carries a query or a password, which may be a secret: it stays in this tab and out of the page’s address."
        : "The folder that holds _delta_log. It is read by this tab, straight from its host.";
  };
  url.addEventListener("input", explain);
  explain();
  const access = accessFields();
  /** @param {unknown} error */
  const fail = (error) => void (note.textContent = messageOf(error));
  /** @param {Promise<import('../model/folder.js').LocalTable | null>} picked */
  const openLocal = (picked) =>
    void picked.then((table) => table && open(table.url, nameFromUrl(table.url), { sign: table.sign })).catch(fail);
  acceptDropped(lake, openLocal);
  const form = h(
    "form",
    { class: "open-form", "aria-label": "Open a table by URL" },
    h("h2", null, "Open any Delta table"),
    url,
    h("div", { class: "row" }, name, h("button", { class: "button primary" }, "Open")),
    note,
    access.element,
    h("button", { class: "button", type: "button", onclick: () => openLocal(pickFolder()) }, "Open a local folder"),
    h("button", { class: "button", type: "button", onclick: () => openLocal(pickFile(lake)) }, "Open a local Parquet file"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const address = cleanUrl(url.value);
    if (!address) return;
    try {
      open(address, cleanName(name.value) || nameFromUrl(address), access.read());
    } catch (error) {
      return fail(error);
    }
    form.reset();
    explain();
  });
  return form;
}

/** A name SQL can say in quotes: a dot would part it in schema and table. @param {string} text */
function cleanName(text) {
  return text.trim().replace(/[."]/g, "_");
}

/** What people paste: with blanks around it, a trailing slash, or the log's folder. @param {string} text */
function cleanUrl(text) {
  const url = text.trim();
  if (isSecret(url)) return url;
  return url.replace(/\/+$/, "").replace(/\/_delta_log$/, "");
}
