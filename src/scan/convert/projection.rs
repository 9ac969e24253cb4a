//! Which leaf columns of a data file make up the wanted columns of the table, and how they are put together.
//!
//! Decided from the schemas alone, before a byte of data is read. Columns are found by their physical name or by their
//! [field id](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#column-mapping), or by other names that a table has noted for
//! files without ids; a column that a file does not have is null in it, or its default.

use super::cast::castable;
use super::decimal_bytes::is_stored_so;
use super::variant;
use crate::error::{Error, Result};
use crate::snapshot::{FieldMatch, NAMES, is_variant};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use parquet::arrow::{PARQUET_FIELD_ID_META_KEY, parquet_to_arrow_schema};
use parquet::basic::Type as PhysicalType;
use parquet::schema::types::SchemaDescriptor;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How wanted columns come out of one data file.
#[derive(Debug)]
pub(in crate::scan) struct FileProjection {
    /// One per wanted column.
    pub(in crate::scan) sources: Vec<Source>,
    /// The file's leaf columns to read, by position among all leaves.
    pub(in crate::scan) leaves: BTreeSet<usize>,
    /// The file's whole schema, with the types that its columns are to be decoded to.
    pub(in crate::scan) schema: SchemaRef,
}

/// Where a wanted column comes from.
#[derive(Debug)]
pub(in crate::scan) enum Source {
    /// The file does not have it: null.
    Missing,
    /// A root column of the file.
    File {
        /// Its position among the root columns that are read.
        position: usize,
        /// Its first leaf.
        leaf: usize,
        /// How it is turned into the wanted one.
        shape: Shape,
    },
}

/// How a file's array is turned into the table's.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::scan) enum Shape {
    /// By a cast.
    Leaf,
    /// From bytes to decimals of the file's type, and by a cast.
    Decimal(DataType),
    /// Field by field: the position of each among the file's fields that are read. `None`: null in this file.
    Struct(Vec<Option<(usize, Shape)>>),
    /// Element by element.
    List(Box<Shape>),
    /// Key by key and value by value.
    Map(Box<Shape>, Box<Shape>),
    /// A struct of binaries, and what it is shredded into, as JSON.
    Variant,
}

/// A wanted column: how data files spell it, and what type it shall have.
pub(in crate::scan) struct Wanted<'a> {
    pub(in crate::scan) physical: &'a Field,
    pub(in crate::scan) data_type: &'a DataType,
}

/// Finds the wanted columns in a file; `None` stands for one that is not to be looked for. `name` is what errors call the
/// file.
pub(in crate::scan) fn project(
    wanted: &[Option<Wanted<'_>>],
    parquet: &SchemaDescriptor,
    field_match: FieldMatch,
    name: &str,
) -> Result<FileProjection> {
    let schema = parquet_to_arrow_schema(parquet, None).map_err(|error| Error::corrupt(name, error))?;
    let has_id = |field: &Field| field.metadata().contains_key(PARQUET_FIELD_ID_META_KEY);
    let by_id = field_match != FieldMatch::Name && wanted.iter().flatten().any(|wanted| has_id(wanted.physical));
    let has_ids = schema.fields().iter().any(|field| has_id(field));
    let field_match = match field_match {
        FieldMatch::IdOrName if has_ids => FieldMatch::Id,
        other => other,
    };
    // The specification has readers refuse such a file, or take every column for null.
    if by_id && field_match == FieldMatch::Id && !schema.fields().is_empty() && !has_ids {
        return Err(Error::corrupt(name, "the table maps its columns by field id, and the file has no field ids"));
    }
    let mut projector = Projector { parquet, field_match, name, leaves: BTreeSet::new(), types: BTreeMap::new() };
    let first_leaves = first_leaves(schema.fields(), 0);
    let found = projector.matches(wanted.iter().map(|w| w.as_ref().map(|w| w.physical)), schema.fields())?;
    let positions = positions(&found);
    let mut sources = Vec::with_capacity(wanted.len());
    for ((wanted, found), position) in wanted.iter().zip(&found).zip(positions) {
        let file = found.and_then(|i| Some((schema.fields().get(i)?, *first_leaves.get(i)?)));
        sources.push(match (wanted, file, position) {
            (Some(wanted), Some((file, leaf)), Some(position)) => {
                let shape = projector.shape(wanted.physical, wanted.data_type, file, leaf)?;
                Source::File { position, leaf, shape }
            }
            _ => Source::Missing,
        });
    }
    let mut leaf = 0;
    let fields = schema.fields().iter().map(|field| retype(field, &mut leaf, &projector.types)).collect::<Fields>();
    Ok(FileProjection { sources, leaves: projector.leaves, schema: Arc::new(Schema::new(fields)) })
}

struct Projector<'a> {
    parquet: &'a SchemaDescriptor,
    field_match: FieldMatch,
    name: &'a str,
    leaves: BTreeSet<usize>,
    /// Leaves that are decoded to another type than the one their Parquet type suggests.
    types: BTreeMap<usize, DataType>,
}

impl Projector<'_> {
    /// The position among the file's fields of each wanted one.
    fn matches<'f>(
        &self,
        wanted: impl Iterator<Item = Option<&'f Field>>,
        file: &Fields,
    ) -> Result<Vec<Option<usize>>> {
        let mut taken = BTreeSet::new();
        let mut found = Vec::new();
        for field in wanted {
            let position = match field {
                Some(field) => self.find(field, file)?,
                None => None,
            };
            if let (Some(field), Some(position)) = (field, position)
                && !taken.insert(position)
            {
                let reason = format!("two columns of the table are the file's column {}", field.name());
                return Err(Error::corrupt(self.name, reason));
            }
            found.push(position);
        }
        Ok(found)
    }

    fn find(&self, field: &Field, file: &Fields) -> Result<Option<usize>> {
        if self.field_match == FieldMatch::Id
            && let Some(id) = field.metadata().get(PARQUET_FIELD_ID_META_KEY)
        {
            return Ok(file.iter().position(|f| f.metadata().get(PARQUET_FIELD_ID_META_KEY) == Some(id)));
        }
        if self.field_match == FieldMatch::IdOrName
            && let Some(names) = field.metadata().get(NAMES)
        {
            return Ok(names.lines().find_map(|name| file.iter().position(|field| field.name() == name)));
        }
        if let Some(exact) = file.iter().position(|f| f.name() == field.name()) {
            return Ok(Some(exact));
        }
        let lower = field.name().to_lowercase();
        let mut similar = file.iter().enumerate().filter(|(_, f)| f.name().to_lowercase() == lower);
        match (similar.next(), similar.next()) {
            (Some(_), Some(_)) => {
                let reason = format!("several columns are called {} but for their case", field.name());
                Err(Error::corrupt(self.name, reason))
            }
            (first, _) => Ok(first.map(|(position, _)| position)),
        }
    }

    /// How the file's field, whose first leaf is `leaf`, becomes the wanted type. Notes the leaves that takes.
    fn shape(&mut self, physical: &Field, wanted: &DataType, file: &Field, leaf: usize) -> Result<Shape> {
        if is_variant(physical) {
            return self.variant(file, leaf);
        }
        match (physical.data_type(), wanted, file.data_type()) {
            (DataType::Struct(physical), DataType::Struct(wanted), DataType::Struct(file)) => {
                self.struct_shape(physical, wanted, file, leaf)
            }
            (DataType::List(p), DataType::List(w), DataType::List(f)) => {
                Ok(Shape::List(Box::new(self.shape(p, w.data_type(), f, leaf)?)))
            }
            (DataType::Map(p, _), DataType::Map(w, _), DataType::Map(f, _)) => match (entry(p), entry(w), entry(f)) {
                (Some((pk, pv)), Some((wk, wv)), Some((fk, fv))) => {
                    let key = self.shape(pk, wk.data_type(), fk, leaf)?;
                    let value = self.shape(pv, wv.data_type(), fv, leaf + leaf_count(fk.data_type()))?;
                    Ok(Shape::Map(Box::new(key), Box::new(value)))
                }
                _ => Err(self.mismatch(file, wanted)),
            },
            (physical, wanted, _) if physical.is_nested() || wanted.is_nested() => Err(self.mismatch(file, wanted)),
            (_, wanted, _) => self.leaf(wanted, file, leaf),
        }
    }

    fn struct_shape(&mut self, physical: &Fields, wanted: &Fields, file: &Fields, leaf: usize) -> Result<Shape> {
        let first_leaves = first_leaves(file, leaf);
        let found = self.matches(physical.iter().map(|field| Some(field.as_ref())), file)?;
        let mut children = Vec::with_capacity(wanted.len());
        for (((physical, wanted), found), position) in physical.iter().zip(wanted).zip(&found).zip(positions(&found)) {
            let file = found.and_then(|i| Some((file.get(i)?, *first_leaves.get(i)?)));
            children.push(match (file, position) {
                (Some((file, leaf)), Some(position)) => {
                    Some((position, self.shape(physical, wanted.data_type(), file, leaf)?))
                }
                _ => None,
            });
        }
        if children.iter().all(Option::is_none) {
            // Some leaf has to tell which of the structs are null.
            self.leaves.insert(leaf);
        }
        Ok(Shape::Struct(children))
    }

    /// A variant is read whole: which parts of it are wanted is not known here.
    fn variant(&mut self, file: &Field, leaf: usize) -> Result<Shape> {
        if let Some(reason) = variant::refusal(file) {
            return Err(Error::corrupt(self.name, format!("column {} holds no variants: {reason}", file.name())));
        }
        self.leaves.extend(leaf..leaf + leaf_count(file.data_type()));
        Ok(Shape::Variant)
    }

    fn leaf(&mut self, wanted: &DataType, file: &Field, leaf: usize) -> Result<Shape> {
        if file.data_type().is_nested() || leaf >= self.parquet.num_columns() {
            return Err(self.mismatch(file, wanted));
        }
        let decoded = decoded_type(self.parquet.column(leaf).physical_type(), file.data_type(), wanted);
        if !castable(&decoded, wanted) {
            return Err(self.mismatch(file, wanted));
        }
        self.leaves.insert(leaf);
        if is_stored_so(self.parquet.column(leaf).self_type()) {
            self.types.insert(leaf, DataType::Binary);
            return Ok(Shape::Decimal(decoded));
        }
        if &decoded != file.data_type() {
            self.types.insert(leaf, decoded);
        }
        Ok(Shape::Leaf)
    }

    fn mismatch(&self, file: &Field, wanted: &DataType) -> Error {
        let reason = format!(
            "column {} has the type {}, which cannot be read as the table's type {wanted}",
            file.name(),
            file.data_type()
        );
        Error::corrupt(self.name, reason)
    }
}

/// The type to decode a leaf to. `INT96` would become nanoseconds, which end in the year 2262; views are cheaper to make
/// right away than by a cast, and may be of more than 2 GiB. Bytes that are not annotated as a string are not asked for as one: the crate would panic
/// where they are not UTF-8; the cast says so.
fn decoded_type(physical: PhysicalType, suggested: &DataType, wanted: &DataType) -> DataType {
    use DataType::*;
    match (suggested, wanted) {
        (Timestamp(TimeUnit::Nanosecond, None), _) if physical == PhysicalType::INT96 => {
            Timestamp(TimeUnit::Microsecond, None)
        }
        (Utf8, LargeUtf8) | (Binary, LargeBinary) => wanted.clone(),
        (Utf8, _) => Utf8View,
        (Binary, _) => BinaryView,
        _ => suggested.clone(),
    }
}

/// Each field's position among those that are found at all, in the file's order.
fn positions(found: &[Option<usize>]) -> Vec<Option<usize>> {
    let read: BTreeSet<usize> = found.iter().flatten().copied().collect();
    found.iter().map(|found| found.map(|i| read.range(..i).count())).collect()
}

/// The first leaf of each field, where the first field's is `leaf`.
fn first_leaves(fields: &Fields, mut leaf: usize) -> Vec<usize> {
    let mut first = Vec::with_capacity(fields.len());
    for field in fields {
        first.push(leaf);
        leaf += leaf_count(field.data_type());
    }
    first
}

/// How many leaves a file's column has.
fn leaf_count(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| leaf_count(field.data_type())).sum(),
        DataType::List(field) | DataType::Map(field, _) => leaf_count(field.data_type()),
        _ => 1,
    }
}

/// The key and the value of a map.
pub(in crate::scan) fn entry(entries: &Field) -> Option<(&FieldRef, &FieldRef)> {
    match entries.data_type() {
        DataType::Struct(fields) => Some((fields.first()?, fields.get(1)?)),
        _ => None,
    }
}

/// The field with other types for some of its leaves.
fn retype(field: &FieldRef, leaf: &mut usize, types: &BTreeMap<usize, DataType>) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| retype(field, leaf, types)).collect::<Fields>())
        }
        DataType::List(item) => DataType::List(retype(item, leaf, types)),
        DataType::Map(entries, sorted) => DataType::Map(retype(entries, leaf, types), *sorted),
        data_type => {
            let retyped = types.get(leaf).unwrap_or(data_type).clone();
            *leaf += 1;
            retyped
        }
    };
    Arc::new(field.as_ref().clone().with_data_type(data_type))
}
