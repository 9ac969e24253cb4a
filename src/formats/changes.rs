//! Changes between versions of a table, of any format.
//!
//! A function, and no method of the formats in this crate: what a method calls is in every module file that opens a table, and only SQL
//! asks for changes.

use super::TableFormat;
use super::delta::{DeltaTable, change_feed};
use super::sharing::SharedTable;
use crate::error::Result;
use crate::snapshot::{Changes, Snapshot, Version};
use crate::storage::Storage;
use std::sync::Arc;

/// The changes of the versions `from` to `to` (`to` is `open` where it is not told), and where the files are that tell it.
///
/// # Errors
/// `unsupported_feature` where the table does not tell.
pub async fn changes(
    format: &dyn TableFormat,
    storage: &Storage,
    open: &Arc<Snapshot>,
    from: Version,
    to: Option<Version>,
) -> Result<(Storage, Changes)> {
    let any = format.as_any();
    if any.is_some_and(|any| any.is::<DeltaTable>()) {
        return Ok((storage.clone(), change_feed::changes(storage, open, from, to).await?));
    }
    match any.and_then(|any| any.downcast_ref::<SharedTable>()) {
        Some(shared) => shared.changed(from, to.unwrap_or(Version::Number(open.version))).await,
        None => format.changes(storage, open, from, to).await,
    }
}
