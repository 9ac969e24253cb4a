// What is asked. `{name}` in a statement stands for a table, each reader's own way. `reads` says what has to be read for it, so that
// ranges.mjs can tell the bytes: columns (null: all), and the range of a sorted column that rows are in.

/**
 * @typedef {object} Read
 * @property {string} table
 * @property {string[] | null} columns
 * @property {[column: string, from: number, to: number]} [between]
 * @property {Record<string, string>} [partition] the files' partition values
 * @property {number} [rows] the first rows are enough
 *
 * @typedef {object} Query
 * @property {string} name
 * @property {string} sql
 * @property {Read[]} reads
 * @property {boolean} [anyRows] which rows is not determined: only their number is compared
 * @property {boolean} [extra] beyond the ten
 */

const TOTALS = ["l_quantity", "l_extendedprice", "l_discount", "l_tax", "l_returnflag", "l_linestatus", "l_shipdate"];

/** @param {string} table @param {string[] | null} columns @param {Partial<Read>} [more] @returns {Read[]} */
const reads = (table, columns, more = {}) => [{ table, columns, ...more }];

/** @param {string} table */
const q1 = (table) => `SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, sum(l_extendedprice) AS sum_base_price,
  sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge,
  avg(l_quantity) AS avg_qty, avg(l_extendedprice) AS avg_price, avg(l_discount) AS avg_disc, count(*) AS count_order
  FROM {${table}} WHERE l_shipdate <= DATE '1998-09-02' GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus`;

/** @param {string} table */
const q6 = (table) => `SELECT sum(l_extendedprice * l_discount) AS revenue FROM {${table}}
  WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01' AND l_discount >= 0.05 AND l_discount <= 0.07 AND l_quantity < 24`;

const Q6_COLUMNS = ["l_extendedprice", "l_discount", "l_shipdate", "l_quantity"];

/** @type {Query[]} */
export const QUERIES = [
  { name: "count", sql: "SELECT count(*) AS n FROM {lineitem}", reads: [] },
  {
    name: "min-max",
    sql: "SELECT min(l_orderkey) AS a, max(l_orderkey) AS b, min(l_shipdate) AS c, max(l_shipdate) AS d FROM {lineitem}",
    reads: [], // the log's statistics tell
  },
  {
    name: "sorted",
    sql: `SELECT l_orderkey, l_linenumber, l_quantity, l_extendedprice FROM {lineitem}
      WHERE l_orderkey BETWEEN 2000000 AND 2000400 ORDER BY l_orderkey, l_linenumber`,
    reads: reads("lineitem", ["l_orderkey", "l_linenumber", "l_quantity", "l_extendedprice"], {
      between: ["l_orderkey", 2000000, 2000400],
    }),
  },
  {
    name: "all-columns",
    sql: "SELECT * FROM {lineitem} WHERE l_orderkey BETWEEN 3000000 AND 3000040 ORDER BY l_orderkey, l_linenumber",
    reads: reads("lineitem", null, { between: ["l_orderkey", 3000000, 3000040] }),
  },
  {
    name: "group-low",
    sql: "SELECT l_shipmode, count(*) AS n, sum(l_quantity) AS q FROM {lineitem} GROUP BY l_shipmode ORDER BY l_shipmode",
    reads: reads("lineitem", ["l_shipmode", "l_quantity"]),
  },
  {
    name: "group-high",
    sql: "SELECT l_partkey, sum(l_quantity) AS q FROM {lineitem} GROUP BY l_partkey ORDER BY q DESC, l_partkey LIMIT 10",
    reads: reads("lineitem", ["l_partkey", "l_quantity"]),
  },
  { name: "q1", sql: q1("lineitem"), reads: reads("lineitem", TOTALS) },
  { name: "q6", sql: q6("lineitem"), reads: reads("lineitem", Q6_COLUMNS) },
  {
    name: "top-n",
    sql: `SELECT l_orderkey, l_linenumber, l_extendedprice FROM {lineitem}
      ORDER BY l_extendedprice DESC, l_orderkey, l_linenumber LIMIT 10`,
    reads: reads("lineitem", ["l_orderkey", "l_linenumber", "l_extendedprice"]),
  },
  { name: "limit", sql: "SELECT * FROM {lineitem} LIMIT 100", reads: reads("lineitem", null, { rows: 100 }), anyRows: true },
  {
    name: "join",
    sql: `SELECT s_nationkey, count(*) AS n, sum(l_extendedprice) AS total FROM {lineitem} JOIN {supplier} ON l_suppkey = s_suppkey
      GROUP BY s_nationkey ORDER BY s_nationkey`,
    reads: [...reads("lineitem", ["l_suppkey", "l_extendedprice"]), ...reads("supplier", ["s_suppkey", "s_nationkey"])],
    extra: true,
  },
  {
    name: "scattered",
    sql: "SELECT * FROM {lineitem} WHERE l_partkey = 77777 ORDER BY l_orderkey, l_linenumber",
    reads: reads("lineitem", null),
    extra: true,
  },
  { name: "q1-decimal", sql: q1("lineitem_decimal"), reads: reads("lineitem_decimal", TOTALS), extra: true },
  { name: "q6-snappy", sql: q6("lineitem_snappy"), reads: reads("lineitem_snappy", Q6_COLUMNS), extra: true },
  {
    name: "one-day",
    sql: "SELECT kind, count(*) AS n, sum(amount) AS total FROM {events} WHERE day = DATE '2024-12-01' GROUP BY kind ORDER BY kind",
    reads: reads("events", ["kind", "amount"], { partition: { day: "2024-12-01" } }),
    extra: true,
  },
  {
    name: "400-files",
    sql: "SELECT kind, count(*) AS n, sum(amount) AS total FROM {events} GROUP BY kind ORDER BY kind",
    reads: reads("events", ["kind", "amount"]),
    extra: true,
  },
  {
    name: "1-gb-file",
    sql: `SELECT count(*) AS n, sum(l_extendedprice) AS total, min(l_shipdate) AS first FROM {lineitem_large}
      WHERE l_orderkey BETWEEN 12000000 AND 12001000`,
    reads: reads("lineitem_large", ["l_orderkey", "l_extendedprice", "l_shipdate"], { between: ["l_orderkey", 12000000, 12001000] }),
    extra: true,
  },
];

const flags = ["l_returnflag", "l_linestatus"];

/** Ten aggregates that a dashboard asks for at once, a small one first. @type {Query[]} */
export const REPORT = [
  {
    name: "by-mode",
    sql: "SELECT l_shipmode, count(*) AS n, sum(l_quantity) AS q FROM {lineitem} GROUP BY l_shipmode ORDER BY l_shipmode",
    reads: reads("lineitem", ["l_shipmode", "l_quantity"]),
  },
  {
    name: "by-flags",
    sql: "SELECT l_returnflag, l_linestatus, count(*) AS n FROM {lineitem} GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus",
    reads: reads("lineitem", flags),
  },
  {
    name: "revenue-by-flag",
    sql: "SELECT l_returnflag, sum(l_extendedprice * (1 - l_discount)) AS revenue FROM {lineitem} GROUP BY l_returnflag ORDER BY l_returnflag",
    reads: reads("lineitem", ["l_returnflag", "l_extendedprice", "l_discount"]),
  },
  {
    name: "by-year",
    sql: "SELECT extract(year FROM l_shipdate) AS y, count(*) AS n, sum(l_quantity) AS q FROM {lineitem} GROUP BY extract(year FROM l_shipdate) ORDER BY y",
    reads: reads("lineitem", ["l_shipdate", "l_quantity"]),
  },
  { name: "q1", sql: q1("lineitem"), reads: reads("lineitem", TOTALS) },
  { name: "q6", sql: q6("lineitem"), reads: reads("lineitem", Q6_COLUMNS) },
  {
    name: "prices-by-mode",
    sql: "SELECT l_shipmode, min(l_extendedprice) AS low, max(l_extendedprice) AS high FROM {lineitem} GROUP BY l_shipmode ORDER BY l_shipmode",
    reads: reads("lineitem", ["l_shipmode", "l_extendedprice"]),
  },
  {
    name: "by-quantity",
    sql: "SELECT l_quantity, count(*) AS n, avg(l_discount) AS d FROM {lineitem} GROUP BY l_quantity ORDER BY l_quantity",
    reads: reads("lineitem", ["l_quantity", "l_discount"]),
  },
  {
    name: "tax-by-status",
    sql: "SELECT l_linestatus, sum(l_extendedprice * l_tax) AS tax FROM {lineitem} GROUP BY l_linestatus ORDER BY l_linestatus",
    reads: reads("lineitem", ["l_linestatus", "l_extendedprice", "l_tax"]),
  },
  {
    name: "revenue-by-year",
    sql: `SELECT extract(year FROM l_shipdate) AS y, sum(l_extendedprice * (1 - l_discount)) AS revenue FROM {lineitem}
      GROUP BY extract(year FROM l_shipdate) ORDER BY y`,
    reads: reads("lineitem", ["l_shipdate", "l_extendedprice", "l_discount"]),
  },
];

/** The tables of a statement. @param {string} sql */
export const tablesOf = (sql) => [...new Set([...sql.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))];
