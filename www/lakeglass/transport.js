// Where the engine's host runs, and how messages get there: a dedicated worker, or this thread where none can be had.

import { EngineHost } from "./engine-host.js";
import { LakeglassError } from "./errors.js";
import { PROTOCOL } from "./protocol.js";

/** @import { FromHost, ToHost } from "./protocol.js" */

/**
 * @typedef {object} Transport
 * @property {"worker" | "main"} mode
 * @property {string | null} modeReason
 * @property {(message: ToHost, transfer?: Transferable[]) => void} post
 * @property {() => void} end
 *
 * @typedef {object} Receiver
 * @property {(message: FromHost) => void} onMessage
 * @property {(reason: string) => void} onDeath the worker failed after it had started
 */

/** How long a worker may take to load its script; it fetches nothing else until then. */
const HELLO_MILLIS = 15_000;

/**
 * @param {string | null} workerUrl
 * @param {Receiver} receiver
 * @returns {Promise<Transport>}
 */
export async function openWorker(workerUrl, receiver) {
  /** @type {string | null} */
  let blobUrl = null;
  /** @type {Worker | null} */
  let worker = null;
  if (typeof Worker === "undefined") throw new Error("this runtime has none");
  try {
    ({ worker, blobUrl } = startWorker(workerUrl));
    await hello(worker);
  } catch (error) {
    worker?.terminate();
    throw error;
  } finally {
    if (blobUrl) URL.revokeObjectURL(blobUrl);
  }
  const started = worker;
  started.onmessage = (event) => receiver.onMessage(event.data);
  started.onmessageerror = () => receiver.onDeath("a message from the worker could not be read");
  started.onerror = (event) => {
    event.preventDefault?.();
    receiver.onDeath(event.message || "the worker failed");
  };
  return {
    mode: "worker",
    modeReason: null,
    post: (message, transfer = []) => started.postMessage(message, transfer),
    end: () => started.terminate(),
  };
}

/**
 * @param {string} reason why not in a worker
 * @param {Receiver} receiver
 * @returns {Transport}
 */
export function openMain(reason, receiver) {
  // The channel gives both ways of running the same semantics: messages are copies, and answers come later.
  const { port1: page, port2: hostPort } = new MessageChannel();
  page.onmessage = (event) => receiver.onMessage(event.data);
  const host = new EngineHost((message, transfer = []) => hostPort.postMessage(message, transfer));
  hostPort.onmessage = (event) => host.receive(event.data);
  return {
    mode: "main",
    modeReason: reason,
    post: (message, transfer = []) => page.postMessage(message, transfer),
    end: () => {
      host.close();
      page.close();
    },
  };
}

/** @param {string | null} workerUrl */
function startWorker(workerUrl) {
  const url = workerUrl ?? new URL("./worker.js", import.meta.url).href;
  if (new URL(url).origin !== globalThis.location?.origin && !url.startsWith("data:")) {
    // A worker's script must be of the page's origin. A blob is, and what it imports needs only CORS.
    const source = new Blob([`import ${JSON.stringify(url)};`], { type: "text/javascript" });
    const blobUrl = URL.createObjectURL(source);
    return { worker: new Worker(blobUrl, { type: "module", name: "lakeglass" }), blobUrl };
  }
  // Bundlers know a worker by this very expression.
  const worker = workerUrl
    ? new Worker(workerUrl, { type: "module", name: "lakeglass" })
    : new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "lakeglass" });
  return { worker, blobUrl: null };
}

/**
 * Waits for the worker's first message. A forbidden worker reports an error event or, in some browsers, nothing.
 * @param {Worker} worker
 * @returns {Promise<void>}
 */
function hello(worker) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the worker did not start in time")), HELLO_MILLIS);
    worker.onmessage = ({ data }) => {
      clearTimeout(timer);
      if (data.hello === PROTOCOL) return resolve();
      const message = `the worker's script is of another version than the page's (${data.hello}, not ${PROTOCOL}): reload, or check workerUrl`;
      reject(new LakeglassError("internal", message));
    };
    worker.onerror = (event) => {
      clearTimeout(timer);
      event.preventDefault?.();
      reject(new Error(event.message || "its script could not be loaded or is not allowed here"));
    };
  });
}
