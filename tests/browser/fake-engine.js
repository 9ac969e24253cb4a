// Stands for the built module `pkg/lakeglass.js`: the same contract, with an engine that does what its SQL says. Its rows are real
// Arrow IPC bytes and its traps real WebAssembly traps (trap.wasm has one function, `unreachable`).
//
// SQL: `weather`            the registered table of that name: 3 rows at version 1, 4 at 2
//      `types` `dictionary` `twins`   fixed results, see below
//      `batches N`          N batches of 10 rows, made when asked for
//      `slow`               waits until it is cancelled; `hang` does so at its second batch; `late` takes 100 ms, and is not
//                           stopped by a cancel
//      `state`              one row of counters, as they were before it
//      `trap`               the call traps; `panic` a task traps and the call stays pending; `crash` an uncaught error
//      `error CODE`         an error with that code
// URLs: their last part is the table: `weather`, `missing`, `slow`, `fragile` (`?gone`: no more)

import * as arrow from "../../www/lakeglass/node_modules/@uwdata/flechette/src/index.js";

/** @type {() => void} */
let trap;
const state = { open: 0, tables: 0, results: 0, made: 0, aborted: 0 };
const instance = Math.random();

export default async function init({ module_or_path }) {
  const made = await WebAssembly.instantiate(module_or_path, {});
  trap = /** @type {any} */ (made).exports.trap;
}

function engineError(code, fields, message = `the message of ${code}`) {
  return Object.assign(new Error(message), { code, ...fields });
}

function untilAborted(signal) {
  return new Promise((_resolve, reject) => {
    const onAbort = () => {
      state.aborted += 1;
      reject(engineError("cancelled", {}));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });
}

const ROWS = {
  0n: [],
  1n: [
    ["12:00", 10],
    ["13:00", 11],
    ["14:00", 12],
  ],
  2n: [
    ["12:00", 10],
    ["13:00", 12],
    ["14:00", 13],
    ["15:00", 14],
  ],
};

function weather(version) {
  const rows = ROWS[version];
  return arrow.tableFromArrays(
    {
      time: rows.map(([time]) => new Date(`2025-09-30T${time}:00Z`)),
      city: rows.map(() => "Paris"),
      temperature: rows.map(([, temperature]) => temperature),
    },
    { types: { time: arrow.timestamp(arrow.TimeUnit.MICROSECOND, "UTC"), city: arrow.utf8(), temperature: arrow.float32() } },
  );
}

/** What a page's function says of some paths; a failure as its kind. */
async function signed(sign, name) {
  const asked = ["a", "gone", "own", "fails"].map((path) => sign(`${name}/${path}`).catch((error) => error.name));
  return (await Promise.all(asked)).map((value) => JSON.stringify(value) ?? "undefined").join(" ");
}

export class Engine {
  #tables = new Map();

  constructor(options = {}) {
    this.options = options;
  }

  async open(url, { version, timestamp, access } = {}, signal, sign) {
    const name = new URL(url).pathname.split("/").filter(Boolean).pop();
    if (access !== undefined) state.access = JSON.stringify(access);
    if (sign) state.signed = await signed(sign, name);
    state.open += 1;
    if (name === "slow") await untilAborted(signal);
    if (name === "missing") throw engineError("table_not_found", { url, reason: "there is none" });
    if (name === "fragile" && new URL(url).search === "?gone") throw engineError("url_expired", { url });
    if (typeof version === "string") throw new TypeError("a version is a number");
    const chosen = timestamp === undefined ? BigInt(version ?? 2) : BigInt(timestamp < 1e12 ? 0 : 1);
    if (chosen > 2n) throw engineError("version_not_found", { url, requested: String(chosen), reason: "the latest is 2" });
    return new EngineTable(url, chosen);
  }

  register(name, table) {
    this.#tables.set(name, table.copy());
  }

  async clearCache() {
    state.cleared = (state.cleared ?? 0) + 1;
  }

  deregister(name) {
    return this.#tables.delete(name);
  }

  async query(sql, signal) {
    const [word, argument] = sql.split(" ");
    const table = this.#tables.get(sql);
    if (table) return new EngineResult([weather(table.version)]);
    switch (word) {
      case "types":
      case "twins":
        return new EngineResult([{ types, twins }[word]()]);
      case "dictionary":
        return new EngineResult(["a b a", "c b c", "d d d"].map(words));
      case "batches":
        return new EngineResult(Array.from({ length: Number(argument) }, (_, i) => () => numbers(i * 10)));
      case "slow":
        return untilAborted(signal);
      case "hang":
        return new EngineResult([() => numbers(0), (ofNext) => untilAborted(ofNext)]);
      case "late":
        await new Promise((resolve) => setTimeout(resolve, 100));
        return new EngineResult([numbers(0)]);
      case "state":
        return new EngineResult([counters(this.options)]);
      case "trap":
        return trap();
      case "panic":
        queueMicrotask(() => trap());
        return new Promise(() => {});
      case "crash":
        setTimeout(() => {
          throw new Error("crashed");
        });
        return new Promise(() => {});
      case "error":
        throw engineError(argument, { url: "https://host/t", reason: "so", requested: "7", status: 403, feature: "f", path: "p" });
      default:
        throw engineError("invalid_sql", {}, `no table ${sql}`);
    }
  }

  free() {}
}

class EngineTable {
  constructor(url, version) {
    state.tables += 1;
    Object.assign(this, { url, version, freed: false });
  }
  copy() {
    return { url: this.url, version: this.version };
  }
  info() {
    return {
      url: this.url.split("?")[0],
      version: this.version,
      timestamp: { millis: 1_759_230_000_000, source: "inCommit" },
      metadata: { id: "id", name: null, description: null, createdTime: null, configuration: {} },
      format: { name: "delta", version: "reader 1, writer 2", features: [] },
      protocol: { minReaderVersion: 1, minWriterVersion: 2, readerFeatures: [], writerFeatures: [] },
      partitionColumns: [],
      fileCount: 1,
      totalBytes: 2n ** 60n,
      rowCount: BigInt(ROWS[this.version].length),
      metrics: { requests: 3, bytes: 1000, retries: 0, cachedBytes: 0, wholeReplies: 0 },
    };
  }
  schema() {
    const field = (name, type) => ({
      name,
      type,
      nullable: true,
      partition: false,
      physicalName: name,
      fieldId: null,
      comment: null,
      children: [],
    });
    return [field("time", "timestamp"), field("city", "string"), field("temperature", "float")];
  }
  async files({ offset = 0, limit = 2 } = {}) {
    const file = { path: "part-0.parquet", size: 1n, modificationTime: 0, partitionValues: {}, statistics: null, deletedRows: 0n };
    return [file, { ...file, path: "part-1.parquet" }].slice(offset, offset + limit);
  }
  async versions() {
    return { earliest: 0n, latest: 2n, intact: null };
  }
  async history({ limit = 10, until = this.version } = {}) {
    const commits = [];
    for (let version = BigInt(until); version >= 0n && commits.length < limit; version -= 1n) {
      commits.push({
        version,
        timestamp: null,
        operation: "WRITE",
        operationParameters: {},
        operationMetrics: {},
        userName: null,
        userId: null,
        engineInfo: null,
        isBlindAppend: null,
        readVersion: null,
        isolationLevel: null,
        txnId: null,
        userMetadata: null,
        other: {},
      });
    }
    return commits;
  }
  async at({ version }) {
    if (this.freed) throw new Error("used after free");
    return new EngineTable(this.url, BigInt(version));
  }
  async preview({ limit = 1000, columns } = {}) {
    const table = weather(this.version);
    const kept = columns ? table.select(columns) : table;
    const rows = Object.fromEntries(kept.names.map((name) => [name, [...kept.getChild(name)].slice(0, limit)]));
    return new EngineResult([arrow.tableFromArrays(rows)]);
  }
  free() {
    if (this.freed) throw new Error("freed twice");
    this.freed = true;
    state.tables -= 1;
  }
}

class EngineResult {
  #batches;
  #position = 0;
  #busy = false;
  constructor(batches) {
    this.#batches = batches;
    state.results += 1;
  }
  schema() {
    const first = this.#batches[0];
    return messages(typeof first === "function" ? first() : first).schema;
  }
  async next(signal) {
    if (this.#busy) throw new Error("next while next is under way");
    this.#busy = true;
    const batch = this.#batches[this.#position];
    this.#position += 1;
    state.made += batch ? 1 : 0;
    try {
      const table = await (typeof batch === "function" ? batch(signal) : batch);
      return table && messages(table).batch;
    } finally {
      this.#busy = false;
    }
  }
  metrics() {
    return { requests: this.#position, bytes: 10 * this.#position, retries: 0, cachedBytes: 0, wholeReplies: 0 };
  }
  free() {
    if (this.#busy) throw new Error("freed while borrowed");
    state.results -= 1;
  }
}

/** An IPC stream in the pieces the engine hands out. */
function messages(table) {
  const bytes = arrow.tableToIPC(table, { format: "stream" });
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const schemaLength = 8 + view.getInt32(4, true);
  return { schema: bytes.slice(0, schemaLength), batch: bytes.slice(schemaLength, bytes.length - 8) };
}

function numbers(start) {
  return arrow.tableFromArrays({ n: Array.from({ length: 10 }, (_, i) => start + i) }, { types: { n: arrow.int32() } });
}

function words(text) {
  return arrow.tableFromArrays({ word: text.split(" ") }, { types: { word: arrow.dictionary(arrow.utf8(), arrow.int32(), false, 0) } });
}

function counters(options) {
  const row = {
    ...state,
    results: state.results,
    instance,
    options: JSON.stringify(options),
    thread: typeof document === "undefined" ? "worker" : "main",
  };
  return arrow.tableFromArrays(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, [value]])), {
    types: { options: arrow.utf8(), thread: arrow.utf8() },
  });
}

function twins() {
  const one = arrow.columnFromArray([1], arrow.int32());
  return arrow.tableFromColumns([
    ["x", one],
    ["x", arrow.columnFromArray([2], arrow.int32())],
    ["x_1", arrow.columnFromArray([3], arrow.int32())],
    ["__proto__", one],
  ]);
}

/** Two rows of every type: values at the edges, and nulls. */
function types() {
  const { TimeUnit } = arrow;
  const instant = arrow.timestamp(TimeUnit.MICROSECOND, "UTC");
  const columns = {
    boolean: [arrow.bool(), true],
    byte: [arrow.int8(), -128],
    uint32: [arrow.uint32(), 4294967295],
    long: [arrow.int64(), 9007199254740993n],
    uint64: [arrow.uint64(), 18446744073709551615n],
    float: [arrow.float32(), Math.fround(0.1)],
    double: [arrow.float64(), 0.1],
    decimal: [arrow.decimal(38, 4, 128), -12345678901234567890123400001n],
    small_decimal: [arrow.decimal(5, 2, 128), -5n],
    string: [arrow.utf8(), "é\u0000𝄞"],
    binary: [arrow.binary(), Uint8Array.of(0, 255)],
    date: [arrow.dateDay(), new Date("1582-10-14")],
    timestamp: [instant, new Date(-1)],
    timestamp_ntz: [arrow.timestamp(TimeUnit.MICROSECOND), new Date("0001-01-01T00:00:00.120Z")],
    seconds: [arrow.timestamp(TimeUnit.SECOND, "UTC"), new Date("2025-09-30T12:00:00Z")],
    time: [arrow.timeMicrosecond(), 86_399_000_001n],
    duration: [arrow.duration(TimeUnit.MILLISECOND), -1_500n],
    interval: [arrow.interval(), [14, -3, 3_500_000_000]],
    list: [arrow.list(arrow.int32()), [1, 2]],
    instants: [arrow.list(instant), [new Date(0), null]],
    struct: [arrow.struct({ a: arrow.int64(), at: instant }), { a: 1n, at: new Date(5) }],
    map: [arrow.map(arrow.utf8(), arrow.list(arrow.decimal(5, 2, 128))), [["k", [150n]]]],
  };
  const made = Object.entries(columns).map(([name, [type, value]]) => [
    name,
    arrow.columnFromArray([value, null], type, { useBigInt: true }),
  ]);
  return arrow.tableFromColumns(made);
}
