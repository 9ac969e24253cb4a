// How Chromium is started by tests and benchmarks: without a sandbox, which containers do not allow, and without traffic of its own.

export const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
