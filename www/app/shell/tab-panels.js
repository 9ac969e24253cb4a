// The tabs of the list with their panels: one is in view, and shows the opened table.

import { TABS } from "../tabs/list.js";
import { h } from "./dom.js";
import { TabRow } from "./tab-row.js";

/** @typedef {import("../model/catalog.js").Entry} Entry */
/** @typedef {import("../tabs/tab.js").LakeTable} LakeTable */
/** @typedef {import("../tabs/tab.js").TabView} TabView */

export class TabPanels {
  /** By the tab's id. @type {Map<string, { panel: HTMLElement, view: TabView }>} */
  #tabs = new Map();
  /** What each tab shows now. @type {Map<string, LakeTable>} */
  #shown = new Map();
  #row;
  #location;

  /**
   * @param {{ row: HTMLElement, panels: HTMLElement }} elements
   * @param {Omit<import("../tabs/tab.js").TabContext, "element">} context what all tabs share
   */
  constructor({ row, panels }, context) {
    this.#location = context.location;
    for (const { id, create } of TABS) {
      const panel = h("section", { id: `view-${id}`, class: "panel", hidden: true });
      panels.append(panel);
      this.#tabs.set(id, { panel, view: create({ ...context, element: panel }) });
    }
    const byId = new Map([...this.#tabs].map(([id, { panel }]) => [id, panel]));
    // The first is what an address without a tab shows.
    this.#row = new TabRow(row, TABS, byId, (id) => context.location.go({ tab: id === TABS[0].id ? null : id }));
  }

  /** The id of the tab that the address names, or the first's. */
  get #selected() {
    const { tab } = this.#location.state;
    return (TABS.find(({ id }) => id === tab) ?? TABS[0]).id;
  }

  /** Brings the tab of the address into view. */
  select() {
    this.#row.select(this.#selected);
  }

  /** Brings the tab in view up to date. @param {Entry} entry @param {LakeTable} table */
  async show(entry, table) {
    const selected = this.#selected;
    for (const { id, count } of TABS) if (count) this.#row.count(id, count(table));
    const { view } = /** @type {{ view: TabView }} */ (this.#tabs.get(selected));
    if (view.keeps) return view.update(entry, table);
    if (this.#shown.get(selected) === table) return;
    for (const [id, other] of this.#tabs) if (id !== selected && !other.view.keeps) other.view.stop();
    this.#shown.set(selected, table);
    await view.update(entry, table);
  }

  /** Another table is coming: what is shown of this one goes. */
  leave() {
    for (const { panel, view } of this.#tabs.values()) {
      if (view.keeps) continue;
      view.stop();
      panel.replaceChildren();
    }
    this.#shown.clear();
  }
}
