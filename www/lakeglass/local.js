// Tables in folders of this machine. Each file gets a blob URL when it is asked for: the engine reads ranges of those like any others.

/** @import { TableSource } from "./index.js" */

/** A name that no resolver knows: what is asked of it has gone past `sign`, and fails. */
const NOWHERE = "https://folder.invalid/";

/**
 * See index.d.ts.
 * @param {FileSystemDirectoryHandle | Iterable<File>} folder
 * @returns {TableSource}
 */
export function localFolder(folder) {
  const { name, find } = "getFileHandle" in folder ? ofHandle(folder) : ofFiles(folder);
  /** @type {Map<string, string>} */
  const urls = new Map();
  return {
    url: NOWHERE + encodeURIComponent(name),
    async sign(path) {
      const known = urls.get(path);
      if (known) return known;
      const file = await find(path);
      if (!file) return null;
      const url = URL.createObjectURL(file);
      // The log goes on: its files are looked for each time, data files never change.
      if (!path.startsWith("_delta_log/")) urls.set(path, url);
      return url;
    },
  };
}

/** @param {FileSystemDirectoryHandle} root */
function ofHandle(root) {
  return {
    name: root.name,
    /** @param {string} path @returns {Promise<File | null>} */
    async find(path) {
      const parts = path.split("/");
      const last = /** @type {string} */ (parts.pop());
      try {
        let folder = root;
        for (const part of parts) folder = await folder.getDirectoryHandle(part);
        return await (await folder.getFileHandle(last)).getFile();
      } catch (error) {
        const name = error instanceof Error ? error.name : "";
        if (name === "NotFoundError" || name === "TypeMismatchError" || name === "TypeError") return null;
        throw error;
      }
    },
  };
}

/** @param {Iterable<File>} files */
function ofFiles(files) {
  /** @type {Map<string, File>} */
  const byPath = new Map();
  let name = "folder";
  for (const file of files) {
    const [first, ...below] = (file.webkitRelativePath || file.name).split("/");
    if (below.length > 0) name = first;
    byPath.set(below.length > 0 ? below.join("/") : first, file);
  }
  return {
    name,
    /** @param {string} path @returns {Promise<File | null>} */
    find: async (path) => byPath.get(path) ?? null,
  };
}
