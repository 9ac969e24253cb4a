// A WebAssembly module as what scripts/shrink.mjs changes in it: its functions, and where they are named.

import { Reader } from "./wasm-reader.mjs";

const [CUSTOM, IMPORT, FUNCTION, TABLE, GLOBAL, EXPORT, START, ELEMENT, CODE, LAST] = [0, 2, 3, 4, 6, 7, 8, 9, 10, 12];
const FUNCREF = 0x70;
const EXTERNREF = 0x6f;

/**
 * A function's code without the numbers of the functions it names: those belong before `code[at]`.
 * @typedef {{ type: number, code: Buffer, names: { at: number, index: number }[] }} Func
 */

/** What follows an instruction's number: `u` and `s` numbers, `m` a place in memory, `f` a function's number, digits so many bytes. */
const OPERANDS = new Map([
  ...[0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, 0xd1, ...range(0x45, 0xc4)].map((op) => /** @type {const} */ ([op, ""])),
  ...[0x02, 0x03, 0x04, 0x41, 0x42, 0xd0].map((op) => /** @type {const} */ ([op, "s"])),
  ...[0x0c, 0x0d, ...range(0x20, 0x26), 0x3f, 0x40].map((op) => /** @type {const} */ ([op, "u"])),
  ...[0x11, 0x13].map((op) => /** @type {const} */ ([op, "uu"])),
  ...range(0x28, 0x3e).map((op) => /** @type {const} */ ([op, "m"])),
  ...[0x10, 0x12, 0xd2].map((op) => /** @type {const} */ ([op, "f"])),
  [0x0e, "v"], // br_table
  [0x1c, "t"], // select with types
  [0x43, "4"],
  [0x44, "8"],
]);
/** The same after 0xfc: conversions, memory and tables. */
const OPERANDS_FC = new Map([
  ...range(0, 7).map((op) => /** @type {const} */ ([op, ""])),
  ...[9, 11, 13, 15, 16, 17].map((op) => /** @type {const} */ ([op, "u"])),
  ...[8, 10, 12, 14].map((op) => /** @type {const} */ ([op, "uu"])),
]);
/** The same after 0xfd: SIMD. */
const OPERANDS_FD = new Map([
  ...[...range(0, 11), 92, 93].map((op) => /** @type {const} */ ([op, "m"])),
  ...[12, 13].map((op) => /** @type {const} */ ([op, "88"])),
  ...range(21, 34).map((op) => /** @type {const} */ ([op, "1"])),
  ...range(84, 91).map((op) => /** @type {const} */ ([op, "m1"])),
  ...[...range(14, 20), ...range(35, 83), ...range(94, 255)].map((op) => /** @type {const} */ ([op, ""])),
]);

/** @param {number} from @param {number} to */
function range(from, to) {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** A number in as few bytes as it has. @param {number} value */
export function leb(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}

/** Copies instructions, with numbers in as few bytes as they have. */
class Body {
  /** @param {Uint8Array} bytes @param {number} start @param {number} end */
  constructor(bytes, start, end) {
    this.reader = new Reader(bytes, start);
    this.end = end;
    this.code = Buffer.alloc(end - start);
    this.length = 0;
    /** @type {Func["names"]} */
    this.names = [];
  }

  /** @param {number} count */
  copy(count) {
    for (; count > 0; count -= 1) this.code[this.length++] = this.reader.byte();
  }

  unsigned() {
    const start = this.reader.at;
    const value = this.reader.number();
    let last = this.reader.at - 1;
    while (last > start && (this.reader.bytes[last] & 127) === 0) last -= 1;
    this.keep(start, last);
    return value;
  }

  signed() {
    const { bytes, at: start } = this.reader;
    this.reader.number();
    let last = this.reader.at - 1;
    // The last byte says nothing where it repeats the sign that the one before has as its uppermost bit.
    while (last > start && (bytes[last] & 127) === (bytes[last - 1] & 64 ? 127 : 0)) last -= 1;
    this.keep(start, last);
  }

  /** @param {number} start @param {number} last */
  keep(start, last) {
    for (let at = start; at < last; at += 1) this.code[this.length++] = this.reader.bytes[at];
    this.code[this.length++] = this.reader.bytes[last] & 127;
  }

  locals() {
    for (let left = this.unsigned(); left > 0; left -= 1) {
      this.unsigned();
      this.copy(1);
    }
  }

  instruction() {
    const start = this.reader.at;
    const op = this.reader.bytes[start];
    this.copy(1);
    let operands = OPERANDS.get(op);
    if (op === 0xfc) operands = OPERANDS_FC.get(this.unsigned());
    if (op === 0xfd) operands = OPERANDS_FD.get(this.unsigned());
    if (operands === undefined) throw new Error(`byte ${start}: instruction 0x${op.toString(16)} is not known`);
    for (const operand of operands) this.operand(operand);
    return op;
  }

  /** An alignment and an offset, in the one memory. */
  place() {
    if (this.unsigned() > 63) throw new Error(`byte ${this.reader.at}: a second memory`);
    this.unsigned();
  }

  /** @param {string} operand */
  operand(operand) {
    if (operand === "u") this.unsigned();
    else if (operand === "s") this.signed();
    else if (operand === "f") this.names.push({ at: this.length, index: this.reader.number() });
    else if (operand === "m") this.place();
    else if (operand === "v") for (let left = this.unsigned() + 1; left > 0; left -= 1) this.unsigned();
    else if (operand === "t") this.copy(this.unsigned());
    else this.copy(Number(operand));
  }

  instructions() {
    while (this.reader.at < this.end) this.instruction();
    if (this.reader.at !== this.end) throw new Error(`byte ${this.end}: a function's code goes on after its end`);
  }

  /** A constant: instructions up to an end. */
  expression() {
    while (this.instruction() !== 0x0b);
  }

  /** @param {number} type @returns {Func} */
  done(type) {
    return { type, code: Buffer.from(this.code.subarray(0, this.length)), names: this.names };
  }
}

/** A function's code with numbers for the functions it names. @param {Func} func @param {(index: number) => number} numberOf */
export function assemble({ code, names }, numberOf) {
  const parts = [];
  let from = 0;
  for (const { at, index } of names) {
    parts.push(code.subarray(from, at), leb(numberOf(index)));
    from = at;
  }
  parts.push(code.subarray(from));
  return Buffer.concat(parts);
}

/** A module's functions, and its other sections as they are. */
export class Module {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.start = bytes.subarray(0, 8);
    /** @type {{ id: number, bytes: Uint8Array }[]} */
    this.sections = [];
    this.imported = 0;
    /** Those of the module itself, the first of them with the number `imported`. @type {Func[]} */
    this.functions = [];
    /** @type {number[]} */
    let types = [];
    const reader = new Reader(bytes, 8);
    while (reader.at < bytes.length) {
      const id = reader.byte();
      const end = reader.number() + reader.at;
      if (id === IMPORT) this.imported = importedFunctions(new Reader(bytes, reader.at));
      if (id === FUNCTION) types = Array.from({ length: reader.number() }, () => reader.number());
      else if (id === CODE) this.functions = readCode(reader, types);
      if (id > LAST) throw new Error(`section ${id} is not known`);
      if (id === TABLE && tableBegins(new Reader(bytes, reader.at))) throw new Error("a table begins with functions of its own");
      if (id !== CUSTOM) this.sections.push({ id, bytes: bytes.subarray(reader.at, end) });
      if ((id === FUNCTION || id === CODE) && reader.at !== end) throw new Error(`section ${id} has another length than it says`);
      reader.at = end;
    }
  }

  /**
   * The module with its functions in an order. @param {number[]} order their numbers without those imported, some of them or all
   * @param {(index: number) => number} [standIn] the number that takes a function's place
   */
  bytes(order, standIn = (index) => index) {
    const numbers = new Map(order.map((index, place) => [index + this.imported, place + this.imported]));
    /** @param {number} index */
    const numberOf = (index) => {
      const number = index < this.imported ? index : numbers.get(standIn(index));
      if (number === undefined) throw new Error(`function ${index} is named, and left out`);
      return number;
    };
    const functions = order.map((index) => this.functions[index]);
    const parts = [this.start];
    for (const { id, bytes } of this.sections) {
      const body = this.section(id, bytes, functions, numberOf);
      parts.push(Buffer.from([id]), leb(body.length), body);
    }
    return Buffer.concat(parts);
  }

  /** @param {number} id @param {Uint8Array} bytes @param {Func[]} functions @param {(index: number) => number} numberOf */
  section(id, bytes, functions, numberOf) {
    if (id === FUNCTION) return Buffer.concat([leb(functions.length), ...functions.map(({ type }) => leb(type))]);
    if (id === GLOBAL) return globalSection(bytes, numberOf);
    if (id === EXPORT) return exportSection(bytes, numberOf);
    if (id === START) return leb(numberOf(new Reader(bytes).number()));
    if (id === ELEMENT) return elementSection(bytes, numberOf);
    if (id !== CODE) return Buffer.from(bytes);
    const bodies = functions.map((func) => assemble(func, numberOf));
    return Buffer.concat([leb(bodies.length), ...bodies.flatMap((body) => [leb(body.length), body])]);
  }
}

/** @param {Reader} reader @param {number[]} types */
function readCode(reader, types) {
  return Array.from({ length: reader.number() }, (_, index) => {
    const size = reader.number();
    const body = new Body(reader.bytes, reader.at, reader.at + size);
    body.locals();
    body.instructions();
    reader.at += size;
    return body.done(types[index]);
  });
}

/** @param {Reader} reader */
export function importedFunctions(reader) {
  let count = 0;
  for (let left = reader.number(); left > 0; left -= 1) {
    reader.text();
    reader.text();
    const kind = reader.byte();
    if (kind === 0) count += 1;
    if (kind === 1) reader.byte();
    if (kind === 1 || kind === 2) reader.limits();
    else if (kind === 3) reader.at += 2;
    else reader.number();
  }
  return count;
}

/** Whether a table's first entries are said with the table. @param {Reader} reader */
function tableBegins(reader) {
  for (let left = reader.number(); left > 0; left -= 1) {
    if (![FUNCREF, EXTERNREF].includes(reader.byte())) return true;
    reader.limits();
  }
  return false;
}

/** Copies constants. @param {Reader} reader @param {number} count @param {(index: number) => number} numberOf */
function expressions(reader, count, numberOf) {
  const body = new Body(reader.bytes, reader.at, reader.bytes.length);
  for (; count > 0; count -= 1) body.expression();
  reader.at = body.reader.at;
  return assemble(body.done(0), numberOf);
}

/** @param {Uint8Array} bytes @param {(index: number) => number} numberOf */
function globalSection(bytes, numberOf) {
  const reader = new Reader(bytes);
  const parts = [leb(reader.number())];
  while (reader.at < bytes.length) parts.push(Buffer.from([reader.byte(), reader.byte()]), expressions(reader, 1, numberOf));
  return Buffer.concat(parts);
}

/** @param {Uint8Array} bytes @param {(index: number) => number} numberOf */
function exportSection(bytes, numberOf) {
  const reader = new Reader(bytes);
  const parts = [leb(reader.number())];
  while (reader.at < bytes.length) {
    const start = reader.at;
    reader.text();
    const kind = reader.byte();
    parts.push(Buffer.from(bytes.subarray(start, reader.at)));
    const index = reader.number();
    parts.push(leb(kind === 0 ? numberOf(index) : index));
  }
  return Buffer.concat(parts);
}

/** @param {Uint8Array} bytes @param {(index: number) => number} numberOf */
function elementSection(bytes, numberOf) {
  const reader = new Reader(bytes);
  const parts = [leb(reader.number())];
  while (reader.at < bytes.length) {
    // Its bits: without a place; with a table's number, or only declared; by expressions.
    const flags = reader.number();
    if (flags > 7) throw new Error(`elements of kind ${flags} are not known`);
    parts.push(leb(flags));
    if ((flags & 3) === 2) parts.push(leb(reader.number()));
    if (!(flags & 1)) parts.push(expressions(reader, 1, numberOf));
    if (flags & 3) {
      const type = reader.byte();
      if (![0, FUNCREF, EXTERNREF].includes(type)) throw new Error(`elements of type ${type} are not known`);
      parts.push(Buffer.from([type]));
    }
    const count = reader.number();
    parts.push(leb(count));
    if (flags & 4) parts.push(expressions(reader, count, numberOf));
    else for (let left = count; left > 0; left -= 1) parts.push(leb(numberOf(reader.number())));
  }
  return Buffer.concat(parts);
}
