//! The beginning of what was compressed, from the beginning of that.

use parquet::basic::Compression;
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

/// No more is decompressed of one page.
const MOST: usize = 1 << 20;

/// Whether [`beginning`] knows a codec.
pub(crate) fn is_known(codec: Compression) -> bool {
    matches!(codec, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_))
}

/// What can be had of `input`, which may end anywhere. `None` where it is damaged.
pub(crate) fn beginning(codec: Compression, input: &[u8]) -> Option<Vec<u8>> {
    match codec {
        Compression::UNCOMPRESSED => Some(input.to_vec()),
        Compression::SNAPPY => snappy(input),
        Compression::ZSTD(_) => zstd(input),
        _ => None,
    }
}

/// As many blocks of a frame as are there: one holds up to 128 KiB.
fn zstd(input: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = Decoder::new().ok()?;
    let mut output = Vec::new();
    let mut input = InBuffer::around(input);
    loop {
        let room = output.len();
        output.resize((2 * room).clamp(256 << 10, MOST), 0);
        let mut buffer = OutBuffer::around_pos(output.as_mut_slice(), room);
        let left = decoder.run(&mut input, &mut buffer).ok()?;
        let end = buffer.pos();
        let is_full = end == output.len() && end < MOST;
        // A frame that has ended, input that has, or as much as is wanted.
        if left == 0 || !is_full {
            output.truncate(end);
            return Some(output);
        }
    }
}

/// A [block](https://github.com/google/snappy/blob/main/format_description.txt) of as many of its elements as are there.
fn snappy(input: &[u8]) -> Option<Vec<u8>> {
    let (_, elements) = varint(input)?;
    let (mut from, mut made) = (0, 0_usize);
    while made < MOST
        && let Some((bytes, length)) = element(elements.get(from..)?)
        && from + bytes <= elements.len()
    {
        from += bytes;
        made = made.checked_add(length)?;
    }
    let mut block = Vec::with_capacity(from + 5);
    let mut length = made;
    loop {
        let [low, ..] = length.to_le_bytes();
        length >>= 7;
        if length == 0 {
            block.push(low & 0x7f);
            break;
        }
        block.push(low | 0x80);
    }
    block.extend_from_slice(elements.get(..from)?);
    snap::raw::Decoder::new().decompress_vec(&block).ok()
}

/// The bytes that a block's first element takes up, and those that it makes.
fn element(bytes: &[u8]) -> Option<(usize, usize)> {
    let (&tag, rest) = bytes.split_first()?;
    let high = usize::from(tag >> 2);
    Some(match tag & 3 {
        0 if high < 60 => (high + 2, high + 1),
        0 => {
            let width = high - 59;
            let length = rest.get(..width)?.iter().rev().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
            (length.checked_add(width + 2)?, length.checked_add(1)?)
        }
        1 => (2, (high & 7) + 4),
        2 => (3, high + 1),
        _ => (5, high + 1),
    })
}

/// A number of up to 32 bits, seven in each byte, and what follows it.
pub(crate) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().take(5).position(|byte| *byte < 0x80)?;
    let (value, rest) = bytes.split_at_checked(end + 1)?;
    Some((value.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of some order, so that there are literals and copies in it.
    fn sample(length: u64) -> Vec<u8> {
        (0..length).flat_map(|i| (i * i * 7919 % 100_003).to_le_bytes()).collect()
    }

    #[test]
    fn the_beginning_of_a_block_is_the_beginning_of_what_it_holds() {
        let sample = sample(40_000);
        let whole = snap::raw::Encoder::new().compress_vec(&sample).unwrap();
        for end in [0, 1, 2, 3, 100, 1000, whole.len() / 2, whole.len()] {
            let Some(made) = beginning(Compression::SNAPPY, &whole[..end]) else {
                assert!(end < 3, "{end}");
                continue;
            };
            assert!(sample.starts_with(&made), "{end}");
            assert!(made.len() + 70 * 1024 >= sample.len() * end / whole.len() / 2, "{end}: only {}", made.len());
        }
        assert_eq!(beginning(Compression::SNAPPY, &whole).unwrap(), sample);
    }

    #[test]
    fn the_beginning_of_a_frame_is_the_beginning_of_what_it_holds() {
        let sample = sample(100_000);
        let whole = zstd::bulk::compress(&sample, 3).unwrap();
        for end in [0, 1, 5, 1000, whole.len() / 2, whole.len()] {
            let made = beginning(Compression::ZSTD(Default::default()), &whole[..end]).unwrap();
            assert!(sample.starts_with(&made), "{end}");
            assert!(end < whole.len() || made == sample);
        }
        let half = beginning(Compression::ZSTD(Default::default()), &whole[..whole.len() / 2]).unwrap();
        assert!(half.len() >= 128 << 10, "{}", half.len());
    }

    #[test]
    fn damage_is_not_decompressed() {
        let no = |codec, bytes: &[u8]| assert!(beginning(codec, bytes).is_none_or(|made| made.is_empty()), "{bytes:?}");
        no(Compression::ZSTD(Default::default()), &[0xff; 100]);
        no(Compression::SNAPPY, &[0xff; 100]);
        no(Compression::SNAPPY, &[100, 0x01, 0xff, 0x01, 0xff]); // a copy of what is not there
    }
}
