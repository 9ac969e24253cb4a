// What of CodeMirror the editor uses: the entry of the bundle that `npm run build:vendor` writes to ../../vendor/editor.js.

export {
  autocompletion,
  acceptCompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
} from "@codemirror/autocomplete";
export { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
export { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
export { sql, SQLDialect } from "@codemirror/lang-sql";
export { Compartment, EditorState, Prec } from "@codemirror/state";
export { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
export { tags } from "@lezer/highlight";
