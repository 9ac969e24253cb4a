//! A snapshot from the actions that make it up: a log's, or those of a share manifest or a sharing server's answer alone. Pure.

use super::data_file::Locator;
use super::definition;
use super::log::actions::{Add, Metadata, Protocol};
use super::log::commit::FileAction;
use super::log::replay::{Replay, Replayed};
use super::partition_values::PartitionValuesBuilder;
use super::row_tracking;
use crate::error::{Error, Result};
use crate::snapshot::{CommitTimestamp, Definition, Snapshot};
use serde::Deserialize;

/// The actions that make up a version: each file once.
#[derive(Debug)]
pub(crate) struct Assembly {
    pub(crate) version: u64,
    pub(crate) timestamp: Option<CommitTimestamp>,
    pub(crate) protocol: Protocol,
    pub(crate) metadata: Metadata,
    pub(crate) files: Vec<Add>,
}

impl Assembly {
    /// The snapshot. `url` is the table's root as errors show it; `source` is what they call the actions.
    pub(crate) fn snapshot(self, url: &str, source: &str) -> Result<Snapshot> {
        let Assembly { version, timestamp, protocol, metadata, files } = self;
        let named = files.len();
        let snapshot = replayed((version, timestamp), &protocol, metadata, url, |replay| {
            replay.commit(files.into_iter().rev().map(|add| FileAction::Add(Box::new(add))).collect())
        })?;
        if snapshot.files.len() != named {
            return Err(Error::corrupt(source, "it names a file twice"));
        }
        Ok(snapshot)
    }
}

/// The snapshot of a version (and its time) whose files are what `feed` gives to the replay, newest first.
pub(crate) fn replayed(
    (version, timestamp): (u64, Option<CommitTimestamp>),
    protocol: &Protocol,
    metadata: Metadata,
    url: &str,
    feed: impl FnOnce(&mut Replay<'_>) -> Result<()>,
) -> Result<Snapshot> {
    let (definition, protocol) = definition::parse(protocol, metadata)?;
    let Definition { schema, partition_columns, metadata, format } = definition;
    let row_tracking = row_tracking::columns(&protocol, &metadata);
    let locator = Locator::new(url)?;
    let partition_values = PartitionValuesBuilder::new(&schema.logical, &schema.physical, &partition_columns);
    let mut replay = Replay::new(&locator, partition_values);
    feed(&mut replay)?;
    let Replayed { files, partition_values, stored_statistics } = replay.finish()?;
    Ok(Snapshot {
        version,
        timestamp,
        schema,
        partition_columns,
        files,
        partition_values,
        stored_statistics,
        row_tracking,
        damage: None,
        metadata,
        format,
    })
}

/// An action out of JSON; `source` is what errors call where it stood.
pub(crate) fn action<'a, T: Deserialize<'a>>(json: &'a str, source: &str) -> Result<T> {
    // serde would take an array of the fields for the struct.
    if !json.trim_start().starts_with('{') {
        return Err(Error::corrupt(source, "not an object"));
    }
    serde_json::from_str(json).map_err(|error| Error::corrupt(source, error))
}
