//! The part of [Thrift's compact protocol](https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md)
//! that the headers of Parquet's pages are written in.

pub(crate) const TRUE: u8 = 1;
pub(crate) const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
pub(crate) const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
pub(crate) const BINARY: u8 = 8;
pub(crate) const LIST: u8 = 9;
const SET: u8 = 10;
pub(crate) const STRUCT: u8 = 12;

/// Bytes in the compact protocol that are still to be read.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(crate) fn advance(&mut self, length: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(length).ok()?..)?;
        Some(())
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
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
    pub(crate) fn integer(&mut self) -> Option<i64> {
        let zigzag = self.varint()?;
        Some((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    /// The type of the next field, whose id replaces the last one's; `Some(None)` at the struct's end.
    pub(crate) fn field(&mut self, id: &mut i64) -> Option<Option<u8>> {
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

    /// Passes over a value; structs and lists within each other are at most `depth` deep.
    pub(crate) fn skip(&mut self, kind: u8, depth: u8) -> Option<()> {
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

    /// The length of a list that begins here, and its elements' type.
    pub(crate) fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let length = match head >> 4 {
            15 => self.varint()?,
            length => u64::from(length),
        };
        Some((length, head & 0x0f))
    }

    fn skip_list(&mut self, depth: u8) -> Option<()> {
        let (length, element) = self.list()?;
        for _ in 0..length {
            match element {
                // In a list, a truth value takes up a byte.
                TRUE | FALSE => self.advance(1)?,
                kind => self.skip(kind, depth)?,
            }
        }
        Some(())
    }
}

/// Structs, as they are written.
#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
    /// The last field's id, in each struct that is open.
    last: Vec<i64>,
}

impl Writer {
    /// Begins a struct: the outermost one, an element of a list, or field `id` of the one that is open.
    pub(crate) fn begin(&mut self, id: Option<i64>) {
        if let Some(id) = id {
            self.head(id, STRUCT);
        }
        self.last.push(0);
    }

    pub(crate) fn end(&mut self) {
        self.last.pop();
        self.bytes.push(0);
    }

    /// Field `id`, an integer.
    pub(crate) fn integer(&mut self, id: i64, value: i64) {
        self.head(id, I32);
        self.varint(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    /// The head of field `id`.
    pub(crate) fn head(&mut self, id: i64, kind: u8) {
        let last = self.last.last_mut().map_or(0, |last| std::mem::replace(last, id));
        match u8::try_from(id - last) {
            Ok(delta @ 1..=15) => self.bytes.push(delta << 4 | kind),
            _ => {
                self.bytes.push(kind);
                self.varint(((id << 1) ^ (id >> 63)).cast_unsigned());
            }
        }
    }

    /// A value that is encoded already.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn varint(&mut self, mut value: u64) {
        loop {
            let [low, ..] = value.to_le_bytes();
            value >>= 7;
            if value == 0 {
                self.bytes.push(low & 0x7f);
                return;
            }
            self.bytes.push(low | 0x80);
        }
    }
}
