//! Values: at random, as a wider type has them, as text in a log, and as columns.

use super::kind::{Column, Kind, fields};
use super::numbers::Numbers;
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::json::ReaderBuilder;
use arrow::temporal_conversions::{date32_to_datetime, timestamp_us_to_datetime};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// A value of some [`Kind`].
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Integer(i64),
    Float(f32),
    Double(f64),
    /// Without its scale, which the kind has.
    Decimal(i128),
    Days(i32),
    Micros(i64),
    Text(String),
    Boolean(bool),
    Bytes(Vec<u8>),
    /// By the fields' ids.
    Struct(Vec<(i32, Value)>),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
}

const TEXTS: [&str; 10] =
    ["plain", "a b", "a/b=c", "50%", "naïve ☃", "it's \"quoted\"", "x:y?z#", "\\", "a+b%20", "ends "];

impl Value {
    /// One of the kind, null once in six times.
    pub fn random(kind: &Kind, numbers: &mut Numbers) -> Value {
        if numbers.once_in(6) { Value::Null } else { Value::present(kind, numbers) }
    }

    fn present(kind: &Kind, numbers: &mut Numbers) -> Value {
        let between = |low: i64, high: i64, numbers: &mut Numbers| match numbers.below(6) {
            0 => low,
            1 => high,
            _ => (low as i128 + (numbers.any() as i128) % (high as i128 - low as i128)) as i64,
        };
        match kind {
            Kind::Primitive(name) => match *name {
                "byte" => Value::Integer(between(-128, 127, numbers)),
                "short" => Value::Integer(between(-32768, 32767, numbers)),
                "integer" => Value::Integer(between(i32::MIN.into(), i32::MAX.into(), numbers)),
                "long" => Value::Integer(between(i64::MIN, i64::MAX, numbers)),
                "float" => Value::Float(numbers.below(2000) as f32 * 0.5 - 500.0),
                "double" => Value::Double(numbers.below(2000) as f64 * 0.25 - 300.0),
                "boolean" => Value::Boolean(numbers.once_in(2)),
                "string" => Value::Text(format!("{}{}", numbers.one_of(&TEXTS), numbers.below(50))),
                "binary" => Value::Bytes((0..numbers.below(5)).map(|_| numbers.any() as u8).collect()),
                "date" => Value::Days(between(-50_000, 50_000, numbers) as i32),
                _ => Value::Micros(between(-4_000_000_000_000_000, 4_000_000_000_000_000, numbers)),
            },
            Kind::Decimal(precision, _) => {
                let limit = 10_i128.pow(u32::from(*precision));
                match numbers.below(5) {
                    0 => Value::Decimal(limit - 1),
                    1 => Value::Decimal(1 - limit),
                    _ => Value::Decimal((i128::from(numbers.any()) * 1_000_003) % limit - limit / 2),
                }
            }
            Kind::Struct(columns) => {
                Value::Struct(columns.iter().map(|column| (column.id, Value::random(&column.kind, numbers))).collect())
            }
            Kind::List(item) => Value::List((0..numbers.below(4)).map(|_| Value::random(item, numbers)).collect()),
            Kind::Map(key, item) => {
                let mut entries: Vec<(Value, Value)> = Vec::new();
                for _ in 0..numbers.below(4) {
                    let key = Value::present(key, numbers);
                    if entries.iter().all(|(other, _)| *other != key) {
                        entries.push((key, Value::random(item, numbers)));
                    }
                }
                Value::Map(entries)
            }
        }
    }

    /// The value that a reader has to make of this one, written as `from`, where the table says `to`.
    pub fn widened(&self, from: &Kind, to: &Kind) -> Value {
        match (self, from, to) {
            (Value::Integer(value), _, Kind::Primitive("double")) => Value::Double(*value as f64),
            (Value::Integer(value), _, Kind::Decimal(_, scale)) => {
                Value::Decimal(i128::from(*value) * 10_i128.pow(*scale as u32))
            }
            (Value::Float(value), _, Kind::Primitive("double")) => Value::Double(f64::from(*value)),
            (Value::Days(days), _, Kind::Primitive("timestamp_ntz")) => {
                Value::Micros(i64::from(*days) * 86_400_000_000)
            }
            (Value::Decimal(value), Kind::Decimal(_, from), Kind::Decimal(_, to)) => {
                Value::Decimal(value * 10_i128.pow((to - from) as u32))
            }
            (Value::Struct(_), Kind::Struct(from), Kind::Struct(to)) => {
                Value::Struct(to.iter().map(|column| (column.id, self.field(from, column))).collect())
            }
            (Value::List(items), Kind::List(from), Kind::List(to)) => {
                Value::List(items.iter().map(|item| item.widened(from, to)).collect())
            }
            (Value::Map(entries), Kind::Map(from_key, from), Kind::Map(to_key, to)) => {
                let widened = |(key, item): &(Value, Value)| (key.widened(from_key, to_key), item.widened(from, to));
                Value::Map(entries.iter().map(widened).collect())
            }
            (value, _, _) => value.clone(),
        }
    }

    /// The field `to` of this struct, which was written with the fields `from`: null if it was not there.
    pub fn field(&self, from: &[Column], to: &Column) -> Value {
        let Value::Struct(values) = self else { return Value::Null };
        let written = from.iter().find(|column| column.id == to.id);
        let value = values.iter().find(|(id, _)| *id == to.id);
        match (written, value) {
            (Some(written), Some((_, value))) => value.widened(&written.kind, &to.kind),
            _ => Value::Null,
        }
    }

    /// As Arrow's JSON reader takes it; struct fields by their physical names if so wanted.
    fn json(&self, kind: &Kind, physical: bool) -> Json {
        match (self, kind) {
            (Value::Null, _) => Json::Null,
            (Value::Integer(value), _) => json!(value),
            (Value::Float(value), _) => json!(value),
            (Value::Double(value), _) => json!(value),
            (Value::Bytes(bytes), _) => json!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
            (Value::Boolean(value), _) => json!(value),
            (Value::Struct(_), Kind::Struct(columns)) => row_json(self, columns, physical),
            (Value::List(items), Kind::List(kind)) => items.iter().map(|item| item.json(kind, physical)).collect(),
            (Value::Map(entries), Kind::Map(key_kind, kind)) => {
                let entry = |(key, item): &(Value, Value)| {
                    let key = match key.json(key_kind, physical) {
                        Json::String(text) => text,
                        other => other.to_string(),
                    };
                    (key, item.json(kind, physical))
                };
                Json::Object(entries.iter().map(entry).collect())
            }
            (value, kind) => json!(value.text(kind).unwrap()),
        }
    }

    /// What orders values of one kind, where statistics have bounds of it.
    pub fn key(&self) -> Option<(i128, String)> {
        let number = |number: i128| Some((number, String::new()));
        match self {
            Value::Integer(value) => number(i128::from(*value)),
            // They have no more than two binary digits behind the point.
            Value::Float(value) => number((value * 4.0) as i128),
            Value::Double(value) => number((value * 4.0) as i128),
            Value::Decimal(value) => number(*value),
            Value::Days(value) => number(i128::from(*value)),
            Value::Micros(value) => number(i128::from(*value)),
            Value::Text(text) => Some((0, text.clone())),
            _ => None,
        }
    }

    /// As `minValues` and `maxValues` have it: timestamps are cut to milliseconds.
    pub fn bound(&self, kind: &Kind) -> Option<Json> {
        match self {
            Value::Integer(value) => Some(json!(value)),
            Value::Float(value) => Some(json!(value)),
            Value::Double(value) => Some(json!(value)),
            // Those that a JSON number holds without a loss.
            Value::Decimal(value) if value.unsigned_abs() < 1 << 50 => serde_json::from_str(&self.text(kind)?).ok(),
            Value::Decimal(_) => None,
            Value::Micros(micros) => {
                let text = Value::Micros(micros.div_euclid(1000) * 1000).text(kind)?.replace(' ', "T");
                let (text, zone) = text.strip_suffix('Z').map_or((text.as_str(), ""), |text| (text, "Z"));
                Some(json!(format!("{}{zone}", &text[..text.len() - 3])))
            }
            Value::Days(_) | Value::Text(_) => Some(json!(self.text(kind)?)),
            _ => None,
        }
    }

    /// As `partitionValues` has it: null is no text.
    pub fn text(&self, kind: &Kind) -> Option<String> {
        Some(match self {
            Value::Integer(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            Value::Double(value) => value.to_string(),
            Value::Decimal(value) => {
                let Kind::Decimal(_, scale) = kind else { panic!("{kind:?}") };
                let digits = format!("{:0width$}", value.unsigned_abs(), width = *scale as usize + 1);
                let (whole, part) = digits.split_at(digits.len() - *scale as usize);
                let point = if part.is_empty() { "" } else { "." };
                format!("{}{whole}{point}{part}", if *value < 0 { "-" } else { "" })
            }
            Value::Days(days) => date32_to_datetime(*days).unwrap().format("%Y-%m-%d").to_string(),
            Value::Micros(micros) => {
                let zone = if *kind == Kind::Primitive("timestamp") { "Z" } else { "" };
                timestamp_us_to_datetime(*micros)
                    .unwrap()
                    .format("%Y-%m-%dT%H:%M:%S%.6f")
                    .to_string()
                    .replace('T', if zone.is_empty() { " " } else { "T" })
                    + zone
            }
            Value::Text(text) => text.clone(),
            Value::Boolean(value) => value.to_string(),
            _ => return None,
        })
    }
}

/// A row as JSON. The row is a struct of its columns.
fn row_json(row: &Value, columns: &[Column], physical: bool) -> Json {
    let Value::Struct(values) = row else { panic!("{row:?}") };
    let field = |column: &Column| {
        let value = values
            .iter()
            .find(|(id, _)| *id == column.id)
            .map_or(Json::Null, |(_, value)| value.json(&column.kind, physical));
        (if physical { column.physical.clone() } else { column.name.clone() }, value)
    };
    Json::Object(columns.iter().map(field).collect::<Map<_, _>>())
}

/// The rows as a batch of these columns.
pub fn batch(rows: &[Value], columns: &[Column], physical: bool) -> RecordBatch {
    let schema = Arc::new(Schema::new(fields(columns, physical)));
    let json: Vec<_> = rows.iter().map(|row| row_json(row, columns, physical)).collect();
    let mut decoder = ReaderBuilder::new(schema.clone()).with_batch_size(rows.len().max(1)).build_decoder().unwrap();
    decoder.serialize(&json).unwrap();
    decoder.flush().unwrap().unwrap_or_else(|| RecordBatch::new_empty(schema))
}
