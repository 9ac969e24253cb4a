//! The arguments of a call, as values for each row, and the values that it returns.

use super::calendar::DAY;
use super::text;
use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array, IntervalMonthDayNanoArray, StringArray,
    new_null_array,
};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Float64Type, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType,
    IntervalUnit, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use datafusion::common::{Result, exec_datafusion_err, exec_err};
use std::sync::Arc;

pub(super) const INTERVAL: DataType = DataType::Interval(IntervalUnit::MonthDayNano);

/// A call's arguments; one that is a constant has one value.
pub(super) struct Arguments<'a> {
    pub(super) name: &'static str,
    pub(super) values: Vec<(ArrayRef, bool)>,
    pub(super) rows: usize,
    pub(super) returns: &'a DataType,
}

/// The values of one argument.
pub(super) struct Values<A> {
    array: A,
    constant: bool,
}

impl<A: Array> Values<A> {
    pub(super) fn new(array: A, constant: bool) -> Values<A> {
        Values { array, constant }
    }

    fn place(&self, row: usize) -> Option<usize> {
        let place = if self.constant { 0 } else { row };
        (place < self.array.len() && self.array.is_valid(place)).then_some(place)
    }
}

impl Values<Int64Array> {
    pub(super) fn get(&self, row: usize) -> Option<i64> {
        self.place(row).map(|place| self.array.value(place))
    }
}

impl Values<Float64Array> {
    pub(super) fn get(&self, row: usize) -> Option<f64> {
        self.place(row).map(|place| self.array.value(place))
    }
}

impl Values<IntervalMonthDayNanoArray> {
    pub(super) fn get(&self, row: usize) -> Option<IntervalMonthDayNano> {
        self.place(row).map(|place| self.array.value(place))
    }
}

impl Values<StringArray> {
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        self.place(row).map(|place| self.array.value(place))
    }

    /// The one text, if it is a constant.
    pub(super) fn constant(&self) -> Option<&str> {
        if self.constant { self.get(0) } else { None }
    }
}

impl Arguments<'_> {
    fn argument(&self, argument: usize) -> Result<&(ArrayRef, bool)> {
        match self.values.get(argument) {
            Some(value) => Ok(value),
            None => exec_err!("{}: argument {} is missing", self.name, argument + 1),
        }
    }

    pub(super) fn data_type(&self, argument: usize) -> Result<&DataType> {
        Ok(self.argument(argument)?.0.data_type())
    }

    fn values<A>(&self, argument: usize, data_type: &DataType, take: fn(&ArrayRef) -> A) -> Result<Values<A>> {
        let (array, constant) = self.argument(argument)?;
        let options = CastOptions { safe: false, ..CastOptions::default() };
        Ok(Values { array: take(&cast_with_options(array, data_type, &options)?), constant: *constant })
    }

    pub(super) fn integers(&self, argument: usize) -> Result<Values<Int64Array>> {
        self.values(argument, &DataType::Int64, |array| array.as_primitive::<Int64Type>().clone())
    }

    pub(super) fn doubles(&self, argument: usize) -> Result<Values<Float64Array>> {
        self.values(argument, &DataType::Float64, |array| array.as_primitive::<Float64Type>().clone())
    }

    pub(super) fn texts(&self, argument: usize) -> Result<Values<StringArray>> {
        self.values(argument, &DataType::Utf8, |array| array.as_string::<i32>().clone())
    }

    pub(super) fn intervals(&self, argument: usize) -> Result<Values<IntervalMonthDayNanoArray>> {
        self.values(argument, &INTERVAL, |array| array.as_primitive::<IntervalMonthDayNanoType>().clone())
    }

    /// Microseconds: since the Unix epoch of dates, timestamps and texts, since midnight of times.
    pub(super) fn micros(&self, argument: usize) -> Result<Values<Int64Array>> {
        let (array, constant) = self.argument(argument)?;
        Ok(Values { array: micros(self.name, array)?, constant: *constant })
    }

    /// An integer for each row, as the type that the function returns.
    pub(super) fn each(&self, value: &mut dyn FnMut(usize) -> Result<Option<i64>>) -> Result<ArrayRef> {
        let values = (0..self.rows).map(value).collect::<Result<Int64Array>>()?;
        integers_as(values, self.returns)
    }

    pub(super) fn each_double(&self, value: &mut dyn FnMut(usize) -> Result<Option<f64>>) -> Result<ArrayRef> {
        Ok(Arc::new((0..self.rows).map(value).collect::<Result<Float64Array>>()?))
    }

    pub(super) fn each_interval(
        &self,
        value: &mut dyn FnMut(usize) -> Result<Option<IntervalMonthDayNano>>,
    ) -> Result<ArrayRef> {
        Ok(Arc::new((0..self.rows).map(value).collect::<Result<IntervalMonthDayNanoArray>>()?))
    }

    pub(super) fn each_text(&self, value: &mut dyn FnMut(usize) -> Result<Option<String>>) -> Result<ArrayRef> {
        Ok(Arc::new((0..self.rows).map(value).collect::<Result<StringArray>>()?))
    }

    /// `value`, or an error that names this function.
    pub(super) fn in_range<T>(&self, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| exec_datafusion_err!("{}: the result is out of the range of its type", self.name))
    }
}

/// Integers as a date, a time or a timestamp of their own unit.
pub(super) fn integers_as(values: Int64Array, data_type: &DataType) -> Result<ArrayRef> {
    Ok(match data_type {
        DataType::Date32 => {
            let days: Int32Array = values.try_unary(|value| {
                i32::try_from(value).map_err(|_| exec_datafusion_err!("a date is out of the range of dates"))
            })?;
            Arc::new(days.reinterpret_cast::<Date32Type>())
        }
        other => cast(&(Arc::new(values) as ArrayRef), other)?,
    })
}

fn micros(name: &str, array: &ArrayRef) -> Result<Int64Array> {
    let scaled = |array: Int64Array, factor: i64| {
        array.try_unary(|value| {
            value
                .checked_mul(factor)
                .ok_or_else(|| exec_datafusion_err!("{name}: a date or time is out of the range of timestamps"))
        })
    };
    Ok(match array.data_type() {
        DataType::Null => new_null_array(&DataType::Int64, array.len()).as_primitive::<Int64Type>().clone(),
        DataType::Date32 => scaled(array.as_primitive::<Date32Type>().unary(i64::from), DAY)?,
        DataType::Date64 => scaled(array.as_primitive::<Date64Type>().reinterpret_cast(), 1_000)?,
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            array.as_primitive::<TimestampMicrosecondType>().reinterpret_cast()
        }
        DataType::Timestamp(TimeUnit::Second, _) => {
            scaled(array.as_primitive::<TimestampSecondType>().reinterpret_cast(), 1_000_000)?
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            scaled(array.as_primitive::<TimestampMillisecondType>().reinterpret_cast(), 1_000)?
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            array.as_primitive::<TimestampNanosecondType>().unary(|value| value.div_euclid(1_000))
        }
        DataType::Time32(_) | DataType::Time64(_) => {
            let times = cast(array, &DataType::Time64(TimeUnit::Microsecond))?;
            cast(&times, &DataType::Int64)?.as_primitive::<Int64Type>().clone()
        }
        data_type if data_type.is_string() => {
            let texts = cast(array, &DataType::Utf8)?;
            let parsed = |text: Option<&str>| match text {
                None => Ok(None),
                Some(text) => match text::timestamp(text).and_then(|nanos| i64::try_from(nanos.div_euclid(1_000)).ok())
                {
                    Some(micros) => Ok(Some(micros)),
                    None => exec_err!("{name}: '{text}' is no date or timestamp"),
                },
            };
            texts.as_string::<i32>().iter().map(parsed).collect::<Result<Int64Array>>()?
        }
        other => return exec_err!("{name}: takes a date or a timestamp, not {}", super::sql_type(other)),
    })
}
