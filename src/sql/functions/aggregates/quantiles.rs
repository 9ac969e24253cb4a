//! Quantiles: `quantile_cont` between values, `quantile_disc` one of them, `mad`. A fraction below 0, or a third argument
//! 'DESC', counts from the largest; a list of fractions gives a list.

use super::collected::{Collected, Group, list, types};
use arrow::array::UInt32Array;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{SortOptions, cast, concat, take};
use arrow::datatypes::{DataType, FieldRef, Float64Type, TimeUnit};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::AggregateUDF;
use std::sync::Arc;

pub(crate) fn functions() -> Vec<Arc<AggregateUDF>> {
    const USAGE: &str = "a column, and a fraction from 0 to 1 or a list of them";
    let own = |name, aliases, takes, gives, result| Collected {
        name,
        aliases,
        usage: USAGE,
        columns: 1,
        nulls: false,
        takes,
        gives,
        result,
    };
    let all = [
        own("quantile_cont", &["percentile"], between_takes, one_or_several, |g| quantiles(g, between)),
        own("quantile_disc", &["quantile"], at_takes, one_or_several, |g| quantiles(g, at)),
        own("mad", &[], types::one_double, types::double, mad),
    ];
    all.into_iter().map(Collected::function).collect()
}

fn fractions(rest: &[DataType]) -> Option<Vec<DataType>> {
    let one = |data_type: &DataType| match data_type {
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            DataType::new_list(DataType::Float64, true)
        }
        _ => DataType::Float64,
    };
    match rest {
        [fraction] => Some(vec![one(fraction)]),
        [fraction, order] if order.is_string() => Some(vec![one(fraction), DataType::Utf8]),
        _ => None,
    }
}

fn at_takes(types: &[DataType]) -> Option<Vec<DataType>> {
    let (column, rest) = types.split_first()?;
    Some([vec![column.clone()], fractions(rest)?].concat())
}

fn between_takes(types: &[DataType]) -> Option<Vec<DataType>> {
    let (column, rest) = types.split_first()?;
    let column = match column {
        DataType::Date32 | DataType::Date64 => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(..) | DataType::Decimal128(..) | DataType::Float32 => column.clone(),
        number if number.is_numeric() || number.is_null() => DataType::Float64,
        _ => return None,
    };
    Some([vec![column], fractions(rest)?].concat())
}

fn one_or_several(fields: &[FieldRef]) -> Result<DataType> {
    let one = types::first(fields)?;
    let several = fields.get(1).is_some_and(|fraction| matches!(fraction.data_type(), DataType::List(_)));
    Ok(if several { DataType::new_list(one, true) } else { one })
}

/// A quantile of sorted values.
type Quantile = fn(&ArrayRef, f64) -> Result<ArrayRef>;

fn quantiles(group: &Group<'_>, quantile: Quantile) -> Result<ScalarValue> {
    let column = group.column(0)?;
    let asked = match group.constants.first() {
        Some(ScalarValue::Float64(Some(fraction))) => vec![Some(*fraction)],
        Some(ScalarValue::List(fractions)) if fractions.is_valid(0) => {
            fractions.value(0).as_primitive::<Float64Type>().iter().collect()
        }
        _ => return exec_err!("a quantile's fraction has to be a number that is not null"),
    };
    if column.is_empty() {
        return group.null();
    }
    let backwards = group.constants.get(1).is_some();
    let mut found = Vec::with_capacity(asked.len());
    for fraction in asked {
        let Some(fraction) = fraction.filter(|fraction| (-1.0..=1.0).contains(fraction)) else {
            return exec_err!("a quantile's fraction has to be from 0 to 1");
        };
        let sorted = sorted(column, backwards != (fraction < 0.0))?;
        found.push(quantile(&sorted, fraction.abs())?);
    }
    let parts: Vec<&dyn Array> = found.iter().map(|part| part.as_ref()).collect();
    if parts.is_empty() {
        return Ok(list(column.slice(0, 0)));
    }
    let values = concat(&parts)?;
    match group.data_type {
        DataType::List(_) if values.data_type() != group.data_type => Ok(list(values)),
        _ => ScalarValue::try_from_array(&values, 0),
    }
}

fn sorted(column: &ArrayRef, descending: bool) -> Result<ArrayRef> {
    let options = SortOptions { descending, nulls_first: false };
    let rows = RowConverter::new(vec![SortField::new_with_options(column.data_type().clone(), options)])?;
    let rows = rows.convert_columns(std::slice::from_ref(column))?;
    let mut places: Vec<u32> = (0..u32::try_from(column.len()).unwrap_or(u32::MAX)).collect();
    places.sort_by(|a, b| rows.row(*a as usize).cmp(&rows.row(*b as usize)));
    Ok(take(column, &UInt32Array::from(places), None)?)
}

#[expect(clippy::cast_possible_truncation, reason = "a place in an array")]
fn at(sorted: &ArrayRef, fraction: f64) -> Result<ArrayRef> {
    let count = sorted.len() as f64;
    let place = (count - (count - fraction * count).floor()).max(1.0) as usize - 1;
    Ok(sorted.slice(place.min(sorted.len() - 1), 1))
}

/// A share of the way from the value below to that above; whole numbers are cut off.
#[expect(clippy::cast_possible_truncation, reason = "a place in an array, and a value between two others")]
fn between(sorted: &ArrayRef, fraction: f64) -> Result<ArrayRef> {
    let place = (sorted.len() - 1) as f64 * fraction;
    let (below, above) = (sorted.slice(place.floor() as usize, 1), sorted.slice(place.ceil() as usize, 1));
    let share = place - place.floor();
    if share == 0.0 || below.to_data() == above.to_data() {
        return Ok(below);
    }
    let data_type = sorted.data_type();
    match data_type {
        DataType::Float32 | DataType::Float64 => {
            let number = |part: &ArrayRef| {
                cast(part, &DataType::Float64).map(|part| part.as_primitive::<Float64Type>().value(0))
            };
            let (low, high) = (number(&below)?, number(&above)?);
            let middle = if low == high { low } else { low + (high - low) * share };
            ScalarValue::from(middle).cast_to(data_type)?.to_array()
        }
        _ => {
            let number = |part: &ArrayRef| {
                ScalarValue::try_from_array(part, 0).map(|value| match value {
                    ScalarValue::Decimal128(Some(value), ..) => value,
                    ScalarValue::TimestampSecond(Some(value), _)
                    | ScalarValue::TimestampMillisecond(Some(value), _)
                    | ScalarValue::TimestampMicrosecond(Some(value), _)
                    | ScalarValue::TimestampNanosecond(Some(value), _) => i128::from(value),
                    _ => 0,
                })
            };
            let (low, high) = (number(&below)?, number(&above)?);
            let middle = low + ((high - low) as f64 * share) as i128;
            match data_type {
                DataType::Decimal128(precision, scale) => {
                    ScalarValue::Decimal128(Some(middle), *precision, *scale).to_array()
                }
                _ => ScalarValue::Int64(i64::try_from(middle).ok()).cast_to(data_type)?.to_array(),
            }
        }
    }
}

/// The median of the distances from the median.
fn mad(group: &Group<'_>) -> Result<ScalarValue> {
    let column = group.column(0)?;
    if column.is_empty() {
        return group.null();
    }
    let middle = |values: &ArrayRef| between(&sorted(values, false)?, 0.5);
    let median = middle(column)?.as_primitive::<Float64Type>().value(0);
    let distances = column.as_primitive::<Float64Type>().unary::<_, Float64Type>(|value| (value - median).abs());
    ScalarValue::try_from_array(&middle(&(Arc::new(distances) as ArrayRef))?, 0)
}
