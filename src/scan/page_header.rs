//! What the headers of fetched pages claim, looked at before the decoder believes it.
//!
//! The Parquet crate reserves as much memory as a page's header says that the page takes up decompressed: up to 2 GiB on a
//! damaged file's word, which takes a wasm instance down. So the headers are walked first, and a claim that no writer's page
//! comes near is refused. What cannot be understood here is left for the decoder to refuse.

use super::thrift::{FALSE, I32, Reader, STRUCT, TRUE, Writer};
use crate::error::{Error, Result};

/// Pages up to this size pass whatever they are made from: writers keep them near 1 MiB.
const UNSUSPICIOUS: u64 = 64 << 20;

/// No page larger than that is made from less than this part of it.
const LARGEST_RATIO: u64 = 1024;

/// Structs within structs of a header; the specification has two levels.
const DEEPEST: u8 = 8;

/// Refuses `pages`, a run of whole pages, if one of them claims to be too large. `name` is what errors call the file.
pub(super) fn check(pages: &[u8], name: &str) -> Result<()> {
    let mut rest = pages;
    while let Some((header, after)) = Header::parse(rest) {
        if header.uncompressed > UNSUSPICIOUS && header.uncompressed / LARGEST_RATIO > header.compressed {
            let Header { uncompressed, compressed, .. } = header;
            return Err(Error::corrupt(name, format!("a page of {compressed} bytes claims to hold {uncompressed}")));
        }
        rest = match usize::try_from(header.compressed).ok().and_then(|length| after.get(length..)) {
            Some(rest) => rest,
            None => return Ok(()),
        };
    }
    Ok(())
}

/// What a [`PageHeader`](https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift) says of its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Bytes of the page without the header.
    pub(super) uncompressed: u64,
    /// The same, as they are in the file.
    pub(super) compressed: u64,
    pub(super) page: Page,
}

/// What kind of page it is. Encodings are the specification's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// Levels and values are compressed as one.
    Data {
        values: u32,
        encoding: u32,
        level_encoding: u32,
    },
    /// The levels, of so many bytes, stand uncompressed before the values.
    DataV2 {
        values: u32,
        encoding: u32,
        definition: u32,
        repetition: u32,
        is_compressed: bool,
    },
    Dictionary {
        values: u32,
        encoding: u32,
    },
    /// Of another kind, or one that lacks what it must say.
    Other,
}

impl Header {
    /// The header at the beginning of `bytes`, and what follows it.
    pub(super) fn parse(bytes: &[u8]) -> Option<(Header, &[u8])> {
        let mut reader = Reader(bytes);
        let (mut uncompressed, mut compressed, mut page) = (None, None, Page::Other);
        let mut field = 0;
        while let Some(kind) = reader.field(&mut field)? {
            match (field, kind) {
                (2, I32) => uncompressed = u64::try_from(reader.integer()?).ok(),
                (3, I32) => compressed = u64::try_from(reader.integer()?).ok(),
                (5 | 7 | 8, STRUCT) => page = Page::new(field, Facts::parse(&mut reader)?).unwrap_or(Page::Other),
                _ => reader.skip(kind, DEEPEST)?,
            }
        }
        Some((Header { uncompressed: uncompressed?, compressed: compressed?, page }, reader.0))
    }

    /// A page of `body` as it is, uncompressed, with its header.
    pub(super) fn write(page: Page, body: &[u8]) -> Option<Vec<u8>> {
        let length = i64::from(i32::try_from(body.len()).ok()?);
        let (number, field, facts) = match page {
            Page::Data { values, encoding, level_encoding } => {
                (0, 5, vec![values, encoding, level_encoding, level_encoding])
            }
            Page::Dictionary { values, encoding } => (2, 7, vec![values, encoding]),
            Page::DataV2 { .. } | Page::Other => return None,
        };
        let mut writer = Writer::default();
        writer.begin(None);
        for (id, value) in [(1, number), (2, length), (3, length)] {
            writer.integer(id, value);
        }
        writer.begin(Some(field));
        for (id, value) in (1..).zip(facts) {
            writer.integer(id, i64::from(value));
        }
        writer.end();
        writer.end();
        writer.bytes.extend_from_slice(body);
        Some(writer.bytes)
    }
}

impl Page {
    /// From a header's field of its kind.
    fn new(field: i64, Facts { integers, is_compressed }: Facts) -> Option<Page> {
        let [first, second, third, fourth, fifth, sixth] = integers;
        Some(match field {
            5 => Page::Data { values: first?, encoding: second?, level_encoding: third? },
            7 => Page::Dictionary { values: first?, encoding: second? },
            8 => Page::DataV2 {
                values: first?,
                encoding: fourth?,
                definition: fifth?,
                repetition: sixth?,
                is_compressed: is_compressed.unwrap_or(true),
            },
            _ => return None,
        })
    }
}

/// The fields of a page's own header: the integers of 1 to 6, and the truth value of 7.
#[derive(Default)]
struct Facts {
    integers: [Option<u32>; 6],
    is_compressed: Option<bool>,
}

impl Facts {
    fn parse(reader: &mut Reader<'_>) -> Option<Facts> {
        let mut facts = Facts::default();
        let mut field = 0;
        while let Some(kind) = reader.field(&mut field)? {
            let place = usize::try_from(field).ok().and_then(|field| facts.integers.get_mut(field.checked_sub(1)?));
            match (place, kind) {
                (Some(place), I32) => *place = u32::try_from(reader.integer()?).ok(),
                (None, TRUE | FALSE) if field == 7 => facts.is_compressed = Some(kind == TRUE),
                _ => reader.skip(kind, DEEPEST)?,
            }
        }
        Some(facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varint(mut value: u64, out: &mut Vec<u8>) {
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }

    /// A data page whose header makes these claims, with statistics in it, and `length` bytes after it.
    fn page(uncompressed: u64, compressed: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0x15, 0x00]; // type: DATA_PAGE
        for size in [uncompressed, compressed] {
            bytes.push(0x15);
            varint(size << 1, &mut bytes);
        }
        bytes.extend([0x2c, 0x15, 0x0a, 0x15, 0x00, 0x15, 0x06, 0x15, 0x06]); // data_page_header: five values, encodings
        bytes.extend([0x1c, 0x18, 0x03, b'a', b'b', b'c', 0x00, 0x00, 0x00]); // its statistics: max; the ends of three structs
        bytes.extend(vec![0xff; length]);
        bytes
    }

    #[test]
    fn a_header_tells_its_sizes() {
        let bytes = page(300, 7, 7);
        let (header, after) = Header::parse(&bytes).unwrap();
        let page = Page::Data { values: 5, encoding: 0, level_encoding: 3 };
        assert_eq!((header, after.len()), (Header { uncompressed: 300, compressed: 7, page }, 7));
    }

    #[test]
    fn what_is_written_is_read() {
        for page in [
            Page::Data { values: 300, encoding: 8, level_encoding: 3 },
            Page::Dictionary { values: 1 << 20, encoding: 0 },
        ] {
            let bytes = Header::write(page, b"body").unwrap();
            let (header, after) = Header::parse(&bytes).unwrap();
            assert_eq!((header, after), (Header { uncompressed: 4, compressed: 4, page }, &b"body"[..]));
        }
        assert!(Header::write(Page::Other, b"").is_none());
    }

    #[test]
    fn a_claim_beyond_reason_is_refused_wherever_it_stands() {
        let mut pages = page(1 << 20, 5, 5);
        assert!(check(&pages, "f").is_ok());
        pages.extend(page(2_000_000_000, 20, 20));
        let error = check(&pages, "f").unwrap_err().to_string();
        assert!(error.contains("2000000000"), "{error}");
        assert!(check(&page(100 << 20, 1 << 20, 1 << 20), "f").is_ok(), "a large page of many bytes");
    }

    #[test]
    fn what_is_not_understood_is_left_to_the_decoder() {
        let whole = page(2_000_000_000, 20, 20);
        for bytes in [&b""[..], &[0], &[0x15], &[0xff; 40], &whole[..4], &[0x19, 0xf9, 0xff, 0xff, 0xff, 0x7f]] {
            assert!(check(bytes, "f").is_ok(), "{bytes:?}");
        }
        let mut nested = vec![0x1c; 10_000];
        nested.extend([0; 10_000]);
        assert!(check(&nested, "f").is_ok());
    }
}
