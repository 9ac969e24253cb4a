//! Random histories of tables that no Python package writes, by the writer in this package: every version's rows by the writer's own
//! account, as Lakeglass reads them, and as delta_kernel does where it reads the table at all.

use crate::histories::number;
use crate::report::Differences;
use lakeglass_oracle::writer::history::{History, table_schema};
use lakeglass_oracle::{Content, Result, kernel, ours};
use std::collections::BTreeMap;

/// The first history's seed and their number, unless `LAKEGLASS_SEED` and `LAKEGLASS_TABLES` say otherwise.
const SEED: u64 = 1;
const TABLES: u64 = 30;

fn text(content: &Content) -> String {
    format!("{:?} {}", content.types(), content.sorted().join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_has_the_rows_that_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut differences = Differences::default();
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let first = number("LAKEGLASS_SEED", SEED);
    let tables = number("LAKEGLASS_TABLES", TABLES);
    for seed in first..first + tables {
        let root = folder.path().join(seed.to_string());
        let history = History::write(&root, seed, true);
        for (number, version) in history.versions.iter().enumerate() {
            let schema = table_schema(&version.columns).into();
            let written = Content { version: number as u64, schema, batches: vec![version.batch()] };
            let written: Result<String> = Ok(text(&written));
            let ours = ours::read(&root, Some(number as u64)).await.map(|content| text(&content));
            let theirs = kernel::read(&root, Some(number as u64)).map(|content| text(&content));
            let name = format!("seed {seed}, version {number} ({}), {:?}", version.what, history.mapping);
            match theirs {
                Err(reason) => {
                    let reason: String = reason.lines().next().unwrap_or_default().chars().take(90).collect();
                    *refused.entry(reason).or_default() += 1;
                    differences.equal(&name, &written, &ours);
                }
                theirs => differences.compare(&name, &written, &ours, &theirs),
            }
        }
        std::fs::remove_dir_all(root).unwrap();
    }
    for (reason, count) in refused {
        println!("{count} versions are not read by delta_kernel: {reason}");
    }
    differences.finish(tables * 5);
}
