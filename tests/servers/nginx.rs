//! nginx as a static host, with CORS and without; `scripts/servers` configures one server for each under a path of its own.

use crate::cloud::{check, lakeglass, wait};
use lakeglass::storage::AccessOptions;
use serde_json::Value;

/// The faults that the doctor finds.
fn faults(url: &str) -> Vec<String> {
    let output = lakeglass(&["doctor", url, "--json"], &[]);
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let faults = findings.iter().filter(|finding| finding["severity"] == "fault");
    faults.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

pub fn hosts(endpoint: &str) {
    wait(async {
        for path in ["open", "closed", "compressed", "app"] {
            check(&format!("{endpoint}/{path}/trade"), &AccessOptions::default()).await;
        }
    });
    assert_eq!(faults(&format!("{endpoint}/open/trade")), [""; 0]);
    assert_eq!(faults(&format!("{endpoint}/closed/trade")), ["cors_missing"]);
    assert_eq!(faults(&format!("{endpoint}/app/trade")), ["missing_answers_page"]);
    assert_eq!(faults(&format!("{endpoint}/open/nowhere")), ["table_not_found"]);
    let compressed = faults(&format!("{endpoint}/compressed/trade"));
    assert!(
        compressed.contains(&"compressed".to_owned()) || compressed.contains(&"range_ignored".to_owned()),
        "{compressed:?}"
    );
}
