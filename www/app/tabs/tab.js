// What a tab is. Types only.

/** @typedef {import("../../lakeglass/index.js").LakeTable} LakeTable */
/** @typedef {import("../model/catalog.js").Catalog} Catalog */
/** @typedef {import("../model/catalog.js").Entry} Entry */
/** @typedef {import("../model/state.js").Location} Location */
/** @typedef {import("../shell/status.js").Status} Status */
/**
 * @typedef {object} TabContext What the page shares with a tab.
 * @property {HTMLElement} element  the tab's panel, empty
 * @property {Status} status        says what is under way, and what it cost
 * @property {Catalog} catalog      the tables of the list, and the engine
 * @property {Location} location    the address: what is shown
 * @property {(entry: Entry) => void} pick  shows another table in the tab in view
 *
 * @typedef {object} TabView
 * @property {(entry: Entry, table: LakeTable) => Promise<void>} update  shows an opened table
 * @property {() => void} stop      ends what is under way
 * @property {boolean} [keeps]      what it shows is its own: it stays when another tab or table is shown, and is updated each time
 *
 * @typedef {object} TabModule
 * @property {string} id            in the address
 * @property {string} label
 * @property {(context: TabContext) => TabView} create
 * @property {(table: LakeTable) => string} [count]  a small number beside its label
 */

export {};
