//! What is found in a data file: the columns of its table, those that row groups are ruled out by, and those of keys.

use crate::error::{Error, Result};
use crate::scan::Scan;
use crate::scan::convert::delete_files::{self, Deleted, FileKeys};
use crate::scan::convert::projection::{FileProjection, Source, Wanted, project};
use crate::scan::convert::row_tracking::materialised;
use crate::scan::convert::{cast, inlined_rows};
use crate::scan::prune::bounds::FileBounds;
use crate::snapshot::{Snapshot, TableSchema, canonical_floats};
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::FieldRef;
use parquet::file::metadata::ParquetMetaData;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A file's columns, which those of its table are found among.
pub(in crate::scan) struct Content<'a> {
    pub(in crate::scan) schema: &'a TableSchema,
    pub(in crate::scan) metadata: &'a ParquetMetaData,
    /// Its rows, where they are not in a file.
    pub(in crate::scan) rows: Option<&'a RecordBatch>,
    /// What errors call it.
    pub(in crate::scan) name: &'a str,
}

impl Content<'_> {
    fn find(&self, wanted: &[Option<Wanted<'_>>]) -> Result<FileProjection> {
        match self.rows {
            Some(rows) => Ok(inlined_rows::project(wanted, rows)),
            None => project(wanted, self.metadata.file_metadata().schema_descr(), self.schema.field_match, self.name),
        }
    }

    /// The fields of a column of the table, as data files spell it and as it is.
    fn fields(&self, column: usize) -> Result<(&FieldRef, &FieldRef)> {
        let fields = self.schema.physical.fields().get(column).zip(self.schema.logical.fields().get(column));
        fields.ok_or_else(|| Error::internal(format!("the table has no column {column}")))
    }

    /// Finds columns of the table in their own types, but those that are `known`.
    fn find_columns(&self, columns: &[usize], known: &HashMap<usize, ArrayRef>) -> Result<FileProjection> {
        let mut wanted = Vec::with_capacity(columns.len());
        for column in columns {
            let (physical, logical) = self.fields(*column)?;
            let in_data = !known.contains_key(column);
            wanted.push(in_data.then(|| Wanted { physical, data_type: logical.data_type() }));
        }
        self.find(&wanted)
    }

    /// Adds the values of columns that the file lacks to those that are `known`.
    pub(in crate::scan) fn add_defaults(&self, known: &mut HashMap<usize, ArrayRef>) {
        for (column, value) in &self.schema.defaults {
            // One that is there and cannot be read is an error only for who wants it.
            let found = self.find_columns(&[*column], known);
            if matches!(found.as_ref().map(|found| found.sources.first()), Ok(Some(Source::Missing))) {
                known.entry(*column).or_insert_with(|| value.clone());
            }
        }
    }
}

/// Where the scan's columns come from, but those that are `known`.
pub(in crate::scan) fn scan_projection(
    scan: &Scan,
    snapshot: &Snapshot,
    known: &HashMap<usize, ArrayRef>,
    content: &Content<'_>,
) -> Result<FileProjection> {
    let carried = scan.metadata_fields().map(|fields| materialised(snapshot.row_tracking.as_ref(), fields));
    let mut wanted = Vec::with_capacity(scan.columns.len());
    for (&column, output) in scan.columns.iter().zip(scan.schema.fields()) {
        if column == scan.metadata_position() {
            wanted.push(None);
            continue;
        }
        let (physical, _) = content.fields(column)?;
        wanted.push((!known.contains_key(&column)).then(|| Wanted { physical, data_type: output.data_type() }));
    }
    let carried = carried.iter().flatten().map(Option::as_ref);
    wanted.extend(carried.map(|field| Some(Wanted { physical: field?, data_type: field?.data_type() })));
    let found = content.find(&wanted)?;
    let lacking = found.sources.iter().zip(&wanted).find(|(source, _)| matches!(source, Source::Missing));
    if let (true, Some((_, Some(wanted)))) = (scan.lacks_no_column, lacking) {
        return Err(Error::corrupt(content.name, format!("has no column {}", wanted.physical.name())));
    }
    Ok(found)
}

/// What row groups and pages are ruled out by.
pub(in crate::scan) fn bounds(
    scan: &Scan,
    known: &HashMap<usize, ArrayRef>,
    content: &Content<'_>,
) -> Result<FileBounds> {
    let columns: BTreeSet<usize> = scan.pruners.iter().flat_map(|pruner| pruner.columns()).copied().collect();
    let columns: Vec<usize> = columns.into_iter().collect();
    let found = content.find_columns(&columns, known)?;
    Ok(FileBounds::new(&scan.pruners, &content.schema.logical, &columns, known, &found, content.metadata))
}

/// What tells rows that are deleted by their keys; `None` where none is.
pub(in crate::scan) fn keys(
    deletes: Vec<Arc<Deleted>>,
    known: &HashMap<usize, ArrayRef>,
    content: &Content<'_>,
) -> Result<Option<FileKeys>> {
    let columns = delete_files::key_columns(&deletes);
    if columns.is_empty() {
        return Ok(None);
    }
    let fields = columns.iter().map(|column| Ok(content.fields(*column)?.1.clone())).collect::<Result<_>>()?;
    let projection = content.find_columns(&columns, known)?;
    Ok(Some(FileKeys::new(columns, fields, projection, known, deletes)))
}

/// Of the scan's columns those that are `known`, in the scan's types.
pub(in crate::scan) fn constants(
    scan: &Scan,
    known: &HashMap<usize, ArrayRef>,
    name: &str,
) -> Result<Vec<Option<ArrayRef>>> {
    let constant = |(column, output): (&usize, &FieldRef)| {
        let value = known.get(column)?;
        let value = cast::cast(value, output.data_type()).map(|value| canonical_floats(&value));
        Some(value.map_err(|error| Error::corrupt(name, error)))
    };
    scan.columns.iter().zip(scan.schema.fields()).map(|pair| constant(pair).transpose()).collect()
}
