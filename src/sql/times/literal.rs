//! Dates and times as literals, in nanoseconds: every type's value is a whole number of them, and 128 bits hold all.

use super::text::Nanos;
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;

/// Nanoseconds of a second.
const SECOND: Nanos = 1_000_000_000;

/// Nanoseconds of one unit of a date's, a time's or a timestamp's type.
pub(super) fn unit(data_type: &DataType) -> Option<Nanos> {
    Some(match data_type {
        DataType::Date32 => 86_400 * SECOND,
        DataType::Timestamp(unit, _) | DataType::Time32(unit) | DataType::Time64(unit) => match unit {
            TimeUnit::Second => SECOND,
            TimeUnit::Millisecond => 1_000_000,
            TimeUnit::Microsecond => 1_000,
            TimeUnit::Nanosecond => 1,
        },
        DataType::Date64 => 1_000_000,
        _ => return None,
    })
}

/// The literal of so many units of a type; `None` where it does not hold them.
pub(super) fn of_units(units: Nanos, data_type: &DataType) -> Option<ScalarValue> {
    let long = i64::try_from(units).ok();
    let int = i32::try_from(units).ok();
    Some(match data_type {
        DataType::Date32 => ScalarValue::Date32(Some(int?)),
        DataType::Date64 => ScalarValue::Date64(Some(long?)),
        DataType::Time32(TimeUnit::Second) => ScalarValue::Time32Second(Some(int?)),
        DataType::Time32(_) => ScalarValue::Time32Millisecond(Some(int?)),
        DataType::Time64(TimeUnit::Microsecond) => ScalarValue::Time64Microsecond(Some(long?)),
        DataType::Time64(_) => ScalarValue::Time64Nanosecond(Some(long?)),
        DataType::Timestamp(TimeUnit::Second, zone) => ScalarValue::TimestampSecond(Some(long?), zone.clone()),
        DataType::Timestamp(TimeUnit::Millisecond, zone) => {
            ScalarValue::TimestampMillisecond(Some(long?), zone.clone())
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            ScalarValue::TimestampMicrosecond(Some(long?), zone.clone())
        }
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => ScalarValue::TimestampNanosecond(Some(long?), zone.clone()),
        _ => return None,
    })
}

/// The literal of a day.
pub(super) fn of_days(days: i64, data_type: &DataType) -> Option<ScalarValue> {
    of_units(Nanos::from(days) * 86_400 * SECOND / unit(data_type)?, data_type)
}

/// A literal's nanoseconds: since the Unix epoch, or since midnight.
pub(super) fn nanos(value: &ScalarValue) -> Option<Nanos> {
    let units = match value {
        ScalarValue::Date32(Some(value))
        | ScalarValue::Time32Second(Some(value))
        | ScalarValue::Time32Millisecond(Some(value)) => Nanos::from(*value),
        ScalarValue::Date64(Some(value))
        | ScalarValue::Time64Microsecond(Some(value))
        | ScalarValue::Time64Nanosecond(Some(value))
        | ScalarValue::TimestampSecond(Some(value), _)
        | ScalarValue::TimestampMillisecond(Some(value), _)
        | ScalarValue::TimestampMicrosecond(Some(value), _)
        | ScalarValue::TimestampNanosecond(Some(value), _) => Nanos::from(*value),
        _ => return None,
    };
    Some(units * unit(&value.data_type())?)
}

/// The greatest value of a type that is not above a time, and whether it is that time. Beyond a type's range it is the
/// type's last value.
pub(super) fn floor(nanos: Nanos, data_type: &DataType) -> Option<(ScalarValue, bool)> {
    let unit = unit(data_type)?;
    let units = nanos.div_euclid(unit);
    if let Some(value) = of_units(units, data_type) {
        return Some((value, nanos.rem_euclid(unit) == 0));
    }
    let ends = match data_type {
        DataType::Date32 | DataType::Time32(_) => (Nanos::from(i32::MIN), Nanos::from(i32::MAX)),
        _ => (Nanos::from(i64::MIN), Nanos::from(i64::MAX)),
    };
    Some((of_units(if units < 0 { ends.0 } else { ends.1 }, data_type)?, false))
}

/// The greatest value of a type that is below a time.
pub(super) fn below(nanos: Nanos, data_type: &DataType) -> Option<ScalarValue> {
    Some(floor(nanos - 1, data_type)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_another_unit() {
        let ns = DataType::Timestamp(TimeUnit::Nanosecond, None);
        let us = DataType::Timestamp(TimeUnit::Microsecond, None);
        let far = ScalarValue::TimestampMicrosecond(Some(253_402_214_400_000_000), None);
        let far = nanos(&far).unwrap();
        assert_eq!(floor(far, &ns), Some((ScalarValue::TimestampNanosecond(Some(i64::MAX), None), false)));
        assert_eq!(floor(far, &DataType::Date32), Some((ScalarValue::Date32(Some(2_932_896)), true)));
        assert_eq!(floor(-1, &us), Some((ScalarValue::TimestampMicrosecond(Some(-1), None), false)));
        assert_eq!(below(0, &DataType::Date32), Some(ScalarValue::Date32(Some(-1))));
    }
}
