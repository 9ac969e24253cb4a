//! Parquet files without a log, as a table of one version: a snapshot made of their footers.
//!
//! A file that no log names may be overwritten at any time: so what is made of it is for one statement, over a storage of its own,
//! and its size is learnt anew.

mod table;

use crate::error::{Error, Result};
use crate::parquet_file::footer;
use crate::parquet_file::footer_cache::FooterCache;
use crate::snapshot::{DataFile, FileLocation, FormatInfo, Snapshot, TableSchema};
use crate::storage::{Storage, location_name};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use futures::future::try_join_all;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::{ConvertedType, LogicalType, Type as PhysicalType};
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use std::collections::HashMap;
use std::sync::Arc;

pub use table::ParquetFiles;
pub(in crate::formats) use table::ParquetOpener;

/// Bytes asked for with a file's size: most footers are shorter.
const TAIL: u64 = 64 << 10;

/// The snapshot of the files at `locations`, of the first one's columns. Their footers are fetched.
///
/// # Errors
/// `invalid_sql` where there is none, or where their columns differ.
pub async fn snapshot(storage: &Storage, locations: Vec<FileLocation>, footers: &FooterCache) -> Result<Snapshot> {
    let opened = try_join_all(locations.into_iter().map(|location| open(storage, location, footers))).await?;
    let Some((first, metadata)) = opened.first() else {
        return Err(Error::InvalidSql { message: "no Parquet file to read".into() });
    };
    let name = location_name(&first.location);
    let schema = schema(metadata.file_metadata().schema_descr(), &name)?;
    for (file, metadata) in &opened {
        let own = self::schema(metadata.file_metadata().schema_descr(), &location_name(&file.location))?;
        same_columns(&schema, &own, &name, &location_name(&file.location))?;
    }
    let files = opened.into_iter().map(|(file, _)| file).collect();
    let format = FormatInfo { name: "parquet".into(), ..FormatInfo::default() };
    Ok(Snapshot { format, ..Snapshot::new(TableSchema::plain(schema), files) })
}

/// A file and its footer.
async fn open(
    storage: &Storage,
    location: FileLocation,
    footers: &FooterCache,
) -> Result<(DataFile, Arc<ParquetMetaData>)> {
    let (_, size) = storage.get_tail(&location, None, TAIL).await?;
    let mut file = DataFile::new(location, size);
    let footer = footer::read(storage, &file, false, footers).await?;
    file.row_count = u64::try_from(footer.metadata.file_metadata().num_rows()).ok();
    Ok((file, footer.metadata))
}

/// The columns of a file, as it is decoded: `INT96` in microseconds, which reach all of its years, and `ENUM` as the strings that it is
/// [by specification](https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#enum).
fn schema(parquet: &SchemaDescriptor, name: &str) -> Result<SchemaRef> {
    let schema = parquet_to_arrow_schema(parquet, None).map_err(|error| Error::corrupt(name, error))?;
    let mut leaf = 0;
    let fields = schema.fields().iter().map(|field| plain(field, parquet, &mut leaf)).collect::<Fields>();
    Ok(Arc::new(Schema::new(fields)))
}

fn plain(field: &FieldRef, parquet: &SchemaDescriptor, leaf: &mut usize) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| plain(field, parquet, leaf)).collect::<Fields>())
        }
        DataType::List(item) => DataType::List(plain(item, parquet, leaf)),
        DataType::Map(entries, sorted) => DataType::Map(plain(entries, parquet, leaf), *sorted),
        data_type => {
            let at = *leaf;
            *leaf += 1;
            match data_type {
                DataType::Timestamp(TimeUnit::Nanosecond, None)
                    if at < parquet.num_columns() && parquet.column(at).physical_type() == PhysicalType::INT96 =>
                {
                    DataType::Timestamp(TimeUnit::Microsecond, None)
                }
                DataType::Binary if at < parquet.num_columns() && is_enum(&parquet.column(at)) => DataType::Utf8,
                data_type => data_type.clone(),
            }
        }
    };
    Arc::new(Field::new(field.name(), data_type, field.is_nullable()))
}

fn is_enum(column: &ColumnDescriptor) -> bool {
    column.logical_type_ref() == Some(&LogicalType::Enum) || column.converted_type() == ConvertedType::ENUM
}

/// Refuses files of other columns than the first: what one lacks would be null in silence, and what one has more be lost.
fn same_columns(first: &Schema, other: &Schema, first_name: &str, name: &str) -> Result<()> {
    let types: HashMap<&str, &DataType> =
        first.fields().iter().map(|field| (field.name().as_str(), field.data_type())).collect();
    let differs = other.fields().iter().find(|field| types.get(field.name().as_str()) != Some(&field.data_type()));
    let column = match differs {
        Some(field) => field.name(),
        None if other.fields().len() == first.fields().len() => return Ok(()),
        None => match first.fields().iter().find(|field| other.index_of(field.name()).is_err()) {
            Some(field) => field.name(),
            None => return Err(Error::corrupt(name, "two columns have one name")),
        },
    };
    let message = format!("the files have different columns: {column} is not the same in {first_name} and in {name}");
    Err(Error::InvalidSql { message })
}
