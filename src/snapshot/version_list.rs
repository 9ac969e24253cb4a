//! The versions of a table that can be opened.

/// The versions that can be opened, in the order in which they were made, and the names that some have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionList {
    /// The versions' numbers.
    pub numbers: VersionNumbers,
    /// Where older versions may lack files by now: the oldest that surely lacks none.
    pub intact: Option<u64>,
    /// Branches and tags, by name.
    pub references: Vec<VersionReference>,
}

/// The numbers of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionNumbers {
    /// One after the other.
    Contiguous {
        /// The oldest.
        earliest: u64,
        /// The newest.
        latest: u64,
    },
    /// These, the oldest first; never none.
    Listed(Vec<u64>),
}

/// A name for a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionReference {
    /// The name.
    pub name: String,
    /// What kind of name it is.
    pub kind: ReferenceKind,
    /// The version that it stands for now.
    pub version: u64,
}

/// What kind of name a version has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceKind {
    /// It goes on with every commit to it.
    Branch,
    /// It stays.
    Tag,
}

impl VersionList {
    /// Of versions without names, one after the other.
    pub fn contiguous(earliest: u64, latest: u64, intact: Option<u64>) -> VersionList {
        VersionList { numbers: VersionNumbers::Contiguous { earliest, latest }, intact, references: Vec::new() }
    }

    /// The oldest version.
    pub fn earliest(&self) -> u64 {
        match &self.numbers {
            VersionNumbers::Contiguous { earliest, .. } => *earliest,
            VersionNumbers::Listed(numbers) => numbers.first().copied().unwrap_or_default(),
        }
    }

    /// The newest version.
    pub fn latest(&self) -> u64 {
        match &self.numbers {
            VersionNumbers::Contiguous { latest, .. } => *latest,
            VersionNumbers::Listed(numbers) => numbers.last().copied().unwrap_or_default(),
        }
    }
}
