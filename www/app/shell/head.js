// What is shown: the table's name, where it is, how much it holds, and how to link to it.

import { copyText, h, icon } from "./dom.js";
import { formatBytes, plural } from "../model/format.js";
import { redact } from "../model/secret.js";
import { formatSecretState } from "../model/state.js";

export class Head {
  /**
   * @param {HTMLElement} element
   * @param {import('../model/state.js').Location} location
   */
  constructor(element, location) {
    this.element = element;
    this.location = location;
  }

  clear() {
    this.element.replaceChildren();
    document.title = "Lakeglass";
  }

  /** @param {import('../model/catalog.js').Entry} entry */
  show(entry) {
    document.title = `${entry.name} · Lakeglass`;
    /** @type {HTMLButtonElement} */
    const link = h(
      "button",
      { type: "button", class: "button quiet copy-link", onclick: () => copyText(window.location.href, link) },
      icon("link"),
      "Copy link",
    );
    this.element.replaceChildren(
      h(
        "div",
        { class: "head-line" },
        h("h1", null, entry.name),
        h("div", { class: "head-facts" }, factsOf(entry)),
        !entry.demo && !entry.sign && examine(),
        link,
      ),
      h(
        "p",
        { class: "head-about" },
        h("span", { class: "head-url", title: redact(entry.url) }, redact(entry.url)),
        entry.description && h("span", { class: "head-description" }, entry.description),
      ),
      ...(entry.secret ? [this.#secretNote(entry)] : []),
    );
  }

  /** @param {import('../model/catalog.js').Entry} entry */
  #secretNote(entry) {
    if (entry.sign) {
      const note = "This table is in a folder of this machine: it is read by this tab alone, and no link opens it elsewhere.";
      return h("p", { class: "secret-note", role: "note" }, icon("lock"), h("span", null, note));
    }
    /** @type {HTMLButtonElement} */
    const copy = h(
      "button",
      { type: "button", class: "button quiet", onclick: () => copyText(this.#secretLink(entry), copy) },
      "Copy a link with it",
    );
    return h(
      "p",
      { class: "secret-note", role: "note" },
      icon("lock"),
      h(
        "span",
        null,
        "This table’s URL may hold a secret: it is kept out of the page’s address, and links to this screen leave it out. Whoever gets a link with it can read what the URL opens, until it ends.",
      ),
      copy,
    );
  }

  /** @param {import('../model/catalog.js').Entry} entry */
  #secretLink(entry) {
    const { origin, pathname } = window.location;
    return origin + pathname + formatSecretState({ ...this.location.state, url: entry.url });
  }
}

function examine() {
  return h(
    "button",
    { type: "button", class: "button quiet", onclick: () => document.dispatchEvent(new CustomEvent("lakeglass-doctor")) },
    "Examine the host",
  );
}

/** @param {import('../model/catalog.js').Entry} entry */
function factsOf({ table }) {
  if (!table) return [];
  const { rowCount, fileCount, totalBytes } = table.info;
  return [rowCount !== null && plural(rowCount, "row"), plural(fileCount, "file"), formatBytes(totalBytes)]
    .filter((fact) => fact !== false)
    .map((fact) => h("span", null, fact));
}
