//! `lakeglass doctor`: what keeps a browser from reading a table where it is, and what to change.
//!
//! [`probe`] asks the host as a page of another origin would, [`judge`] says what the answers mean, [`fix`] what to write into
//! that host's configuration.

mod fix;
mod host;
mod judge;
mod probe;

use crate::Failure;
use crate::access::Access;
use clap::Args;
use judge::{Finding, Severity};
use lakeglass::TableUrl;
use lakeglass::storage::redact;
use std::io::{self, Write};

/// Asks a table's host as a page in a browser would, and tells what to change. The exit status is 1 where something keeps a
/// browser from reading the table.
#[derive(Args)]
pub struct Doctor {
    /// The table's URL.
    url: String,
    /// The page's origin.
    #[arg(long, default_value = "https://lakeglass.example")]
    origin: String,
    /// Writes the findings as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

impl Doctor {
    /// Probes and reports; whether nothing is wrong.
    pub async fn run(self) -> Result<bool, Failure> {
        let url: TableUrl = self.url.parse()?;
        let options = self.access.storage(&url)?;
        let seen = probe::examine(&url, &options, &self.origin).await?;
        let findings = judge::judge(&seen);
        let sound = findings.iter().all(|finding| finding.severity != Severity::Fault);
        let mut out = io::stdout().lock();
        match self.json {
            true => writeln!(out, "{}", serde_json::to_string_pretty(&findings).unwrap_or_default())?,
            false => report(&mut out, &redact(url.as_url()), &findings)?,
        }
        Ok(sound)
    }
}

fn report(out: &mut impl Write, url: &str, findings: &[Finding]) -> io::Result<()> {
    writeln!(out, "{url}\n")?;
    for finding in findings {
        writeln!(out, "{:<6} {}: {}", finding.severity.word(), finding.code, finding.message)?;
        for line in finding.fix.iter().flat_map(|fix| fix.lines()) {
            writeln!(out, "         {line}")?;
        }
    }
    let faults = findings.iter().filter(|finding| finding.severity == Severity::Fault).count();
    match faults {
        0 => writeln!(out, "\nA browser can read this table."),
        1 => writeln!(out, "\n1 fault keeps a browser from reading this table, or from reading it well."),
        faults => writeln!(out, "\n{faults} faults keep a browser from reading this table, or from reading it well."),
    }
}
