// One value in full, in a dialog: what a grid's cell has no room for.

import { copyText, h, icon, iconButton } from "../shell/dom.js";
import { formatCount, formatWhole } from "../model/format.js";

/**
 * @param {import('./grid.js').Column} column
 * @param {number} row
 * @param {unknown} value
 */
export function showCell(column, row, value) {
  const { name, type } = column;
  const missing = value === null || value === undefined;
  const text = missing ? "null" : formatWhole(value, column);
  const about = [type, `row ${formatCount(row + 1)}`, typeof value === "string" && `${formatCount(value.length)} characters`];
  showText(name, about.filter(Boolean).join(" · "), text, missing);
}

/**
 * @param {string} title
 * @param {string} about
 * @param {string} text
 * @param {boolean} [faint]
 */
export function showText(title, about, text, faint = false) {
  const copy = h("button", { type: "button", class: "button", autofocus: true, onclick: () => copyText(text, copy) }, icon("copy"), "Copy");
  const dialog = h(
    "dialog",
    { class: "cell-dialog", "aria-label": `${title}: the whole value` },
    h(
      "header",
      null,
      h("div", null, h("h2", null, title), h("p", { class: "faint" }, about)),
      iconButton("close", "Close", () => dialog.close()),
    ),
    h("pre", { class: faint ? "faint" : null, tabindex: 0 }, text),
    h("footer", null, copy),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
