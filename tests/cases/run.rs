//! Runs the statements of a folder through the library, each in a task of its own.

use crate::compare;
use crate::exact;
use crate::folder::{Expected, Folder, Statement};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::{StreamExt, TryStreamExt, stream};
use lakeglass::sql::{Session, SessionOptions};
use lakeglass::storage::StorageOptions;
use lakeglass::{Error, ErrorCode, Result, Table, TableUrl, Version};
use std::path::Path;
use std::time::Duration;

/// What takes longer hangs.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Statements run side by side.
const AT_ONCE: usize = 2;

/// For each statement nothing, or what is wrong.
pub async fn run(folder: &Folder) -> Vec<std::result::Result<(), String>> {
    // Files that statements name are files of the folder.
    std::env::set_current_dir(&folder.root).unwrap();
    let session = Session::new(SessionOptions::default()).unwrap();
    let mut closed = Vec::new();
    for (name, path) in &folder.tables {
        match open(path).await {
            Ok(table) => session.register(name, table).unwrap(),
            Err(error) => closed.push((name.clone(), error)),
        }
    }
    let tasks = folder.statements.iter().map(|statement| {
        let unopened = closed.iter().find(|(name, _)| mentions(&statement.sql, name)).map(|(_, error)| error.clone());
        let (session, sql) = (session.clone(), statement.sql.clone());
        async move {
            if let Some(error) = unopened {
                return judge(statement, Err(error));
            }
            let result = guarded(&session, &sql).await?;
            if let (Expected::Error(_), Ok((_, batches))) = (&statement.expected, &result)
                && is_exact(&session, &sql, batches).await
            {
                return Ok(());
            }
            judge(statement, result)
        }
    });
    stream::iter(tasks).buffered(AT_ONCE).collect().await
}

async fn open(path: &Path) -> Result<Table> {
    let url: TableUrl = path.to_str().unwrap().parse()?;
    Table::open(&url, Version::Latest, &StorageOptions::default()).await
}

type Rows = (SchemaRef, Vec<RecordBatch>);

/// Runs a statement in a task of its own: a panic is that statement's failure and not the end of the run.
async fn guarded(session: &Session, sql: &str) -> std::result::Result<Result<Rows>, String> {
    let (session, sql) = (session.clone(), sql.to_owned());
    let query = async move { rows(&session, &sql).await };
    match tokio::spawn(tokio::time::timeout(TIME_LIMIT, query)).await {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(_)) => Err(format!("not done after {} s", TIME_LIMIT.as_secs())),
        Err(error) => Err(format!("panicked: {error}")),
    }
}

/// Whether the one value that came back, where DuckDB's type overflows, is exact.
async fn is_exact(session: &Session, sql: &str, batches: &[RecordBatch]) -> bool {
    let Some((columns, expression)) = exact::parts(sql) else { return false };
    let Ok(Ok((schema, values))) = guarded(session, &columns).await else { return false };
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let value = exact::value(expression, &names, &compare::cells(&values));
    value.is_some_and(|value| compare::cells(batches) == [[value]])
}

async fn rows(session: &Session, sql: &str) -> Result<Rows> {
    let result = session.query(sql).await?;
    let schema = result.schema.clone();
    Ok((schema, result.batches.try_collect().await?))
}

/// Whether a statement has `name` as a word.
fn mentions(sql: &str, name: &str) -> bool {
    sql.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word.eq_ignore_ascii_case(name))
}

fn judge(statement: &Statement, result: Result<Rows>) -> std::result::Result<(), String> {
    match (&statement.expected, result) {
        (_, Err(error)) if error.code() == ErrorCode::Internal => Err(said(&error)),
        (Expected::Error(code), Err(error)) => match code.is_empty() || error.code().to_string() == *code {
            true => Ok(()),
            false => Err(format!("wanted {code}, got {}", said(&error))),
        },
        (Expected::Rows(_), Err(error)) => Err(said(&error)),
        (Expected::Error(_), Ok((_, batches))) => {
            Err(format!("wanted an error, got {}", compare::shown(&compare::cells(&batches))))
        }
        (Expected::Rows(expected), Ok((schema, batches))) => {
            compare::compare(expected, &schema, &batches, compare::is_ordered(&statement.sql))
        }
    }
}

fn said(error: &Error) -> String {
    format!("{}: {error}", error.code())
}
