//! `_last_checkpoint`: where a recent checkpoint is. A hint; its absence, damage or age is never an error.
//!
//! Its checksum is not checked. What can be wrong here is the name of a checkpoint: one that is not there is done without, and any
//! that is there leads to the same snapshot, with more commits behind it or fewer.
//!
//! Specification: [Last Checkpoint File](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#last-checkpoint-file-schema).

use super::log_path::{self, LogFile};
use crate::error::Result;
use crate::formats::delta::checkpoint::{CheckpointFiles, LogObject};
use crate::snapshot::FileLocation;
use crate::storage::{Probe, Storage};
use serde::Deserialize;

/// No checkpoint has more parts.
const MOST_PARTS: u64 = 10_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LastCheckpoint {
    version: u64,
    parts: Option<u64>,
    v2_checkpoint: Option<V2Checkpoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct V2Checkpoint {
    path: String,
    size_in_bytes: Option<u64>,
}

/// Asks for the hint.
pub(crate) async fn read(storage: &Storage) -> Result<Option<CheckpointFiles>> {
    match storage.probe_mutable(&FileLocation::Relative(log_path::last_checkpoint())).await? {
        Probe::Found(object) => Ok(parse(&object.bytes)),
        Probe::Missing | Probe::Denied | Probe::Hidden => Ok(None),
    }
}

/// The checkpoint that the hint names. Its own `sizeInBytes` counts sidecars in, so that it is no file's size.
fn parse(bytes: &[u8]) -> Option<CheckpointFiles> {
    let hint: LastCheckpoint = serde_json::from_slice(bytes).ok()?;
    let version = Some(hint.version).filter(|version| *version < log_path::LAST_VERSION)?;
    let object = |path| LogObject { path, size: None };
    let files = match (hint.v2_checkpoint, hint.parts) {
        (Some(v2), _) => {
            let name = v2.path.rsplit('/').next().unwrap_or_default();
            let named = LogFile::parse(name);
            let fits = [LogFile::UuidCheckpoint { version }, LogFile::ClassicCheckpoint { version }];
            fits.iter().any(|file| Some(file) == named.as_ref()).then_some(())?;
            vec![LogObject { path: log_path::in_log(name), size: v2.size_in_bytes }]
        }
        (None, Some(parts)) if parts > 1 && parts <= MOST_PARTS => {
            (1..=parts).map(|part| object(log_path::checkpoint_part(version, part, parts))).collect()
        }
        (None, Some(parts)) if parts > 1 => return None,
        (None, _) => vec![object(log_path::classic_checkpoint(version))],
    };
    Some(CheckpointFiles { version, files })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Option<Vec<String>> {
        let files = parse(text.as_bytes())?.files;
        Some(files.iter().map(|file| file.path.filename().unwrap().to_string()).collect())
    }

    #[test]
    fn the_three_kinds() {
        let classic = names(r#"{"version":10,"size":13,"sizeInBytes":9,"checkpointSchema":{"type":"struct"}}"#);
        assert_eq!(classic.unwrap(), ["00000000000000000010.checkpoint.parquet"]);
        let parts = names(r#"{"version":1,"size":12,"parts":2}"#).unwrap();
        assert_eq!(parts[1], "00000000000000000001.checkpoint.0000000002.0000000002.parquet");
        let name = "00000000000000000002.checkpoint.6374b053-df23-479b-b2cf-c9c550132b49.json";
        let v2 = names(&format!(r#"{{"version":2,"size":9,"v2Checkpoint":{{"path":"{name}","sizeInBytes":891}}}}"#));
        assert_eq!(v2.unwrap(), [name]);
    }

    #[test]
    fn damage_is_no_hint() {
        for damaged in [
            "",
            "{",
            "{\"version\":-1}",
            "{\"version\":18446744073709551615}",
            "{\"version\":\"x\"}",
            "<html>",
            "{\"version\":1,\"parts\":999999999999}",
            "{\"version\":1,\"v2Checkpoint\":{\"path\":\"../x\"}}",
            "{\"version\":1,\"v2Checkpoint\":{\"path\":\"00000000000000000009.checkpoint.parquet\"}}",
        ] {
            assert_eq!(names(damaged), None, "{damaged}");
        }
    }
}
