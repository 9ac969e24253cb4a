//! What the headers of fetched pages claim, looked at before the decoder believes it.
//!
//! The Parquet crate reserves as much memory as a page's header says that the page takes up decompressed: up to 2 GiB on a
//! damaged file's word, which takes a wasm instance down. So the headers are walked first, and a claim that the page's codec cannot
//! come up to is refused. What cannot be understood here is left for the decoder to refuse.

use super::decompress::beginning;
use super::thrift::{FALSE, I32, Reader, STRUCT, TRUE, Writer};
use crate::error::{Error, Result};
use bytes::Bytes;
use parquet::basic::Compression;
use std::io::{Read, copy, sink};

/// Pages up to this size pass whatever they are made from: writers keep them near 1 MiB.
const UNSUSPICIOUS: u64 = 64 << 20;

/// No page larger than that is made from less than this part of it, but by codecs that are known to do better.
const LARGEST_RATIO: u64 = 1040;

/// No page is larger where memory has 4 GiB.
const LARGEST: u64 = if cfg!(target_pointer_width = "32") { 1 << 30 } else { 1 << 31 };

/// Structs within structs of a header; the specification has two levels.
const DEEPEST: u8 = 8;

/// `pages`, a run of whole pages, as the decoder reads them. Refuses one that claims to be larger than it is. `codec` is asked for where a
/// page has to be looked at; `name` is what errors call the file.
pub(crate) fn checked(pages: Bytes, name: &str, codec: impl Fn() -> Option<Compression>) -> Result<Bytes> {
    let mut rest = pages.as_ref();
    let mut plain = Vec::new();
    while let Some((header, after)) = Header::parse(rest) {
        let Header { uncompressed, compressed, page, encoding_from_end } = header;
        let body = usize::try_from(compressed).ok().and_then(|length| after.split_at_checked(length));
        let is_large = uncompressed > UNSUSPICIOUS && uncompressed / LARGEST_RATIO > compressed;
        let is_so = || body.is_some_and(|(body, _)| is_made_from(uncompressed, body, page, codec()));
        if is_large && !is_so() {
            return Err(Error::corrupt(name, format!("a page of {compressed} bytes claims to hold {uncompressed}")));
        }
        if body.is_some_and(|(body, _)| is_numbers_of_nothing(&header, body, &codec)) {
            plain.extend(encoding_from_end.and_then(|from_end| rest.len().checked_sub(from_end)).map(|at| {
                let begun = pages.len() - rest.len();
                begun + at
            }));
        }
        rest = match body {
            Some((_, rest)) => rest,
            None => break,
        };
    }
    if plain.is_empty() {
        return Ok(pages);
    }
    let mut patched = pages.to_vec();
    for at in plain {
        if let Some(encoding) = patched.get_mut(at) {
            *encoding = PLAIN_ENCODING;
        }
    }
    Ok(patched.into())
}

/// The encoding `PLAIN`, as a header has it.
const PLAIN_ENCODING: u8 = 0;

/// A page of nulls alone takes up less: a run of one level.
const NULLS_ALONE: u64 = 64;

/// Whether it is a page of nulls alone whose values are said to be numbers into a dictionary, where there is not even the width of
/// these numbers, which the decoder asks for.
fn is_numbers_of_nothing(header: &Header, body: &[u8], codec: impl Fn() -> Option<Compression>) -> bool {
    match header.page {
        Page::DataV2 { encoding: 2 | 8, .. } => header.page.levels().0 == header.uncompressed,
        Page::Data { encoding: 2 | 8, .. } if header.uncompressed < NULLS_ALONE => {
            let body = codec().and_then(|codec| beginning(codec, body));
            let after = |bytes: &[u8]| {
                let (length, rest) = bytes.split_first_chunk()?;
                rest.get(u32::from_le_bytes(*length) as usize..).map(<[u8]>::len)
            };
            // One kind of levels, or two. Where values follow them, they do not begin with three zeros.
            body.is_some_and(|body| {
                let first = after(&body);
                let second = first.and_then(|left| after(body.get(body.len() - left..)?));
                body.len() as u64 == header.uncompressed && (first == Some(0) || second == Some(0))
            })
        }
        _ => false,
    }
}

/// Whether so many bytes are made from a page's `body`: counted, without room for them.
fn is_made_from(size: u64, body: &[u8], page: Page, codec: Option<Compression>) -> bool {
    let (levels, is_compressed) = page.levels();
    let Some(values) = usize::try_from(levels).ok().and_then(|levels| body.get(levels..)) else { return false };
    let limit = size.saturating_add(1);
    let made = match codec {
        _ if !is_compressed || size > LARGEST => None,
        Some(Compression::ZSTD(_)) => count(zstd::stream::read::Decoder::new(values), limit),
        Some(Compression::BROTLI(_)) => count(Ok(brotli::Decompressor::new(values, 4096)), limit),
        _ => None,
    };
    made.is_some_and(|made| made + levels == size)
}

fn count(reader: std::io::Result<impl Read>, limit: u64) -> Option<u64> {
    copy(&mut reader.ok()?.take(limit), &mut sink()).ok()
}

/// What a [`PageHeader`](https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift) says of its page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    /// Bytes of the page without the header.
    pub(crate) uncompressed: u64,
    /// The same, as they are in the file.
    pub(crate) compressed: u64,
    pub(crate) page: Page,
    /// How far before the end of the bytes that it was read from its encoding stands, where that takes up one byte.
    encoding_from_end: Option<usize>,
}

/// What kind of page it is. Encodings are the specification's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
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
    pub(crate) fn parse(bytes: &[u8]) -> Option<(Header, &[u8])> {
        let mut reader = Reader(bytes);
        let (mut uncompressed, mut compressed, mut page, mut encoding_from_end) = (None, None, Page::Other, None);
        let mut field = 0;
        while let Some(kind) = reader.field(&mut field)? {
            match (field, kind) {
                (2, I32) => uncompressed = u64::try_from(reader.integer()?).ok(),
                (3, I32) => compressed = u64::try_from(reader.integer()?).ok(),
                (5 | 7 | 8, STRUCT) => {
                    let facts = Facts::parse(&mut reader)?;
                    encoding_from_end = if field == 8 { facts.from_end[1] } else { facts.from_end[0] };
                    page = Page::new(field, facts).unwrap_or(Page::Other);
                }
                _ => reader.skip(kind, DEEPEST)?,
            }
        }
        let header = Header { uncompressed: uncompressed?, compressed: compressed?, page, encoding_from_end };
        Some((header, reader.0))
    }

    /// A page of `body` as it is, uncompressed, with its header.
    pub(crate) fn write(page: Page, body: &[u8]) -> Option<Vec<u8>> {
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
    fn new(field: i64, Facts { integers, is_compressed, .. }: Facts) -> Option<Page> {
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

impl Page {
    /// The bytes of levels before what is compressed, and whether that is.
    pub(crate) fn levels(&self) -> (u64, bool) {
        match self {
            Page::DataV2 { definition, repetition, is_compressed, .. } => {
                (u64::from(*definition) + u64::from(*repetition), *is_compressed)
            }
            _ => (0, true),
        }
    }
}

/// The fields of a page's own header: the integers of 1 to 6, and the truth value of 7.
#[derive(Default)]
struct Facts {
    integers: [Option<u32>; 6],
    is_compressed: Option<bool>,
    /// How far before the end of the bytes the second and the fourth integer stand, each where it takes up one byte.
    from_end: [Option<usize>; 2],
}

impl Facts {
    fn parse(reader: &mut Reader<'_>) -> Option<Facts> {
        let mut facts = Facts::default();
        let mut field = 0;
        while let Some(kind) = reader.field(&mut field)? {
            let place = usize::try_from(field).ok().and_then(|field| facts.integers.get_mut(field.checked_sub(1)?));
            match (place, kind) {
                (Some(place), I32) => {
                    let before = reader.0.len();
                    *place = u32::try_from(reader.integer()?).ok();
                    let is_byte = before == reader.0.len() + 1;
                    match field {
                        2 if is_byte => facts.from_end[0] = Some(before),
                        4 if is_byte => facts.from_end[1] = Some(before),
                        _ => {}
                    }
                }
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
        assert_eq!((header.uncompressed, header.compressed, header.page, after.len()), (300, 7, page, 7));
    }

    #[test]
    fn what_is_written_is_read() {
        for page in [
            Page::Data { values: 300, encoding: 8, level_encoding: 3 },
            Page::Dictionary { values: 1 << 20, encoding: 0 },
        ] {
            let bytes = Header::write(page, b"body").unwrap();
            let (header, after) = Header::parse(&bytes).unwrap();
            assert_eq!((header.uncompressed, header.compressed, header.page, after), (4, 4, page, &b"body"[..]));
        }
        assert!(Header::write(Page::Other, b"").is_none());
    }

    #[test]
    fn a_page_may_compress_well() {
        // 200 MB of one byte: zstd makes 6 KB of them.
        let values = vec![7; 200_000_000];
        let body = zstd::bulk::compress(&values, 3).unwrap();
        let mut bytes = page(values.len() as u64, body.len() as u64, 0);
        bytes.extend(&body);
        let zstd = || Some(Compression::ZSTD(Default::default()));
        assert!(body.len() < 20_000 && checked(bytes.clone().into(), "f", zstd).is_ok());
        assert!(checked(bytes.into(), "f", || Some(Compression::SNAPPY)).is_err());
        let mut bytes = page(values.len() as u64 + 1, body.len() as u64, 0);
        bytes.extend(body);
        assert!(checked(bytes.into(), "f", zstd).is_err(), "one byte more than there is");
    }

    #[test]
    fn nulls_have_no_numbers() {
        // DATA_PAGE_V2 of two bytes, both levels; five values, all null; dictionary encoded.
        let v2 = [0x5c, 0x15, 0x0a, 0x15, 0x0a, 0x15, 0x02, 0x15, 0x10, 0x15, 0x04, 0x15, 0x00, 0x00, 0x00];
        let bytes = [&[0x15, 0x06, 0x15, 0x04, 0x15, 0x04][..], &v2, &[0x0a, 0x00]].concat();
        let found = checked(bytes.clone().into(), "f", || None).unwrap();
        let changed: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != found[*at]).collect();
        assert_eq!((changed.as_slice(), bytes[14], found[14]), (&[14][..], 0x10, 0));
        // The first version, with its levels in the body.
        let header =
            [0x15, 0x00, 0x15, 0x0c, 0x15, 0x0c, 0x2c, 0x15, 0x0a, 0x15, 0x10, 0x15, 0x06, 0x15, 0x06, 0x00, 0x00];
        let bytes = [&header[..], &[2, 0, 0, 0, 0x0a, 0]].concat();
        let found = checked(bytes.clone().into(), "f", || Some(Compression::UNCOMPRESSED)).unwrap();
        assert_eq!((bytes[10], found[10]), (0x10, 0));
    }

    fn check(pages: &[u8], name: &str) -> Result<Bytes> {
        checked(Bytes::copy_from_slice(pages), name, || None)
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
