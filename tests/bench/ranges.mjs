// What a query has at least to read of its Parquet files: the footers and, of the column chunks it needs, the pages that its range of a
// sorted column is in. Worked out from the files' own metadata with hyparquet, by no reader that is measured.

import { open } from "node:fs/promises";
import path from "node:path";
import { parquetMetadata } from "hyparquet";
import { readColumnIndex, readOffsetIndex } from "hyparquet/src/indexes.js";

/**
 * @typedef {{ path: string, start: number, end: number }} Range of a file below the data's folder; its end excluded
 * @typedef {{ path: string, size: number, rows: number, partition: Record<string, string> }} File
 * @typedef {{ first: number, end: number }} Rows
 */

/**
 * @param {string} folder the data's @param {import("./queries.mjs").Read} read @param {File[]} files
 * @returns {Promise<Range[]>} by file and offset, neighbours merged
 */
export async function neededRanges(folder, read, files) {
  /** @type {Range[]} */
  const ranges = [];
  let left = read.rows ?? Infinity;
  for (const file of files) {
    if (left <= 0) break;
    if (read.partition && Object.entries(read.partition).some(([key, value]) => file.partition[key] !== value)) continue;
    const name = `${read.table}/${file.path}`;
    const needed = await rangesOfFile(path.join(folder, name), file.size, read, left);
    ranges.push(...needed.ranges.map((range) => ({ path: name, ...range })));
    left -= needed.rows;
  }
  return merge(ranges, 0);
}

/** @param {string} name @param {number} size @param {import("./queries.mjs").Read} read @param {number} limit */
async function rangesOfFile(name, size, read, limit) {
  const handle = await open(name);
  try {
    const bytes = async (/** @type {number} */ start, /** @type {number} */ end) => {
      const buffer = new ArrayBuffer(end - start);
      await handle.read(new Uint8Array(buffer), 0, end - start, start);
      return buffer;
    };
    const footer = new DataView(await bytes(size - 8, size)).getUint32(0, true) + 8;
    const metadata = parquetMetadata(await bytes(size - footer, size));
    const ranges = [{ start: size - footer, end: size }];
    let rows = 0;
    let survives = false;
    for (const group of metadata.row_groups) {
      if (rows >= limit) break;
      const count = Number(group.num_rows);
      let kept = { first: 0, end: Math.min(count, limit - rows) };
      if (read.between) {
        const [column, from, to] = read.between;
        const chunk = group.columns.find((one) => one.meta_data?.path_in_schema[0] === column);
        const { min_value: min, max_value: max } = /** @type {any} */ (chunk?.meta_data?.statistics ?? {});
        if (Number(max) < from || Number(min) > to) continue;
        kept = await rowsBetween(bytes, metadata, /** @type {any} */ (chunk), count, from, to);
      }
      survives = true;
      rows += kept.end - kept.first;
      for (const chunk of group.columns) {
        const meta = /** @type {NonNullable<typeof chunk.meta_data>} */ (chunk.meta_data);
        if (read.columns && !read.columns.includes(meta.path_in_schema[0])) continue;
        ranges.push(...(await rangesOfChunk(bytes, chunk, count, kept)));
      }
    }
    // A range that the log's statistics exclude costs not even a footer.
    return { ranges: read.between && !survives ? [] : ranges, rows };
  } finally {
    await handle.close();
  }
}

/** @typedef {(start: number, end: number) => Promise<ArrayBuffer>} Bytes */

/** The rows of a group that the pages' statistics leave. @param {Bytes} bytes @param {any} metadata @param {any} chunk @param {number} count
 * @param {number} from @param {number} to @returns {Promise<Rows>} */
async function rowsBetween(bytes, metadata, chunk, count, from, to) {
  if (!chunk.column_index_offset) return { first: 0, end: count };
  const start = Number(chunk.column_index_offset);
  const view = new DataView(await bytes(start, start + chunk.column_index_length));
  const element = metadata.schema.find((/** @type {any} */ one) => one.name === chunk.meta_data.path_in_schema[0]);
  const index = readColumnIndex({ view, offset: 0 }, element);
  const pages = await pagesOf(bytes, chunk, count);
  const kept = pages.filter((_, page) => Number(index.max_values[page]) >= from && Number(index.min_values[page]) <= to);
  return kept.length ? { first: kept[0].first, end: kept[kept.length - 1].last } : { first: 0, end: 0 };
}

/** @param {Bytes} bytes @param {any} chunk @param {number} count */
async function pagesOf(bytes, chunk, count) {
  const start = Number(chunk.offset_index_offset);
  const view = new DataView(await bytes(start, start + chunk.offset_index_length));
  const { page_locations: pages } = readOffsetIndex({ view, offset: 0 });
  return pages.map((page, index) => ({
    first: Number(page.first_row_index),
    last: index + 1 < pages.length ? Number(pages[index + 1].first_row_index) : count,
    start: Number(page.offset),
    end: Number(page.offset) + page.compressed_page_size,
  }));
}

/** @param {Bytes} bytes @param {any} chunk @param {number} count @param {Rows} rows */
async function rangesOfChunk(bytes, chunk, count, rows) {
  const meta = chunk.meta_data;
  const start = Number(meta.dictionary_page_offset ?? meta.data_page_offset);
  const end = start + Number(meta.total_compressed_size);
  if ((rows.first === 0 && rows.end === count) || !chunk.offset_index_offset) return [{ start, end }];
  const pages = await pagesOf(bytes, chunk, count);
  const ranges = pages
    .filter((page) => page.last > rows.first && page.first < rows.end)
    .map((page) => ({ start: page.start, end: page.end }));
  if (pages[0].start > start) ranges.unshift({ start, end: pages[0].start }); // the dictionary
  return ranges;
}

/**
 * Ranges of one file that are no further apart than `gap` become one.
 * @param {Range[]} ranges @param {number} gap
 */
export function merge(ranges, gap) {
  const sorted = [...ranges].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.start - b.start));
  /** @type {Range[]} */
  const merged = [];
  for (const range of sorted) {
    const last = merged[merged.length - 1];
    if (last?.path === range.path && range.start - last.end <= gap) last.end = Math.max(last.end, range.end);
    else merged.push({ ...range });
  }
  return merged;
}
