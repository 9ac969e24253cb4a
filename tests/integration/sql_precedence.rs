//! Operators without parentheses between them, and what DuckDB makes of them: `tests/sql/precedence.tsv`.

use crate::sql_fixture::{folder, run, session, text};
use lakeglass::sql::Session;
use std::fs;

/// The rows of the table, as `tests/sql/precedence.py` has them.
const ROWS: &str = "(VALUES (1, 2, 3, 5, 'a', 'ab', '2', true, false, true), (2, 7, 2, NULL, 'ab', 'a', '7', false, true, true), \
    (3, -2, 5, 1, 'b', '%', '1', NULL, false, false), (4, 6, -1, 4, NULL, 'ab', '6', true, NULL, false), \
    (5, 0, 1, 0, '1', '1', '0', false, false, NULL)) v(id, i, j, k, s, t, u, p, q, r)";

/// Pairs whose types are taken by DuckDB and not here, at most: numbers as texts, booleans as numbers.
const REFUSED: usize = 400;

/// One expression's values by row, `|` between them.
async fn values(session: &Session, expression: &str) -> Result<String, String> {
    let sql = format!("SELECT CAST(({expression}) AS VARCHAR) FROM {ROWS} ORDER BY id");
    match run(session, &sql).await {
        Ok((_, batches)) => Ok(batches.iter().flat_map(text).collect::<Vec<_>>().join("|").replace("null", "NULL")),
        Err(error) => Err(error.to_string()),
    }
}

#[tokio::test]
async fn every_pair_of_operators_has_the_value_that_duckdb_has() {
    let session = session(&[]).await;
    let table = fs::read_to_string(folder("tests/sql/precedence.tsv")).unwrap();
    let (mut right, mut refused, mut wrong) = (0, Vec::new(), Vec::new());
    for line in table.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [plain, _, expected] = cells[..] else { panic!("{line}") };
        if expected.is_empty() {
            continue;
        }
        // A shift by a negative number is 0 in DuckDB, and by the number's last bits here.
        if plain.contains(">>") && (plain.contains('-') || plain.contains('~')) {
            continue;
        }
        match values(&session, plain).await {
            Ok(found) if same(&found, expected) => right += 1,
            Ok(found) => wrong.push(format!("{plain}\n  expected {expected}\n  found    {found}")),
            Err(error) => refused.push(format!("{plain}: {error}")),
        }
    }
    if std::env::var_os("LAKEGLASS_SHOW").is_some() {
        eprintln!("{}", refused.join("\n"));
    }
    assert!(wrong.is_empty(), "{right} right, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(refused.len() <= REFUSED, "{right} right, {} refused:\n{}", refused.len(), refused.join("\n"));
}

/// Whether two lists of values are the same: floats by their value, `4` being `4.0`.
fn same(found: &str, expected: &str) -> bool {
    let value = |text: &str| text.parse::<f64>().ok();
    let equal = |(found, expected): (&str, &str)| match (value(found), value(expected)) {
        (Some(found), Some(expected)) => found == expected || (found.is_nan() && expected.is_nan()),
        _ => found == expected,
    };
    found.split('|').count() == expected.split('|').count() && found.split('|').zip(expected.split('|')).all(equal)
}
