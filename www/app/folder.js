// Tables in folders of this machine: picked, or dropped on the page. They are read by this tab, and go nowhere.

import { localFolder } from '../lakeglass/local.js';

/** @typedef {{ url: string, sign: import('../lakeglass/index.js').Sign }} LocalTable */

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
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    throw error;
  }
}

/** @returns {Promise<LocalTable | null>} */
function pickFiles() {
  const input = Object.assign(document.createElement('input'), { type: 'file', webkitdirectory: true, multiple: true });
  return new Promise((resolve) => {
    input.addEventListener('cancel', () => resolve(null), { once: true });
    input.addEventListener('change', () => resolve(input.files?.length ? tableOf([...input.files]) : null), { once: true });
    input.click();
  });
}

/**
 * Opens folders that are dropped on the page.
 * @param {(table: LocalTable) => void} open
 */
export function acceptFolders(open) {
  document.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
  document.addEventListener('drop', async (event) => {
    const item = [...(event.dataTransfer?.items ?? [])].find(({ kind }) => kind === 'file');
    if (!item) return;
    event.preventDefault();
    const dropped = /** @type {{ getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> }} */ (/** @type {unknown} */ (item));
    const handle = await dropped.getAsFileSystemHandle?.();
    if (handle?.kind === 'directory') open(tableOf(/** @type {FileSystemDirectoryHandle} */ (handle)));
  });
}
