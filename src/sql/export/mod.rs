//! A result as a file: CSV, JSON lines, an Arrow IPC file, Parquet. Written batch by batch, into pieces that put together are it.
//!
//! ```text
//! batches of a result -> Exporter -> bytes
//! ```

mod arrow_file;
mod csv;
mod json;
mod parquet;

use super::error::from_arrow;
use crate::error::{Error, Result};
use ::arrow::array::{RecordBatch, RecordBatchOptions};
use ::arrow::datatypes::{Field, Schema, SchemaRef};
use std::collections::HashSet;
use std::str::FromStr;
use std::sync::Arc;

/// What a result is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with a header. A null is an empty field, an empty text is `""`; nested values are JSON, binaries hexadecimal.
    Csv,
    /// An object in each line. Decimals, dates and times are texts, and so are `NaN` and the infinities; binaries hexadecimal.
    JsonLines,
    /// The same objects in one array.
    JsonArray,
    /// An Arrow IPC file ("Feather 2"), not compressed.
    Arrow,
    /// A Parquet file, compressed with snappy.
    Parquet,
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Format> {
        match name {
            "csv" => Ok(Format::Csv),
            "jsonl" => Ok(Format::JsonLines),
            "json" => Ok(Format::JsonArray),
            "arrow" => Ok(Format::Arrow),
            "parquet" => Ok(Format::Parquet),
            other => Err(Error::unsupported(format!("export as {other}"), "one of csv, jsonl, arrow, parquet")),
        }
    }
}

/// Writes the batches of one result.
pub struct Exporter {
    schema: SchemaRef,
    writer: Box<dyn Writer>,
}

/// One format. Each call gives the bytes that it adds.
trait Writer: Send {
    fn write(&mut self, batch: &RecordBatch) -> Result<Vec<u8>>;
    fn finish(&mut self) -> Result<Vec<u8>>;
}

impl Exporter {
    /// A writer for batches of `schema`. When two columns have one name, the later ones get `_1`, `_2`, … appended.
    pub fn new(format: Format, schema: &SchemaRef) -> Result<Exporter> {
        let schema = distinct(schema);
        let writer: Box<dyn Writer> = match format {
            Format::Csv => Box::new(csv::Csv::new(&schema)),
            Format::JsonLines => Box::new(json::Json::lines()),
            Format::JsonArray => Box::new(json::Json::array()),
            Format::Arrow => Box::new(arrow_file::ArrowFile::new(&schema)?),
            Format::Parquet => Box::new(parquet::Parquet::new(&schema)?),
        };
        Ok(Exporter { schema, writer })
    }

    /// The bytes of one batch; may be none.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        if batch.num_rows() == 0 {
            return Ok(Vec::new());
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns = batch.columns().to_vec();
        let named = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        self.writer.write(&named.map_err(from_arrow)?)
    }

    /// The bytes at the end.
    pub fn finish(&mut self) -> Result<Vec<u8>> {
        self.writer.finish()
    }
}

fn distinct(schema: &SchemaRef) -> SchemaRef {
    let mut taken: HashSet<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    if taken.len() == schema.fields().len() {
        return schema.clone();
    }
    let mut seen = HashSet::new();
    let named = |field: &Arc<Field>| {
        if seen.insert(field.name().clone()) {
            return field.clone();
        }
        let free = (1..).map(|n| format!("{}_{n}", field.name())).find(|name| !taken.contains(name));
        let name = free.unwrap_or_default();
        taken.insert(name.clone());
        Arc::new(Field::clone(field).with_name(name))
    };
    let fields: Vec<_> = schema.fields().iter().map(named).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}
