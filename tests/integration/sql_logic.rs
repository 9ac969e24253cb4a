//! `tests/sql/*.slt`: statements with their results, in sqllogictest's format.
//!
//! `standard.slt` is made by `tests/sql/standard.py`, its results by DuckDB. A float is its first six digits, on both sides.

use crate::sql_fixture::{folder, run, session};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use lakeglass::sql::Session;
use lakeglass::{Error, Result};
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Record, Runner, parse_file};
use std::fs;

struct Database(Session);

#[async_trait::async_trait]
impl AsyncDB for Database {
    type Error = Error;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>> {
        let (result, batches) = run(&self.0, sql).await?;
        let created =
            result.schema.fields().first().is_some_and(|field| ["created", "dropped"].contains(&field.name().as_str()));
        if created {
            return Ok(DBOutput::StatementComplete(0));
        }
        let types = result.schema.fields().iter().map(|field| kind(field.data_type())).collect();
        Ok(DBOutput::Rows { types, rows: batches.iter().flat_map(rows).collect() })
    }

    async fn shutdown(&mut self) {}
}

fn kind(data_type: &DataType) -> DefaultColumnType {
    match data_type {
        data_type if data_type.is_integer() => DefaultColumnType::Integer,
        data_type if data_type.is_floating() => DefaultColumnType::FloatingPoint,
        _ => DefaultColumnType::Text,
    }
}

fn rows(batch: &RecordBatch) -> Vec<Vec<String>> {
    let columns: Vec<Vec<String>> = batch.columns().iter().map(texts).collect();
    (0..batch.num_rows()).map(|row| columns.iter().map(|column| column[row].clone()).collect()).collect()
}

fn texts(column: &ArrayRef) -> Vec<String> {
    if column.data_type().is_floating() {
        let floats = cast(column, &DataType::Float64).unwrap();
        let floats = floats.as_primitive::<Float64Type>();
        return floats.iter().map(|value| value.map_or("NULL".into(), |value| format!("{value:.5e}"))).collect();
    }
    let options = FormatOptions::default().with_null("NULL");
    let formatter = ArrayFormatter::try_new(column, &options).unwrap();
    let shown = |row: usize| match formatter.value(row).to_string() {
        text if text.is_empty() => "(empty)".into(),
        text => text,
    };
    (0..column.len()).map(shown).collect()
}

#[tokio::test]
async fn statements_with_results() {
    let mut statements = 0;
    let mut wrong = Vec::new();
    let mut files: Vec<_> = fs::read_dir(folder("tests/sql")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "slt")) {
        let session = session(&[("weather", "www/demo/weather"), ("trade", "www/demo/trade")]).await;
        let mut runner = Runner::new(async || Ok::<_, Error>(Database(session.clone())));
        for record in parse_file(file).unwrap() {
            statements += usize::from(matches!(record, Record::Query { .. } | Record::Statement { .. }));
            if let Err(error) = runner.run_async(record).await {
                wrong.push(error.to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {statements}:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(statements >= 600, "{statements}");
}
