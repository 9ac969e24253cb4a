//! What DuckDB's and Spark's documentation has people write: `tests/sql/idioms.tsv`, each row of which is run here.
//!
//! `LAKEGLASS_UPDATE=1` writes the results into the table, to be read before they are committed.

use crate::sql_fixture::{folder, run, session, text};
use lakeglass::sql::Session;
use std::fs;

const TABLE: &str = "tests/sql/idioms.tsv";

/// The rows of a statement's result, or the code of its error.
async fn result(session: &Session, sql: &str) -> String {
    match run(session, sql).await {
        Ok((_, batches)) => batches.iter().flat_map(text).collect::<Vec<_>>().join(" ; "),
        Err(error) => format!("error {}", error.code()),
    }
}

#[tokio::test]
async fn every_idiom_does_what_the_table_says() {
    let session = session(&[("weather", "www/demo/weather")]).await;
    let path = folder(TABLE);
    let table = fs::read_to_string(&path).unwrap();
    let mut updated = String::new();
    let mut wrong = Vec::new();
    for (line, row) in table.lines().enumerate() {
        let cells: Vec<&str> = row.split('\t').collect();
        let [feature, dialects, support, statement, expected] = cells[..] else { panic!("line {}: {row}", line + 1) };
        if line == 0 {
            updated.push_str(&format!("{row}\n"));
            continue;
        }
        let found = result(&session, statement).await;
        let refused = found.starts_with("error ");
        let says_so = support.starts_with("no") || support.starts_with("as ");
        assert_eq!(refused, says_so, "{feature} ({support}): {statement}: {found}");
        if found != expected {
            wrong.push(format!("{feature}: {statement}\n  expected {expected}\n  found    {found}"));
        }
        updated.push_str(&format!("{feature}\t{dialects}\t{support}\t{statement}\t{found}\n"));
    }
    if std::env::var_os("LAKEGLASS_UPDATE").is_some() {
        fs::write(&path, updated).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.lines().count() - 1, wrong.join("\n"));
    assert!(table.lines().count() > 200);
}

#[tokio::test]
async fn joins_that_keep_rows_of_the_right_side_have_its_values() {
    let session = session(&[]).await;
    let left = "(VALUES (1, 'l1'), (2, 'l2')) l(k, a)";
    let right = "(VALUES (2, 'r2'), (3, 'r3')) r(k, b)";
    for (sql, expected) in [
        (format!("SELECT * FROM {left} FULL JOIN {right} USING (k) ORDER BY k"), "1|l1|null ; 2|l2|r2 ; 3|null|r3"),
        (format!("SELECT K, b FROM {left} RIGHT JOIN {right} USING (k) ORDER BY k"), "2|r2 ; 3|r3"),
        (format!("SELECT * FROM {left} NATURAL FULL JOIN {right} ORDER BY 1"), "1|l1|null ; 2|l2|r2 ; 3|null|r3"),
        (
            format!("SELECT k, count(*) FROM {left} FULL JOIN {right} USING (k) WHERE k > 1 GROUP BY k ORDER BY k"),
            "2|1 ; 3|1",
        ),
        (
            format!(
                "SELECT * EXCLUDE (a) FROM {left} FULL JOIN {right} USING (k) JOIN (VALUES (3, 'x')) x(k, c) USING (k)"
            ),
            "3|r3|x",
        ),
        (format!("SELECT l.k, r.k AS rk FROM {left} FULL JOIN {right} USING (k) ORDER BY k"), "1|null ; 2|2 ; null|3"),
        (
            format!("SELECT * RENAME (k AS key) FROM {left} LEFT JOIN {right} USING (k) ORDER BY key"),
            "1|l1|null ; 2|l2|r2",
        ),
    ] {
        assert_eq!(result(&session, &sql).await, expected, "{sql}");
    }
}
