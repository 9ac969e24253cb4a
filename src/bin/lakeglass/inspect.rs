//! `lakeglass inspect`: what a table is, for people to read.

use crate::Failure;
use crate::access::Access;
use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::DateTime;
use clap::Args;
use lakeglass::snapshot::{FileDescription, FormatDetail, Snapshot, TimestampSource, field_type_name};
use lakeglass::storage::location_name;
use lakeglass::{Table, TableUrl, Version};
use std::io::{self, BufWriter, Write};

/// Tells a table's versions, protocol, columns and files.
#[derive(Args)]
pub struct Inspect {
    /// The table's URL or folder.
    url: String,
    /// The version to look at: a number or an ISO timestamp. The newest, if left out.
    #[arg(long, value_parser = parse_version)]
    version: Option<Version>,
    /// Compare the log with the checksum file of this version, if its writer left one.
    #[arg(long)]
    verify: bool,
    /// How many files are listed.
    #[arg(long, default_value_t = 20)]
    files: usize,
    #[command(flatten)]
    access: Access,
}

fn parse_version(text: &str) -> Result<Version, String> {
    Version::parse(text).ok_or_else(|| "neither a number nor an ISO timestamp".into())
}

impl Inspect {
    /// Opens the table and writes about it.
    pub async fn run(self) -> Result<(), Failure> {
        let url: TableUrl = self.url.parse()?;
        let table = Table::open(&url, self.version.unwrap_or_default(), &self.access.storage(&url)?).await?;
        let versions = table.versions().await?;
        let snapshot = table.snapshot();
        let mut out = BufWriter::new(io::stdout().lock());
        writeln!(out, "table        {}", table.storage().url())?;
        writeln!(out, "version      {} of {} to {}", snapshot.version, versions.earliest(), versions.latest())?;
        about(&mut out, snapshot)?;
        if self.verify {
            match table.verify().await? {
                Some(verified) => writeln!(out, "checksum     agrees: {}", verified.fields.join(", "))?,
                None => writeln!(out, "checksum     none for this version")?,
            }
        }
        columns(&mut out, snapshot)?;
        let listed: Vec<usize> = (0..snapshot.files.len()).take(self.files).collect();
        let statistics = table.statistics().describe(&listed).await?;
        files(&mut out, snapshot, &statistics)?;
        Ok(out.flush()?)
    }
}

fn about(out: &mut impl Write, snapshot: &Snapshot) -> io::Result<()> {
    if let Some(damage) = &snapshot.damage {
        writeln!(out, "damaged      {damage}; an older checkpoint or the commits stand for it")?;
    }
    if let Some(time) = snapshot.timestamp {
        let note = match time.source {
            TimestampSource::CommitInfo => " (by the writer's clock)",
            TimestampSource::InCommit | TimestampSource::LastModified => "",
        };
        writeln!(out, "committed    {}{note}", timestamp(time.millis))?;
    }
    let metadata = &snapshot.metadata;
    for (label, value) in
        [("id", Some(&metadata.id)), ("name", metadata.name.as_ref()), ("about", metadata.description.as_ref())]
    {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            writeln!(out, "{label:<12} {value}")?;
        }
    }
    let format = &snapshot.format;
    writeln!(out, "format       {}", format.name)?;
    if !format.version.is_empty() {
        writeln!(out, "protocol     {}", format.version)?;
    }
    for (name, detail) in &format.details {
        if let FormatDetail::Names(names) = detail
            && !names.is_empty()
        {
            writeln!(out, "{name} {}", names.join(", "))?;
        }
    }
    for (key, value) in &metadata.configuration {
        writeln!(out, "property     {key} = {value}")?;
    }
    if !snapshot.partition_columns.is_empty() {
        writeln!(out, "partitions   {}", snapshot.partition_column_names().join(", "))?;
    }
    if let Some(rows) = snapshot.row_count() {
        writeln!(out, "rows         {rows}")?;
    }
    let bytes: u64 = snapshot.files.iter().map(|file| file.size).sum();
    writeln!(out, "files        {} of {bytes} bytes", snapshot.files.len())
}

fn columns(out: &mut impl Write, snapshot: &Snapshot) -> io::Result<()> {
    let fields = snapshot.schema.logical.fields();
    let width = fields.iter().map(|field| field.name().chars().count()).max().unwrap_or_default();
    writeln!(out, "\ncolumns")?;
    for field in fields {
        let required = if field.is_nullable() { "" } else { " not null" };
        writeln!(out, "  {:<width$}  {}{required}", field.name(), field_type_name(field))?;
    }
    Ok(())
}

fn files(out: &mut impl Write, snapshot: &Snapshot, statistics: &[Option<FileDescription>]) -> io::Result<()> {
    if snapshot.files.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nfiles")?;
    for (row, (file, statistics)) in snapshot.files.iter().zip(statistics).enumerate() {
        write!(out, "  {}  {} bytes", location_name(&file.location), file.size)?;
        if let Some(rows) = statistics.as_ref().and_then(|statistics| statistics.num_records) {
            write!(out, "  {rows} rows")?;
        }
        if let Some(deletes) = &file.deletes {
            write!(out, "  {} deleted", deletes.cardinality())?;
        }
        writeln!(out, "{}", partition(&snapshot.partition_values, row))?;
    }
    match snapshot.files.len().saturating_sub(statistics.len()) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more"),
    }
}

fn partition(values: &RecordBatch, row: usize) -> String {
    let options = FormatOptions::default().with_null("null");
    let mut text = String::new();
    for (field, column) in values.schema().fields().iter().zip(values.columns()) {
        if let Ok(formatter) = ArrayFormatter::try_new(column, &options) {
            text.push_str(&format!("  {}={}", field.name(), formatter.value(row)));
        }
    }
    text
}

fn timestamp(millis: i64) -> String {
    match DateTime::from_timestamp_millis(millis) {
        Some(time) => time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        None => format!("{millis} ms"),
    }
}
