//! One shape for every scalar function here: what it returns, and a value for each row.

use super::arguments::Arguments;
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::preimage::PreimageResult;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Timestamps are of microseconds: that is every year that a table can hold, and SQL's own precision.
pub(super) const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// The type of an instant.
pub(super) fn timestamptz() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The types of a call's arguments, and their values where they are literals.
pub(super) struct Types<'a> {
    pub(super) name: &'static str,
    pub(super) types: Vec<&'a DataType>,
    pub(super) literals: &'a [Option<&'a ScalarValue>],
}

impl Types<'_> {
    /// The text of a literal.
    pub(super) fn text(&self, argument: usize) -> Option<&str> {
        self.literals.get(argument).copied().flatten().and_then(|value| value.try_as_str().flatten())
    }
}

pub(super) type Returns = fn(&Types<'_>) -> Result<DataType>;
pub(super) type Call = fn(&Arguments<'_>) -> Result<ArrayRef>;
pub(super) type Preimage = fn(&[Expr], &ScalarValue, &DataType) -> Result<Option<(ScalarValue, ScalarValue)>>;

/// A scalar function.
#[derive(Debug)]
pub(super) struct TimeFunction {
    name: &'static str,
    aliases: Vec<String>,
    signature: Signature,
    returns: Returns,
    call: Call,
    preimage: Option<Preimage>,
}

impl PartialEq for TimeFunction {
    fn eq(&self, other: &TimeFunction) -> bool {
        self.name == other.name
    }
}

impl Eq for TimeFunction {}

impl Hash for TimeFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// A function by its name and, behind it, other names of it.
pub(super) fn function(names: &'static str, returns: Returns, call: Call) -> Arc<ScalarUDF> {
    with_preimage(names, returns, call, None)
}

/// The same, of whose arguments bounds follow from bounds of its values.
pub(super) fn with_preimage(
    names: &'static str,
    returns: Returns,
    call: Call,
    preimage: Option<Preimage>,
) -> Arc<ScalarUDF> {
    let mut words = names.split(' ');
    let name = words.next().unwrap_or_default();
    let aliases = words.map(str::to_string).collect();
    let signature = Signature::variadic_any(Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(TimeFunction { name, aliases, signature, returns, call, preimage }))
}

impl ScalarUDFImpl for TimeFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("{}: its type follows from its literals too", self.name)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types = args.arg_fields.iter().map(|field| field.data_type()).collect();
        let types = Types { name: self.name, types, literals: args.scalar_arguments };
        Ok(Arc::new(Field::new(self.name, (self.returns)(&types)?, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let value = |argument: &ColumnarValue| match argument {
            ColumnarValue::Array(array) => Ok((array.clone(), false)),
            ColumnarValue::Scalar(value) => Ok((value.to_array()?, true)),
        };
        let values = args.args.iter().map(value).collect::<Result<Vec<_>>>()?;
        let rows = if constant { 1 } else { args.number_rows };
        let array = (self.call)(&Arguments { name: self.name, values, rows, returns: args.return_type() })?;
        crate::sql::functions::values(array, constant)
    }

    fn preimage(&self, args: &[Expr], lit_expr: &Expr, info: &SimplifyContext) -> Result<PreimageResult> {
        let (Some(preimage), Expr::Literal(value, _), Some(column)) = (self.preimage, lit_expr, args.get(1)) else {
            return Ok(PreimageResult::None);
        };
        let data_type = info.get_data_type(column)?;
        match preimage(args, value, &data_type)? {
            Some((lower, upper)) => {
                let interval = datafusion::logical_expr::interval_arithmetic::Interval::try_new(lower, upper)?;
                Ok(PreimageResult::Range { expr: column.clone(), interval: Box::new(interval) })
            }
            None => Ok(PreimageResult::None),
        }
    }
}

/// Refuses another number of arguments.
pub(super) fn count(types: &Types<'_>, counts: &[usize], usage: &str) -> Result<()> {
    if counts.contains(&types.types.len()) { Ok(()) } else { plan_err!("{}: write {usage}", types.name) }
}

/// Refuses an argument that is no date, timestamp or text of one.
pub(super) fn moment(types: &Types<'_>, argument: usize) -> Result<()> {
    match types.types.get(argument) {
        Some(DataType::Null | DataType::Date32 | DataType::Date64 | DataType::Timestamp(..)) => Ok(()),
        Some(text) if text.is_string() => Ok(()),
        Some(other) => plan_err!("{}: takes a date or a timestamp, not {}", types.name, super::sql_type(other)),
        None => plan_err!("{}: an argument is missing", types.name),
    }
}

/// The timestamp that a date, a timestamp or a text is.
pub(super) fn timestamp_of(data_type: Option<&&DataType>) -> DataType {
    match data_type {
        Some(DataType::Timestamp(_, zone)) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        _ => TIMESTAMP,
    }
}
