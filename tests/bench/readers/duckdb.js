// DuckDB-WASM's asynchronous interface: a worker, the Parquet files by their URLs. It is told the live files of a Delta table, which
// without its Delta extension it cannot find out.

import * as duckdb from "duckdb";

/** @import { Answer, Reader, Source, Tables } from "./reader.js" */

/**
 * `buffered`: the files are in its memory before a query is timed.
 * @param {{ base: string, buffered?: boolean }} where @returns {Promise<Reader>}
 */
export async function start({ base, buffered }) {
  const worker = new Worker(`${base}duckdb-browser-eh.worker.js`);
  const database = new duckdb.AsyncDuckDB(new duckdb.VoidLogger(), worker);
  await database.instantiate(`${base}duckdb-eh.wasm`, null);
  const connection = await database.connect();
  /** @type {Map<string, string>} */
  const relations = new Map();
  return {
    async open(tables) {
      for (const [name, source] of Object.entries(tables)) {
        await register(database, name, source, buffered);
        relations.set(name, relation(name, source));
      }
    },
    async query(sql) {
      const statement = sql.replace(/\{(\w+)\}/g, (_, name) => relations.get(name) ?? name);
      const began = performance.now();
      const table = await connection.query(statement);
      const total = performance.now() - began;
      return { first: total, total, rows: rowsOf(table) };
    },
    async close() {
      await connection.close();
      await database.terminate();
    },
  };
}

/** @param {duckdb.AsyncDuckDB} database @param {string} name @param {Source} source @param {boolean} [buffered] */
async function register(database, name, { url, files }, buffered) {
  for (const { path } of files) {
    const file = `${url}/${path.split("/").map(encodeURIComponent).join("/")}`;
    if (buffered) await database.registerFileBuffer(`${name}/${path}`, new Uint8Array(await (await fetch(file)).arrayBuffer()));
    else await database.registerFileURL(`${name}/${path}`, file, duckdb.DuckDBDataProtocol.HTTP, false);
  }
}

/** @param {string} name @param {Source} source */
function relation(name, { files }) {
  const list = files.map(({ path }) => `'${name}/${path}'`).join(", ");
  const partitioned = Object.keys(files[0].partition).length > 0;
  return `read_parquet([${list}]${partitioned ? ", hive_partitioning = true, hive_types = {'day': DATE}" : ""}) AS ${name}`;
}

/** @param {any} table @returns {Answer["rows"]} */
function rowsOf(table) {
  const fields = table.schema.fields;
  const rows = table.toArray();
  return rows.map((/** @type {any} */ row) => {
    const values = [...row].map(([, value]) => value);
    return values.map((value, index) => plain(value, fields[index].type));
  });
}

/** @param {any} value @param {any} type */
function plain(value, type) {
  if (value === null || value === undefined) return null;
  const kind = String(type);
  if (kind.startsWith("Decimal")) return decimal(value, type.scale);
  if (kind.startsWith("Date")) return new Date(Number(value)).toISOString().slice(0, 10);
  if (kind.startsWith("Timestamp")) return new Date(Number(value)).toISOString();
  return typeof value === "bigint" ? Number(value) : value;
}

/** 128 bits in four little-endian words. @param {Uint32Array} words @param {number} scale */
function decimal(words, scale) {
  let value = 0n;
  for (let index = words.length - 1; index >= 0; index--) value = (value << 32n) | BigInt(words[index]);
  return Number(BigInt.asIntN(32 * words.length, value)) / 10 ** scale;
}
