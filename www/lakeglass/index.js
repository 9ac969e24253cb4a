// Lakeglass, the package: the page's side of the engine. Public types and their documentation: index.d.ts.
//
// A call travels: Lakeglass or LakeTable -> Connection (keeps an engine running) -> Session (one life of it) -> Transport (a
// worker or this thread) -> EngineHost -> the engine. Results come back as Arrow IPC bytes, batch by batch.

export { Lakeglass } from "./client.js";
export { ERROR_CODES, LakeglassError } from "./errors.js";
export { formatValue } from "./format.js";
export { localFolder } from "./local.js";
export { LakeTable } from "./table.js";
