//! Statements as deep as is allowed, within the stack that a browser's module has.

use crate::sql_fixture::{rows, session};

/// Runs a query on a thread with the module's stack of 8 MiB.
fn in_small_stack(sql: String, check: fn(&[String])) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let session = session(&[("weather", "www/demo/weather")]).await;
            let rows = rows(&session, &sql).await;
            check(&rows);
        });
    };
    std::thread::Builder::new().stack_size(8 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn as_deep_as_allowed() {
    let n: usize = std::env::var("DEPTH").ok().and_then(|n| n.parse().ok()).unwrap_or(350);
    let which = std::env::var("WHICH").unwrap_or_default();
    let numbers = |op: &str| (0..n).map(|i| format!("temperature = {i}")).collect::<Vec<_>>().join(op);
    let cases: [(&str, String, fn(&[String])); 6] = [
        ("or", format!("SELECT count(*) FROM weather WHERE {}", numbers(" OR ")), |rows| assert_eq!(rows, ["4"])),
        ("and", format!("SELECT count(*) FROM weather WHERE {}", numbers(" AND ")), |rows| assert_eq!(rows, ["0"])),
        ("plus", format!("SELECT count(*) FROM weather WHERE {} > 0", vec!["temperature"; n].join(" + ")), |rows| {
            assert_eq!(rows, ["4"])
        }),
        ("cast", format!("SELECT 1{}", "::int::bigint".repeat(n / 4)), |rows| assert_eq!(rows, ["1"])),
        ("union", vec!["SELECT city FROM weather"; n].join(" UNION ALL "), |rows| assert!(rows.len() >= 4)),
        ("case", format!("SELECT {}1{}", "CASE WHEN 1 = 2 THEN 2 ELSE ".repeat(20), " END".repeat(20)), |rows| {
            assert_eq!(rows, ["1"])
        }),
    ];
    for (name, sql, check) in cases {
        if which.is_empty() || which == name {
            eprintln!("{name}");
            in_small_stack(sql, check);
        }
    }
}
