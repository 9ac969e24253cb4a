//! Delta's types: as the log spells them, as Arrow has them, and what may become of them.

use super::numbers::Numbers;
use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// By its name in the specification.
    Primitive(&'static str),
    Decimal(u8, i8),
    Struct(Vec<Column>),
    List(Box<Kind>),
    Map(Box<Kind>, Box<Kind>),
}

/// A column, or a field of a struct.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub id: i32,
    pub name: String,
    /// Its name in data files.
    pub physical: String,
    pub kind: Kind,
    /// `delta.typeChanges`.
    pub changes: Vec<Json>,
}

/// Whether and how columns of data files are found by something else than the table's names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mapping {
    None,
    Name,
    Id,
}

impl Kind {
    pub fn json(&self, mapping: Mapping) -> Json {
        match self {
            Kind::Primitive(name) => json!(name),
            Kind::Decimal(precision, scale) => json!(format!("decimal({precision},{scale})")),
            Kind::Struct(columns) => schema_json(columns, mapping),
            Kind::List(item) => json!({"type": "array", "elementType": item.json(mapping), "containsNull": true}),
            Kind::Map(key, item) => {
                let (key, item) = (key.json(mapping), item.json(mapping));
                json!({"type": "map", "keyType": key, "valueType": item, "valueContainsNull": true})
            }
        }
    }

    /// With the names inside data files, and ids, if `physical`.
    pub fn arrow(&self, physical: bool) -> DataType {
        match self {
            Kind::Primitive(name) => match *name {
                "byte" => DataType::Int8,
                "short" => DataType::Int16,
                "integer" => DataType::Int32,
                "long" => DataType::Int64,
                "float" => DataType::Float32,
                "double" => DataType::Float64,
                "boolean" => DataType::Boolean,
                "string" => DataType::Utf8,
                "binary" => DataType::Binary,
                "date" => DataType::Date32,
                "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                "timestamp_ntz" => DataType::Timestamp(TimeUnit::Microsecond, None),
                other => panic!("{other}"),
            },
            Kind::Decimal(precision, scale) => DataType::Decimal128(*precision, *scale),
            Kind::Struct(columns) => DataType::Struct(fields(columns, physical)),
            Kind::List(item) => DataType::List(Arc::new(Field::new("element", item.arrow(physical), true))),
            Kind::Map(key, item) => {
                let key = Field::new("key", key.arrow(physical), false);
                let item = Field::new("value", item.arrow(physical), true);
                let entries = DataType::Struct(vec![key, item].into());
                DataType::Map(Arc::new(Field::new("key_value", entries, false)), false)
            }
        }
    }

    /// The types that this may be widened to, by the specification's table.
    fn widenings(&self) -> Vec<Kind> {
        let decimal = |digits: u8| [(0, 0), (2, 2), (5, 1)].map(|(k1, k2)| Kind::Decimal(digits + k1, k2)).to_vec();
        let and = |names: &[&'static str], digits: u8| {
            let named = names.iter().map(|name| Kind::Primitive(name));
            named.chain(decimal(digits)).collect()
        };
        match self {
            Kind::Primitive("byte") => and(&["short", "integer", "long", "double"], 10),
            Kind::Primitive("short") => and(&["integer", "long", "double"], 10),
            Kind::Primitive("integer") => and(&["long", "double"], 10),
            Kind::Primitive("long") => decimal(20),
            Kind::Primitive("float") => vec![Kind::Primitive("double")],
            Kind::Primitive("date") => vec![Kind::Primitive("timestamp_ntz")],
            Kind::Decimal(p, s) if *p <= 33 => {
                [(1, 0), (3, 3), (5, 2)].map(|(k1, k2)| Kind::Decimal(p + k1, s + k2)).to_vec()
            }
            _ => Vec::new(),
        }
    }

    /// Widens one type in this, if there is one to widen: the path to it from the nearest column, and the type before and after.
    /// A change inside a struct is noted there, by the struct's field.
    fn widen(&mut self, path: String, numbers: &mut Numbers) -> Option<(String, Kind, Kind)> {
        let below = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
        match self {
            Kind::Struct(columns) => {
                let at = numbers.below(columns.len());
                columns[at].widen(numbers);
                None
            }
            Kind::List(item) => item.widen(below("element"), numbers),
            Kind::Map(key, _) if numbers.once_in(2) => key.widen(below("key"), numbers),
            Kind::Map(_, item) => item.widen(below("value"), numbers),
            leaf => {
                let choices = leaf.widenings();
                if choices.is_empty() {
                    return None;
                }
                let wider = numbers.one_of(&choices).clone();
                let narrow = std::mem::replace(leaf, wider.clone());
                Some((path, narrow, wider))
            }
        }
    }
}

impl Column {
    /// Widens its type, or one in it, at random; whether there was one.
    pub fn widen(&mut self, numbers: &mut Numbers) {
        if let Some((path, from, to)) = self.kind.widen(String::new(), numbers) {
            let mut change = json!({"fromType": from.json(Mapping::None), "toType": to.json(Mapping::None)});
            if !path.is_empty() {
                change["fieldPath"] = json!(path);
            }
            self.changes.push(change);
        }
    }
}

pub fn fields(columns: &[Column], physical: bool) -> Fields {
    let field = |column: &Column| {
        let name = if physical { &column.physical } else { &column.name };
        let field = Field::new(name, column.kind.arrow(physical), true);
        match physical {
            true => field.with_metadata([("PARQUET:field_id".to_owned(), column.id.to_string())].into()),
            false => field,
        }
    };
    columns.iter().map(field).collect()
}

/// The struct type of these columns, as `schemaString` has it.
pub fn schema_json(columns: &[Column], mapping: Mapping) -> Json {
    let field = |column: &Column| {
        let mut metadata = Map::new();
        if mapping != Mapping::None {
            metadata.insert("delta.columnMapping.id".into(), json!(column.id));
            metadata.insert("delta.columnMapping.physicalName".into(), json!(column.physical));
        }
        if !column.changes.is_empty() {
            metadata.insert("delta.typeChanges".into(), json!(column.changes));
        }
        json!({"name": column.name, "type": column.kind.json(mapping), "nullable": true, "metadata": metadata})
    };
    json!({"type": "struct", "fields": columns.iter().map(field).collect::<Vec<_>>()})
}
