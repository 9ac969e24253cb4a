// The worker's part of a rehearsal: see rehearsal.js.

/** @import { Engine } from "./engine.js" */
/** @import { RehearseParams } from "./protocol.js" */

const ROOT = "https://rehearsal.invalid/";

/**
 * Runs statements over a table whose objects are given. This thread fetches nothing else from then on.
 * @param {Engine} engine
 * @param {RehearseParams} params
 */
export async function rehearse(engine, { objects, statements }) {
  globalThis.fetch = async (url, init) => reply(objects[String(url).slice(ROOT.length)], new Headers(init?.headers).get("range"));
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
