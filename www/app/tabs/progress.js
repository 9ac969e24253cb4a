// How far a query is, in a few words.

import { formatBytes, plural } from "../model/format.js";

/** @param {import('../../lakeglass/index.js').QueryProgress} progress */
export function describeProgress({ phase, files, rows, bytes }) {
  if (phase === "planning") return "planning";
  const read = rows > 0 ? `, ${plural(rows, "row")}` : "";
  if (phase !== "reading") return `computing${read}`;
  const planned = bytes.planned > 0 ? `, ${formatBytes(bytes.fetched)} of ${formatBytes(bytes.planned)}` : "";
  return `${files.done} of ${plural(files.total, "file")}${planned}${read}`;
}
