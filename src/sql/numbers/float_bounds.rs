//! The smallest and the largest float of each group, where NaN is above every number (apache/datafusion: its own take whatever comes
//! after a NaN, and begin with the largest finite number).

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use std::sync::Arc;

/// Bounds by group. Computed as doubles, which have every narrower float.
#[derive(Debug)]
pub(super) struct FloatBounds {
    bounds: Vec<Option<f64>>,
    data_type: DataType,
    is_max: bool,
}

impl FloatBounds {
    pub(super) fn new(data_type: &DataType, is_max: bool) -> FloatBounds {
        FloatBounds { bounds: Vec::new(), data_type: data_type.clone(), is_max }
    }

    fn is_better(is_max: bool, new: f64, old: f64) -> bool {
        match is_max {
            true => new > old || new.is_nan(),
            false => new < old || old.is_nan(),
        }
    }

    fn emitted(&self, bounds: Vec<Option<f64>>) -> Result<ArrayRef> {
        let array: ArrayRef = Arc::new(Float64Array::from(bounds));
        Ok(cast(&array, &self.data_type)?)
    }
}

impl GroupsAccumulator for FloatBounds {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.bounds.resize(total_num_groups.max(self.bounds.len()), None);
        let [values] = values else { return plan_err!("min and max have one argument") };
        let values = cast(values, &DataType::Float64)?;
        let passes = |row: usize| opt_filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        let rows = values.as_primitive::<Float64Type>().iter().zip(group_indices).enumerate();
        for (_, (value, group)) in rows.filter(|(row, _)| passes(*row)) {
            if let (Some(value), Some(bound)) = (value, self.bounds.get_mut(*group))
                && bound.is_none_or(|old| FloatBounds::is_better(self.is_max, value, old))
            {
                *bound = Some(value);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.update_batch(values, group_indices, None, total_num_groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let bounds = emit_to.take_needed(&mut self.bounds);
        self.emitted(bounds)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit_to)?])
    }

    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let [values] = values else { return plan_err!("min and max have one argument") };
        let doubles = cast(values, &DataType::Float64)?;
        let passes = |row: usize| opt_filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        let kept = doubles.as_primitive::<Float64Type>().iter().enumerate();
        Ok(vec![self.emitted(kept.map(|(row, value)| value.filter(|_| passes(row))).collect())?])
    }

    fn size(&self) -> usize {
        self.bounds.capacity() * size_of::<Option<f64>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(is_max: bool, values: &[Option<f64>]) -> Option<f64> {
        let mut bounds = FloatBounds::new(&DataType::Float64, is_max);
        let array: ArrayRef = Arc::new(Float64Array::from(values.to_vec()));
        bounds.update_batch(&[array], &vec![0; values.len()], None, 1).unwrap();
        let bound = bounds.evaluate(EmitTo::All).unwrap();
        bound.as_primitive::<Float64Type>().iter().next().flatten()
    }

    #[test]
    fn nan_is_above_every_number() {
        let values = [Some(1.0), Some(5.0), Some(f64::NAN), None, Some(2.0)];
        assert!(bounds(true, &values).unwrap().is_nan());
        assert_eq!(bounds(false, &values), Some(1.0));
        assert_eq!(bounds(false, &[Some(f64::NAN), Some(3.0)]), Some(3.0));
        assert!(bounds(false, &[Some(f64::NAN)]).unwrap().is_nan());
    }

    #[test]
    fn infinities_are_numbers() {
        assert_eq!(bounds(false, &[Some(f64::INFINITY)]), Some(f64::INFINITY));
        assert_eq!(bounds(true, &[Some(f64::NEG_INFINITY), None]), Some(f64::NEG_INFINITY));
        assert_eq!(bounds(true, &[None]), None);
    }
}
