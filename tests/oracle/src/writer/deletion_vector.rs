//! [Deletion vectors](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vector-format): the bitmap, and where it is.

use super::numbers::Numbers;
use roaring::RoaringTreemap;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A place to put deletion vectors: one file may hold several.
pub struct Vectors {
    root: PathBuf,
    /// The file that the next one may be appended to, by UUID and prefix.
    open: Option<(String, String)>,
    /// Whether some may be named by absolute paths.
    absolute: bool,
}

fn bitmap(rows: &BTreeSet<usize>) -> Vec<u8> {
    let mut bytes = 1_681_511_377_u32.to_le_bytes().to_vec();
    let rows: RoaringTreemap = rows.iter().map(|row| *row as u64).collect();
    rows.serialize_into(&mut bytes).unwrap();
    bytes
}

/// Base85, of four bytes at a time.
fn base85(bytes: &[u8]) -> String {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().div_ceil(4) * 4, 0);
    z85::encode(padded)
}

impl Vectors {
    pub fn new(root: &Path, absolute: bool) -> Vectors {
        Vectors { root: root.to_owned(), open: None, absolute }
    }

    /// Stores the deleted rows in one of the ways there are, and describes where.
    pub fn write(&mut self, rows: &BTreeSet<usize>, numbers: &mut Numbers) -> Json {
        let bitmap = bitmap(rows);
        let (length, cardinality) = (bitmap.len(), rows.len());
        if numbers.once_in(3) {
            return json!({"storageType": "i", "pathOrInlineDv": base85(&bitmap), "sizeInBytes": length, "cardinality": cardinality});
        }
        let (uuid, prefix) = match self.open.take() {
            Some(open) if numbers.once_in(2) => open,
            _ => (numbers.uuid(), numbers.one_of(&["", "", "ab", "x1/y"]).to_string()),
        };
        let folder = self.root.join(&prefix);
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("deletion_vector_{uuid}.bin"));
        let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
        if file.metadata().unwrap().len() == 0 {
            file.write_all(&[1]).unwrap();
        }
        let offset = file.metadata().unwrap().len();
        file.write_all(&(length as u32).to_be_bytes()).unwrap();
        file.write_all(&bitmap).unwrap();
        file.write_all(&crc32fast::hash(&bitmap).to_be_bytes()).unwrap();
        self.open = Some((uuid.clone(), prefix.clone()));
        let (storage, place) = match numbers.once_in(3) && self.absolute {
            true => ("p", url::Url::from_file_path(&path).unwrap().to_string()),
            false => {
                let digits = uuid.replace('-', "");
                let bytes: Vec<u8> =
                    (0..16).map(|i| u8::from_str_radix(&digits[i * 2..i * 2 + 2], 16).unwrap()).collect();
                ("u", prefix + &z85::encode(bytes))
            }
        };
        json!({"storageType": storage, "pathOrInlineDv": place, "offset": offset, "sizeInBytes": length, "cardinality": cardinality})
    }
}
