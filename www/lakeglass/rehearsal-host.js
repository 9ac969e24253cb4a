// The worker's part of a rehearsal: see rehearsal.js.

/** @import { Engine } from "./engine.js" */
/** @import { PageFetch } from "./index.js" */

const ROOT = "https://rehearsal.invalid/";

/**
 * A host of the table whose objects are given.
 * @param {Record<string, Uint8Array<ArrayBuffer>>} objects by path
 * @returns {PageFetch}
 */
export function replies(objects) {
  return async (url, init) => reply(objects[url.slice(ROOT.length)], new Headers(init.headers).get("range"));
}

/**
 * Runs statements over that table.
 * @param {Engine} engine
 * @param {string[]} statements
 */
export async function rehearse(engine, statements) {
  engine.register("rehearsal", await engine.open(ROOT));
  for (const sql of statements) {
    const result = await engine.query(sql);
    while (await result.next());
    result.free();
  }
}

/**
 * What a host answers.
 * @param {Uint8Array<ArrayBuffer> | undefined} object
 * @param {string | null} range
 */
function reply(object, range) {
  if (!object) return new Response(null, { status: 404 });
  const asked = range?.match(/^bytes=(\d+)-(\d+)$/);
  if (!asked) return new Response(object);
  const [start, end] = [Number(asked[1]), Math.min(Number(asked[2]), object.length - 1)];
  const headers = { "Content-Range": `bytes ${start}-${end}/${object.length}` };
  return new Response(object.subarray(start, end + 1), { status: 206, headers });
}
