//! Rows on stdout: a table to look at, CSV, a JSON array, an Arrow IPC stream.

use crate::Failure;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::csv;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::writer::StreamWriter;
use arrow::json;
use arrow::json::writer::JsonArray;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow::util::pretty::pretty_format_batches_with_options;
use clap::ValueEnum;
use std::io::Write;
use std::sync::Arc;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
pub enum Format {
    /// Columns side by side, once all rows are there.
    Table,
    /// CSV with a header; nested values as text.
    Csv,
    /// One JSON array of objects.
    Json,
    /// An Arrow IPC stream.
    Arrow,
}

/// Writes batches of one schema as they come.
pub enum Output<W: Write> {
    /// Kept until the end: columns are as wide as their widest value.
    Table { out: W, schema: SchemaRef, batches: Vec<RecordBatch> },
    /// Boxed, as it is much larger than the others.
    Csv(Box<csv::Writer<W>>),
    /// Writes the brackets around the rows itself.
    Json { writer: json::Writer<W, JsonArray> },
    /// Ends with its end-of-stream marker.
    Arrow(Box<StreamWriter<W>>),
}

impl<W: Write> Output<W> {
    /// Begins the output.
    pub fn new(format: Format, schema: SchemaRef, out: W) -> Result<Output<W>, Failure> {
        Ok(match format {
            Format::Table => Output::Table { out, schema, batches: Vec::new() },
            Format::Csv => {
                let mut writer = csv::WriterBuilder::new().with_header(true).build(out);
                // The header belongs to a result without rows too.
                writer.write(&flat(&RecordBatch::new_empty(schema))?)?;
                Output::Csv(Box::new(writer))
            }
            Format::Json => Output::Json { writer: json::WriterBuilder::new().with_explicit_nulls(true).build(out) },
            Format::Arrow => Output::Arrow(Box::new(StreamWriter::try_new(out, &schema)?)),
        })
    }

    /// Writes some rows.
    pub fn write(&mut self, batch: RecordBatch) -> Result<(), Failure> {
        match self {
            Output::Table { batches, .. } => batches.push(batch),
            Output::Csv(writer) => writer.write(&flat(&batch)?)?,
            Output::Json { writer } => writer.write(&batch)?,
            Output::Arrow(writer) => writer.write(&batch)?,
        }
        Ok(())
    }

    /// Ends the output.
    pub fn finish(self) -> Result<(), Failure> {
        match self {
            Output::Table { mut out, schema, mut batches } => {
                let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
                batches.insert(0, RecordBatch::new_empty(schema));
                let options = FormatOptions::default().with_null("NULL");
                writeln!(out, "{}", pretty_format_batches_with_options(&batches, &options)?)?;
                writeln!(out, "{rows} row{}", if rows == 1 { "" } else { "s" })?;
                out.flush()?;
            }
            Output::Csv(writer) => writer.into_inner().flush()?,
            Output::Json { mut writer } => {
                writer.finish()?;
                let mut out = writer.into_inner();
                writeln!(out)?;
                out.flush()?;
            }
            Output::Arrow(mut writer) => {
                writer.finish()?;
                writer.get_mut().flush()?;
            }
        }
        Ok(())
    }
}

/// The batch with nested values as text, which CSV has no form for.
fn flat(batch: &RecordBatch) -> Result<RecordBatch, Failure> {
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if field.data_type().is_nested() {
            fields.push(Arc::new(Field::new(field.name(), DataType::Utf8, true)));
            columns.push(as_text(column)?);
        } else {
            fields.push(field.clone());
            columns.push(column.clone());
        }
    }
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?)
}

fn as_text(column: &ArrayRef) -> Result<ArrayRef, Failure> {
    let options = FormatOptions::default().with_null("null");
    let formatter = ArrayFormatter::try_new(column, &options)?;
    let text: StringArray =
        (0..column.len()).map(|i| column.is_valid(i).then(|| formatter.value(i).to_string())).collect();
    Ok(Arc::new(text))
}
