//! Statistics of doubles: products, means, and what is made of powers of distances from them.

use super::collected::{Collected, Group, types};
use arrow::array::AsArray;
use arrow::datatypes::{DataType, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::AggregateUDF;
use std::sync::Arc;

pub(crate) fn functions() -> Vec<Arc<AggregateUDF>> {
    let own = |name, aliases, columns, takes, result| Collected {
        name,
        aliases,
        usage: if columns == 1 { "one column of numbers" } else { "two columns of numbers" },
        columns,
        nulls: false,
        takes,
        gives: |_: &[FieldRef]| Ok(DataType::Float64),
        result,
    };
    let one = |name, aliases, result| own(name, aliases, 1, types::one_double, result);
    let two = |name, result| own(name, &[], 2, types::two_doubles, result);
    let all = [
        one("product", &[], |g| of(g, |x| (!x.is_empty()).then(|| x.iter().product()))),
        one("geometric_mean", &["geomean"], |g| {
            of(g, |x| (!x.is_empty()).then(|| (x.iter().map(|x| x.ln()).sum::<f64>() / x.len() as f64).exp()))
        }),
        one("sem", &[], |g| of(g, |x| (!x.is_empty()).then(|| (central(x, 2) / x.len() as f64).sqrt()))),
        one("skewness", &[], |g| of(g, skewness)),
        one("kurtosis", &[], |g| of(g, kurtosis)),
        one("kurtosis_pop", &[], |g| {
            of(g, |x| (x.len() > 1 && central(x, 2) > 0.0).then(|| central(x, 4) / central(x, 2).powi(2) - 3.0))
        }),
        two("corr", |g| {
            pairs(g, |y, x| (!x.is_empty()).then(|| covariance(x, y) / (central(x, 2).sqrt() * central(y, 2).sqrt())))
        }),
        two("regr_slope", |g| pairs(g, |y, x| (!x.is_empty()).then(|| covariance(x, y) / central(x, 2)))),
        two("regr_r2", |g| pairs(g, determination)),
    ];
    all.into_iter().map(Collected::function).collect()
}

fn of(group: &Group<'_>, statistic: fn(&[f64]) -> Option<f64>) -> Result<ScalarValue> {
    let column = group.column(0)?.as_primitive::<Float64Type>();
    Ok(ScalarValue::from(statistic(column.values())))
}

/// Moments of a dependent and an independent variable.
fn pairs(group: &Group<'_>, statistic: fn(&[f64], &[f64]) -> Option<f64>) -> Result<ScalarValue> {
    let (y, x) = (group.column(0)?.as_primitive::<Float64Type>(), group.column(1)?.as_primitive::<Float64Type>());
    Ok(ScalarValue::from(statistic(y.values(), x.values())))
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// The mean of a power of the distances from the mean.
fn central(x: &[f64], power: i32) -> f64 {
    let mean = mean(x);
    x.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / x.len() as f64
}

fn covariance(x: &[f64], y: &[f64]) -> f64 {
    let (mean_x, mean_y) = (mean(x), mean(y));
    x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / x.len() as f64
}

fn skewness(x: &[f64]) -> Option<f64> {
    let count = x.len() as f64;
    let spread = central(x, 2);
    (x.len() > 2 && spread > 0.0)
        .then(|| central(x, 3) / spread.powf(1.5) * (count * (count - 1.0)).sqrt() / (count - 2.0))
}

fn kurtosis(x: &[f64]) -> Option<f64> {
    let count = x.len() as f64;
    let spread = central(x, 2);
    (x.len() > 3 && spread > 0.0).then(|| {
        let excess = central(x, 4) / spread.powi(2) - 3.0;
        ((count + 1.0) * excess + 6.0) * (count - 1.0) / ((count - 2.0) * (count - 3.0))
    })
}

fn determination(y: &[f64], x: &[f64]) -> Option<f64> {
    match (central(x, 2), central(y, 2)) {
        (spread, _) if x.is_empty() || spread == 0.0 => None,
        (_, 0.0) => Some(1.0),
        (x_spread, y_spread) => Some(covariance(x, y).powi(2) / (x_spread * y_spread)),
    }
}
