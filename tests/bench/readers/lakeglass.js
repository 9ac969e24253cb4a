// Lakeglass, as a page would embed it: the package's own files, nothing bundled.

/** @import { Answer, Reader, Tables } from "./reader.js" */

/** @param {{ base: string, options?: object }} where @returns {Promise<Reader>} */
export async function start({ base, options }) {
  const { Lakeglass } = await import(`${base}index.js`);
  const lake = await Lakeglass.connect(options);
  await lake.query("SELECT 1"); // SQL is a module of its own, that comes after the reader's: startup.mjs measures how they come
  return {
    async open(/** @type {Tables} */ tables) {
      const known = new Set(lake.tables().map((/** @type {{ name: string }} */ table) => table.name));
      const open = async (/** @type {[string, import("./reader.js").Source]} */ [name, { url, version }]) => {
        // Of a table that is open already, another version.
        if (known.has(name)) await lake.register(name, await lake.table(name, { version }));
        else await lake.register(name, url, { version });
      };
      await Promise.all(Object.entries(tables).map(open));
    },
    async query(/** @type {string} */ sql) {
      const began = performance.now();
      const stream = lake.queryStream(sql.replace(/\{(\w+)\}/g, "$1"));
      let first = 0;
      const batches = [];
      for await (const batch of stream) {
        first ||= performance.now() - began;
        batches.push(batch);
      }
      const total = performance.now() - began;
      const rows = batches.flatMap((batch) => batch.toArray().map((/** @type {object} */ row) => Object.values(row)));
      return { first: first || total, total, rows: rows.map((row) => row.map(plain)) };
    },
    close: () => lake.close(),
  };
}

/** @param {any} value @returns {Answer["rows"][0][0]} */
function plain(value) {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.toISOString();
  return typeof value === "string" && /^-?\d+\.\d+$/.test(value) ? Number(value) : value; // a decimal
}
