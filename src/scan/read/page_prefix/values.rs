//! How far the first values of a page reach: in plain bytes, and as numbers into a dictionary.

use crate::parquet_file::decompress::varint;
use parquet::basic::Type;
use parquet::schema::types::ColumnDescriptor;

/// The bytes of the first `values` plain values; `None` where there are not so many in `bytes`.
pub(crate) fn plain_bytes(column: &ColumnDescriptor, bytes: &[u8], values: usize) -> Option<usize> {
    let width = match column.physical_type() {
        Type::BOOLEAN => return Some(values.div_ceil(8)).filter(|end| *end <= bytes.len()),
        Type::INT32 | Type::FLOAT => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::FIXED_LEN_BYTE_ARRAY => usize::try_from(column.type_length()).ok()?,
        Type::BYTE_ARRAY => {
            let mut end = 0_usize;
            for _ in 0..values {
                let length = bytes.get(end..)?.first_chunk()?;
                end = end.checked_add(4)?.checked_add(u32::from_le_bytes(*length) as usize)?;
            }
            return Some(end).filter(|end| *end <= bytes.len());
        }
    };
    values.checked_mul(width).filter(|end| *end <= bytes.len())
}

/// The first numbers into a dictionary that a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// How many of the wanted ones are there.
    pub(crate) found: usize,
    /// How many entries the dictionary must have for them.
    pub(crate) entries: usize,
}

/// The first `wanted` numbers in `bytes`: a bit width and
/// [runs](https://github.com/apache/parquet-format/blob/master/Encodings.md#RLE), of which the last may be cut off.
pub(crate) fn numbers(bytes: &[u8], wanted: usize) -> Option<Numbers> {
    let (&width, mut rest) = bytes.split_first()?;
    let width = usize::from(width);
    if width > 32 {
        return None;
    }
    let (mut found, mut largest) = (0, None);
    while found < wanted
        && let Some((head, after)) = varint(rest)
    {
        let run = usize::try_from(head >> 1).ok().filter(|run| *run > 0)?;
        if head & 1 == 0 {
            let Some((value, after)) = after.split_at_checked(width.div_ceil(8)) else { break };
            let value = value.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
            largest = largest.max(Some(value));
            found = wanted.min(found.saturating_add(run));
            rest = after;
        } else {
            for place in 0..run.saturating_mul(8).min(wanted - found) {
                let Some(value) = packed(after, place, width) else { break };
                largest = largest.max(Some(value));
                found += 1;
            }
            // A writer may leave out the end of the last run.
            rest = after.get(run.checked_mul(width)?..).unwrap_or_default();
        }
    }
    let entries = largest.map_or(Some(0), |largest| usize::try_from(largest).ok()?.checked_add(1))?;
    Some(Numbers { found, entries })
}

/// One of the numbers of `width` bits that are packed in `bytes`.
fn packed(bytes: &[u8], place: usize, width: usize) -> Option<u64> {
    let bit = place.checked_mul(width)?;
    let held = bytes.get(bit / 8..)?;
    let held = held.get(..8).unwrap_or(held);
    let mut word = [0; 8];
    word.get_mut(..held.len())?.copy_from_slice(held);
    let value = u64::from_le_bytes(word) >> (bit % 8) & ((1 << width) - 1);
    (bit % 8 + width <= held.len() * 8).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_are_looked_through() {
        // Three bits: a run of ten fives, then eight packed from 0 to 7.
        let bytes = [3, 10 << 1, 5, 1 << 1 | 1, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        let told = |bytes, wanted| numbers(bytes, wanted).map(|Numbers { found, entries }| (found, entries));
        for (wanted, entries) in [(0, 0), (1, 6), (10, 6), (15, 6), (17, 7), (18, 8)] {
            assert_eq!(told(&bytes, wanted), Some((wanted, entries)), "{wanted}");
        }
        assert_eq!(told(&bytes, 19), Some((18, 8)));
        assert_eq!(told(&bytes[..5], 13), Some((12, 6)), "two of a run that is cut off");
        assert_eq!(told(&[0, 200, 1], 100), Some((100, 1)), "no bits at all");
    }

    #[test]
    fn damage_has_no_numbers() {
        for bytes in [&[][..], &[33, 2, 0], &[8, 0, 0, 0], &[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], &[8, 2]] {
            assert!(numbers(bytes, 1).is_none_or(|numbers| numbers.found == 0), "{bytes:?}");
        }
    }
}
