// Playwright's locators for the WebKit driver, as far as the tests use them: which elements, looked for anew by each action.

import { setTimeout as pause } from "node:timers/promises";

/**
 * @typedef {{ name?: string | RegExp, exact?: boolean, level?: number, checked?: boolean, selected?: boolean }} RoleOptions
 * @typedef {{ css: string, hasText?: string | RegExp } | { role: string, options: RoleOptions } | { text: string | RegExp, exact: boolean }
 *   | { at: number }} Step
 * @typedef {{ evaluate(work: Function, argument?: unknown): Promise<any>, command(method: "POST", path: string, body: object): Promise<any>,
 *   keyboard: { press(keys: string): Promise<void> }, patience: number }} Page
 */

const STEP_MILLIS = 40;
/** How WebDriver spells an element. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

export class Locator {
  #page;
  #steps;

  /** @param {Page} page @param {Step[]} steps */
  constructor(page, steps) {
    this.#page = page;
    this.#steps = steps;
  }

  /** @param {Step} step */
  #then(step) {
    return new Locator(this.#page, [...this.#steps, step]);
  }

  /** @param {string} css @param {{ hasText?: string | RegExp }} [options] */
  locator(css, { hasText } = {}) {
    return this.#then({ css, hasText });
  }

  /** @param {string} role @param {RoleOptions} [options] */
  getByRole(role, options = {}) {
    return this.#then({ role, options });
  }

  /** @param {string | RegExp} text @param {{ exact?: boolean }} [options] */
  getByText(text, { exact = false } = {}) {
    return this.#then({ text, exact });
  }

  /** @param {number} at negative: from the end */
  nth(at) {
    return this.#then({ at });
  }

  first() {
    return this.nth(0);
  }

  last() {
    return this.nth(-1);
  }

  /** @param {{ state?: "visible" | "attached" | "hidden" | "detached", timeout?: number }} [options] */
  async waitFor({ state = "visible", timeout } = {}) {
    const isSo = async () => {
      const { count, visible } = await this.#look();
      return { visible: visible > 0, attached: count > 0, hidden: visible === 0, detached: count === 0 }[state];
    };
    await this.#until(isSo, `to be ${state}`, timeout);
  }

  async count() {
    return (await this.#look()).count;
  }

  async isVisible() {
    return (await this.#look()).visible > 0;
  }

  /** @returns {Promise<string[]>} */
  allInnerTexts() {
    return this.#evaluate("(elements) => elements.map((element) => element.innerText)");
  }

  async innerText() {
    await this.waitFor({ state: "attached" });
    return this.#evaluate("([element]) => element.innerText");
  }

  async textContent() {
    await this.waitFor({ state: "attached" });
    return this.#evaluate("([element]) => element.textContent");
  }

  /** @param {string} name */
  async getAttribute(name) {
    await this.waitFor({ state: "attached" });
    return this.#evaluate(`([element]) => element.getAttribute(${JSON.stringify(name)})`);
  }

  async focus() {
    await this.waitFor({ state: "attached" });
    await this.#evaluate("([element]) => element.focus()");
  }

  /** @param {string} keys */
  async press(keys) {
    await this.focus();
    await this.#page.keyboard.press(keys);
  }

  /** A real click, in the middle of the element. */
  async click() {
    await this.waitFor();
    /** @type {unknown} */
    let last;
    const isClicked = async () => {
      try {
        const script = `return (${resolveElements})(${this.#source()}).filter((element) => element.getClientRects().length > 0 && !element.disabled)[0] ?? null`;
        const element = await this.#page.command("POST", "execute/sync", { script, args: [] });
        if (!element) return false;
        await this.#page.command("POST", `element/${element[ELEMENT]}/click`, {});
        return true;
      } catch (error) {
        // Something else is in its place by now, or over it: looked for again.
        if (!/stale|intercepted|interactable|no such element/.test(String(error))) throw error;
        last = error;
        return false;
      }
    };
    await this.#until(isClicked, () => `to be clicked (${last ?? "not there"})`);
  }

  /** Puts a text in place of an input's. @param {string} text */
  async fill(text) {
    await this.waitFor();
    await this.#evaluate(`([element]) => {
      element.focus();
      element.value = ${JSON.stringify(text)};
      element.dispatchEvent(new Event("input", { bubbles: true }));
      element.dispatchEvent(new Event("change", { bubbles: true }));
    }`);
  }

  /** @returns {Promise<{ count: number, visible: number }>} */
  #look() {
    return this.#evaluate(
      `(elements) => ({ count: elements.length, visible: elements.filter((element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility === "visible").length })`,
    );
  }

  /** @param {string} work a function's source, of the elements @returns {Promise<any>} */
  #evaluate(work) {
    return this.#page.evaluate(/** @type {any} */ (`() => (${work})((${resolveElements})(${this.#source()}))`));
  }

  #source() {
    // Regular expressions as their own literals.
    const spell = (/** @type {any} */ value) => {
      /** @type {string} */
      if (value instanceof RegExp) return String(value);
      if (Array.isArray(value)) return `[${value.map(spell).join(", ")}]`;
      if (typeof value !== "object") return JSON.stringify(value);
      return `{ ${Object.entries(value)
        .filter(([, each]) => each !== undefined)
        .map(([key, each]) => `${key}: ${spell(each)}`)
        .join(", ")} }`;
    };
    return spell(this.#steps);
  }

  /** @param {() => Promise<boolean>} isSo @param {string | (() => string)} what @param {number} [timeout] */
  async #until(isSo, what, timeout = this.#page.patience) {
    for (const end = Date.now() + timeout; !(await isSo()); await pause(STEP_MILLIS)) {
      if (Date.now() > end) throw new Error(`waited ${timeout} ms for ${this.#source()} ${typeof what === "string" ? what : what()}`);
    }
  }
}

/**
 * The elements of a locator's steps; its source runs in the page.
 * @param {Step[]} steps
 * @returns {Element[]}
 */
function resolveElements(steps) {
  const ROLES = /** @type {Record<string, string>} */ ({
    button: "button, input[type=button], input[type=submit], summary",
    link: "a[href]",
    heading: "h1, h2, h3, h4, h5, h6",
    slider: "input[type=range]",
    textbox: "input:not([type]), input[type=text], input[type=url], textarea",
    searchbox: "input[type=search]",
    combobox: "select",
    checkbox: "input[type=checkbox]",
    radio: "input[type=radio]",
    dialog: "dialog",
    table: "table",
    row: "tr",
    cell: "td",
    list: "ul, ol",
    listitem: "li",
    navigation: "nav",
    main: "main",
    option: "option",
  });
  const plain = (/** @type {string | null | undefined} */ text) => (text ?? "").replace(/\s+/g, " ").trim();
  const nameOf = (/** @type {Element} */ element) => {
    const by = element
      .getAttribute("aria-labelledby")
      ?.split(" ")
      .map((id) => document.getElementById(id)?.textContent)
      .join(" ");
    const labels = /** @type {any} */ (element).labels;
    return plain(
      by || element.getAttribute("aria-label") || (labels?.[0]?.textContent ?? "") || element.textContent || element.getAttribute("title"),
    );
  };
  const matches = (/** @type {string} */ text, /** @type {string | RegExp} */ wanted, exact = false) => {
    if (wanted instanceof RegExp) return wanted.test(text);
    return exact ? text === plain(wanted) : text.toLowerCase().includes(plain(wanted).toLowerCase());
  };
  const shown = (/** @type {Element} */ element) => element.getClientRects().length > 0;
  /** @type {Element[] | null} */
  let found = null;
  for (const step of steps) {
    const below = (/** @type {string} */ css) => {
      /** Open shadow roots are looked into. @type {(scope: ParentNode) => Element[]} */
      const within = (scope) => [
        ...scope.querySelectorAll(css),
        ...[scope, ...scope.querySelectorAll("*")].flatMap((each) =>
          /** @type {Element} */ (each).shadowRoot ? within(/** @type {any} */ (each).shadowRoot) : [],
        ),
      ];
      return [...new Set((found ?? [document]).flatMap(within))];
    };
    if ("at" in step) {
      const one = (found ?? []).at(step.at);
      found = one ? [one] : [];
    } else if ("css" in step) {
      const { hasText } = step;
      found = below(step.css).filter((element) => hasText === undefined || matches(plain(element.textContent), hasText));
    } else if ("role" in step) {
      const { name, exact, level } = step.options;
      const implied = ROLES[step.role];
      found = below(`[role="${step.role}"]${implied ? `, ${implied}` : ""}`).filter((element) => {
        if (!shown(element) || (element.getAttribute("role") ?? step.role) !== step.role) return false;
        if (level !== undefined && element.localName !== `h${level}`) return false;
        return name === undefined || matches(nameOf(element), name, exact);
      });
    } else {
      const all = below("body, body *").filter(({ localName }) => localName !== "script" && localName !== "style");
      const matching = new Set(all.filter((element) => matches(plain(element.textContent), step.text, step.exact)));
      found = [...matching].filter((element) => ![...element.children].some((child) => matching.has(child)));
    }
  }
  return found ?? [];
}
