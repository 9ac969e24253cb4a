//! SQL over variants, which queries see as the JSON text of their values: see `scan::variant`.
//!
//! - `variant_get(v, path)`: a part of `v`, as JSON; `variant_get(v, path, type)`: the part as that type. Null where there
//!   is no such part, or where it is the variant null; an error where it is not of the type, or `v` is no JSON.
//! - `try_variant_get` is null there too.
//! - `variant_to_json(v)`, or `to_json(v)` (see `functions::json_write`): the text, as a string.
//!
//! Paths are those of Spark: `$.name`, `$['a name']`, `$.list[0].name`. Keys are matched exactly. Types are named as in SQL
//! or in Delta: `int`, `bigint`, `long`, `double`, `decimal(10,2)`, `string`, `boolean`, `date`, `timestamp`, `timestamp_ntz`,
//! `binary` and so on; `variant` is the part as JSON again.

mod convert;

use crate::sql::json::path::Path;
use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use convert::Target;
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;

/// The functions.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        Arc::new(VariantGet::function("variant_get", false)),
        Arc::new(VariantGet::function("try_variant_get", true)),
        Arc::new(VariantToJson::function()),
    ]
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct VariantGet {
    name: &'static str,
    /// Whether what cannot be converted is null.
    lenient: bool,
    signature: Signature,
}

impl VariantGet {
    fn function(name: &'static str, lenient: bool) -> ScalarUDF {
        // Not coerced: a cast around the type's name would hide it from planning.
        ScalarUDF::new_from_impl(VariantGet {
            name,
            lenient,
            signature: Signature::user_defined(Volatility::Immutable),
        })
    }

    /// The type that the third argument names.
    fn target(&self, name: Option<&ScalarValue>) -> Result<Target> {
        match name.map(|name| name.try_as_str()) {
            Some(Some(Some(name))) => match Target::parse(name) {
                Some(target) => Ok(target),
                None => plan_err!(
                    "{}: no type {name}; one of variant, string, boolean, int, bigint, double, \
                                   decimal(p,s), date, timestamp, timestamp_ntz, binary",
                    self.name
                ),
            },
            _ => plan_err!("{}: the type has to be a string as it stands, such as 'bigint'", self.name),
        }
    }
}

impl ScalarUDFImpl for VariantGet {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let string = |data_type: &DataType| match data_type {
            DataType::Null => Ok(DataType::Utf8),
            data_type if data_type.is_string() => Ok(data_type.clone()),
            other => {
                plan_err!("{}: takes a variant, a path and a type's name, all of them strings, not {other}", self.name)
            }
        };
        match arguments.len() {
            2 | 3 => arguments.iter().map(string).collect(),
            count => plan_err!("{}: takes a variant, a path and perhaps a type, not {count} arguments", self.name),
        }
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        internal_err!("the type depends on the arguments' values")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let target = match args.scalar_arguments.get(2) {
            Some(name) => self.target(*name)?,
            None => Target::Variant,
        };
        Ok(Arc::new(Field::new(self.name, target.data_type(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let target = match args.args.get(2) {
            Some(ColumnarValue::Scalar(name)) => self.target(Some(name))?,
            Some(ColumnarValue::Array(_)) => return internal_err!("the type is not a constant"),
            None => Target::Variant,
        };
        let scalar = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if scalar { 1 } else { args.number_rows };
        let (Some(variants), Some(paths)) = (args.args.first(), args.args.get(1)) else {
            return internal_err!("too few arguments");
        };
        let parts = self.parts(&strings(variants, rows)?, paths, rows, target)?;
        let values = target.convert(parts, self.lenient).map_err(|error| self.failed(&error))?;
        match scalar {
            true => Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&values, 0)?)),
            false => Ok(ColumnarValue::Array(values)),
        }
    }
}

impl VariantGet {
    /// The parts at the paths, spelled so that they can be cast.
    fn parts(
        &self,
        variants: &StringViewArray,
        paths: &ColumnarValue,
        rows: usize,
        target: Target,
    ) -> Result<StringViewArray> {
        let constant = match paths {
            ColumnarValue::Scalar(path) => path.try_as_str().flatten().map(|path| self.path(path)).transpose()?,
            ColumnarValue::Array(_) => None,
        };
        let all = strings(paths, rows)?;
        let part = |row: usize| -> Result<_> {
            if variants.is_null(row) || all.is_null(row) {
                return Ok(None);
            }
            let own = if constant.is_none() { Some(self.path(all.value(row))?) } else { None };
            let Some(path) = constant.as_ref().or(own.as_ref()) else { return Ok(None) };
            let part = path.find(variants.value(row)).and_then(|part| part.map_or(Ok(None), |part| target.spell(part)));
            match part {
                Err(_) if self.lenient => Ok(None),
                part => part.map_err(|reason| self.failed(&reason)),
            }
        };
        (0..rows).map(part).collect()
    }

    fn path(&self, text: &str) -> Result<Path> {
        match Path::strict(text) {
            Some(path) => Ok(path),
            None => exec_err!("{}: {text:?} is no path, such as '$.name' or '$.list[0]'", self.name),
        }
    }

    fn failed(&self, reason: &dyn std::fmt::Display) -> DataFusionError {
        let hint = if self.lenient { "" } else { "; try_variant_get is null there" };
        DataFusionError::Execution(format!("{}: {reason}{hint}", self.name))
    }
}

fn strings(value: &ColumnarValue, rows: usize) -> Result<StringViewArray> {
    let array: ArrayRef = value.clone().into_array(rows)?;
    Ok(cast(&array, &DataType::Utf8View)?.as_string_view().clone())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct VariantToJson {
    signature: Signature,
}

impl VariantToJson {
    fn function() -> ScalarUDF {
        let signature = Signature::string(1, Volatility::Immutable);
        ScalarUDF::new_from_impl(VariantToJson { signature })
    }
}

impl ScalarUDFImpl for VariantToJson {
    fn name(&self) -> &str {
        "variant_to_json"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments.first().cloned().unwrap_or(DataType::Utf8View))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        args.args.into_iter().next().map_or_else(|| internal_err!("no argument"), Ok)
    }
}
