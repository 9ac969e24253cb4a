//! Rows as JSON objects: in lines, or in an array.

use super::Writer;
use crate::error::Result;
use crate::sql::error::from_arrow;
use crate::sql::times::interval_texts;
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, FixedSizeListArray, Float32Array, Float64Array, LargeListArray, ListArray,
    MapArray, RecordBatch, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, DurationFormat, FormatOptions};
use std::fmt::Write as _;
use std::ops::Range;

/// How values are spelled that have no form of their own.
const OPTIONS: FormatOptions<'static> = FormatOptions::new().with_duration_format(DurationFormat::ISO8601);

/// Where an array begins, between its rows, and where it ends.
pub(super) struct Json {
    before: &'static str,
    between: &'static str,
    after: &'static str,
    begun: bool,
}

impl Json {
    pub(super) fn lines() -> Json {
        Json { before: "", between: "\n", after: "\n", begun: false }
    }

    pub(super) fn array() -> Json {
        Json { before: "[", between: ",", after: "]\n", begun: false }
    }
}

impl Writer for Json {
    fn write(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        let row = Value::object(batch.schema_ref().fields().iter().map(|field| field.name()), batch.columns());
        let row = row.map_err(from_arrow)?;
        let mut out = String::new();
        for at in 0..batch.num_rows() {
            out.push_str(if self.begun { self.between } else { self.before });
            self.begun = true;
            row.write(at, &mut out);
        }
        Ok(out.into_bytes())
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        let end = match (self.begun, self.before) {
            (true, _) => self.after.to_string(),
            (false, "") => String::new(),
            (false, before) => format!("{before}{}", self.after),
        };
        Ok(end.into_bytes())
    }
}

/// The values of an array, as JSON.
pub(super) struct Value<'a> {
    /// `None` where a row is not null at all.
    nulls: Option<&'a dyn Array>,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Null,
    /// Numbers and booleans.
    Bare(ArrayFormatter<'a>),
    /// Dates, times, decimals with digits behind the point, and what JSON has no form for.
    Quoted(ArrayFormatter<'a>),
    Text(&'a StringArray),
    Interval(StringArray),
    Single(&'a Float32Array),
    Double(&'a Float64Array),
    Bytes(BinaryArray),
    Object(Vec<(String, Value<'a>)>),
    List(Box<Value<'a>>, Ranges<'a>),
    Map(ArrayFormatter<'a>, Box<Value<'a>>, Ranges<'a>),
}

enum Ranges<'a> {
    List(&'a ListArray),
    Large(&'a LargeListArray),
    Fixed(&'a FixedSizeListArray),
    Map(&'a MapArray),
}

impl Ranges<'_> {
    fn of(&self, row: usize) -> Range<usize> {
        match self {
            Ranges::List(list) => span(list.value_offsets(), row),
            Ranges::Map(map) => span(map.value_offsets(), row),
            Ranges::Large(list) => {
                let end =
                    |at: usize| list.value_offsets().get(at).map_or(0, |offset| usize::try_from(*offset).unwrap_or(0));
                end(row)..end(row + 1)
            }
            Ranges::Fixed(list) => {
                let length = usize::try_from(list.value_length()).unwrap_or_default();
                row * length..(row + 1) * length
            }
        }
    }
}

fn span(offsets: &[i32], row: usize) -> Range<usize> {
    let end = |at: usize| offsets.get(at).map_or(0, |offset| usize::try_from(*offset).unwrap_or(0));
    end(row)..end(row + 1)
}

impl<'a> Value<'a> {
    fn object(names: impl Iterator<Item = &'a String>, columns: &'a [ArrayRef]) -> Result<Value<'a>, ArrowError> {
        let fields = names.zip(columns).map(|(name, column)| Ok((key(name), Value::of(column)?)));
        Ok(Value { nulls: None, kind: Kind::Object(fields.collect::<Result<_, ArrowError>>()?) })
    }

    pub(super) fn of(array: &'a dyn Array) -> Result<Value<'a>, ArrowError> {
        let formatter = || ArrayFormatter::try_new(array, &OPTIONS);
        let kind = match array.data_type() {
            DataType::Null => Kind::Null,
            DataType::Interval(_) => {
                let texts = interval_texts(array).map_err(|error| ArrowError::CastError(error.to_string()))?;
                Kind::Interval(texts.as_string::<i32>().clone())
            }
            DataType::Boolean => Kind::Bare(formatter()?),
            data_type if data_type.is_integer() => Kind::Bare(formatter()?),
            DataType::Decimal128(_, 0) => Kind::Bare(formatter()?),
            DataType::Float32 => Kind::Single(array.as_primitive()),
            DataType::Float64 => Kind::Double(array.as_primitive()),
            DataType::Utf8 => Kind::Text(array.as_string()),
            DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_) => {
                Kind::Bytes(cast(array, &DataType::Binary)?.as_binary::<i32>().clone())
            }
            DataType::Struct(fields) => {
                Value::object(fields.iter().map(|field| field.name()), array.as_struct().columns())?.kind
            }
            DataType::List(_) => {
                let list: &ListArray = array.as_list();
                Kind::List(Box::new(Value::of(list.values())?), Ranges::List(list))
            }
            DataType::LargeList(_) => {
                let list: &LargeListArray = array.as_list();
                Kind::List(Box::new(Value::of(list.values())?), Ranges::Large(list))
            }
            DataType::FixedSizeList(..) => {
                let list = array.as_fixed_size_list();
                Kind::List(Box::new(Value::of(list.values())?), Ranges::Fixed(list))
            }
            DataType::Map(..) => {
                let map = array.as_map();
                let keys = ArrayFormatter::try_new(map.keys(), &OPTIONS)?;
                Kind::Map(keys, Box::new(Value::of(map.values())?), Ranges::Map(map))
            }
            _ => Kind::Quoted(formatter()?),
        };
        Ok(Value { nulls: Some(array), kind })
    }

    /// The value of `row`, behind what `out` has.
    pub(super) fn write(&self, row: usize, out: &mut String) {
        if self.nulls.is_some_and(|array| array.is_null(row)) {
            return out.push_str("null");
        }
        match &self.kind {
            Kind::Null => out.push_str("null"),
            Kind::Bare(formatter) => {
                let _ = write!(out, "{}", formatter.value(row));
            }
            Kind::Quoted(formatter) => quote(&formatter.value(row).to_string(), out),
            Kind::Text(texts) => quote(texts.value(row), out),
            Kind::Interval(texts) => quote(texts.value(row), out),
            Kind::Single(values) => float(f64::from(values.value(row)), &values.value(row), out),
            Kind::Double(values) => float(values.value(row), &values.value(row), out),
            Kind::Bytes(values) => {
                out.push('"');
                for byte in values.value(row) {
                    let _ = write!(out, "{byte:02x}");
                }
                out.push('"');
            }
            Kind::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| (Some(key.clone()), value, row));
                joined('{', fields, '}', out);
            }
            Kind::List(values, ranges) => {
                joined('[', ranges.of(row).map(|at| (None, values.as_ref(), at)), ']', out);
            }
            Kind::Map(keys, values, ranges) => {
                let pairs = ranges.of(row).map(|at| (Some(key(&keys.value(at).to_string())), values.as_ref(), at));
                joined('{', pairs, '}', out);
            }
        }
    }
}

fn joined<'a>(
    open: char,
    values: impl Iterator<Item = (Option<String>, &'a Value<'a>, usize)>,
    close: char,
    out: &mut String,
) {
    out.push(open);
    for (place, (key, value, row)) in values.enumerate() {
        if place > 0 {
            out.push(',');
        }
        out.push_str(key.as_deref().unwrap_or_default());
        value.write(row, out);
    }
    out.push(close);
}

/// A key with its colon.
fn key(name: &str) -> String {
    let mut out = String::new();
    quote(name, &mut out);
    out.push(':');
    out
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// The shortest digits that stand for just this number; JSON has none for those that are no numbers.
fn float(value: f64, exact: &impl serde::Serialize, out: &mut String) {
    match value {
        value if value.is_nan() => out.push_str("\"NaN\""),
        value if value.is_infinite() => out.push_str(if value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" }),
        _ => out.push_str(&serde_json::to_string(exact).unwrap_or_default()),
    }
}
