//! Aggregates of numbers in the place of DataFusion's: `sum` and `avg` of integers and decimals are exact, `min` and `max` of floats
//! know NaN. What they do not compute they pass on to the functions that they replace.

use super::canonical_float::canonical_scalar;
use super::exact_sum::{ExactSum, Finish, GroupedSums, state_fields, summed_type};
use super::float_bounds::FloatBounds;
use crate::snapshot::canonical_floats;
use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::functions_aggregate::{average, min_max, sum};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, SetMonotonicity, Signature,
    StatisticsArgs, Volatility,
};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The functions of this module.
pub fn functions() -> Vec<Arc<AggregateUDF>> {
    use Computed::{Max, Mean, Min, Sum};
    let all =
        [(Sum, sum::sum_udaf()), (Mean, average::avg_udaf()), (Min, min_max::min_udaf()), (Max, min_max::max_udaf())];
    let function = |(computed, inner)| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(AggregateUDF::new_from_impl(NumberAggregate { computed, inner, signature }))
    };
    all.map(function).into()
}

/// Whether the function of this name adds its arguments up: the sign of a zero or a NaN among them shows only in the result.
pub(super) fn is_sum(name: &str) -> bool {
    name == "sum" || name == "avg"
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Computed {
    Sum,
    Mean,
    Min,
    Max,
}

/// A function, and the one of DataFusion for the types that it leaves to it.
#[derive(Debug)]
struct NumberAggregate {
    computed: Computed,
    inner: Arc<AggregateUDF>,
    signature: Signature,
}

impl PartialEq for NumberAggregate {
    fn eq(&self, other: &Self) -> bool {
        self.computed == other.computed
    }
}

impl Eq for NumberAggregate {}

impl Hash for NumberAggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.computed.hash(state);
    }
}

impl NumberAggregate {
    /// What becomes of the exact sum of arguments of this type; `None` where the function is DataFusion's.
    fn finish(&self, argument: &DataType) -> Option<Finish> {
        let scale = match summed_type(argument)? {
            DataType::Decimal128(_, scale) => scale,
            _ => 0,
        };
        let is_wide = matches!(argument, DataType::Int64 | DataType::UInt64) || argument.is_decimal();
        match self.computed {
            Computed::Sum if is_wide => Some(Finish::Decimal { scale }),
            Computed::Sum => Some(Finish::Integer),
            Computed::Mean => Some(Finish::Mean { scale }),
            Computed::Min | Computed::Max => None,
        }
    }

    fn finish_of(&self, args: &AccumulatorArgs<'_>) -> Option<Finish> {
        self.finish(args.expr_fields.first()?.data_type())
    }

    /// Whether it is the bounds of floats in each group.
    fn bounds_of(&self, args: &AccumulatorArgs<'_>) -> Option<FloatBounds> {
        let data_type = args.return_field.data_type();
        let is_bound = matches!(self.computed, Computed::Min | Computed::Max) && data_type.is_floating();
        is_bound.then(|| FloatBounds::new(data_type, self.computed == Computed::Max))
    }
}

impl AggregateUDFImpl for NumberAggregate {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let [argument] = arguments else { return plan_err!("{} takes one argument", self.name()) };
        if !is_sum(self.name()) {
            return self.inner.inner().coerce_types(arguments);
        }
        match argument {
            DataType::Dictionary(_, value) => self.coerce_types(&[value.as_ref().clone()]),
            DataType::Null => Ok(vec![DataType::Int64]),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Ok(vec![DataType::Float64]),
            DataType::Interval(_) | DataType::Duration(_) | DataType::Decimal256(..) => Ok(arguments.to_vec()),
            argument if summed_type(argument).is_some() => Ok(arguments.to_vec()),
            other => plan_err!("{} takes numbers, not {other}", self.name()),
        }
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments.first().and_then(|argument| self.finish(argument)) {
            Some(finish) => Ok(finish.data_type()),
            None => self.inner.return_type(arguments),
        }
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        match self.finish_of(&args) {
            Some(finish) => Ok(Box::new(ExactSum::new(finish, args.is_distinct))),
            None => Ok(Box::new(Canonical(self.inner.accumulator(args)?))),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        match args.input_fields.first().and_then(|field| self.finish(field.data_type())) {
            Some(_) => Ok(state_fields(args.name, args.is_distinct)),
            None => self.inner.state_fields(args),
        }
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        match self.finish_of(&args) {
            Some(_) => !args.is_distinct,
            None => self.inner.groups_accumulator_supported(args),
        }
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        if let Some(finish) = self.finish_of(&args) {
            return Ok(Box::new(GroupedSums::new(finish)));
        }
        match self.bounds_of(&args) {
            Some(bounds) => Ok(Box::new(bounds)),
            None => Ok(Box::new(Canonical(self.inner.create_groups_accumulator(args)?))),
        }
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        match self.finish_of(&args) {
            Some(finish) => Ok(Box::new(ExactSum::new(finish, args.is_distinct))),
            None => Ok(Box::new(Canonical(self.inner.create_sliding_accumulator(args)?))),
        }
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        self.inner.inner().reverse_expr()
    }

    fn is_descending(&self) -> Option<bool> {
        self.inner.is_descending()
    }

    fn value_from_stats(&self, statistics: &StatisticsArgs<'_>) -> Option<ScalarValue> {
        match self.computed {
            Computed::Min | Computed::Max => self.inner.inner().value_from_stats(statistics),
            Computed::Sum | Computed::Mean => None,
        }
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.inner.inner().set_monotonicity(data_type)
    }
}

/// An accumulator whose floats come out canonical.
struct Canonical<T>(T);

impl std::fmt::Debug for Canonical<Box<dyn Accumulator>> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Accumulator for Canonical<Box<dyn Accumulator>> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.update_batch(values)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.retract_batch(values)
    }

    fn supports_retract_batch(&self) -> bool {
        self.0.supports_retract_batch()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let value = self.0.evaluate()?;
        Ok(canonical_scalar(&value).unwrap_or(value))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.merge_batch(states)
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

impl GroupsAccumulator for Canonical<Box<dyn GroupsAccumulator>> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.0.update_batch(values, group_indices, opt_filter, total_num_groups)
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.0.merge_batch(values, group_indices, total_num_groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.0.evaluate(emit_to).map(|values| canonical_floats(&values))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.0.state(emit_to)
    }

    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        self.0.convert_to_state(values, opt_filter)
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}
