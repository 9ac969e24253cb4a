//! Typed columns of a checkpoint's batches, and actions out of their rows. Pure.

use crate::error::{Error, Result};
use crate::formats::delta::log::actions::{DeletionVector, Format, Metadata, Protocol, Sidecar};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, MapArray, RecordBatch, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use std::collections::BTreeMap;

/// The column `deletionVector`.
pub(in crate::formats::delta) struct Vectors {
    vector: StructArray,
    storage_type: Option<StringArray>,
    path_or_inline_dv: Option<StringArray>,
    offset: Option<Int64Array>,
    size_in_bytes: Option<Int64Array>,
    cardinality: Option<Int64Array>,
}

impl Vectors {
    pub(in crate::formats::delta) fn at(&self, row: usize) -> Option<DeletionVector> {
        let vector = self.vector.is_valid(row).then(|| DeletionVector {
            storage_type: string(self.storage_type.as_ref(), row).unwrap_or_default().into(),
            path_or_inline_dv: string(self.path_or_inline_dv.as_ref(), row).unwrap_or_default().into(),
            offset: long(self.offset.as_ref(), row),
            size_in_bytes: long(self.size_in_bytes.as_ref(), row).unwrap_or(0),
            cardinality: long(self.cardinality.as_ref(), row).unwrap_or(0),
        });
        vector.filter(|vector| !vector.is_none())
    }
}

/// A map from string to string.
pub(in crate::formats::delta) struct Map {
    map: MapArray,
    keys: StringArray,
    values: StringArray,
}

impl Map {
    pub(in crate::formats::delta) fn entries(&self, row: usize) -> impl Iterator<Item = (&str, Option<&str>)> {
        let offsets = self.map.value_offsets();
        let at = |row: usize| offsets.get(row).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or(0);
        let range = if self.map.is_valid(row) { at(row)..at(row + 1) } else { 0..0 };
        range.map(|entry| (self.keys.value(entry), self.values.is_valid(entry).then(|| self.values.value(entry))))
    }
}

/// Finds typed columns in a batch of `path`.
pub(in crate::formats::delta) struct Columns<'a> {
    pub(in crate::formats::delta) path: &'a str,
}

impl Columns<'_> {
    pub(in crate::formats::delta) fn root(&self, batch: &RecordBatch, name: &str) -> Result<Option<StructArray>> {
        let Some(column) = batch.column_by_name(name) else { return Ok(None) };
        let column = column.as_struct_opt().cloned();
        column.map(Some).ok_or_else(|| Error::corrupt(self.path, format!("its column {name} is no struct")))
    }

    fn typed(&self, parent: &StructArray, name: &str, data_type: &DataType) -> Result<Option<ArrayRef>> {
        let Some(column) = parent.column_by_name(name) else { return Ok(None) };
        let column = cast(column, data_type);
        column.map(Some).map_err(|error| Error::corrupt(self.path, format!("its column {name}: {error}")))
    }

    pub(in crate::formats::delta) fn strings(&self, parent: &StructArray, name: &str) -> Result<Option<StringArray>> {
        let column = self.typed(parent, name, &DataType::Utf8)?;
        Ok(column.and_then(|column| column.as_string_opt::<i32>().cloned()))
    }

    pub(in crate::formats::delta) fn longs(&self, parent: &StructArray, name: &str) -> Result<Option<Int64Array>> {
        let column = self.typed(parent, name, &DataType::Int64)?;
        Ok(column.and_then(|column| column.as_primitive_opt::<Int64Type>().cloned()))
    }

    pub(in crate::formats::delta) fn map(&self, parent: &StructArray, name: &str) -> Result<Option<Map>> {
        let Some(column) = parent.column_by_name(name) else { return Ok(None) };
        let map = column.as_map_opt().cloned();
        let map = map.ok_or_else(|| Error::corrupt(self.path, format!("its column {name} is no map")))?;
        let strings = |array: &ArrayRef| {
            let strings = cast(array, &DataType::Utf8).ok().and_then(|array| array.as_string_opt::<i32>().cloned());
            strings.ok_or_else(|| Error::corrupt(self.path, format!("its column {name} is no map of strings")))
        };
        let (keys, values) = (strings(map.keys())?, strings(map.values())?);
        Ok(Some(Map { map, keys, values }))
    }

    pub(in crate::formats::delta) fn vectors(&self, vector: &StructArray) -> Result<Vectors> {
        Ok(Vectors {
            vector: vector.clone(),
            storage_type: self.strings(vector, "storageType")?,
            path_or_inline_dv: self.strings(vector, "pathOrInlineDv")?,
            offset: self.longs(vector, "offset")?,
            size_in_bytes: self.longs(vector, "sizeInBytes")?,
            cardinality: self.longs(vector, "cardinality")?,
        })
    }

    fn list(&self, parent: &StructArray, name: &str, row: usize) -> Result<Option<Vec<String>>> {
        let Some(column) = parent.column_by_name(name) else { return Ok(None) };
        let list: Option<&ListArray> = column.as_list_opt::<i32>();
        let broken = || Error::corrupt(self.path, format!("its column {name} is no list of strings"));
        let list = list.ok_or_else(broken)?;
        if list.is_null(row) {
            return Ok(None);
        }
        let items = cast(&list.value(row), &DataType::Utf8).map_err(|_| broken())?;
        let items = items.as_string_opt::<i32>().ok_or_else(broken)?;
        Ok(Some(items.iter().flatten().map(String::from).collect()))
    }

    pub(in crate::formats::delta) fn protocol(&self, protocol: &StructArray, row: usize) -> Result<Protocol> {
        let version = |name: &str| {
            let version = long(self.longs(protocol, name)?.as_ref(), row);
            version.ok_or_else(|| Error::corrupt(self.path, format!("protocol has no {name}")))
        };
        Ok(Protocol {
            min_reader_version: version("minReaderVersion")?,
            min_writer_version: version("minWriterVersion")?,
            reader_features: self.list(protocol, "readerFeatures", row)?,
            writer_features: self.list(protocol, "writerFeatures", row)?,
        })
    }

    pub(in crate::formats::delta) fn metadata(&self, metadata: &StructArray, row: usize) -> Result<Metadata> {
        let text = |name: &str| Ok(string(self.strings(metadata, name)?.as_ref(), row).map(String::from));
        let format = metadata.column_by_name("format").and_then(|format| format.as_struct_opt());
        let provider = match format {
            Some(format) => string(self.strings(format, "provider")?.as_ref(), row).map(String::from),
            None => None,
        };
        let configuration: BTreeMap<String, Option<String>> = match self.map(metadata, "configuration")? {
            Some(map) => map.entries(row).map(|(key, value)| (key.into(), value.map(String::from))).collect(),
            None => BTreeMap::new(),
        };
        Ok(Metadata {
            id: text("id")?.unwrap_or_default(),
            name: text("name")?,
            description: text("description")?,
            schema_string: text("schemaString")?
                .ok_or_else(|| Error::corrupt(self.path, "metaData has no schemaString"))?,
            partition_columns: self.list(metadata, "partitionColumns", row)?.unwrap_or_default(),
            created_time: long(self.longs(metadata, "createdTime")?.as_ref(), row),
            configuration,
            format: provider.map(|provider| Format { provider }),
        })
    }

    pub(in crate::formats::delta) fn sidecars(&self, sidecars: &StructArray) -> Result<Vec<Sidecar>> {
        let paths = self.strings(sidecars, "path")?;
        let sizes = self.longs(sidecars, "sizeInBytes")?;
        let rows = (0..sidecars.len()).filter(|row| sidecars.is_valid(*row));
        let sidecar = |row| {
            let path = string(paths.as_ref(), row).map(String::from);
            let path = path.ok_or_else(|| Error::corrupt(self.path, "a sidecar has no path"))?;
            Ok(Sidecar { path, size_in_bytes: long(sizes.as_ref(), row) })
        };
        rows.map(sidecar).collect()
    }
}

pub(in crate::formats::delta) fn string(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

pub(in crate::formats::delta) fn long(column: Option<&Int64Array>, row: usize) -> Option<i64> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}
