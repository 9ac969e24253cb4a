// A place that loads something: shows the wait, then what came, or the error with a way to try again. A newer load
// replaces an older one.

import { errorView } from "./errors.js";
import { waitView } from "./status.js";

/** The old content stays, dimmed, for this long: most versions open faster than that. */
const KEEP_MS = 250;

export class Panel {
  /** @type {AbortController | null} */
  #current = null;

  /**
   * @param {HTMLElement} element
   * @param {import('./status.js').Status} status
   */
  constructor(element, status) {
    this.element = element;
    this.status = status;
  }

  /** Gives up what is being loaded, without showing anything. */
  stop() {
    this.#current?.abort();
    this.#current = null;
  }

  /**
   * Loads, then renders; resolves to whether it came to that. `work` does the waiting, `render` returns what to show.
   * @template T
   * @param {string} label
   * @param {(signal: AbortSignal, wait: import('./status.js').Wait) => Promise<T>} work
   * @param {(value: T) => Node | Node[]} render
   * @param {() => void} [retry] what "Try again" does, where that is more than loading this again
   * @returns {Promise<boolean>}
   */
  async load(label, work, render, retry = () => void this.load(label, work, render)) {
    this.stop();
    const current = new AbortController();
    this.#current = current;
    this.element.setAttribute("aria-busy", "true");
    let timer;
    try {
      const value = await this.status.run(
        label,
        (signal, wait) => {
          timer = setTimeout(() => this.element.replaceChildren(centered(waitView(wait))), KEEP_MS);
          return work(signal, wait);
        },
        { signal: current.signal },
      );
      if (this.#current !== current) return false;
      this.element.replaceChildren(...[render(value)].flat());
      return true;
    } catch (error) {
      if (this.#current === current) {
        this.element.replaceChildren(centered(errorView(error, { retry })));
      }
      return false;
    } finally {
      clearTimeout(timer);
      if (this.#current === current) {
        this.#current = null;
        this.element.removeAttribute("aria-busy");
      }
    }
  }
}

/** @param {Node} content */
export function centered(content) {
  const box = document.createElement("div");
  box.className = "centered";
  box.append(content);
  return box;
}
