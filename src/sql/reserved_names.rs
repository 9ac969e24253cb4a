//! Names that a session has before any table is in it.

/// The one catalog's name.
pub const CATALOG: &str = "lakeglass";

/// The one schema's name.
pub const SCHEMA: &str = "main";

/// The schema that describes the others.
pub const INFORMATION_SCHEMA: &str = "information_schema";

/// The metadata key of a table's column that `*` does not mean.
pub const HIDDEN: &str = "lakeglass.hidden";
