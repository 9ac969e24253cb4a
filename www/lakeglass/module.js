// The WebAssembly module: fetched and compiled, while it arrives where the host serves it as what it is.

import { LakeglassError } from "./errors.js";
import { redactUrl } from "./urls.js";

/**
 * @param {string} wasmUrl
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compileModule(wasmUrl) {
  const url = redactUrl(wasmUrl);
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
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LakeglassError("internal", `could not compile the engine from ${url}: ${why}`, { url }, { cause });
  }
}
