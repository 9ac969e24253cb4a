//! Aggregates over frames that move, and expressions that differ in a cast alone.

use crate::sql_fixture::{rows, session};

const VALUES: &str = "(VALUES (1, 10, 'a', 1e17), (2, 20, 'b', 1.0::DOUBLE), (3, NULL, 'c', 1.0::DOUBLE), (4, 5, NULL, 'inf'::DOUBLE), \
     (5, 5, 'e', 1.0::DOUBLE), (6, 6, 'f', 2.5::DOUBLE)) AS v(id, k, t, d)";
const FRAME: &str = "OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)";

async fn over(aggregates: &[&str]) -> Vec<String> {
    let items: Vec<String> = aggregates.iter().map(|aggregate| format!("{aggregate} {FRAME}")).collect();
    rows(&session(&[]).await, &format!("SELECT {} FROM {VALUES} ORDER BY id", items.join(", "))).await
}

#[tokio::test]
async fn aggregates_that_take_nothing_off() {
    let found =
        over(&["bool_or(k > 10)", "string_agg(t, ',')", "bit_and(k)", "bool_and(k > 4) FILTER (WHERE id > 2)"]).await;
    assert_eq!(
        found,
        [
            "false|a|10|null",
            "true|a,b|0|null",
            "true|b,c|20|null",
            "false|c|5|true",
            "false|e|5|true",
            "false|e,f|4|true"
        ]
    );
}

/// What an infinity or a large value was added to is not lost with it.
#[tokio::test]
async fn sums_of_floats_after_what_has_left() {
    let found = over(&["sum(d)", "avg(d)", "count(d)"]).await;
    assert_eq!(found, ["1e17|1e17|1", "1e17|5e16|2", "2.0|1.0|2", "inf|inf|2", "inf|inf|2", "3.5|1.75|2"]);
}

/// Above the rows that are computed anew for each row.
#[tokio::test]
async fn large_frames() {
    let sql = "SELECT count(*), count(*) FILTER (WHERE isnan(s) OR s > 1e100), max(s) FILTER (WHERE id > 2000), min(n), max(n) FROM (SELECT id, \
         sum(d) OVER (ORDER BY id ROWS BETWEEN 1499 PRECEDING AND CURRENT ROW) AS s, \
         length(string_agg('x', '') OVER (ORDER BY id ROWS BETWEEN 1499 PRECEDING AND CURRENT ROW)) AS n \
         FROM (SELECT value AS id, CASE WHEN value = 500 THEN 'inf'::DOUBLE ELSE 1.0 END AS d FROM range(4000)))";
    assert_eq!(rows(&session(&[]).await, sql).await, ["4000|1500|1500.0|1|1500"]);
}

/// <https://github.com/apache/datafusion/issues/18975>
#[tokio::test]
async fn datafusion_18975_expressions_that_differ_in_a_cast() {
    let session = session(&[]).await;
    for (sql, expected) in [
        ("SELECT sum(k), sum(k::DOUBLE), count(t), count(CAST(t AS VARCHAR)) FROM v", vec!["46|46.0|5|5"]),
        (
            "SELECT count(DISTINCT d), count(DISTINCT d::VARCHAR) FROM v HAVING max(k::INT) > 1 AND max(k) > 3",
            vec!["4|4"],
        ),
        ("SELECT count(k), count(+ CAST(k AS DOUBLE)) FROM v", vec!["5|5"]),
        (
            "SELECT k, k::VARCHAR, count(*) FROM v WHERE k < 7 GROUP BY k, k::VARCHAR ORDER BY k::VARCHAR DESC",
            vec!["6|6|1", "5|5|2"],
        ),
        ("SELECT sum(k) OVER (), sum(k::DOUBLE) OVER () FROM v WHERE id < 3", vec!["30|30.0", "30|30.0"]),
        (
            "SELECT id, row_number() OVER (ORDER BY k), row_number() OVER (ORDER BY k::VARCHAR) FROM v WHERE id IN (1, 6) ORDER BY id",
            vec!["1|2|1", "6|1|2"],
        ),
        ("SELECT max(k) FROM v UNION ALL SELECT max(k::BIGINT) + max(k) FROM v ORDER BY 1", vec!["20", "40"]),
        (
            "SELECT id % 2 AS odd, min(k), min(k::VARCHAR) FROM v GROUP BY odd ORDER BY min(k::VARCHAR), odd",
            vec!["1|5|10", "0|5|20"],
        ),
    ] {
        let sql = sql.replace("FROM v", &format!("FROM {VALUES}"));
        assert_eq!(rows(&session, &sql).await, expected, "{sql}");
    }
}

/// The order of such keys cannot be proved by ranges of values.
#[tokio::test]
async fn keys_of_functions_without_a_range() {
    let session = session(&[]).await;
    let (same, falling) = ("(1, 4), (2, 4), (3, 4), (4, NULL)", "(1, 10), (2, 4), (3, 4), (4, NULL)");
    for (values, key, expected) in [
        (same, "PARTITION BY sqrt(abs(k)) ORDER BY id", "1|2|3|1"),
        (same, "PARTITION BY make_date(2024, 1 + abs(k % 2), 1) ORDER BY id", "1|2|3|1"),
        (falling, "ORDER BY ln(k), id", "3|1|2|4"),
        (falling, "ORDER BY CAST(k AS SMALLINT) DESC NULLS FIRST, id", "2|3|4|1"),
    ] {
        let inner = format!("SELECT id, row_number() OVER ({key}) AS n FROM (VALUES {values}) AS v(id, k)");
        let sql = format!("SELECT string_agg(n::VARCHAR, '|' ORDER BY id) FROM ({inner}) AS q");
        assert_eq!(rows(&session, &sql).await, [expected], "{sql}");
    }
}
