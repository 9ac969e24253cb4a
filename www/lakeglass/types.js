// Arrow's types in the words of the package: Delta's, and Arrow's own for what Delta lacks.

import { DateUnit, IntervalUnit, Precision, TimeUnit, Type } from "./pkg/arrow.js";

/** @import { ResultField } from "./index.js" */

/** @typedef {any} ArrowType */
/** @typedef {{ name: string, type: ArrowType, nullable: boolean }} ArrowField */

/** @type {Record<string, string>} */
const WORDS = {
  [Type.Null]: "void",
  [Type.Bool]: "boolean",
  [Type.Utf8]: "string",
  [Type.LargeUtf8]: "string",
  [Type.Utf8View]: "string",
  [Type.Binary]: "binary",
  [Type.LargeBinary]: "binary",
  [Type.BinaryView]: "binary",
  [Type.FixedSizeBinary]: "binary",
  [Type.Date]: "date",
  [Type.Time]: "time",
  [Type.Duration]: "duration",
  [Type.Interval]: "interval",
};

/** @type {Record<number, string>} */
const SIGNED = { 8: "byte", 16: "short", 32: "integer", 64: "long" };

/** Arrow's lists, of every layout. */
const LISTS = [Type.List, Type.LargeList, Type.FixedSizeList, Type.ListView, Type.LargeListView];

/** @param {ArrowType} type */
export const isList = (type) => LISTS.includes(type.typeId);

/**
 * The type a reader sees: how the values are encoded does not matter to them.
 * @param {ArrowType} type
 * @returns {ArrowType}
 */
export function valueType(type) {
  if (type.typeId === Type.Dictionary) return valueType(type.dictionary);
  if (type.typeId === Type.RunEndEncoded) return valueType(type.children[1].type);
  return type;
}

/**
 * @param {ArrowField} field
 * @returns {ResultField}
 */
export function resultField({ name, type: encoded, nullable }) {
  const type = valueType(encoded);
  const children = fieldChildren(type).map(resultField);
  return { name, type: typeText(type, children), nullable, children };
}

/**
 * @param {ArrowType} type
 * @returns {ArrowField[]}
 */
function fieldChildren(type) {
  if (type.typeId === Type.Map) {
    const [key, value] = type.children[0].type.children;
    return [
      { ...key, name: "key" },
      { ...value, name: "value" },
    ];
  }
  if (isList(type)) return [{ ...type.children[0], name: "element" }];
  return type.children ?? [];
}

/**
 * @param {ArrowType} type
 * @param {ResultField[]} children
 */
function typeText(type, children) {
  const [first, second] = children;
  switch (type.typeId) {
    case Type.Int:
      return type.signed ? SIGNED[type.bitWidth] : `uint${type.bitWidth}`;
    case Type.Float:
      return type.precision === Precision.DOUBLE ? "double" : type.precision === Precision.SINGLE ? "float" : "float16";
    case Type.Decimal:
      return `decimal(${type.precision},${type.scale})`;
    case Type.Timestamp:
      return type.timezone ? "timestamp" : "timestamp_ntz";
    case Type.Struct:
      return `struct<${children.map((child) => `${child.name}: ${child.type}`).join(", ")}>`;
    case Type.Map:
      return `map<${first.type}, ${second.type}>`;
    case Type.Union:
      return `union<${children.map((child) => child.type).join(", ")}>`;
    default:
      return isList(type) ? `array<${first.type}>` : (WORDS[type.typeId] ?? `arrow type ${type.typeId}`);
  }
}

/**
 * Units of a type in a second.
 * @param {ArrowType} type of `Timestamp`, `Time` or `Duration`
 */
export function unitsPerSecond(type) {
  /** @type {Record<number, bigint>} */
  const units = {
    [TimeUnit.SECOND]: 1n,
    [TimeUnit.MILLISECOND]: 1_000n,
    [TimeUnit.MICROSECOND]: 1_000_000n,
    [TimeUnit.NANOSECOND]: 1_000_000_000n,
  };
  return units[type.unit];
}

export { DateUnit, IntervalUnit, Type };
