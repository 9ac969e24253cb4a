// The status line, and every wait of the page: what is being waited for, for how long, and a way to stop it.

import { h, icon } from "./dom.js";
import { formatBytes, formatCount, formatDuration } from "../model/format.js";

/** @typedef {import('../../lakeglass/index.js').Metrics} Metrics */
/** @typedef {{ label: string, started: number, cancel: () => void, quiet: boolean, detail?: string }} Wait `detail`: how far it is; may change */
/** @typedef {{ label: string, rows?: number | bigint | null, more?: boolean, millis: number, metrics?: Metrics | null }} Done */

/** A wait shorter than this is not shown: it would only flicker. */
const SHOW_AFTER_MS = 150;

/** What a cancelled wait is rejected with; the engine's own error of this kind has the same code. */
export class CancelledError extends Error {
  code = /** @type {const} */ ("cancelled");
  constructor() {
    super("cancelled");
  }
}

export class Status {
  /** @type {Wait[]} */
  #waits = [];
  #state = h("div", { class: "status-state", role: "status" });
  #facts = h("div", { class: "status-facts" });
  /** @type {Done | null} */
  #done = null;

  /** @param {HTMLElement} root */
  constructor(root) {
    root.append(this.#state, this.#facts);
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
      if (this.cancelNewest()) event.preventDefault();
    });
    this.#render();
  }

  /**
   * Waits for `work`, showing `label`. Cancelling rejects at once, whether or not the work has noticed yet.
   * @template T
   * @param {string} label
   * @param {(signal: AbortSignal, wait: Wait) => Promise<T>} work
   * @param {{ signal?: AbortSignal, quiet?: boolean }} [options] `quiet`: in the background, shown but not for Escape
   * @returns {Promise<T>}
   */
  async run(label, work, { signal, quiet = false } = {}) {
    const controller = new AbortController();
    const cancel = () => controller.abort(new CancelledError());
    if (signal?.aborted) cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    /** @type {Wait} */
    const wait = { label, started: performance.now(), cancel, quiet };
    this.#waits.push(wait);
    this.#later();
    try {
      return await Promise.race([aborted(controller.signal), work(controller.signal, wait)]);
    } finally {
      signal?.removeEventListener("abort", cancel);
      this.#waits = this.#waits.filter((other) => other !== wait);
      this.#render();
    }
  }

  /** Stops the newest wait; false where nothing is waited for. */
  cancelNewest() {
    const wait = this.#waits.findLast((other) => !other.quiet) ?? this.#waits.at(-1);
    wait?.cancel();
    return wait !== undefined;
  }

  /**
   * What was done last, for the right side of the line.
   * @param {Done} done
   */
  done(done) {
    this.#done = done;
    this.#render();
  }

  /** @param {string} label said to screen readers and shown until the next event */
  say(label) {
    this.done({ label, millis: 0 });
  }

  #later() {
    setTimeout(() => this.#render(), SHOW_AFTER_MS + 10);
  }

  #render() {
    const now = performance.now();
    const shown = this.#waits.filter((wait) => now - wait.started >= SHOW_AFTER_MS);
    const wait = shown.findLast((other) => !other.quiet) ?? shown.at(-1);
    if (wait) {
      if (this.#state.dataset.label !== wait.label) this.#state.replaceChildren(waitView(wait, shown.length - 1));
      this.#state.dataset.label = wait.label;
    } else {
      delete this.#state.dataset.label;
      this.#state.replaceChildren(h("span", { class: "status-ready" }, this.#done?.label ?? "Ready"));
    }
    this.#facts.replaceChildren(...(this.#done ? factsOf(this.#done) : []));
  }
}

/** @param {Done} done */
function factsOf({ rows, more, millis, metrics }) {
  const facts = [];
  if (rows !== undefined && rows !== null) facts.push(["rows", formatCount(rows) + (more ? "+" : "")]);
  if (millis > 0) facts.push(["time", formatDuration(millis)]);
  if (metrics) {
    facts.push(["requests", formatCount(metrics.requests)], ["read", formatBytes(metrics.bytes)]);
    if (metrics.cachedBytes > 0) facts.push(["from cache", formatBytes(metrics.cachedBytes)]);
    if (metrics.wholeReplies > 0) facts.push(["whole files (the host ignores Range)", formatCount(metrics.wholeReplies)]);
    if (metrics.retries > 0) facts.push(["retries", formatCount(metrics.retries)]);
  }
  return facts.map(([name, value]) =>
    h("span", { class: "fact", "data-fact": name }, h("b", null, value), ` ${value === "1" ? name.replace(/s$/, "") : name}`),
  );
}

/** @param {AbortSignal} signal @returns {Promise<never>} */
function aborted(signal) {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/**
 * A spinner with what is waited for, the time so far, and the way to stop it.
 * @param {Wait} wait
 * @param {number} [others] how many more are under way
 */
export function waitView(wait, others = 0) {
  const elapsed = h("span", { class: "elapsed", "aria-hidden": "true" });
  const detail = h("span", { class: "wait-detail", "aria-hidden": "true" });
  const view = h(
    "div",
    { class: "wait" },
    h("span", { class: "spinner", "aria-hidden": "true" }),
    h("span", { class: "wait-label" }, wait.label, others > 0 && ` (+${others})`),
    elapsed,
    detail,
    h("button", { type: "button", class: "button quiet cancel", onclick: wait.cancel, title: "Cancel (Esc)" }, icon("close"), "Cancel"),
  );
  const tick = () => {
    elapsed.textContent = `${((performance.now() - wait.started) / 1000).toFixed(1)} s`;
    detail.textContent = wait.detail ?? "";
  };
  tick();
  const timer = setInterval(() => (view.isConnected ? tick() : clearInterval(timer)), 100);
  return view;
}
