//! Our `GROUP BY` beside DataFusion's, which does those by grouping sets.

use crate::sql_fixture::{error, rows, session};
use lakeglass::sql::{Params, PlanNode, Session, SessionOptions};

/// Rows whose columns have nulls; texts on both sides of 12 bytes, many with the same beginning.
const ROWS: &str = "CREATE TABLE t AS SELECT value AS id, CASE WHEN value % 11 = 0 THEN NULL ELSE (value * 7919) % 5003 END AS a,
     CASE value % 5 WHEN 0 THEN NULL WHEN 1 THEN 'text' WHEN 2 THEN concat('text', value % 31) WHEN 3 THEN concat('text and more ', value % 3001) ELSE '' END AS b,
     CASE WHEN value % 3 = 0 THEN NULL ELSE value % 2 = 0 END AS c, DATE '2024-01-01' + CAST(value % 40 AS INT) AS d,
     arrow_cast(value % 17 * 1000000, 'Timestamp(Microsecond, Some(\"UTC\"))') AS e, arrow_cast(value % 9 - 4, 'Int8') AS f,
     arrow_cast(concat('large ', value % 23, ' text'), 'LargeUtf8') AS g, CAST(value % 19 AS DECIMAL(10, 2)) AS amount, value % 13 * 0.5 AS price
     FROM generate_series(1, 12000)";

const AGGREGATES: &str = "count(*), count(a), sum(amount), avg(amount), avg(id), min(b), max(b), max(e), sum(id) FILTER (WHERE c), \
     count(*) FILTER (WHERE id % 2 = 0), bool_or(c), stddev(price), first_value(id ORDER BY id DESC), last_value(id ORDER BY id), max(price)";

async fn filled(options: SessionOptions) -> Session {
    let session = Session::new(options).unwrap();
    session.query(ROWS).await.unwrap();
    session
}

fn operators(node: &PlanNode) -> Vec<String> {
    let below = node.children.iter().flat_map(operators);
    std::iter::once(node.operator.clone())
        .chain(below)
        .filter(|name| name.contains("GroupBy") || name.contains("Aggregate"))
        .collect()
}

async fn sorted(session: &Session, sql: &str) -> Vec<String> {
    let mut rows = rows(session, sql).await;
    rows.sort_unstable();
    rows
}

#[tokio::test]
async fn groups_are_those_of_datafusion() {
    let session = filled(SessionOptions::default()).await;
    let by = [
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "g",
        "a % 10",
        "concat(b, g)",
        "b, c",
        "c, f, e",
        "d, b, a",
        "g, b",
        "f, e, d, c",
        "id",
        "id, a, b, c, d, e, f, g",
    ];
    for by in by {
        for (columns, end) in [
            (format!("{by}, {AGGREGATES}"), ""),
            (by.into(), ""),
            (format!("{by}, count(*)"), " HAVING count(*) > 3 AND min(id) < 6000"),
            (format!("{by}, sum(id)"), " HAVING count(*) > 1000000"),
        ] {
            let ours = format!("SELECT {columns} FROM t GROUP BY {by}{end}");
            let theirs = format!("SELECT {columns} FROM t GROUP BY GROUPING SETS (({by})){end}");
            let (plan, _) = session.explain(&ours, &Params::None, false).await.unwrap();
            assert_eq!(operators(&plan), ["GroupBy"], "{ours}");
            let (plan, _) = session.explain(&theirs, &Params::None, false).await.unwrap();
            assert!(operators(&plan).iter().all(|name| name == "AggregateExec"), "{theirs}");
            let (ours, theirs) = (sorted(&session, &ours).await, sorted(&session, &theirs).await);
            assert!(ours == theirs, "{columns} by {by}{end}: {} and {} rows", ours.len(), theirs.len());
        }
    }
    assert_eq!(sorted(&session, "SELECT a, count(*) FROM t WHERE id < 0 GROUP BY a").await, Vec::<String>::new());
}

#[tokio::test]
async fn groups_come_as_they_are_first_seen() {
    let session = filled(SessionOptions::default()).await;
    assert_eq!(
        rows(&session, "SELECT c, count(*) FROM (SELECT * FROM t ORDER BY id) GROUP BY c").await,
        ["false|4000", "true|4000", "null|4000"]
    );
    let found = rows(&session, "SELECT b, f, count(*) FROM t WHERE id <= 10 GROUP BY b, f").await;
    let expected = [
        "text|-3|1",
        "text2|-2|1",
        "text and more 3|-1|1",
        "|0|1",
        "null|1|1",
        "text|2|1",
        "text7|3|1",
        "text and more 8|4|1",
        "|-4|1",
        "null|-3|1",
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn what_is_not_ours_stays() {
    let session = filled(SessionOptions::default()).await;
    for (sql, expected) in [
        ("SELECT sum(id) FROM t", "AggregateExec"),
        ("SELECT price, count(*) FROM t GROUP BY price", "AggregateExec"),
        ("SELECT amount, count(*) FROM t GROUP BY amount", "AggregateExec"),
        ("SELECT a, price, count(*) FROM t GROUP BY a, price", "AggregateExec"),
        ("SELECT a, min(c) FROM t GROUP BY a", "AggregateExec"),
        ("SELECT a, b, count(*) FROM t GROUP BY ROLLUP (a, b)", "AggregateExec"),
        ("SELECT a, b, count(*) FROM t GROUP BY CUBE (a, b)", "AggregateExec"),
        ("SELECT DISTINCT a FROM t LIMIT 3", "AggregateExec"),
        ("SELECT a, max(id) FROM t GROUP BY a ORDER BY max(id) DESC LIMIT 3", "AggregateExec"),
        ("SELECT a, count(*) FROM (SELECT * FROM t ORDER BY a LIMIT 100) GROUP BY a", "AggregateExec"),
        ("SELECT DISTINCT a, b FROM t", "GroupBy"),
        ("SELECT a, max(id) FROM t GROUP BY a ORDER BY max(id), a DESC LIMIT 3", "GroupBy"),
    ] {
        let (plan, _) = session.explain(sql, &Params::None, false).await.unwrap();
        assert!(
            operators(&plan).iter().all(|name| name == expected) && !operators(&plan).is_empty(),
            "{sql}: {:?}",
            operators(&plan)
        );
        let (ran, _) = session.explain(sql, &Params::None, true).await.unwrap();
        assert_eq!(operators(&ran), operators(&plan), "{sql}");
    }
}

#[tokio::test]
async fn partitions_and_small_batches_change_nothing() {
    let plain = filled(SessionOptions::default()).await;
    for options in [
        SessionOptions { target_partitions: 4, ..SessionOptions::default() },
        SessionOptions { batch_size: 7, ..SessionOptions::default() },
    ] {
        let other = filled(options).await;
        for sql in [
            "SELECT b, f, count(*), sum(a) FROM t GROUP BY b, f",
            "SELECT count(*), sum(n) FROM (SELECT d, c, count(*) AS n FROM t GROUP BY d, c)",
            "SELECT x.b, count(*) FROM t x JOIN (SELECT b, max(id) AS id FROM t GROUP BY b) y ON x.id = y.id GROUP BY x.b",
            "SELECT c, n, count(*) FROM (SELECT a, c, count(DISTINCT d) AS n FROM t GROUP BY a, c) GROUP BY c, n",
            "SELECT f, array_agg(id ORDER BY id DESC) FROM t WHERE id < 100 GROUP BY f",
            "SELECT f, array_agg(b) FROM (SELECT * FROM t WHERE id < 100 ORDER BY id) GROUP BY f",
        ] {
            assert_eq!(sorted(&other, sql).await, sorted(&plain, sql).await, "{sql}");
        }
    }
}

#[tokio::test]
async fn a_plan_tells_of_it() {
    let session = session(&[("trade", "www/demo/trade")]).await;
    let sql = "SELECT country AS place, sum(value) AS s FROM trade GROUP BY country";
    let text = rows(&session, &format!("EXPLAIN {sql}")).await.join("\n");
    assert!(text.contains("GroupBy: mode=Single, gby=[country@0 as country], aggr=["), "{text}");
    let (ran, _) = session.explain(sql, &Params::None, true).await.unwrap();
    let mut node = &ran;
    while node.operator != "GroupBy" {
        node = &node.children[0];
    }
    assert_eq!(node.rows, ran.rows);
    assert!(node.millis.unwrap() > 0.0);
}

#[tokio::test]
async fn groups_over_the_limit_are_named_and_give_their_memory_back() {
    let session = Session::new(SessionOptions { memory_limit: Some(4 << 20), ..SessionOptions::default() }).unwrap();
    let numbers = "SELECT value % 500000 AS a FROM generate_series(1, 1000000)";
    for _ in 0..2 {
        for sql in [
            format!("SELECT a, count(*) FROM ({numbers}) GROUP BY a"),
            format!("SELECT DISTINCT concat('a text of some length ', a) FROM ({numbers})"),
            format!("SELECT a % 999, a FROM ({numbers}) GROUP BY 1, 2"),
        ] {
            let found = error(&session, &sql).await;
            assert_eq!(found.code().as_str(), "memory_limit");
            assert!(found.to_string().contains("GroupBy"), "{found}");
        }
    }
    let few =
        rows(&session, &format!("SELECT count(*) FROM (SELECT a % 10000, count(*) FROM ({numbers}) GROUP BY 1)")).await;
    assert_eq!(few, ["10000"]);
}

#[tokio::test]
async fn an_error_in_the_middle_is_told() {
    let session = filled(SessionOptions::default()).await;
    let found = error(&session, "SELECT 1 // (id - 9000), count(*) FROM t GROUP BY 1").await;
    assert_eq!(found.code().as_str(), "invalid_sql");
    let found = error(&session, "SELECT a, sum(1 // (id - 9000)) FROM t GROUP BY a").await;
    assert_eq!(found.code().as_str(), "invalid_sql");
}
