// What travels between the page and the engine's host, in a worker or not. Types only, but for the version.
//
// The page calls a method under a number and gets one reply under the same number. Tables and results stay in the host: the page
// holds their handles, and frees each.

/** @import { EngineConfig, EngineVersion } from "./engine.js" */
/** @import { ErrorData } from "./errors.js" */
/** @import { AccessOptions, Commit, Field, FileInfo, ExportFormat, Metrics, PlanNode, QueryParams, QueryProgress, Signed, TableInfo } from "./index.js" */

/** Raised when the messages change: page and worker may come from caches of different age. */
export const PROTOCOL = 7;

/**
 * @typedef {number} Handle
 * @typedef {{ handle: Handle, info: TableInfo, schema: Field[] }} OpenedTable
 * @typedef {{ handle: Handle, schema: Uint8Array }} OpenedResult
 *
 * @typedef {object} StartParams
 * @property {WebAssembly.Module | null} module compiled by the page already, or not
 * @property {string} wasmUrl
 * @property {string | null} engineUrl the module to import instead of `pkg/lakeglass.js`
 * @property {boolean} pageFetches whether requests for objects go through the page's own `fetch`
 * @property {EngineConfig} options
 *
 * @typedef {{ module: WebAssembly.Module | null, sqlUrl: string }} LoadSqlParams
 *
 * @typedef {{ objects: Record<string, Uint8Array<ArrayBuffer>>, statements: string[] }} RehearseParams `objects`: of a table, by path
 *
 * @typedef {object} Methods What each method takes and answers.
 * @property {{ params: StartParams, value: void }} start
 * @property {{ params: LoadSqlParams, value: void }} loadSql before the first query
 * @property {{ params: { folder: string }, value: void }} expect the log of a table that will be opened first: see head-start.js
 * @property {{ params: {}, value: void }} clearCache
 * @property {{ params: { url: string, at: EngineVersion, access?: AccessOptions, format?: string, sign?: number }, value: OpenedTable }} open
 *   `sign`: the number of the page's function that knows the URL of each object
 * @property {{ params: { handle: Handle, at: EngineVersion }, value: OpenedTable }} at
 * @property {{ params: { handle: Handle, offset?: number, limit?: number }, value: FileInfo[] }} files
 * @property {{ params: { handle: Handle }, value: Awaited<ReturnType<import("./index.js").LakeTable["versions"]>> }} versions
 * @property {{ params: { handle: Handle, limit?: number, until?: bigint | number }, value: Commit[] }} history
 * @property {{ params: { handle: Handle, limit?: number, columns?: string[] }, value: OpenedResult }} preview
 * @property {{ params: { name: string, handle: Handle }, value: void }} register
 * @property {{ params: { name: string, bytes: Uint8Array }, value: void }} registerArrow
 * @property {{ params: { name: string }, value: boolean }} deregister
 * @property {{ params: { sql: string, params?: QueryParams, progress?: boolean }, value: OpenedResult }} query
 * @property {{ params: { sql: string, format: ExportFormat, params?: QueryParams, progress?: boolean }, value: OpenedResult }} export
 *   whose `next` gives the bytes of a file
 * @property {{ params: { sql: string, analyze: boolean, params?: QueryParams }, value: PlanNode }} explain
 * @property {{ params: RehearseParams, value: void }} rehearse see rehearsal.js
 * @property {{ params: { handle: Handle, progress?: boolean }, value: { bytes: Uint8Array | undefined, metrics: Metrics, progress?: QueryProgress } }} next
 * @property {{ params: { handle: Handle }, value: Metrics | null }} free a result's metrics; what is under way is cancelled
 *
 * @typedef {{ url: string, init: RequestInit }} FetchRequest without what cannot be copied: its signal
 * @typedef {{ status: number, type: string, headers: [string, string][], body: ArrayBuffer | null }} FetchReply
 *
 * @typedef {keyof Methods} Method
 *
 * @typedef {{ id: number, method: Method, params: any } | { cancel: number }
 *   | { told: number, signed?: Signed, reply?: FetchReply, failed?: string }} ToHost `told`: the answer to a question of the host's
 *
 * @typedef {{ hello: number }
 *   | { id: number, value: any }
 *   | { id: number, error: ErrorData }
 *   | { id: number, progress: QueryProgress }
 *   | { ask: number, sign: number, path: string }
 *   | { ask: number, fetch: FetchRequest }
 *   | { drop: number }
 *   | { lost: string }} FromHost `progress`: of a call under way that
 *   asked for it; `ask`: where an object is, or the object itself, of one of the page's functions; `drop`: a request that nobody waits for any more; `lost`: the instance trapped and must be
 *   replaced
 */
