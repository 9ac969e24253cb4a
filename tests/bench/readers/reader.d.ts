/** A table as each reader is told of it: its folder, its live files, and the version where it is not the latest. */
export interface Source {
  url: string;
  version?: number;
  files: { path: string; size: number; rows: number; partition: Record<string, string> }[];
}
export type Tables = Record<string, Source>;

/** Times in milliseconds since the statement was given; values that compare with every reader's. */
export interface Answer {
  first: number;
  total: number;
  rows: (string | number | boolean | null)[][];
}

export interface Reader {
  open(tables: Tables): Promise<void>;
  query(sql: string): Promise<Answer>;
  close(): void | Promise<void>;
}
