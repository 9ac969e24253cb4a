// A head start: the beginning of a table's log is asked for while the engine's module is on its way, which takes longer than the log. The
// engine asks for the same when it runs, and is given these replies. Only on a first visit: on others the module is here, and of the log,
// which is kept, most is not asked for.

/**
 * Constants of the engine's, which is not here yet: where it keeps what it fetched, how many commits it asks for beside the hint, and how many
 * at once after them. `scripts/check` compares each with the one of its name in `src/`.
 * @type {Readonly<{ CACHE: string, BESIDE_THE_HINT: number, AT_FIRST: number }>}
 */
export const ENGINE = Object.freeze({ CACHE: "lakeglass-1", BESIDE_THE_HINT: 5, AT_FIRST: 10 });
/** Commits asked for, at most. */
const MOST = 60;

/** Hosts that are asked for a listing of the log instead. */
const LISTING = /\.(amazonaws\.com|blob\.core\.windows\.net|googleapis\.com|cloudflarestorage\.com)$/;
/** What is not a table's folder. */
const FILE = /\.(parquet|json|share)$/;

/**
 * The folder of a table's log, with a slash at its end; `null` where it takes more than asking to read it, or where something else is asked for first.
 * @param {string} text an absolute URL
 */
export function logFolder(text) {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.search || url.hash || url.username || url.password) return null;
  if (LISTING.test(`.${url.hostname}`) || FILE.test(url.pathname)) return null;
  return `${url.href.replace(/\/$/, "")}/_delta_log/`;
}

/** Replies by URL, each for one request. */
export class HeadStart {
  /** @type {Map<string, { reply: Promise<Response>, cancel: AbortController }>} */ #asked = new Map();
  #isAsking = true;

  /** @param {string} folder see {@link logFolder} */
  constructor(folder) {
    this.#ask(folder).catch(() => {}); // the engine asks again, and tells
  }

  /** From now on the engine asks by itself. */
  handOver() {
    this.#isAsking = false;
  }

  /** Gives up what was not taken. */
  end() {
    this.handOver();
    for (const { cancel } of this.#asked.values()) cancel.abort();
    this.#asked.clear();
  }

  /** @param {string} folder */
  async #ask(folder) {
    if (await globalThis.caches?.has(ENGINE.CACHE)) return;
    const hint = this.#request(`${folder}_last_checkpoint`);
    for (let first = 0, count = ENGINE.BESIDE_THE_HINT; this.#isAsking && first < MOST; first += count, count = ENGINE.AT_FIRST) {
      const names = Array.from({ length: count }, (_, i) => `${String(first + i).padStart(20, "0")}.json`);
      const commits = names.map((name) => this.#request(folder + name));
      // Where there is a checkpoint, the log goes on behind it; where one of these is missing, it ends.
      if ((await hint).ok || !(await Promise.all(commits)).every((reply) => reply.ok)) return;
    }
  }

  /** @param {string} url @returns {Promise<Response>} */
  #request(url) {
    const cancel = new AbortController();
    const reply = fetch(url, { cache: "no-cache", credentials: "same-origin", signal: cancel.signal });
    reply.catch(() => {});
    this.#asked.set(url, { reply, cancel });
    return reply;
  }

  /**
   * The reply to a request of the engine's, where it was asked for already.
   * @param {string} url
   * @param {RequestInit} init
   * @returns {Promise<Response> | undefined}
   */
  take(url, init) {
    const asked = this.#asked.get(url);
    if (!asked || init.method !== "GET" || [...new Headers(init.headers)].length > 0) return undefined;
    this.#asked.delete(url);
    init.signal?.addEventListener("abort", () => asked.cancel.abort());
    return asked.reply;
  }
}
