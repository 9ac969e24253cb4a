//! Where a table is.

use crate::error::{Error, Result};
use object_store::path::Path;
use std::str::FromStr;
use url::Url;

/// How the names of documents end that a table is opened by; what ends otherwise is a table's folder.
const DOCUMENTS: [&str; 3] = [".json", ".share", ".parquet"];

/// Where a table is: the URL of its folder (`http`, `https`, `s3`, `gs`, `abfss`, `az`; natively `file` and plain paths), or of a
/// document that tells of tables: a share manifest (`….json`), a Delta Sharing profile with a table's name
/// (`….share#share.schema.table`), or a Parquet file.
#[derive(Clone, PartialEq, Eq)]
pub struct TableUrl {
    url: Url,
    format: Option<Box<str>>,
}

impl TableUrl {
    /// The URL itself, signature and all. For fetching only, never for showing.
    pub fn as_url(&self) -> &Url {
        &self.url
    }

    /// The same location, where what is there is known: a table of this format.
    pub fn with_format(self, format: Option<&str>) -> TableUrl {
        TableUrl { format: format.map(|format| format.to_lowercase().into()), ..self }
    }

    /// The format that is said to be there.
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }

    /// The folder and the name of a document; `None` for a table's own folder.
    pub(crate) fn document(&self) -> Option<(Url, Path)> {
        let name = self.url.path().rsplit('/').next().filter(|name| DOCUMENTS.iter().any(|end| name.ends_with(end)))?;
        let mut folder = self.url.clone();
        let path = self.url.path().strip_suffix(name).unwrap_or_default().to_owned();
        folder.set_path(&path);
        folder.set_fragment(None);
        Some((folder, Path::from_url_path(name).ok()?))
    }
}

impl FromStr for TableUrl {
    type Err = Error;

    /// Parses an absolute URL; natively, anything that is not one is a folder's path.
    fn from_str(text: &str) -> Result<TableUrl> {
        match Url::parse(text) {
            Ok(url) => Ok(TableUrl { url, format: None }),
            #[cfg(not(target_arch = "wasm32"))]
            Err(url::ParseError::RelativeUrlWithoutBase) => folder(text),
            Err(error) => Err(not_a_location(error)),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn folder(path: &str) -> Result<TableUrl> {
    // A profile's path with the name of a table behind it.
    let (path, fragment) = match path.split_once(".share#") {
        Some((path, table)) => (format!("{path}.share"), Some(table)),
        None => (path.to_owned(), None),
    };
    let path = std::path::absolute(path).map_err(not_a_location)?;
    let url = match path.is_file() {
        true => Url::from_file_path(path),
        false => Url::from_directory_path(path),
    };
    let mut url = url.map_err(|()| not_a_location("not a folder's path"))?;
    url.set_fragment(fragment);
    // Parsed again, which takes the `..` of a relative path away.
    Url::parse(url.as_str()).map(|url| TableUrl { url, format: None }).map_err(not_a_location)
}

/// The text itself stays out of the error: it may hold a signature.
fn not_a_location(reason: impl std::fmt::Display) -> Error {
    Error::TableNotFound { url: "the location given".into(), reason: reason.to_string() }
}

impl std::fmt::Debug for TableUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TableUrl").field(&crate::storage::redact(&self.url)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_a_location_and_signatures_are_not_shown() {
        let folder: TableUrl = "some folder/table".parse().unwrap();
        assert_eq!(folder.as_url().scheme(), "file");
        assert!(folder.as_url().path().ends_with("/some%20folder/table/"), "{folder:?}");
        let above: TableUrl = "a/../table".parse().unwrap();
        assert!(above.as_url().path().ends_with("/table/") && !above.as_url().path().contains(".."), "{above:?}");
        let signed: TableUrl = "https://me:secret@host/table?sig=secret".parse().unwrap();
        assert_eq!(format!("{signed:?}"), r#"TableUrl("https://host/table")"#);
        let bad = "https://host:secret/t".parse::<TableUrl>().unwrap_err();
        assert!(!bad.to_string().contains("secret"), "{bad}");
    }
}
