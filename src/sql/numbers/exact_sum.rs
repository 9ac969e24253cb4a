//! Sums of integers and decimals in 128 bits, and means of them.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, PrimitiveArray, UInt64Array,
};
use arrow::array::{ArrowPrimitiveType, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Int64Type, UInt64Type};
use arrow::error::ArrowError;
use datafusion::common::{HashSet, Result, ScalarValue, plan_err};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use std::sync::Arc;

/// What becomes of a sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Finish {
    /// A `BIGINT`, of integers that are narrower.
    Integer,
    /// A decimal of 38 digits.
    Decimal { scale: i8 },
    /// The mean as a double.
    Mean { scale: i8 },
}

/// The sum of a group so far.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    sum: i128,
    count: u64,
}

impl Total {
    fn add(&mut self, value: i128) -> bool {
        let (sum, overflows) = self.sum.overflowing_add(value);
        *self = Total { sum, count: self.count.wrapping_add(1) };
        overflows
    }
}

/// The type in which values are summed, and whether they can be.
pub(super) fn summed_type(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        DataType::Boolean | DataType::Int64 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(20, 0),
        DataType::Decimal128(..) => data_type.clone(),
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        other if other.is_integer() => DataType::Int64,
        _ => return None,
    })
}

fn overflow() -> ArrowError {
    ArrowError::ArithmeticOverflow("the sum has more than 38 digits: cast its argument to DOUBLE".into())
}

impl Finish {
    pub(super) fn data_type(self) -> DataType {
        match self {
            Finish::Integer => DataType::Int64,
            Finish::Decimal { scale } => DataType::Decimal128(38, scale),
            Finish::Mean { .. } => DataType::Float64,
        }
    }

    fn finished(self, totals: &[Total]) -> Result<ArrayRef> {
        let some = |total: &Total| (total.count > 0).then_some(*total);
        Ok(match self {
            Finish::Integer => {
                let sum = |total: Total| i64::try_from(total.sum).map_err(|_| overflow());
                let sums = totals.iter().map(|total| some(total).map(sum).transpose());
                Arc::new(sums.collect::<Result<Int64Array, _>>()?)
            }
            Finish::Decimal { scale } => {
                let sums: Decimal128Array = totals.iter().map(|total| some(total).map(|total| total.sum)).collect();
                let sums = sums.with_precision_and_scale(38, scale)?;
                sums.validate_decimal_precision(38).map_err(|_| overflow())?;
                Arc::new(sums)
            }
            Finish::Mean { scale } => {
                let unit = 10f64.powi(scale.into());
                #[expect(clippy::cast_precision_loss, reason = "a mean is a double")]
                let mean = |total: Total| total.sum as f64 / total.count as f64 / unit;
                Arc::new(totals.iter().map(|total| some(total).map(mean)).collect::<Float64Array>())
            }
        })
    }
}

/// Calls `add` with the row and value of each row of `values` that is not NULL and passes `filter`.
fn each(values: &ArrayRef, filter: Option<&BooleanArray>, add: impl FnMut(usize, i128)) -> Result<()> {
    let Some(data_type) = summed_type(values.data_type()) else {
        return plan_err!("sum takes numbers, not {}", values.data_type());
    };
    let values = cast(values, &data_type)?;
    match values.as_primitive_opt::<Int64Type>() {
        Some(values) => each_of(values, filter, add),
        None => each_of(values.as_primitive::<Decimal128Type>(), filter, add),
    }
    Ok(())
}

fn each_of<T: ArrowPrimitiveType<Native: Into<i128>>>(
    values: &PrimitiveArray<T>,
    filter: Option<&BooleanArray>,
    mut add: impl FnMut(usize, i128),
) {
    if values.null_count() == 0 && filter.is_none() {
        values.values().iter().enumerate().for_each(|(row, value)| add(row, (*value).into()));
        return;
    }
    let passes = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
    for (row, value) in values.iter().enumerate() {
        if let Some(value) = value.filter(|_| passes(row)) {
            add(row, value.into());
        }
    }
}

/// Sums by group.
#[derive(Debug)]
pub(super) struct GroupedSums {
    totals: Vec<Total>,
    finish: Finish,
}

impl GroupedSums {
    pub(super) fn new(finish: Finish) -> GroupedSums {
        GroupedSums { totals: Vec::new(), finish }
    }

    fn grow(&mut self, groups: usize) {
        self.totals.resize(groups.max(self.totals.len()), Total::default());
    }
}

impl GroupsAccumulator for GroupedSums {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let [values] = values else { return plan_err!("a sum has one argument") };
        let (totals, mut overflows) = (&mut self.totals, false);
        each(values, opt_filter, |row, value| {
            if let Some(total) = group_indices.get(row).and_then(|group| totals.get_mut(*group)) {
                overflows |= total.add(value);
            }
        })?;
        if overflows { Err(overflow().into()) } else { Ok(()) }
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.grow(total_num_groups);
        for (row, group) in group_indices.iter().enumerate() {
            if let Some(total) = self.totals.get_mut(*group) {
                total.merge(values, row)?;
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.finish.finished(&emit_to.take_needed(&mut self.totals))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(state(&emit_to.take_needed(&mut self.totals)))
    }

    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let [values] = values else { return plan_err!("a sum has one argument") };
        let mut totals = vec![Total::default(); values.len()];
        each(values, opt_filter, |row, value| {
            if let Some(total) = totals.get_mut(row) {
                total.add(value);
            }
        })?;
        Ok(state(&totals))
    }

    fn size(&self) -> usize {
        self.totals.capacity() * size_of::<Total>()
    }
}

/// Sums and counts, as they are handed from one step of an aggregation to the next.
fn state(totals: &[Total]) -> Vec<ArrayRef> {
    let sums = Decimal128Array::from_iter_values(totals.iter().map(|total| total.sum));
    let counts = UInt64Array::from_iter_values(totals.iter().map(|total| total.count));
    vec![Arc::new(sums), Arc::new(counts)]
}

/// The fields of [`state`].
pub(super) fn state_fields(name: &str, is_distinct: bool) -> Vec<FieldRef> {
    let sum = Decimal128Array::from_iter_values([]).data_type().clone();
    if is_distinct {
        return vec![Arc::new(Field::new_list(format!("{name}[distinct]"), Field::new_list_field(sum, true), false))];
    }
    vec![
        Arc::new(Field::new(format!("{name}[sum]"), sum, true)),
        Arc::new(Field::new(format!("{name}[count]"), DataType::UInt64, true)),
    ]
}

impl Total {
    fn merge(&mut self, state: &[ArrayRef], row: usize) -> Result<()> {
        let [sums, counts] = state else { return plan_err!("a sum's state has two columns") };
        let (sums, counts) = (sums.as_primitive::<Decimal128Type>(), counts.as_primitive::<UInt64Type>());
        let sum = self.sum.checked_add(sums.value(row)).ok_or_else(overflow)?;
        *self = Total { sum, count: self.count.wrapping_add(counts.value(row)) };
        Ok(())
    }
}

/// One sum; of distinct values where they are kept.
#[derive(Debug)]
pub(super) struct ExactSum {
    total: Total,
    seen: Option<HashSet<i128>>,
    finish: Finish,
}

impl ExactSum {
    pub(super) fn new(finish: Finish, is_distinct: bool) -> ExactSum {
        ExactSum { total: Total::default(), seen: is_distinct.then(HashSet::new), finish }
    }

    fn add(&mut self, values: &ArrayRef) -> Result<()> {
        let (total, seen, mut overflows) = (&mut self.total, &mut self.seen, false);
        each(values, None, |_, value| {
            if seen.as_mut().is_none_or(|seen| seen.insert(value)) {
                overflows |= total.add(value);
            }
        })?;
        if overflows { Err(overflow().into()) } else { Ok(()) }
    }
}

impl Accumulator for ExactSum {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values] = values else { return plan_err!("a sum has one argument") };
        self.add(values)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values] = values else { return plan_err!("a sum has one argument") };
        let total = &mut self.total;
        each(values, None, |_, value| {
            *total = Total { sum: total.sum.wrapping_sub(value), count: total.count.wrapping_sub(1) };
        })
    }

    fn supports_retract_batch(&self) -> bool {
        self.seen.is_none()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&self.finish.finished(&[self.total])?, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let arrays = match &self.seen {
            Some(seen) => {
                let values = Decimal128Array::from_iter_values(seen.iter().copied());
                let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
                let offsets = OffsetBuffer::from_lengths([values.len()]);
                vec![Arc::new(ListArray::new(field, offsets, Arc::new(values), None)) as ArrayRef]
            }
            None => state(&[self.total]),
        };
        arrays.iter().map(|array| ScalarValue::try_from_array(array, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        if self.seen.is_some() {
            return match states {
                // The rows of this state alone: its child has those of other groups too.
                [lists] => lists.as_list::<i32>().iter().flatten().try_for_each(|values| self.add(&values)),
                _ => plan_err!("the state of a sum of distinct values has one column"),
            };
        }
        let rows = states.first().map_or(0, |sums| sums.len());
        (0..rows).try_for_each(|row| self.total.merge(states, row))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.seen.as_ref().map_or(0, |seen| seen.capacity() * size_of::<i128>())
    }
}
