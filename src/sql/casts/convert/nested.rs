//! Text cast to lists and structs: `[1, 2]`, `{a: 1, b: 'x, y'}`, `(1, x)`.

use super::nested_text::{Parts, fields, is_null, items, plain};
use super::{convert, differs};
use crate::sql::times;
use crate::sql::type_names::sql_type;
use arrow::array::{Array, ArrayRef, ListArray, StringViewArray, StructArray, new_empty_array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, FieldRef, Fields};
use datafusion::common::{Result, exec_err};
use std::sync::Arc;

/// Whether `to` is made of others.
pub fn is_nested(to: &DataType) -> bool {
    matches!(to, DataType::List(_) | DataType::Struct(_))
}

/// Reads each text as a `to`; what cannot be read is null where it is `lenient`, else an error.
pub fn read(texts: &StringViewArray, to: &DataType, lenient: bool) -> Result<ArrayRef> {
    match to {
        DataType::List(item) => read_lists(texts, item, lenient),
        DataType::Struct(members) => read_structs(texts, members, lenient),
        _ => {
            let array: ArrayRef = Arc::new(texts.clone());
            if differs(array.data_type(), to) {
                convert(&array, to, lenient)
            } else if times::is_time(to) || matches!(to, DataType::Interval(_)) {
                times::times_of_texts(&array, to, lenient)
            } else {
                Ok(cast_with_options(&array, to, &CastOptions { safe: lenient, ..Default::default() })?)
            }
        }
    }
}

fn read_lists(texts: &StringViewArray, item: &FieldRef, lenient: bool) -> Result<ArrayRef> {
    let list_type = DataType::List(item.clone());
    let (mut children, mut lengths, mut valid) = (Vec::new(), Vec::new(), Vec::new());
    for text in texts {
        let before = children.len();
        let parts = part_of(text, &list_type, lenient, |text| {
            items(text)?.into_iter().map(|raw| value(raw, item.data_type())).collect::<Option<Vec<_>>>()
        })?;
        valid.push(parts.is_some());
        children.extend(parts.into_iter().flatten());
        lengths.push(children.len() - before);
    }
    let values = read(&children.into_iter().collect(), item.data_type(), lenient)?;
    let (offsets, nulls) = (OffsetBuffer::from_lengths(lengths), NullBuffer::from(valid));
    Ok(Arc::new(ListArray::try_new(item.clone(), offsets, values, Some(nulls))?))
}

fn read_structs(texts: &StringViewArray, members: &Fields, lenient: bool) -> Result<ArrayRef> {
    let struct_type = DataType::Struct(members.clone());
    if members.is_empty() {
        return Ok(new_empty_array(&struct_type));
    }
    let mut columns: Vec<Vec<Option<String>>> = vec![Vec::with_capacity(texts.len()); members.len()];
    let mut valid = Vec::with_capacity(texts.len());
    for text in texts {
        let row = part_of(text, &struct_type, lenient, |text| row(text, members))?;
        valid.push(row.is_some());
        let mut row = row.unwrap_or_default().into_iter();
        columns.iter_mut().for_each(|column| column.push(row.next().flatten()));
    }
    let columns = columns.into_iter().zip(members);
    let arrays = columns.map(|(column, member)| read(&column.into_iter().collect(), member.data_type(), lenient));
    let arrays = arrays.collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(StructArray::try_new(members.clone(), arrays, Some(NullBuffer::from(valid)))?))
}

/// The members' texts in their order; a member that is not written is null. `None` for a name that is no member's.
fn row(text: &str, members: &Fields) -> Option<Vec<Option<String>>> {
    let mut row = vec![None; members.len()];
    match fields(text)? {
        Parts::Named(named) => {
            for (name, raw) in named {
                let place = members.iter().position(|member| *member.name() == name)?;
                *row.get_mut(place)? = value(raw, members.get(place)?.data_type())?;
            }
        }
        Parts::Placed(placed) if placed.len() == members.len() => {
            for ((slot, raw), member) in row.iter_mut().zip(placed).zip(members) {
                *slot = value(raw, member.data_type())?;
            }
        }
        Parts::Placed(_) => return None,
    }
    Some(row)
}

/// The text of a part: as it stands where its type is nested, else without quotes. The inner `None` is null.
fn value(raw: &str, data_type: &DataType) -> Option<Option<String>> {
    if is_null(raw) {
        return Some(None);
    }
    match is_nested(data_type) {
        true => Some(Some(raw.to_string())),
        false => plain(raw).map(Some),
    }
}

/// What `parse` makes of a text; an error or null where it makes nothing.
fn part_of<T>(
    text: Option<&str>,
    to: &DataType,
    lenient: bool,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>> {
    let Some(text) = text else { return Ok(None) };
    match parse(text) {
        None if !lenient => exec_err!("CAST: {text:?} is no {}; TRY_CAST gives null there", sql_type(to)),
        parts => Ok(parts),
    }
}
