// The tab Schema: the columns as a tree (WAI-ARIA's treegrid pattern), and what the log says of the table as a whole.

import { h, icon } from "../shell/dom.js";
import { formatTime } from "../model/format.js";
import { Panel } from "../shell/panel.js";

/** @typedef {import('../../lakeglass/index.js').Field} Field */
/** @typedef {import('../../lakeglass/index.js').LakeTable} LakeTable */

/** @type {import("./tab.js").TabModule} */
export const schemaTab = { id: "schema", label: "Schema", create: ({ element, status }) => new SchemaTab(element, status) };

class SchemaTab {
  /**
   * @param {HTMLElement} element
   * @param {import('../shell/status.js').Status} status
   */
  constructor(element, status) {
    this.panel = new Panel(element, status);
  }

  /** @param {import('../model/catalog.js').Entry} entry @param {LakeTable} table */
  async update(entry, table) {
    await this.panel.load(
      `Reading the schema of ${entry.name} v${table.version}`,
      (signal) => table.schema({ signal }),
      (fields) => h("div", { class: "scroll schema-panel" }, tree(fields), about(table)),
    );
  }

  stop() {
    this.panel.stop();
  }
}

/** @param {Field[]} fields */
function tree(fields) {
  const mapped = fields.some((field) => field.physicalName !== field.name);
  const heads = ["Column", "Type", "Null", "Comment", ...(mapped ? ["Stored as"] : [])];
  const body = h(
    "tbody",
    null,
    fields.flatMap((field, at) => rows(field, 1, at + 1, fields.length, mapped)),
  );
  const grid = h(
    "table",
    { class: "schema", role: "treegrid", "aria-label": "Columns" },
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        heads.map((head) => h("th", { scope: "col" }, head)),
      ),
    ),
    body,
  );
  const first = body.querySelector("tr");
  if (first) first.tabIndex = 0;
  grid.addEventListener("keydown", (event) => onKey(event, body));
  grid.addEventListener("click", (event) => {
    const row = event.target instanceof Element ? event.target.closest("tbody tr") : null;
    if (!(row instanceof HTMLTableRowElement)) return;
    focusRow(row, body);
    if (event.target instanceof Element && event.target.closest(".twist")) toggle(row, body);
  });
  return grid;
}

/**
 * @param {Field} field
 * @param {number} level
 * @param {number} position
 * @param {number} siblings
 * @param {boolean} mapped
 * @returns {HTMLTableRowElement[]}
 */
function rows(field, level, position, siblings, mapped) {
  const nested = field.children.length > 0;
  const name = h(
    "td",
    null,
    h("span", { class: "twist" }, nested && icon("chevronRight")),
    h("span", { class: "field-name" }, field.name),
    field.partition && h("span", { class: "badge partition" }, "partition"),
  );
  name.style.paddingInlineStart = `${(level - 1) * 20 + 12}px`;
  const row = h(
    "tr",
    {
      role: "row",
      tabindex: -1,
      "aria-level": level,
      "aria-posinset": position,
      "aria-setsize": siblings,
      "aria-expanded": nested ? "true" : null,
    },
    name,
    h(
      "td",
      null,
      h("code", { class: "type", title: field.type }, nested && field.type.length > 24 ? `${field.type.split("<")[0]}<…>` : field.type),
    ),
    h("td", { class: "nullable" }, field.nullable ? h("span", { class: "faint" }, "nullable") : "not null"),
    h("td", { class: "comment" }, field.comment ?? ""),
    mapped &&
      h(
        "td",
        null,
        h("code", { class: "faint" }, field.physicalName),
        field.fieldId !== null && h("span", { class: "faint" }, ` #${field.fieldId}`),
      ),
  );
  return [row, ...field.children.flatMap((child, at) => rows(child, level + 1, at + 1, field.children.length, mapped))];
}

/** @param {HTMLTableRowElement} row */
function levelOf(row) {
  return Number(row.getAttribute("aria-level"));
}

/**
 * Hides or shows what is under a row; what was folded further down stays folded.
 * @param {HTMLTableRowElement} row
 * @param {HTMLTableSectionElement} body
 * @param {boolean} [open]
 */
function toggle(row, body, open = row.getAttribute("aria-expanded") === "false") {
  if (!row.hasAttribute("aria-expanded")) return;
  row.setAttribute("aria-expanded", String(open));
  let foldedAt = Infinity;
  for (const next of [...body.rows].slice(row.sectionRowIndex + 1)) {
    const level = levelOf(next);
    if (level <= levelOf(row)) break;
    if (level <= foldedAt) foldedAt = Infinity;
    next.hidden = !open || level > foldedAt;
    if (next.getAttribute("aria-expanded") === "false" && foldedAt === Infinity) foldedAt = level;
  }
}

/**
 * @param {HTMLTableRowElement} row
 * @param {HTMLTableSectionElement} body
 */
function focusRow(row, body) {
  for (const other of body.rows) other.tabIndex = other === row ? 0 : -1;
  row.focus();
}

/**
 * @param {KeyboardEvent} event
 * @param {HTMLTableSectionElement} body
 */
function onKey(event, body) {
  const row = document.activeElement;
  if (!(row instanceof HTMLTableRowElement)) return;
  const shown = [...body.rows].filter((other) => !other.hidden);
  const at = shown.indexOf(row);
  const expanded = row.getAttribute("aria-expanded");
  /** @type {HTMLTableRowElement | undefined} */
  let next;
  if (event.key === "ArrowDown") next = shown[at + 1];
  else if (event.key === "ArrowUp") next = shown[at - 1];
  else if (event.key === "Home") next = shown[0];
  else if (event.key === "End") next = shown.at(-1);
  else if (event.key === "ArrowRight" && expanded === "true") next = shown[at + 1];
  else if (event.key === "ArrowRight") toggle(row, body, true);
  else if (event.key === "ArrowLeft" && expanded === "true") toggle(row, body, false);
  else if (event.key === "ArrowLeft") next = shown.slice(0, at).findLast((other) => levelOf(other) < levelOf(row));
  else if (event.key === "Enter" || event.key === " ") toggle(row, body);
  else return;
  event.preventDefault();
  if (next) focusRow(next, body);
}

/** @param {LakeTable} table */
function about(table) {
  const { metadata, format, partitionColumns } = table.info;
  /** @type {[string, (string | Node)[]][]} */
  const facts = [
    ["Name", metadata.name ? [metadata.name] : []],
    ["Description", metadata.description ? [metadata.description] : []],
    ["Partitioned by", partitionColumns.length ? [partitionColumns.join(", ")] : ["nothing"]],
    ["Format", [format.name]],
    ["Protocol", format.version ? [format.version] : []],
    ["Features", format.features.map((feature) => h("code", { class: "chip" }, feature))],
    ["Properties", Object.entries(metadata.configuration).map(([key, value]) => h("code", { class: "chip" }, `${key} = ${value}`))],
    ["Created", metadata.createdTime === null ? [] : [formatTime(metadata.createdTime)]],
    ["Table id", [h("code", null, metadata.id)]],
  ];
  return h(
    "dl",
    { class: "about", "aria-label": "About the table" },
    facts.filter(([, values]) => values.length).flatMap(([term, values]) => [h("dt", null, term), h("dd", null, values)]),
  );
}
