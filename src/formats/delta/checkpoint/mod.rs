//! Checkpoints: the whole state of a version, read by column over ranges.
//!
//! One file or several parts (V1), or one file that names sidecars (V2), as Parquet or JSON. [`load`] fetches what replay
//! needs of all of them, concurrently; [`Checkpoint::replay`] then decodes without another request.
//!
//! Specification: [Checkpoints](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#checkpoints).

pub(crate) mod batch;
pub(crate) mod columns;
pub(crate) mod corrupt_checkpoints;
pub(crate) mod file;
pub(crate) mod guess;

use super::log::actions::{Metadata, Protocol, Sidecar, Transaction};
use super::log::commit;
use super::log::commit::FileAction;
use super::log::log_path;
use super::log::replay::Replay;
use crate::error::{Error, Result};
use crate::snapshot::FileLocation;
use crate::storage::Storage;
use columns::Control;
use file::{CheckpointFile, Footer};
use futures::future::try_join_all;
use object_store::path::Path;
use percent_encoding::percent_decode_str;

/// Which files make up a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckpointFiles {
    pub(crate) version: u64,
    /// One, or the parts in their order.
    pub(crate) files: Vec<LogObject>,
}

/// A file of the log, and its size where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogObject {
    pub(crate) path: Path,
    pub(crate) size: Option<u64>,
}

/// A checkpoint's contents, as far as replay needs them.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(crate) version: u64,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) files: CheckpointFiles,
    sources: Vec<Source>,
}

#[derive(Debug)]
enum Source {
    Json(Vec<FileAction>),
    Parquet(CheckpointFile),
}

/// Fetches a checkpoint; `None` where one of its files is not there (a multi-part checkpoint that was never finished, one
/// that was cleaned up). A missing sidecar is a corrupt table: its checkpoint was complete when it was written.
pub(crate) async fn load(storage: &Storage, checkpoint: &CheckpointFiles) -> Result<Option<Checkpoint>> {
    let loaded = try_join_all(checkpoint.files.iter().map(|file| load_file(storage, file))).await;
    let files = match loaded {
        Ok(files) => files,
        Err(error) if error.may_be_missing() => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut loaded = Checkpoint {
        version: checkpoint.version,
        metadata: None,
        protocol: None,
        files: checkpoint.clone(),
        sources: Vec::new(),
    };
    let mut sidecars = Vec::new();
    for (source, control) in files {
        loaded.metadata = control.metadata.or(loaded.metadata);
        loaded.protocol = control.protocol.or(loaded.protocol);
        sidecars.extend(control.sidecars);
        loaded.sources.push(source);
    }
    let sidecars = try_join_all(sidecars.iter().map(|sidecar| load_sidecar(storage, sidecar))).await?;
    loaded.sources.extend(sidecars.into_iter().map(Source::Parquet));
    Ok(Some(loaded))
}

impl Checkpoint {
    /// What errors call its files.
    pub(crate) fn names(&self) -> Vec<String> {
        let parquet = self.sources.iter().filter_map(|source| match source {
            Source::Parquet(file) => Some(file.path().to_owned()),
            Source::Json(_) => None,
        });
        self.files.files.iter().map(|file| file.path.to_string()).chain(parquet).collect()
    }

    /// Feeds the checkpoint's files to `replay`.
    pub(crate) fn replay(self, replay: &mut Replay<'_>) -> Result<()> {
        for source in self.sources {
            match source {
                Source::Json(actions) => replay.checkpoint(actions)?,
                Source::Parquet(file) => columns::replay(&file, replay)?,
            }
        }
        Ok(())
    }
}

/// Only the `metaData` of a checkpoint; `None` where it is not there, or damaged.
pub(crate) async fn metadata(storage: &Storage, checkpoint: &CheckpointFiles) -> Result<Option<Metadata>> {
    for file in &checkpoint.files {
        match load_control(storage, file).await {
            Ok(control) if control.metadata.is_some() => return Ok(control.metadata),
            Ok(_) => {}
            Err(Error::CorruptTable { .. }) => {}
            Err(error) if error.may_be_missing() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

async fn load_control(storage: &Storage, file: &LogObject) -> Result<Control> {
    if file.path.extension() == Some("json") {
        return Ok(load_file(storage, file).await?.1);
    }
    let footer = Footer::fetch(storage, &FileLocation::Relative(file.path.clone()), file.size).await?;
    let leaves = columns::control_leaves(footer.metadata());
    let wanted = file::ColumnSelection { leaves, leaves_statistics: true };
    columns::control(&footer.fetch_columns(storage, wanted).await?)
}

/// The `txn` actions of a checkpoint. Its sidecars have none.
pub(crate) async fn transactions(storage: &Storage, checkpoint: &CheckpointFiles) -> Result<Vec<Transaction>> {
    let mut found = Vec::new();
    for file in &checkpoint.files {
        let location = FileLocation::Relative(file.path.clone());
        if file.path.extension() == Some("json") {
            let bytes = storage.get(&location).await?.bytes;
            found.extend(commit::transactions(&bytes, file.path.as_ref())?);
            continue;
        }
        let footer = Footer::fetch(storage, &location, file.size).await?;
        let leaves = columns::transaction_leaves(footer.metadata());
        let wanted = file::ColumnSelection { leaves, leaves_statistics: true };
        found.extend(columns::transactions(&footer.fetch_columns(storage, wanted).await?)?);
    }
    Ok(found)
}

async fn load_file(storage: &Storage, file: &LogObject) -> Result<(Source, Control)> {
    let location = FileLocation::Relative(file.path.clone());
    if file.path.extension() == Some("json") {
        let actions = commit::parse(&storage.get(&location).await?.bytes, file.path.as_ref())?;
        let control = Control { metadata: actions.metadata, protocol: actions.protocol, sidecars: actions.sidecars };
        return Ok((Source::Json(actions.files), control));
    }
    let footer = match Footer::fetch(storage, &location, file.size).await {
        // Its size was told by a hint, which may be wrong.
        Err(Error::CorruptTable { .. }) if file.size.is_some() => Footer::fetch(storage, &location, None).await?,
        footer => footer?,
    };
    let wanted = columns::wanted(&footer, true);
    let file = footer.fetch_columns(storage, wanted).await?;
    let control = columns::control(&file)?;
    Ok((Source::Parquet(file), control))
}

async fn load_sidecar(storage: &Storage, sidecar: &Sidecar) -> Result<CheckpointFile> {
    let name = percent_decode_str(&sidecar.path).decode_utf8_lossy();
    let path = log_path::sidecar(&name)
        .ok_or_else(|| Error::corrupt(sidecar.path.as_str(), "this is no name of a sidecar"))?;
    let fetch = async {
        let size = sidecar.size_in_bytes.and_then(|size| u64::try_from(size).ok());
        let footer = Footer::fetch(storage, &FileLocation::Relative(path.clone()), size).await?;
        let wanted = columns::wanted(&footer, false);
        footer.fetch_columns(storage, wanted).await
    };
    fetch.await.map_err(|error| match error {
        error if error.is_missing() => {
            Error::corrupt(path.as_ref(), "the checkpoint names this sidecar, and it is not there")
        }
        error => error,
    })
}
