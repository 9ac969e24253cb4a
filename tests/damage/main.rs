//! Damaged tables: whatever the bytes are, reading ends, with rows or with an error that says what is wrong, without a panic and
//! without more memory than the input accounts for.
//!
//! Real inputs (the fixtures) are damaged at random, always the same way: `LAKEGLASS_SEED` and `LAKEGLASS_CASES` change that. fuzz/ has the
//! same entry points for runs of hours.
//!
//! Some cases of each kind, and those that make the Parquet crate panic, go through the command line as well: the one that Cargo built
//! beside this test, or that of `LAKEGLASS_BINARY`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "test code fails by panicking"
)]

#[path = "../integration/allocations.rs"]
mod allocations;
mod binary;
mod inputs;
mod mutation;
mod tables;

use inputs::INPUTS;
use mutation::Numbers;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tables::Objects;

/// Cases of each kind.
const CASES: u64 = 150;

/// A case that takes longer hangs: most take milliseconds.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// What reading may hold: this many bytes whatever the table is, and so many times its size.
const HELD: u64 = 24 << 20;
const HELD_PER_BYTE: u64 = 64;

/// What damage may be called.
const CODES: [&str; 4] = ["corrupt_table", "unsupported_feature", "table_not_found", "version_not_found"];

/// When the case under way has to be done, in milliseconds since the start; 0 between cases.
static DEADLINE: AtomicU64 = AtomicU64::new(0);

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

/// How a case ended: rows, an error's code, or what is wrong.
fn run(objects: &Objects) -> Result<(&'static str, u64), String> {
    let size: usize = objects.values().map(Vec::len).sum();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begun = allocations::begin();
    let read = catch_unwind(AssertUnwindSafe(|| runtime.block_on(tables::read(objects))));
    let held = allocations::most_since(begun);
    if held > HELD + HELD_PER_BYTE * size as u64 {
        return Err(format!("{held} bytes were held to read {size}"));
    }
    match read {
        Err(_) => Err("it panicked".into()),
        Ok(Ok(_)) => Ok(("read", held)),
        // A module that aborts on panics traps here: worth knowing how often.
        Ok(Err(error)) if error.to_string().contains("the decoder stopped") => Ok(("corrupt_table by a panic", held)),
        Ok(Err(error)) => match CODES.iter().find(|code| **code == error.code().as_str()) {
            Some(code) => Ok((code, held)),
            None => Err(format!("{}: {error}", error.code())),
        },
    }
}

fn watch(started: Instant) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(200));
            let deadline = DEADLINE.load(Ordering::Relaxed);
            if deadline > 0 && started.elapsed().as_millis() as u64 > deadline {
                println!(
                    "FAIL: a case is not done after {} s\ntest result: FAILED. 0 passed; 1 failed; 0 ignored",
                    TIME_LIMIT.as_secs()
                );
                std::process::exit(1);
            }
        }
    });
}

fn main() -> ExitCode {
    let filter: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let started = Instant::now();
    watch(started);
    // Panics that the reader catches are no news.
    std::panic::set_hook(Box::new(|_| {}));
    let (seed, cases) = (number("LAKEGLASS_SEED", 1), number("LAKEGLASS_CASES", CASES));
    let unwinds = binary::profile_unwinds();
    println!("{} the command line unwinds", if unwinds { "pass" } else { "FAIL" });
    let (mut passed, mut failed) = if unwinds { (1, 0) } else { (0, 1) };
    for (name, damage) in INPUTS.iter().filter(|(name, _)| filter.iter().all(|text| name.contains(text.as_str()))) {
        let begun = Instant::now();
        let mut ends = std::collections::BTreeMap::<&str, u64>::new();
        let (mut most, mut wrong, mut through_binary) = (0, Vec::new(), 0);
        for case in 0..cases {
            let mut numbers = Numbers(seed.wrapping_mul(1_000_003).wrapping_add(case));
            let objects = damage(&mut numbers);
            DEADLINE.store((started.elapsed() + TIME_LIMIT).as_millis() as u64, Ordering::Relaxed);
            let end = run(&objects).and_then(|(end, held)| {
                most = most.max(held);
                if case < binary::CASES || end.ends_with("panic") && through_binary < binary::PANICS {
                    through_binary += 1;
                    DEADLINE.store((started.elapsed() + 2 * TIME_LIMIT).as_millis() as u64, Ordering::Relaxed);
                    binary::run(&objects)?;
                }
                Ok(end)
            });
            match end {
                Ok(end) => *ends.entry(end).or_default() += 1,
                Err(problem) => wrong.push(format!("case {case}: {problem}")),
            }
            DEADLINE.store(0, Ordering::Relaxed);
        }
        let ends: Vec<_> = ends.iter().map(|(end, count)| format!("{count} {end}")).collect();
        let word = if wrong.is_empty() { "pass" } else { "FAIL" };
        println!(
            "{word} {name:<22} {}; {} KiB held at most; {:.1} s",
            ends.join(", "),
            most >> 10,
            begun.elapsed().as_secs_f64()
        );
        wrong.iter().take(8).for_each(|problem| println!("     {problem}"));
        if wrong.is_empty() { passed += 1 } else { failed += 1 }
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; finished in {:.2}s",
        started.elapsed().as_secs_f64()
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
