// The doctor's view: what keeps this page from reading a table where it is, and what to change there. Loaded when it is asked for.

import { examine, httpRoot } from "./probe.js";
import { judge, judgeModule } from "./judge.js";
import { copyText, h, iconButton } from "../shell/dom.js";
import { codeOf, messageOf } from "../shell/errors.js";
import { redact } from "../model/secret.js";

/** @typedef {import('../model/catalog.js').Entry} Entry */
/** @typedef {import('./judge.js').Finding} Finding */

const WORDS = { ok: "In order", note: "Good to know", fault: "Fault" };

/**
 * Looks at a table's host, and shows what it finds.
 * @param {Entry} entry
 * @param {import('../model/catalog.js').Catalog} catalog
 */
export async function showDoctor(entry, catalog) {
  const list = h("ul", { class: "findings", "aria-busy": "true" }, h("li", null, "Asking the host…"));
  const dialog = h(
    "dialog",
    { class: "cell-dialog doctor", "aria-label": `What keeps ${entry.name} from being read` },
    h(
      "header",
      null,
      h("div", null, h("h2", null, `What ${entry.name}’s host answers`), h("p", { class: "faint" }, redact(entry.url))),
      iconButton("close", "Close", () => dialog.close()),
    ),
    list,
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  const findings = await diagnose(entry, catalog).catch(
    (error) => /** @type {Finding[]} */ ([{ severity: "fault", code: codeOf(error), message: messageOf(error) }]),
  );
  list.replaceChildren(...findings.map(view));
  list.removeAttribute("aria-busy");
}

/** @param {Entry} entry @param {import('../model/catalog.js').Catalog} catalog @returns {Promise<Finding[]>} */
export async function diagnose(entry, catalog) {
  const open = () => catalog.opened(entry);
  const root = entry.sign ? null : httpRoot(entry.url, entry.access);
  if (!root) {
    const hint = "for more, run: lakeglass doctor, with the same options";
    const seen = await open().then(
      (table) => `the table opens, at version ${table.version}`,
      (error) => error,
    );
    if (typeof seen === "string") return [{ severity: "ok", code: "table", message: seen }];
    return [{ severity: "fault", code: codeOf(seen), message: messageOf(seen), fix: hint }];
  }
  const fixes = await (await fetch(new URL("fixes.json", import.meta.url))).json();
  const seen = await examine(root, entry.access, open);
  const resources = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType("resource"));
  return [
    ...judge(seen, fixes),
    ...judgeModule(
      fixes,
      resources.find(({ name }) => name.endsWith("/lakeglass_bg.wasm")),
    ),
  ];
}

/** @param {Finding} finding */
function view({ severity, code, message, fix }) {
  /** @type {HTMLButtonElement} */
  const copy = h("button", { type: "button", class: "button quiet", onclick: () => copyText(fix ?? "", copy) }, "Copy");
  return h(
    "li",
    { class: `finding ${severity}`, "data-code": code, "data-severity": severity },
    h("strong", null, WORDS[severity]),
    " ",
    h("code", { class: "chip" }, code),
    h("p", null, message),
    fix && h("div", { class: "row" }, h("pre", null, fix), copy),
  );
}
