//! Maps and structs made of others: `map_concat`, `map_from_entries`, `element_at`, `struct_concat`, `list_zip`.

use super::lists::{Lists, Picks};
use super::own::{Call, Own, gives, takes};
use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, UInt64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{cast, interleave, take};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::ScalarUDF;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let own = |name, aliases, usage, takes, gives, run| Own { name, aliases, usage, takes, gives, json: false, run };
    let all = [
        own("map_concat", &[], "maps of one type", maps, gives::first, map_concat),
        own("map_from_entries", &[], "a list of structs of a key and a value", entries, entries_give, map_from_entries),
        own(
            "element_at",
            &["map_extract"],
            "a list and a place, or a map and a key",
            element_takes,
            element_gives,
            element_at,
        ),
        own("struct_concat", &[], "structs", structs, structs_give, struct_concat),
        own("list_zip", &["array_zip", "arrays_zip"], "lists", takes::anything, zip_gives, list_zip),
    ];
    all.into_iter().map(Own::function).chain([struct_field()]).collect()
}

pub(super) fn struct_field() -> Arc<ScalarUDF> {
    Own {
        name: "struct_extract_at",
        aliases: &[],
        usage: "a struct and a place",
        takes: struct_and_place,
        gives: field_gives,
        json: false,
        run: struct_extract_at,
    }
    .function()
}

fn maps(types: &[DataType]) -> Option<Vec<DataType>> {
    let map = types.iter().find(|t| matches!(t, DataType::Map(..)))?;
    let fits = types.iter().all(|t| t.is_null() || matches!(t, DataType::Map(..)));
    fits.then(|| vec![map.clone(); types.len()])
}

fn entries(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [DataType::List(item)] if matches!(item.data_type(), DataType::Struct(fields) if fields.len() == 2) => {
            Some(types.to_vec())
        }
        _ => None,
    }
}

fn map_type(key: &DataType, value: &DataType) -> DataType {
    let fields = vec![Field::new("key", key.clone(), false), Field::new("value", value.clone(), true)];
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(fields.into()), false)), false)
}

fn entries_give(fields: &[FieldRef], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    match fields.first().map(|field| field.data_type()) {
        Some(DataType::List(item)) => match item.data_type() {
            DataType::Struct(fields) => match fields.as_ref() {
                [key, value] => Ok(map_type(key.data_type(), value.data_type())),
                _ => plan_err!("map_from_entries: takes structs of a key and a value"),
            },
            _ => plan_err!("map_from_entries: takes a list of structs"),
        },
        _ => plan_err!("map_from_entries: takes a list"),
    }
}

/// A map of some rows' keys and values, each picked from a source; null where a row is.
fn map_of(
    result: &DataType,
    keys: &[ArrayRef],
    values: &[ArrayRef],
    rows: Vec<Option<Vec<(usize, usize)>>>,
) -> Result<ArrayRef> {
    let DataType::Map(entries, sorted) = result else { return exec_err!("{result} is no map") };
    let DataType::Struct(fields) = entries.data_type() else { return exec_err!("{result} is no map") };
    let lengths = OffsetBuffer::from_lengths(rows.iter().map(|row| row.as_ref().map_or(0, Vec::len)));
    let nulls: NullBuffer = rows.iter().map(Option::is_some).collect();
    let picks: Vec<(usize, usize)> = rows.into_iter().flatten().flatten().collect();
    let picked = |sources: &[ArrayRef], field: Option<&FieldRef>| -> Result<ArrayRef> {
        let sources: Vec<&dyn Array> = sources.iter().map(|source| source.as_ref()).collect();
        let data_type = field.map_or(&DataType::Null, |field| field.data_type());
        match picks.is_empty() {
            true => Ok(arrow::array::new_empty_array(data_type)),
            false => Ok(cast(&interleave(&sources, &picks)?, data_type)?),
        }
    };
    let columns = vec![picked(keys, fields.first())?, picked(values, fields.get(1))?];
    let columns = StructArray::try_new(fields.clone(), columns, None)?;
    Ok(Arc::new(MapArray::try_new(entries.clone(), lengths, columns, Some(nulls), *sorted)?))
}

/// Of keys that are in several maps, the value of the last.
fn map_concat(call: &Call<'_>) -> Result<ArrayRef> {
    let maps: Vec<MapArray> = call.arrays.iter().map(|array| array.as_map().clone()).collect();
    let keys: Vec<ArrayRef> = maps.iter().map(|map| map.keys().clone()).collect();
    let values: Vec<ArrayRef> = maps.iter().map(|map| map.values().clone()).collect();
    let Some(first) = keys.first() else { return exec_err!("map_concat: takes maps") };
    let converter = RowConverter::new(vec![SortField::new(first.data_type().clone())])?;
    let texts =
        keys.iter().map(|keys| converter.convert_columns(std::slice::from_ref(keys))).collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let mut known = HashMap::new();
        let mut picks: Vec<(usize, usize)> = Vec::new();
        for (source, (map, texts)) in maps.iter().zip(&texts).enumerate().filter(|(_, (map, _))| map.is_valid(row)) {
            for at in places(map.value_offsets(), row) {
                let next = picks.len();
                match picks.get_mut(*known.entry(texts.row(at)).or_insert(next)) {
                    Some(pick) => *pick = (source, at),
                    None => picks.push((source, at)),
                }
            }
        }
        rows.push(maps.iter().any(|map| map.is_valid(row)).then_some(picks));
    }
    map_of(call.result.data_type(), &keys, &values, rows)
}

fn places(offsets: &[i32], row: usize) -> std::ops::Range<usize> {
    match (offsets.get(row), offsets.get(row + 1)) {
        (Some(start), Some(end)) => *start as usize..*end as usize,
        _ => 0..0,
    }
}

fn map_from_entries(call: &Call<'_>) -> Result<ArrayRef> {
    let lists = Lists::of(call.array(0)?)?;
    let pairs = lists.elements().as_struct();
    let [keys, values] = pairs.columns() else {
        return exec_err!("map_from_entries: takes structs of a key and a value");
    };
    let texts = RowConverter::new(vec![SortField::new(keys.data_type().clone())])?
        .convert_columns(std::slice::from_ref(keys))?;
    let mut rows = Vec::with_capacity(lists.len());
    for row in 0..lists.len() {
        let mut known = std::collections::HashSet::new();
        for at in lists.row(row) {
            if pairs.is_null(at) || keys.is_null(at) {
                return exec_err!("map_from_entries: a key is null");
            }
            if !known.insert(texts.row(at)) {
                return exec_err!("map_from_entries: a key is there twice");
            }
        }
        rows.push((!lists.is_null(row)).then(|| lists.row(row).map(|at| (0, at)).collect()));
    }
    map_of(call.result.data_type(), std::slice::from_ref(keys), std::slice::from_ref(values), rows)
}

fn element_takes(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [DataType::Map(entries, _), _] => match entries.data_type() {
            DataType::Struct(fields) => Some(vec![types.first()?.clone(), fields.first()?.data_type().clone()]),
            _ => None,
        },
        [DataType::LargeList(item) | DataType::FixedSizeList(item, _) | DataType::List(item), place] => {
            Some(vec![DataType::List(item.clone()), takes::integer(place)?])
        }
        [DataType::Null, _] => Some(vec![DataType::new_list(DataType::Null, true), DataType::Int64]),
        _ => None,
    }
}

/// An element of a list; of a map a list of the value, if it is there.
fn element_gives(fields: &[FieldRef], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    match fields.first().map(|field| field.data_type()) {
        Some(DataType::List(item)) => Ok(item.data_type().clone()),
        Some(DataType::Map(entries, _)) => match entries.data_type() {
            DataType::Struct(fields) => {
                Ok(DataType::new_list(fields.get(1).map_or(DataType::Null, |field| field.data_type().clone()), true))
            }
            _ => plan_err!("element_at: no map"),
        },
        _ => plan_err!("element_at: takes a list or a map"),
    }
}

fn element_at(call: &Call<'_>) -> Result<ArrayRef> {
    let first = call.array(0)?;
    if let Some(map) = first.as_map_opt() {
        let converter = RowConverter::new(vec![SortField::new(map.keys().data_type().clone())])?;
        let keys = converter.convert_columns(std::slice::from_ref(map.keys()))?;
        let wanted = converter.convert_columns(std::slice::from_ref(call.array(1)?))?;
        let mut picks = Picks::from(vec![map.values().clone()]);
        for row in 0..call.rows {
            let found = places(map.value_offsets(), row).find(|at| keys.row(*at) == wanted.row(row));
            picks.push(map.is_valid(row).then(|| found.into_iter().map(|at| (0, at))));
        }
        return picks.finish(call.result.data_type());
    }
    let lists = Lists::of(first)?;
    let wanted = call.integers(1)?;
    let place = |row: usize| {
        let range = lists.row(row);
        let place = wanted.is_valid(row).then(|| wanted.value(row))?;
        let place = if place < 0 { range.len() as i64 + place } else { place - 1 };
        usize::try_from(place).ok().filter(|place| *place < range.len()).map(|place| (range.start + place) as u64)
    };
    Ok(take(lists.elements(), &UInt64Array::from_iter((0..lists.len()).map(place)), None)?)
}

fn structs(types: &[DataType]) -> Option<Vec<DataType>> {
    let all = types.iter().all(|t| matches!(t, DataType::Struct(_)));
    (all && !types.is_empty()).then(|| types.to_vec())
}

fn structs_give(fields: &[FieldRef], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    let mut all: Vec<FieldRef> = Vec::new();
    for field in fields.iter().filter_map(|field| match field.data_type() {
        DataType::Struct(fields) => Some(fields),
        _ => None,
    }) {
        for field in field {
            if all.iter().any(|other| other.name().eq_ignore_ascii_case(field.name())) {
                return plan_err!("struct_concat: a field {} is there twice", field.name());
            }
            all.push(Arc::new(field.as_ref().clone().with_nullable(true)));
        }
    }
    Ok(DataType::Struct(all.into()))
}

/// The fields of all; those of a struct that is null are null.
fn struct_concat(call: &Call<'_>) -> Result<ArrayRef> {
    let DataType::Struct(fields) = call.result.data_type() else { return exec_err!("struct_concat: no struct") };
    let mut columns = Vec::with_capacity(fields.len());
    for array in &call.arrays {
        let whole = array.as_struct();
        columns.extend((0..whole.num_columns()).map(|at| masked(whole, at)).collect::<Result<Vec<_>>>()?);
    }
    Ok(Arc::new(StructArray::try_new(fields.clone(), columns, None)?))
}

/// A field's values, null where the struct is.
fn masked(whole: &StructArray, at: usize) -> Result<ArrayRef> {
    let column = whole.column(at);
    match whole.nulls() {
        Some(nulls) => {
            let rows = (0..whole.len()).map(|row| nulls.is_valid(row).then_some(row as u64));
            Ok(take(column, &UInt64Array::from_iter(rows), None)?)
        }
        None => Ok(column.clone()),
    }
}

fn struct_and_place(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [DataType::Struct(_), place] if place.is_integer() => Some(vec![types.first()?.clone(), DataType::Int64]),
        _ => None,
    }
}

/// The place of a field, from 1, of a constant.
fn place(fields: &Fields, constant: Option<&ScalarValue>) -> Option<usize> {
    let place = match constant?.cast_to(&DataType::Int64) {
        Ok(ScalarValue::Int64(Some(place))) => usize::try_from(place).ok()?.checked_sub(1)?,
        _ => return None,
    };
    (place < fields.len()).then_some(place)
}

fn field_gives(fields: &[FieldRef], constants: &[Option<&ScalarValue>]) -> Result<DataType> {
    let found = match fields.first().map(|field| field.data_type()) {
        Some(DataType::Struct(fields)) => {
            place(fields, constants.get(1).copied().flatten()).and_then(|at| fields.get(at))
        }
        _ => None,
    };
    match found {
        Some(field) => Ok(field.data_type().clone()),
        None => plan_err!("struct_extract_at: takes a struct and the place of a field of it, from 1, as a constant"),
    }
}

fn struct_extract_at(call: &Call<'_>) -> Result<ArrayRef> {
    let whole = call.array(0)?.as_struct();
    let wanted = ScalarValue::try_from_array(call.array(1)?, 0)?;
    match place(whole.fields(), Some(&wanted)) {
        Some(at) => masked(whole, at),
        None => exec_err!("struct_extract_at: no such field"),
    }
}

fn zip_gives(fields: &[FieldRef], _: &[Option<&ScalarValue>]) -> Result<DataType> {
    let mut all = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        match field.data_type() {
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                all.push(Field::new((at + 1).to_string(), item.data_type().clone(), true));
            }
            DataType::Null => all.push(Field::new((at + 1).to_string(), DataType::Null, true)),
            DataType::Boolean if at + 1 == fields.len() => {}
            other => return plan_err!("list_zip: takes lists, not {other}"),
        }
    }
    Ok(DataType::new_list(DataType::Struct(all.into()), true))
}

/// Lists side by side: as long as the longest, or as the shortest where `true` stands behind them.
fn list_zip(call: &Call<'_>) -> Result<ArrayRef> {
    let short = call.arrays.last().and_then(|last| last.as_boolean_opt()).cloned();
    let count = call.arrays.len() - usize::from(short.is_some());
    let lists = call.arrays.iter().take(count).map(Lists::of).collect::<Result<Vec<_>>>()?;
    let length = |row: usize| {
        let lengths = lists.iter().map(|lists| lists.row(row).len());
        let shortest = short.as_ref().is_some_and(|short| short.is_valid(row) && short.value(row));
        if shortest { lengths.min() } else { lengths.max() }.unwrap_or_default()
    };
    let DataType::List(item) = call.result.data_type() else { return exec_err!("list_zip: no list") };
    let DataType::Struct(fields) = item.data_type() else { return exec_err!("list_zip: no struct") };
    let mut columns = Vec::with_capacity(count);
    for lists in &lists {
        let mut picks = Vec::new();
        for row in 0..call.rows {
            let range = lists.row(row);
            picks.extend((0..length(row)).map(|place| (place < range.len()).then_some((range.start + place) as u64)));
        }
        columns.push(take(lists.elements(), &UInt64Array::from(picks), None)?);
    }
    let lengths = OffsetBuffer::from_lengths((0..call.rows).map(length));
    let pairs = StructArray::try_new(fields.clone(), columns, None)?;
    Ok(Arc::new(ListArray::try_new(item.clone(), lengths, Arc::new(pairs), None)?))
}
