//! Files that tell of deleted rows, by index or by key: each is read once for a scan, by a scan of its own.

use super::column::column;
use super::projection::FileProjection;
use crate::error::{Error, Result};
use crate::scan::Scan;
use crate::snapshot::{DataFile, DeleteFile, DeleteKind, FileLocation, Snapshot, TableSchema};
use crate::storage::location_name;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DynComparator, Int64Array, RecordBatch, StringArray, make_comparator,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::future::{BoxFuture, try_join_all};
use futures::{FutureExt, TryStreamExt};
use roaring::RoaringTreemap;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

type Cell = Arc<OnceCell<Arc<Deleted>>>;

/// What a scan's delete files say. The streams of a query share it.
#[derive(Debug, Default)]
pub struct SharedDeletes(Mutex<HashMap<FileLocation, Cell>>);

/// What one delete file says.
#[derive(Debug)]
pub(in crate::scan) enum Deleted {
    /// The rows of each data file, by its name.
    Positions(HashMap<String, RoaringTreemap>),
    /// Rows of any.
    Keys(DeletedKeys),
}

/// The keys of deleted rows.
#[derive(Debug)]
pub(in crate::scan) struct DeletedKeys {
    /// The columns, by position in the table's schema; the last one is the ordering, where there is one.
    pub(in crate::scan) columns: Vec<usize>,
    /// For each key the row of the file that deletes most.
    keys: HashMap<Vec<u8>, usize>,
    ordering: Option<ArrayRef>,
}

/// What the delete files of `file` say.
pub(in crate::scan) async fn of(scan: &Scan, file: &DataFile) -> Result<Vec<Arc<Deleted>>> {
    try_join_all(file.delete_files().iter().map(|file| shared(scan, file))).await
}

async fn shared(scan: &Scan, file: &DeleteFile) -> Result<Arc<Deleted>> {
    let cell: Cell = {
        let mut known = scan.deletes.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(file.location.clone()).or_default().clone()
    };
    cell.get_or_try_init(|| load(scan, file)).await.cloned()
}

fn load<'a>(scan: &'a Scan, file: &'a DeleteFile) -> BoxFuture<'a, Result<Arc<Deleted>>> {
    async move {
        let name = location_name(&file.location);
        let broken = |error: ArrowError| Error::corrupt(&name, error);
        let (columns, schema) = match &file.kind {
            DeleteKind::Positions => (Vec::new(), TableSchema::plain(positions_schema())),
            DeleteKind::Keys { columns, ordering } => {
                let columns: Vec<usize> = columns.iter().chain(ordering).copied().collect();
                let TableSchema { logical, physical, field_match, .. } = &scan.snapshot.schema;
                let part = |schema: &Schema| schema.project(&columns).map(Arc::new).map_err(Error::internal);
                let (logical, physical) = (part(logical)?, part(physical)?);
                let schema = TableSchema { logical, physical, field_match: *field_match, defaults: Vec::new() };
                (columns, schema)
            }
        };
        let snapshot = Snapshot::new(schema, vec![DataFile::new(file.location.clone(), file.size)]);
        let mut rows = Scan::new(&scan.storage, &Arc::new(snapshot)).with_footers(&scan.footers);
        (rows.source, rows.lacks_no_column) = (scan.source.clone(), true);
        let batches: Vec<RecordBatch> = rows.stream().try_collect().await?;
        let rows = concat_batches(rows.schema(), &batches).map_err(broken)?;
        Ok(Arc::new(match &file.kind {
            DeleteKind::Positions => Deleted::Positions(positions(&rows, &name)?),
            DeleteKind::Keys { ordering, .. } => {
                Deleted::Keys(DeletedKeys::new(columns, ordering.is_some(), rows.columns()).map_err(broken)?)
            }
        }))
    }
    .boxed()
}

/// [Position delete files](https://iceberg.apache.org/spec/#position-delete-files).
fn positions_schema() -> Arc<Schema> {
    let fields = [("file_path", DataType::Utf8), ("pos", DataType::Int64)];
    Arc::new(Schema::new(fields.map(|(name, data_type)| Field::new(name, data_type, false)).to_vec()))
}

fn positions(rows: &RecordBatch, name: &str) -> Result<HashMap<String, RoaringTreemap>> {
    let null = || Error::corrupt(name, "a file_path or a pos is null or negative");
    let (paths, rows): (&StringArray, &Int64Array) = match rows.columns() {
        [paths, rows] => paths.as_string_opt().zip(rows.as_primitive_opt()).ok_or_else(null)?,
        _ => return Err(null()),
    };
    let mut found: HashMap<String, RoaringTreemap> = HashMap::new();
    for (path, row) in paths.iter().zip(rows) {
        let (path, row) = path.zip(row.and_then(|row| u64::try_from(row).ok())).ok_or_else(null)?;
        match found.get_mut(path) {
            Some(rows) => rows.insert(row),
            None => found.entry(path.into()).or_default().insert(row),
        };
    }
    Ok(found)
}

impl DeletedKeys {
    fn new(columns: Vec<usize>, is_ordered: bool, rows: &[ArrayRef]) -> Result<DeletedKeys, ArrowError> {
        let (ordering, key) = split(rows, is_ordered);
        let later = ordering.map(|ordering| comparator(ordering, ordering)).transpose()?;
        let key = KeyReader::new(key)?;
        let mut keys: HashMap<Vec<u8>, usize> = HashMap::new();
        for row in 0..rows.first().map_or(0, |column| column.len()) {
            let known = keys.entry(key.read(row)?).or_insert(row);
            if later.as_ref().is_some_and(|compare| compare(row, *known) == Ordering::Greater) {
                *known = row;
            }
        }
        let ordering = ordering.cloned();
        Ok(DeletedKeys { columns, keys, ordering })
    }

    /// Takes from `left` the rows that are deleted, by their values of the columns.
    fn delete(&self, columns: &[ArrayRef], left: &mut [bool]) -> Result<(), ArrowError> {
        let (ordering, key) = split(columns, self.ordering.is_some());
        let key = KeyReader::new(key)?;
        let compare = self.ordering.as_ref().zip(ordering).map(|(deletes, rows)| comparator(deletes, rows));
        let compare = compare.transpose()?;
        for (row, left) in left.iter_mut().enumerate() {
            let Some(delete) = self.keys.get(&key.read(row)?) else { continue };
            *left &= compare.as_ref().is_some_and(|compare| compare(*delete, row) == Ordering::Less);
        }
        Ok(())
    }
}

/// The ordering among a delete's columns, and the others.
fn split(columns: &[ArrayRef], is_ordered: bool) -> (Option<&ArrayRef>, &[ArrayRef]) {
    match columns.split_last() {
        Some((ordering, key)) if is_ordered => (Some(ordering), key),
        _ => (None, columns),
    }
}

/// Nulls come before all values.
fn comparator(left: &ArrayRef, right: &ArrayRef) -> Result<DynComparator, ArrowError> {
    make_comparator(left.as_ref(), right.as_ref(), Default::default())
}

/// Makes keys of rows: the texts of their values, which tell all values of one type apart.
struct KeyReader<'a>(Vec<(&'a ArrayRef, ArrayFormatter<'a>)>);

const OPTIONS: FormatOptions<'static> = FormatOptions::new().with_display_error(false);

impl<'a> KeyReader<'a> {
    fn new(columns: &'a [ArrayRef]) -> Result<KeyReader<'a>, ArrowError> {
        let reader = |column: &'a ArrayRef| Ok((column, ArrayFormatter::try_new(column.as_ref(), &OPTIONS)?));
        columns.iter().map(reader).collect::<Result<_, ArrowError>>().map(KeyReader)
    }

    fn read(&self, row: usize) -> Result<Vec<u8>, ArrowError> {
        let mut key = Vec::new();
        for (column, texts) in &self.0 {
            let text = if column.is_null(row) { None } else { Some(texts.value(row).try_to_string()?) };
            key.extend(text.as_ref().map_or(0, |text| text.len() as u64 + 1).to_le_bytes());
            key.extend(text.unwrap_or_default().into_bytes());
        }
        Ok(key)
    }
}

/// The columns of a data file that the keys of its deletes are made of.
#[derive(Debug)]
pub(in crate::scan) struct FileKeys {
    pub(in crate::scan) projection: FileProjection,
    columns: Vec<usize>,
    fields: Vec<FieldRef>,
    constants: Vec<Option<ArrayRef>>,
    deletes: Vec<Arc<Deleted>>,
}

/// The columns, by position in the table's schema, that `deletes` have keys of.
pub(in crate::scan) fn key_columns(deletes: &[Arc<Deleted>]) -> Vec<usize> {
    let mut columns: Vec<usize> = keys(deletes).flat_map(|keys| keys.columns.iter().copied()).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

fn keys(deletes: &[Arc<Deleted>]) -> impl Iterator<Item = &DeletedKeys> {
    deletes.iter().filter_map(|deleted| match &**deleted {
        Deleted::Keys(keys) => Some(keys),
        Deleted::Positions(_) => None,
    })
}

impl FileKeys {
    /// Of `columns`, as the file has them.
    pub(in crate::scan) fn new(
        columns: Vec<usize>,
        fields: Vec<FieldRef>,
        projection: FileProjection,
        known: &HashMap<usize, ArrayRef>,
        deletes: Vec<Arc<Deleted>>,
    ) -> FileKeys {
        let constants = columns.iter().map(|column| known.get(column).cloned()).collect();
        FileKeys { projection, columns, fields, constants, deletes }
    }

    /// Which of `rows` rows are left, whose columns that are read are `data`.
    pub(in crate::scan) fn left(&self, data: &[ArrayRef], rows: usize, name: &str) -> Result<BooleanArray> {
        let sources = self.projection.sources.iter().zip(&self.constants).zip(&self.fields);
        let values =
            sources.map(|((source, constant), field)| column(constant.as_ref(), source, data, field, rows, name));
        let values = values.collect::<Result<Vec<ArrayRef>>>()?;
        let mut left = vec![true; rows];
        for keys in keys(&self.deletes) {
            let place = |column: &usize| values.get(self.columns.iter().position(|other| other == column)?).cloned();
            let columns: Option<Vec<ArrayRef>> = keys.columns.iter().map(place).collect();
            let columns = columns.ok_or_else(|| Error::internal("a key column is not read"))?;
            keys.delete(&columns, &mut left).map_err(|error| Error::corrupt(name, error))?;
        }
        Ok(left.into())
    }
}
