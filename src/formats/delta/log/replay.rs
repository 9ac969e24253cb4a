//! Action reconciliation: the newest word on each logical file decides. Pure.
//!
//! Fed from the newest commit to the oldest and the checkpoint last, so that the first word on a file is the newest.
//! Specification: [Action Reconciliation](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#action-reconciliation).

use super::actions::{Add, DeletionVector};
use super::commit::FileAction;
use crate::error::{Error, Result};
use crate::formats::delta::data_file::{Locator, key};
use crate::formats::delta::partition_values::PartitionValuesBuilder;
use crate::formats::delta::row_tracking;
use crate::formats::delta::statistics::rows_and_tightness;
use crate::snapshot::{DataFile, FileLocation, FileStatistics, StoredStatistics};
use arrow::array::RecordBatch;
use std::collections::HashSet;

/// A replay under way.
pub(crate) struct Replay<'a> {
    locator: &'a Locator,
    /// Logical files that a newer action has spoken of.
    seen: HashSet<Box<str>>,
    files: Vec<DataFile>,
    partition_values: PartitionValuesBuilder,
    stored_statistics: Vec<StoredStatistics>,
}

/// What a replay comes to.
pub(crate) struct Replayed {
    pub(crate) files: Vec<DataFile>,
    /// A row per file.
    pub(crate) partition_values: RecordBatch,
    pub(crate) stored_statistics: Vec<StoredStatistics>,
}

/// An `add`, wherever it was read.
pub(crate) struct AddedFile<'a> {
    pub(crate) path: &'a str,
    pub(crate) size: i64,
    pub(crate) modification_time: i64,
    pub(crate) deletion_vector: Option<&'a DeletionVector>,
    pub(crate) base_row_id: Option<i64>,
    pub(crate) default_row_commit_version: Option<i64>,
}

impl<'a> Replay<'a> {
    pub(crate) fn new(locator: &'a Locator, partition_values: PartitionValuesBuilder) -> Replay<'a> {
        let (seen, files, stored_statistics) = (HashSet::new(), Vec::new(), Vec::new());
        Replay { locator, seen, files, partition_values, stored_statistics }
    }

    /// The file actions of the next older commit. Within a commit the last word counts, as for Spark.
    pub(crate) fn commit(&mut self, actions: Vec<FileAction>) -> Result<()> {
        for action in actions.into_iter().rev() {
            match action {
                FileAction::Remove(remove) => {
                    let location = self.locator.locate(&remove.path)?;
                    self.seen.insert(key(&location, remove.deletion_vector.as_ref()));
                }
                FileAction::Add(add) => {
                    let location = self.locator.locate(&add.path)?;
                    if self.seen.insert(key(&location, add.deletion_vector.as_ref())) {
                        self.push_add(*add, location)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The file actions of a JSON checkpoint.
    pub(crate) fn checkpoint(&mut self, actions: Vec<FileAction>) -> Result<()> {
        for action in actions {
            // The checkpoint's own removes are tombstones for VACUUM: they cancel nothing in it.
            if let FileAction::Add(add) = action {
                let location = self.locator.locate(&add.path)?;
                if !self.is_seen(&location, add.deletion_vector.as_ref()) {
                    self.push_add(*add, location)?;
                }
            }
        }
        Ok(())
    }

    /// An `add` of a Parquet checkpoint. A checkpoint names each file once, so that nothing need be remembered of it.
    pub(crate) fn checkpoint_add<'v>(
        &mut self,
        add: &AddedFile<'_>,
        statistics: impl FnOnce() -> Option<FileStatistics>,
        partition_value: impl FnMut(&str) -> Option<&'v str>,
    ) -> Result<()> {
        let location = self.locator.locate(add.path)?;
        if self.is_seen(&location, add.deletion_vector) {
            return Ok(());
        }
        self.push(add, location, statistics())?;
        self.partition_values.append(partition_value);
        Ok(())
    }

    /// Makes room for this many more files at once.
    pub(crate) fn reserve(&mut self, files: usize) {
        self.files.reserve_exact(files);
    }

    /// Notes where statistics were left, and returns its number.
    pub(crate) fn store(&mut self, statistics: StoredStatistics) -> u32 {
        self.stored_statistics.push(statistics);
        u32::try_from(self.stored_statistics.len() - 1).unwrap_or(u32::MAX)
    }

    /// The live files.
    pub(crate) fn finish(mut self) -> Result<Replayed> {
        self.files.shrink_to_fit();
        let partition_values = self.partition_values.finish()?;
        Ok(Replayed { files: self.files, partition_values, stored_statistics: self.stored_statistics })
    }

    fn is_seen(&self, location: &FileLocation, vector: Option<&DeletionVector>) -> bool {
        match (location, vector) {
            _ if self.seen.is_empty() => false,
            // Most of a checkpoint: no key is made to be looked up.
            (FileLocation::Relative(path), None) => self.seen.contains(path.as_ref()),
            _ => self.seen.contains(&key(location, vector)),
        }
    }

    fn push_add(&mut self, mut add: Add, location: FileLocation) -> Result<()> {
        let statistics = add.stats.take().filter(|stats| !stats.is_empty()).map(FileStatistics::Text);
        let added = AddedFile {
            path: &add.path,
            size: add.size,
            modification_time: add.modification_time,
            deletion_vector: add.deletion_vector.as_ref(),
            base_row_id: add.base_row_id,
            default_row_commit_version: add.default_row_commit_version,
        };
        self.push(&added, location, statistics)?;
        self.partition_values.append(|name| add.partition_values.get(name));
        Ok(())
    }

    fn push(&mut self, add: &AddedFile<'_>, location: FileLocation, statistics: Option<FileStatistics>) -> Result<()> {
        let size =
            u64::try_from(add.size).map_err(|_| Error::corrupt(add.path, format!("its size is {}", add.size)))?;
        let deletes = match add.deletion_vector {
            Some(vector) => self.locator.deletes(vector)?.map(Box::new),
            None => None,
        };
        let modification_time = add.modification_time;
        let row_origin = row_tracking::origin(add.base_row_id, add.default_row_commit_version).map(Box::new);
        let (row_count, has_tight_bounds) = rows_and_tightness(statistics.as_ref());
        self.files.push(DataFile {
            modification_time,
            row_count,
            has_tight_bounds,
            statistics,
            deletes,
            row_origin,
            ..DataFile::new(location, size)
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::delta::log::commit;
    use arrow::datatypes::Schema;

    fn replay(commits: &[&str], checkpoint: &str) -> Vec<String> {
        let locator = Locator::new("file:///table").unwrap();
        let columns = PartitionValuesBuilder::new(&Schema::empty(), &Schema::empty(), &[]);
        let mut replay = Replay::new(&locator, columns);
        let actions = |text: &str| commit::parse(text.as_bytes(), "log").unwrap().files;
        for commit in commits {
            replay.commit(actions(commit)).unwrap();
        }
        replay.checkpoint(actions(checkpoint)).unwrap();
        let Replayed { files, partition_values, .. } = replay.finish().unwrap();
        assert_eq!(files.len(), partition_values.num_rows());
        let name = |file: DataFile| {
            let deleted = file.deletes.map_or(0, |deletes| deletes.cardinality());
            format!("{} {deleted}", key(&file.location, None))
        };
        files.into_iter().map(name).collect()
    }

    fn add(path: &str, cardinality: i64) -> String {
        let vector = match cardinality {
            0 => "null".into(),
            _ => format!(
                r#"{{"storageType":"u","pathOrInlineDv":"^-aqEH.-t@S}}K{{vb[*k^","offset":{cardinality},"sizeInBytes":1,"cardinality":{cardinality}}}"#
            ),
        };
        format!(r#"{{"add":{{"path":"{path}","partitionValues":{{}},"size":1,"deletionVector":{vector}}}}}"#) + "\n"
    }

    fn remove(path: &str, cardinality: i64) -> String {
        add(path, cardinality).replace("\"add\"", "\"remove\"")
    }

    #[test]
    fn newer_words_decide() {
        let newest = remove("a", 0) + &add("b", 0);
        let older = add("a", 0) + &add("b", 0) + &remove("c", 0) + &remove("d", 0);
        let checkpoint = add("c", 0) + &add("d", 0) + &add("e", 0) + &remove("f", 0);
        assert_eq!(replay(&[&newest, &older], &checkpoint), ["b 0", "e 0"]);
    }

    #[test]
    fn a_deletion_vector_makes_another_logical_file() {
        let newest = add("a", 2) + &remove("a", 1);
        let older = add("a", 1) + &remove("a", 0);
        assert_eq!(replay(&[&newest, &older], &add("a", 0)), ["a 2"]);
        // The same data file comes back without its deletion vector.
        assert_eq!(replay(&[&(remove("a", 1) + &add("a", 0))], &add("a", 1)), ["a 0"]);
    }

    #[test]
    fn the_last_word_within_a_commit_counts() {
        let text = remove("a", 0) + &add("a", 0);
        assert_eq!(replay(&[&text], &add("b", 0)), ["a 0", "b 0"]);
        let text = add("a", 0) + &remove("a", 0);
        assert_eq!(replay(&[&text], &add("a", 0)), [""; 0]);
    }

    #[test]
    fn spellings_of_a_path_are_one_file() {
        let newest = remove("/table/p@%23h", 0) + &remove("file:///elsewhere", 0);
        assert_eq!(replay(&[&newest], &(add("p@%23h", 0) + &add("/elsewhere", 0))), [""; 0]);
    }
}
