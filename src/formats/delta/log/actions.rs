//! The log's actions, as serde reads them from commits and JSON checkpoints.
//!
//! Only the fields that reading a table needs; everything else is skipped. Statistics stay the raw string they are.
//! Specification: [Actions](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#actions).

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// One line of a commit: an object with one action. Unknown actions leave every field empty.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line<'a> {
    pub(crate) add: Option<Add>,
    pub(crate) remove: Option<Remove>,
    pub(crate) meta_data: Option<Metadata>,
    pub(crate) protocol: Option<Protocol>,
    #[serde(borrow)]
    pub(crate) commit_info: Option<&'a RawValue>,
    pub(crate) sidecar: Option<Sidecar>,
}

/// `add`: a logical file is part of the table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Add {
    pub(crate) path: Box<str>,
    #[serde(default)]
    pub(crate) partition_values: PartitionValues,
    pub(crate) size: i64,
    #[serde(default)]
    pub(crate) modification_time: i64,
    pub(crate) stats: Option<Box<str>>,
    pub(crate) deletion_vector: Option<DeletionVector>,
    pub(crate) base_row_id: Option<i64>,
    pub(crate) default_row_commit_version: Option<i64>,
}

impl Add {
    /// A file that a sharing server names, in its plain format.
    pub(crate) fn shared(
        path: Box<str>,
        partition_values: impl IntoIterator<Item = (String, Option<String>)>,
        size: i64,
        stats: Option<Box<str>>,
    ) -> Add {
        let values = partition_values.into_iter().map(|(name, value)| (name.into(), value.map(Into::into)));
        let partition_values = PartitionValues(values.collect());
        Add {
            path,
            partition_values,
            size,
            modification_time: 0,
            stats,
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
        }
    }
}

/// `remove`: a logical file is not part of the table any more.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Remove {
    pub(crate) path: Box<str>,
    pub(crate) deletion_vector: Option<DeletionVector>,
}

/// `deletionVector`: which rows of a logical file are deleted.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletionVector {
    #[serde(default)]
    pub(crate) storage_type: Box<str>,
    #[serde(default)]
    pub(crate) path_or_inline_dv: Box<str>,
    pub(crate) offset: Option<i64>,
    #[serde(default)]
    pub(crate) size_in_bytes: i64,
    #[serde(default)]
    pub(crate) cardinality: i64,
}

impl DeletionVector {
    /// Some writers (delta-rs, in checkpoints) write an empty descriptor for "no deletion vector".
    pub(crate) fn is_none(&self) -> bool {
        self.storage_type.is_empty() && self.path_or_inline_dv.is_empty()
    }

    /// `uniqueId`: what tells two deletion vectors of one file apart.
    pub(crate) fn unique_id(&self) -> String {
        match self.offset {
            Some(offset) => format!("{}{}@{offset}", self.storage_type, self.path_or_inline_dv),
            None => format!("{}{}", self.storage_type, self.path_or_inline_dv),
        }
    }
}

/// `metaData`: the table's schema, partitioning and properties.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) schema_string: String,
    #[serde(default)]
    pub(crate) partition_columns: Vec<String>,
    pub(crate) created_time: Option<i64>,
    #[serde(default)]
    pub(crate) configuration: BTreeMap<String, Option<String>>,
    pub(crate) format: Option<Format>,
}

/// `metaData.format`: how data files are encoded.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Format {
    pub(crate) provider: String,
}

/// `protocol`: what readers and writers must know.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Protocol {
    pub(crate) min_reader_version: i64,
    pub(crate) min_writer_version: i64,
    pub(crate) reader_features: Option<Vec<String>>,
    pub(crate) writer_features: Option<Vec<String>>,
}

/// `sidecar`: a file with part of a V2 checkpoint's file actions.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sidecar {
    pub(crate) path: String,
    pub(crate) size_in_bytes: Option<i64>,
}

/// `txn`: how far an application's writes have come.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transaction {
    pub(crate) app_id: String,
    pub(crate) version: i64,
}

/// The times in `commitInfo`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CommitTimes {
    /// `timestamp`: the writer's clock.
    pub(crate) timestamp: Option<i64>,
    /// `inCommitTimestamp`.
    pub(crate) in_commit: Option<i64>,
}

impl CommitTimes {
    /// Reads a `commitInfo`. It is free-form: a value of another type is as good as none.
    pub(crate) fn of(commit_info: &RawValue) -> CommitTimes {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Times<'a> {
            #[serde(borrow)]
            timestamp: Option<&'a RawValue>,
            #[serde(borrow)]
            in_commit_timestamp: Option<&'a RawValue>,
        }
        let millis = |raw: Option<&RawValue>| raw.and_then(|raw| raw.get().parse().ok());
        match serde_json::from_str::<Times<'_>>(commit_info.get()) {
            Ok(times) => {
                CommitTimes { timestamp: millis(times.timestamp), in_commit: millis(times.in_commit_timestamp) }
            }
            Err(_) => CommitTimes::default(),
        }
    }
}

/// `partitionValues`: a small map, in the order written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PartitionValues(pub(crate) Vec<(Box<str>, Option<Box<str>>)>);

impl PartitionValues {
    /// The value of the partition column with this physical name; absent is null.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| &**key == name).and_then(|(_, value)| value.as_deref())
    }
}

impl<'de> Deserialize<'de> for PartitionValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = PartitionValues;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from partition column to value")
            }

            fn visit_unit<E>(self) -> Result<PartitionValues, E> {
                Ok(PartitionValues::default())
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<PartitionValues, M::Error> {
                let mut values = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(entry) = map.next_entry()? {
                    values.push(entry);
                }
                Ok(PartitionValues(values))
            }
        }

        deserializer.deserialize_any(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_add_keeps_its_statistics_raw() {
        let text = r#"{"add":{"path":"p=1/a.parquet","partitionValues":{"p":"1","q":null},"size":3,"modificationTime":7,
            "dataChange":true,"stats":"{\"numRecords\":2}","tags":{"x":"y"},"baseRowId":4}}"#;
        let add = serde_json::from_str::<Line<'_>>(text).unwrap().add.unwrap();
        assert_eq!(add.stats.as_deref(), Some(r#"{"numRecords":2}"#));
        assert_eq!(add.partition_values.get("p"), Some("1"));
        assert_eq!((add.base_row_id, add.default_row_commit_version), (Some(4), None));
        assert_eq!((add.partition_values.get("q"), add.partition_values.get("r")), (None, None));
    }

    #[test]
    fn a_deletion_vector_has_the_id_of_the_specification() {
        let text = r#"{"storageType":"u","pathOrInlineDv":"ab^-aqEH.-t@S}K{vb[*k^","offset":4,"sizeInBytes":40,"cardinality":6}"#;
        let vector = serde_json::from_str::<DeletionVector>(text).unwrap();
        assert_eq!(vector.unique_id(), "uab^-aqEH.-t@S}K{vb[*k^@4");
        assert_eq!(DeletionVector { offset: None, ..vector }.unique_id(), "uab^-aqEH.-t@S}K{vb[*k^");
    }

    #[test]
    fn times_of_a_commit() {
        let times = |text: &str| CommitTimes::of(&RawValue::from_string(text.into()).unwrap());
        let both = CommitTimes { timestamp: Some(5), in_commit: Some(6) };
        assert_eq!(times(r#"{"timestamp":5,"inCommitTimestamp":6,"operation":"WRITE"}"#), both);
        assert_eq!(times(r#"{"timestamp":"yesterday"}"#), CommitTimes::default());
        assert_eq!(times("[]"), CommitTimes::default());
    }
}
