//! The binary encoding of a variant, written out as JSON.
//!
//! Nothing of it is trusted: every offset is looked up, containers nest no deeper than [`MAX_DEPTH`], and no byte is read
//! twice (values that overlap could otherwise describe a text without end in a few bytes).

use super::broken;
use super::scalar::{Scalar, string};
use arrow::error::ArrowError;

/// Objects and arrays in each other.
pub(crate) const MAX_DEPTH: usize = 200;

/// The names that a variant's objects use.
#[derive(Clone, Copy)]
pub(crate) struct Metadata<'a> {
    bytes: &'a [u8],
    offset_size: usize,
    count: usize,
}

impl<'a> Metadata<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Metadata<'a>, ArrowError> {
        let header = *bytes.first().ok_or_else(|| broken("its metadata is empty"))?;
        if header & 0b1111 != 1 {
            return Err(broken(&format!("its encoding is of version {}", header & 0b1111)));
        }
        let offset_size = usize::from(header >> 6) + 1;
        let count = unsigned(bytes, 1, offset_size).ok_or_else(|| broken("its metadata ends early"))?;
        Ok(Metadata { bytes, offset_size, count })
    }

    fn name(&self, id: usize) -> Result<&'a str, ArrowError> {
        let name = || {
            let at = |index: usize| self.offset_size.checked_mul(index.checked_add(1)?)?.checked_add(1);
            let offset = |index| unsigned(self.bytes, at(index)?, self.offset_size);
            let names = self.bytes.get(at(self.count.checked_add(1)?)?..)?;
            names.get(offset(id)?..offset(id.checked_add(1)?)?)
        };
        let name = (id < self.count).then(name).flatten().ok_or_else(|| broken("a key is not in its metadata"))?;
        std::str::from_utf8(name).map_err(|_| broken("a key is not UTF-8"))
    }
}

/// Writes one variant, whose parts share their metadata.
pub(crate) struct JsonWriter<'o, 'a> {
    pub(crate) json: &'o mut Vec<u8>,
    metadata: Metadata<'a>,
}

impl<'o, 'a> JsonWriter<'o, 'a> {
    pub(crate) fn new(json: &'o mut Vec<u8>, metadata: Metadata<'a>) -> JsonWriter<'o, 'a> {
        JsonWriter { json, metadata }
    }

    /// A value that is `depth` containers deep.
    pub(crate) fn value(&mut self, bytes: &[u8], depth: usize) -> Result<(), ArrowError> {
        let mut unread = bytes.len();
        self.part(bytes, depth, &mut unread)
    }

    /// The same, of which `unread` bytes are still to be read.
    pub(crate) fn part(&mut self, bytes: &[u8], depth: usize, unread: &mut usize) -> Result<(), ArrowError> {
        let header = *bytes.first().ok_or_else(|| broken("a value is empty"))?;
        match header & 0b11 {
            0 => {
                let (scalar, length) = primitive(header >> 2, bytes)?;
                read(unread, length)?;
                scalar.write(self.json)
            }
            1 => {
                let length = 1 + usize::from(header >> 2);
                read(unread, length)?;
                Scalar::String(text(bytes.get(1..length))?).write(self.json)
            }
            2 => {
                let fields = self.fields(bytes, unread)?;
                self.object(fields, depth, |writer, value, depth| writer.part(value, depth, unread))
            }
            _ => {
                let elements = elements(header, bytes, unread)?;
                self.array(elements.len(), depth, |writer, index, depth| {
                    writer.part(elements.get(index).copied().unwrap_or_default(), depth, unread)
                })
            }
        }
    }

    /// The fields of the object that is left of a shredded one, each to be written by [`JsonWriter::part`].
    pub(crate) fn fields_left<'v>(
        &self,
        bytes: &'v [u8],
        unread: &mut usize,
    ) -> Result<Vec<(&'a str, &'v [u8])>, ArrowError> {
        match bytes.first() {
            Some(header) if header & 0b11 == 2 => self.fields(bytes, unread),
            _ => Err(broken("what is left of a shredded object is no object")),
        }
    }

    fn fields<'v>(&self, bytes: &'v [u8], unread: &mut usize) -> Result<Vec<(&'a str, &'v [u8])>, ArrowError> {
        let header = bytes.first().copied().unwrap_or_default() >> 2;
        let (offset_size, id_size) = (usize::from(header & 0b11) + 1, usize::from(header >> 2 & 0b11) + 1);
        let container = Container::new(bytes, header & 0b10000 != 0, id_size, offset_size)?;
        read(unread, container.values_at)?;
        let field = |index| {
            let id = unsigned(bytes, container.ids_at + index * id_size, id_size).unwrap_or(usize::MAX);
            Ok((self.metadata.name(id)?, container.value(index)?))
        };
        (0..container.count).map(field).collect()
    }

    /// An object of these fields, in the order of their names. `write` writes one's value.
    pub(crate) fn object<T>(
        &mut self,
        mut fields: Vec<(&str, T)>,
        depth: usize,
        mut write: impl FnMut(&mut Self, T, usize) -> Result<(), ArrowError>,
    ) -> Result<(), ArrowError> {
        fields.sort_by(|a, b| a.0.cmp(b.0));
        if fields.iter().zip(fields.iter().skip(1)).any(|(a, b)| a.0 == b.0) {
            return Err(broken("an object has a key twice"));
        }
        let depth = deeper(depth)?;
        self.json.push(b'{');
        for (position, (name, value)) in fields.into_iter().enumerate() {
            if position > 0 {
                self.json.push(b',');
            }
            string(self.json, name)?;
            self.json.push(b':');
            write(self, value, depth)?;
        }
        self.json.push(b'}');
        Ok(())
    }

    /// An array of `count` elements, each written by `write`.
    pub(crate) fn array(
        &mut self,
        count: usize,
        depth: usize,
        mut write: impl FnMut(&mut Self, usize, usize) -> Result<(), ArrowError>,
    ) -> Result<(), ArrowError> {
        let depth = deeper(depth)?;
        self.json.push(b'[');
        for index in 0..count {
            if index > 0 {
                self.json.push(b',');
            }
            write(self, index, depth)?;
        }
        self.json.push(b']');
        Ok(())
    }
}

fn elements<'v>(header: u8, bytes: &'v [u8], unread: &mut usize) -> Result<Vec<&'v [u8]>, ArrowError> {
    let header = header >> 2;
    let container = Container::new(bytes, header & 0b100 != 0, 0, usize::from(header & 0b11) + 1)?;
    read(unread, container.values_at)?;
    (0..container.count).map(|index| container.value(index)).collect()
}

/// Where the parts of an object or array are. Every index below `count` is within the bytes.
struct Container<'v> {
    bytes: &'v [u8],
    count: usize,
    ids_at: usize,
    offsets_at: usize,
    offset_size: usize,
    values_at: usize,
}

impl<'v> Container<'v> {
    fn new(bytes: &'v [u8], large: bool, id_size: usize, offset_size: usize) -> Result<Container<'v>, ArrowError> {
        let layout = || {
            let count_size = if large { 4 } else { 1 };
            let count = unsigned(bytes, 1, count_size)?;
            let ids_at = 1 + count_size;
            let offsets_at = count.checked_mul(id_size)?.checked_add(ids_at)?;
            let values_at = count.checked_add(1)?.checked_mul(offset_size)?.checked_add(offsets_at)?;
            (values_at <= bytes.len()).then_some(Container { bytes, count, ids_at, offsets_at, offset_size, values_at })
        };
        layout().ok_or_else(|| broken("an object or array ends early"))
    }

    /// The bytes from the value on; what it is says where it ends.
    fn value(&self, index: usize) -> Result<&'v [u8], ArrowError> {
        let offset = unsigned(self.bytes, self.offsets_at + index * self.offset_size, self.offset_size);
        let value = offset.and_then(|offset| self.bytes.get(self.values_at.checked_add(offset)?..));
        value.ok_or_else(|| broken("a value is outside its object or array"))
    }
}

/// A primitive value, and how many bytes it takes.
fn primitive(kind: u8, bytes: &[u8]) -> Result<(Scalar<'_>, usize), ArrowError> {
    let scalar = match kind {
        0 => (Scalar::Null, 1),
        1 => (Scalar::Boolean(true), 1),
        2 => (Scalar::Boolean(false), 1),
        3 => (Scalar::Integer(i8::from_le_bytes(fixed(bytes, 1)?).into()), 2),
        4 => (Scalar::Integer(i16::from_le_bytes(fixed(bytes, 1)?).into()), 3),
        5 => (Scalar::Integer(i32::from_le_bytes(fixed(bytes, 1)?).into()), 5),
        6 => (Scalar::Integer(i64::from_le_bytes(fixed(bytes, 1)?)), 9),
        7 => (Scalar::Double(f64::from_le_bytes(fixed(bytes, 1)?)), 9),
        8 => (decimal(bytes, i32::from_le_bytes(fixed(bytes, 2)?).into())?, 6),
        9 => (decimal(bytes, i64::from_le_bytes(fixed(bytes, 2)?).into())?, 10),
        10 => (decimal(bytes, i128::from_le_bytes(fixed(bytes, 2)?))?, 18),
        11 => (Scalar::Date(i32::from_le_bytes(fixed(bytes, 1)?)), 5),
        12 | 13 => {
            let micros = i64::from_le_bytes(fixed(bytes, 1)?);
            (Scalar::Timestamp { micros, nanos: 0, utc: kind == 12 }, 9)
        }
        14 => (Scalar::Float(f32::from_le_bytes(fixed(bytes, 1)?)), 5),
        15 | 16 => {
            let end =
                usize::try_from(u32::from_le_bytes(fixed(bytes, 1)?)).ok().and_then(|length| length.checked_add(5));
            let content = end.and_then(|end| bytes.get(5..end));
            let scalar = match content {
                Some(content) if kind == 15 => Scalar::Binary(content),
                content => Scalar::String(text(content)?),
            };
            (scalar, end.unwrap_or(usize::MAX))
        }
        17 => (Scalar::Time(i64::from_le_bytes(fixed(bytes, 1)?)), 9),
        18 | 19 => (Scalar::timestamp_nanos(i64::from_le_bytes(fixed(bytes, 1)?), kind == 18), 9),
        20 => {
            let uuid = bytes.get(1..).and_then(|rest| rest.first_chunk());
            (Scalar::Uuid(uuid.ok_or_else(|| broken("a value ends early"))?), 17)
        }
        other => return Err(broken(&format!("its primitive type {other} is not known"))),
    };
    Ok(scalar)
}

fn decimal(bytes: &[u8], digits: i128) -> Result<Scalar<'_>, ArrowError> {
    match bytes.get(1).and_then(|scale| i8::try_from(*scale).ok()) {
        Some(scale @ 0..=38) => Ok(Scalar::Decimal(digits, scale)),
        _ => Err(broken("a decimal's scale is above 38")),
    }
}

fn text(bytes: Option<&[u8]>) -> Result<&str, ArrowError> {
    let bytes = bytes.ok_or_else(|| broken("a string ends early"))?;
    std::str::from_utf8(bytes).map_err(|_| broken("a string is not UTF-8"))
}

fn fixed<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], ArrowError> {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk());
    found.copied().ok_or_else(|| broken("a value ends early"))
}

/// A little-endian number of `size` bytes, one to four.
fn unsigned(bytes: &[u8], at: usize, size: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

fn read(unread: &mut usize, length: usize) -> Result<(), ArrowError> {
    *unread = unread.checked_sub(length).ok_or_else(|| broken("its values overlap, or end early"))?;
    Ok(())
}

fn deeper(depth: usize) -> Result<usize, ArrowError> {
    match depth {
        depth if depth < MAX_DEPTH => Ok(depth + 1),
        _ => Err(broken(&format!("it is more than {MAX_DEPTH} levels deep"))),
    }
}
