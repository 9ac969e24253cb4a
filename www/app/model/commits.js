// A table's commits, asked for in pages as they are needed and kept: the version control and the history share them.

/** @typedef {import('../../lakeglass/index.js').LakeTable} LakeTable */
/** @typedef {import('../../lakeglass/index.js').Commit} Commit */

const PAGE = 100;

export class Commits {
  /** @type {Map<number, Commit>} */
  #known = new Map();
  /** @type {{ earliest: number, latest: number, intact: number | null } | null} */
  range = null;

  /** @param {LakeTable} table at any version */
  constructor(table) {
    this.table = table;
  }

  /** @param {AbortSignal} signal */
  async loadRange(signal) {
    if (this.range) return this.range;
    const { earliest, latest, intact } = await this.table.versions({ signal });
    this.range = { earliest: Number(earliest), latest: Number(latest), intact: intact === null ? null : Number(intact) };
    return this.range;
  }

  /** Whether VACUUM may have deleted files of this version. @param {number} version */
  mayLackFiles(version) {
    return version < (this.range?.intact ?? 0);
  }

  /** @param {number} version */
  get(version) {
    return this.#known.get(version) ?? null;
  }

  /** Newest first, without a gap from the latest on. */
  get list() {
    const list = [];
    for (let version = this.range?.latest ?? -1; this.#known.has(version); version--) {
      list.push(/** @type {Commit} */ (this.#known.get(version)));
    }
    return list;
  }

  /** Whether `list` goes back to the first version there is. */
  get complete() {
    return this.range !== null && this.list.length > this.range.latest - this.range.earliest;
  }

  /**
   * The commits up to a version, newest first.
   * @param {number} until
   * @param {AbortSignal} signal
   */
  async loadPage(until, signal) {
    const page = await this.table.history({ limit: PAGE, until, signal });
    for (const commit of page) this.#known.set(Number(commit.version), commit);
    return page;
  }

  /**
   * One commit, with the page it stands in.
   * @param {number} version
   * @param {AbortSignal} signal
   */
  async load(version, signal) {
    if (!this.#known.has(version)) {
      const { latest } = await this.loadRange(signal);
      // From the latest where that reaches: the list is then without a gap.
      await this.loadPage(latest - version < PAGE ? latest : version, signal);
    }
    return this.get(version);
  }

  /** The next page of `list`. @param {AbortSignal} signal */
  async loadMore(signal) {
    const { earliest, latest } = await this.loadRange(signal);
    const before = this.list.length;
    if (latest - before < earliest) return false; // the version control has read the rest meanwhile
    await this.loadPage(latest - before, signal);
    return this.list.length > before;
  }
}

/** @typedef {'create' | 'write' | 'change' | 'delete' | 'keep'} Kind */

/**
 * What a commit did to the rows, roughly: for its colour.
 * @param {Commit | null} commit
 * @returns {Kind}
 */
export function kindOf(commit) {
  const operation = commit?.operation ?? "";
  if (
    /create|replace|alter|add column|change column|rename|set tblproperties|properties|constraint|upgrade|feature|schema/i.test(operation)
  )
    return "create";
  if (/merge|update|restore/i.test(operation)) return "change";
  if (/delete|truncate|drop/i.test(operation)) return "delete";
  if (/optimize|compact|vacuum|reorg|cluster|checkpoint|fsck/i.test(operation)) return "keep";
  return "write";
}

/** Metrics as the engines name them (Spark's camel case, delta-rs's snake case), by what they count. */
const METRICS = /** @type {const} */ ([
  ["+", "row", /^num(_?target)?(_?rows)?_?inserted(_?rows)?$|^num_?added_?rows$/i],
  ["~", "row", /^num(_?target)?_?rows_?updated$|^num_?updated_?rows$/i],
  ["−", "row", /^num(_?target)?_?rows_?deleted$|^num_?deleted_?rows$/i],
  ["+", "row", /^num_?output_?rows$/i],
  ["+", "file", /^num(_?target)?(_?added_?files|_?files_?added)$|^num_?files$/i],
  ["−", "file", /^num(_?target)?(_?removed_?files|_?files_?removed)$/i],
]);

/**
 * A commit's metrics in few words: `+1 row`, `~2 rows`, `−3 files`.
 * @param {Commit} commit
 * @returns {string[]}
 */
export function summaryOf(commit) {
  const found = new Map();
  for (const [sign, noun, pattern] of METRICS) {
    for (const [name, value] of Object.entries(commit.operationMetrics ?? {})) {
      const count = Number(value);
      if (!pattern.test(name) || !Number.isFinite(count) || count === 0) continue;
      // A merge counts rewritten rows as output: only where nothing else is said of rows is that what was added.
      if (/output/i.test(name) && [...found.keys()].some((key) => key.endsWith("row"))) continue;
      if (!found.has(sign + noun)) found.set(sign + noun, `${sign}${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`);
    }
  }
  return [...found.values()];
}
