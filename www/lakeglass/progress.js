// How far a query is, told to the page as often as it can use.

/** @import { QueryProgress } from "./index.js" */

/** How often it is told of, at most, while nothing but numbers changes. */
export const PROGRESS_MILLIS = 100;

/** @type {QueryProgress} */
export const PLANNING = Object.freeze({
  phase: "planning",
  files: Object.freeze({ done: 0, total: 0 }),
  rowGroups: Object.freeze({ done: 0, total: 0 }),
  rows: 0,
  bytes: Object.freeze({ fetched: 0, planned: 0 }),
});

/**
 * Calls `onProgress` when the phase changes, and else every {@link PROGRESS_MILLIS}. What it throws is the page's, and not the call's.
 * @param {((progress: QueryProgress) => void) | undefined} onProgress
 * @returns {((progress: QueryProgress) => void) | undefined}
 */
export function told(onProgress) {
  if (!onProgress) return undefined;
  let phase = "";
  let last = 0;
  return (progress) => {
    const now = performance.now();
    if (phase === "done" || (progress.phase === phase && now - last < PROGRESS_MILLIS)) return;
    phase = progress.phase;
    last = now;
    queueMicrotask(() => onProgress(progress));
  };
}
