//! `lakeglass query`: one statement over named tables.

use crate::Failure;
use crate::access::Access;
use crate::format::{Format, Output};
use crate::table_argument::TableArgument;
use clap::Args;
use futures::StreamExt;
use futures::future::try_join_all;
use lakeglass::sql::{ParamValue, Params, Session, SessionOptions, SqlDialect};
use lakeglass::{Error, Table, TableUrl};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// Runs one SQL statement and writes its rows to stdout, or to a file.
#[derive(Args)]
pub struct Query {
    /// A table and the name SQL knows it by: NAME=URL, NAME=FOLDER, with @VERSION (a number or an ISO timestamp) behind it
    /// for another version than the newest. May be given several times.
    #[arg(long = "table", short = 't', value_name = "NAME=URL[@VERSION]")]
    tables: Vec<TableArgument>,
    /// How rows are written.
    #[arg(long, short, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Writes to this file instead of stdout.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Tells on stderr how many requests and bytes the query took.
    #[arg(long)]
    metrics: bool,
    /// A value for a parameter of the statement: NAME=VALUE for `$name`, VALUE for the next `?` or `$1`. JSON values are what
    /// they are (`3`, `true`, `null`, `"3"`, `[1, 2]`); anything else is a text. May be given several times.
    #[arg(long = "param", short = 'p', value_name = "[NAME=]VALUE")]
    params: Vec<String>,
    /// The engine whose meaning SQL takes where engines differ: `/` between integers and decimals, the place of NULL in an ORDER BY.
    #[arg(long, value_parser = dialect, default_value = "duckdb")]
    dialect: SqlDialect,
    #[command(flatten)]
    access: Access,
    /// The statement.
    sql: String,
}

impl Query {
    /// Opens the tables side by side, then streams the rows.
    pub async fn run(self) -> Result<(), Failure> {
        let session = Session::new(SessionOptions { dialect: self.dialect, ..SessionOptions::default() })?;
        let opened = try_join_all(self.tables.iter().map(|argument| open(argument, &self.access))).await?;
        for (argument, table) in self.tables.iter().zip(opened) {
            session.register(&argument.name, table)?;
        }
        let mut result = session.query_with(&self.sql, &params(&self.params, &self.sql)?).await?;
        let out: Box<dyn Write> = match &self.out {
            Some(path) => Box::new(File::create(path)?),
            None => Box::new(io::stdout().lock()),
        };
        let mut output = Output::new(self.format, result.schema.clone(), BufWriter::new(out))?;
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

/// `duckdb`, `spark` or `trino`.
fn dialect(text: &str) -> Result<SqlDialect, String> {
    serde_json::from_value(text.into()).map_err(|_| "one of duckdb, spark, trino".into())
}

/// Values by name where they have names, else by place.
fn params(written: &[String], sql: &str) -> Result<Params, Error> {
    let named = |text: &String| {
        let (name, value) = text.split_once('=')?;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        (is_name && sql.contains(&format!("${name}"))).then(|| (name.to_string(), value.to_string()))
    };
    let pairs: Option<Vec<(String, String)>> = written.iter().map(named).collect();
    match pairs {
        _ if written.is_empty() => Ok(Params::None),
        Some(pairs) => {
            let values = pairs.into_iter().map(|(name, value)| Ok((name, value_of(&value)?)));
            Ok(Params::Named(values.collect::<Result<_, Error>>()?))
        }
        None => Ok(Params::Positional(written.iter().map(|text| value_of(text)).collect::<Result<_, _>>()?)),
    }
}

fn value_of(text: &str) -> Result<ParamValue, Error> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) => from_json(&json),
        Err(_) => Ok(ParamValue::from(text)),
    }
}

fn from_json(json: &serde_json::Value) -> Result<ParamValue, Error> {
    use serde_json::Value;
    Ok(match json {
        Value::Null => ParamValue::Null,
        Value::Bool(value) => ParamValue::Boolean(*value),
        Value::Number(number) => match number.to_string().parse::<i128>() {
            Ok(whole) => ParamValue::Integer(whole),
            Err(_) => ParamValue::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => ParamValue::from(text.as_str()),
        Value::Array(values) => ParamValue::List(values.iter().map(from_json).collect::<Result<_, _>>()?),
        Value::Object(_) => {
            return Err(Error::InvalidSql { message: "--param: an object is no value of a parameter".into() });
        }
    })
}

async fn open(argument: &TableArgument, access: &Access) -> Result<Table, Error> {
    let url: TableUrl = argument.url.parse()?;
    Table::open(&url, argument.version, &access.storage(&url)?).await
}
