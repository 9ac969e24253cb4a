//! What every server is asked: a demo table at two versions and an aggregate of each.

use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::TryStreamExt;
use lakeglass::error::ErrorCode;
use lakeglass::sql::{Session, SessionOptions};
use lakeglass::storage::{AccessOptions, Meter, StorageOptions};
use lakeglass::{Error, Result, Table, TableUrl, Version};
use std::path::PathBuf;
use std::process::{Command, Output};

/// The table that is put on each server.
pub const TABLE: &str = "www/demo/trade";

const SQL: &str = "SELECT year, count(*), sum(month) FROM t GROUP BY year ORDER BY year";

pub fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs async work from a test.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(work)
}

/// The table's objects: names below its root, and bytes.
pub fn objects() -> Vec<(String, Vec<u8>)> {
    fn below(folder: &std::path::Path, prefix: &str, found: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            match entry.path().is_dir() {
                true => below(&entry.path(), &format!("{name}/"), found),
                false => found.push((name, std::fs::read(entry.path()).unwrap())),
            }
        }
    }
    let mut found = Vec::new();
    below(&folder(TABLE), "", &mut found);
    found
}

pub async fn open(url: &str, version: Version, access: &AccessOptions) -> Result<Table> {
    let url: TableUrl = url.parse()?;
    Table::open(&url, version, &StorageOptions { access: access.clone(), ..StorageOptions::default() }).await
}

pub async fn rows(table: Table) -> Result<Vec<String>> {
    let session = Session::new(SessionOptions::default())?;
    session.register("t", table)?;
    let batches: Vec<_> = session.query(SQL).await?.batches.try_collect().await?;
    let mut rows = Vec::new();
    for batch in &batches {
        let options = FormatOptions::default();
        let columns: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        rows.extend(
            (0..batch.num_rows())
                .map(|row| columns.iter().map(|c| c.value(row).to_string()).collect::<Vec<_>>().join("|")),
        );
    }
    Ok(rows)
}

/// Opens the table at its newest and at an older version, and compares what it answers with the folder's own.
pub async fn check(url: &str, access: &AccessOptions) {
    let local = folder(TABLE);
    for version in [Version::Latest, Version::Number(2)] {
        let expected = open(local.to_str().unwrap(), version, &AccessOptions::default()).await.unwrap();
        let table = open(url, version, access).await.unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(table.snapshot().version, expected.snapshot().version);
        assert_eq!(rows(table).await.unwrap(), rows(expected).await.unwrap());
    }
    let table = open(url, Version::Latest, access).await.unwrap();
    let older = table.at(Version::Number(1), &Meter::default()).await.unwrap();
    assert_eq!(older.snapshot().version, 1);
}

/// The code of the error of opening, which tells no secret.
pub async fn refusal(url: &str, access: &AccessOptions, secrets: &[&str]) -> ErrorCode {
    let error: Error = open(url, Version::Latest, access).await.expect_err("it opened");
    for secret in secrets {
        assert!(!error.to_string().contains(secret), "{error}");
    }
    error.code()
}

pub fn lakeglass(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lakeglass"));
    command.args(arguments).envs(environment.iter().copied());
    command
        .env_remove("AWS_PROFILE")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command.output().unwrap()
}

pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().build().unwrap()
}
