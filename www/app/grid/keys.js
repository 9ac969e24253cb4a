// Where a key takes a grid's active cell (WAI-ARIA's grid pattern).

/**
 * @param {string} key
 * @param {boolean} edge  with Ctrl or Cmd: as far as it goes
 * @param {number} page   rows in view
 * @param {{ row: number, column: number }} from
 * @returns {[row: number, column: number] | undefined} perhaps outside of the grid: the caller keeps it in
 */
export function moveFor(key, edge, page, { row, column }) {
  /** @type {Record<string, [number, number]>} */
  const moves = {
    ArrowUp: [edge ? 0 : row - 1, column],
    ArrowDown: [edge ? Infinity : row + 1, column],
    ArrowLeft: [row, edge ? 0 : column - 1],
    ArrowRight: [row, edge ? Infinity : column + 1],
    PageUp: [row - page, column],
    PageDown: [row + page, column],
    Home: [edge ? 0 : row, 0],
    End: [edge ? Infinity : row, Infinity],
  };
  return moves[key];
}
