//! Arithmetic, NaN and zero, literals, and what `dialect` decides. Results are DuckDB's, but for the errors that exact values replace.

use crate::sql_fixture::{error, rows, session};
use lakeglass::sql::{Session, SessionOptions, SqlDialect};

/// Statements with the one row that each returns.
async fn one_row(statements: &[(&str, &str)]) {
    let session = session(&[]).await;
    for (sql, expected) in statements {
        assert_eq!(rows(&session, sql).await, [*expected], "{sql}");
    }
}

/// Statements that are errors, with a word of their messages.
async fn errors(statements: &[(&str, &str)]) {
    let session = session(&[]).await;
    for (sql, word) in statements {
        let error = error(&session, sql).await;
        assert_eq!(error.code().as_str(), "invalid_sql", "{sql}: {error}");
        assert!(error.to_string().contains(word), "{sql}: {error}");
    }
}

#[tokio::test]
async fn quotients() {
    one_row(&[
        ("SELECT 1 / 2, 7 / 2, -7 / 2", "0.5|3.5|-3.5"),
        ("SELECT 2.00 / 3, 10 / 4.0, 1.0 / 3", "0.6666666666666666|2.5|0.3333333333333333"),
        ("SELECT 7 // 2, -7 // 2, 7 // -2, 7 DIV 2", "3|-3|-3|3"),
        ("SELECT 9007199254740993 // 1, 9223372036854775807 // 3", "9007199254740993|3074457345618258602"),
        ("SELECT 7.9 // 2, 7 % -3, -7 % 3, 5.5 % 2, -5.5 % 2", "3.95|1|-1|1.5|-1.5"),
        ("SELECT 1 / 0, -1 / 0, 0 / 0 = 'NaN'::double", "inf|-inf|true"),
        ("SELECT 2 = true, 2 > true, 2 AND true, 0.0 OR false, true = 1, 1 || 2", "false|true|true|false|true|12"),
        (
            "SELECT 2 IN (true, 2), true IN (1), 3 BETWEEN false AND true, nullif(2, 2.0), nullif(3, 2.5)",
            "true|true|false|null|3",
        ),
        ("SELECT count(*), count(CAST(1 AS INTEGER)), count(ALL 1)", "1|1|1"),
        ("SELECT sum(x) / count(x) FROM (VALUES (1), (2)) t(x)", "1.5"),
    ])
    .await;
    errors(&[
        ("SELECT 1 // 0", "division by zero"),
        ("SELECT 1 % 0", "division by zero"),
        ("SELECT 1.5 % 0", "division by zero"),
    ])
    .await;
}

#[tokio::test]
async fn integers_do_not_wrap() {
    let values = "FROM (VALUES (127::tinyint, 2147483647::int, 9223372036854775807::bigint, 18446744073709551615::ubigint, 200::utinyint)) \
         t(t, i, l, u, b)";
    let statement = |expression: &str| format!("SELECT {expression} {values}");
    let session = session(&[]).await;
    for (expression, expected) in [
        ("t * t, t + 1, -t", "16129|128|-127"),
        ("i * i, i + 1, i * 2", "4611686014132420609|2147483648|4294967294"),
        ("l - 1, l // 1, l % 10", "9223372036854775806|9223372036854775807|7"),
        ("u - 1, u // 2, -u", "18446744073709551614|9223372036854775807|-18446744073709551615"),
        ("u + l, l - u", "27670116110564327422|-9223372036854775808"),
        ("-b, b - 201, b * b", "-200|-1|40000"),
        ("l + 0.5", "9223372036854775807.5"),
        ("sum(l), avg(l), sum(i), sum(t)", "9223372036854775807|9.223372036854776e18|2147483647|127"),
    ] {
        assert_eq!(rows(&session, &statement(expression)).await, [expected], "{expression}");
    }
    for expression in ["l + 1", "l * 2", "l + l", "-(-l - 1)", "-l - 2", "l << 1", "u + u", "u * 2", "1 << 63"] {
        let error = error(&session, &statement(expression)).await;
        assert_eq!(error.code().as_str(), "invalid_sql", "{expression}");
        assert!(error.to_string().contains("range"), "{expression}: {error}");
    }
}

#[tokio::test]
async fn sums_widen() {
    one_row(&[
        ("SELECT sum(x) FROM (VALUES (9223372036854775807), (5)) t(x)", "9223372036854775812"),
        (
            "SELECT sum(DISTINCT x) FROM (VALUES (9223372036854775807), (9223372036854775807), (5)) t(x)",
            "9223372036854775812",
        ),
        (
            "SELECT g, sum(x), avg(x) FROM (VALUES (1, 9223372036854775807), (1, 1)) t(g, x) GROUP BY g",
            "1|9223372036854775808|4.611686018427388e18",
        ),
        ("SELECT sum(x), avg(x) FROM (VALUES (NULL::bigint)) t(x)", "null|null"),
        ("SELECT sum(x), avg(x) FROM (VALUES (1.25), (2.50)) t(x)", "3.75|1.875"),
        ("SELECT sum(x) FROM (VALUES (true), (false), (true)) t(x)", "2"),
        ("SELECT sum(x) FILTER (WHERE x > 1) FROM (VALUES (1), (2), (3)) t(x)", "5"),
    ])
    .await;
    let session = session(&[]).await;
    let distinct = "SELECT b, d, sum(DISTINCT x), sum(x) FROM (VALUES (1, 'a', NULL::bigint), (1, 'b', 3), (2, 'a', 3), (2, 'a', 4)) t(b, d, x) \
         GROUP BY ROLLUP (b, d) ORDER BY b, d";
    let expected = ["1|a|null|null", "1|b|3|3", "1|null|3|3", "2|a|7|7", "2|null|7|7", "null|null|7|10"];
    assert_eq!(rows(&session, distinct).await, expected);
    let windows = "SELECT sum(x) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM (VALUES (9223372036854775806), (9223372036854775807), (1)) t(x)";
    assert_eq!(rows(&session, windows).await, ["1", "9223372036854775807", "18446744073709551613"]);
    errors(&[(
        "SELECT sum(x) FROM (VALUES (99999999999999999999999999999999999999), (99999999999999999999999999999999999999)) t(x)",
        "38 digits",
    )])
    .await;
}

#[tokio::test]
async fn decimals_keep_their_digits() {
    one_row(&[
        ("SELECT 0.1 + 0.2 = 0.3, 1.1 * 1.1, 1e3, 1.5e-3", "true|1.21|1000.0|0.0015"),
        ("SELECT x = 12345678901234567.891 FROM (VALUES (12345678901234567.891)) t(x)", "true"),
        ("SELECT x + 1, x * 2, -x FROM (VALUES (1.25)) t(x)", "2.25|2.50|-1.25"),
        (
            "SELECT x = 0.1, x < 0.1, x IN (0.1), x BETWEEN 0.1 AND 0.2 FROM (VALUES (0.1::double)) t(x)",
            "true|false|true|true",
        ),
        ("SELECT x = 0.1, CASE x WHEN 0.1 THEN 'y' END FROM (VALUES (0.1::float)) t(x)", "true|y"),
        (
            "SELECT a = b, a < b FROM (VALUES (1234567890123456789012345678901234567.5::decimal(38,1), 0.123456::decimal(38,6))) t(a, b)",
            "false|false",
        ),
        ("SELECT sum(x + 1) FROM (SELECT 1 AS x UNION ALL SELECT 2.5)", "5.5"),
        ("SELECT sum(x) FROM (SELECT 0.5 AS x UNION ALL SELECT 1e20)", "1e20"),
        ("SELECT coalesce(x, 0.5), greatest(x, 0.5), CASE WHEN x > 1 THEN x ELSE 0.5 END FROM (VALUES (1e20)) t(x)", "1e20|1e20|1e20"),
        ("SELECT x > 9223372036854775806.5 FROM (VALUES (9223372036854775807)) t(x)", "true"),
        (
            "SELECT x < 2.5, x >= 2.5, x = 2.0, x = 2.5, x IN (2.0), 1.5 < x FROM (VALUES (2)) t(x)",
            "true|false|true|false|true|true",
        ),
    ])
    .await;
    errors(&[
        ("SELECT x * 10 FROM (VALUES (99999999999999999999999999999999999999)) t(x)", "DECIMAL(38,0)"),
        ("SELECT x + x FROM (VALUES (99999999999999999999999999999999999.999)) t(x)", "DECIMAL(38,3)"),
    ])
    .await;
}

#[tokio::test]
async fn one_nan_and_one_zero() {
    let values = "(VALUES (0.0::double), (-0.0), (0.0::double * -1), ('nan'), ('-nan'), (0.0::double / 0), ('inf'), (-1.5)) t(x)";
    let statement = |sql: &str| sql.replace("FROM t", &format!("FROM {values}"));
    let session = session(&[]).await;
    for (sql, expected) in [
        ("SELECT count(DISTINCT x) FROM t", vec!["4"]),
        ("SELECT x, count(*) FROM t GROUP BY x ORDER BY x", vec!["-1.5|1", "0.0|3", "inf|1", "NaN|3"]),
        ("SELECT count(*) FROM t WHERE x > 1000", vec!["4"]),
        ("SELECT count(*) FROM t WHERE x = 'NaN'::double", vec!["3"]),
        ("SELECT count(*) FROM t WHERE NOT (x < 1000)", vec!["4"]),
        ("SELECT count(*) FROM t WHERE x - x = 0", vec!["4"]),
        ("SELECT count(*) FROM t WHERE x * -1 = 0.0", vec!["3"]),
        ("SELECT count(*) FROM t WHERE nullif(x, 0.0) IS NULL", vec!["3"]),
        ("SELECT count(CASE x WHEN 0.0 THEN 1 END) FROM t", vec!["3"]),
        ("SELECT min(x), max(x) FROM t", vec!["-1.5|NaN"]),
        ("SELECT max(n) FROM (SELECT count(*) OVER (PARTITION BY -x) AS n FROM t)", vec!["3"]),
        ("SELECT DISTINCT -x FROM t ORDER BY 1", vec!["-inf", "0.0", "1.5", "NaN"]),
    ] {
        assert_eq!(rows(&session, &statement(sql)).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn bounds_of_grouped_floats() {
    let session = session(&[]).await;
    let sql = "SELECT g, max(x), min(x) FROM (VALUES (1, 1.0::double), (1, 5), (1, 'nan'), (1, 2), (2, 'inf'), (3, '-inf'), (4, NULL), (5, 'nan')) t(g, x) \
         GROUP BY g ORDER BY g";
    assert_eq!(rows(&session, sql).await, ["1|NaN|1.0", "2|inf|inf", "3|-inf|-inf", "4|null|null", "5|NaN|NaN"]);
    let singles = sql.replace("1.0::double", "1.0::float");
    assert_eq!(rows(&session, &singles).await, ["1|NaN|1.0", "2|inf|inf", "3|-inf|-inf", "4|null|null", "5|NaN|NaN"]);
}

#[tokio::test]
async fn dialects() {
    let order = "SELECT x FROM (VALUES (1), (NULL), (2)) t(x) ORDER BY x";
    for (dialect, expected, rising, falling) in [
        (SqlDialect::DuckDb, "0.5|0.6666666666666666|8.0", ["1", "2", "null"], ["2", "1", "null"]),
        (SqlDialect::Spark, "0.5|0.666667|1", ["null", "1", "2"], ["2", "1", "null"]),
        (SqlDialect::Trino, "0|0.67|1", ["1", "2", "null"], ["2", "1", "null"]),
    ] {
        let session = Session::new(SessionOptions { dialect, ..SessionOptions::default() }).unwrap();
        assert_eq!(rows(&session, "SELECT 1 / 2, 2.00 / 3, 2 ^ 3").await, [expected], "{dialect:?}");
        let trailing = session.query("SELECT last_value(x) IGNORE NULLS OVER () FROM (VALUES (1)) t(x)").await;
        assert_eq!(trailing.is_err(), dialect == SqlDialect::DuckDb, "{dialect:?}");
        assert_eq!(rows(&session, order).await, rising, "{dialect:?}");
        assert_eq!(rows(&session, &format!("{order} DESC")).await, falling, "{dialect:?}");
    }
}

#[tokio::test]
async fn numbers_are_no_dates() {
    let both = "have no type in common";
    errors(&[
        ("SELECT DATE '2024-01-01' UNION ALL SELECT 1", both),
        ("SELECT 19723 INTERSECT SELECT DATE '2024-01-01'", both),
        ("SELECT DATE '2024-01-01' EXCEPT SELECT 1", both),
        ("SELECT CASE WHEN false THEN DATE '2024-01-01' ELSE 1 END", both),
        ("SELECT greatest(DATE '2024-01-01', 5)", both),
        ("SELECT a.d FROM (VALUES (DATE '1970-01-02')) a(d) JOIN (VALUES (1)) b(d) USING (d)", both),
    ])
    .await;
}

#[tokio::test]
async fn hexadecimal_numbers_and_bytes() {
    one_row(&[
        ("SELECT 0xFF, 0x7f + 1, typeof(0xFF)", "255|128|BIGINT"),
        ("SELECT X'FF' = encode('a'), typeof(X'FF')", "false|VARBINARY"),
    ])
    .await;
}
