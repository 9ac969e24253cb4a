//! Compares statements over random tables with DuckDB. Everything random is in Python (`main.py`); this runs it, and is the engine
//! that it speaks with: a JSON object per line in, one out.
//!
//! `scripts/fuzz-sql` runs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]
#![recursion_limit = "256"] // spawned queries are deeply nested futures

#[path = "../cases/cell.rs"]
#[allow(dead_code)]
mod cell;
mod serve;

use std::path::Path;
use std::process::{Command, ExitCode};

/// As the command line has, and more for a debug build's frames.
const STACK_BYTES: usize = 64 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--serve") {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.enable_all().worker_threads(2).thread_stack_size(STACK_BYTES).build().unwrap();
        runtime.block_on(serve::serve());
        return ExitCode::SUCCESS;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let status = Command::new(root.join(".tools/venv/bin/python"))
        .arg(root.join("tests/fuzz_sql/main.py"))
        .arg(std::env::current_exe().unwrap())
        .args(arguments.iter().filter(|argument| !argument.starts_with('-')))
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            println!("tests/fuzz_sql needs .tools/venv (scripts/install python): {error}");
            ExitCode::FAILURE
        }
    }
}
