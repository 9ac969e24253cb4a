//! Footers that the Parquet crate refuses for entries that nothing here needs, without these.
//!
//! - Metadata by key, where it is not UTF-8: hints of the writer's own, such as `ARROW:schema`.
//! - Bounds of another width than their column's type. They say nothing.
//! - A decimal's precision and scale, where they stand in its logical type alone: they are copied to their old places.
//!
//! A footer is rewritten only when it was refused as it is. Structs and fields are those of
//! [`FileMetaData`](https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift).

use super::thrift::{BINARY, I32, LIST, Reader, STRUCT, Writer};

/// Structs within structs of a footer; the specification has six levels.
const DEEPEST: u8 = 16;

/// A kind of struct, some fields of which are left out or looked into.
#[derive(Clone, Copy)]
enum Kind {
    File,
    SchemaElement,
    RowGroup,
    ColumnChunk,
    ColumnMetaData,
    Statistics { width: u64 },
}

/// A footer, parsed and written anew. `None` where it is not understood.
pub(crate) fn repaired(footer: &[u8]) -> Option<Vec<u8>> {
    let mut writer = Writer::default();
    copy_struct(&mut Reader(footer), &mut writer, None, Kind::File)?;
    Some(writer.bytes)
}

/// Copies a struct: the outermost one, an element of a list, or field `id` of the one that is open.
fn copy_struct(reader: &mut Reader<'_>, writer: &mut Writer, id: Option<i64>, kind: Kind) -> Option<()> {
    writer.begin(id);
    let mut field = 0;
    let mut physical = None;
    let mut decimal = decimal(kind, reader);
    while let Some(compact) = reader.field(&mut field)? {
        let before = reader.0;
        match (kind, field, compact) {
            (Kind::File, 5, _) => reader.skip(compact, DEEPEST)?,
            (Kind::File, 2, LIST) => copy_structs(reader, writer, field, Kind::SchemaElement)?,
            (Kind::File, 4, LIST) => copy_structs(reader, writer, field, Kind::RowGroup)?,
            (Kind::RowGroup, 1, LIST) => copy_structs(reader, writer, field, Kind::ColumnChunk)?,
            (Kind::ColumnChunk, 3, STRUCT) => copy_struct(reader, writer, Some(field), Kind::ColumnMetaData)?,
            (Kind::ColumnMetaData, 12, STRUCT) if physical.is_some_and(|width| width > 0) => {
                let kind = Kind::Statistics { width: physical? };
                copy_struct(reader, writer, Some(field), kind)?;
            }
            (Kind::Statistics { width }, 1 | 2 | 5 | 6, BINARY) => {
                let length = Reader(before).varint()?;
                reader.skip(compact, DEEPEST)?;
                if length == width {
                    copied(writer, field, compact, before, reader)?;
                }
            }
            (Kind::SchemaElement, 6..=8, I32) if decimal.is_some() => reader.skip(compact, DEEPEST)?,
            _ => {
                if field > 8
                    && let Some([scale, precision]) = decimal.take()
                {
                    for (id, value) in [(6, DECIMAL), (7, scale), (8, precision)] {
                        writer.integer(id, value);
                    }
                }
                if let (Kind::ColumnMetaData, 1, I32) = (kind, field, compact) {
                    physical = width(Reader(before).integer()?);
                }
                reader.skip(compact, DEEPEST)?;
                copied(writer, field, compact, before, reader)?;
            }
        }
    }
    writer.end();
    Some(())
}

/// The converted type of that name.
const DECIMAL: i64 = 5;

/// A schema element's scale and precision, where it is a decimal by its logical type.
fn decimal(kind: Kind, reader: &Reader<'_>) -> Option<[i64; 2]> {
    if !matches!(kind, Kind::SchemaElement) {
        return None;
    }
    let mut reader = Reader(reader.0);
    let mut field = 0;
    while let Some(compact) = reader.field(&mut field)? {
        if (field, compact) != (10, STRUCT) {
            reader.skip(compact, DEEPEST)?;
            continue;
        }
        // A union, one of whose members is set.
        let (mut member, mut of_decimal) = (0, 0);
        if reader.field(&mut member)?? != STRUCT || member != 5 {
            return None;
        }
        let mut found = [None, None];
        while let Some(compact) = reader.field(&mut of_decimal)? {
            match (of_decimal, compact) {
                (1, I32) => found[0] = Some(reader.integer()?),
                (2, I32) => found[1] = Some(reader.integer()?),
                _ => reader.skip(compact, DEEPEST)?,
            }
        }
        return Some([found[0]?, found[1]?]);
    }
    None
}

/// Bytes of a value of a physical type; zero where they may be of any number.
fn width(physical: i64) -> Option<u64> {
    Some(match physical {
        0 => 1,
        1 | 4 => 4,
        2 | 5 => 8,
        3 => 12,
        _ => 0,
    })
}

fn copy_structs(reader: &mut Reader<'_>, writer: &mut Writer, id: i64, kind: Kind) -> Option<()> {
    let before = reader.0;
    let (length, element) = reader.list()?;
    if element != STRUCT {
        return None;
    }
    writer.head(id, LIST);
    writer.raw(consumed(before, reader)?);
    for _ in 0..length {
        copy_struct(reader, writer, None, kind)?;
    }
    Some(())
}

/// Writes field `id`, whose value the reader has just passed since `before`.
fn copied(writer: &mut Writer, id: i64, compact: u8, before: &[u8], reader: &Reader<'_>) -> Option<()> {
    writer.head(id, compact);
    writer.raw(consumed(before, reader)?);
    Some(())
}

fn consumed<'a>(before: &'a [u8], reader: &Reader<'_>) -> Option<&'a [u8]> {
    before.get(..before.len().checked_sub(reader.0.len())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
    use bytes::Bytes;
    use parquet::arrow::ArrowWriter;
    use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
    use std::sync::Arc;

    /// A file's footer, with statistics and metadata by key.
    fn footer() -> Vec<u8> {
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![7, -7]));
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        let batch = RecordBatch::try_from_iter([("i", numbers), ("s", texts)]).unwrap();
        let mut file = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let length = u32::from_le_bytes(*file[file.len() - 8..].first_chunk().unwrap()) as usize;
        file[file.len() - 8 - length..file.len() - 8].to_vec()
    }

    fn parsed(footer: &[u8]) -> Option<ParquetMetaData> {
        ParquetMetaDataReader::decode_metadata(&Bytes::copy_from_slice(footer)).ok()
    }

    #[test]
    fn what_is_well_is_kept() {
        let footer = footer();
        let (before, after) = (parsed(&footer).unwrap(), parsed(&repaired(&footer).unwrap()).unwrap());
        assert_eq!(before.row_groups(), after.row_groups());
        assert!(before.file_metadata().key_value_metadata().is_some());
        assert!(after.file_metadata().key_value_metadata().is_none());
        let facts = |metadata: &ParquetMetaData| {
            let file = metadata.file_metadata();
            (
                file.schema().clone(),
                file.num_rows(),
                file.created_by().map(str::to_owned),
                file.column_orders().cloned(),
            )
        };
        assert_eq!(facts(&before), facts(&after));
    }

    #[test]
    fn a_key_that_is_no_utf8() {
        let mut footer = footer();
        let place = footer.windows(12).position(|window| window == b"ARROW:schema").unwrap();
        footer[place] = 0xff;
        assert!(parsed(&footer).is_none());
        assert_eq!(parsed(&repaired(&footer).unwrap()).unwrap().file_metadata().num_rows(), 2);
    }

    #[test]
    fn damage_is_not_repaired() {
        let footer = footer();
        for end in 0..footer.len() {
            assert!(repaired(&footer[..end]).is_none(), "{end}");
        }
        assert!(repaired(&[0x2c; 1000]).is_none());
    }
}
