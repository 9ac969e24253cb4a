// The dedicated worker: a thread for the engine's host, and nothing else.

import { EngineHost } from "./engine-host.js";

/** @import { FromHost } from "./protocol.js" */

const scope = /** @type {{ postMessage(message: FromHost, transfer: Transferable[]): void, addEventListener: typeof addEventListener }} */ (
  /** @type {unknown} */ (globalThis)
);

const host = new EngineHost((message, transfer = []) => scope.postMessage(message, transfer));
scope.addEventListener("message", (event) => host.receive(event.data));
