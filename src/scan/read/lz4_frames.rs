//! Pages of the codec `LZ4`, in the framing of Hadoop, that the Parquet crate does not read: those of several frames, or of several
//! blocks in a frame.
//!
//! [The codec](https://github.com/apache/parquet-format/blob/master/Compression.md#lz4) is deprecated, and has three framings in the wild.
//! The crate reads one frame of one block, LZ4's own frames, and plain blocks. Where a page is anything else, its column's pages are
//! decompressed here, and the decoder gets them uncompressed under places behind the file's end.

use super::file::OpenFile;
use super::page_prefix::{ShortChunk, Shortened, replaced};
use crate::error::{Error, Result};
use crate::parquet_file::page_header::{Header, Page};
use bytes::Bytes;
use parquet::basic::Compression;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::schema::types::ColumnDescriptor;
use std::io::Read;
use std::ops::Range;

/// LZ4 makes at most this many bytes of one.
const LARGEST_RATIO: u64 = 256;

/// The magic number of LZ4's own frames.
const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];

/// The encoding of levels, by its number in the specification.
const RLE: u32 = 3;

/// Whether columns that are read of a row group are compressed so: they are read without a page index.
pub(in crate::scan) fn has_any(file: &OpenFile, group: &RowGroupMetaData) -> bool {
    columns(file, group).next().is_some()
}

/// The leaves that are compressed so, and where they are.
fn columns(file: &OpenFile, group: &RowGroupMetaData) -> impl Iterator<Item = (usize, Range<u64>)> {
    let column = |leaf: &usize| {
        let column = group.columns().get(*leaf).filter(|column| column.compression() == Compression::LZ4)?;
        let (start, length) = column.byte_range();
        Some((*leaf, start..start.checked_add(length)?))
    };
    file.leaves.iter().filter_map(column)
}

/// The row group of `metadata`, the only one, without the pages that the decoder does not read.
pub(in crate::scan) async fn unframed(file: &OpenFile, metadata: ParquetMetaData) -> Result<Shortened> {
    let leaves: Vec<(usize, Range<u64>)> = match metadata.row_groups().first() {
        Some(group) => columns(file, group).collect(),
        None => Vec::new(),
    };
    let ranges: Vec<Range<u64>> = leaves.iter().map(|(_, range)| range.clone()).collect();
    let chunks = file.fetch(&ranges).await?;
    let mut plain = Vec::new();
    for ((leaf, _), chunk) in leaves.iter().zip(&chunks) {
        if !is_read_by_the_crate(chunk) {
            let column = metadata.file_metadata().schema_descr().column(*leaf);
            let broken = || Error::corrupt(&file.name, format!("column {}: a page is no LZ4", column.path()));
            plain.push((*leaf, plain_chunk(&column, chunk).ok_or_else(broken)?));
        }
    }
    let held: Vec<(u64, Bytes)> = ranges.iter().map(|range| range.start).zip(chunks).collect();
    Ok(replaced(metadata, plain, file.file.size, held))
}

/// The pages of a chunk: their headers, and what follows each.
fn pages(mut chunk: &[u8]) -> impl Iterator<Item = (Header, &[u8])> {
    std::iter::from_fn(move || {
        let (header, after) = Header::parse(chunk)?;
        let (body, rest) = after.split_at_checked(usize::try_from(header.compressed).ok()?)?;
        chunk = rest;
        Some((header, body))
    })
}

fn is_read_by_the_crate(chunk: &[u8]) -> bool {
    pages(chunk).all(|(header, body)| {
        let (levels, is_compressed) = header.page.levels();
        let Some((_, body)) = usize::try_from(levels).ok().and_then(|levels| body.split_at_checked(levels)) else {
            return true;
        };
        let is_one_block = || {
            let (made, from) = Some(body).and_then(be_u32)?;
            let (length, block) = be_u32(from)?;
            Some(u64::from(made) == header.uncompressed.checked_sub(levels)? && length as usize == block.len())
        };
        !is_compressed || body.is_empty() || body.starts_with(&MAGIC) || is_one_block() == Some(true)
    })
}

/// The chunk's pages, uncompressed.
fn plain_chunk(column: &ColumnDescriptor, chunk: &[u8]) -> Option<ShortChunk> {
    let mut plain = ShortChunk { dictionary: Vec::new(), page: Vec::new() };
    for (header, body) in pages(chunk) {
        let (levels, is_compressed) = header.page.levels();
        let (levels, values) = body.split_at_checked(usize::try_from(levels).ok()?)?;
        let size = header.uncompressed.checked_sub(levels.len() as u64)?;
        let values = if is_compressed { decompressed(values, size)? } else { values.to_vec() };
        match header.page {
            page @ Page::Dictionary { .. } => plain.dictionary.extend(Header::write(page, &values)?),
            page @ Page::Data { .. } => plain.page.extend(Header::write(page, &values)?),
            Page::DataV2 { values: count, encoding, repetition, .. } => {
                // As a page of the first version has them.
                let (repeated, defined) = levels.split_at_checked(repetition as usize)?;
                let mut body = Vec::with_capacity(levels.len() + values.len() + 8);
                for (levels, most) in [(repeated, column.max_rep_level()), (defined, column.max_def_level())] {
                    if most > 0 {
                        body.extend_from_slice(&u32::try_from(levels.len()).ok()?.to_le_bytes());
                        body.extend_from_slice(levels);
                    }
                }
                body.extend_from_slice(&values);
                plain.page.extend(Header::write(Page::Data { values: count, encoding, level_encoding: RLE }, &body)?);
            }
            Page::Other => {}
        }
    }
    Some(plain)
}

/// The `size` bytes that a page holds, in any of the three framings.
fn decompressed(input: &[u8], size: u64) -> Option<Vec<u8>> {
    if size > LARGEST_RATIO.checked_mul(input.len() as u64)? {
        return None;
    }
    let size = usize::try_from(size).ok()?;
    if size == 0 {
        return Some(Vec::new());
    }
    let framed = || {
        let mut output = Vec::with_capacity(size);
        let limit = u64::try_from(size).ok()?.checked_add(1)?;
        lz4_flex::frame::FrameDecoder::new(input).take(limit).read_to_end(&mut output).ok()?;
        Some(output).filter(|output| output.len() == size)
    };
    let block = || lz4_flex::block::decompress(input, size).ok().filter(|output| output.len() == size);
    hadoop(input, size).or_else(framed).or_else(block)
}

/// Frames of how many bytes they make, and blocks of how many bytes they take up.
fn hadoop(mut input: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut output = vec![0; size];
    let mut made = 0_usize;
    while !input.is_empty() {
        let (frame, mut rest) = be_u32(input)?;
        let end = made.checked_add(frame as usize).filter(|end| *end <= size)?;
        while made < end {
            let (length, blocks) = be_u32(rest)?;
            let (block, after) = blocks.split_at_checked(length as usize)?;
            made += lz4_flex::block::decompress_into(block, output.get_mut(made..end)?).ok()?;
            rest = after;
        }
        input = rest;
    }
    (made == size).then_some(output)
}

fn be_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (first, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*first), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(made: usize, blocks: &[&[u8]]) -> Vec<u8> {
        let mut bytes = (made as u32).to_be_bytes().to_vec();
        for block in blocks {
            let block = lz4_flex::block::compress(block);
            bytes.extend((block.len() as u32).to_be_bytes());
            bytes.extend(block);
        }
        bytes
    }

    #[test]
    fn every_framing() {
        let text: Vec<u8> = (0..5000_u32).flat_map(|i| (i / 7).to_le_bytes()).collect();
        let (first, second) = text.split_at(9000);
        let two_frames = [frame(9000, &[first]), frame(11_000, &[second])].concat();
        let two_blocks = frame(20_000, &[first, second]);
        let one = frame(20_000, &[&text]);
        let block = lz4_flex::block::compress(&text);
        for bytes in [two_frames, two_blocks, one, block] {
            assert_eq!(decompressed(&bytes, 20_000).as_ref(), Some(&text));
            assert_eq!(decompressed(&bytes, 19_999), None);
            assert_eq!(decompressed(&bytes[..bytes.len() - 1], 20_000), None);
        }
        assert_eq!(decompressed(&[0; 8], 1 << 40), None, "nothing is reserved for it");
    }
}
