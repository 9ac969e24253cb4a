//! How a session runs its queries.

use super::numbers::SqlDialect;
use crate::storage::StorageOptions;

/// How a session runs its queries.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// Partitions of a plan. One is best where one thread does the work: a scan reads several files ahead by itself, and what
    /// is split has to be put together again (an aggregate would keep each group once for each partition).
    pub target_partitions: usize,
    /// Rows per batch.
    pub batch_size: usize,
    /// Bytes that queries may hold; `None` sets no limit.
    pub memory_limit: Option<usize>,
    /// The engine whose meaning SQL takes where engines differ.
    pub dialect: SqlDialect,
    /// How hosts are spoken to that a statement names: `delta_scan`, `read_parquet`.
    pub storage: StorageOptions,
}

impl Default for SessionOptions {
    fn default() -> Self {
        SessionOptions {
            target_partitions: 1,
            batch_size: 8192,
            memory_limit: None,
            dialect: SqlDialect::default(),
            storage: StorageOptions::default(),
        }
    }
}
