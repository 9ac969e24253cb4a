//! What tests and benchmarks ask of a Delta table, answered twice: by [`kernel`] (the `delta_kernel` crate, another reader of the same
//! specification) and by [`ours`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code fails by panicking"
)]

pub mod kernel;
pub mod large_log;
pub mod ours;
pub mod pruned;
#[path = "../../conformance/spell.rs"]
pub mod spell;
pub mod variant;
pub mod writer;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use serde_json::Value;
use std::collections::BTreeMap;

/// Why a reader would not read: its own words.
pub type Result<T> = std::result::Result<T, String>;

/// A table's rows at one version.
pub struct Content {
    pub version: u64,
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
}

impl Content {
    /// Names and types of the columns, as the log spells them.
    pub fn types(&self) -> BTreeMap<String, String> {
        let fields = self.schema.fields().iter();
        fields.map(|field| (field.name().clone(), spell::arrow_type(field.data_type()))).collect()
    }

    /// The rows as JSON, in the spelling of tests/fixtures/README.md.
    pub fn rows(&self) -> Vec<Value> {
        self.batches.iter().flat_map(spell::rows).collect()
    }

    /// The rows as text, sorted: equal where the tables are.
    pub fn sorted(&self) -> Vec<String> {
        let mut rows: Vec<_> = self.rows().iter().map(Value::to_string).collect();
        rows.sort();
        rows
    }
}

/// A live data file, as a listing names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LiveFile {
    /// Below the table's root and decoded, or a URL.
    pub path: String,
    pub size: u64,
    /// Rows that its deletion vector deletes.
    pub deleted: Option<u64>,
    /// Values by the partition columns' physical names, as text; nulls are left out.
    pub partition_values: BTreeMap<String, String>,
}
