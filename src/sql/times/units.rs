//! Parts of dates and times by their names.

use super::calendar::{Civil, DAY, HOUR, MINUTE, SECOND, day_of_year, iso_week, iso_year_start, split, weekday};
use datafusion::common::{Result, plan_err};

/// A part of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Millennium,
    Century,
    Decade,
    Year,
    IsoYear,
    Quarter,
    Month,
    Week,
    YearWeek,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    Julian,
    Hour,
    Minute,
    Second,
    Epoch,
    Millisecond,
    Microsecond,
    Nanosecond,
    Era,
    Timezone,
}

/// Names in DuckDB, and a few of Spark's and PostgreSQL's.
const NAMES: &[(Unit, &str)] = &[
    (Unit::Millennium, "millennium millennia millenium mil millenniums"),
    (Unit::Century, "century centuries cent c"),
    (Unit::Decade, "decade decades dec decs"),
    (Unit::Year, "year years yr yrs y yyyy yy"),
    (Unit::IsoYear, "isoyear"),
    (Unit::Quarter, "quarter quarters qtr"),
    (Unit::Month, "month months mon mons mm"),
    (Unit::Week, "week weeks weekofyear w"),
    (Unit::YearWeek, "yearweek"),
    (Unit::Day, "day days d dayofmonth dd"),
    (Unit::DayOfWeek, "dow dayofweek weekday"),
    (Unit::IsoDayOfWeek, "isodow"),
    (Unit::DayOfYear, "doy dayofyear"),
    (Unit::Julian, "julian jd"),
    (Unit::Hour, "hour hours hr hrs h"),
    (Unit::Minute, "minute minutes min mins m"),
    (Unit::Second, "second seconds sec secs s"),
    (Unit::Epoch, "epoch"),
    (Unit::Millisecond, "millisecond milliseconds ms msec msecs"),
    (Unit::Microsecond, "microsecond microseconds us usec usecs"),
    (Unit::Nanosecond, "nanosecond nanoseconds ns nsec nsecs"),
    (Unit::Era, "era"),
    (Unit::Timezone, "timezone timezone_hour timezone_minute"),
];

/// Whether a word is the name of a unit.
pub fn is_unit(word: &str) -> bool {
    find(word).is_some()
}

fn find(word: &str) -> Option<Unit> {
    let word = word.to_lowercase();
    NAMES.iter().find(|(_, names)| names.split(' ').any(|name| name == word)).map(|(unit, _)| *unit)
}

impl Unit {
    /// The unit called `name` in a call of `function`.
    pub(super) fn named(function: &str, name: &str) -> Result<Unit> {
        match find(name.trim().trim_matches('\'')) {
            Some(unit) => Ok(unit),
            None => plan_err!(
                "{function}: there is no unit '{name}'; one of year, quarter, month, week, day, hour, minute, second, \
                 millisecond, microsecond, decade, century, millennium"
            ),
        }
    }

    /// Its microseconds, where every one of it is as long.
    pub(super) fn length(self) -> Option<i64> {
        Some(match self {
            Unit::Week | Unit::YearWeek => 7 * DAY,
            Unit::Day | Unit::DayOfWeek | Unit::IsoDayOfWeek | Unit::DayOfYear | Unit::Julian => DAY,
            Unit::Hour => HOUR,
            Unit::Minute => MINUTE,
            Unit::Second | Unit::Epoch => SECOND,
            Unit::Millisecond => 1_000,
            Unit::Microsecond | Unit::Nanosecond => 1,
            _ => return None,
        })
    }

    /// Its months, where it has a number of them.
    pub(super) fn months(self) -> Option<i64> {
        Some(match self {
            Unit::Month => 1,
            Unit::Quarter => 3,
            Unit::Year | Unit::IsoYear => 12,
            Unit::Decade => 120,
            Unit::Century => 1_200,
            Unit::Millennium => 12_000,
            _ => return None,
        })
    }

    /// Whether a date has none of it: it is shorter than a day.
    pub(super) fn is_of_time(self) -> bool {
        self.length().is_some_and(|length| length < DAY)
    }

    /// Its value in a time; of `Epoch` and `Julian`, which are no integers, the part that is one.
    pub(super) fn of(self, micros: i64) -> i64 {
        let (days, rest) = split(micros);
        let civil = || Civil::of(days);
        match self {
            Unit::Millennium => group(civil().year, 1_000),
            Unit::Century => group(civil().year, 100),
            Unit::Decade => civil().year / 10,
            Unit::Year => civil().year,
            Unit::IsoYear => iso_week(days).0,
            Unit::Quarter => (civil().month - 1) / 3 + 1,
            Unit::Month => civil().month,
            Unit::Week => iso_week(days).1,
            Unit::YearWeek => {
                let (year, week) = iso_week(days);
                year * 100 + if year > 0 { week } else { -week }
            }
            Unit::Day => civil().day,
            Unit::DayOfWeek => weekday(days) % 7,
            Unit::IsoDayOfWeek => weekday(days),
            Unit::DayOfYear => day_of_year(days),
            Unit::Julian => days + 2_440_588,
            Unit::Epoch => micros.div_euclid(SECOND),
            Unit::Era => i64::from(civil().year > 0),
            Unit::Timezone => 0,
            of_time => of_time.of_day(rest),
        }
    }

    /// The value of a part that is shorter than a day, in microseconds of any number.
    pub(super) fn of_day(self, micros: i64) -> i64 {
        match self {
            Unit::Hour => micros / HOUR,
            Unit::Minute => micros % HOUR / MINUTE,
            Unit::Second => micros % MINUTE / SECOND,
            Unit::Millisecond => micros % MINUTE / 1_000,
            Unit::Microsecond => micros % MINUTE,
            Unit::Nanosecond => micros % MINUTE * 1_000,
            _ => 0,
        }
    }

    /// The number of the one that a time is in: those of two times differ by the boundaries between them.
    pub(super) fn number(self, micros: i64) -> Result<i64> {
        let civil = || Civil::of(split(micros).0);
        Ok(match self {
            Unit::Millennium => civil().year / 1_000,
            Unit::Century => civil().year / 100,
            Unit::Decade => civil().year / 10,
            Unit::Year => civil().year,
            Unit::IsoYear => iso_week(split(micros).0).0,
            Unit::Quarter => civil().months().div_euclid(3),
            Unit::Month => civil().months(),
            Unit::Week | Unit::YearWeek => (split(micros).0 + 3).div_euclid(7),
            Unit::Nanosecond => return plan_err!("nanoseconds are too many to count: count microseconds"),
            Unit::Era | Unit::Timezone => return plan_err!("era and timezone are no units to count"),
            other => micros.div_euclid(other.length().unwrap_or(DAY)),
        })
    }

    /// The first microsecond of the one that a time is in.
    pub(super) fn start(self, micros: i64) -> Result<i64> {
        let (days, rest) = split(micros);
        let year = |year: i64| Civil { year, month: 1, day: 1 }.days();
        let day = match self {
            Unit::Millennium => year(Civil::of(days).year / 1_000 * 1_000),
            Unit::Century => year(Civil::of(days).year / 100 * 100),
            Unit::Decade => year(Civil::of(days).year / 10 * 10),
            Unit::Year => year(Civil::of(days).year),
            Unit::IsoYear => iso_year_start(iso_week(days).0),
            Unit::Quarter => Civil::first_of(Civil::of(days).months().div_euclid(3) * 3).days(),
            Unit::Month => Civil { day: 1, ..Civil::of(days) }.days(),
            Unit::Week | Unit::YearWeek => days - weekday(days) + 1,
            Unit::Era | Unit::Timezone => return plan_err!("date_trunc: era and timezone have no start"),
            Unit::Day | Unit::DayOfWeek | Unit::IsoDayOfWeek | Unit::DayOfYear | Unit::Julian => days,
            of_time => {
                let length = of_time.length().unwrap_or(1);
                return Ok(micros - rest % length);
            }
        };
        Ok(day.saturating_mul(DAY))
    }
}

/// Centuries and millennia count from 1, and from -1 backwards.
fn group(year: i64, length: i64) -> i64 {
    if year > 0 { (year - 1) / length + 1 } else { year / length - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once() {
        let mut names: Vec<&str> = NAMES.iter().flat_map(|(_, names)| names.split(' ')).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(Unit::named("date_part", "Years").is_ok() && Unit::named("date_part", "fortnight").is_err());
    }
}
