// The row of tabs: arrows, Home and End move between them, one stop for the Tab key (WAI-ARIA's tabs pattern).

import { h } from "./dom.js";

/** @typedef {import("../tabs/tab.js").TabModule} TabModule */

export class TabRow {
  /** By the tab's id. @type {Map<string, HTMLElement>} */
  #buttons = new Map();

  /**
   * @param {HTMLElement} list
   * @param {readonly TabModule[]} tabs
   * @param {Map<string, HTMLElement>} panels  by the tab's id
   * @param {(id: string) => void} onSelect
   */
  constructor(list, tabs, panels, onSelect) {
    this.panels = panels;
    for (const { id, label } of tabs) {
      const panel = /** @type {HTMLElement} */ (panels.get(id));
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", `tab-${id}`);
      const button = h(
        "button",
        { type: "button", role: "tab", id: `tab-${id}`, class: "tab", "aria-controls": panel.id, onclick: () => onSelect(id) },
        label,
        h("span", { class: "tab-count" }),
      );
      this.#buttons.set(id, button);
      list.append(button);
    }
    list.addEventListener("keydown", (event) => {
      const at = tabs.findIndex(({ id }) => this.#buttons.get(id) === document.activeElement);
      /** @type {Record<string, number>} */
      const moves = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 };
      if (at < 0 || !(event.key in moves)) return;
      event.preventDefault();
      const { id } = tabs[moves[event.key] % tabs.length];
      this.#buttons.get(id)?.focus();
      onSelect(id);
    });
  }

  /** @param {string} selected */
  select(selected) {
    for (const [id, button] of this.#buttons) {
      const on = id === selected;
      button.setAttribute("aria-selected", String(on));
      button.tabIndex = on ? 0 : -1;
      const panel = this.panels.get(id);
      if (panel) panel.hidden = !on;
    }
  }

  /**
   * A small number beside a tab's label.
   * @param {string} id
   * @param {string} count
   */
  count(id, count) {
    const place = this.#buttons.get(id)?.querySelector(".tab-count");
    if (place) place.textContent = count;
  }
}
