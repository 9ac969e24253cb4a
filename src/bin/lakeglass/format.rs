//! Rows on stdout or in a file: a table to look at, a stream of Arrow IPC messages, and what results are exported as.

use crate::Failure;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::StreamWriter;
use arrow::util::display::FormatOptions;
use arrow::util::pretty::pretty_format_batches_with_options;
use clap::ValueEnum;
use lakeglass::sql::export::{self, Exporter};
use std::io::Write;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
pub enum Format {
    /// Columns side by side, once all rows are there.
    Table,
    /// CSV with a header; nested values as JSON.
    Csv,
    /// A JSON object in each line.
    Jsonl,
    /// One JSON array of objects.
    Json,
    /// An Arrow IPC file.
    Arrow,
    /// An Arrow IPC stream.
    ArrowStream,
    /// A Parquet file, compressed with snappy.
    Parquet,
}

/// Writes batches of one schema as they come.
pub enum Output<W: Write> {
    /// Kept until the end: columns are as wide as their widest value.
    Table { out: W, schema: SchemaRef, batches: Vec<RecordBatch> },
    /// Ends with its end-of-stream marker.
    Stream(Box<StreamWriter<W>>),
    /// The same bytes as in a browser.
    Export { out: W, exporter: Exporter },
}

impl<W: Write> Output<W> {
    /// Begins the output.
    pub fn new(format: Format, schema: SchemaRef, out: W) -> Result<Output<W>, Failure> {
        let format = match format {
            Format::Table => return Ok(Output::Table { out, schema, batches: Vec::new() }),
            Format::ArrowStream => return Ok(Output::Stream(Box::new(StreamWriter::try_new(out, &schema)?))),
            Format::Csv => export::Format::Csv,
            Format::Jsonl => export::Format::JsonLines,
            Format::Json => export::Format::JsonArray,
            Format::Arrow => export::Format::Arrow,
            Format::Parquet => export::Format::Parquet,
        };
        Ok(Output::Export { out, exporter: Exporter::new(format, &schema)? })
    }

    /// Writes some rows.
    pub fn write(&mut self, batch: RecordBatch) -> Result<(), Failure> {
        match self {
            Output::Table { batches, .. } => batches.push(batch),
            Output::Stream(writer) => writer.write(&batch)?,
            Output::Export { out, exporter } => out.write_all(&exporter.write(&batch)?)?,
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
            Output::Stream(mut writer) => {
                writer.finish()?;
                writer.get_mut().flush()?;
            }
            Output::Export { mut out, mut exporter } => {
                out.write_all(&exporter.finish()?)?;
                out.flush()?;
            }
        }
        Ok(())
    }
}
