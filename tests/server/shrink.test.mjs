// What scripts/shrink.mjs makes of a module: a smaller one that does the same.

import assert from "node:assert/strict";
import { test } from "node:test";
import { shrink } from "../../scripts/shrink.mjs";

/** @param {number} id @param {number[]} bytes */
const section = (id, ...bytes) => [id, bytes.length, ...bytes];
/** A function without locals. @param {number[]} instructions */
const body = (...instructions) => [instructions.length + 2, 0, ...instructions, 0x0b];
/** @param {string} text */
const text = (text) => [text.length, ...Buffer.from(text)];
/** @param {number} index */
const exported = (/** @type {string} */ name, index) => [...text(name), 0, index];

const [CONST, CALL, CALL_INDIRECT, ADD, MULTIPLY, REF_FUNC, GET, SET] = [0x41, 0x10, 0x11, 0x6a, 0x6c, 0xd2, 0x23, 0x24];
const NAMES = section(0, ...text("name"), 1, 2, 3);

/** @param {number[][]} bodies of a function () -> i32 each; the last one is () -> () */
const module = (...bodies) =>
  new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 2, ...[0x60, 0, 1, 0x7f], ...[0x60, 0, 0]),
    ...section(3, bodies.length, ...bodies.slice(1).map(() => 0), 1),
    ...section(4, 1, 0x70, 0, 3),
    ...section(6, 2, ...[0x7f, 1, CONST, 0, 0x0b], ...[0x70, 0, REF_FUNC, 4, 0x0b]),
    ...section(7, 3, ...exported("sum", 2), ...exported("indirect", 3), ...exported("started", 4)),
    ...section(8, 5),
    ...section(9, 1, 0, CONST, 0, 0x0b, 3, 2, 0, 1),
    ...section(10, bodies.length, ...bodies.flat()),
    ...NAMES,
  ]);

const MODULE = module(
  body(CONST, 0xf9, 0xff, 0xff, 0xff, 0x7f), // -7, in five bytes
  body(CONST, 0x79), // -7
  body(CALL, 0x80, 0x80, 0x80, 0x80, 0, CALL, 1, ADD),
  body(CONST, 2, CALL_INDIRECT, 0, 0, CONST, 0, CALL_INDIRECT, 0, 0, MULTIPLY),
  body(GET, 0),
  body(CONST, 5, SET, 0),
);

/** @param {Uint8Array<ArrayBuffer>} bytes */
function answers(bytes) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return Object.entries(exports).map(([name, run]) => [name, /** @type {Function} */ (run)()]);
}

test("a smaller module does the same", () => {
  const smaller = shrink(MODULE);
  assert.deepEqual(answers(MODULE), [
    ["sum", -14],
    ["indirect", 98],
    ["started", 5],
  ]);
  assert.deepEqual(answers(smaller), answers(MODULE));
  // The names; a function with its type, its length and what it does; four bytes of two numbers each.
  assert.equal(smaller.length, MODULE.length - NAMES.length - 6 - 8);
  assert.deepEqual(shrink(smaller), smaller);
});

test("an instruction that is not known is an error", () => {
  assert.throws(() => shrink(module(body(0x06), ...Array(5).fill(body(CONST, 1)))), /instruction 0x6 is not known/);
});

test("what is no valid module is an error", () => {
  assert.throws(() => shrink(module(...Array(6).fill(body(CONST, 1)))), /no valid module/);
});
