// Writing a query's result to a file of the visitor's.

import { h } from "../shell/dom.js";

/** @typedef {import('../../lakeglass/index.js').ExportFormat} ExportFormat */

/** @type {[ExportFormat, string][]} */
const FORMATS = [
  ["csv", "CSV"],
  ["jsonl", "JSON lines"],
  ["parquet", "Parquet"],
  ["arrow", "Arrow"],
];

/**
 * The choice of a format, and the button.
 * @param {(format: ExportFormat) => void} onExport
 */
export function exportControl(onExport) {
  const formats = h(
    "select",
    { "aria-label": "Format of the file" },
    FORMATS.map(([format, name]) => h("option", { value: format }, name)),
  );
  const button = h(
    "button",
    {
      type: "button",
      class: "button quiet",
      title: "Runs the query again, and writes all of its rows to a file",
      onclick: () => onExport(/** @type {ExportFormat} */ (formats.value)),
    },
    "Export",
  );
  return h("span", { class: "export" }, formats, button);
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
