//! Damaged tables through the command line: it must end by itself, with rows or with an error of ours.

use crate::tables::Objects;
use std::path::PathBuf;
use std::process::Command;

/// Cases of each kind.
pub const CASES: u64 = 4;
/// Those and cases that panic, of each kind, at most.
pub const PANICS: u64 = 12;

/// What an error on a table's damage may be called. The plan of a query may be what a damaged schema fails in.
const CODES: [&str; 5] =
    ["corrupt_table", "unsupported_feature", "table_not_found", "version_not_found", "invalid_sql"];

/// `None` where this test was built without it.
fn path() -> Option<PathBuf> {
    let named = std::env::var_os("LAKEGLASS_BINARY").map(PathBuf::from);
    named.or_else(|| option_env!("CARGO_BIN_EXE_lakeglass").map(PathBuf::from))
}

/// Reads all of the table; what is wrong with how that ended.
pub fn run(objects: &Objects) -> Result<(), String> {
    let Some(binary) = path() else { return Ok(()) };
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in objects {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
    let table = format!("t={}", folder.path().display());
    let ended = Command::new(binary).args(["query", "-f", "csv", "-t", &table, "SELECT * FROM t"]).output().unwrap();
    let errors = String::from_utf8_lossy(&ended.stderr);
    let is_ours = || errors.lines().any(|line| CODES.iter().any(|code| line.starts_with(code)));
    match ended.status.code() {
        Some(0) => Ok(()),
        Some(1) if is_ours() => Ok(()),
        _ => Err(format!("the command line ended with {}: {}", ended.status, errors.trim())),
    }
}

/// Whether the profile that the command line is released with lets guards catch panics.
pub fn profile_unwinds() -> bool {
    let manifest = include_str!("../../Cargo.toml");
    let profile = manifest.split("[profile.cli]").nth(1).and_then(|rest| rest.split("\n[").next());
    profile.is_some_and(|profile| profile.lines().any(|line| line.starts_with(r#"panic = "unwind""#)))
}
