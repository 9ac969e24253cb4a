// hyparquet and squirreling: Parquet and SQL in JavaScript alone. As its users do, the columns that a statement names are read row group
// by row group, each file's metadata first.

import { asyncBufferFromUrl, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { collect, executeSql } from "squirreling";

/** @import { Answer, Reader, Source } from "./reader.js" */

/** @returns {Promise<Reader>} */
export async function start() {
  /** @type {Record<string, any>} */
  const tables = {};
  return {
    async open(sources) {
      for (const [name, source] of Object.entries(sources)) tables[name] = await dataSource(source);
    },
    async query(sql) {
      const began = performance.now();
      const objects = await collect(executeSql({ tables, query: sql.replace(/\{(\w+)\}/g, "$1") }));
      const total = performance.now() - began;
      return { first: total, total, rows: objects.map((row) => Object.values(row).map(plain)) };
    },
    close() {},
  };
}

/** @param {Source} source */
async function dataSource({ url, files }) {
  const opened = await Promise.all(
    files.map(async ({ path, size }) => {
      const file = await asyncBufferFromUrl({ url: `${url}/${path.split("/").map(encodeURIComponent).join("/")}`, byteLength: size });
      return { file, metadata: await parquetMetadataAsync(file) };
    }),
  );
  const columns = opened[0].metadata.schema.slice(1).map((element) => element.name);
  return {
    columns,
    numRows: opened.reduce((sum, { metadata }) => sum + Number(metadata.num_rows), 0),
    scan: (/** @type {{ columns?: string[] }} */ { columns: wanted = columns }) => ({
      appliedWhere: false,
      appliedLimitOffset: false,
      async *rows() {
        for (const { file, metadata } of opened) {
          let rowStart = 0;
          for (const group of metadata.row_groups) {
            const rowEnd = rowStart + Number(group.num_rows);
            const rows = await parquetReadObjects({ file, metadata, columns: wanted, rowStart, rowEnd, compressors });
            for (const row of rows) {
              yield { columns: wanted, cells: cellsOf(row), resolved: row };
            }
            rowStart = rowEnd;
          }
        }
      },
    }),
  };
}

/** @param {Record<string, any>} row */
function cellsOf(row) {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, () => Promise.resolve(value)]));
}

/** @param {any} value @returns {Answer["rows"][0][0]} */
function plain(value) {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  return value ?? null;
}
