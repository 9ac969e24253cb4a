// Rows for a grid: from a preview, which is all there, and from a query's stream, which is read as far as it is looked at.

import { isNumeric } from "../model/format.js";

/** @typedef {import('./grid.js').Source} Source */
/** @typedef {import('./grid.js').Column} Column */
/** @typedef {import('../../lakeglass/index.js').RowStream} RowStream */
/** @typedef {import('../../lakeglass/index.js').RowBatch} RowBatch */
/** @typedef {import('../../lakeglass/index.js').Row} Row */
/** @typedef {import('../../lakeglass/index.js').ResultField} ResultField */

/** @param {ResultField[]} schema @returns {Column[]} */
export function columnsOf(schema) {
  return schema.map((field) => ({ name: field.name, type: field.type, children: field.children, numeric: isNumeric(field.type) }));
}

/** @param {import('../../lakeglass/index.js').Rows} rows @returns {Source} */
export function sourceOfRows(rows) {
  const columns = columnsOf(rows.schema);
  return { columns, rowCount: rows.length, cell: (row, column) => rows[row][columns[column].name] };
}

/** Batches kept as row objects; the others stay Arrow, which is several times smaller. */
const BATCHES_AS_ROWS = 6;

/** @implements {Source} */
export class ResultSet {
  /** @type {Column[]} */
  columns = [];
  rowCount = 0;
  complete = false;
  /** @type {{ start: number, batch: RowBatch }[]} */
  #batches = [];
  /** @type {Map<number, Row[]>} */
  #rows = new Map();
  /** @type {AsyncIterator<RowBatch, undefined>} */
  #iterator;

  /** @param {RowStream} stream */
  constructor(stream) {
    this.stream = stream;
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  /** Reads on until there are this many rows, or no more. @param {number} rows */
  async readTo(rows) {
    if (!this.columns.length) this.columns = columnsOf(await this.stream.schema);
    while (!this.complete && this.rowCount < rows) {
      const { done, value } = await this.#iterator.next();
      if (done) this.complete = true;
      else if (value.numRows > 0) {
        this.#batches.push({ start: this.rowCount, batch: value });
        this.rowCount += value.numRows;
      }
    }
  }

  /** Ends the query, where it has not ended: its rows stay. */
  async close() {
    if (!this.complete) await this.stream.close();
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  cell(row, column) {
    let low = 0;
    let high = this.#batches.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#batches[middle].start <= row) low = middle;
      else high = middle - 1;
    }
    return this.#rowsOf(low)[row - this.#batches[low].start]?.[this.columns[column].name];
  }

  /** @param {number} index */
  #rowsOf(index) {
    let rows = this.#rows.get(index);
    if (rows) return rows;
    rows = this.#batches[index].batch.toArray();
    this.#rows.set(index, rows);
    const [oldest] = this.#rows.keys();
    if (this.#rows.size > BATCHES_AS_ROWS) this.#rows.delete(oldest);
    return rows;
  }
}
