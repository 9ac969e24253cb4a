//! What `protocol` and `metaData` make of a table: its columns, properties and features. Pure, but for [`definition`].

use super::column_mapping::Mode;
use super::log::actions::{Metadata, Protocol};
use super::log::{checksum, last_checkpoint};
use super::{schema, table_features};
use crate::error::{Error, Result};
use crate::snapshot::{Snapshot, TableMetadata, TableProtocol, TableSchema};
use crate::storage::Storage;
use arrow::datatypes::Schema;

/// A version of a table without its files.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The columns.
    pub schema: TableSchema,
    /// Positions in the schema of the partition columns.
    pub partition_columns: Vec<usize>,
    /// Name, identity and configuration.
    pub metadata: TableMetadata,
    /// Versions and features that the table asks of its readers and writers.
    pub protocol: TableProtocol,
}

/// The definition of the table at `version`: one request where that version has a checksum file, and else what
/// [`super::snapshot`] takes.
pub async fn definition(storage: &Storage, version: u64) -> Result<Definition> {
    // Side by side: where there is no checksum, nothing was waited for.
    let (checksum, hint) = futures::try_join!(checksum::read(storage, version), last_checkpoint::read(storage))?;
    if let Some((metadata, protocol)) = checksum.and_then(|checksum| checksum.definition()) {
        return Definition::new(&protocol, metadata);
    }
    let snapshot = super::read(storage, Some(version), hint.as_ref()).await?;
    let Snapshot { schema, partition_columns, metadata, protocol, .. } = snapshot;
    Ok(Definition { schema, partition_columns, metadata, protocol })
}

impl Definition {
    /// Refuses what this reader does not know.
    pub(crate) fn new(protocol: &Protocol, metadata: Metadata) -> Result<Definition> {
        let protocol = table_features::check(protocol)?;
        check_format(&metadata)?;
        let configuration = metadata.configuration.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        let mode = Mode::of(&protocol, &configuration)?;
        let schema = schema::parse(&metadata.schema_string, mode)?;
        let partition_columns = positions(&schema.logical, &metadata.partition_columns)?;
        let metadata = TableMetadata {
            id: metadata.id,
            name: metadata.name,
            description: metadata.description,
            created_time: metadata.created_time,
            schema_string: metadata.schema_string,
            configuration,
        };
        Ok(Definition { schema, partition_columns, metadata, protocol })
    }
}

fn check_format(metadata: &Metadata) -> Result<()> {
    match metadata.format.as_ref().map(|format| format.provider.as_str()) {
        None => Ok(()),
        Some(provider) if provider.eq_ignore_ascii_case("parquet") => Ok(()),
        Some(provider) => {
            Err(Error::unsupported(provider, "the table's data files are in this format, not in Parquet"))
        }
    }
}

/// The positions of the partition columns.
pub(crate) fn positions(schema: &Schema, names: &[String]) -> Result<Vec<usize>> {
    let position = |name: &String| {
        let found = schema.index_of(name).ok();
        let found = found.or_else(|| schema.fields().iter().position(|field| field.name().eq_ignore_ascii_case(name)));
        found.ok_or_else(|| Error::corrupt("_delta_log", format!("partition column {name} is not in the schema")))
    };
    names.iter().map(position).collect()
}
