// A query's plan as a tree: what each operator did, and what a scan left out.

import { h } from "../shell/dom.js";
import { formatBytes, formatCount, formatDuration, plural } from "../model/format.js";

/** @typedef {import('../../lakeglass/index.js').PlanNode} PlanNode */

/** @param {PlanNode} plan */
export function planView(plan) {
  return h("div", { class: "plan", tabindex: "0", role: "region", "aria-label": "Plan" }, h("ul", null, nodeView(plan)));
}

/** @param {PlanNode} node @returns {HTMLLIElement} */
function nodeView(node) {
  const facts = factsOf(node).map((fact) => h("span", { class: "plan-fact" }, fact));
  return h(
    "li",
    null,
    h("div", { class: "plan-node" }, h("b", null, node.operator), ...facts),
    node.details && h("div", { class: "plan-details", title: node.details }, node.details),
    node.children.length > 0 && h("ul", null, node.children.map(nodeView)),
  );
}

/** @param {PlanNode} node */
export function factsOf({ rows, millis, metrics }) {
  const facts = [];
  if (rows !== null) facts.push(plural(rows, "row"));
  if (millis !== null) facts.push(millis < 1 ? "< 1 ms" : formatDuration(millis));
  for (const [name, noun] of [
    ["files", "files"],
    ["row_groups", "row groups"],
  ]) {
    const [pruned, matched] = [metrics[`${name}_pruned`] ?? 0, metrics[`${name}_matched`] ?? 0];
    if (pruned + matched > 0) facts.push(`${formatCount(matched)} of ${formatCount(pruned + matched)} ${noun}`);
  }
  if (metrics.bytes_fetched > 0) facts.push(`${formatBytes(metrics.bytes_fetched)} fetched`);
  if (metrics.bytes_cached > 0) facts.push(`${formatBytes(metrics.bytes_cached)} from cache`);
  return facts;
}
