//! Variants: from the structs of binaries in data files to the JSON text that a table's variant column is read as.
//!
//! A variant is read as JSON everywhere (SQL, the preview, nested in structs, lists and maps), because that is what every
//! reader of Arrow can show, compare and keep, and because it is one type whatever a file has shredded. What JSON has no
//! spelling for is a string: dates, times and timestamps as ISO 8601 spells them (`Z` where they are instants), binaries in
//! base64, UUIDs, and the floats `"NaN"`, `"Infinity"` and `"-Infinity"`. Decimals keep their digits. An object's keys
//! are in the order of their bytes, so that a value has one spelling, shredded or not. SQL's null is no value;
//! `null` as text is the variant null.
//!
//! # Why a decoder of our own?
//!
//! `parquet-variant` validates by recursion without a bound, which damaged bytes turn into a stack overflow, and panics
//! where it does not validate. Both end a module in the browser. And it brings a writer. Here depth is bounded
//! ([`encoding::MAX_DEPTH`]), and so is the work: no byte of a value is read twice. The crate is what tests compare with.
//!
//! Specification: [Variant Data Type](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#variant-data-type), Parquet's
//! [encoding](https://github.com/apache/parquet-format/blob/master/VariantEncoding.md) and
//! [shredding](https://github.com/apache/parquet-format/blob/master/VariantShredding.md).

mod encoding;
mod scalar;
mod shredded;

#[cfg(test)]
mod tests;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder, StringViewBuilder};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use encoding::{JsonWriter, Metadata};
use shredded::{Bytes, Group};
use std::sync::Arc;

/// Why the file's column `field` cannot hold variants; `None` where it can.
pub(in crate::scan) fn refusal(field: &Field) -> Option<String> {
    let DataType::Struct(fields) = field.data_type() else {
        return Some(format!("its type is {}", field.data_type()));
    };
    match fields.iter().find(|field| field.name() == "metadata") {
        Some(metadata) if Bytes::can_be(metadata.data_type()) => shredded::refusal(fields),
        _ => Some("it has no binary metadata".into()),
    }
}

/// The variants of a column that [`refusal`] has nothing against, as JSON.
pub(in crate::scan) fn to_json(array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    let rows = array.as_struct_opt().ok_or_else(|| broken("no struct"))?;
    let metadata = rows.column_by_name("metadata").and_then(Bytes::new).ok_or_else(|| broken("no metadata"))?;
    let group = Group::new(rows)?;
    let mut column = Column::new(wanted, rows.len())?;
    let mut json = Vec::new();
    for row in 0..rows.len() {
        if rows.is_null(row) {
            column.append(None);
            continue;
        }
        let metadata = metadata.value(row).ok_or_else(|| broken("its metadata is null"))?;
        json.clear();
        let mut writer = JsonWriter::new(&mut json, Metadata::parse(metadata)?);
        // "If a Variant is missing in a context where a value is required, readers must return a Variant null."
        if !group.write(&mut writer, row, 0)? {
            json.extend_from_slice(b"null");
        }
        column.append(Some(std::str::from_utf8(&json).map_err(|error| broken(&error.to_string()))?));
    }
    Ok(column.finish())
}

/// The texts being gathered, in the type that is wanted.
enum Column {
    Plain(StringBuilder),
    View(StringViewBuilder),
}

impl Column {
    fn new(wanted: &DataType, rows: usize) -> Result<Column, ArrowError> {
        match wanted {
            DataType::Utf8 => Ok(Column::Plain(StringBuilder::with_capacity(rows, 0))),
            DataType::Utf8View => Ok(Column::View(StringViewBuilder::with_capacity(rows))),
            other => Err(broken(&format!("it cannot be read as {other}"))),
        }
    }

    fn append(&mut self, text: Option<&str>) {
        match self {
            Column::Plain(builder) => builder.append_option(text),
            Column::View(builder) => builder.append_option(text),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Column::Plain(mut builder) => Arc::new(builder.finish()),
            Column::View(mut builder) => Arc::new(builder.finish()),
        }
    }
}

fn broken(reason: &str) -> ArrowError {
    ArrowError::ParseError(format!("a variant cannot be read: {reason}"))
}
