//! What format a table is in.

use std::borrow::Cow;

/// What format a table is in, and what that asks of its readers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormatInfo {
    /// The format's name, in lower case: `delta`, `parquet`.
    pub name: Cow<'static, str>,
    /// The format's version, in the format's own words; empty where it has none.
    pub version: String,
    /// Features by name that the table asks of its readers or writers: in order, each once.
    pub features: Vec<String>,
    /// What else the format says of the table, by its own names.
    pub details: Vec<(&'static str, FormatDetail)>,
}

/// Something that a format says of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormatDetail {
    /// A number, of a version for example.
    Number(u64),
    /// Names, of features for example.
    Names(Vec<String>),
}

impl FormatInfo {
    /// The number that the format calls `name`.
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.detail(name)? {
            FormatDetail::Number(number) => Some(*number),
            FormatDetail::Names(_) => None,
        }
    }

    /// The names that the format calls `name`; none where it says nothing.
    pub fn names(&self, name: &str) -> &[String] {
        match self.detail(name) {
            Some(FormatDetail::Names(names)) => names,
            Some(FormatDetail::Number(_)) | None => &[],
        }
    }

    fn detail(&self, name: &str) -> Option<&FormatDetail> {
        self.details.iter().find(|(known, _)| *known == name).map(|(_, detail)| detail)
    }
}
