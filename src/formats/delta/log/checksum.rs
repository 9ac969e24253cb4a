//! `V.crc`: what a writer noted of version V. Never needed; where it is there, it answers what would take more requests, and
//! tells whether the log was replayed to what its writer meant.
//!
//! Specification: [Version Checksum File](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#version-checksum-file).

use super::actions::{Metadata, Protocol, Transaction};
use super::{commit, last_checkpoint, log_path, log_segment};
use crate::error::{Error, Result};
use crate::formats::delta::checkpoint;
use crate::formats::delta::checkpoint::corrupt_checkpoints::Damage;
use crate::formats::delta::definition;
use crate::snapshot::{FileLocation, FormatInfo, Snapshot, TimestampSource, Verified};
use crate::storage::{Probe, Storage};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a checksum file says; the files and histograms that it may list are left alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checksum {
    table_size_bytes: u64,
    num_files: u64,
    num_metadata: u64,
    num_protocol: u64,
    in_commit_timestamp_opt: Option<i64>,
    set_transactions: Option<Vec<Transaction>>,
    metadata: Option<Metadata>,
    protocol: Option<Protocol>,
    num_deleted_records_opt: Option<u64>,
    num_deletion_vectors_opt: Option<u64>,
}

/// The checksum of `version`; `None` where there is none that can be read.
pub(crate) async fn read(storage: &Storage, version: u64) -> Result<Option<Checksum>> {
    let found = storage.probe(&FileLocation::Relative(log_path::checksum(version))).await?;
    Ok(match found {
        Probe::Found(object) => serde_json::from_slice(&object.bytes).ok(),
        Probe::Missing | Probe::Denied | Probe::Hidden => None,
    })
}

impl Checksum {
    /// `metaData` and `protocol`, where it has both, as it must.
    pub(crate) fn definition(self) -> Option<(Metadata, Protocol)> {
        self.metadata.zip(self.protocol).filter(|_| self.num_metadata == 1 && self.num_protocol == 1)
    }
}

/// Compares `snapshot` with the checksum file of its version; `None` where there is none.
///
/// # Errors
/// `corrupt_table` where they differ: the log, or its checksum, was changed since it was written.
pub async fn verify(storage: &Storage, snapshot: &Snapshot) -> Result<Option<Verified>> {
    let path = log_path::checksum(snapshot.version);
    let object = match storage.probe(&FileLocation::Relative(path.clone())).await? {
        Probe::Found(object) => object,
        Probe::Missing | Probe::Denied | Probe::Hidden => return Ok(None),
    };
    let checksum: Checksum =
        serde_json::from_slice(&object.bytes).map_err(|error| Error::corrupt(path.as_ref(), error))?;
    let transactions = match &checksum.set_transactions {
        Some(_) => Some(transactions(storage, snapshot.version).await?),
        None => None,
    };
    let fields = compare(checksum, snapshot, transactions).map_err(|reason| Error::corrupt(path.as_ref(), reason))?;
    Ok(Some(Verified { path: path.to_string(), fields }))
}

/// The newest transaction of each application.
async fn transactions(storage: &Storage, version: u64) -> Result<BTreeMap<String, i64>> {
    let hint = last_checkpoint::read(storage).await?;
    let segment = log_segment::load(storage, Some(version), hint.as_ref(), &Damage::default()).await?;
    let mut found = BTreeMap::new();
    let covered = segment.checkpoint.as_ref().map(|checkpoint| checkpoint.version);
    if let Some(checkpoint) = &segment.checkpoint {
        let of_checkpoint = checkpoint::transactions(storage, &checkpoint.files).await?;
        found.extend(of_checkpoint.into_iter().map(|txn| (txn.app_id, txn.version)));
    }
    let newer = segment.commits.iter().filter(|commit| !commit.is_for_its_time(covered));
    for commit in newer {
        let of_commit = commit::transactions(&commit.object.bytes, commit.path().as_ref())?;
        found.extend(of_commit.into_iter().map(|txn| (txn.app_id, txn.version)));
    }
    Ok(found)
}

/// The fields that agree with the snapshot; all of them, or why not.
fn compare(
    checksum: Checksum,
    snapshot: &Snapshot,
    transactions: Option<BTreeMap<String, i64>>,
) -> Result<Vec<&'static str>, String> {
    let mut fields = Vec::new();
    let mut equal = |field: &'static str, noted: Option<u64>, found: u64| match noted {
        Some(noted) if noted != found => Err(format!("{field} is {noted}, the log comes to {found}")),
        Some(_) => {
            fields.push(field);
            Ok(())
        }
        None => Ok(()),
    };
    let files = &snapshot.files;
    equal("numFiles", Some(checksum.num_files), files.len() as u64)?;
    equal("tableSizeBytes", Some(checksum.table_size_bytes), files.iter().map(|file| file.size).sum())?;
    equal("numMetadata", Some(checksum.num_metadata), 1)?;
    equal("numProtocol", Some(checksum.num_protocol), 1)?;
    let vectors = || files.iter().filter_map(|file| file.deletes.as_ref());
    equal("numDeletionVectorsOpt", checksum.num_deletion_vectors_opt, vectors().count() as u64)?;
    equal("numDeletedRecordsOpt", checksum.num_deleted_records_opt, vectors().map(|d| d.cardinality()).sum())?;

    let in_commit = snapshot.timestamp.filter(|time| time.source == TimestampSource::InCommit);
    if let Some((noted, found)) = checksum.in_commit_timestamp_opt.zip(in_commit) {
        agree(&mut fields, "inCommitTimestampOpt", noted == found.millis)?;
    }
    let (metadata, protocol) = match (checksum.metadata, checksum.protocol) {
        (Some(metadata), Some(protocol)) => (metadata, protocol),
        _ => return Err("it lacks metadata or protocol".into()),
    };
    let (noted, _) = definition::parse(&protocol, metadata).map_err(|error| error.to_string())?;
    agree(&mut fields, "protocol", asked(&noted.format) == asked(&snapshot.format))?;
    let same_columns = noted.schema.logical == snapshot.schema.logical
        && noted.schema.physical == snapshot.schema.physical
        && noted.partition_columns == snapshot.partition_columns;
    agree(&mut fields, "metadata", same_columns && noted.metadata == snapshot.metadata)?;

    if let Some((noted, found)) = checksum.set_transactions.zip(transactions) {
        let noted: BTreeMap<String, i64> = noted.into_iter().map(|txn| (txn.app_id, txn.version)).collect();
        // Those that are past their retention may be left out by either.
        let expire = snapshot.metadata.configuration.contains_key("delta.setTransactionRetentionDuration");
        let same = match expire {
            true => noted.iter().all(|(app, version)| found.get(app).is_none_or(|found| found == version)),
            false => noted == found,
        };
        agree(&mut fields, "setTransactions", same)?;
    }
    Ok(fields)
}

fn agree(fields: &mut Vec<&'static str>, field: &'static str, same: bool) -> Result<(), String> {
    if !same {
        return Err(format!("its {field} differs from the log's"));
    }
    fields.push(field);
    Ok(())
}

/// Versions and features that a table asks of its readers and writers, in no order.
fn asked(format: &FormatInfo) -> BTreeMap<&str, (Option<u64>, BTreeSet<&String>)> {
    format.details.iter().map(|(name, _)| (*name, (format.number(name), format.names(name).iter().collect()))).collect()
}
