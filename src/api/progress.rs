//! How far a query is, as JavaScript sees it.

use crate::scan::{Phase, Progress};
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** How far a query is. */
export interface QueryProgress {
  phase: "planning" | "reading" | "computing" | "done";
  files: { done: number; total: number };
  /** Of the files opened so far. */
  rowGroups: { done: number; total: number };
  rows: number;
  /** Compressed bytes of the row groups to read. */
  bytes: { fetched: number; planned: number };
}
"#;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryProgress {
    phase: &'static str,
    files: Done,
    row_groups: Done,
    rows: f64,
    bytes: Bytes,
}

#[derive(Serialize)]
struct Done {
    done: f64,
    total: f64,
}

#[derive(Serialize)]
struct Bytes {
    fetched: f64,
    planned: f64,
}

impl From<&Progress> for QueryProgress {
    fn from(progress: &Progress) -> QueryProgress {
        let (phase, report) = progress.report();
        let done = |done: u64, total: u64| Done { done: done as f64, total: total as f64 };
        QueryProgress {
            phase: match phase {
                Phase::Waiting => "planning",
                Phase::Reading => "reading",
                Phase::Computing => "computing",
                Phase::Done => "done",
            },
            files: done(report.files_done, report.files),
            row_groups: done(report.row_groups_done, report.row_groups),
            rows: report.rows as f64,
            bytes: Bytes { fetched: report.bytes_fetched as f64, planned: report.bytes as f64 },
        }
    }
}
