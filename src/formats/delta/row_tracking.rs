//! Row tracking: what the log and the table's properties say of the identity of rows. Pure.
//!
//! Specification: [Row Tracking](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#row-tracking).

use super::table_protocol::TableProtocol;
use crate::snapshot::{RowOrigin, RowTracking, TableMetadata};

/// The columns of materialised ids and versions; `None` where row tracking is not enabled: as long as it is only supported,
/// ids come and go.
pub(crate) fn columns(protocol: &TableProtocol, metadata: &TableMetadata) -> Option<RowTracking> {
    let property = |name: &str| metadata.configuration.get(name);
    let supported = protocol.writer_features.iter().any(|feature| feature == "rowTracking");
    let enabled = property("delta.enableRowTracking").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    (supported && enabled).then(|| RowTracking {
        row_id_column: property("delta.rowTracking.materializedRowIdColumnName").cloned(),
        row_commit_version_column: property("delta.rowTracking.materializedRowCommitVersionColumnName").cloned(),
    })
}

/// What an `add` says of its rows.
pub(crate) fn origin(base_row_id: Option<i64>, row_commit_version: Option<i64>) -> Option<RowOrigin> {
    let says = base_row_id.is_some() || row_commit_version.is_some();
    says.then_some(RowOrigin { base_row_id, row_commit_version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enabled_takes_the_feature_and_the_property() {
        let protocol = |features: &[&str]| TableProtocol {
            writer_features: features.iter().map(ToString::to_string).collect(),
            ..TableProtocol::default()
        };
        let metadata = |properties: &[(&str, &str)]| TableMetadata {
            configuration: properties.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
            ..TableMetadata::default()
        };
        let on = ("delta.enableRowTracking", "true");
        let ids = ("delta.rowTracking.materializedRowIdColumnName", "_row-id");
        assert_eq!(columns(&protocol(&["rowTracking"]), &metadata(&[ids])), None);
        assert_eq!(columns(&protocol(&["domainMetadata"]), &metadata(&[on, ids])), None);
        assert_eq!(columns(&protocol(&["rowTracking"]), &metadata(&[("delta.enableRowTracking", "false")])), None);
        let tracking = columns(&protocol(&["rowTracking"]), &metadata(&[on, ids])).unwrap();
        assert_eq!((tracking.row_id_column.as_deref(), tracking.row_commit_version_column), (Some("_row-id"), None));
        assert_eq!(origin(None, None), None);
        assert_eq!(origin(Some(3), None), Some(RowOrigin { base_row_id: Some(3), row_commit_version: None }));
    }
}
