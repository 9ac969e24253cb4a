//! Which changes of a column's type can be read. Pure.
//!
//! Specification: [Type Widening](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#type-widening): "readers must
//! validate that they support all type changes in the `delta.typeChanges` field".

use crate::error::{Error, Result};
use serde::Deserialize;
use serde_json::Value;

/// The metadata key of a column that lists its changes.
const TYPE_CHANGES: &str = "delta.typeChanges";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeChange {
    from_type: String,
    to_type: String,
}

/// Refuses a column whose type was changed in a way that is not known.
pub(crate) fn check(column: &str, metadata: &serde_json::Map<String, Value>) -> Result<()> {
    let Some(changes) = metadata.get(TYPE_CHANGES) else { return Ok(()) };
    let changes: Vec<TypeChange> = serde_json::from_value(changes.clone())
        .map_err(|error| Error::corrupt("_delta_log", format!("{TYPE_CHANGES} of column {column}: {error}")))?;
    match changes.iter().find(|change| !is_known(&change.from_type, &change.to_type)) {
        Some(TypeChange { from_type, to_type }) => {
            let reason =
                format!("column {column} was changed from {from_type} to {to_type}, which is no known widening");
            Err(Error::unsupported("typeWidening", reason))
        }
        None => Ok(()),
    }
}

fn is_known(from: &str, to: &str) -> bool {
    let digits = match from {
        "byte" | "short" | "integer" => Some(10),
        "long" => Some(20),
        _ => None,
    };
    match (from, to) {
        ("byte", "short" | "integer" | "long" | "double")
        | ("short", "integer" | "long" | "double")
        | ("integer", "long" | "double")
        | ("float", "double")
        | ("date", "timestamp_ntz") => true,
        _ => match (decimal(from), digits, decimal(to)) {
            (Some((p, s)), _, Some((to_p, to_s))) => to_s >= s && to_p >= p && to_p - p >= to_s - s,
            (None, Some(digits), Some((to_p, to_s))) => to_p >= digits && to_p - digits >= to_s,
            _ => false,
        },
    }
}

fn decimal(name: &str) -> Option<(u8, u8)> {
    let (precision, scale) = name.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
    Some((precision.trim().parse().ok()?, scale.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_table_of_the_specification() {
        for (from, to) in [
            ("byte", "short"),
            ("short", "long"),
            ("integer", "long"),
            ("float", "double"),
            ("integer", "double"),
            ("date", "timestamp_ntz"),
            ("decimal(5,2)", "decimal(7,2)"),
            ("decimal(5,2)", "decimal(8, 4)"),
            ("byte", "decimal(10,0)"),
            ("integer", "decimal(12,2)"),
            ("long", "decimal(20,0)"),
        ] {
            assert!(is_known(from, to), "{from} -> {to}");
        }
        for (from, to) in [
            ("long", "integer"),
            ("long", "double"),
            ("date", "timestamp"),
            ("string", "integer"),
            ("decimal(5,2)", "decimal(6,4)"),
            ("decimal(5,2)", "decimal(4,2)"),
            ("long", "decimal(19,0)"),
            ("integer", "decimal(11,2)"),
        ] {
            assert!(!is_known(from, to), "{from} -> {to}");
        }
    }

    #[test]
    fn unknown_changes_are_refused() {
        let metadata = |from: &str, to: &str| {
            let changes = json!({"delta.typeChanges": [{"fromType": from, "toType": to, "fieldPath": "element"}]});
            changes.as_object().unwrap().clone()
        };
        assert_eq!(check("c", &metadata("integer", "long")), Ok(()));
        assert!(matches!(check("c", &metadata("string", "long")), Err(Error::UnsupportedFeature { .. })));
        let broken = json!({"delta.typeChanges": 7}).as_object().unwrap().clone();
        assert!(matches!(check("c", &broken), Err(Error::CorruptTable { .. })));
    }
}
