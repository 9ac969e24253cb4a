// The networks that readers are measured on: a latency for every request, and one downlink that all answers share.

/**
 * @typedef {object} Network
 * @property {number} latency milliseconds from a request to its answer's first byte
 * @property {number} megabits per second, of all answers together; 0: as fast as it goes
 */

/** @type {Record<string, Network>} */
export const NETWORKS = {
  none: { latency: 0, megabits: 0 },
  "40ms": { latency: 40, megabits: 0 },
  "40ms-20mbit": { latency: 40, megabits: 20 },
  "150ms-5mbit": { latency: 150, megabits: 5 },
};

/** Bytes sent at a time: about what an answer gets before another one's turn. */
const CHUNK = 16_384;
/** A pause shorter than this is not slept but added to the next one: timers are no finer. */
const GRAIN_MILLIS = 2;

/**
 * One downlink: answers take turns, chunk by chunk, and together never get ahead of its rate. Time is counted, not slept
 * for, so that late timers do not slow it down.
 */
export class Downlink {
  #megabits = 0;
  /** @type {(() => void)[]} */ #waiting = [];
  #free = 0; // when all that was let through will have arrived
  #running = false;

  /** @param {number} megabits */
  setRate(megabits) {
    this.#megabits = megabits;
    this.#free = 0;
  }

  /**
   * Passes a body on at the downlink's pace.
   * @param {AsyncIterable<Buffer>} source @returns {AsyncGenerator<Buffer>}
   */
  async *pace(source) {
    for await (const bytes of source) {
      if (!this.#megabits) {
        yield bytes;
        continue;
      }
      for (let start = 0; start < bytes.length; start += CHUNK) {
        const chunk = bytes.subarray(start, start + CHUNK);
        await this.#turn();
        // A chunk has arrived when its last byte has.
        this.#free = Math.max(this.#free, performance.now()) + (chunk.length * 8) / (this.#megabits * 1000);
        yield chunk;
      }
    }
  }

  /** @returns {Promise<void>} */
  #turn() {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#running) void this.#run();
    });
  }

  async #run() {
    this.#running = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const ahead = this.#free - performance.now();
      if (ahead > GRAIN_MILLIS) await sleep(ahead);
      next();
      await new Promise((resolve) => setImmediate(resolve)); // its chunk is counted, and it may queue for the next
    }
    this.#running = false;
  }
}

/** @param {number} millis @returns {Promise<void>} */
export const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
