//! `generate_series(from, to, step)` and `range`, of times: as a list and as a table. Those of integers are DataFusion's.

use super::arguments::Arguments;
use super::calendar::shifted;
use super::function::{TIMESTAMP, timestamp_of};
use arrow::array::{ArrayRef, Int64Array, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, IntervalMonthDayNano};
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{TableFunction, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::execution::SessionStateDefaults;
use datafusion::functions_nested::range::{gen_series_udf, range_udf};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlanBuilder, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![list("generate_series"), list("range")]
}

/// The table functions: DataFusion's, those of series with times too.
pub fn table_functions() -> Vec<Arc<TableFunction>> {
    let functions = SessionStateDefaults::default_table_functions();
    let own = |function: Arc<TableFunction>| match function.name() {
        "generate_series" => wrapped("generate_series", function),
        "range" => wrapped("range", function),
        _ => function,
    };
    functions.into_iter().map(own).collect()
}

fn wrapped(name: &'static str, numbers: Arc<TableFunction>) -> Arc<TableFunction> {
    Arc::new(TableFunction::new(name.into(), Arc::new(SeriesTable { name, numbers })))
}

fn list(name: &'static str) -> Arc<ScalarUDF> {
    let numbers = if name == "range" { range_udf() } else { gen_series_udf() };
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(SeriesList { name, numbers, signature }))
}

fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
}

#[derive(Debug)]
struct SeriesTable {
    name: &'static str,
    numbers: Arc<TableFunction>,
}

impl TableFunctionImpl for SeriesTable {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let of_times = |expr: &Expr| matches!(expr, Expr::Literal(value, _) if is_time(&value.data_type()));
        if !args.exprs().iter().any(of_times) {
            return self.numbers.function().call_with_args(args);
        }
        let list = list(self.name).call(args.exprs().to_vec()).alias("value");
        let plan = LogicalPlanBuilder::empty(true).project(vec![list])?.unnest_column("value")?.build()?;
        Ok(Arc::new(ViewTable::new(plan, None)))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct SeriesList {
    name: &'static str,
    numbers: Arc<ScalarUDF>,
    signature: Signature,
}

impl ScalarUDFImpl for SeriesList {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if types.is_empty() || types.len() > 3 {
            return plan_err!("{}: write {}(from, to, step)", self.name, self.name);
        }
        if !types.iter().any(is_time) {
            return types
                .iter()
                .map(|data_type| match data_type {
                    data_type if data_type.is_integer() || data_type.is_null() => Ok(DataType::Int64),
                    other => plan_err!("{}: takes integers or times, not {}", self.name, super::sql_type(other)),
                })
                .collect();
        }
        match types {
            [from, to, DataType::Interval(_) | DataType::Null]
                if (is_time(from) || from.is_null() || from.is_string())
                    && (is_time(to) || to.is_null() || to.is_string()) =>
            {
                Ok(types.to_vec())
            }
            _ => plan_err!("{}: of times, write {}(from, to, INTERVAL '1 day')", self.name, self.name),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types.iter().find(|data_type| is_time(data_type)) {
            Some(_) => Ok(DataType::List(item(types))),
            None => self.numbers.return_type(types),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let types: Vec<DataType> = args.args.iter().map(ColumnarValue::data_type).collect();
        if !types.iter().any(is_time) {
            return self.numbers.inner().invoke_with_args(args);
        }
        let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let values = args.args.iter().map(|argument| match argument {
            ColumnarValue::Array(array) => Ok((array.clone(), false)),
            ColumnarValue::Scalar(value) => Ok((value.to_array()?, true)),
        });
        let rows = if constant { 1 } else { args.number_rows };
        let values = values.collect::<Result<_>>()?;
        let item = item(&types);
        let arguments = Arguments { name: self.name, values, rows, returns: item.data_type() };
        crate::sql::functions::values(Arc::new(lists(&arguments, &item, self.name == "generate_series")?), constant)
    }
}

/// Timestamps, of dates too.
fn item(types: &[DataType]) -> FieldRef {
    let zoned = types.iter().find(|data_type| matches!(data_type, DataType::Timestamp(_, Some(_))));
    let data_type = zoned.map_or(TIMESTAMP, |zoned| timestamp_of(Some(&zoned)));
    Arc::new(Field::new_list_field(data_type, true))
}

/// More values than this in one list are a mistake.
const MOST: usize = 100_000_000;

fn lists(args: &Arguments<'_>, item: &FieldRef, inclusive: bool) -> Result<ListArray> {
    let (from, to, steps) = (args.micros(0)?, args.micros(1)?, args.intervals(2)?);
    let mut values = Vec::new();
    let mut lengths = Vec::with_capacity(args.rows);
    let mut valid = Vec::with_capacity(args.rows);
    for row in 0..args.rows {
        let start = values.len();
        let bounds = from.get(row).zip(to.get(row)).zip(steps.get(row));
        if let Some(((from, to), step)) = bounds {
            series(args.name, from, to, step, inclusive, &mut values)?;
        }
        valid.push(bounds.is_some());
        lengths.push(values.len() - start);
    }
    let values: ArrayRef = cast(&(Arc::new(Int64Array::from(values)) as ArrayRef), item.data_type())?;
    let nulls = NullBuffer::from(valid);
    Ok(ListArray::try_new(item.clone(), OffsetBuffer::from_lengths(lengths), values, Some(nulls))?)
}

fn series(
    name: &str,
    from: i64,
    to: i64,
    step: IntervalMonthDayNano,
    inclusive: bool,
    values: &mut Vec<i64>,
) -> Result<()> {
    let parts = [i64::from(step.months), i64::from(step.days), step.nanoseconds / 1_000];
    let up = parts.iter().any(|part| *part > 0);
    if up == parts.iter().any(|part| *part < 0) {
        return exec_err!("{name}: a step goes one way, and somewhere");
    }
    let mut next = Some(from);
    while let Some(value) = next {
        let within = match (up, inclusive) {
            (true, true) => value <= to,
            (true, false) => value < to,
            (false, true) => value >= to,
            (false, false) => value > to,
        };
        if !within {
            break;
        }
        if values.len() >= MOST {
            return exec_err!("{name}: more than {MOST} values");
        }
        values.push(value);
        let [months, days, micros] = parts;
        next = shifted(value, months, days, micros);
    }
    Ok(())
}
