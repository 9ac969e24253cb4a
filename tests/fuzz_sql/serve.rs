//! The engine's side of the pipe: `{"reset": true, "batch": rows, "partitions": count}`, `{"table": name, "folder": path}` or `{"sql": statement}` per line; the answer is
//! `{"rows": [[…]], "types": […]}` or `{"error": text, "code": code}`.

use crate::cell::Cell;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::TryStreamExt;
use lakeglass::sql::{Session, SessionOptions};
use lakeglass::storage::StorageOptions;
use lakeglass::{Result, Table, TableUrl, Version};
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::time::Duration;

/// What takes longer hangs.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Answers stdin, line by line, until it ends.
pub async fn serve() {
    let mut session = Session::new(SessionOptions::default()).unwrap();
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if request.get("reset").is_some() {
            let number = |name: &str| request[name].as_u64().unwrap() as usize;
            let (batch_size, target_partitions) = (number("batch"), number("partitions"));
            session =
                Session::new(SessionOptions { batch_size, target_partitions, ..SessionOptions::default() }).unwrap();
        }
        let answer = one(session.clone(), request).await;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}").unwrap();
        out.flush().unwrap();
    }
}

/// In a task of its own: a panic is an answer.
async fn one(session: Session, request: Value) -> Value {
    let text = |name: &str| request.get(name).and_then(Value::as_str).map(str::to_owned);
    let task = match (text("table"), text("folder"), text("sql")) {
        (Some(name), Some(folder), _) => tokio::spawn(tokio::time::timeout(TIME_LIMIT, open(session, name, folder))),
        (_, _, Some(sql)) => tokio::spawn(tokio::time::timeout(TIME_LIMIT, query(session, sql))),
        _ => return json!({}),
    };
    match task.await {
        Ok(Ok(Ok(answer))) => answer,
        Ok(Ok(Err(error))) => json!({ "error": error.to_string(), "code": error.code().to_string() }),
        Ok(Err(_)) => json!({ "error": format!("not done after {} s", TIME_LIMIT.as_secs()), "code": "hangs" }),
        Err(error) => json!({ "error": error.to_string(), "code": "panic" }),
    }
}

async fn open(session: Session, name: String, folder: String) -> Result<Value> {
    let url: TableUrl = folder.parse()?;
    session.register(&name, Table::open(&url, Version::Latest, &StorageOptions::default()).await?)?;
    Ok(json!({}))
}

async fn query(session: Session, sql: String) -> Result<Value> {
    let result = session.query(&sql).await?;
    let schema = result.schema.clone();
    let batches: Vec<RecordBatch> = result.batches.try_collect().await?;
    Ok(spelled(&schema, &batches))
}

fn spelled(schema: &SchemaRef, batches: &[RecordBatch]) -> Value {
    let types: Vec<String> = schema.fields().iter().map(|field| field.data_type().to_string()).collect();
    let row = |batch: &RecordBatch, at: usize| -> Value {
        batch.columns().iter().map(|column| value(&Cell::of(column, at))).collect()
    };
    let rows: Vec<Value> =
        batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |at| row(batch, at))).collect();
    json!({ "types": types, "rows": rows })
}

/// Exact values are strings; floats are objects, because JSON has no NaN.
fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Text(text) => json!(text),
        Cell::Float(value) | Cell::Short(value) => json!({ "f": format!("{value:?}") }),
        Cell::Nested(cells) => cells.iter().map(value).collect(),
    }
}
