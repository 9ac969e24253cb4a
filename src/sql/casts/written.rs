//! Floats as text, and lists, structs and maps: `[1, NULL]`, `{'a': 1, 'b': x}`, `{k=v}`.

use super::convert::nested_text::{write, write_quoted};
use super::float_text;
use crate::sql::functions::strings;
use crate::sql::times;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, StringViewArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::common::Result;
use std::fmt::LowerExp;
use std::sync::Arc;

/// Whether a type is written here.
pub fn is_written(data_type: &DataType) -> bool {
    data_type.is_floating() || is_nested(data_type)
}

fn is_nested(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::Struct(_)
            | DataType::Map(..)
    )
}

/// Each value as text.
pub fn texts(array: &ArrayRef) -> Result<StringViewArray> {
    match array.data_type() {
        DataType::List(_) => lists(array),
        DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            lists(&cast(array, &DataType::List(item.clone()))?)
        }
        DataType::Struct(_) => structs(array),
        DataType::Map(..) => maps(array),
        DataType::Float64 => Ok(floats(array.as_primitive::<Float64Type>())),
        DataType::Float32 => Ok(floats(array.as_primitive::<Float32Type>())),
        DataType::Float16 => texts(&cast(array, &DataType::Float32)?),
        data_type if times::is_time(data_type) || matches!(data_type, DataType::Interval(_)) => {
            strings(Some(&times::texts_of_times(array)?))
        }
        _ => strings(Some(array)),
    }
}

/// The values of a nested array, written as parts.
struct Written {
    texts: StringViewArray,
    /// Whether a part may need quotes.
    quotes: bool,
}

impl Written {
    fn of(array: &ArrayRef) -> Result<Written> {
        Ok(Written { texts: texts(array)?, quotes: !is_nested(array.data_type()) })
    }

    fn write(&self, row: usize, out: &mut String) {
        match (self.texts.is_null(row), self.quotes) {
            (true, _) => out.push_str("NULL"),
            (false, true) => write(self.texts.value(row), out),
            (false, false) => out.push_str(self.texts.value(row)),
        }
    }
}

/// Each row's text by `write`, null where the row is.
fn rows(array: &dyn Array, mut write: impl FnMut(usize, &mut String)) -> StringViewArray {
    let mut builder = StringViewBuilder::with_capacity(array.len());
    let mut out = String::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            builder.append_null();
            continue;
        }
        out.clear();
        write(row, &mut out);
        builder.append_value(&out);
    }
    builder.finish()
}

fn floats<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>) -> StringViewArray
where
    T::Native: LowerExp + Into<f64>,
{
    rows(array, |row, out| float_text::write(array.value(row), out))
}

fn lists(array: &ArrayRef) -> Result<StringViewArray> {
    let lists = array.as_list::<i32>();
    let items = Written::of(lists.values())?;
    let bounds: Vec<(i32, i32)> =
        lists.offsets().windows(2).filter_map(|two| Some((*two.first()?, *two.last()?))).collect();
    Ok(rows(lists, |row, out| {
        let (start, end) = bounds.get(row).copied().unwrap_or_default();
        out.push('[');
        for item in start..end {
            out.push_str(if item > start { ", " } else { "" });
            items.write(usize::try_from(item).unwrap_or_default(), out);
        }
        out.push(']');
    }))
}

fn structs(array: &ArrayRef) -> Result<StringViewArray> {
    let structs = array.as_struct();
    let members = structs.fields().iter().zip(structs.columns());
    let members =
        members.map(|(field, column)| Ok((field.name(), Written::of(column)?))).collect::<Result<Vec<_>>>()?;
    Ok(rows(structs, |row, out| {
        out.push('{');
        for (place, (name, values)) in members.iter().enumerate() {
            out.push_str(if place > 0 { ", " } else { "" });
            write_quoted(name, out);
            out.push_str(": ");
            values.write(row, out);
        }
        out.push('}');
    }))
}

fn maps(array: &ArrayRef) -> Result<StringViewArray> {
    let maps = array.as_map();
    let (keys, values) = (Written::of(maps.keys())?, Written::of(maps.values())?);
    let bounds: Vec<(i32, i32)> =
        maps.offsets().windows(2).filter_map(|two| Some((*two.first()?, *two.last()?))).collect();
    Ok(rows(maps, |row, out| {
        let (start, end) = bounds.get(row).copied().unwrap_or_default();
        out.push('{');
        for entry in start..end {
            out.push_str(if entry > start { ", " } else { "" });
            let entry = usize::try_from(entry).unwrap_or_default();
            keys.write(entry, out);
            out.push('=');
            values.write(entry, out);
        }
        out.push('}');
    }))
}

/// Each value as the string type `to`.
pub fn convert(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let texts: ArrayRef = Arc::new(texts(array)?);
    Ok(if texts.data_type() == to { texts } else { cast(&texts, to)? })
}
