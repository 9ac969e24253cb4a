//! A version without its files, and the check of a snapshot against the notes of its writer.
//!
//! Functions, and no methods of the formats in this crate: what a method calls is in every module file that opens a table.

use super::TableFormat;
use super::delta::{self, DeltaTable};
use crate::error::Result;
use crate::snapshot::{Definition, Snapshot, Verified};
use crate::storage::Storage;

/// Columns, properties and features of another version, without its files.
pub async fn definition(format: &dyn TableFormat, storage: &Storage, version: u64) -> Result<Definition> {
    match is_delta(format) {
        true => delta::definition(storage, version).await,
        false => format.definition(storage, version).await,
    }
}

/// Compares a snapshot with what its writer noted of it; `None` where it noted nothing.
///
/// # Errors
/// `corrupt_table` where they differ.
pub async fn verify(format: &dyn TableFormat, storage: &Storage, open: &Snapshot) -> Result<Option<Verified>> {
    match is_delta(format) {
        true => delta::verify(storage, open).await,
        false => format.verify(storage, open).await,
    }
}

fn is_delta(format: &dyn TableFormat) -> bool {
    format.as_any().is_some_and(|any| any.is::<DeltaTable>())
}
