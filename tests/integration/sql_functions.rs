//! Functions beside DuckDB: `tests/sql/functions.tsv`, whose results DuckDB agrees with, each over a column with nulls and
//! edges. The first lines name the tables, those behind them say a table, an expression over it, and its result.
//!
//! `LAKEGLASS_UPDATE=1` writes the results into the table, to be compared with DuckDB before they are committed.

use crate::sql_fixture::{folder, run, session, text};
use std::collections::HashMap;
use std::fs;

const TABLE: &str = "tests/sql/functions.tsv";

#[tokio::test]
async fn every_function_gives_what_duckdb_gives() {
    let session = session(&[]).await;
    let path = folder(TABLE);
    let table = fs::read_to_string(&path).unwrap();
    let mut tables: HashMap<&str, &str> = HashMap::new();
    let mut updated = String::new();
    let mut wrong = Vec::new();
    for row in table.lines() {
        let cells: Vec<&str> = row.split('\t').collect();
        let (name, expression, expected) = match cells[..] {
            ["table", name, values] => {
                tables.insert(name, values);
                updated.push_str(&format!("{row}\n"));
                continue;
            }
            [name, expression, expected] => (name, expression, expected),
            _ => panic!("{row}"),
        };
        let sql = match name {
            "none" => format!("SELECT {expression}"),
            "groups" => format!("SELECT {expression} AS x FROM {} GROUP BY g ORDER BY g", tables[name]),
            "whole" => expression.to_string(),
            name => format!("SELECT {expression} AS x FROM {} ORDER BY id", tables[name]),
        };
        let found = match run(&session, &sql).await {
            Ok((_, batches)) => batches.iter().flat_map(text).collect::<Vec<_>>().join(" ; ").replace('\n', "\\n"),
            Err(error) => format!("error {error}"),
        };
        if found != expected {
            wrong.push(format!("{name}: {expression}\n  expected {expected}\n  found    {found}"));
        }
        updated.push_str(&format!("{name}\t{expression}\t{found}\n"));
    }
    if std::env::var_os("LAKEGLASS_UPDATE").is_some() {
        fs::write(&path, updated).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.lines().count(), wrong.join("\n"));
}
