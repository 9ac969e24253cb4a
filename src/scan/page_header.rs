//! What the headers of fetched pages claim, looked at before the decoder believes it.
//!
//! The Parquet crate reserves as much memory as a page's header says that the page takes up decompressed: up to 2 GiB on a
//! damaged file's word, which takes a wasm instance down. So the headers are walked first, and a claim that no writer's page
//! comes near is refused. A header is a struct in
//! [Thrift's compact protocol](https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md); what
//! cannot be understood here is left for the decoder to refuse.

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
            let Header { uncompressed, compressed } = header;
            return Err(Error::corrupt(name, format!("a page of {compressed} bytes claims to hold {uncompressed}")));
        }
        rest = match usize::try_from(header.compressed).ok().and_then(|length| after.get(length..)) {
            Some(rest) => rest,
            None => return Ok(()),
        };
    }
    Ok(())
}

/// What a `PageHeader` says of its page's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    uncompressed: u64,
    compressed: u64,
}

impl Header {
    /// The header at the beginning of `bytes`, and what follows it.
    fn parse(bytes: &[u8]) -> Option<(Header, &[u8])> {
        let mut reader = Reader(bytes);
        let (mut uncompressed, mut compressed) = (None, None);
        let mut field = 0;
        while let Some(kind) = reader.field(&mut field)? {
            match (field, kind) {
                (2, I32) => uncompressed = u64::try_from(reader.integer()?).ok(),
                (3, I32) => compressed = u64::try_from(reader.integer()?).ok(),
                _ => reader.skip(kind, DEEPEST)?,
            }
        }
        Some((Header { uncompressed: uncompressed?, compressed: compressed? }, reader.0))
    }
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;

/// Bytes in the compact protocol that are still to be read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn advance(&mut self, length: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(length).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A signed integer of any width.
    fn integer(&mut self) -> Option<i64> {
        let zigzag = self.varint()?;
        Some((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    /// The type of the next field, whose id replaces the last one's; `Some(None)` at the struct's end.
    fn field(&mut self, id: &mut i64) -> Option<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        *id = match byte >> 4 {
            0 => self.integer()?,
            delta => id.checked_add(i64::from(delta))?,
        };
        Some(Some(byte & 0x0f))
    }

    fn skip(&mut self, kind: u8, depth: u8) -> Option<()> {
        match kind {
            TRUE | FALSE => Some(()),
            BYTE => self.advance(1),
            I16 | I32 | I64 => self.varint().map(|_| ()),
            DOUBLE => self.advance(8),
            BINARY => {
                let length = self.varint()?;
                self.advance(length)
            }
            LIST | SET => self.skip_list(depth.checked_sub(1)?),
            STRUCT => {
                let mut field = 0;
                while let Some(kind) = self.field(&mut field)? {
                    self.skip(kind, depth.checked_sub(1)?)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    fn skip_list(&mut self, depth: u8) -> Option<()> {
        let head = self.byte()?;
        let length = match head >> 4 {
            15 => self.varint()?,
            length => u64::from(length),
        };
        for _ in 0..length {
            match head & 0x0f {
                // In a list, a truth value takes up a byte.
                TRUE | FALSE => self.advance(1)?,
                kind => self.skip(kind, depth)?,
            }
        }
        Some(())
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
        assert_eq!((header, after.len()), (Header { uncompressed: 300, compressed: 7 }, 7));
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
