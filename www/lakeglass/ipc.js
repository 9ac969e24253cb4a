// Arrow IPC messages, as bytes: what is needed to read one batch of a stream without the ones before.
// https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format and format/Message.fbs

/** The end of an IPC stream. */
export const END_OF_STREAM = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

const DICTIONARY_BATCH = 2;

/** @typedef {{ id: bigint, isDelta: boolean, bytes: Uint8Array }} DictionaryMessage */

/** The dictionaries in force at a place in a stream. */
export class Dictionaries {
  /** @type {Map<bigint, Uint8Array[]>} */ #messages = new Map();

  /** The messages a batch needs before it. */
  get messages() {
    return [...this.#messages.values()].flat();
  }

  /**
   * Takes note of the dictionaries among some messages.
   * @param {Uint8Array} bytes
   */
  follow(bytes) {
    for (const { id, isDelta, bytes: message } of dictionaryMessages(bytes)) {
      const earlier = isDelta ? (this.#messages.get(id) ?? []) : [];
      this.#messages.set(id, [...earlier, message.slice()]);
    }
  }
}

/**
 * @param {Uint8Array} bytes
 * @returns {Generator<DictionaryMessage>}
 */
function* dictionaryMessages(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  while (start + 8 <= bytes.byteLength) {
    const metadataLength = view.getInt32(start + 4, true); // after the continuation marker
    if (metadataLength <= 0) return;
    const message = new FlatTable(view, start + 8);
    const bodyLength = message.long(3);
    const end = start + 8 + metadataLength + Number(bodyLength);
    if (message.byte(1) === DICTIONARY_BATCH) {
      const batch = message.table(2);
      yield { id: batch.long(0), isDelta: batch.byte(2) !== 0, bytes: bytes.subarray(start, end) };
    }
    start = end;
  }
}

/** A table of a flatbuffer: fields are found by number, and those left out have the value 0. */
class FlatTable {
  /**
   * @param {DataView} view
   * @param {number} pointer where the table's offset stands
   */
  constructor(view, pointer) {
    this.view = view;
    this.start = pointer + view.getUint32(pointer, true);
    this.vtable = this.start - view.getInt32(this.start, true);
    this.vtableLength = view.getUint16(this.vtable, true);
  }

  /** @param {number} field */
  #at(field) {
    const slot = 4 + 2 * field;
    const offset = slot < this.vtableLength ? this.view.getUint16(this.vtable + slot, true) : 0;
    return offset ? this.start + offset : 0;
  }

  /** @param {number} field */
  byte(field) {
    const at = this.#at(field);
    return at ? this.view.getUint8(at) : 0;
  }

  /** @param {number} field */
  long(field) {
    const at = this.#at(field);
    return at ? this.view.getBigInt64(at, true) : 0n;
  }

  /** @param {number} field */
  table(field) {
    return new FlatTable(this.view, this.#at(field));
  }
}

/** @param {Uint8Array[]} parts */
export function concatenate(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
