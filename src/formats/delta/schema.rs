//! The table's schema: Delta's JSON to Arrow, as users name the columns and as data files spell them. Pure.
//!
//! Specification: [Schema Serialization Format](https://github.com/delta-io/delta/blob/master/PROTOCOL.md#schema-serialization-format).

use super::column_mapping::{FIELD_ID, Mode};
use super::type_widening;
use crate::error::{Error, Result};
use crate::snapshot::{STANDS_FOR, TableSchema};
use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The metadata key of a logical field that holds the column's comment.
pub const COMMENT: &str = "comment";

/// The metadata key of a logical field that holds a `char(n)` or `varchar(n)`, which Delta stores as a string.
pub const CHAR_VARCHAR: &str = "__CHAR_VARCHAR_TYPE_STRING";

#[derive(Deserialize)]
struct StructType {
    #[serde(rename = "type")]
    kind: String,
    fields: Vec<StructField>,
}

#[derive(Deserialize)]
struct StructField {
    name: String,
    #[serde(rename = "type")]
    data_type: Value,
    #[serde(default = "yes")]
    nullable: bool,
    #[serde(default)]
    metadata: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ArrayType {
    element_type: Value,
    #[serde(default = "yes")]
    contains_null: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MapType {
    key_type: Value,
    value_type: Value,
    #[serde(default = "yes")]
    value_contains_null: bool,
}

fn yes() -> bool {
    true
}

/// A type as the table's users see it and as its data files spell it.
struct Typed {
    logical: DataType,
    physical: DataType,
    /// The type that both stand for; the fields of this type carry it.
    stands_for: Option<String>,
}

impl Typed {
    fn same(data_type: DataType) -> Typed {
        Typed { logical: data_type.clone(), physical: data_type, stands_for: None }
    }

    /// Fields of this type, one of each kind.
    fn fields(self, logical: &str, physical: &str, nullable: bool) -> Pair<Field> {
        let mark = |field: Field| match &self.stands_for {
            Some(name) => field.with_metadata(HashMap::from([(STANDS_FOR.to_string(), name.clone())])),
            None => field,
        };
        (mark(Field::new(logical, self.logical, nullable)), mark(Field::new(physical, self.physical, nullable)))
    }
}

/// The same thing twice: logical, physical.
type Pair<T> = (T, T);

/// Reads `metaData.schemaString`.
pub(crate) fn parse(schema_string: &str, mode: Mode) -> Result<TableSchema> {
    let root: StructType = serde_json::from_str(schema_string).map_err(|error| corrupt("the schema", error))?;
    if root.kind != "struct" {
        return Err(corrupt("the schema", format!("its type is {:?}, not \"struct\"", root.kind)));
    }
    let (logical, physical) = fields_of(&root, "", mode)?;
    Ok(TableSchema {
        logical: Arc::new(Schema::new(logical)),
        physical: Arc::new(Schema::new(physical)),
        field_match: mode.field_match(),
        defaults: Vec::new(),
    })
}

fn fields_of(parent: &StructType, path: &str, mode: Mode) -> Result<Pair<Fields>> {
    let mut logical = Vec::with_capacity(parent.fields.len());
    let mut physical = Vec::with_capacity(parent.fields.len());
    for field in &parent.fields {
        let (field, spelled) = field_of(field, path, mode)?;
        logical.push(field);
        physical.push(spelled);
    }
    for fields in [&logical, &physical] {
        let mut names = HashSet::with_capacity(fields.len());
        if let Some(twice) = fields.iter().find(|field| !names.insert(field.name().as_str())) {
            return Err(corrupt(twice.name(), "two columns have this name"));
        }
    }
    Ok((logical.into(), physical.into()))
}

fn field_of(field: &StructField, path: &str, mode: Mode) -> Result<Pair<Field>> {
    let path = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
    type_widening::check(&path, &field.metadata)?;
    let (name, id) = mode.physical(&field.name, &field.metadata)?;
    let data_type = type_of(&field.data_type, &path, mode)?;

    let told = |key: &str| Some((key.to_string(), field.metadata.get(key)?.as_str()?.to_string()));
    let (mut logical, mut physical) = data_type.fields(&field.name, name, field.nullable);
    logical.metadata_mut().extend([told(COMMENT), told(CHAR_VARCHAR)].into_iter().flatten());
    physical.metadata_mut().extend(id.map(|id| (FIELD_ID.to_string(), id.to_string())));
    Ok((logical, physical))
}

/// A type: a string names a primitive one, an object is a nested one. serde_json bounds how deep they nest.
fn type_of(data_type: &Value, path: &str, mode: Mode) -> Result<Typed> {
    let kind = match data_type {
        Value::String(name) => {
            let stands_for = stands_for(name).then(|| name.clone());
            return Ok(Typed { stands_for, ..Typed::same(primitive(name, path)?) });
        }
        nested => nested.get("type").and_then(Value::as_str),
    };
    let (logical, physical) = match kind {
        Some("struct") => {
            let (logical, physical) = fields_of(&nested::<StructType>(data_type, path)?, path, mode)?;
            (DataType::Struct(logical), DataType::Struct(physical))
        }
        Some("array") => {
            let array: ArrayType = nested(data_type, path)?;
            let element = type_of(&array.element_type, &format!("{path}.element"), mode)?;
            let (logical, physical) = element.fields("element", "element", array.contains_null);
            (DataType::List(Arc::new(logical)), DataType::List(Arc::new(physical)))
        }
        Some("map") => {
            let map: MapType = nested(data_type, path)?;
            let key = type_of(&map.key_type, &format!("{path}.key"), mode)?;
            let value = type_of(&map.value_type, &format!("{path}.value"), mode)?;
            let (key, physical_key) = key.fields("key", "key", false);
            let (value, physical_value) = value.fields("value", "value", map.value_contains_null);
            (map_of(key, value), map_of(physical_key, physical_value))
        }
        Some(other) => return Err(Error::unsupported(other, format!("column {path} has this type"))),
        None => return Err(corrupt(path, "its type is neither a name nor an object with a \"type\"")),
    };
    Ok(Typed { logical, physical, stands_for: None })
}

fn map_of(key: Field, value: Field) -> DataType {
    let entries = Fields::from(vec![key, value]);
    DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(entries), false)), false)
}

fn nested<T: for<'de> Deserialize<'de>>(data_type: &Value, path: &str) -> Result<T> {
    T::deserialize(data_type).map_err(|error| corrupt(path, error))
}

/// Whether a type is read as another one that stands for it.
fn stands_for(name: &str) -> bool {
    name == "variant" || is_geospatial(name)
}

fn is_geospatial(name: &str) -> bool {
    ["geometry", "geography"].iter().any(|kind| {
        name.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('(') && rest.ends_with(')'))
    })
}

fn primitive(name: &str, path: &str) -> Result<DataType> {
    Ok(match name {
        "string" => DataType::Utf8,
        "long" => DataType::Int64,
        "integer" => DataType::Int32,
        "short" => DataType::Int16,
        "byte" => DataType::Int8,
        "float" => DataType::Float32,
        "double" => DataType::Float64,
        "boolean" => DataType::Boolean,
        "binary" => DataType::Binary,
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        "timestamp_ntz" => DataType::Timestamp(TimeUnit::Microsecond, None),
        "void" | "null" => DataType::Null,
        // Spark's default precision and scale.
        "decimal" => DataType::Decimal128(10, 0),
        _ if name.starts_with("decimal(") => {
            decimal(name).ok_or_else(|| corrupt(path, format!("its type is {name:?}")))?
        }
        // Data files hold a struct of binaries; what is read is the value as JSON: see `scan::variant`.
        "variant" => DataType::Utf8,
        // Well-known binary, in data files too.
        _ if is_geospatial(name) => DataType::Binary,
        _ if name.starts_with("char(") || name.starts_with("varchar(") => DataType::Utf8,
        _ => return Err(Error::unsupported(name, format!("column {path} has this type"))),
    })
}

fn decimal(name: &str) -> Option<DataType> {
    let (precision, scale) = name.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
    let (precision, scale): (u8, i8) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    let valid =
        (1..=38).contains(&precision) && scale >= 0 && u8::try_from(scale).is_ok_and(|scale| scale <= precision);
    valid.then_some(DataType::Decimal128(precision, scale))
}

fn corrupt(path: &str, reason: impl std::fmt::Display) -> Error {
    Error::corrupt("_delta_log", format!("metaData.schemaString: {path}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{FieldMatch, field_type_name, is_variant};

    fn field(name: &str, data_type: &str, metadata: &str) -> String {
        format!(r#"{{"name":"{name}","type":{data_type},"nullable":true,"metadata":{metadata}}}"#)
    }

    fn schema(fields: &[String]) -> String {
        format!(r#"{{"type":"struct","fields":[{}]}}"#, fields.join(","))
    }

    fn one(data_type: &str) -> Result<DataType> {
        let schema = parse(&schema(&[field("c", data_type, "{}")]), Mode::None)?;
        Ok(schema.logical.field(0).data_type().clone())
    }

    #[test]
    fn primitive_types() {
        for (name, expected) in [
            ("string", DataType::Utf8),
            ("byte", DataType::Int8),
            ("decimal(38,18)", DataType::Decimal128(38, 18)),
            ("decimal(10, 2)", DataType::Decimal128(10, 2)),
            ("timestamp", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
            ("timestamp_ntz", DataType::Timestamp(TimeUnit::Microsecond, None)),
            ("void", DataType::Null),
            ("varchar(5)", DataType::Utf8),
        ] {
            assert_eq!(one(&format!("{name:?}")), Ok(expected), "{name}");
        }
    }

    #[test]
    fn unknown_types_are_refused_by_name() {
        for name in ["geometryx", "interval day", "object"] {
            let error = one(&format!("{name:?}")).unwrap_err();
            assert!(matches!(error, Error::UnsupportedFeature { feature, .. } if feature == name));
        }
        let error = one(r#"{"type":"udt","class":"x"}"#).unwrap_err();
        assert!(matches!(error, Error::UnsupportedFeature { feature, .. } if feature == "udt"));
    }

    #[test]
    fn broken_schemas_are_corrupt() {
        let deep = format!("{}\"long\"{}", r#"{"type":"array","elementType":"#.repeat(400), "}".repeat(400));
        for broken in ["", "7", "{}", r#"{"type":"array","fields":[]}"#] {
            assert!(matches!(parse(broken, Mode::None), Err(Error::CorruptTable { .. })), "{broken}");
        }
        for broken in ["7", "{}", "\"decimal(39,2)\"", "\"decimal(2,3)\"", r#"{"type":"array"}"#, &deep] {
            assert!(matches!(one(broken), Err(Error::CorruptTable { .. })), "{broken}");
        }
        let twice = schema(&[field("a", "\"long\"", "{}"), field("a", "\"long\"", "{}")]);
        assert!(matches!(parse(&twice, Mode::None), Err(Error::CorruptTable { .. })));
    }

    #[test]
    fn nested_names_are_mapped_and_shapes_are_the_same() {
        let mapped = |id: i32, name: &str| {
            format!(r#"{{"delta.columnMapping.id":{id},"delta.columnMapping.physicalName":"{name}"}}"#)
        };
        let inner = format!(r#"{{"type":"struct","fields":[{}]}}"#, field("x", "\"long\"", &mapped(3, "c3")));
        let list = format!(r#"{{"type":"array","elementType":{inner},"containsNull":false}}"#);
        let map = format!(r#"{{"type":"map","keyType":"string","valueType":{list},"valueContainsNull":true}}"#);
        let text = schema(&[field("a", &map, &mapped(1, "c1")), field("b", "\"date\"", &mapped(2, "c2"))]);
        let schema = parse(&text, Mode::Id).unwrap();

        let inner = |name: &str, metadata: HashMap<String, String>| {
            let leaf = Field::new(name, DataType::Int64, true).with_metadata(metadata);
            let element = DataType::Struct(vec![leaf].into());
            let list = DataType::List(Arc::new(Field::new("element", element, false)));
            map_of(Field::new("key", DataType::Utf8, false), Field::new("value", list, true))
        };
        let id = |id: &str| HashMap::from([(FIELD_ID.to_string(), id.to_string())]);
        assert_eq!(schema.field_match, FieldMatch::Id);
        assert_eq!(schema.logical.field(0), &Field::new("a", inner("x", HashMap::new()), true));
        assert_eq!(schema.physical.field(0), &Field::new("c1", inner("c3", id("3")), true).with_metadata(id("1")));
        assert_eq!(schema.physical.field(1).name(), "c2");
    }

    #[test]
    fn variants_are_marked_wherever_they_are() {
        let list = r#"{"type":"array","elementType":"variant","containsNull":true}"#;
        let map = r#"{"type":"map","keyType":"string","valueType":"variant","valueContainsNull":true}"#;
        let text =
            schema(&[field("v", "\"variant\"", r#"{"comment":"any"}"#), field("l", list, "{}"), field("m", map, "{}")]);
        let schema = parse(&text, Mode::None).unwrap();
        for schema in [&schema.logical, &schema.physical] {
            let DataType::List(element) = schema.field(1).data_type() else { panic!() };
            let DataType::Map(entries, _) = schema.field(2).data_type() else { panic!() };
            let DataType::Struct(entry) = entries.data_type() else { panic!() };
            let marked = [schema.field(0), element, &entry[0], &entry[1]].map(is_variant);
            assert_eq!(marked, [true, true, false, true]);
        }
        assert_eq!(schema.logical.field(0).metadata()[COMMENT], "any");
        assert_eq!(schema.logical.field(0).data_type(), &DataType::Utf8);
    }

    #[test]
    fn geospatial_types_are_binaries() {
        for name in ["geometry", "geometry(OGC:CRS84)", "geography(OGC:CRS84, spherical)"] {
            let schema = parse(&schema(&[field("g", &format!("{name:?}"), "{}")]), Mode::None).unwrap();
            assert_eq!(schema.logical.field(0).data_type(), &DataType::Binary);
            assert_eq!(field_type_name(schema.logical.field(0)), name);
        }
    }

    #[test]
    fn collations_do_not_change_a_string() {
        let metadata = r#"{"__COLLATIONS":{"c":"ICU.de_DE"}}"#;
        let schema = parse(&schema(&[field("c", "\"string\"", metadata)]), Mode::None).unwrap();
        assert_eq!(schema.logical.field(0), &Field::new("c", DataType::Utf8, true));
    }

    #[test]
    fn comments_and_declared_lengths_are_kept() {
        let metadata = r#"{"comment":"a name","__CHAR_VARCHAR_TYPE_STRING":"char(5)","other":1}"#;
        let schema = parse(&schema(&[field("c", "\"string\"", metadata)]), Mode::None).unwrap();
        let expected = [(COMMENT, "a name"), (CHAR_VARCHAR, "char(5)")].map(|(k, v)| (k.to_string(), v.to_string()));
        assert_eq!(schema.logical.field(0).metadata(), &HashMap::from(expected));
    }
}
