//! A short page of a long one's beginning.

use super::values::{Numbers, numbers, plain_bytes};
use crate::parquet_file::decompress;
use crate::parquet_file::page_header::{Header, Page};
use parquet::basic::Compression;
use parquet::schema::types::ColumnDescriptor;

// Encodings by their numbers in the specification.
const PLAIN: u32 = 0;
const PLAIN_DICTIONARY: u32 = 2;
const RLE: u32 = 3;
const RLE_DICTIONARY: u32 = 8;

/// A column chunk of the first rows: its pages, uncompressed, each with its header.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::scan) struct ShortChunk {
    /// Empty where it has none.
    pub(in crate::scan) dictionary: Vec<u8>,
    pub(in crate::scan) page: Vec<u8>,
}

/// The first `rows` values of a column without lists, from the beginnings of its dictionary and of its first data page. `None` where they
/// are not enough, or not understood.
pub(crate) fn shorten(
    column: &ColumnDescriptor,
    codec: Compression,
    rows: usize,
    dictionary: Option<&[u8]>,
    page: &[u8],
) -> Option<ShortChunk> {
    let Beginning { header, levels, values, is_whole } = Beginning::of_data(column, codec, page)?;
    let (count, encoding) = match header.page {
        Page::Data { values, encoding, .. } | Page::DataV2 { values, encoding, .. } => (values as usize, encoding),
        _ => return None,
    };
    if count < rows {
        return None;
    }
    let dictionary = match encoding {
        // Nulls have no value: there may be fewer than rows, which shows where the page is whole.
        PLAIN if is_whole || plain_bytes(column, &values, rows).is_some() => Vec::new(),
        PLAIN_DICTIONARY | RLE_DICTIONARY => {
            let Numbers { found, entries } = numbers(&values, rows)?;
            if found < rows && !is_whole {
                return None;
            }
            short_dictionary(column, codec, dictionary?, entries)?
        }
        _ => return None,
    };
    let body = [levels, values].concat();
    let page = Page::Data { values: u32::try_from(rows).ok()?, encoding, level_encoding: RLE };
    Some(ShortChunk { dictionary, page: Header::write(page, &body)? })
}

/// The first `needed` entries.
fn short_dictionary(column: &ColumnDescriptor, codec: Compression, bytes: &[u8], needed: usize) -> Option<Vec<u8>> {
    let (header, body) = Header::parse(bytes)?;
    let Page::Dictionary { values, encoding: encoding @ (PLAIN | PLAIN_DICTIONARY) } = header.page else { return None };
    let entries = decompress::beginning(codec, own(body, header.compressed))?;
    let short = u32::try_from(needed).ok().filter(|needed| *needed <= values)?;
    Header::write(Page::Dictionary { values: short, encoding }, entries.get(..plain_bytes(column, &entries, needed)?)?)
}

/// As much of a data page as came.
struct Beginning {
    header: Header,
    /// As a page of the first version has them; all of them.
    levels: Vec<u8>,
    values: Vec<u8>,
    /// Whether these are all of its values.
    is_whole: bool,
}

impl Beginning {
    fn of_data(column: &ColumnDescriptor, codec: Compression, bytes: &[u8]) -> Option<Beginning> {
        let (header, body) = Header::parse(bytes)?;
        let body = own(body, header.compressed);
        let has_levels = column.max_def_level() > 0;
        match header.page {
            Page::Data { level_encoding, .. } => {
                let mut levels = decompress::beginning(codec, body)?;
                let is_whole = levels.len() as u64 == header.uncompressed;
                if has_levels && level_encoding != RLE {
                    return None;
                }
                let end = match has_levels {
                    true => (u32::from_le_bytes(*levels.first_chunk()?) as usize).checked_add(4)?,
                    false => 0,
                };
                let values = levels.get(end..)?.to_vec();
                levels.truncate(end);
                Some(Beginning { header, levels, values, is_whole })
            }
            Page::DataV2 { definition, repetition: 0, is_compressed, .. } => {
                let (found, values) = body.split_at_checked(definition as usize)?;
                let codec = if is_compressed { codec } else { Compression::UNCOMPRESSED };
                // A page of nulls alone has nothing to compress.
                let values = if values.is_empty() { Vec::new() } else { decompress::beginning(codec, values)? };
                let is_whole = (found.len() + values.len()) as u64 == header.uncompressed;
                let levels = if has_levels { [&definition.to_le_bytes(), found].concat() } else { Vec::new() };
                Some(Beginning { header, levels, values, is_whole })
            }
            _ => None,
        }
    }
}

/// The page's own bytes, as far as they are here.
fn own(body: &[u8], length: u64) -> &[u8] {
    usize::try_from(length).ok().and_then(|length| body.get(..length)).unwrap_or(body)
}
