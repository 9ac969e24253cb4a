//! Which tables there are, at which versions, and what each has to hold.

use crate::exceptions::{Instead, exception};
use crate::expected::{self, Expected, Result};
use lakeglass::table::Version;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// One table at one version.
pub struct Case {
    /// `source/table`.
    pub table: String,
    pub root: PathBuf,
    pub version: Version,
    pub expectation: Expectation,
}

pub enum Expectation {
    Rows(Expected),
    /// The rows without a column, and why.
    RowsWithout(&'static str, Expected, String),
    Instead(Instead, String),
}

impl Case {
    /// How it is called in the report.
    pub fn name(&self) -> String {
        match self.version {
            Version::Number(number) => format!("{} v{number}", self.table),
            _ => format!("{} latest", self.table),
        }
    }
}

/// All of them, in order. Without the other engines' tables: ours alone, and a word about it.
pub fn all() -> Result<Vec<Case>> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("LAKEGLASS_CONFORMANCE")
        .map_or_else(|| manifest.join("../shared/conformance/delta"), PathBuf::from);
    let shared = shared.canonicalize().unwrap_or(shared);
    let mut cases = fixtures(&manifest.join("tests/fixtures"))?;
    if shared.is_dir() {
        cases.extend(dat(&shared.join("dat"))?);
        cases.extend(golden(&shared.join("golden"))?);
        cases.extend(kernel(&shared.join("kernel"))?);
    } else {
        println!("\n*** SKIPPED: the tables of other engines are not at {} ***\n", shared.display());
        cases.push(Case {
            table: "dat, golden and kernel".into(),
            root: shared,
            version: Version::Latest,
            expectation: Expectation::Instead(Instead::Skipped, "the folder is not there".into()),
        });
    }
    Ok(cases)
}

/// The folders in a folder, with their names, sorted.
fn folders(parent: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        if let (true, Some(name)) = (path.is_dir(), path.file_name().and_then(|name| name.to_str())) {
            found.push((name.to_owned(), path.clone()));
        }
    }
    found.sort();
    Ok(found)
}

fn case(table: &str, root: &Path, version: Version, expectation: impl FnOnce() -> Result<Expected>) -> Result<Case> {
    let expectation = match exception(table) {
        Some((Instead::Without(column), reason)) => {
            let expected = expectation().map_err(|error| format!("{table}: {error}"))?;
            Expectation::RowsWithout(column, expected.without(column), reason.into())
        }
        Some((instead, reason)) => Expectation::Instead(instead, reason.into()),
        None => Expectation::Rows(expectation().map_err(|error| format!("{table}: {error}"))?),
    };
    Ok(Case { table: table.into(), root: root.to_owned(), version, expectation })
}

/// Our own fixtures, every version.
fn fixtures(parent: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (name, folder) in folders(parent)? {
        let file = folder.join("expected.json");
        if !file.exists() {
            continue;
        }
        let versions = expected::from_fixture(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        for (version, expected) in versions {
            let table = format!("fixtures/{name}");
            cases.push(case(&table, &folder.join("table"), Version::Number(version), || Ok(expected))?);
        }
    }
    Ok(cases)
}

/// Delta Acceptance Testing: `expected/latest` and, for some, `expected/vN`.
fn dat(parent: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (name, folder) in folders(parent)? {
        let table = format!("dat/{name}");
        for (label, content) in folders(&folder.join("expected"))? {
            let version = match label.strip_prefix('v') {
                Some(number) => Version::Number(number.parse()?),
                None => Version::Latest,
            };
            cases.push(case(&table, &folder.join("delta"), version, || {
                expected::from_parquet(&content.join("table_content"))
            })?);
        }
    }
    Ok(cases)
}

/// Golden tables of delta-io/delta: the latest version; one without expected rows has to be among the exceptions.
fn golden(parent: &Path) -> Result<Vec<Case>> {
    folders(parent)?
        .into_iter()
        .map(|(name, folder)| {
            case(&format!("golden/{name}"), &folder.join("delta"), Version::Latest, || {
                expected::from_parquet(&folder.join("expected"))
            })
        })
        .collect()
}

/// Tables of delta-kernel-rs: every version, as the deltalake package reads it.
fn kernel(parent: &Path) -> Result<Vec<Case>> {
    let oracle: Value = serde_json::from_str(include_str!("kernel.json"))?;
    let mut cases = Vec::new();
    for (name, folder) in folders(parent)? {
        let table = format!("kernel/{name}");
        let known = oracle
            .get(&name)
            .ok_or_else(|| format!("{table} is not in kernel.json: run tests/conformance/oracle.py"))?;
        for (version, expected) in expected::from_oracle(known)? {
            cases.push(case(&table, &folder, Version::Number(version), || Ok(expected))?);
        }
    }
    Ok(cases)
}
