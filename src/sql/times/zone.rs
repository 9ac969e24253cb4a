//! Time zones: offsets of instants, and instants of local times.

use super::calendar::{Civil, DAY, SECOND, is_leap, split, weekday};
use arrow::array::timezone::Tz;
use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone};
use datafusion::common::{Result, exec_err};

/// A time zone by its name in the IANA data base, or an offset (`+02:00`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Zone(Tz);

/// The last year whose transitions are in the table.
const LAST_YEAR: i64 = 2099;

impl Zone {
    pub(super) fn named(name: &str) -> Result<Zone> {
        let trimmed = name.trim();
        let known = match trimmed {
            "Z" | "z" | "UTC" | "utc" | "GMT" => "+00:00",
            other => other,
        };
        match known.parse() {
            Ok(zone) => Ok(Zone(zone)),
            Err(_) => exec_err!("there is no time zone '{name}': write a name like 'Europe/Paris', or 'UTC'"),
        }
    }

    /// The local time of an instant, as microseconds since a local 1970-01-01.
    pub(super) fn local(&self, instant: i64) -> Option<i64> {
        let (near, shift) = near(instant)?;
        let offset = i64::from(self.0.offset_from_utc_datetime(&naive(near)?).fix().local_minus_utc());
        near.checked_add(offset * SECOND)?.checked_add(shift)
    }

    /// The instant of a local time. A time that the clocks skip is as long after the jump; of one that they show twice, the
    /// later.
    pub(super) fn instant(&self, local: i64) -> Option<i64> {
        let (near, shift) = near(local)?;
        let naive = naive(near)?;
        let found = match self.0.offset_from_local_datetime(&naive) {
            chrono::LocalResult::Single(offset) => offset,
            chrono::LocalResult::Ambiguous(_, later) => later,
            // The offset before the jump.
            chrono::LocalResult::None => {
                self.0.offset_from_utc_datetime(&naive.checked_sub_signed(TimeDelta::days(1))?)
            }
        };
        near.checked_sub(i64::from(found.fix().local_minus_utc()) * SECOND)?.checked_add(shift)
    }
}

fn naive(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|time| time.naive_utc())
}

/// A time in a year that the table of transitions has, whose days fall on the same weekdays, and the microseconds between.
fn near(micros: i64) -> Option<(i64, i64)> {
    let (days, _) = split(micros);
    let civil = Civil::of(days);
    if civil.year <= LAST_YEAR - 28 {
        // Before the first transition all years are alike.
        let first = Civil { year: 1700, month: 1, day: 1 }.days() * DAY;
        return Some(if micros < first { (first, micros - first) } else { (micros, 0) });
    }
    let new_year = |year: i64| Civil { year, month: 1, day: 1 }.days();
    let alike =
        |year: &i64| is_leap(*year) == is_leap(civil.year) && weekday(new_year(*year)) == weekday(new_year(civil.year));
    let year = (LAST_YEAR - 55..=LAST_YEAR - 28).find(alike)?;
    let shift = (new_year(civil.year) - new_year(year)).checked_mul(DAY)?;
    Some((micros - shift, shift))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::times::text;

    fn micros(text: &str) -> i64 {
        i64::try_from(text::timestamp(text).unwrap() / 1_000).unwrap()
    }

    #[test]
    fn local_times_and_instants() {
        let paris = Zone::named("Europe/Paris").unwrap();
        for (local, instant) in [
            ("2024-03-31 02:30:00", "2024-03-31 01:30:00"), // skipped
            ("2024-10-27 02:30:00", "2024-10-27 01:30:00"), // twice
            ("2024-07-01 00:00:00", "2024-06-30 22:00:00"),
            ("2090-07-01 00:00:00", "2090-06-30 22:00:00"),
            ("9999-07-31 02:30:00", "9999-07-31 00:30:00"),
            ("9999-12-31 00:00:00", "9999-12-30 23:00:00"),
            ("1900-01-01 00:00:00", "1899-12-31 23:50:39"),
            ("0001-01-01 00:00:00", "0000-12-31 23:50:39"),
        ] {
            assert_eq!(paris.instant(micros(local)), Some(micros(instant)), "{local}");
        }
        assert_eq!(paris.local(micros("9999-07-31 00:30:00")), Some(micros("9999-07-31 02:30:00")));
        assert_eq!(paris.local(micros("0000-12-31 23:50:39")), Some(micros("0001-01-01 00:00:00")));
        assert!(Zone::named("Foo/Bar").is_err());
    }
}
