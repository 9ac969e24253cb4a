//! From a part of a variant, as JSON text, to a value of a SQL type.

use arrow::array::{ArrayRef, BinaryViewArray, StringViewArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, TimeUnit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::sync::Arc;

/// What a part is wanted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// JSON again.
    Variant,
    String,
    Boolean,
    /// As wide as this many bits.
    Integer(u8),
    Float,
    Double,
    Decimal(u8, i8),
    Date,
    Timestamp,
    TimestampNtz,
    Binary,
}

impl Target {
    /// Reads a type's name, of SQL's or Delta's.
    pub(crate) fn parse(name: &str) -> Option<Target> {
        let name = name.trim().to_lowercase();
        Some(match name.as_str() {
            "variant" => Target::Variant,
            "string" | "varchar" | "text" => Target::String,
            "boolean" | "bool" => Target::Boolean,
            "tinyint" | "byte" => Target::Integer(8),
            "smallint" | "short" => Target::Integer(16),
            "int" | "integer" => Target::Integer(32),
            "bigint" | "long" => Target::Integer(64),
            "float" | "real" => Target::Float,
            "double" => Target::Double,
            "date" => Target::Date,
            "timestamp" => Target::Timestamp,
            "timestamp_ntz" => Target::TimestampNtz,
            "binary" => Target::Binary,
            "decimal" => Target::Decimal(10, 0),
            _ => {
                let (precision, scale) = name.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
                let (precision, scale): (u8, i8) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
                let fits = (1..=38).contains(&precision) && u8::try_from(scale).is_ok_and(|scale| scale <= precision);
                Target::Decimal(fits.then_some(precision)?, scale)
            }
        })
    }

    pub(crate) fn data_type(self) -> DataType {
        match self {
            Target::Variant | Target::String => DataType::Utf8View,
            Target::Boolean => DataType::Boolean,
            Target::Integer(8) => DataType::Int8,
            Target::Integer(16) => DataType::Int16,
            Target::Integer(32) => DataType::Int32,
            Target::Integer(_) => DataType::Int64,
            Target::Float => DataType::Float32,
            Target::Double => DataType::Float64,
            Target::Decimal(precision, scale) => DataType::Decimal128(precision, scale),
            Target::Date => DataType::Date32,
            Target::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Target::TimestampNtz => DataType::Timestamp(TimeUnit::Microsecond, None),
            Target::Binary => DataType::BinaryView,
        }
    }

    /// The part as a text that [`Target::convert`] understands; `None` where it is null.
    pub(crate) fn spell(self, part: &str) -> Result<Option<Cow<'_, str>>, String> {
        if part == "null" && self != Target::Variant {
            return Ok(None);
        }
        let text = match part.as_bytes().first() {
            _ if self == Target::Variant => return Ok(Some(Cow::Borrowed(part))),
            Some(b'"') => Cow::Owned(serde_json::from_str::<String>(part).map_err(|error| error.to_string())?),
            Some(b'{' | b'[') if self != Target::String => {
                return Err(format!("an object or array cannot be read as {}", self.data_type()));
            }
            _ => Cow::Borrowed(part),
        };
        Ok(Some(match (self, &*text) {
            (Target::Integer(_) | Target::Float | Target::Double | Target::Decimal(..), "true") => Cow::Borrowed("1"),
            (Target::Integer(_) | Target::Float | Target::Double | Target::Decimal(..), "false") => Cow::Borrowed("0"),
            (Target::Integer(_), number) => match whole(number) {
                Some(whole) => Cow::Owned(whole),
                None => text,
            },
            _ => text,
        }))
    }

    /// The values of texts that [`Target::spell`] made. What cannot be one is null where that is wanted.
    pub(crate) fn convert(self, texts: StringViewArray, lenient: bool) -> Result<ArrayRef, String> {
        match self {
            Target::Variant | Target::String => Ok(Arc::new(texts)),
            Target::Binary => binaries(&texts, lenient),
            _ => {
                let options = CastOptions { safe: lenient, ..CastOptions::default() };
                cast_with_options(&texts, &self.data_type(), &options).map_err(|error| error.to_string())
            }
        }
    }
}

/// A number without what is behind its point, as a cast to an integer leaves it; `None` where it has nothing there.
fn whole(number: &str) -> Option<String> {
    if number.contains(['e', 'E']) {
        let value: f64 = number.parse().ok()?;
        return value.is_finite().then(|| format!("{:.0}", value.trunc()));
    }
    let (whole, fraction) = number.split_once('.')?;
    fraction.bytes().all(|digit| digit.is_ascii_digit()).then(|| whole.to_string())
}

fn binaries(texts: &StringViewArray, lenient: bool) -> Result<ArrayRef, String> {
    let decode = |text: Option<&str>| match text.map(|text| STANDARD.decode(text)) {
        None => Ok(None),
        Some(Err(_)) if lenient => Ok(None),
        Some(Err(error)) => Err(format!("no base64: {error}")),
        Some(Ok(bytes)) => Ok(Some(bytes)),
    };
    let decoded: Vec<Option<Vec<u8>>> = texts.iter().map(decode).collect::<Result<_, _>>()?;
    Ok(Arc::new(decoded.iter().map(|bytes| bytes.as_deref()).collect::<BinaryViewArray>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::util::display::{ArrayFormatter, FormatOptions};

    fn converted(part: &str, name: &str) -> Result<String, String> {
        let target = Target::parse(name).unwrap();
        let values = target.convert(std::iter::once(target.spell(part)?).collect(), false)?;
        assert_eq!(values.data_type(), &target.data_type());
        Ok(ArrayFormatter::try_new(&values, &FormatOptions::new().with_null("NULL")).unwrap().value(0).to_string())
    }

    #[test]
    fn parts_become_values() {
        for (part, name, expected) in [
            ("7", "bigint", "7"),
            ("7.9", "int", "7"),
            ("-7.9", "int", "-7"),
            ("1.5e3", "long", "1500"),
            ("\"12\"", "smallint", "12"),
            ("true", "int", "1"),
            ("true", "boolean", "true"),
            ("\"false\"", "bool", "false"),
            ("1.10", "string", "1.10"),
            ("\"a\\nb\"", "string", "a\nb"),
            ("{\"a\":1}", "string", "{\"a\":1}"),
            ("\"x\"", "variant", "\"x\""),
            ("null", "variant", "null"),
            ("null", "int", "NULL"),
            ("\"NaN\"", "double", "NaN"),
            ("12345678901234567890.25", "decimal(38,2)", "12345678901234567890.25"),
            ("\"2024-02-29\"", "date", "2024-02-29"),
            ("\"2024-02-29T12:30:05.001234Z\"", "timestamp", "2024-02-29T12:30:05.001234Z"),
            ("\"2024-02-29T12:30:05.001234\"", "timestamp_ntz", "2024-02-29T12:30:05.001234"),
            ("\"+/8=\"", "binary", "fbff"),
        ] {
            assert_eq!(converted(part, name).as_deref(), Ok(expected), "{part} as {name}");
        }
        for (part, name) in [("\"x\"", "int"), ("[1]", "int"), ("300", "byte"), ("\"?\"", "binary"), ("1e99", "long")] {
            assert!(converted(part, name).is_err(), "{part} as {name}");
        }
        for name in ["", "decimal(39,0)", "decimal(2,3)", "array<int>"] {
            assert_eq!(Target::parse(name), None, "{name}");
        }
    }
}
