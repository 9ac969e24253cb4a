//! A scalar function as a row of a table: its name, what it takes and returns, and what it does to arrays.

use super::{arrays, strings, values};
use crate::snapshot::STANDS_FOR;
use crate::sql::json::write::is_json;
use arrow::array::{ArrayRef, Int64Array, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Which arguments of a call are JSON: their places, in the metadata of its result.
const JSON_ARGUMENTS: &str = "lakeglass.json_arguments";

/// The types that arguments are coerced to; `None` where they fit no call of the function.
pub type Takes = fn(&[DataType]) -> Option<Vec<DataType>>;

/// The type of the result, by the arguments' fields and those of their values that are constants.
pub type Gives = fn(&[FieldRef], &[Option<&ScalarValue>]) -> Result<DataType>;

/// What the function does: an array of as many rows as the arguments have.
pub type Run = fn(&Call<'_>) -> Result<ArrayRef>;

/// A function.
pub struct Own {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// The arguments it takes, for errors: "a string and a number".
    pub usage: &'static str,
    pub takes: Takes,
    pub gives: Gives,
    /// Whether its strings are JSON.
    pub json: bool,
    pub run: Run,
}

impl Own {
    pub fn function(self) -> Arc<ScalarUDF> {
        let signature = Signature::user_defined(Volatility::Immutable);
        let aliases = self.aliases.iter().map(|alias| alias.to_string()).collect();
        Arc::new(ScalarUDF::new_from_impl(Function { own: self, aliases, signature }))
    }
}

/// A call: the arguments as arrays of equal length.
pub struct Call<'a> {
    pub name: &'static str,
    pub arrays: Vec<ArrayRef>,
    pub fields: &'a [FieldRef],
    pub result: &'a FieldRef,
    pub rows: usize,
}

impl Call<'_> {
    pub fn array(&self, place: usize) -> Result<&ArrayRef> {
        match self.arrays.get(place) {
            Some(array) => Ok(array),
            None => internal_err!("{}: argument {place} is missing", self.name),
        }
    }

    /// Whether the strings of an argument are JSON already.
    pub fn is_json(&self, place: usize) -> bool {
        let places = self.result.metadata().get(JSON_ARGUMENTS).map_or("", String::as_str);
        places.split(',').any(|known| known.parse() == Ok(place))
    }

    pub fn strings(&self, place: usize) -> Result<StringViewArray> {
        strings(self.arrays.get(place))
    }

    /// An argument that may be missing.
    pub fn optional_strings(&self, place: usize) -> Result<Option<StringViewArray>> {
        self.arrays.get(place).map(|array| strings(Some(array))).transpose()
    }

    pub fn integers(&self, place: usize) -> Result<Int64Array> {
        use arrow::array::AsArray;
        Ok(cast(self.array(place)?, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
    }

    pub fn optional_integers(&self, place: usize) -> Result<Option<Int64Array>> {
        self.arrays.get(place).map(|_| self.integers(place)).transpose()
    }
}

struct Function {
    own: Own,
    aliases: Vec<String>,
    signature: Signature,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.own.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.own.name == other.own.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.own.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.own.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        match (self.own.takes)(arguments) {
            Some(types) => Ok(types),
            None => plan_err!("{}: takes {}", self.own.name, self.own.usage),
        }
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        internal_err!("{}: its type hangs on its arguments' fields", self.own.name)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let data_type = (self.own.gives)(args.arg_fields, args.scalar_arguments)?;
        let mut field = Field::new(self.own.name, data_type, true);
        if self.own.json {
            // The planner knows what columns stand for, but batches do not.
            let places = args.arg_fields.iter().enumerate().filter(|(_, field)| is_json(field));
            let places: Vec<String> = places.map(|(place, _)| place.to_string()).collect();
            field.set_metadata(HashMap::from([
                (STANDS_FOR.to_string(), "json".to_string()),
                (JSON_ARGUMENTS.to_string(), places.join(",")),
            ]));
        }
        Ok(Arc::new(field))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (arrays, constant) = arrays(&args.args, args.number_rows)?;
        let rows = if constant { 1 } else { args.number_rows };
        let call = Call { name: self.own.name, arrays, fields: &args.arg_fields, result: &args.return_field, rows };
        let array = (self.own.run)(&call)?;
        let array = match array.data_type() == args.return_field.data_type() {
            true => array,
            false => cast(&array, args.return_field.data_type())?,
        };
        values(array, constant)
    }
}

/// Types that many functions take.
pub mod takes {
    use arrow::datatypes::DataType;

    /// A string; anything else is none.
    pub fn string(data_type: &DataType) -> Option<DataType> {
        match data_type {
            DataType::Null => Some(DataType::Utf8View),
            data_type if data_type.is_string() => Some(data_type.clone()),
            _ => None,
        }
    }

    pub fn integer(data_type: &DataType) -> Option<DataType> {
        (data_type.is_integer() || *data_type == DataType::Null).then_some(DataType::Int64)
    }

    pub fn double(data_type: &DataType) -> Option<DataType> {
        (data_type.is_numeric() || *data_type == DataType::Null).then_some(DataType::Float64)
    }

    pub fn strings(types: &[DataType]) -> Option<Vec<DataType>> {
        types.iter().map(string).collect()
    }

    /// What every function of one string takes.
    pub fn one_string(types: &[DataType]) -> Option<Vec<DataType>> {
        strings(types).filter(|types| types.len() == 1)
    }

    pub fn two_strings(types: &[DataType]) -> Option<Vec<DataType>> {
        strings(types).filter(|types| types.len() == 2)
    }

    pub fn anything(types: &[DataType]) -> Option<Vec<DataType>> {
        Some(types.to_vec())
    }

    pub fn one(types: &[DataType]) -> Option<Vec<DataType>> {
        (types.len() == 1).then(|| types.to_vec())
    }
}

/// Types that many functions return.
pub mod gives {
    use arrow::datatypes::{DataType, FieldRef};
    use datafusion::common::{Result, ScalarValue};

    macro_rules! always {
        ($($name:ident $data_type:expr;)*) => {
            $(pub fn $name(_: &[FieldRef], _: &[Option<&ScalarValue>]) -> Result<DataType> { Ok($data_type) })*
        };
    }

    always! {
        string DataType::Utf8View;
        integer DataType::Int64;
        double DataType::Float64;
        boolean DataType::Boolean;
        strings DataType::new_list(DataType::Utf8, true);
    }

    /// The type of the first argument.
    pub fn first(fields: &[FieldRef], _: &[Option<&ScalarValue>]) -> Result<DataType> {
        Ok(fields.first().map_or(DataType::Null, |field| field.data_type().clone()))
    }
}
