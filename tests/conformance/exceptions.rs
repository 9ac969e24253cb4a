//! Tables that do not simply match expected rows, each with its reason: the whole list of what is not read like the rest.

/// What has to happen instead.
#[derive(Clone, Copy)]
pub enum Instead {
    /// Opening fails with this code.
    RefusedToOpen(&'static str),
    /// It opens, and reading its rows fails with this code.
    RefusedToRead(&'static str),
    /// It has no rows.
    Empty,
    /// All columns but this one are compared.
    Without(&'static str),
    /// It is not compared.
    Skipped,
}

/// `source/table`, what has to happen, and why.
pub const EXCEPTIONS: &[(&str, Instead, &str)] = &[
    (
        "golden/canonicalized-paths-normal-a",
        Instead::Empty,
        "its one file is removed under another spelling of its path",
    ),
    (
        "golden/canonicalized-paths-special-b",
        Instead::Empty,
        "its one file is removed under another spelling of its path",
    ),
    ("golden/checkpoint", Instead::RefusedToRead("corrupt_table"), "a log alone: its data files were never written"),
    (
        "golden/data-reader-partition-values",
        Instead::Without("as_timestamp"),
        "its partition timestamps name no zone; they were written in America/Los_Angeles, and are read as UTC",
    ),
    ("golden/deltalog-invalid-protocol-version", Instead::RefusedToOpen("unsupported_feature"), "reader version 99"),
    (
        "golden/deltalog-state-reconstruction-from-checkpoint-missing-protocol",
        Instead::RefusedToOpen("corrupt_table"),
        "a checkpoint without a protocol",
    ),
    (
        "golden/deltalog-state-reconstruction-without-metadata",
        Instead::RefusedToOpen("corrupt_table"),
        "a log without a metaData action",
    ),
    ("golden/versions-not-contiguous", Instead::RefusedToOpen("corrupt_table"), "the commit of version 1 is missing"),
];

/// The exception that names a table, if one does.
pub fn exception(table: &str) -> Option<(Instead, &'static str)> {
    EXCEPTIONS.iter().find(|(name, _, _)| *name == table).map(|(_, instead, reason)| (*instead, *reason))
}

/// `source/table` that delta_kernel reads otherwise than expected, and why it is not followed.
const DISAGREEMENTS: &[(&str, &str)] = &[];

/// Why delta_kernel's reading of a table is not followed, if it is not.
pub fn disagreement(table: &str) -> Option<&'static str> {
    DISAGREEMENTS.iter().find(|(name, _)| *name == table).map(|(_, reason)| *reason)
}
