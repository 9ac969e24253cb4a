// A rehearsal: statements in a worker of their own, before a page's first. Browsers compile a function of a module when it is called
// first, compile it better when it has worked for a while, and share what they have compiled between threads: a first query is quicker by a
// fifth to a half. Nothing waits for it, nothing is fetched for it but this script, and its worker ends with it.

import { LakeglassError } from "./errors.js";
import { OBJECTS } from "./rehearsal-table.js";
import { Session } from "./session.js";
import { openWorker } from "./transport.js";

/** @import { Settings } from "./connection.js" */

/** What queries are made of, the most usual first. */
const STATEMENTS = [
  "SELECT id, line, price, kind FROM rehearsal WHERE id BETWEEN 90 AND 91 ORDER BY id, line",
  "SELECT * FROM rehearsal LIMIT 10",
  `SELECT kind, note, count(*) AS n, sum(price) AS total, sum(price * (1 - share)) AS part, avg(price) AS mean, min(day), max(at)
    FROM rehearsal WHERE day <= DATE '2026-01-20' AND share >= 0.02 GROUP BY kind, note ORDER BY kind, n DESC LIMIT 10`,
  "SELECT id, price, day FROM rehearsal ORDER BY price DESC, id LIMIT 10",
  "SELECT line, sum(price) AS total FROM rehearsal GROUP BY line ORDER BY total DESC, line LIMIT 10",
  "SELECT sum(price * share) AS total FROM rehearsal WHERE day >= DATE '2026-01-05' AND share < 0.05 AND line < 5",
  `SELECT b.n, sum(a.price) AS total FROM rehearsal a JOIN (SELECT line, count(*) AS n FROM rehearsal WHERE id = 3 GROUP BY line) b
    ON a.line = b.line GROUP BY b.n ORDER BY b.n`,
];

/** It takes half a second. Longer is not worth it, whatever it is that takes so long. */
const MOST_MILLIS = 15_000;

/**
 * Rehearses, and resolves when that has ended: `true` when all statements ran.
 * @param {Pick<Settings, "workerUrl" | "wasmUrl" | "sqlUrl">} settings
 * @param {{ module: WebAssembly.Module, sql: WebAssembly.Module }} compiled
 * @param {AbortSignal} signal ends it
 * @returns {Promise<boolean>}
 */
export async function rehearse({ workerUrl, wasmUrl, sqlUrl }, { module, sql }, signal) {
  if (signal.aborted) return false; // a listener is not told of what has been
  const session = new Session(() => {});
  const end = () => session.end(new LakeglassError("cancelled", "the rehearsal is over"));
  const timer = setTimeout(end, MOST_MILLIS);
  signal.addEventListener("abort", end);
  try {
    const receiver = { onMessage: session.receive.bind(session), onDeath: session.lose.bind(session) };
    session.attach(await openWorker(workerUrl, receiver));
    await session.call("start", { module, wasmUrl, engineUrl: null, pageFetches: false, options: { storeBytes: 0 } });
    await session.call("loadSql", { module: sql, sqlUrl });
    const objects = Object.fromEntries(Object.entries(OBJECTS).map(([path, text]) => [path, bytesOf(text)]));
    await session.call("rehearse", { objects, statements: STATEMENTS });
    return true;
  } catch {
    return false; // queries are slower at first, and nothing else
  } finally {
    end();
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

/** @param {string} base64 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
