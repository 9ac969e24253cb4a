//! Whether one JSON value is in another.

use super::scan::{entries, unescaped};
use super::write::compact;

/// Whether `needle` is `haystack`, or is in it at any depth: an object with its keys among others, an array with its elements
/// among others.
pub fn contains(haystack: &str, needle: &str) -> bool {
    within(haystack, needle) || entries(haystack).any(|entry| contains(entry.value, needle))
}

/// Whether `needle` is `haystack` or a part of its entries.
fn within(haystack: &str, needle: &str) -> bool {
    match (haystack.chars().next(), needle.chars().next()) {
        (Some('{'), Some('{')) => entries(needle).all(|wanted| {
            let name = wanted.key.and_then(unescaped);
            entries(haystack).any(|found| found.key.and_then(unescaped) == name && within(found.value, wanted.value))
        }),
        (Some('['), Some('[')) => {
            entries(needle).all(|wanted| entries(haystack).any(|found| within(found.value, wanted.value)))
        }
        _ => {
            let short = |value: &str| {
                let mut out = String::new();
                compact(value, &mut out);
                out
            };
            short(haystack) == short(needle)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn parts_are_found_at_any_depth() {
        let json = r#"{"a":{"b":[1,{"c":"x"}]},"d":null}"#;
        for (needle, expected) in [
            ("1", true),
            ("\"x\"", true),
            ("{\"a\":{\"b\":[1]}}", true),
            ("{\"c\":\"x\"}", true),
            ("null", true),
            ("2", false),
            ("{\"a\":1}", false),
        ] {
            assert_eq!(contains(json, needle), expected, "{needle}");
        }
    }
}
