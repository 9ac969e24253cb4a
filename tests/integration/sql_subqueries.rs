//! Wrong answers of DataFusion's own decorrelation, each by its issue: `src/sql/subqueries` stands in for it. More statements are in
//! `tests/sql/subqueries.slt`.

use crate::sql_fixture::{run, session, text};
use lakeglass::sql::Session;

const TABLES: &str = "WITH t1(id, z) AS (VALUES (1, 10), (2, 20), (NULL, 30), (4, 40)), t2(id, z) AS (VALUES (1, 5), (NULL, 99), (3, 25), (4, 45)), \
    k(k) AS (VALUES (1), (2), (3)), v(v) AS (VALUES (1), (1), (3)) ";

async fn rows(session: &Session, sql: &str) -> String {
    let (_, batches) = run(session, &format!("{TABLES}{sql}")).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    batches.iter().flat_map(text).collect::<Vec<_>>().join(" ; ")
}

async fn check(cases: &[(&str, &str)]) {
    let session = session(&[]).await;
    for (sql, expected) in cases {
        assert_eq!(rows(&session, sql).await, *expected, "{sql}");
    }
}

#[tokio::test]
async fn datafusion_25336_not_in_correlated_by_an_inequality() {
    check(&[
        ("SELECT z FROM t1 WHERE id NOT IN (SELECT id FROM t2 WHERE t2.z < t1.z) ORDER BY z", "20 ; 40"),
        (
            "SELECT z FROM t1 WHERE NOT (id IN (SELECT id FROM t2 WHERE t2.z < t1.z)) OR z = 10 ORDER BY z",
            "10 ; 20 ; 40",
        ),
    ])
    .await;
}

#[tokio::test]
async fn datafusion_25340_constant_not_in() {
    check(&[
        ("SELECT z FROM t1 WHERE 7 NOT IN (SELECT id FROM t2)", ""),
        ("SELECT z FROM t1 WHERE 7 NOT IN (SELECT id FROM t2) OR z = 10", "10"),
        ("SELECT 7 NOT IN (SELECT id FROM t2), 1 NOT IN (SELECT id FROM t2)", "null|false"),
    ])
    .await;
}

#[tokio::test]
async fn datafusion_25347_correlated_not_in_with_nulls() {
    check(&[
        ("SELECT k FROM k WHERE 5 NOT IN (SELECT nullif(v, 3) FROM v WHERE v.v = k.k) ORDER BY k", "1 ; 2"),
        ("SELECT k, k IN (SELECT nullif(v, 3) FROM v WHERE v.v >= k.k) FROM k ORDER BY k", "1|true ; 2|null ; 3|null"),
    ])
    .await;
}

#[tokio::test]
async fn datafusion_25473_null_not_in_a_column_that_is_never_null() {
    check(&[
        ("SELECT k FROM k WHERE NULL::int NOT IN (SELECT v FROM v)", ""),
        ("SELECT k FROM k WHERE NULL::int NOT IN (SELECT v FROM v WHERE v > 9) ORDER BY k", "1 ; 2 ; 3"),
    ])
    .await;
}

#[tokio::test]
async fn datafusion_24960_exists_and_in_of_aggregates_over_nothing() {
    check(&[
        ("SELECT k FROM k WHERE EXISTS (SELECT count(*) FROM v WHERE v.v = k.k) ORDER BY k", "1 ; 2 ; 3"),
        ("SELECT k FROM k WHERE EXISTS (SELECT sum(v) FROM v WHERE v.v = k.k HAVING count(*) = 0)", "2"),
        ("SELECT k FROM k WHERE 0 IN (SELECT count(*) FROM v WHERE v.v = k.k)", "2"),
        ("SELECT k FROM k WHERE 0 NOT IN (SELECT count(*) FROM v WHERE v.v = k.k) ORDER BY k", "1 ; 3"),
    ])
    .await;
}

#[tokio::test]
async fn datafusion_25283_exists_with_offset() {
    check(&[
        ("SELECT k FROM k WHERE EXISTS (SELECT * FROM v WHERE v.v = k.k OFFSET 1)", "1"),
        ("SELECT k FROM k WHERE NOT EXISTS (SELECT * FROM v WHERE v.v = k.k OFFSET 1) ORDER BY k", "2 ; 3"),
    ])
    .await;
}

#[tokio::test]
async fn datafusion_25519_grouping_sets_in_a_correlated_subquery_are_refused() {
    let session = session(&[]).await;
    let sql = format!("{TABLES}SELECT k FROM k WHERE EXISTS (SELECT 1 FROM v WHERE v.v = k.k GROUP BY ROLLUP (v.v))");
    let error = run(&session, &sql).await.err().expect("refused");
    assert_eq!(error.code().to_string(), "unsupported_feature", "{error}");
    check(&[(
        "SELECT k FROM k WHERE EXISTS (SELECT 1 FROM v WHERE v.v = k.k GROUP BY GROUPING SETS ((v.v), (v.v + 1))) ORDER BY k",
        "1 ; 3",
    )])
    .await;
}

#[tokio::test]
async fn a_value_has_one_row() {
    let session = session(&[]).await;
    for sql in ["SELECT (SELECT v FROM v)", "SELECT k, (SELECT v FROM v WHERE v.v = k.k) FROM k"] {
        let error = run(&session, &format!("{TABLES}{sql}")).await.err().expect("an error");
        assert!(error.to_string().contains("more than one row"), "{sql}: {error}");
    }
    check(&[("SELECT k, (SELECT v FROM v WHERE v.v = k.k) FROM k WHERE k > 1 ORDER BY k", "2|null ; 3|3")]).await;
}

#[tokio::test]
async fn a_not_in_of_columns_is_hash_joined() {
    let session = session(&[]).await;
    for sql in [
        "SELECT count(*) FROM t1 WHERE id NOT IN (SELECT id FROM t2)",
        "SELECT count(*) FROM t1 WHERE id NOT IN (SELECT id FROM t2 WHERE t2.z = t1.z)",
        "SELECT count(*) FROM t1 WHERE EXISTS (SELECT 1 FROM t2 WHERE t2.id = t1.id AND t2.z <> t1.z) OR z = 10",
        "SELECT z, (SELECT count(*) FROM t2 WHERE t2.id = t1.id) FROM t1",
    ] {
        let (node, _) = session.explain(&format!("{TABLES}{sql}"), &lakeglass::sql::Params::None, false).await.unwrap();
        let text = format!("{node:?}");
        assert!(text.contains("HashJoinExec") && !text.contains("NestedLoopJoinExec"), "{sql}: {text}");
    }
}
