//! `avg(x)` of intervals, dates and timestamps, beside that of numbers.

use super::arguments::INTERVAL;
use super::calendar::DAY;
use super::convert::is_time;
use super::function::{TIMESTAMP, timestamptz};
use super::literal;
use super::text::Nanos;
use arrow::array::{ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Decimal128Type, Field, FieldRef, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType,
};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, ReversedUDAF, Signature, Volatility,
};
use std::sync::Arc;

/// The average, of times too; of numbers it is `numbers`.
pub fn average(numbers: Arc<AggregateUDF>) -> Arc<AggregateUDF> {
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(Average { numbers, signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Average {
    numbers: Arc<AggregateUDF>,
    signature: Signature,
}

/// What averages of a type are, where DataFusion has none.
fn of_times(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Interval(_) => Some(INTERVAL),
        DataType::Timestamp(_, Some(_)) => Some(timestamptz()),
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, None) => Some(TIMESTAMP),
        _ => None,
    }
}

fn is_of_times(field: Option<&FieldRef>) -> bool {
    field.is_some_and(|field| of_times(field.data_type()).is_some())
}

impl AggregateUDFImpl for Average {
    fn name(&self) -> &str {
        "avg"
    }

    fn aliases(&self) -> &[String] {
        self.numbers.aliases()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [DataType::Interval(_)] => Ok(vec![INTERVAL]),
            [data_type] if of_times(data_type).is_some() => Ok(vec![data_type.clone()]),
            _ => self.numbers.coerce_types(types),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types.first().and_then(of_times) {
            Some(data_type) => Ok(data_type),
            None => self.numbers.return_type(types),
        }
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if !is_of_times(args.expr_fields.first()) {
            return self.numbers.accumulator(args);
        }
        if args.is_distinct {
            return plan_err!("avg(DISTINCT …) of times is not supported: take the avg of SELECT DISTINCT");
        }
        Ok(Box::new(Mean { sums: [0; 3], count: 0, returns: args.return_type().clone() }))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        match is_of_times(args.expr_fields.first()) {
            true => self.accumulator(args),
            false => self.numbers.create_sliding_accumulator(args),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        if !is_of_times(args.input_fields.first()) {
            return self.numbers.state_fields(args);
        }
        let field = |name: &str, data_type| Arc::new(Field::new(format!("{}[{name}]", args.name), data_type, true));
        let sums = ["months", "days", "nanos"].map(|name| field(name, DataType::Decimal128(38, 0)));
        Ok(sums.into_iter().chain([field("count", DataType::Int64)]).collect())
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !is_of_times(args.expr_fields.first()) && self.numbers.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        self.numbers.create_groups_accumulator(args)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }
}

/// Months, days and nanoseconds so far; of dates and timestamps nanoseconds alone.
#[derive(Debug)]
struct Mean {
    sums: [Nanos; 3],
    count: i64,
    returns: DataType,
}

impl Mean {
    fn add(&mut self, values: &[ArrayRef], sign: i64) -> Result<()> {
        let Some(values) = values.first() else { return Ok(()) };
        for parts in parts(values)?.into_iter().flatten() {
            for (sum, part) in self.sums.iter_mut().zip(parts) {
                *sum = sum
                    .checked_add(part * Nanos::from(sign))
                    .ok_or_else(|| exec_datafusion_err!("avg: the sum is out of range"))?;
            }
            self.count += sign;
        }
        Ok(())
    }
}

fn parts(values: &ArrayRef) -> Result<Vec<Option<[Nanos; 3]>>> {
    if let DataType::Interval(_) = values.data_type() {
        let values = cast(values, &INTERVAL)?;
        let parts = |value: IntervalMonthDayNano| [value.months.into(), value.days.into(), value.nanoseconds.into()];
        return Ok(values.as_primitive::<IntervalMonthDayNanoType>().iter().map(|value| value.map(parts)).collect());
    }
    let unit = literal::unit(values.data_type()).unwrap_or(1);
    let long = match values.data_type() {
        DataType::Date32 => cast(&cast(values, &DataType::Int32)?, &DataType::Int64)?,
        _ => cast(values, &DataType::Int64)?,
    };
    let parts = |value: i64| [0, 0, Nanos::from(value) * unit];
    Ok(long.as_primitive::<Int64Type>().iter().map(|value| value.map(parts)).collect())
}

impl Accumulator for Mean {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(values, 1)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(values, -1)
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.count == 0 {
            return ScalarValue::try_from(&self.returns);
        }
        let count = Nanos::from(self.count);
        let [months, days, nanos] = self.sums;
        if is_time(&self.returns) {
            return match literal::floor(nanos / 1_000 / count * 1_000, &self.returns) {
                Some((value, _)) => Ok(value),
                None => ScalarValue::try_from(&self.returns),
            };
        }
        // What is left of months becomes days, and of days hours.
        let days = days + months % count * 30;
        let micros = nanos / 1_000 + days % count * Nanos::from(DAY);
        let out_of_range = || exec_datafusion_err!("avg: the result is out of range");
        Ok(ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano {
            months: (months / count).try_into().map_err(|_| out_of_range())?,
            days: (days / count).try_into().map_err(|_| out_of_range())?,
            nanoseconds: (micros / count * 1_000).try_into().map_err(|_| out_of_range())?,
        })))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let sums = self.sums.map(|sum| ScalarValue::Decimal128(Some(sum), 38, 0));
        Ok(sums.into_iter().chain([ScalarValue::Int64(Some(self.count))]).collect())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for (sum, state) in self.sums.iter_mut().zip(states) {
            *sum += state.as_primitive::<Decimal128Type>().iter().flatten().sum::<Nanos>();
        }
        let counts = states.last().map(|counts| counts.as_primitive::<Int64Type>());
        self.count += counts.into_iter().flatten().flatten().sum::<i64>();
        Ok(())
    }
}
