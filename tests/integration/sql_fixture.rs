//! Sessions over the demo tables and fixtures of this repository, and their rows as text.

use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::TryStreamExt;
use lakeglass::sql::{QueryResult, Session, SessionOptions};
use lakeglass::storage::StorageOptions;
use lakeglass::{Error, Result, Table, TableUrl, Version};
use std::path::PathBuf;

/// A folder of this repository.
pub fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A table in a folder of this repository.
pub async fn table(path: &str, version: Version) -> Table {
    let url: TableUrl = folder(path).to_str().unwrap().parse().unwrap();
    Table::open(&url, version, &StorageOptions::default()).await.unwrap()
}

/// A session with these tables, `(name, folder)`, at their newest version.
pub async fn session(tables: &[(&str, &str)]) -> Session {
    let session = Session::new(SessionOptions::default()).unwrap();
    for (name, path) in tables {
        session.register(name, table(path, Version::Latest).await).unwrap();
    }
    session
}

/// What a query returns, once run to its end.
pub async fn run(session: &Session, sql: &str) -> Result<(QueryResult, Vec<RecordBatch>)> {
    let mut result = session.query(sql).await?;
    let batches = std::mem::replace(&mut result.batches, Box::pin(futures::stream::empty()));
    let batches: Vec<RecordBatch> = batches.try_collect().await?;
    for batch in &batches {
        assert_eq!(batch.schema(), result.schema);
    }
    Ok((result, batches))
}

/// The rows of a query as text: values by `|`, nulls as `null`.
pub async fn rows(session: &Session, sql: &str) -> Vec<String> {
    let (_, batches) =
        run(session, sql).await.unwrap_or_else(|error| panic!("{}: {error}", &sql[..sql.len().min(200)]));
    batches.iter().flat_map(text).collect()
}

/// The error of a query.
pub async fn error(session: &Session, sql: &str) -> Error {
    match run(session, sql).await {
        Ok((_, batches)) => panic!("{sql}: {:?}", batches.iter().flat_map(text).collect::<Vec<_>>()),
        Err(error) => error,
    }
}

/// The rows of a batch as text.
pub fn text(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default().with_null("null");
    let columns: Vec<_> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
    let row = |i: usize| columns.iter().map(|column| column.value(i).to_string()).collect::<Vec<_>>().join("|");
    (0..batch.num_rows()).map(row).collect()
}
