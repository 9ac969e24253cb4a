//! Reads the tables that other engines wrote, and our own fixtures, and compares every row by value and type: once through the
//! scan alone, once through SQL, once over HTTP without a listing. Prints a line for each table and version. `scripts/conformance` runs it.
//!
//! The tables are in `../shared/conformance/delta`, or where `LAKEGLASS_CONFORMANCE` says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod cases;
mod compare;
mod exceptions;
mod expected;
#[path = "../integration/loopback.rs"]
mod loopback;
mod oracle;
mod spell;

use compare::Outcome;
use futures::{StreamExt, stream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The largest table has a million rows, which an unoptimised build spells for a minute: one that takes longer is stuck.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// Tables read side by side.
const AT_ONCE: usize = 4;

#[tokio::main]
async fn main() -> ExitCode {
    // cargo's own flags for test programs are not for us; a bare word picks tables by name.
    let filter: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let cases = match cases::all() {
        Ok(cases) => cases,
        Err(error) => {
            println!("the tables cannot be listed: {error}");
            return ExitCode::FAILURE;
        }
    };
    let begun = Instant::now();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let wanted = cases.into_iter().filter(|case| filter.iter().all(|text| case.name().contains(text.as_str())));
    // On a task of its own each: a panic is that table's failure and not the end of the run.
    let tasks = wanted.map(|case| {
        let name = case.name();
        let task = tokio::spawn(tokio::time::timeout(TIME_LIMIT, compare::run(case)));
        async { (name, task.await) }
    });
    let mut results = stream::iter(tasks).buffered(AT_ONCE);
    while let Some((name, result)) = results.next().await {
        let (features, outcome) = match result {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => (String::new(), Outcome::Failed(format!("not done after {} s", TIME_LIMIT.as_secs()))),
            Err(error) => (String::new(), Outcome::Failed(format!("panicked: {error}"))),
        };
        let (word, detail) = match &outcome {
            Outcome::Passed(detail) => ("pass", detail),
            Outcome::Refused(detail) => ("refused", detail),
            Outcome::Skipped(detail) => ("skip", detail),
            Outcome::Failed(detail) => ("FAIL", detail),
        };
        println!("{word:<8} {name:<88} {features:<28} {detail}");
        match outcome {
            Outcome::Passed(_) | Outcome::Refused(_) => passed += 1,
            Outcome::Skipped(_) => skipped += 1,
            Outcome::Failed(_) => failed += 1,
        }
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; {skipped} ignored; finished in {:.2}s",
        begun.elapsed().as_secs_f64()
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
