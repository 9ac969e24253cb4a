//! Whether this reader knows all that a table asks of its readers. Pure.
//!
//! Specification: [Table Features](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#table-features). Features that
//! only writers must know never stand in the way of reading, not even unknown ones.

use super::log::actions::Protocol;
use super::table_protocol::TableProtocol;
use crate::error::{Error, Result};

/// The reader features that are honoured.
const KNOWN: [&str; 13] = [
    "columnMapping",
    "deletionVectors",
    "timestampNtz",
    // The same by the name that it had at first.
    "timestampWithoutTimezone",
    "v2Checkpoint",
    "vacuumProtocolCheck",
    "typeWidening",
    "typeWidening-preview",
    "variantType",
    "variantType-preview",
    "variantShredding",
    "variantShredding-preview",
    "geospatial",
];

/// Refuses, by name, what this reader does not know; returns the protocol as the snapshot holds it.
pub(crate) fn check(protocol: &Protocol) -> Result<TableProtocol> {
    let version = |version: i64, name: &str| {
        u32::try_from(version)
            .ok()
            .filter(|version| *version >= 1)
            .ok_or_else(|| Error::corrupt("_delta_log", format!("protocol: {name} is {version}")))
    };
    let checked = TableProtocol {
        min_reader_version: version(protocol.min_reader_version, "minReaderVersion")?,
        min_writer_version: version(protocol.min_writer_version, "minWriterVersion")?,
        reader_features: protocol.reader_features.clone().unwrap_or_default(),
        writer_features: protocol.writer_features.clone().unwrap_or_default(),
    };
    if checked.min_reader_version > 3 {
        let feature = format!("minReaderVersion {}", checked.min_reader_version);
        return Err(Error::unsupported(feature, "the table asks for a newer reader; the newest known is 3"));
    }
    if checked.min_reader_version == 3 && protocol.reader_features.is_none() {
        return Err(Error::corrupt("_delta_log", "protocol: minReaderVersion is 3 and readerFeatures is missing"));
    }
    match checked.reader_features.iter().find(|feature| !KNOWN.contains(&feature.as_str())) {
        Some(feature) => Err(Error::unsupported(feature, refusal(feature))),
        None => Ok(checked),
    }
}

/// Why a reader feature is refused, and what can be done about it.
fn refusal(feature: &str) -> &'static str {
    match feature {
        "catalogManaged" | "catalogOwned" | "catalogOwned-preview" => {
            "the table's newest commits are known to its catalog alone: read it through the catalog, or open a copy of it"
        }
        "redirectReaderWriter" | "redirectReaderWriter-preview" => {
            "the table has moved: its owner, or the property delta.redirectReaderWriter in its log, tells where to; open that"
        }
        _ => {
            "the table's protocol asks every reader to know this table feature, and this one does not: \
             open a version from before it, or drop the feature with the engine that writes the table"
        }
    }
}

/// Whether `delta.columnMapping.mode` counts: with reader version 2, or 3 and the feature. Spark has upgraded tables to version 3
/// with the feature among the writers' alone, and no reader features at all: their files are mapped none the less.
pub(crate) fn has_column_mapping(protocol: &TableProtocol) -> bool {
    match protocol.min_reader_version {
        0 | 1 => false,
        2 => true,
        _ => {
            let mut features = protocol.reader_features.iter().chain(&protocol.writer_features);
            features.any(|feature| feature == "columnMapping")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protocol(reader: i64, features: Option<&[&str]>) -> Protocol {
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
        Protocol {
            min_reader_version: reader,
            min_writer_version: 7,
            reader_features: features.map(names),
            writer_features: Some(vec!["madeUpWriterFeature".into(), "appendOnly".into()]),
        }
    }

    #[test]
    fn known_ones_pass() {
        for version in 1..=2 {
            assert_eq!(check(&protocol(version, None)).unwrap().min_reader_version, version as u32);
        }
        assert_eq!(check(&protocol(3, Some(&KNOWN))).unwrap().reader_features, KNOWN);
    }

    #[test]
    fn unknown_ones_are_refused_by_name() {
        for feature in ["catalogManaged", "fromTheFuture"] {
            let error = check(&protocol(3, Some(&["deletionVectors", feature]))).unwrap_err();
            assert!(matches!(error, Error::UnsupportedFeature { feature: name, .. } if name == feature));
        }
        let error = check(&protocol(4, Some(&[]))).unwrap_err();
        assert!(matches!(error, Error::UnsupportedFeature { feature, .. } if feature == "minReaderVersion 4"));
        assert!(matches!(check(&protocol(3, None)), Err(Error::CorruptTable { .. })));
        assert!(matches!(check(&protocol(-1, None)), Err(Error::CorruptTable { .. })));
    }

    #[test]
    fn what_is_refused_says_what_to_do() {
        for (feature, hint) in [
            ("catalogManaged", "through the catalog"),
            ("catalogOwned-preview", "through the catalog"),
            ("redirectReaderWriter", "open that"),
            ("adaptiveMetadata", "drop the feature"),
        ] {
            let error = check(&protocol(3, Some(&[feature]))).unwrap_err().to_string();
            assert!(error.contains(feature) && error.contains(hint), "{error}");
        }
    }

    #[test]
    fn what_writers_must_know_never_blocks_a_reader() {
        for feature in [
            "allowColumnDefaults",
            "appendOnly",
            "changeDataFeed",
            "checkConstraints",
            "checkpointProtection",
            "clustering",
            "collations",
            "domainMetadata",
            "generatedColumns",
            "icebergCompatV1",
            "icebergCompatV2",
            "icebergCompatV3",
            "icebergWriterCompatV1",
            "identityColumns",
            "inCommitTimestamp",
            "inCommitTimestamp-preview",
            "invariants",
            "materializePartitionColumns",
            "redirectWriterOnly",
            "rowTracking",
            "fromTheFuture",
        ] {
            let mut of_writers = protocol(3, Some(&[]));
            of_writers.writer_features = Some(vec![feature.into()]);
            assert_eq!(check(&of_writers).unwrap().writer_features, [feature]);
            of_writers = protocol(1, None);
            of_writers.writer_features = Some(vec![feature.into()]);
            assert!(check(&of_writers).is_ok(), "{feature}");
        }
    }

    #[test]
    fn column_mapping_counts_where_the_protocol_says() {
        let counts = |reader, features| has_column_mapping(&check(&protocol(reader, features)).unwrap());
        assert!(!counts(1, None));
        assert!(counts(2, None));
        assert!(!counts(3, Some(&["deletionVectors"])));
        assert!(counts(3, Some(&["columnMapping"])));

        let mut of_writers = protocol(3, Some(&[]));
        of_writers.writer_features = Some(vec!["columnMapping".into(), "icebergCompatV1".into()]);
        assert!(has_column_mapping(&check(&of_writers).unwrap()));
    }
}
