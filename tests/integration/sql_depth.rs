//! Statements as deep and as long as is allowed, within the stack that a browser's module has.

use crate::sql_fixture::{error, rows, session};
use std::env::var;

/// Runs on a thread with the module's stack of 8 MiB.
fn in_small_stack(sql: String, expected: Option<&'static str>) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let session = session(&[("weather", "www/demo/weather")]).await;
            match expected {
                Some(expected) => assert_eq!(rows(&session, &sql).await, [expected]),
                None => assert_eq!(error(&session, &sql).await.code().as_str(), "invalid_sql"),
            }
        });
    };
    std::thread::Builder::new().stack_size(8 << 20).spawn(run).unwrap().join().unwrap();
}

/// `terms` different conditions, so that none is folded into another, `{}` being a number.
fn conditions(terms: usize, op: &str, condition: &str) -> String {
    let terms = (0..terms).map(|i| condition.replace("{}", &(i + 100).to_string()));
    format!("SELECT count(*) FROM weather WHERE {}", terms.collect::<Vec<_>>().join(op))
}

fn deep(n: usize) -> Vec<(&'static str, String, &'static str)> {
    vec![
        ("plus", format!("SELECT count(*) FROM weather WHERE {} > 0", vec!["temperature"; n].join(" + ")), "4"),
        ("concat", format!("SELECT length({})", vec!["'a'"; n / 10].join(" || ")), "0"),
        ("cast", format!("SELECT 1{}", "::int::bigint".repeat(n / 2)), "1"),
        ("union", format!("SELECT count(*) FROM ({})", vec!["SELECT city FROM weather"; n].join(" UNION ALL ")), "0"),
        ("case", format!("SELECT {}1{}", "CASE WHEN 1 = 2 THEN 2 ELSE ".repeat(n / 4), " END".repeat(n / 4)), "1"),
        ("not", format!("SELECT count(*) FROM weather WHERE {} temperature > 0", "NOT ".repeat(n / 4 * 2)), "4"),
        (
            "join",
            format!(
                "SELECT count(*) FROM weather w{}",
                (0..n / 10).map(|i| format!(" JOIN weather w{i} ON w.time = w{i}.time")).collect::<String>()
            ),
            "4",
        ),
    ]
}

#[test]
fn as_deep_as_is_allowed() {
    // For measuring: a depth, and which case.
    let n: usize = var("DEPTH").ok().and_then(|n| n.parse().ok()).unwrap_or(90);
    for (name, sql, expected) in deep(n) {
        if var("CASE").is_ok_and(|case| case != name) {
            continue;
        }
        let expected = match name {
            "concat" => (n / 10).to_string().leak(),
            "union" => (4 * n).to_string().leak(),
            _ => expected,
        };
        eprintln!("{name}");
        in_small_stack(sql, Some(expected));
    }
}

#[test]
fn as_long_as_is_allowed() {
    let n: usize = var("TERMS").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    for (name, sql, expected) in [
        ("or", conditions(n, " OR ", "temperature > {} AND time IS NOT NULL"), "0"),
        ("and", conditions(n, " AND ", "temperature + {} > 1"), "4"),
        ("equal", conditions(n, " OR ", "temperature = {}"), "0"),
    ] {
        if var("CASE").is_ok_and(|case| case != name) {
            continue;
        }
        in_small_stack(sql, Some(expected));
    }
}

#[test]
fn no_deeper_and_no_longer() {
    // Any number of NOTs is one or two.
    for (_, sql, _) in deep(80_000).into_iter().filter(|(name, ..)| *name != "not") {
        in_small_stack(sql, None);
    }
    in_small_stack(conditions(50_000, " OR ", "temperature > {}"), None);
    in_small_stack(format!("SELECT {}1{}", "abs(".repeat(400), ")".repeat(400)), None);
}

#[test]
fn generated_statements() {
    let listed = |n: usize, item: fn(usize) -> String| (0..n).map(item).collect::<Vec<_>>().join(", ");
    for (sql, expected) in [
        (format!("SELECT 1{}", " + 1".repeat(2_000)), "2001"),
        (format!("SELECT 1{}", " - 1".repeat(2_000)), "-1999"),
        (format!("SELECT length('a'{})", " || 'a'".repeat(2_000)), "2001"),
        (format!("SELECT {}-1{}", "abs(".repeat(150), ")".repeat(150)), "1"),
        (format!("SELECT {}true", "NOT ".repeat(201)), "false"),
        (format!("SELECT {}1{}", "(".repeat(200), ")".repeat(200)), "1"),
        (conditions(1_500, " AND ", "temperature <> {}"), "4"),
        (format!("SELECT count(*) FROM ({})", vec!["SELECT 1"; 1_000].join(" UNION ALL ")), "1000"),
        (
            format!("SELECT count(*), sum(x) FROM (VALUES {}) v(x, y)", listed(20_000, |i| format!("({i}, 'n{i}')"))),
            "20000|199990000",
        ),
        (
            format!(
                "SELECT count(*) FROM weather WHERE temperature IN ({})",
                listed(10_000, |i| format!("{}", i + 100))
            ),
            "0",
        ),
        (format!("SELECT c1999 FROM (SELECT {})", listed(2_000, |i| format!("{i} AS c{i}"))), "1999"),
    ] {
        in_small_stack(sql, Some(Box::leak(expected.to_string().into_boxed_str())));
    }
}

#[test]
fn idioms_within_each_other_are_bounded() {
    let nested = |depth: usize| format!("SELECT {}7{}", "pmod(".repeat(depth), ", 5)".repeat(depth));
    in_small_stack(nested(8), Some("2"));
    in_small_stack(nested(400), None);
    let years = format!("SELECT {}", vec!["year(DATE '2025-01-31')"; 300].join(" + "));
    in_small_stack(years, Some("607500"));
    let names: Vec<String> = (1..60).map(|i| format!("a{} + a{} AS a{i}", i - 1, i - 1)).collect();
    in_small_stack(format!("SELECT 1 AS a0, {}", names.join(", ")), None);
}
