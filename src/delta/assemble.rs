//! A snapshot from its actions alone, without a log: of a share manifest, of a sharing server's answer. Pure.

use super::actions::{Add, Metadata, Protocol};
use super::commit::FileAction;
use super::data_file::Locator;
use super::definition::Definition;
use super::partition_values::PartitionValuesBuilder;
use super::replay::{Replay, Replayed};
use super::row_tracking;
use crate::error::{Error, Result};
use crate::snapshot::{CommitTimestamp, Snapshot};
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
        let Definition { schema, partition_columns, metadata, protocol } =
            Definition::new(&self.protocol, self.metadata)?;
        let row_tracking = row_tracking::columns(&protocol, &metadata);
        let locator = Locator::new(url)?;
        let partition_values = PartitionValuesBuilder::new(&schema.logical, &schema.physical, &partition_columns);
        let mut replay = Replay::new(&locator, partition_values);
        let named = self.files.len();
        replay.commit(self.files.into_iter().rev().map(|add| FileAction::Add(Box::new(add))).collect())?;
        let Replayed { files, partition_values, stored_statistics } = replay.finish()?;
        if files.len() != named {
            return Err(Error::corrupt(source, "it names a file twice"));
        }
        let (version, timestamp) = (self.version, self.timestamp);
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
            protocol,
        })
    }
}

/// An action out of JSON; `source` is what errors call where it stood.
pub(crate) fn action<'a, T: Deserialize<'a>>(json: &'a str, source: &str) -> Result<T> {
    // serde would take an array of the fields for the struct.
    if !json.trim_start().starts_with('{') {
        return Err(Error::corrupt(source, "not an object"));
    }
    serde_json::from_str(json).map_err(|error| Error::corrupt(source, error))
}
