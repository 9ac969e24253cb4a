//! Opens a table of very many files with both readers and lists its live files: medians of several runs, taken in turns.
//!
//! `bench_log [files] [commits] [repetitions]`. `scripts/bench` runs it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use lakeglass::formats::delta::statistics;
use lakeglass_oracle::{kernel, large_log, ours};
use std::time::{Duration, Instant};

fn main() {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<usize>().unwrap());
    let files = numbers.next().unwrap_or(300_000);
    let commits = numbers.next().unwrap_or(100);
    let repetitions = numbers.next().unwrap_or(5);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    large_log::write(root, files, commits).unwrap();
    let log = std::fs::read_dir(root.join("_delta_log")).unwrap();
    let bytes: u64 = log.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    println!("{files} files in a checkpoint, {commits} commits after it, {:.1} MB of log", bytes as f64 / 1e6);

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let engine = kernel::engine(root);
    // Each in its own form: what follows a listing reads that.
    let lakeglass = || runtime.block_on(ours::open(root, None)).unwrap().snapshot().files.len();
    let listing = || kernel::list(&*engine, root, None, false).unwrap().len();
    let statistics = || kernel::list(&*engine, root, None, true).unwrap().len();
    let bounds = || {
        let table = runtime.block_on(ours::open(root, None)).unwrap();
        let all: Vec<usize> = (0..table.snapshot().files.len()).collect();
        let bounds = statistics::load(table.storage(), table.snapshot(), &all, &[0]);
        runtime.block_on(bounds).unwrap().containers
    };
    let readers: [(&str, &dyn Fn() -> usize); 4] = [
        ("lakeglass", &lakeglass),
        ("lakeglass, with bounds of a column", &bounds),
        ("delta_kernel, without statistics", &listing),
        ("delta_kernel, with statistics", &statistics),
    ];
    let mut times = [const { Vec::new() }; 4];
    let mut found = [0; 4];
    for _ in 0..repetitions {
        for (reader, (_, list)) in readers.iter().enumerate() {
            let begun = Instant::now();
            found[reader] = list();
            times[reader].push(begun.elapsed());
        }
    }
    assert!(found.iter().all(|count| *count == found[0]), "{found:?} live files");
    let medians = times.map(median);
    println!("{} live files, medians of {repetitions}:", found[0]);
    for ((name, _), median) in readers.iter().zip(medians) {
        let ratio = medians[0].as_secs_f64() / median.as_secs_f64();
        println!("{name:<36} {:>8.0} ms   lakeglass takes {ratio:.2} of it", median.as_secs_f64() * 1e3);
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
