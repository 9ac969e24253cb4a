//! Tables in front of real servers of other makers: real signatures, real listings, real configuration.
//!
//! Each server is installed and started by `scripts/servers`, which says where it listens or why it is not there; a line is
//! printed for each. `scripts/test servers` runs this; so does `scripts/servers all cargo test --features cli --test servers`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]

mod azurite;
mod cloud;
mod nginx;
mod s3;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// A server's endpoint as `scripts/servers` found it: `http://…`, or the reason why it is not there.
fn endpoint(name: &str) -> Result<String, String> {
    let variable = format!("LAKEGLASS_{}", name.to_ascii_uppercase());
    match std::env::var(&variable) {
        Ok(value) if value.starts_with("http") => Ok(value),
        Ok(reason) => Err(reason),
        Err(_) => Err(format!("{variable} is not set: run scripts/test servers")),
    }
}

type Test = (&'static str, &'static str, fn(&str));

const TESTS: &[Test] = &[
    ("swift", "signed requests, two versions, a listing", s3::signed),
    ("swift", "a share of presigned URLs, through the command line", s3::shared),
    ("swift", "expired and tampered signatures, wrong keys, no keys", s3::refused),
    ("moto", "listings page by page, and where they are denied", s3::listings),
    ("azurite", "a container's signature, two versions, a listing", azurite::container),
    ("azurite", "signatures without the right to list, expired and tampered", azurite::refused),
    ("nginx", "a plain static host, and what the doctor says of it", nginx::hosts),
];

fn main() {
    let filter: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let chosen =
        |test: &&Test| filter.is_empty() || filter.iter().any(|text| test.0.contains(text) || test.1.contains(text));
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (server, what, test) in TESTS.iter().filter(chosen) {
        let started = Instant::now();
        match endpoint(server) {
            Err(reason) => {
                skipped += 1;
                println!("test {server}: {what} ... skipped: {reason}");
            }
            Ok(endpoint) => match catch_unwind(AssertUnwindSafe(|| test(&endpoint))) {
                Ok(()) => {
                    passed += 1;
                    println!("test {server}: {what} ... ok ({:.1} s)", started.elapsed().as_secs_f64());
                }
                Err(_) => {
                    failed += 1;
                    println!("test {server}: {what} ... FAILED");
                }
            },
        }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {passed} passed; {failed} failed; {skipped} ignored; 0 measured; 0 filtered out");
    std::process::exit(if failed == 0 { 0 } else { 1 });
}
