//! What was read of a table's log, kept for the next time the table is opened.
//!
//! Unlike a data file's, a name in the log says nothing of what is in it: a table that was dropped and made anew has the same
//! ones. So all of it is kept as one entry, and given back as one: [`Storage::persisted_log`] shows it to the caller, who asks the
//! host for the newest commit and compares, and [`Storage::restore`] puts it into the cache.

use crate::snapshot::FileLocation;
use crate::storage::{Object, Storage};
use bytes::{BufMut, Bytes, BytesMut};
use object_store::path::Path;
use serde::{Deserialize, Serialize};

/// More than this is not kept of one log.
const MOST_BYTES: usize = 16 << 20;

/// A run of bytes of one object of the log.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::storage) struct Run {
    pub(in crate::storage) location: FileLocation,
    pub(in crate::storage) start: u64,
    pub(in crate::storage) bytes: Bytes,
    /// The object's size, and when it was written, where they are known.
    pub(in crate::storage) size: Option<u64>,
    pub(in crate::storage) last_modified: Option<i64>,
}

/// The log as it was read some time before.
#[derive(Debug)]
pub(crate) struct LogCache(Vec<Run>);

impl LogCache {
    /// Names in the table of what is kept.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().filter_map(|run| match &run.location {
            FileLocation::Relative(path) => Some(path),
            _ => None,
        })
    }

    /// An object that is kept whole, in one run.
    pub(crate) fn whole(&self, path: &Path) -> Option<Object> {
        let is_it = |run: &&Run| matches!(&run.location, FileLocation::Relative(other) if other == path);
        let run = self.0.iter().find(is_it)?;
        let is_whole = run.start == 0 && run.size == Some(run.bytes.len() as u64);
        is_whole.then(|| Object { bytes: run.bytes.clone(), last_modified: run.last_modified })
    }
}

impl Storage {
    /// The log that was kept of this table, which may be another one by now.
    pub(crate) async fn persisted_log(&self) -> Option<LogCache> {
        decode(self.shared.cache.persisted_log().await?).map(LogCache)
    }

    /// Puts a log into the cache that is the table's.
    pub(crate) fn restore(&self, log: LogCache) {
        let bytes = log.0.iter().map(|run| run.bytes.len()).sum();
        for run in &log.0 {
            self.shared.cache.put(&run.location, run.start, &run.bytes, run.size, run.last_modified);
        }
        self.shared.cache.note_kept(log.0.len(), bytes);
    }

    /// Keeps what the cache has of the log, if that has become more.
    pub(crate) async fn persist_log(&self) {
        let Some(runs) = self.shared.cache.log() else { return };
        let bytes = runs.iter().map(|run| run.bytes.len()).sum();
        if bytes <= MOST_BYTES && self.shared.cache.note_kept(runs.len(), bytes) {
            self.shared.cache.persist_log(encode(&runs)).await;
        }
    }

    /// Whether anything of the log is in the cache: the table was opened before.
    pub(crate) fn has_log(&self) -> bool {
        self.shared.cache.has_log()
    }

    /// Whether an object's bytes are all in the cache.
    pub(crate) fn holds(&self, location: &FileLocation) -> bool {
        self.shared.cache.get_whole(location).is_some()
    }
}

/// The head of a run, as it is written.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    path: std::borrow::Cow<'a, str>,
    start: u64,
    length: usize,
    size: Option<u64>,
    last_modified: Option<i64>,
}

/// The length of the heads, four bytes little-endian; the heads as JSON; the runs' bytes, one behind the other.
fn encode(runs: &[Run]) -> Bytes {
    let runs: Vec<(&Path, &Run)> = runs
        .iter()
        .filter_map(|run| match &run.location {
            FileLocation::Relative(path) => Some((path, run)),
            _ => None,
        })
        .collect();
    let heads: Vec<Head<'_>> = runs
        .iter()
        .map(|(path, run)| Head {
            path: path.as_ref().into(),
            start: run.start,
            length: run.bytes.len(),
            size: run.size,
            last_modified: run.last_modified,
        })
        .collect();
    let heads = serde_json::to_vec(&heads).unwrap_or_default();
    let mut encoded = BytesMut::new();
    encoded.put_u32_le(u32::try_from(heads.len()).unwrap_or_default());
    encoded.put_slice(&heads);
    for (_, run) in runs {
        encoded.put_slice(&run.bytes);
    }
    encoded.freeze()
}

fn decode(mut encoded: Bytes) -> Option<Vec<Run>> {
    let length = u32::from_le_bytes(encoded.get(..4)?.try_into().ok()?) as usize;
    let heads = encoded.get(4..length.checked_add(4)?)?;
    let heads: Vec<Head<'_>> = serde_json::from_slice(heads).ok()?;
    let mut rest = encoded.split_off(length + 4);
    let mut runs = Vec::with_capacity(heads.len());
    for head in heads {
        if head.length > rest.len() {
            return None;
        }
        let location = FileLocation::Relative(Path::parse(&*head.path).ok()?);
        let bytes = rest.split_to(head.length);
        runs.push(Run { location, start: head.start, bytes, size: head.size, last_modified: head.last_modified });
    }
    rest.is_empty().then_some(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(path: &str, start: u64, bytes: &'static str, size: Option<u64>) -> Run {
        let location = FileLocation::Relative(Path::parse(path).unwrap());
        Run { location, start, bytes: Bytes::from_static(bytes.as_bytes()), size, last_modified: Some(-5) }
    }

    #[test]
    fn what_is_written_is_read() {
        let runs = vec![run("_delta_log/0.json", 0, "abc", Some(3)), run("_delta_log/c.parquet", 7, "defg", None)];
        let encoded = encode(&runs);
        assert_eq!(decode(encoded.clone()).unwrap(), runs);
        assert_eq!(decode(encode(&[])).unwrap(), []);
        for end in 0..encoded.len() {
            assert_eq!(decode(encoded.slice(..end)), None, "cut at {end}");
        }
        let log = LogCache(runs);
        assert_eq!(log.whole(&Path::from("_delta_log/0.json")).unwrap().bytes, "abc");
        assert!(log.whole(&Path::from("_delta_log/c.parquet")).is_none());
        assert_eq!(log.paths().count(), 2);
    }
}
