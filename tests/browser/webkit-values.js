// Values on their way to a page and back, as JSON: with the types that structured clone keeps and JSON does not. The functions are sent to
// the page as their sources, so each stands alone.

/**
 * @param {unknown} value
 * @returns {any} `[kind, …]` for what JSON has no form for, objects and arrays among it
 */
export function encode(value) {
  if (value === undefined) return ["undefined"];
  if (typeof value === "bigint") return ["bigint", String(value)];
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return ["number", Object.is(value, -0) ? "-0" : String(value)];
  if (typeof value === "function" || typeof value === "symbol") return ["undefined"];
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return ["array", value.map(encode)];
  if (value instanceof Date) return ["date", value.getTime()];
  if (value instanceof RegExp) return ["regexp", value.source, value.flags];
  if (value instanceof Error) return ["error", value.name, value.message];
  if (ArrayBuffer.isView(value)) return ["bytes", value.constructor.name, Array.from(/** @type {any} */ (value), encode)];
  return ["object", Object.entries(value).map(([key, each]) => [key, encode(each)])];
}

/**
 * @param {any} value what {@link encode} made
 * @returns {any}
 */
export function decode(value) {
  if (!Array.isArray(value)) return value;
  const [kind, content, more] = value;
  switch (kind) {
    case "undefined":
      return undefined;
    case "bigint":
      return BigInt(content);
    case "number":
      return Number(content);
    case "array":
      return content.map(decode);
    case "date":
      return new Date(content);
    case "regexp":
      return new RegExp(content, more);
    case "error":
      return Object.assign(new Error(more), { name: content });
    case "bytes":
      return /** @type {any} */ (globalThis)[content].from(more, decode);
    default:
      return Object.fromEntries(content.map((/** @type {[string, any]} */ [key, each]) => [key, decode(each)]));
  }
}
