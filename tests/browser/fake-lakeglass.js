// A stand-in for the package, for tests of the page alone: it is served in place of www/lakeglass/index.js by the test
// (see page-harness.js), never by the page. It holds a few tables in memory, is as slow as asked, and fails with any code.
//
// SQL it understands, by what the text contains: `fail_<code>` fails, `slow_<ms>` waits, `big` gives 100,000 rows of 12
// columns, `hostile` gives markup as text, `avg` groups the weather; anything else is the first table it names.

export { formatValue } from "./format.js";

export const ERROR_CODES = [
  "table_not_found",
  "version_not_found",
  "network",
  "cors_or_network",
  "http_status",
  "permission_denied",
  "url_expired",
  "origin_not_allowed",
  "unsupported_feature",
  "corrupt_table",
  "invalid_sql",
  "memory_limit",
  "cancelled",
  "internal",
];

export class LakeglassError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "LakeglassError";
    this.code = code;
  }
}

const MESSAGES = {
  table_not_found: "no table found at https://host.example/missing: neither _last_checkpoint nor version 0 answered",
  version_not_found: "version 7 of https://host.example/t is not available: the log starts at version 12",
  network: "could not fetch https://host.example/t/part-0.parquet: the connection ended after 3 attempts",
  cors_or_network:
    "could not fetch https://host.example/t/_delta_log/_last_checkpoint: the host did not answer, or its CORS rules do not allow this page to read it",
  http_status: "https://host.example/t/part-0.parquet answered with HTTP status 503",
  permission_denied: "no permission to read https://host.example/t (HTTP status 403): check the credentials or the signature",
  url_expired: "the signed URL of https://host.example/t has expired: ask whoever gave it for a fresh one",
  origin_not_allowed:
    "https://cdn.example/a.parquet is at another origin than the table: to let it be read, without credentials, allow https://cdn.example",
  unsupported_feature: "unsupported feature variantType: the table requires it of every reader",
  corrupt_table: "corrupt table: _delta_log/00000000000000000003.json: line 2 is not JSON",
  invalid_sql: "Schema error: No field named temprature. Did you mean 'weather.temperature'?",
  memory_limit: "memory limit reached: the sort needs 2.1 GB more",
  internal: "internal error: index out of bounds",
};

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new LakeglassError("cancelled", "cancelled"));
    if (signal?.aborted) return stop();
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), stop()), { once: true });
  });
}

const field = (name, type, more = {}) => ({
  name,
  type,
  nullable: true,
  partition: false,
  physicalName: name,
  fieldId: null,
  comment: null,
  children: [],
  ...more,
});
const at = (text) => Date.parse(text);
const commit = (version, time, operation, user, operationMetrics = {}, operationParameters = {}) => ({
  version: BigInt(version),
  timestamp: { millis: at(time), source: version % 3 ? "inCommit" : "commitInfo" },
  operation,
  operationParameters,
  operationMetrics,
  user,
  engine: "delta-rs.py-1.2.1",
  other: null,
});

const paris = (hour, temperature) => ({ time: new Date(`2025-09-30T${hour}:00:00Z`), city: "Paris", temperature });
const WEATHER = {
  schema: [
    field("time", "timestamp", { comment: "when it was measured" }),
    field("city", "string"),
    field("temperature", "float", { comment: "degrees Celsius" }),
  ],
  partitions: [],
  versions: [[], [paris(12, 10), paris(13, 11), paris(14, 12)], [paris(12, 10), paris(13, 12), paris(14, 13), paris(15, 14)]],
  commits: [
    commit(0, "2025-09-30T11:58:02Z", "CREATE TABLE", "ana"),
    commit(1, "2025-09-30T14:02:41Z", "WRITE", "ana", { num_added_files: 1, num_added_rows: 3 }, { mode: "Append" }),
    commit(
      2,
      "2025-09-30T15:03:10Z",
      "MERGE",
      "bruno",
      {
        num_target_rows_inserted: 1,
        num_target_rows_updated: 2,
        num_target_files_added: 1,
        num_target_files_removed: 1,
        num_output_rows: 4,
      },
      { predicate: "target.time = source.time" },
    ),
  ],
};

const TRADE_OPERATIONS = ["WRITE", "WRITE", "DELETE", "WRITE", "OPTIMIZE", "ADD COLUMN", "WRITE", "MERGE"];
const tradeRow = (i) => ({
  exp_imp: (i % 2) + 1,
  year: 2020 + (i % 6),
  month: (i % 12) + 1,
  ym: (2020 + (i % 6)) * 100 + (i % 12) + 1,
  country: 100 + (i % 130),
  custom: 100 + (i % 40),
  hs2: String(i % 97).padStart(2, "0"),
  hs4: String((i * 37) % 9700).padStart(4, "0"),
  hs9: String((i * 7919) % 970000000).padStart(9, "0"),
  q1: i % 7 ? BigInt(i * 13) : 0n,
  value: BigInt(i) * 9007199254n,
  note: i % 5 ? null : "revised",
});
const tradeTypes = {
  exp_imp: "integer",
  year: "integer",
  month: "integer",
  ym: "integer",
  country: "integer",
  custom: "integer",
  hs2: "string",
  hs4: "string",
  hs9: "string",
  q1: "long",
  value: "long",
  note: "string",
};
const TRADE = {
  schema: Object.entries(tradeTypes).map(([name, type]) => field(name, type, { partition: name === "year", nullable: name !== "year" })),
  partitions: ["year"],
  intact: 20n,
  versions: Array.from({ length: 33 }, (_, v) => ({ length: v * 30000, row: tradeRow })),
  commits: Array.from({ length: 33 }, (_, v) =>
    commit(
      v,
      new Date(at("2025-01-03T08:00:00Z") + v * 864e5 * 3).toISOString(),
      v === 0 ? "CREATE TABLE" : TRADE_OPERATIONS[v % 8],
      v % 4 ? "statistics-loader" : "carmen",
      v ? { num_added_rows: v * 1013, num_added_files: (v % 5) + 1, num_removed_files: v % 3 } : {},
      { mode: "Append", partitionBy: '["year"]' },
    ),
  ),
};

const LONG =
  "A long text that no cell has room for, such as the description of a product with all its variants and terms of delivery. ".repeat(6);
const bigRow = (i) => ({
  id: BigInt(i),
  "customer name": `Customer ${(i * 7919) % 100000}`,
  active: i % 3 === 0,
  amount: `${(i * 31) % 100000}.${String(i % 100).padStart(2, "0")}`,
  ratio: Math.sin(i) * 1000,
  at: new Date(1.7e12 + i * 61234),
  day: `2025-${String((i % 12) + 1).padStart(2, "0")}-${String((i % 28) + 1).padStart(2, "0")}`,
  description: i % 4 ? LONG.slice(0, 40 + ((i * 13) % 500)) : null,
  tags: i % 5 ? ["a", `t${i % 9}`] : [],
  address: i % 6 ? { street: `${i} Rue de la Paix`, geo: { lat: 48.8 + i / 1e5, lon: null } } : null,
  big: 9223372036854775807n - BigInt(i),
  bytes: new Uint8Array([i & 255, 2, 3]),
});
const bigTypes = {
  id: "long",
  "customer name": "string",
  active: "boolean",
  amount: "decimal(10,2)",
  ratio: "double",
  at: "timestamp",
  day: "date",
  description: "string",
  tags: "array<string>",
  address: "struct<street: string, geo: struct<lat: double, lon: double>>",
  big: "long",
  bytes: "binary",
};
const ADDRESS = [
  field("street", "string"),
  field("geo", "struct<lat: double, lon: double>", { children: [field("lat", "double"), field("lon", "double")] }),
];
const BIG = {
  schema: Object.entries(bigTypes).map(([name, type]) =>
    field(name, type, name === "address" ? { children: ADDRESS } : name === "tags" ? { children: [field("element", "string")] } : {}),
  ),
  partitions: [],
  versions: [{ length: 100000, row: bigRow }],
  commits: [commit(0, "2026-01-05T10:00:00Z", "CREATE TABLE AS SELECT", null)],
};
const HOSTILE = {
  schema: [field("<b>bold</b>", "string"), field("text", "string", { comment: '<img src=x onerror="window.pwned=1">' })],
  partitions: [],
  versions: [
    [
      { "<b>bold</b>": '<img src=x onerror="window.pwned=1">', text: "<script>window.pwned=1</script>" },
      { "<b>bold</b>": "null", text: null },
    ],
  ],
  commits: [commit(0, "2026-01-05T10:00:00Z", '<img src=x onerror="window.pwned=1">', "<b>user</b>")],
};
const TABLES = { weather: WEATHER, trade: TRADE, orders: BIG, hostile: HOSTILE };

const rowsAt = (data, version) => {
  const rows = data.versions[version];
  return Array.isArray(rows) ? { length: rows.length, row: (i) => rows[i] } : rows;
};
const resultFields = (schema) => schema.map(({ name, type, nullable, children }) => ({ name, type, nullable, children }));
const metrics = (requests, bytes, cachedBytes = 0) => ({ requests, bytes, retries: 0, cachedBytes, wholeReplies: 0 });
const delay = () => window.fakeDelay ?? 15;

class LakeTable {
  constructor(url, data, version) {
    const rows = rowsAt(data, version);
    const files = Math.ceil(rows.length / 12000);
    Object.assign(this, { url, data, version: BigInt(version), files_: files });
    this.info = {
      url: url.split("?")[0],
      version: this.version,
      timestamp: data.commits[version].timestamp,
      metadata: {
        id: "5fba94ed-9794-4965-ba6e-6ee3c0d22af9",
        name: null,
        description: null,
        createdTime: at("2025-01-03T08:00:00Z"),
        configuration: data.partitions.length ? { "delta.enableDeletionVectors": "true", "delta.checkpointInterval": "10" } : {},
      },
      format: {
        name: "delta",
        version: data.partitions.length ? "reader 3, writer 7" : "reader 1, writer 2",
        features: data.partitions.length ? ["deletionVectors", "appendOnly"] : [],
      },
      protocol: {
        minReaderVersion: data.partitions.length ? 3 : 1,
        minWriterVersion: data.partitions.length ? 7 : 2,
        readerFeatures: data.partitions.length ? ["deletionVectors"] : [],
        writerFeatures: data.partitions.length ? ["deletionVectors", "appendOnly"] : [],
      },
      partitionColumns: data.partitions,
      fileCount: files,
      totalBytes: BigInt(rows.length * 23),
      rowCount: BigInt(rows.length),
      metrics: metrics(version + 2, 4200 + version * 900),
    };
  }
  async schema() {
    return this.data.schema;
  }
  async files() {
    return Array.from({ length: this.files_ }, (_, i) => ({
      path: `${this.data.partitions.length ? `year=${2020 + (i % 6)}/` : ""}part-${String(i).padStart(5, "0")}-4893c2ba-b7b5-4221-b746-6d53e5ff7fb9-c000.zstd.parquet`,
      size: BigInt(28000 + i * 771),
      modificationTime: at("2025-09-30T14:02:41Z"),
      partitionValues: this.data.partitions.length ? { year: String(2020 + (i % 6)) } : {},
      statistics:
        i % 9 === 8
          ? null
          : {
              numRecords: 12000n,
              columns: { ym: { min: 202001, max: 202512, nullCount: 0n }, value: { min: 0n, max: 9007199254740993n, nullCount: 0n } },
            },
      deletedRows: i % 4 ? 0n : BigInt(i * 3),
    }));
  }
  async versions({ signal } = {}) {
    await pause(delay(), signal);
    return { earliest: 0n, latest: BigInt(this.data.versions.length - 1), intact: this.data.intact ?? null };
  }
  async history({ limit = 100, until = this.version, signal } = {}) {
    await pause(delay(), signal);
    return this.data.commits
      .slice(0, Number(until) + 1)
      .reverse()
      .slice(0, limit);
  }
  async at({ version, signal }) {
    await pause(delay(), signal);
    return open(this.url, this.data, version);
  }
  async preview({ limit = 100, signal } = {}) {
    await pause(delay(), signal);
    const rows = rowsAt(this.data, Number(this.version));
    return withFacts(
      Array.from({ length: Math.min(limit, rows.length) }, (_, i) => rows.row(i)),
      resultFields(this.data.schema),
      metrics(2, 31800),
    );
  }
  close() {}
}

function open(url, data, version = data.versions.length - 1) {
  // A log that grew since: the test says how far.
  while (data.versions.length < (window.fakeVersions ?? 0)) {
    data.versions.push([]);
    data.commits.push(commit(data.versions.length - 1, "2026-01-05T10:00:00Z", "DELETE", "ana"));
  }
  if (version >= data.versions.length)
    throw new LakeglassError(
      "version_not_found",
      `version ${version} of ${url} is not available: the latest is ${data.versions.length - 1}`,
    );
  return new LakeTable(url, data, Number(version));
}

const withFacts = (rows, schema, cost) => Object.defineProperties(rows, { schema: { value: schema }, metrics: { value: cost } });

function fail(text) {
  const code = /fail_([a-z_]+)/.exec(text)?.[1];
  if (code) throw new LakeglassError(code, MESSAGES[code] ?? code);
}

const slow = (text) => Number(/slow_(\d+)/.exec(text)?.[1] ?? delay());

export class Lakeglass extends EventTarget {
  mode = "worker";
  modeReason = null;
  #tables = new Map();
  static async connect({ signal } = {}) {
    await pause(delay(), signal);
    return (window.fakeLake = new Lakeglass());
  }
  tables() {
    return [...this.#tables].map(([name, table]) => ({ name, url: table.info.url, version: table.version }));
  }
  async register(name, table) {
    this.#tables.set(name, table);
    return table;
  }
  async deregister(name) {
    return this.#tables.delete(name);
  }
  async table(url, { version, signal } = {}) {
    const text = String(url);
    await pause(slow(text), signal);
    fail(text);
    const data = Object.entries(TABLES).find(([name]) => text.includes(name))?.[1] ?? BIG;
    return open(text, data, version);
  }
  queryStream(sql, { signal, onProgress } = {}) {
    window.fakeQueries = [...(window.fakeQueries ?? []), sql];
    onProgress?.({
      phase: "reading",
      files: { done: 1, total: 4 },
      rowGroups: { done: 1, total: 5 },
      rows: 12000,
      bytes: { fetched: 91234, planned: 250000 },
    });
    const { schema, length, row } = this.#plan(sql);
    const started = pause(slow(sql), signal).then(() => fail(sql));
    started.catch(() => {});
    let end;
    const done = new Promise((resolve) => (end = () => resolve(metrics(3, 91234, 12000))));
    async function* batches() {
      await started;
      for (let start = 0; start < length; start += 8192) {
        const numRows = Math.min(8192, length - start);
        yield { numRows, schema, toArray: () => Array.from({ length: numRows }, (_, i) => row(start + i)) };
      }
      end();
    }
    return {
      schema: started.then(() => schema),
      metrics: done,
      close: async () => ((window.fakeClosed = (window.fakeClosed ?? 0) + 1), end()),
      [Symbol.asyncIterator]: batches,
    };
  }
  async explain(sql, { signal, analyze }) {
    await pause(slow(sql), signal);
    fail(sql);
    const scan = {
      operator: "LakeglassScan",
      details: 'table=trade, <img src=x onerror="window.pwned=1">',
      rows: 360,
      millis: 12.5,
      metrics: {
        files_pruned: 4,
        files_matched: 2,
        row_groups_pruned: 0,
        row_groups_matched: 2,
        requests: 3,
        bytes_fetched: 91234,
        bytes_cached: 0,
      },
      children: [],
    };
    return { operator: analyze ? "AggregateExec" : "Planned", details: "gby=[]", rows: 1, millis: 0.25, metrics: {}, children: [scan] };
  }
  async exportBlob(sql, { format, signal }) {
    await pause(slow(sql), signal);
    fail(sql);
    return new Blob([`${sql} as ${format}`], { type: "text/plain" });
  }
  #plan(sql) {
    if (/avg/i.test(sql)) return this.#average();
    const name = [...this.#tables.keys()].find((known) => sql.includes(known));
    const table = this.#tables.get(name);
    if (!table)
      return { schema: [{ name: "answer", type: "long", nullable: false, children: [] }], length: 1, row: () => ({ answer: 42n }) };
    const rows = rowsAt(table.data, Number(table.version));
    const limit = Number(/limit (\d+)/i.exec(sql)?.[1] ?? Infinity);
    return { schema: resultFields(table.data.schema), length: Math.min(limit, rows.length), row: rows.row };
  }
  #average() {
    const { data, version } = this.#tables.get("weather");
    const rows = data.versions[Number(version)];
    const mean = rows.reduce((sum, each) => sum + each.temperature, 0) / rows.length;
    const schema = [
      { name: "city", type: "string", nullable: true, children: [] },
      { name: "mean", type: "double", nullable: true, children: [] },
    ];
    return { schema, length: rows.length ? 1 : 0, row: () => ({ city: "Paris", mean }) };
  }
  close() {}
}
