// When a page had what, in milliseconds since its navigation began.

/** What the page is to open: in its address, as JSON after the hash. @type {any} */
export const told = JSON.parse(decodeURIComponent(location.hash.slice(1)) || "{}");

/** @type {Record<string, number>} */
const marks = {};
/** @type {(marks: Record<string, number | string>) => void} */
let finish;
const finished = new Promise((resolve) => (finish = resolve));
/** @type {any} */ (globalThis).finished = finished;

/** @param {string} name @param {number} [rows] that there are some */
export function mark(name, rows = 1) {
  if (rows === 0) throw new Error(`${name}: no rows`);
  marks[name] = performance.now();
  performance.mark(name);
  if (name === "done") finish(marks);
}

const fail = (/** @type {any} */ event) => finish({ ...marks, failed: String(event.reason ?? event.message) });
addEventListener("error", fail);
addEventListener("unhandledrejection", fail);
