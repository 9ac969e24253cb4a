//! Shredded variants: parts of the values in columns of their own, put together again.

use super::broken;
use super::encoding::JsonWriter;
use super::scalar::Scalar;
use arrow::array::{Array, ArrayRef, AsArray, BinaryViewArray, GenericBinaryArray, ListArray, StructArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Fields, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow::error::ArrowError;

/// Why a group of these fields holds no variants that can be read; `None` where it does.
pub(crate) fn refusal(group: &Fields) -> Option<String> {
    let field = |name: &str| group.iter().find(|field| field.name() == name).map(|field| field.data_type());
    match (field("value"), field("typed_value")) {
        (None, None) => Some("it has neither a value nor a typed_value".into()),
        (Some(value), _) if !Bytes::can_be(value) => Some(format!("its value is of the type {value}")),
        (_, None) => None,
        (_, Some(DataType::List(element))) => match element.data_type() {
            DataType::Struct(fields) => refusal(fields),
            other => Some(format!("its shredded elements are of the type {other}")),
        },
        (_, Some(DataType::Struct(fields))) => fields.iter().find_map(|field| match field.data_type() {
            DataType::Struct(fields) => refusal(fields),
            other => Some(format!("its shredded field {} is of the type {other}", field.name())),
        }),
        (_, Some(leaf)) if is_leaf(leaf) => None,
        (_, Some(other)) => Some(format!("its typed_value is of the type {other}")),
    }
}

fn is_leaf(data_type: &DataType) -> bool {
    use DataType::*;
    matches!(
        data_type,
        Boolean
            | Int8
            | Int16
            | Int32
            | Int64
            | Float32
            | Float64
            | Decimal128(..)
            | Date32
            | Time64(TimeUnit::Microsecond)
            | Timestamp(TimeUnit::Microsecond | TimeUnit::Nanosecond, _)
            | FixedSizeBinary(16)
            | Utf8
    ) || Bytes::can_be(data_type)
}

/// A value, and where some of them are in columns of their own.
pub(crate) struct Group<'a> {
    value: Option<Bytes<'a>>,
    typed: Option<TypedValue<'a>>,
}

enum TypedValue<'a> {
    Leaf(&'a ArrayRef),
    Array(&'a ListArray, Box<Group<'a>>),
    Object(&'a StructArray, Vec<(&'a str, Group<'a>)>),
}

/// A field of an object, from what was left in its value or from a column of its own.
enum Field<'g, 'a> {
    Left(&'g [u8]),
    Shredded(&'g Group<'a>),
}

impl<'a> Group<'a> {
    pub(crate) fn new(rows: &'a StructArray) -> Result<Group<'a>, ArrowError> {
        let value = match rows.column_by_name("value") {
            Some(value) => Some(Bytes::new(value).ok_or_else(|| broken("its value is no binary"))?),
            None => None,
        };
        let typed = rows.column_by_name("typed_value").map(TypedValue::new).transpose()?;
        Ok(Group { value, typed })
    }

    /// Whether the value of a row is there; it is not where an object lacks this field.
    fn is_present(&self, row: usize) -> bool {
        self.value.as_ref().is_some_and(|value| value.value(row).is_some()) || self.typed(row).is_some()
    }

    fn typed(&self, row: usize) -> Option<&TypedValue<'a>> {
        self.typed.as_ref().filter(|typed| typed.is_present(row))
    }

    /// Writes the value of a row; false where there is none.
    pub(crate) fn write(&self, writer: &mut JsonWriter<'_, '_>, row: usize, depth: usize) -> Result<bool, ArrowError> {
        match (self.value.as_ref().and_then(|value| value.value(row)), self.typed(row)) {
            (None, None) => return Ok(false),
            (Some(value), None) => writer.value(value, depth)?,
            (left, Some(TypedValue::Object(_, fields))) => object(writer, left, fields, row, depth)?,
            (Some(_), Some(_)) => return Err(broken("it has both a value and a typed_value, and is no object")),
            (None, Some(TypedValue::Leaf(array))) => leaf(array, row)?.write(writer.json)?,
            (None, Some(TypedValue::Array(list, element))) => {
                let first = list.value_offsets().get(row).and_then(|first| usize::try_from(*first).ok());
                let first = first.ok_or_else(|| broken("a list has no offset"))?;
                writer.array(list.value_length(row).max(0) as usize, depth, |writer, index, depth| {
                    match element.write(writer, first + index, depth)? {
                        true => Ok(()),
                        // As for a value that is required and missing.
                        false => Scalar::Null.write(writer.json),
                    }
                })?;
            }
        }
        Ok(true)
    }
}

fn object(
    writer: &mut JsonWriter<'_, '_>,
    left: Option<&[u8]>,
    shredded: &[(&str, Group<'_>)],
    row: usize,
    depth: usize,
) -> Result<(), ArrowError> {
    let mut unread = left.map_or(0, <[u8]>::len);
    let left = left.map_or(Ok(Vec::new()), |left| writer.fields_left(left, &mut unread))?;
    let mut fields: Vec<(&str, Field<'_, '_>)> =
        left.into_iter().map(|(name, bytes)| (name, Field::Left(bytes))).collect();
    let present = shredded.iter().filter(|(_, group)| group.is_present(row));
    fields.extend(present.map(|(name, group)| (*name, Field::Shredded(group))));
    writer.object(fields, depth, |writer, field, depth| match field {
        Field::Left(bytes) => writer.part(bytes, depth, &mut unread),
        Field::Shredded(group) => group.write(writer, row, depth).map(|_| ()),
    })
}

impl<'a> TypedValue<'a> {
    fn new(array: &'a ArrayRef) -> Result<TypedValue<'a>, ArrowError> {
        if let Some(list) = array.as_list_opt::<i32>() {
            let elements = list.values().as_struct_opt().ok_or_else(|| broken("a shredded element is no group"))?;
            return Ok(TypedValue::Array(list, Box::new(Group::new(elements)?)));
        }
        let Some(rows) = array.as_struct_opt() else {
            return Ok(TypedValue::Leaf(array));
        };
        let mut fields = Vec::with_capacity(rows.num_columns());
        for (field, column) in rows.fields().iter().zip(rows.columns()) {
            let group = column.as_struct_opt().ok_or_else(|| broken("a shredded field is no group"))?;
            fields.push((field.name().as_str(), Group::new(group)?));
        }
        Ok(TypedValue::Object(rows, fields))
    }

    fn is_present(&self, row: usize) -> bool {
        match self {
            TypedValue::Leaf(array) => array.is_valid(row),
            TypedValue::Array(list, _) => list.is_valid(row),
            TypedValue::Object(rows, _) => rows.is_valid(row),
        }
    }
}

/// A value of a column that is not null there.
fn leaf(array: &ArrayRef, row: usize) -> Result<Scalar<'_>, ArrowError> {
    if let Some(bytes) = Bytes::new(array) {
        return Ok(Scalar::Binary(bytes.value(row).unwrap_or_default()));
    }
    Ok(match array.data_type() {
        DataType::Boolean => Scalar::Boolean(array.as_boolean().value(row)),
        DataType::Int8 => Scalar::Integer(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Scalar::Integer(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Scalar::Integer(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Scalar::Integer(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float32 => Scalar::Float(array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => Scalar::Double(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, scale) => Scalar::Decimal(array.as_primitive::<Decimal128Type>().value(row), *scale),
        DataType::Date32 => Scalar::Date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Time64(TimeUnit::Microsecond) => {
            Scalar::Time(array.as_primitive::<Time64MicrosecondType>().value(row))
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            Scalar::Timestamp { micros, nanos: 0, utc: zone.is_some() }
        }
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
            Scalar::timestamp_nanos(array.as_primitive::<TimestampNanosecondType>().value(row), zone.is_some())
        }
        DataType::Utf8 => Scalar::String(array.as_string::<i32>().value(row)),
        DataType::FixedSizeBinary(16) => {
            let bytes = array.as_fixed_size_binary().value(row).first_chunk();
            Scalar::Uuid(bytes.ok_or_else(|| broken("a UUID ends early"))?)
        }
        other => return Err(broken(&format!("its typed_value is of the type {other}"))),
    })
}

/// A column of binaries.
pub(crate) enum Bytes<'a> {
    Plain(&'a GenericBinaryArray<i32>),
    View(&'a BinaryViewArray),
}

impl<'a> Bytes<'a> {
    pub(crate) fn can_be(data_type: &DataType) -> bool {
        matches!(data_type, DataType::Binary | DataType::BinaryView)
    }

    pub(crate) fn new(array: &'a ArrayRef) -> Option<Bytes<'a>> {
        let plain = array.as_binary_opt().map(Bytes::Plain);
        plain.or_else(|| array.as_binary_view_opt().map(Bytes::View))
    }

    /// The value in a row; `None` where it is null.
    pub(crate) fn value(&self, row: usize) -> Option<&'a [u8]> {
        match self {
            Bytes::Plain(array) => array.is_valid(row).then(|| array.value(row)),
            Bytes::View(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}
