//! How a table's column names become the names and ids inside its data files. Pure.
//!
//! Specification: [Column Mapping](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#column-mapping).

use super::table_features::has_column_mapping;
use super::table_protocol::TableProtocol;
use crate::error::{Error, Result};
use crate::snapshot::FieldMatch;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The metadata key of a physical Arrow field that holds its Parquet field id.
pub(crate) const FIELD_ID: &str = "PARQUET:field_id";

/// `delta.columnMapping.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    None,
    Name,
    Id,
}

impl Mode {
    /// The table's mode: the property counts only where the protocol supports column mapping.
    pub(crate) fn of(protocol: &TableProtocol, configuration: &BTreeMap<String, String>) -> Result<Mode> {
        if !has_column_mapping(protocol) {
            return Ok(Mode::None);
        }
        match configuration.get("delta.columnMapping.mode").map(String::as_str) {
            None | Some("none") => Ok(Mode::None),
            Some("name") => Ok(Mode::Name),
            Some("id") => Ok(Mode::Id),
            Some(mode) => Err(Error::unsupported("columnMapping", format!("delta.columnMapping.mode is {mode:?}"))),
        }
    }

    /// How columns of data files are found.
    pub(crate) fn field_match(self) -> FieldMatch {
        match self {
            Mode::None | Mode::Name => FieldMatch::Name,
            Mode::Id => FieldMatch::Id,
        }
    }

    /// A field's name inside data files, and its id there.
    pub(crate) fn physical<'a>(
        self,
        name: &'a str,
        metadata: &'a Map<String, Value>,
    ) -> Result<(&'a str, Option<i32>)> {
        if self == Mode::None {
            return Ok((name, None));
        }
        let physical = metadata.get("delta.columnMapping.physicalName").and_then(Value::as_str);
        let id = metadata.get("delta.columnMapping.id").and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok());
        match (self, physical, id) {
            (Mode::Id, Some(_), None) => {
                Err(Error::corrupt("_delta_log", format!("column {name} has no delta.columnMapping.id")))
            }
            (_, Some(physical), id) => Ok((physical, id)),
            (_, None, _) => {
                Err(Error::corrupt("_delta_log", format!("column {name} has no delta.columnMapping.physicalName")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mode(reader: u32, features: &[&str], mode: Option<&str>) -> Result<Mode> {
        let protocol = TableProtocol {
            min_reader_version: reader,
            min_writer_version: 7,
            reader_features: features.iter().map(|name| name.to_string()).collect(),
            writer_features: Vec::new(),
        };
        Mode::of(&protocol, &mode.map(|mode| ("delta.columnMapping.mode".into(), mode.into())).into_iter().collect())
    }

    #[test]
    fn the_property_counts_only_with_the_feature() {
        assert_eq!(mode(1, &[], Some("name")), Ok(Mode::None));
        assert_eq!(mode(2, &[], Some("name")), Ok(Mode::Name));
        assert_eq!(mode(2, &[], None), Ok(Mode::None));
        assert_eq!(mode(3, &[], Some("id")), Ok(Mode::None));
        assert_eq!(mode(3, &["columnMapping"], Some("id")), Ok(Mode::Id));
        assert!(mode(2, &[], Some("fancy")).is_err());
    }

    #[test]
    fn physical_names_and_ids() {
        let mapped = json!({"delta.columnMapping.id": 5, "delta.columnMapping.physicalName": "col-1"});
        let mapped = mapped.as_object().unwrap();
        assert_eq!(Mode::None.physical("a", mapped), Ok(("a", None)));
        assert_eq!(Mode::Name.physical("a", mapped), Ok(("col-1", Some(5))));
        assert_eq!(Mode::Id.physical("a", mapped), Ok(("col-1", Some(5))));
        assert!(Mode::Name.physical("a", &Map::new()).is_err());
        let no_id = json!({"delta.columnMapping.physicalName": "col-1"});
        assert!(Mode::Id.physical("a", no_id.as_object().unwrap()).is_err());
    }
}
