//! What to write into a host's configuration, ready to be copied: the texts are the page's too.

use super::host::Host;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// By what is to be fixed, by host: `other` stands for those that are not named.
type Fixes = BTreeMap<String, BTreeMap<String, String>>;

static FIXES: LazyLock<Fixes> = LazyLock::new(|| {
    // A test reads it.
    serde_json::from_str(include_str!("../../../../www/app/doctor/fixes.json")).unwrap_or_default()
});

/// How `what` is fixed at `host`.
pub fn text(what: &str, host: Host) -> &'static str {
    let by_host = FIXES.get(what);
    let text = by_host.and_then(|texts| texts.get(host.name()).or_else(|| texts.get("other")));
    text.map_or("", String::as_str)
}

/// Letting a page read replies at all, ranges and their headers included.
pub fn cors(host: Host, origin: &str, headers: &[String]) -> String {
    let asked = std::iter::once("range").chain(headers.iter().map(String::as_str));
    let list = asked.clone().collect::<Vec<_>>().join(", ");
    let quoted = asked.map(|header| format!("\"{header}\"")).collect::<Vec<_>>().join(", ");
    text("cors", host).replace("{origin}", origin).replace("{list}", &list).replace("{quoted}", &quoted)
}

/// CORS headers with errors too.
pub fn cors_on_errors(host: Host, origin: &str) -> String {
    match text("cors_on_errors", host) {
        "" => cors(host, origin, &[]),
        text => text.replace("{origin}", origin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fix_has_a_text_for_every_host() {
        assert!(FIXES.len() > 10);
        for (what, texts) in FIXES.iter().filter(|(what, _)| *what != "cors_on_errors") {
            assert!(texts.contains_key("other"), "{what}");
        }
        let fix = cors(Host::Amazon, "https://page", &["x-token".to_owned()]);
        assert!(
            fix.contains(r#""AllowedHeaders": ["range", "x-token"]"#) && fix.contains(r#"["https://page"]"#),
            "{fix}"
        );
        assert!(cors_on_errors(Host::Caddy, "https://page").contains("header {"));
    }
}
