//! Options as they come from JavaScript: plain objects in camelCase, unknown keys refused so that a typo is told.

use crate::snapshot::Version;
use crate::storage::{AccessOptions, CacheApi, StorageOptions};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export interface EngineOptions {
  /** Requests under way at once; 6 by default. */
  concurrency?: number;
  /** Bytes of immutable objects kept in memory; 256 MiB by default. */
  cacheBytes?: number;
  /**
   * Bytes of data files and logs kept in the browser's Cache API for the next visit, of tables that are read without credentials;
   * 256 MiB by default, 0: none.
   */
  storeBytes?: number;
  /** Partitions of a plan; 1 by default, which is best on one thread. */
  targetPartitions?: number;
  /** Rows per batch; 8192 by default. */
  batchSize?: number;
  /** Bytes that queries may hold; 2 GiB by default. */
  memoryLimit?: number;
  /** The engine whose meaning SQL takes where engines differ; DuckDB by default. */
  dialect?: "duckdb" | "spark" | "trino";
}
/** Which version: at most one of both; the newest without. */
export interface VersionOptions {
  version?: bigint | number;
  /** Milliseconds since the Unix epoch, or ISO 8601 (UTC without an offset). */
  timestamp?: number | string;
}
/** Which version, and what the table's host has to be told and shown: see AccessOptions of the package. */
export interface OpenOptions extends VersionOptions {
  access?: Record<string, unknown>;
  /** The format of the table: `delta`, `parquet`, `manifest`, `sharing`. By what is there, if not told. */
  format?: string;
}
"#;

/// Bytes that queries may hold, unless told otherwise: half of what a module's memory may grow to. Caches and what is fetched ahead
/// have the rest.
#[cfg(feature = "sql")]
const MEMORY_LIMIT: usize = 2 << 30;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct EngineOptions {
    pub(super) concurrency: Option<usize>,
    pub(super) cache_bytes: Option<usize>,
    pub(super) store_bytes: Option<u64>,
    pub(super) target_partitions: Option<usize>,
    pub(super) batch_size: Option<usize>,
    pub(super) memory_limit: Option<usize>,
    #[cfg(feature = "sql")]
    pub(super) dialect: crate::sql::SqlDialect,
}

impl EngineOptions {
    pub(super) fn storage(&self) -> StorageOptions {
        let mut options = StorageOptions::default();
        options.concurrency = self.concurrency.unwrap_or(options.concurrency).max(1);
        options.cache_bytes = self.cache_bytes.unwrap_or(options.cache_bytes);
        options.store = Some(Arc::new(CacheApi));
        options.store_bytes = self.store_bytes.unwrap_or(options.store_bytes);
        options
    }

    #[cfg(feature = "sql")]
    pub(super) fn session(&self) -> crate::sql::SessionOptions {
        let mut options = crate::sql::SessionOptions::default();
        options.target_partitions = self.target_partitions.unwrap_or(options.target_partitions).max(1);
        options.batch_size = self.batch_size.unwrap_or(options.batch_size).max(1);
        options.memory_limit = Some(self.memory_limit.unwrap_or(MEMORY_LIMIT));
        options.dialect = self.dialect;
        options
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct VersionOptions {
    version: Option<u64>,
    timestamp: Option<Timestamp>,
}

/// A table to open: which version of it, and what its host has to be told and shown.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct OpenOptions {
    version: Option<u64>,
    timestamp: Option<Timestamp>,
    pub(super) access: AccessOptions,
    pub(super) format: Option<String>,
}

impl OpenOptions {
    pub(super) fn version(&mut self) -> Result<Version, JsValue> {
        VersionOptions { version: self.version.take(), timestamp: self.timestamp.take() }.version()
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Timestamp {
    Millis(f64),
    Iso(String),
}

impl VersionOptions {
    #[expect(clippy::cast_possible_truncation, reason = "a float is cast to the nearest number there is")]
    pub(super) fn version(self) -> Result<Version, JsValue> {
        match (self.version, self.timestamp) {
            (None, None) => Ok(Version::Latest),
            (Some(version), None) => Ok(Version::Number(version)),
            (None, Some(Timestamp::Millis(millis))) => Ok(Version::Timestamp(millis as i64)),
            (None, Some(Timestamp::Iso(text))) => Version::parse_timestamp(&text)
                .map(Version::Timestamp)
                .ok_or_else(|| type_error(&format!("{text:?} is not an ISO 8601 timestamp"))),
            (Some(_), Some(_)) => Err(type_error("version and timestamp exclude each other")),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct HistoryOptions {
    pub(super) limit: Option<usize>,
    pub(super) until: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct FilesOptions {
    pub(super) offset: Option<usize>,
    pub(super) limit: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct PreviewOptions {
    pub(super) limit: Option<usize>,
    pub(super) columns: Option<Vec<String>>,
}

/// Options out of a JavaScript value; absent ones are the defaults. Wrong ones are a `TypeError`, like any wrong argument.
pub(super) fn parse<T: DeserializeOwned + Default>(value: JsValue) -> Result<T, JsValue> {
    if value.is_undefined() || value.is_null() {
        return Ok(T::default());
    }
    serde_wasm_bindgen::from_value(value).map_err(|error| type_error(&error.to_string()))
}

pub(super) fn type_error(message: &str) -> JsValue {
    js_sys::TypeError::new(message).into()
}
