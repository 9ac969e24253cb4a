//! delta_kernel's reading of the same table, from the program that `LAKEGLASS_ORACLE` names: see tests/oracle.

use crate::cases::Case;
use lakeglass::table::Version;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// What delta_kernel says.
pub enum Answer {
    /// There is no such program.
    NotAsked,
    /// It does not read this table, and why.
    Refused(String),
    Read {
        types: BTreeMap<String, String>,
        rows: usize,
        digest: String,
        first: String,
    },
}

/// Asks for a table at a version.
pub async fn ask(case: &Case) -> Result<Answer, String> {
    let Some(program) = std::env::var_os("LAKEGLASS_ORACLE") else {
        return Ok(Answer::NotAsked);
    };
    let mut command = Command::new(program);
    command.arg(&case.root);
    if let Version::Number(version) = case.version {
        command.arg(version.to_string());
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await.map_err(|error| error.to_string())?;
    let output = output.map_err(|error| error.to_string())?;
    let answer: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    if let Some(error) = answer.get("error").and_then(Value::as_str) {
        return Ok(Answer::Refused(error.lines().next().unwrap_or_default().to_owned()));
    }
    let types = answer["types"].as_object().ok_or("no types")?;
    Ok(Answer::Read {
        types: types.iter().map(|(name, kind)| (name.clone(), kind.as_str().unwrap_or_default().to_owned())).collect(),
        rows: answer["rowCount"].as_u64().ok_or("no rowCount")? as usize,
        digest: answer["digest"].as_str().ok_or("no digest")?.to_owned(),
        first: answer["first"].to_string(),
    })
}
