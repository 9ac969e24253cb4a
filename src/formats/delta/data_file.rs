//! From an `add` to a [`DataFile`]: where the file is, and which of its rows are deleted. Pure.
//!
//! Specification: [Add File and Remove File](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#add-file-and-remove-file),
//! [Deletion Vectors](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vectors).

use super::log::actions::DeletionVector;
use crate::error::{Error, Result};
use crate::snapshot::{Deletes, FileLocation};
use bytes::Bytes;
use object_store::path::Path;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use url::Url;

/// Turns the URIs of the log into locations.
#[derive(Debug)]
pub(crate) struct Locator {
    /// The table's root, with a slash at its end.
    root: Url,
}

impl Locator {
    /// For the table at `url`.
    pub(crate) fn new(url: &str) -> Result<Locator> {
        let parsed = Url::parse(url).ok().filter(|url| !url.cannot_be_a_base());
        // A store of another kind: its name does not matter, as long as absolute paths have something to be relative to.
        let mut root = parsed.map_or_else(|| Url::parse("file:///"), Ok).map_err(Error::internal)?;
        if !root.path().ends_with('/') {
            root.set_path(&format!("{}/", root.path()));
        }
        Ok(Locator { root })
    }

    /// The location that `uri` names: a URI, relative to the table's root or absolute.
    pub(crate) fn locate(&self, uri: &str) -> Result<FileLocation> {
        if uri.starts_with("//") {
            return Err(Error::corrupt(uri, "neither a path below the table nor a URL"));
        }
        if !uri.starts_with('/') && !has_scheme(uri) {
            return relative(uri, uri);
        }
        let url = self.root.join(uri).map_err(|error| Error::corrupt(uri, error))?;
        match url.as_str().strip_prefix(self.root.as_str()) {
            Some(below) if self.root.path() != "/" => relative(below, uri),
            _ => Ok(FileLocation::Absolute(url)),
        }
    }

    /// The deleted rows that `vector` describes; `None` where it describes none.
    pub(crate) fn deletes(&self, vector: &DeletionVector) -> Result<Option<Deletes>> {
        if vector.is_none() {
            return Ok(None);
        }
        let corrupt = |reason: &str| Error::corrupt("_delta_log", format!("deletionVector: {reason}"));
        let length = u64::try_from(vector.size_in_bytes).map_err(|_| corrupt("negative sizeInBytes"))?;
        let cardinality = u64::try_from(vector.cardinality).map_err(|_| corrupt("negative cardinality"))?;
        let location = match &*vector.storage_type {
            "i" => {
                let mut bitmap = decode_z85(&vector.path_or_inline_dv).ok_or_else(|| corrupt("broken base85"))?;
                // The encoding works on groups of four bytes.
                let length = usize::try_from(length).ok().filter(|length| *length <= bitmap.len());
                bitmap.truncate(length.ok_or_else(|| corrupt("shorter than its sizeInBytes"))?);
                return Ok(Some(Deletes::Inline { bitmap: Bytes::from(bitmap), cardinality }));
            }
            "u" => uuid_location(&vector.path_or_inline_dv).ok_or_else(|| corrupt("broken base85 UUID"))?,
            "p" => self.locate(&vector.path_or_inline_dv)?,
            other => return Err(Error::unsupported(format!("deletion vector storage type {other}"), "not known")),
        };
        let offset = u64::try_from(vector.offset.unwrap_or(0)).map_err(|_| corrupt("negative offset"))?;
        Ok(Some(Deletes::Blob { location, offset, length, cardinality }))
    }
}

/// What tells logical files apart: the data file and its deletion vector.
pub(crate) fn key(location: &FileLocation, vector: Option<&DeletionVector>) -> Box<str> {
    let path = match location {
        FileLocation::Relative(path) => path.as_ref(),
        FileLocation::Absolute(url) => url.as_str(),
    };
    match vector.filter(|vector| !vector.is_none()) {
        Some(vector) => format!("{path}\0{}", vector.unique_id()).into(),
        None => path.into(),
    }
}

fn relative(uri: &str, named: &str) -> Result<FileLocation> {
    let decoded = match uri.contains('%') {
        true => percent_decode_str(uri).decode_utf8().map_err(|error| Error::corrupt(named, error))?,
        false => Cow::Borrowed(uri),
    };
    if decoded.is_empty() || decoded.starts_with('/') || decoded.ends_with('/') {
        return Err(Error::corrupt(named, "no path of a file below the table"));
    }
    // `parse` refuses `.`, `..`, empty segments and control characters.
    Path::parse(&*decoded).map(FileLocation::Relative).map_err(|error| Error::corrupt(named, error))
}

fn has_scheme(uri: &str) -> bool {
    let Some((scheme, _)) = uri.split_once(':') else { return false };
    let mut letters = scheme.bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'+' | b'-' | b'.'))
}

/// `<random prefix, optional><20 characters of base85: a UUID>` names a file at the table's root.
fn uuid_location(text: &str) -> Option<FileLocation> {
    let (prefix, uuid) = text.split_at_checked(text.len().checked_sub(20)?)?;
    let mut name = String::from("deletion_vector_");
    for (position, byte) in decode_z85(uuid)?.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            name.push('-');
        }
        name.push_str(&format!("{byte:02x}"));
    }
    name.push_str(".bin");
    let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
    Path::parse(path).ok().map(FileLocation::Relative)
}

fn decode_z85(text: &str) -> Option<Vec<u8>> {
    text.is_ascii().then(|| z85::decode(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locate(root: &str, uri: &str) -> Result<String> {
        Ok(match Locator::new(root)?.locate(uri)? {
            FileLocation::Relative(path) => format!("relative {path}"),
            FileLocation::Absolute(url) => format!("absolute {url}"),
        })
    }

    #[test]
    fn uris_are_decoded_once() {
        for (uri, expected) in [
            ("a.parquet", "a.parquet"),
            ("p=a%20b/x.parquet", "p=a b/x.parquet"),
            ("p=a%2520b/x.parquet", "p=a%20b/x.parquet"),
            ("t=12:30/x.parquet", "t=12:30/x.parquet"),
            ("%E4%B8%AD.parquet", "中.parquet"),
            ("special p@#h", "special p@#h"),
        ] {
            assert_eq!(locate("https://host/table", uri), Ok(format!("relative {expected}")), "{uri}");
        }
    }

    #[test]
    fn absolute_ones_stay_absolute_unless_below_the_root() {
        let root = "https://host/a/table";
        assert_eq!(locate(root, "s3://b/x.parquet").unwrap(), "absolute s3://b/x.parquet");
        assert_eq!(locate(root, "/x%20y").unwrap(), "absolute https://host/x%20y");
        assert_eq!(locate(root, "https://host/a/table/p=a%20b/x").unwrap(), "relative p=a b/x");
        assert_eq!(locate(root, "/a/table/x").unwrap(), "relative x");
        assert_eq!(locate("memory", "/x").unwrap(), "absolute file:///x");
        assert_eq!(locate("file:///t", "/x").unwrap(), locate("file:///t", "file:/x").unwrap());
    }

    #[test]
    fn hostile_ones_are_corrupt() {
        for uri in
            ["", "..", "../x", "a/../../x", "a/%2e%2e/x", "%2Fetc/passwd", "//host/x", "a//b", "a/", "%ff", "a%00b"]
        {
            let error = locate("https://host/table", uri).unwrap_err();
            assert!(matches!(error, Error::CorruptTable { .. }), "{uri}");
        }
        assert!(locate("https://host/table", "https://").is_err());
    }

    fn vector(storage_type: &str, text: &str) -> DeletionVector {
        let (storage_type, path_or_inline_dv) = (storage_type.into(), text.into());
        DeletionVector { storage_type, path_or_inline_dv, offset: Some(4), size_in_bytes: 40, cardinality: 6 }
    }

    #[test]
    fn the_examples_of_the_specification() {
        let locator = Locator::new("s3://mytable/").unwrap();
        let name = "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin";
        let blob = |location| Some(Deletes::Blob { location, offset: 4, length: 40, cardinality: 6 });

        let relative = locator.deletes(&vector("u", "ab^-aqEH.-t@S}K{vb[*k^")).unwrap();
        assert_eq!(relative, blob(FileLocation::Relative(Path::from(format!("ab/{name}")))));
        let url = format!("s3://other/{name}");
        let absolute = locator.deletes(&vector("p", &url)).unwrap();
        assert_eq!(absolute, blob(FileLocation::Absolute(Url::parse(&url).unwrap())));
        // The inline one is of a real table: the specification's has the magic number of an older format.
        let text = "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L";
        let inline = locator.deletes(&DeletionVector { size_in_bytes: 44, ..vector("i", text) }).unwrap();
        let Some(Deletes::Inline { bitmap, cardinality: 6 }) = inline else { panic!("{inline:?}") };
        assert_eq!((bitmap.len(), &bitmap[..4]), (44, &1_681_511_377_u32.to_le_bytes()[..]));
    }

    #[test]
    fn empty_and_broken_vectors() {
        let locator = Locator::new("s3://mytable/").unwrap();
        assert_eq!(locator.deletes(&vector("", "")), Ok(None));
        for broken in [
            vector("u", "short"),
            vector("u", "é-aqEH.-t@S}K{vb[*k^"),
            vector("u", "..ab^-aqEH.-t@S}K{vb[*~~"),
            vector("i", "wi5b="),
            vector("i", "0"),
            vector("p", "../x"),
            DeletionVector { offset: Some(-1), ..vector("u", "ab^-aqEH.-t@S}K{vb[*k^") },
            DeletionVector { size_in_bytes: -1, ..vector("i", "wi5b=") },
        ] {
            assert!(matches!(locator.deletes(&broken), Err(Error::CorruptTable { .. })), "{broken:?}");
        }
        assert!(matches!(locator.deletes(&vector("x", "y")), Err(Error::UnsupportedFeature { .. })));
    }

    #[test]
    fn keys_tell_deletion_vectors_apart() {
        let location = FileLocation::Relative(Path::from("a"));
        assert_eq!(&*key(&location, None), "a");
        assert_eq!(&*key(&location, Some(&vector("", ""))), "a");
        assert_eq!(&*key(&location, Some(&vector("u", "x"))), "a\0ux@4");
    }
}
