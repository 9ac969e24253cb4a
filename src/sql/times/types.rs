//! Types by their names in SQL: timestamps and times are of microseconds, unless their name says otherwise.

use arrow::datatypes::{DataType, FieldRef, TimeUnit};
use datafusion::common::Result;
use datafusion::common::datatype::DataTypeExt;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::{DataType as SqlType, TimezoneInfo};

/// What SQL's names of times mean. DataFusion takes them for nanoseconds, which end in 2262.
#[derive(Debug)]
pub struct Types;

impl TypePlanner for Types {
    fn plan_type_field(&self, sql_type: &SqlType) -> Result<Option<FieldRef>> {
        let data_type = match sql_type {
            SqlType::Timestamp(digits, zone) => {
                let zoned = matches!(zone, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone);
                unit(*digits).map(|unit| DataType::Timestamp(unit, zoned.then(|| "UTC".into())))
            }
            SqlType::Datetime(digits) | SqlType::TimestampNtz(digits) => {
                unit(*digits).map(|unit| DataType::Timestamp(unit, None))
            }
            SqlType::Time(digits, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => match unit(*digits) {
                Some(TimeUnit::Nanosecond) => Some(DataType::Time64(TimeUnit::Nanosecond)),
                Some(_) => Some(DataType::Time64(TimeUnit::Microsecond)),
                None => None,
            },
            _ => None,
        };
        Ok(data_type.map(DataType::into_nullable_field_ref))
    }
}

/// The unit of a fraction of so many digits.
fn unit(digits: Option<u64>) -> Option<TimeUnit> {
    Some(match digits {
        Some(0) => TimeUnit::Second,
        Some(1..=3) => TimeUnit::Millisecond,
        None | Some(4..=6) => TimeUnit::Microsecond,
        Some(7..=9) => TimeUnit::Nanosecond,
        Some(_) => return None,
    })
}
