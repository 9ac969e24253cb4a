// The tab Files: the data files that make up a version, with what the log knows of each.

import { showText } from "../grid/cell.js";
import { h } from "../shell/dom.js";
import { formatBytes, formatCount, formatTime, formatWhole, plural } from "../model/format.js";
import { formatValue } from "../../lakeglass/index.js";
import { Grid } from "../grid/grid.js";
import { Panel } from "../shell/panel.js";

/** @typedef {import('../../lakeglass/index.js').FileInfo} FileInfo */
/** @typedef {import('../../lakeglass/index.js').LakeTable} LakeTable */

/** @type {import("./tab.js").TabModule} */
export const filesTab = {
  id: "files",
  label: "Files",
  create: ({ element, status }) => new FilesTab(element, status),
  count: (table) => String(table.info.fileCount),
};

class FilesTab {
  /**
   * @param {HTMLElement} element
   * @param {import('../shell/status.js').Status} status
   */
  constructor(element, status) {
    this.status = status;
    this.panel = new Panel(element, status);
  }

  /** @param {import('../model/catalog.js').Entry} entry @param {LakeTable} table */
  async update(entry, table) {
    await this.panel.load(
      `Listing the files of ${entry.name} v${table.version}`,
      async (signal) => {
        const started = performance.now();
        const files = await table.files({ signal });
        this.status.done({
          label: `${plural(files.length, "file")} in ${entry.name} v${table.version}`,
          millis: performance.now() - started,
        });
        return files;
      },
      (files) => this.#show(files, table),
    );
  }

  stop() {
    this.panel.stop();
  }

  /**
   * @param {FileInfo[]} files
   * @param {LakeTable} table
   */
  #show(files, table) {
    const columns = fileColumns(files, table.info.partitionColumns);
    const grid = new Grid({ label: "Data files of this version" });
    grid.setSource({
      columns,
      rowCount: files.length,
      cell: (row, column) => columns[column].value(files[row]),
      open: (row) => showFile(files[row]),
    });
    if (!files.length) return [grid.element, h("div", { class: "empty" }, "This version has no data files.")];
    const deleted = files.reduce((sum, file) => sum + BigInt(file.deletedRows), 0n);
    const facts = [
      plural(files.length, "file"),
      formatBytes(table.info.totalBytes),
      deleted > 0n && `${plural(deleted, "row")} marked deleted`,
      "Enter shows a file’s statistics",
    ];
    return [grid.element, h("div", { class: "panel-note" }, facts.filter(Boolean).join(" · "))];
  }
}

/** @typedef {import('../grid/grid.js').Column & { value: (file: FileInfo) => unknown }} FileColumn */

/**
 * @param {FileInfo[]} files
 * @param {string[]} partitionColumns
 * @returns {FileColumn[]}
 */
function fileColumns(files, partitionColumns) {
  const anyDeleted = files.some((file) => Number(file.deletedRows) > 0);
  return [
    { name: "path", type: "relative to the table", value: (file) => decodePath(file.path) },
    ...partitionColumns.map((name) => ({ name, type: "partition", value: (/** @type {FileInfo} */ file) => file.partitionValues[name] })),
    { name: "size", type: "bytes", numeric: true, text: formatBytes, value: (file) => file.size },
    { name: "rows", type: "by statistics", numeric: true, text: formatCount, missing: "–", value: (file) => file.statistics?.numRecords },
    ...(anyDeleted
      ? [{ name: "deleted", type: "rows", numeric: true, text: formatCount, value: (/** @type {FileInfo} */ file) => file.deletedRows }]
      : []),
    { name: "modified", type: "UTC", text: (millis) => formatTime(millis).replace(" UTC", ""), value: (file) => file.modificationTime },
    { name: "statistics", type: "smallest … largest", missing: "–", text: (text) => text, value: statisticsText },
  ];
}

/** @param {string} path */
function decodePath(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** @param {FileInfo} file */
function statisticsText(file) {
  const columns = Object.entries(file.statistics?.columns ?? {});
  const known = columns.filter(([, range]) => range.min !== null && range.min !== undefined);
  if (!known.length) return null;
  return known
    .slice(0, 12)
    .map(([name, { min, max }]) => `${name}: ${short(min)} … ${short(max)}`)
    .join(",  ");
}

/** @param {any} value */
function short(value) {
  return formatValue(value, null, { maxLength: 24 });
}

/** @param {FileInfo} file */
function showFile(file) {
  showText("Data file", `${formatBytes(file.size)} · ${formatTime(file.modificationTime)}`, formatWhole(file));
}
