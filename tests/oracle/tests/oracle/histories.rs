//! Random histories that the deltalake package writes: every version's rows, types and files, as deltalake, delta_kernel and Lakeglass
//! have them.

use crate::report::Differences;
use lakeglass_oracle::{Content, LiveFile, kernel, ours, spell};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The histories' seed and number, unless `LAKEGLASS_SEED` and `LAKEGLASS_TABLES` say otherwise.
const SEED: u64 = 20_240_229;
const TABLES: u64 = 30;

/// A number from the environment.
pub fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

fn write(folder: &Path) {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = package.join("../../.tools/venv/bin/python");
    assert!(python.exists(), "deltalake is not installed: run scripts/install python");
    let status = Command::new(python)
        .arg(package.join("write/histories.py"))
        .arg(folder)
        .arg(number("LAKEGLASS_SEED", SEED).to_string())
        .arg(number("LAKEGLASS_TABLES", TABLES).to_string())
        .status();
    assert!(status.unwrap().success(), "the histories are not written");
}

/// Types, number of rows and digest.
fn summary(content: &Content) -> String {
    let rows = content.rows();
    format!("{} rows, digest {}, {:?}", rows.len(), spell::digest(&rows), content.types())
}

fn expected(version: &Value) -> String {
    let types: std::collections::BTreeMap<_, _> = version["schema"].as_object().unwrap().iter().collect();
    let types: std::collections::BTreeMap<_, _> =
        types.iter().map(|(name, kind)| (name, spell::json_type(kind))).collect();
    format!("{} rows, digest {}, {types:?}", version["rowCount"], version["digest"].as_str().unwrap())
}

fn paths(mut files: Vec<LiveFile>) -> String {
    files.sort();
    let paths: Vec<_> = files.iter().map(|file| format!("{} {}", file.path, file.size)).collect();
    paths.join("\n")
}

fn expected_paths(version: &Value) -> String {
    let files = version["files"].as_array().unwrap();
    let mut paths: Vec<_> = files.iter().map(|file| format!("{} {}", file[0].as_str().unwrap(), file[1])).collect();
    paths.sort();
    paths.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_is_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let mut tables: Vec<PathBuf> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    tables.sort();
    let mut differences = Differences::default();
    for root in &tables {
        let content: Value = serde_json::from_slice(&std::fs::read(root.join("expected.json")).unwrap()).unwrap();
        for (version, expectation) in content["versions"].as_object().unwrap() {
            let version: u64 = version.parse().unwrap();
            let table = root.join("table");
            let name = format!("{} v{version} ({})", root.display(), content["steps"]);
            let ours_read = ours::read(&table, Some(version)).await.map(|content| summary(&content));
            let kernel_read = kernel::read(&table, Some(version)).map(|content| summary(&content));
            differences.compare(&format!("{name}: rows"), &Ok(expected(expectation)), &ours_read, &kernel_read);
            let ours_files = ours::files(&table, Some(version)).await;
            let kernel_files = kernel::files(&table, Some(version));
            let values = (ours_files.clone().map(sorted), kernel_files.clone().map(sorted));
            differences.compare(
                &format!("{name}: files"),
                &Ok(expected_paths(expectation)),
                &ours_files.map(paths),
                &kernel_files.map(paths),
            );
            differences.equal(&format!("{name}: partition values"), &values.0, &values.1);
        }
    }
    differences.finish(tables.len() as u64 * 3);
}

fn sorted(mut files: Vec<LiveFile>) -> Vec<LiveFile> {
    files.sort();
    files
}
