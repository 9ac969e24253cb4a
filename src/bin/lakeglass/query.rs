//! `lakeglass query`: one statement over named tables.

use crate::Failure;
use crate::access::Access;
use crate::format::{Format, Output};
use crate::table_argument::TableArgument;
use clap::Args;
use futures::StreamExt;
use futures::future::try_join_all;
use lakeglass::sql::{Session, SessionOptions};
use lakeglass::{Error, Table, TableUrl};
use std::io::{self, BufWriter};

/// Runs one SQL statement and writes its rows to stdout.
#[derive(Args)]
pub struct Query {
    /// A table and the name SQL knows it by: NAME=URL, NAME=FOLDER, with @VERSION (a number or an ISO timestamp) behind it
    /// for another version than the newest. May be given several times.
    #[arg(long = "table", short = 't', value_name = "NAME=URL[@VERSION]")]
    tables: Vec<TableArgument>,
    /// How rows are written.
    #[arg(long, short, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Tells on stderr how many requests and bytes the query took.
    #[arg(long)]
    metrics: bool,
    #[command(flatten)]
    access: Access,
    /// The statement.
    sql: String,
}

impl Query {
    /// Opens the tables side by side, then streams the rows.
    pub async fn run(self) -> Result<(), Failure> {
        let session = Session::new(SessionOptions::default())?;
        let opened = try_join_all(self.tables.iter().map(|argument| open(argument, &self.access))).await?;
        for (argument, table) in self.tables.iter().zip(opened) {
            session.register(&argument.name, table)?;
        }
        let mut result = session.query(&self.sql).await?;
        let mut output = Output::new(self.format, result.schema.clone(), BufWriter::new(io::stdout().lock()))?;
        while let Some(batch) = result.batches.next().await {
            output.write(batch?)?;
        }
        output.finish()?;
        if self.metrics {
            let metrics = result.meter.metrics();
            eprintln!(
                "requests: {}, bytes: {}, from the cache: {}",
                metrics.requests, metrics.bytes, metrics.cached_bytes
            );
        }
        Ok(())
    }
}

async fn open(argument: &TableArgument, access: &Access) -> Result<Table, Error> {
    let url: TableUrl = argument.url.parse()?;
    Table::open(&url, argument.version, &access.storage(&url)?).await
}
