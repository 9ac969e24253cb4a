//! `NAME=URL[@VERSION]`: a table of a query.

use lakeglass::Version;
use std::str::FromStr;

/// A table by the name it gets in SQL.
#[derive(Debug, Clone, PartialEq)]
pub struct TableArgument {
    /// Its name in SQL.
    pub name: String,
    /// Its URL or folder.
    pub url: String,
    /// Which version of it.
    pub version: Version,
}

impl FromStr for TableArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<TableArgument, String> {
        let (name, location) = text.split_once('=').ok_or("write NAME=URL, such as weather=./weather")?;
        if name.is_empty() || location.is_empty() {
            return Err("write NAME=URL, such as weather=./weather".into());
        }
        let (url, version) = split_version(location);
        Ok(TableArgument { name: name.into(), url: url.into(), version })
    }
}

/// A location and the version after its last `@`, if that is a number or a timestamp. Any other `@` is part of the URL: of its
/// path, or between a user's name and a host.
fn split_version(location: &str) -> (&str, Version) {
    let Some((url, version)) = location.rsplit_once('@') else { return (location, Version::Latest) };
    let has_path = url.split_once("://").is_none_or(|(_, rest)| rest.contains('/'));
    match Version::parse(version) {
        Some(version) if has_path && !url.is_empty() => (url, version),
        _ => (location, Version::Latest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trailing_version_is_one() {
        for (text, url, version) in [
            ("t=./weather", "./weather", Version::Latest),
            ("t=./weather@2", "./weather", Version::Number(2)),
            ("t=https://h/t@2025-09-30T12:00:00Z", "https://h/t", Version::Timestamp(1_759_233_600_000)),
            ("t=https://me:pw@host/t", "https://me:pw@host/t", Version::Latest),
            ("t=https://me@10", "https://me@10", Version::Latest),
            ("t=https://me@host/a@b/t@7", "https://me@host/a@b/t", Version::Number(7)),
            ("t=./a@b", "./a@b", Version::Latest),
            ("t=https://h/t?sig=a=b@latest", "https://h/t?sig=a=b", Version::Latest),
        ] {
            let argument: TableArgument = text.parse().unwrap();
            assert_eq!((argument.url.as_str(), argument.version), (url, version), "{text}");
        }
        assert!("weather".parse::<TableArgument>().is_err());
    }
}
