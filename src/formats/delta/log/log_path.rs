//! Names of the files in `_delta_log`, made and parsed. Pure.
//!
//! Specification: [Delta Log Entries](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#delta-log-entries),
//! [Checkpoints](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#checkpoints).

use object_store::path::Path;

/// The log's folder.
pub(crate) const LOG: &str = "_delta_log";

/// No version is newer: the specification's versions are signed 64-bit integers.
pub(crate) const LAST_VERSION: u64 = i64::MAX as u64;

/// What a file of the log is, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LogFile {
    /// `<version>.json`.
    Commit { version: u64 },
    /// `<first>.<last>.compacted.json`.
    Compaction { first: u64, last: u64 },
    /// `<version>.checkpoint.parquet`.
    ClassicCheckpoint { version: u64 },
    /// `<version>.checkpoint.<part>.<parts>.parquet`.
    CheckpointPart { version: u64, part: u64, parts: u64 },
    /// `<version>.checkpoint.<uuid>.json` or `.parquet`.
    UuidCheckpoint { version: u64 },
}

impl LogFile {
    /// Reads a file's name; `None` for everything that takes no part in replay.
    pub(crate) fn parse(name: &str) -> Option<LogFile> {
        let parts: Vec<&str> = name.split('.').collect();
        let version = number(parts.first()?, 20)?;
        match parts.get(1..)? {
            ["json"] => Some(LogFile::Commit { version }),
            [last, "compacted", "json"] => {
                let last = number(last, 20)?;
                (last > version).then_some(LogFile::Compaction { first: version, last })
            }
            ["checkpoint", "parquet"] => Some(LogFile::ClassicCheckpoint { version }),
            ["checkpoint", part, parts, "parquet"] => {
                let (part, parts) = (number(part, 10)?, number(parts, 10)?);
                (part >= 1 && part <= parts).then_some(LogFile::CheckpointPart { version, part, parts })
            }
            ["checkpoint", uuid, "json" | "parquet"] => is_uuid(uuid).then_some(LogFile::UuidCheckpoint { version }),
            _ => None,
        }
    }
}

/// The commit that made `version`.
pub(crate) fn commit(version: u64) -> Path {
    in_log(&format!("{version:020}.json"))
}

/// The compaction of the commits from `first` to `last`.
pub(crate) fn compaction(first: u64, last: u64) -> Path {
    in_log(&format!("{first:020}.{last:020}.compacted.json"))
}

/// The checksum of `version`.
pub(crate) fn checksum(version: u64) -> Path {
    in_log(&format!("{version:020}.crc"))
}

/// The checkpoint of `version` that consists of one file.
pub(crate) fn classic_checkpoint(version: u64) -> Path {
    in_log(&format!("{version:020}.checkpoint.parquet"))
}

/// One part of the checkpoint of `version` that consists of `parts` files, counted from 1.
pub(crate) fn checkpoint_part(version: u64, part: u64, parts: u64) -> Path {
    in_log(&format!("{version:020}.checkpoint.{part:010}.{parts:010}.parquet"))
}

/// The pointer to a recent checkpoint.
pub(crate) fn last_checkpoint() -> Path {
    in_log("_last_checkpoint")
}

/// What sorts right before every file of `version` and right after those of the version before.
pub(crate) fn before(version: u64) -> Path {
    in_log(&format!("{version:020}"))
}

/// A sidecar, by the name or the URI-decoded path that its checkpoint calls it. Sidecars are always in
/// `_delta_log/_sidecars`, so only the name counts.
pub(crate) fn sidecar(name: &str) -> Option<Path> {
    let name = name.rsplit('/').next().filter(|name| !name.is_empty())?;
    Path::parse(format!("{LOG}/_sidecars/{name}")).ok()
}

/// A file right in the log's folder; `name` must be a plain file name.
pub(crate) fn in_log(name: &str) -> Path {
    Path::from(LOG).join(name)
}

fn number(text: &str, digits: usize) -> Option<u64> {
    let plain = text.len() >= digits && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().filter(|number| *number < LAST_VERSION)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        let name = |path: Path| path.filename().unwrap().to_string();
        assert_eq!(commit(7).as_ref(), "_delta_log/00000000000000000007.json");
        assert_eq!(LogFile::parse(&name(commit(7))), Some(LogFile::Commit { version: 7 }));
        assert_eq!(LogFile::parse(&name(classic_checkpoint(10))), Some(LogFile::ClassicCheckpoint { version: 10 }));
        assert_eq!(
            LogFile::parse(&name(checkpoint_part(10, 2, 3))),
            Some(LogFile::CheckpointPart { version: 10, part: 2, parts: 3 })
        );
    }

    #[test]
    fn other_names() {
        let uuid = "00000000000000000010.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json";
        assert_eq!(LogFile::parse(uuid), Some(LogFile::UuidCheckpoint { version: 10 }));
        let compaction = "00000000000000000004.00000000000000000006.compacted.json";
        assert_eq!(LogFile::parse(compaction), Some(LogFile::Compaction { first: 4, last: 6 }));
        for ignored in [
            "",
            "_last_checkpoint",
            "00000000000000000004.crc",
            "4.json",
            "0000000000000000000x.json",
            "99999999999999999999999.json",
            "18446744073709551615.json",
            "00000000000000000010.checkpoint.0000000003.0000000002.parquet",
            "00000000000000000010.checkpoint.0000000000.0000000002.parquet",
            "00000000000000000006.00000000000000000004.compacted.json",
            "00000000000000000004.00000000000000000004.compacted.json",
            "00000000000000000010.checkpoint.nouuid.json",
            "00000000000000000010.json.tmp",
        ] {
            assert_eq!(LogFile::parse(ignored), None, "{ignored}");
        }
    }

    #[test]
    fn sidecars_are_found_by_name() {
        let expected = "_delta_log/_sidecars/a.parquet";
        assert_eq!(sidecar("a.parquet").unwrap().as_ref(), expected);
        assert_eq!(sidecar("file:/x/_delta_log/_sidecars/a.parquet").unwrap().as_ref(), expected);
        assert_eq!(sidecar(".."), None);
        assert_eq!(sidecar("a/"), None);
    }
}
