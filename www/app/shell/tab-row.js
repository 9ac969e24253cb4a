// The row of tabs: arrows, Home and End move between them, one stop for the Tab key (WAI-ARIA's tabs pattern).

import { h } from "./dom.js";

/** @typedef {import('../model/state.js').Tab} Tab */

export class Tabs {
  /** @type {Map<Tab, HTMLElement>} */
  #buttons = new Map();

  /**
   * @param {HTMLElement} list
   * @param {Map<Tab, HTMLElement>} panels
   * @param {Record<Tab, string>} labels
   * @param {(tab: Tab) => void} onSelect
   */
  constructor(list, panels, labels, onSelect) {
    this.panels = panels;
    for (const [tab, panel] of panels) {
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", `tab-${tab}`);
      const button = h(
        "button",
        { type: "button", role: "tab", id: `tab-${tab}`, class: "tab", "aria-controls": panel.id, onclick: () => onSelect(tab) },
        labels[tab],
        h("span", { class: "tab-count" }),
      );
      this.#buttons.set(tab, button);
      list.append(button);
    }
    list.addEventListener("keydown", (event) => {
      const tabs = [...panels.keys()];
      const at = tabs.findIndex((tab) => this.#buttons.get(tab) === document.activeElement);
      /** @type {Record<string, number>} */
      const moves = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 };
      if (at < 0 || !(event.key in moves)) return;
      event.preventDefault();
      const tab = tabs[moves[event.key] % tabs.length];
      this.#buttons.get(tab)?.focus();
      onSelect(tab);
    });
  }

  /** @param {Tab} selected */
  select(selected) {
    for (const [tab, button] of this.#buttons) {
      const on = tab === selected;
      button.setAttribute("aria-selected", String(on));
      button.tabIndex = on ? 0 : -1;
      const panel = this.panels.get(tab);
      if (panel) panel.hidden = !on;
    }
  }

  /**
   * A small number beside a tab's name.
   * @param {Tab} tab
   * @param {string} count
   */
  count(tab, count) {
    const place = this.#buttons.get(tab)?.querySelector(".tab-count");
    if (place) place.textContent = count;
  }
}
