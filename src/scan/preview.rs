//! The first rows of a table, without SQL.

use super::Scan;
use crate::error::{Error, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use futures::stream::BoxStream;
use std::sync::Arc;

/// The first `limit` rows of `scan`, in the order of its files: all columns, or those named, in that order. A name is
/// matched exactly, else whatever its case. No data file is read before the first batch is asked for.
pub fn preview(
    scan: Scan,
    columns: Option<&[&str]>,
    limit: usize,
) -> Result<(SchemaRef, BoxStream<'static, Result<RecordBatch>>)> {
    let mut scan = scan.with_limit(Some(limit));
    if let Some(names) = columns {
        let columns = names.iter().map(|name| position(scan.schema(), name)).collect::<Result<Vec<_>>>()?;
        let projected = scan.schema().project(&columns).map_err(Error::internal)?;
        scan = scan.with_columns(columns, Arc::new(projected));
    }
    Ok((scan.schema().clone(), scan.stream()))
}

fn position(schema: &Schema, name: &str) -> Result<usize> {
    let fields = schema.fields();
    let exact = fields.iter().position(|field| field.name() == name);
    let lower = name.to_lowercase();
    exact.or_else(|| fields.iter().position(|field| field.name().to_lowercase() == lower)).ok_or_else(|| {
        let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        Error::InvalidSql { message: format!("no column {name}: the table has {}", names.join(", ")) }
    })
}
