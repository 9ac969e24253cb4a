// Tables in folders of this machine, and its Parquet files: picked, or dropped on the page. They are read by this tab, and go nowhere.

import { localFolder } from "../../lakeglass/local.js";

/** @typedef {{ url: string, sign: import('../../lakeglass/index.js').Sign }} LocalTable */

/** @param {FileSystemDirectoryHandle | Iterable<File>} folder @returns {LocalTable} */
function tableOf(folder) {
  const { url, sign } = localFolder(folder);
  // A query keeps a URL out of the page's address and out of what is remembered: nobody else could open it.
  return { url: `${url}?folder`, sign: /** @type {LocalTable['sign']} */ (sign) };
}

/** Lets the user pick a folder; null if none was. @returns {Promise<LocalTable | null>} */
export async function pickFolder() {
  const picker = /** @type {{ showDirectoryPicker?: () => Promise<FileSystemDirectoryHandle> }} */ (window).showDirectoryPicker;
  if (!picker) return pickFiles();
  try {
    return tableOf(await picker.call(window));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw error;
  }
}

/** @returns {Promise<LocalTable | null>} */
function pickFiles() {
  const input = Object.assign(document.createElement("input"), { type: "file", webkitdirectory: true, multiple: true });
  return new Promise((resolve) => {
    input.addEventListener("cancel", () => resolve(null), { once: true });
    input.addEventListener("change", () => resolve(input.files?.length ? tableOf([...input.files]) : null), { once: true });
    input.click();
  });
}

/** @typedef {() => Promise<import('../../lakeglass/index.js').Lakeglass>} GetLake */

/** Lets the user pick a Parquet file; null if none was. @param {GetLake} lake @returns {Promise<LocalTable | null>} */
export function pickFile(lake) {
  const input = Object.assign(document.createElement("input"), { type: "file", accept: ".parquet,.parq" });
  return new Promise((resolve, reject) => {
    input.addEventListener("cancel", () => resolve(null), { once: true });
    input.addEventListener("change", () => resolve(input.files?.length ? fileTable(input.files[0], lake) : null), { once: true });
    input.addEventListener("error", reject, { once: true });
    input.click();
  });
}

/** @param {File} file @param {GetLake} lake @returns {Promise<LocalTable>} */
async function fileTable(file, lake) {
  const { parquetTable } = await import("./parquet.js");
  return parquetTable(file, await lake());
}

/**
 * Opens folders and Parquet files that are dropped on the page.
 * @param {GetLake} lake
 * @param {(table: Promise<LocalTable | null>) => void} open
 */
export function acceptDropped(lake, open) {
  document.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const item = [...(event.dataTransfer?.items ?? [])].find(({ kind }) => kind === "file");
    if (!item) return;
    event.preventDefault();
    // Asked for at once: what was dropped is gone after the event.
    const file = item.getAsFile();
    const dropped = /** @type {{ getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> }} */ (
      /** @type {unknown} */ (item)
    ).getAsFileSystemHandle?.();
    open(
      (async () => {
        const handle = await dropped;
        if (handle?.kind === "directory") return tableOf(/** @type {FileSystemDirectoryHandle} */ (handle));
        return file && /\.(parquet|parq)$/i.test(file.name) ? fileTable(file, lake) : null;
      })(),
    );
  });
}
