//! Runs small inputs that other readers and engines got wrong, and compares what comes back with the right answers, by value.
//! Prints the statements that fail and a line per folder. `scripts/cases` runs it.
//!
//! The folders are in `../shared/cases`, or where `LAKEGLASS_CASES` says; their README.md describes them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]
#![recursion_limit = "256"] // spawned queries are deeply nested futures

mod cell;
mod compare;
mod csv;
mod exact;
mod expected;
mod folder;
mod nested;
mod run;

use folder::Folder;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// As the command line has: statements of the folders nest as deep as is allowed, and a debug build's frames are large.
const STACK_BYTES: usize = 64 << 20;

fn main() -> ExitCode {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().worker_threads(2).thread_stack_size(STACK_BYTES).build().unwrap();
    runtime.block_on(all())
}

async fn all() -> ExitCode {
    // Flags are cargo's, for test programs; a word is the beginning of a folder's name, with `:id` behind it for one statement.
    let chosen: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let shared = std::env::var_os("LAKEGLASS_CASES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases"), PathBuf::from);
    if !shared.is_dir() {
        println!("\n*** SKIPPED: there are no cases at {} ***\n", shared.display());
        println!("test result: ok. 0 passed; 0 failed; 1 ignored");
        return ExitCode::SUCCESS;
    }
    let begun = Instant::now();
    let (mut passed, mut failed) = (0, 0);
    for folder in folder::all(&shared.canonicalize().unwrap(), &chosen) {
        let (right, wrong) = one(&folder).await;
        passed += right;
        failed += wrong;
    }
    let verdict = if failed == 0 && passed > 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; finished in {:.2}s",
        begun.elapsed().as_secs_f64()
    );
    if verdict == "ok" { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a folder and prints what it has come to: statements that are right, and that are wrong.
async fn one(folder: &Folder) -> (usize, usize) {
    let begun = Instant::now();
    let verdicts = run::run(folder).await;
    let mut wrong = 0;
    for (statement, verdict) in folder.statements.iter().zip(&verdicts) {
        if let Err(reason) = verdict {
            wrong += 1;
            println!("FAIL {}:{}  {}\n    {reason}", folder.name, statement.id, shown(&statement.sql));
        }
    }
    let right = verdicts.len() - wrong;
    let word = if wrong == 0 { "pass" } else { "FAIL" };
    println!("{word} {:<28} {right:>4} right {wrong:>4} wrong {:>7.2} s", folder.name, begun.elapsed().as_secs_f64());
    (right, wrong)
}

/// A statement on one line, cut.
fn shown(sql: &str) -> String {
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(400) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
