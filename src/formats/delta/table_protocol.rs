//! What a table's `protocol` action asks of its readers and writers.
//!
//! Specification: [Protocol Evolution](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#protocol-evolution).

use crate::snapshot::{FormatDetail, FormatInfo};

/// Versions and features that a table asks of its readers and writers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TableProtocol {
    /// The lowest reader version.
    pub min_reader_version: u32,
    /// The lowest writer version.
    pub min_writer_version: u32,
    /// Features by name that a reader must know.
    pub reader_features: Vec<String>,
    /// Features by name that a writer must know.
    pub writer_features: Vec<String>,
}

impl TableProtocol {
    /// The same in terms that formats share.
    pub(crate) fn info(&self) -> FormatInfo {
        let mut features = [self.reader_features.as_slice(), &self.writer_features].concat();
        features.sort();
        features.dedup();
        FormatInfo {
            name: "delta".into(),
            version: format!("reader {}, writer {}", self.min_reader_version, self.min_writer_version),
            features,
            details: vec![
                ("minReaderVersion", FormatDetail::Number(self.min_reader_version.into())),
                ("minWriterVersion", FormatDetail::Number(self.min_writer_version.into())),
                ("readerFeatures", FormatDetail::Names(self.reader_features.clone())),
                ("writerFeatures", FormatDetail::Names(self.writer_features.clone())),
            ],
        }
    }

    /// The protocol that [`TableProtocol::info`] told of.
    pub(crate) fn of(format: &FormatInfo) -> TableProtocol {
        let version =
            |name: &str| format.number(name).and_then(|version| u32::try_from(version).ok()).unwrap_or_default();
        TableProtocol {
            min_reader_version: version("minReaderVersion"),
            min_writer_version: version("minWriterVersion"),
            reader_features: format.names("readerFeatures").to_vec(),
            writer_features: format.names("writerFeatures").to_vec(),
        }
    }
}
