// What the built module `pkg/lakeglass.js` exports (the engine's `src/api`): the seam between the package and the engine.
import type {
  AccessOptions,
  Commit,
  Field,
  FileInfo,
  LakeTable,
  Metrics,
  PageFetch,
  QueryParams,
  QueryProgress,
  TableInfo,
} from "./index.js";

/** Where the WebAssembly comes from. */
export interface InitInput {
  module_or_path: URL | string | Response | Promise<Response> | WebAssembly.Module;
}

export interface EngineModule {
  default(input?: InitInput): Promise<WebAssembly.Exports>;
  Engine: new (options?: EngineConfig, fetch?: PageFetch) => Engine;
}

export interface EngineConfig {
  concurrency?: number;
  cacheBytes?: number;
  storeBytes?: number;
  targetPartitions?: number;
  batchSize?: number;
  memoryLimit?: number;
  dialect?: "duckdb" | "spark" | "trino";
}

export interface EngineVersion {
  version?: bigint | number;
  timestamp?: number | string;
}

export interface Engine {
  open(
    url: string,
    options?: EngineVersion & { access?: AccessOptions; format?: string },
    signal?: AbortSignal,
    sign?: (path: string) => unknown,
  ): Promise<EngineTable>;
  clearCache(): Promise<void>;
  register(name: string, table: EngineTable): void;
  registerArrow(name: string, bytes: Uint8Array): Promise<void>;
  deregister(name: string): boolean;
  query(sql: string, signal?: AbortSignal, params?: QueryParams): Promise<EngineResult>;
  export(sql: string, format: string, signal?: AbortSignal, params?: QueryParams): Promise<EngineResult>;
  explain(sql: string, analyze: boolean, signal?: AbortSignal, params?: QueryParams): Promise<string>;
  free(): void;
}

export interface EngineTable {
  info(): TableInfo;
  schema(): Field[];
  files(options?: { offset?: number; limit?: number }, signal?: AbortSignal): Promise<FileInfo[]>;
  versions(signal?: AbortSignal): ReturnType<LakeTable["versions"]>;
  history(options?: { limit?: number; until?: bigint | number }, signal?: AbortSignal): Promise<Commit[]>;
  at(options: EngineVersion, signal?: AbortSignal): Promise<EngineTable>;
  preview(options?: { limit?: number; columns?: string[] }, signal?: AbortSignal): Promise<EngineResult>;
  free(): void;
}

export interface EngineResult {
  schema(): Uint8Array;
  next(signal?: AbortSignal): Promise<Uint8Array | undefined>;
  metrics(): Metrics;
  progress(): QueryProgress;
  free(): void;
}
