// From what the Arrow reader extracts, asked for raw, to the values of a row. The table in index.d.ts (`Value`) is the contract.

import { IntervalUnit, Type, isList, unitsPerSecond, valueType } from "./types.js";

/** @import { ArrowType } from "./types.js" */

/** Options of the Arrow reader under which it rounds nothing: 64-bit integers, timestamps and decimals come as they are stored. */
export const RAW = Object.freeze({ useBigInt: true, useBigIntTimestamp: true, useDecimalInt: true, useMap: true });

/** @typedef {(raw: any) => any} Converter */

const SECONDS_PER_DAY = 86_400n;

/**
 * How a type's raw values become those of a row; `null`: they are already.
 * @param {ArrowType} encoded
 * @returns {Converter | null}
 */
export function converter(encoded) {
  const type = valueType(encoded);
  const convert = baseConverter(type);
  return convert && ((raw) => (raw === null || raw === undefined ? null : convert(raw)));
}

/**
 * @param {ArrowType} type
 * @returns {Converter | null}
 */
function baseConverter(type) {
  switch (type.typeId) {
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return (bytes) => bytes.slice(); // not a view: it would keep the whole batch
    case Type.Date:
      return (millis) => dateText(Math.floor(millis / 86_400_000));
    case Type.Timestamp:
      return type.timezone ? instant(unitsPerSecond(type)) : wallClock(unitsPerSecond(type));
    case Type.Time:
      return (units) => timeText(BigInt(units), unitsPerSecond(type));
    case Type.Duration:
      return (units) => `PT${secondsText(units, unitsPerSecond(type))}S`;
    case Type.Interval:
      return (parts) => intervalText(type, parts);
    case Type.Decimal:
      return decimalConverter(type.scale);
    case Type.Map:
      return mapConverter(type);
    case Type.Struct:
      return structConverter(type);
    default:
      return isList(type) ? listConverter(type) : null;
  }
}

/** @param {ArrowType} type */
function listConverter(type) {
  const element = converter(type.children[0].type);
  // The raw list may be a typed array, which is a view of the batch.
  return (/** @type {any} */ list) => (element ? Array.from(list, element) : Array.from(list));
}

/** @param {ArrowType} type */
function structConverter(type) {
  const fields = type.children.map((/** @type {any} */ child) => ({ name: child.name, convert: converter(child.type) }));
  return (/** @type {any} */ raw) => {
    for (const { name, convert } of fields) if (convert) raw[name] = convert(raw[name]);
    return raw;
  };
}

/** @param {ArrowType} type */
function mapConverter(type) {
  const [key, value] = type.children[0].type.children.map((/** @type {any} */ child) => converter(child.type) ?? identity);
  return (/** @type {Map<any, any>} */ raw) => {
    const map = new Map();
    for (const [k, v] of raw) map.set(key(k), value(v));
    return map;
  };
}

/** @param {any} value */
const identity = (value) => value;

/** @param {bigint} perSecond */
function instant(perSecond) {
  if (perSecond <= 1_000n) {
    const millis = 1_000 / Number(perSecond);
    return (/** @type {bigint} */ units) => new Date(Number(units) * millis);
  }
  const perMilli = perSecond / 1_000n;
  const divisor = Number(perMilli);
  return (/** @type {bigint} */ units) => {
    const number = Number(units);
    if (!Number.isSafeInteger(number)) return new Date(Number(floorDivide(units, perMilli)));
    const rest = number % divisor; // arithmetic on numbers, exact here, is several times as fast as on bigints
    return new Date((number - (rest < 0 ? rest + divisor : rest)) / divisor);
  };
}

/** @param {bigint} perSecond */
function wallClock(perSecond) {
  const perDay = perSecond * SECONDS_PER_DAY;
  return (/** @type {bigint} */ units) => {
    const day = floorDivide(units, perDay);
    return `${dateText(Number(day))}T${timeText(units - day * perDay, perSecond)}`;
  };
}

/**
 * ISO 8601 of a day counted from 1970-01-01, for any day; `Date` ends at the year 275760. By Howard Hinnant's `civil_from_days`.
 * @param {number} days
 */
function dateText(days) {
  const shifted = days + 719_468; // from 0000-03-01
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${yearText(year)}-${twoDigits(month)}-${twoDigits(day)}`;
}

/** @param {number} year */
function yearText(year) {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, "0");
  return (year < 0 ? "-" : "+") + String(Math.abs(year)).padStart(6, "0");
}

/** @param {number} number */
const twoDigits = (number) => String(number).padStart(2, "0");

/**
 * @param {bigint} units since midnight
 * @param {bigint} perSecond
 */
function timeText(units, perSecond) {
  const seconds = Number(units / perSecond);
  const clock = [seconds / 3_600, (seconds / 60) % 60, seconds % 60].map((part) => twoDigits(Math.floor(part))).join(":");
  return clock + fraction(units % perSecond, perSecond);
}

/**
 * @param {bigint} units
 * @param {bigint} perSecond
 */
function secondsText(units, perSecond) {
  const size = units < 0n ? -units : units;
  return `${units < 0n ? "-" : ""}${size / perSecond}${fraction(size % perSecond, perSecond)}`;
}

/**
 * @param {bigint} units
 * @param {bigint} perSecond a power of ten
 */
function fraction(units, perSecond) {
  if (units === 0n) return "";
  return `.${String(perSecond + units)
    .slice(1)
    .replace(/0+$/, "")}`;
}

/**
 * @param {ArrowType} type
 * @param {any} parts
 */
function intervalText(type, parts) {
  let [months, days, nanos] = [0, 0, 0n];
  if (type.unit === IntervalUnit.YEAR_MONTH) months = parts;
  else if (type.unit === IntervalUnit.DAY_TIME) [days, nanos] = [parts[0], BigInt(parts[1]) * 1_000_000n];
  else [months, days, nanos] = [parts[0], parts[1], BigInt(parts[2])];
  const date = (months ? `${months}M` : "") + (days ? `${days}D` : "");
  if (nanos === 0n && date) return `P${date}`;
  return `P${date}T${secondsText(nanos, 1_000_000_000n)}S`;
}

/**
 * Of integers bigints, of others exact texts.
 * @param {number} scale may be negative
 * @returns {(unscaled: bigint | number) => bigint | string}
 */
function decimalConverter(scale) {
  if (scale > 0) return (unscaled) => decimalText(BigInt(unscaled), scale);
  const unit = 10n ** BigInt(-scale);
  return (unscaled) => BigInt(unscaled) * unit;
}

/**
 * @param {bigint} unscaled
 * @param {number} scale positive
 */
function decimalText(unscaled, scale) {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/**
 * @param {bigint} number
 * @param {bigint} divisor positive
 */
function floorDivide(number, divisor) {
  const quotient = number / divisor;
  return number < 0n && quotient * divisor !== number ? quotient - 1n : quotient;
}
