//! Columns, properties and features of a table, from its `protocol` and `metaData` actions. Pure.

use super::column_mapping::Mode;
use super::log::actions::{Metadata, Protocol};
use super::table_protocol::TableProtocol;
use super::{schema, table_features};
use crate::error::{Error, Result};
use crate::snapshot::{Definition, TableMetadata};
use arrow::datatypes::Schema;

/// Reads the two actions. Refuses features that this reader does not know.
pub(crate) fn parse(protocol: &Protocol, metadata: Metadata) -> Result<(Definition, TableProtocol)> {
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
    Ok((Definition { schema, partition_columns, metadata, format: protocol.info() }, protocol))
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
