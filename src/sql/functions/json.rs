//! JSON in string columns: parts of it by path or key, what it is, what is in it.
//!
//! A path is `$.a['b c'][0]`; what does not begin with `$` is one key, dots and all; a number is an element's place, from 0.
//! What is not there is null. `json_extract` and `->` give JSON, `json_extract_string` and `->>` text, where a JSON null is
//! null. Text that is no JSON is an error; `json_valid` tells.

use super::{arrays, strings, values};
use crate::sql::variant::path::{Path, elements, keys};
use arrow::array::{
    Array, ArrayRef, BooleanArray, Int64Array, ListBuilder, StringBuilder, StringViewArray, StringViewBuilder,
};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use std::borrow::Cow;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    use Asked::*;
    let all = [
        ("json_extract", Part { path: true, text: false }),
        ("json_extract_string", Part { path: true, text: true }),
        ("json_get", Part { path: false, text: false }),
        ("json_get_string", Part { path: false, text: true }),
        ("json_array_length", Length),
        ("json_keys", Keys),
        ("json_type", Type),
        ("json_valid", Valid),
    ];
    let function = |(name, asked)| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(Json { name, asked, signature }))
    };
    all.into_iter().map(function).collect()
}

/// What of the text is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Asked {
    /// A part: by a path or by one key; as JSON or as text.
    Part {
        path: bool,
        text: bool,
    },
    Length,
    Keys,
    Type,
    Valid,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Json {
    name: &'static str,
    asked: Asked,
    signature: Signature,
}

impl ScalarUDFImpl for Json {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let count = match self.asked {
            Asked::Part { .. } => 2..=2,
            Asked::Valid => 1..=1,
            _ => 1..=2,
        };
        let fits = |(place, data_type): (usize, &DataType)| match data_type {
            DataType::Null => Some(DataType::Utf8View),
            data_type if data_type.is_string() => Some(data_type.clone()),
            data_type if place == 1 && data_type.is_integer() => Some(DataType::Int64),
            _ => None,
        };
        let types: Option<Vec<DataType>> = arguments.iter().enumerate().map(fits).collect();
        match types {
            Some(types) if count.contains(&types.len()) => Ok(types),
            _ => plan_err!("{}: takes JSON as a string, and a path such as '$.name' or '$.list[0]'", self.name),
        }
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(match self.asked {
            Asked::Part { .. } | Asked::Type => DataType::Utf8View,
            Asked::Length => DataType::Int64,
            Asked::Keys => DataType::new_list(DataType::Utf8, true),
            Asked::Valid => DataType::Boolean,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant_path = match args.args.get(1) {
            Some(ColumnarValue::Scalar(path)) if !path.is_null() => Some(self.path(&path.to_string())?),
            _ => None,
        };
        let (arrays, constant) = arrays(&args.args, args.number_rows)?;
        let documents = strings(arrays.first())?;
        let paths = arrays.get(1).map(|paths| strings(Some(paths))).transpose()?;
        let part = |row: usize| self.part(&documents, paths.as_ref(), constant_path.as_ref(), row);
        let rows = 0..documents.len();
        let array: ArrayRef = match self.asked {
            Asked::Part { text, .. } => {
                let mut parts = StringViewBuilder::new();
                for row in rows {
                    parts.append_option(match part(row)? {
                        Some(part) if text => unquoted(part)?,
                        part => part.map(Cow::Borrowed),
                    });
                }
                Arc::new(parts.finish())
            }
            Asked::Length => {
                let length = |row| Ok(part(row)?.map(|part| elements(part).unwrap_or_default() as i64));
                Arc::new(rows.map(length).collect::<Result<Int64Array>>()?)
            }
            Asked::Keys => {
                let mut lists = ListBuilder::new(StringBuilder::new());
                for row in rows {
                    let found = part(row)?.map(|part| keys(part).unwrap_or_default());
                    lists.append_option(found.map(|keys| keys.into_iter().map(Some)));
                }
                Arc::new(lists.finish())
            }
            Asked::Type => {
                let types = rows.map(|row| Ok(part(row)?.map(type_of))).collect::<Result<StringViewArray>>()?;
                Arc::new(types)
            }
            Asked::Valid => {
                let valid = |document: Option<&str>| document.map(|text| Path::root().find(text).is_ok());
                Arc::new(documents.iter().map(valid).collect::<BooleanArray>())
            }
        };
        values(array, constant)
    }
}

impl Json {
    /// A path as it was written: a number is a place.
    fn path(&self, text: &str) -> Result<Path> {
        let by_path = matches!(self.asked, Asked::Part { path: false, .. });
        let found = match text.parse::<usize>() {
            Ok(index) => Some(Path::index(index)),
            Err(_) if by_path || !text.starts_with(['$', '/']) => Some(Path::key(text)),
            Err(_) => Path::parse(text),
        };
        match found {
            Some(path) => Ok(path),
            None => exec_err!("{}: {text:?} is no path, such as '$.name' or '$.list[0]'", self.name),
        }
    }

    fn part<'d>(
        &self,
        documents: &'d StringViewArray,
        paths: Option<&StringViewArray>,
        constant: Option<&Path>,
        row: usize,
    ) -> Result<Option<&'d str>> {
        if documents.is_null(row) || paths.is_some_and(|paths| paths.is_null(row)) {
            return Ok(None);
        }
        let own = match (constant, paths) {
            (None, Some(paths)) => Some(self.path(paths.value(row))?),
            _ => None,
        };
        let root = Path::root();
        let path = constant.or(own.as_ref()).unwrap_or(&root);
        match path.find(documents.value(row)) {
            Ok(part) => Ok(part),
            Err(reason) => exec_err!("{}: {reason}", self.name),
        }
    }
}

/// The text that a part stands for: of a string without quotes and escapes, null for null, else the JSON.
fn unquoted(part: &str) -> Result<Option<Cow<'_, str>>> {
    match part.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => match serde_json::from_str::<Cow<'_, str>>(part) {
            Ok(text) => Ok(Some(text)),
            Err(error) => exec_err!("no JSON: {error}"),
        },
        _ => Ok(Some(Cow::Borrowed(part))),
    }
}

fn type_of(part: &str) -> &'static str {
    match part.as_bytes().first() {
        Some(b'{') => "OBJECT",
        Some(b'[') => "ARRAY",
        Some(b'"') => "VARCHAR",
        Some(b't' | b'f') => "BOOLEAN",
        Some(b'n') => "NULL",
        _ if part.parse::<u64>().is_ok() => "UBIGINT",
        _ if part.parse::<i64>().is_ok() => "BIGINT",
        _ => "DOUBLE",
    }
}
