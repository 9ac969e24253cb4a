// How a table's host is spoken to, and what it is shown. Types only: part of index.d.ts.

/**
 * Where a table's host is and what it is shown: the same options as in Rust and on the command line. All of it is for the table's own
 * origin; what a log names elsewhere, and where a redirect leads, sees none of it.
 */
export interface AccessOptions {
  /** The S3 region; `us-east-1` by default, `auto` for R2 and Google. */
  region?: string;
  /** The URL of the service, where it is not the provider's own: `http://localhost:9000`. */
  endpoint?: string;
  /** How a bucket is named in an S3 URL: in the path by default where there is an endpoint, else in the host. */
  style?: "path" | "virtual";
  /** The id of an S3 access key, or of an HMAC key of Google's. Requests are signed in this tab. */
  accessKeyId?: string;
  secretAccessKey?: string;
  sessionToken?: string;
  /** The Azure storage account of an `az://container/…` location. */
  account?: string;
  /** An Azure shared access signature, of a container, a directory or an account. */
  sasToken?: string;
  /** Sent as `Authorization: Bearer …`. */
  bearerToken?: string;
  /** A query that goes with every object: a token for a prefix, as CloudFront and Bunny have it. */
  query?: string;
  /** Headers that go with every request. The host's preflight has to allow them, and redirects are not followed with them. */
  headers?: Record<string, string>;
  /** Headers for other origins that a log names, by origin. To name an origin here is to allow it. */
  originHeaders?: Record<string, Record<string, string>>;
  /** Other origins that a log may name: `https://cdn.example.com`, `s3://bucket`. They are sent no credentials. */
  allowedOrigins?: string[];
  /** Whether the log may be listed, where the host is known to be able to; it is tried by default. */
  list?: boolean;
  /** Whether `_delta_log/_index.json` (written by `lakeglass index`) is read in place of a listing. */
  index?: boolean;
}

/**
 * Where an object is: a URL, perhaps with its end in milliseconds since 1970; `null` where there is none of this name; `undefined` where
 * it is below the table's own URL.
 */
export type Signed = string | URL | { url: string; expires?: number } | null | undefined;

/** Knows where each object of a table is: given its path below the table's root, decoded. Asked again when a URL has expired. */
export type Sign = (path: string) => Signed | Promise<Signed>;

/**
 * Sends the engine's requests for objects in place of the global `fetch`, whose contract it has: `init` has the method, the headers (`range`
 * among them), a signal, and how redirects and the browser's cache are to be used. It resolves to a `Response`.
 */
export type PageFetch = (url: string, init: RequestInit) => Promise<Response>;

/** How a table's host is spoken to. */
export interface OpenOptions {
  access?: AccessOptions;
  /** The format of the table: `delta`, `parquet`, `manifest`, `sharing`. By what is there, if not told. */
  format?: string;
  sign?: Sign;
}
