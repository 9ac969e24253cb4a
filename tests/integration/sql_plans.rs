//! What a query tells beside its rows: how far it is, its plan, what its operators did. And sorting in steps.

use crate::sql_fixture::{error, rows, run, session};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use futures::StreamExt;
use lakeglass::scan::Phase;
use lakeglass::sql::{Params, PlanNode, Session, SessionOptions};
use std::cmp::Reverse;

const TRADE: [(&str, &str); 1] = [("trade", "www/demo/trade")];

#[tokio::test]
async fn progress_ends_with_everything_done() {
    let session = session(&TRADE).await;
    let mut result = session.query("SELECT sum(value) FROM trade WHERE year >= 2020").await.unwrap();
    assert_eq!(result.progress.report().0, Phase::Waiting);
    while let Some(batch) = result.batches.next().await {
        batch.unwrap();
    }
    let (phase, report) = result.progress.report();
    assert_eq!(phase, Phase::Done);
    assert!(report.files > 1 && report.files_done == report.files, "{report:?}");
    assert!(report.row_groups >= report.files && report.row_groups_done == report.row_groups, "{report:?}");
    assert!(report.bytes > 0 && report.bytes_fetched == report.bytes, "{report:?}");
    let counted = rows(&session, "SELECT count(*) FROM trade WHERE year >= 2020").await;
    assert_eq!(counted, [report.rows.to_string()]);
}

#[tokio::test]
async fn progress_of_a_query_that_is_left_is_not_done() {
    let session = session(&TRADE).await;
    let mut result = session.query("SELECT * FROM trade").await.unwrap();
    result.batches.next().await.unwrap().unwrap();
    let (phase, report) = result.progress.report();
    assert_eq!(phase, Phase::Reading);
    assert!(report.files_done < report.files && report.rows > 0, "{report:?}");
}

fn last(node: &PlanNode) -> &PlanNode {
    node.children.last().map_or(node, last)
}

#[tokio::test]
async fn a_plan_tells_what_its_operators_did() {
    let session = session(&TRADE).await;
    let sql = "SELECT country, sum(value) FROM trade WHERE year = 2021 GROUP BY country ORDER BY 2";
    let (planned, _) = session.explain(sql, &Params::None, false).await.unwrap();
    assert!(planned.rows.is_none_or(|rows| rows == 0));
    let (ran, meter) = session.explain(sql, &Params::None, true).await.unwrap();
    let shown = |node: &PlanNode| (node.operator.clone(), node.children.len());
    assert_eq!([shown(&planned), shown(&planned.children[0])], [shown(&ran), shown(&ran.children[0])]);
    let scan = last(&ran);
    assert_eq!(scan.operator, "LakeglassScan");
    assert!(scan.details.starts_with("table=trade, files="), "{}", scan.details);
    assert_eq!(scan.metrics["bytes_fetched"], meter.metrics().bytes as f64);
    assert!(scan.metrics["files_pruned"] > 0.0 && scan.metrics["files_matched"] > 0.0, "{scan:?}");
    assert!(scan.millis.unwrap() > 0.0 && scan.metrics["row_groups_matched"] > 0.0, "{scan:?}");
    let groups = rows(&session, "SELECT count(DISTINCT country) FROM trade WHERE year = 2021").await;
    assert_eq!(groups, [ran.rows.unwrap().to_string()]);
    let refused = session.explain("SHOW TABLES", &Params::None, false).await.unwrap_err();
    assert_eq!(refused.code().as_str(), "invalid_sql");
}

#[tokio::test]
async fn explain_analyze_shows_operators_alone() {
    let text = rows(&session(&TRADE).await, "EXPLAIN ANALYZE SELECT sum(value) FROM trade WHERE year = 2021").await;
    let text = text.join("\n");
    assert!(text.starts_with("Plan with Metrics|"), "{text}");
    for part in [
        "AggregateExec",
        "LakeglassScan",
        "output_rows=",
        "files=",
        "row_groups=",
        "bytes_fetched=",
        "elapsed_compute=",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("Interruptible") && !text.contains("CooperativeExec"), "{text}");
}

/// More than a run's bytes, in batches, with nulls and equal keys.
const MANY: &str = "SELECT CASE WHEN value % 101 = 0 THEN NULL ELSE (value * 7919) % 5003 END AS a, concat('row ', value % 977) AS b, value AS c \
     FROM generate_series(1, 300000)";

type Row = (Option<i64>, String, i64);

#[tokio::test]
async fn sorted_in_steps_is_sorted() {
    let session = session(&[]).await;
    let nulls_last = |a: Option<i64>| (a.is_none(), a);
    let none_first = |a: Option<i64>| Reverse(a.unwrap_or(i64::MAX));
    let none_last = |a: Option<i64>| (a.is_none(), Reverse(a));
    type Before = Box<dyn Fn(&Row, &Row) -> bool>;
    let orders: [(&str, Before); 5] = [
        ("a", Box::new(move |p, q| nulls_last(p.0) <= nulls_last(q.0))),
        ("a DESC", Box::new(move |p, q| none_last(p.0) <= none_last(q.0))),
        ("a DESC NULLS FIRST", Box::new(move |p, q| none_first(p.0) <= none_first(q.0))),
        ("a NULLS FIRST", Box::new(|p, q| p.0 <= q.0)),
        ("b, a DESC NULLS LAST, c", Box::new(move |p, q| (&p.1, none_last(p.0), p.2) < (&q.1, none_last(q.0), q.2))),
    ];
    for (order, before) in orders {
        let (_, batches) = run(&session, &format!("{MANY} ORDER BY {order}")).await.unwrap();
        let sorted: Vec<Row> = batches.iter().flat_map(rows_of).collect();
        assert_eq!(sorted.len(), 300_000);
        assert_eq!(sorted.iter().map(|row| row.2).sum::<i64>(), 45_000_150_000, "{order}");
        let wrong = sorted.windows(2).position(|pair| !before(&pair[0], &pair[1]));
        assert_eq!(wrong, None, "{order}");
    }
    assert_eq!(rows(&session, "SELECT * FROM (SELECT 1 AS a WHERE false) ORDER BY a").await, Vec::<String>::new());
}

#[tokio::test]
async fn many_first_rows_are_those_of_the_whole_sort() {
    let session = session(&[]).await;
    for order in ["a, c", "a DESC, c", "b, a NULLS FIRST, c"] {
        let all = rows(&session, &format!("{MANY} ORDER BY {order}")).await;
        for (limit, offset) in [(5, 150_000), (20_000, 0), (299_999, 0), (300_000, 1), (12_000, 295_000), (400_000, 0)]
        {
            let some = rows(&session, &format!("{MANY} ORDER BY {order} LIMIT {limit} OFFSET {offset}")).await;
            let expected = all.get(offset..(offset + limit).min(all.len())).unwrap();
            assert!(some == expected, "{order} LIMIT {limit} OFFSET {offset}: {} rows", some.len());
        }
    }
    let none = format!("SELECT * FROM ({MANY}) WHERE c < 0 ORDER BY a LIMIT 20000");
    assert_eq!(rows(&session, &none).await, Vec::<String>::new());
}

fn rows_of(batch: &RecordBatch) -> Vec<Row> {
    let (a, c) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(2).as_primitive::<Int64Type>());
    let b = batch.column(1).as_string::<i32>();
    (0..batch.num_rows())
        .map(|row| (a.is_valid(row).then(|| a.value(row)), b.value(row).to_string(), c.value(row)))
        .collect()
}

#[tokio::test]
async fn a_sort_over_the_limit_is_named_and_gives_its_memory_back() {
    let options = SessionOptions { memory_limit: Some(6 << 20), ..SessionOptions::default() };
    let session = Session::new(options).unwrap();
    for _ in 0..10 {
        let found = error(&session, &format!("{MANY} ORDER BY b, a")).await;
        assert_eq!(found.code().as_str(), "memory_limit");
        assert!(found.to_string().contains("SortExec"), "{found}");
    }
    let mut left = session.query("SELECT value FROM generate_series(1, 150000) ORDER BY value % 977").await.unwrap();
    left.batches.next().await.unwrap().unwrap();
    drop(left);
    let (_, batches) =
        run(&session, "SELECT value FROM generate_series(1, 150000) ORDER BY value % 977").await.unwrap();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 150_000);
}

#[tokio::test]
async fn nothing_is_distinct_among_nulls() {
    let session = session(&[("weather", "www/demo/weather"), ("trade", "www/demo/trade")]).await;
    for count in [0, 1, 2, 20_000] {
        let sql = format!(
            "CREATE OR REPLACE TABLE t AS SELECT value AS val, value % 3 AS grp FROM generate_series(1, {count})"
        );
        session.query(&sql).await.unwrap();
        for (sql, expected) in [
            ("SELECT count(DISTINCT val + NULL) FROM t", "0"),
            ("SELECT count(DISTINCT val + NULL), count(DISTINCT grp + NULL), count(val + NULL) FROM t", "0|0|0"),
            ("SELECT count(DISTINCT val + NULL) FROM (SELECT * FROM t LIMIT 1)", "0"),
            ("SELECT count(DISTINCT CAST(NULL AS INT)) FROM t", "0"),
            ("SELECT count(v) FROM (SELECT DISTINCT val + NULL AS v FROM t)", "0"),
            ("SELECT count(DISTINCT NULL), count(NULL) FROM t", "0|0"),
            (
                "SELECT count(DISTINCT v), count(DISTINCT w) FROM (SELECT val + NULL AS v, grp + NULL AS w FROM t)",
                "0|0",
            ),
        ] {
            assert_eq!(rows(&session, sql).await, [expected], "{count} rows: {sql}");
        }
    }
    for sql in [
        "SELECT count(DISTINCT value + NULL) FROM trade",
        "SELECT count(DISTINCT year + NULL) FROM trade",
        "SELECT count(DISTINCT year + NULL) FROM trade WHERE year = 2021",
        "SELECT count(DISTINCT temperature + NULL) FROM weather",
        "SELECT count(DISTINCT temperature + NULL) FROM weather WHERE temperature > 13",
        "SELECT count(DISTINCT temperature + NULL) FROM weather VERSION AS OF 1",
        "SELECT count(v) FROM (SELECT DISTINCT year + NULL AS v FROM trade WHERE year = 2021)",
    ] {
        assert_eq!(rows(&session, sql).await, ["0"], "{sql}");
    }
    // Constants, of which DataFusion says that they have one distinct value.
    for (sql, expected) in [
        (
            "SELECT count(DISTINCT v), count(DISTINCT w) FROM (SELECT year + NULL AS v, value + NULL AS w FROM trade)",
            "0|0",
        ),
        (
            "SELECT count(DISTINCT v), count(DISTINCT w) FROM (SELECT NULL AS v, CAST(NULL AS INT) AS w FROM weather)",
            "0|0",
        ),
        ("SELECT count(DISTINCT v), count(DISTINCT w) FROM (SELECT 5 AS v, 6 AS w FROM weather@v0)", "0|0"),
        ("SELECT count(DISTINCT v), count(DISTINCT w) FROM (SELECT 5 AS v, 6 AS w FROM weather)", "1|1"),
        (
            "SELECT count(*), (SELECT count(DISTINCT v) + count(DISTINCT w) FROM (SELECT 5 AS v, NULL AS w)) FROM weather",
            "4|1",
        ),
    ] {
        assert_eq!(rows(&session, sql).await, [expected], "{sql}");
    }
}
