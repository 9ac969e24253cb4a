// The WebAssembly module: fetched and compiled, while it arrives where the host serves it as what it is. In Node, which cannot fetch a
// `file:` URL, it is read from the disk.

import { LakeglassError } from "./errors.js";
import { redactUrl } from "./urls.js";

/**
 * The part of Node that is used here, whose types browsers' code should not see.
 * @typedef {{ readFile(url: URL): Promise<Uint8Array<ArrayBuffer>> }} FileSystem
 * @typedef {{ versions?: { node?: string }, getBuiltinModule?(name: "node:fs/promises"): FileSystem }} NodeProcess
 */
const node = /** @type {{ process?: NodeProcess }} */ (globalThis).process;

/**
 * @param {string} wasmUrl
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compileModule(wasmUrl) {
  const url = redactUrl(wasmUrl);
  if (node?.versions?.node && wasmUrl.startsWith("file:")) return compileFile(wasmUrl);
  let response;
  try {
    response = await fetch(wasmUrl);
  } catch (cause) {
    const message = `could not fetch the engine from ${url}: the host did not answer, or its CORS rules do not allow this page to read it`;
    throw new LakeglassError("cors_or_network", message, { url }, { cause });
  }
  if (!response.ok) {
    const message = `could not fetch the engine: ${url} answered with HTTP status ${response.status}; check wasmUrl`;
    throw new LakeglassError("http_status", message, { url, status: response.status });
  }
  try {
    // Compiling while it arrives insists on the MIME type, and many static hosts do not know this one.
    const streams = response.headers.get("Content-Type")?.trim().toLowerCase() === "application/wasm";
    if (streams && WebAssembly.compileStreaming) return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (cause) {
    throw notCompiled(url, cause);
  }
}

/**
 * Compiles a file of this machine.
 * @param {string} url `file:`
 */
async function compileFile(url) {
  // Neither an import, which bundlers for browsers would follow, nor one that is made when it is needed, which some of them refuse.
  const files = node?.getBuiltinModule?.("node:fs/promises");
  if (!files) {
    throw new LakeglassError("unsupported_feature", "the engine is read from the disk by Node 20.16, 22.3 or newer: this Node is older", {
      feature: "process.getBuiltinModule",
    });
  }
  let bytes;
  try {
    bytes = await files.readFile(new URL(url));
  } catch (cause) {
    const message = `could not read the engine at ${url}: the package is not complete, or wasmUrl or sqlUrl is wrong`;
    throw new LakeglassError("network", message, { url, reason: String(cause) }, { cause });
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw notCompiled(url, cause);
  }
}

/**
 * @param {string} url redacted
 * @param {unknown} cause
 */
function notCompiled(url, cause) {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LakeglassError("internal", `could not compile the engine from ${url}: ${why}`, { url }, { cause });
}
