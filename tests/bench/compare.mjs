// Numbers of several runs made into one, and results of several readers held against each other.

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The longest chain of requests of which each began after the one before had ended: the round trips that a query waited for.
 * @param {{ start: number, end: number }[]} requests
 */
export function chain(requests) {
  let [length, end] = [0, -Infinity];
  for (const request of [...requests].sort((a, b) => a.end - b.end)) {
    if (request.start < end) continue;
    length += 1;
    end = request.end;
  }
  return length;
}

/**
 * How many requests were under way on average, from the first one's start to the last one's end.
 * @param {{ start: number, end: number }[]} requests
 */
export function inFlight(requests) {
  if (requests.length === 0) return 0;
  const busy = requests.reduce((sum, { start, end }) => sum + end - start, 0);
  const span = Math.max(...requests.map(({ end }) => end)) - Math.min(...requests.map(({ start }) => start));
  return span > 0 ? busy / span : requests.length;
}

/** @typedef {(string | number | boolean | null)[][]} Rows */

/** Why two results are not the same; null when they are. Sums of doubles may differ in their
 * last digits, averages of decimals in the seventh after the point. @param {Rows} ours @param {Rows} theirs
 * @param {boolean} [countOnly] */
export function difference(ours, theirs, countOnly) {
  if (ours.length !== theirs.length) return `${ours.length} rows and ${theirs.length}`;
  if (countOnly) return null;
  for (const [index, row] of ours.entries()) {
    for (const [column, value] of row.entries()) {
      const other = theirs[index][column];
      if (same(value, other)) continue;
      return `row ${index}, column ${column}: ${JSON.stringify(value)} and ${JSON.stringify(other)}`;
    }
  }
  return null;
}

/** @param {Rows[0][0]} a @param {Rows[0][0]} b */
function same(a, b) {
  if (typeof a === "number" && typeof b === "number") {
    return Math.abs(a - b) <= Math.max(1e-9 * Math.max(Math.abs(a), Math.abs(b)), 1e-6);
  }
  return a === b;
}
