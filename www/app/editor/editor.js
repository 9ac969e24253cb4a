// The SQL editor. A plain text area stands in at once; CodeMirror takes its place when it has arrived. It lives in a
// shadow root, where it brings its styles as a constructed sheet: the page's policy forbids inline ones.

import { columnsFor, schemaOf } from "./completion.js";
import { FUNCTIONS, KEYWORDS, TYPES } from "./dialect.js";

/** @typedef {typeof import('./bundle.js')} Bundle */
/** @typedef {import('./completion.js').Names} Names */

export class Editor {
  #area = document.createElement("textarea");
  #host = document.createElement("div");
  /** @type {import('@codemirror/view').EditorView | null} */
  #view = null;
  /** @type {((names: Names) => void) | null} */
  #complete = null;
  /** @type {Names} */
  #names = {};
  /** @type {Promise<void> | null} */
  #loaded = null;

  /** @param {{ run: () => void, change: (text: string) => void }} on */
  constructor(on) {
    this.on = on;
    this.element = document.createElement("div");
    this.element.className = "editor";
    this.#area.className = "editor-area";
    this.#area.spellcheck = false;
    this.#area.setAttribute("aria-label", "SQL");
    this.#area.addEventListener("input", () => on.change(this.#area.value));
    this.#area.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      on.run();
    });
    this.element.append(this.#area);
  }

  get text() {
    return this.#view ? this.#view.state.doc.toString() : this.#area.value;
  }

  set text(text) {
    this.#area.value = text;
    if (this.#view && text !== this.text) this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text } });
  }

  focus() {
    if (this.#view) this.#view.focus();
    else this.#area.focus();
  }

  /** The names to complete. @param {Names} names */
  setNames(names) {
    this.#names = names;
    this.#complete?.(names);
  }

  /** Fetches the full editor, once; without it, the text area stays. */
  load() {
    this.#loaded ??= this.#load().catch((error) => console.warn("The editor could not be loaded; a plain text area stays.", error));
    return this.#loaded;
  }

  async #load() {
    /** @type {Bundle} */
    const bundle = await import(new URL("../../vendor/editor.js", import.meta.url).href);
    const root = this.#host.attachShadow({ mode: "open" });
    const names = new bundle.Compartment();
    const dialect = bundle.SQLDialect.define({ keywords: KEYWORDS, types: TYPES, builtin: FUNCTIONS, identifierQuotes: '"' });
    /** @param {Names} schema */
    const language = (schema) => [
      bundle.sql({ dialect, schema: schemaOf(schema), upperCaseKeywords: true }),
      dialect.language.data.of({ autocomplete: columnSource(schema) }),
    ];
    const focused = document.activeElement === this.#area;
    this.#host.className = "editor-host";
    this.element.append(this.#host);
    this.#view = new bundle.EditorView({
      root,
      parent: root,
      state: bundle.EditorState.create({
        doc: this.#area.value,
        selection: { anchor: this.#area.selectionStart, head: this.#area.selectionEnd },
        extensions: [this.#keys(bundle), ...look(bundle), names.of(language(this.#names)), this.#listener(bundle)],
      }),
    });
    this.#area.remove();
    this.#complete = (schema) => this.#view?.dispatch({ effects: names.reconfigure(language(schema)) });
    if (focused) this.#view.focus();
  }

  /** @param {Bundle} bundle */
  #keys(bundle) {
    /** @param {import('@codemirror/view').EditorView} view */
    const run = (view) => {
      bundle.closeCompletion(view); // Escape is then for the query
      this.on.run();
      return true;
    };
    // Tab leaves the editor, as everywhere on the page; only with a completion open does it take that.
    return [
      bundle.Prec.highest(
        bundle.keymap.of([
          { key: "Mod-Enter", run },
          { key: "Tab", run: bundle.acceptCompletion },
        ]),
      ),
      bundle.keymap.of([...bundle.closeBracketsKeymap, ...bundle.completionKeymap, ...bundle.historyKeymap, ...bundle.defaultKeymap]),
    ];
  }

  /** @param {Bundle} bundle */
  #listener(bundle) {
    return bundle.EditorView.updateListener.of((update) => {
      if (update.docChanged) this.on.change(this.text);
    });
  }
}

/**
 * Completes the columns of the tables named anywhere in the text; after a dot CodeMirror's own source knows better.
 * @param {Names} names
 * @returns {import('@codemirror/autocomplete').CompletionSource}
 */
function columnSource(names) {
  return (context) => {
    const word = context.matchBefore(/[\w$]+/);
    const from = word?.from ?? context.pos;
    if ((!word && !context.explicit) || /["'.]/.test(context.state.sliceDoc(from - 1, from))) return null;
    return { from, options: columnsFor(names, context.state.doc.toString()), validFor: /^\w*$/ };
  };
}

/** @param {Bundle} bundle */
function look(bundle) {
  const { EditorView, HighlightStyle, tags } = bundle;
  const style = HighlightStyle.define([
    { tag: tags.keyword, color: "var(--code-keyword)", fontWeight: "600" },
    { tag: tags.string, color: "var(--code-string)" },
    { tag: tags.special(tags.string), color: "inherit" }, // a quoted name
    { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
    { tag: tags.comment, color: "var(--faint)", fontStyle: "italic" },
    { tag: [tags.typeName, tags.standard(tags.name)], color: "var(--code-type)" },
    { tag: [tags.operator, tags.punctuation, tags.bracket], color: "var(--muted)" },
  ]);
  const theme = EditorView.theme({
    "&": { height: "100%", fontSize: "13.5px", color: "var(--text)", backgroundColor: "transparent" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
    ".cm-content": { padding: "10px 0", caretColor: "var(--accent)" },
    ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
    ".cm-gutters": { backgroundColor: "transparent", color: "var(--faint)", border: "none", paddingLeft: "6px" },
    ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
      backgroundColor: "var(--selection)",
    },
    ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selection)", color: "inherit" },
    ".cm-tooltip": {
      backgroundColor: "var(--raised)",
      border: "1px solid var(--line)",
      borderRadius: "8px",
      boxShadow: "var(--shadow)",
      overflow: "hidden",
    },
    ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12.5px", maxHeight: "16em" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 10px", color: "var(--text)" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
    ".cm-completionDetail": { color: "inherit", opacity: "0.65", fontStyle: "normal" },
    ".cm-placeholder": { color: "var(--faint)" },
  });
  return [
    theme,
    bundle.syntaxHighlighting(style),
    bundle.lineNumbers(),
    bundle.highlightActiveLine(),
    bundle.drawSelection(),
    bundle.history(),
    bundle.bracketMatching(),
    bundle.closeBrackets(),
    bundle.autocompletion({ icons: false }),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": "SQL", spellcheck: "false" }),
  ];
}
