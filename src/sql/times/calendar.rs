//! The proleptic Gregorian calendar in integers: days since 1970-01-01 and microseconds since its midnight. Pure.
//!
//! The arithmetic is Howard Hinnant's (<https://howardhinnant.github.io/date_algorithms.html>): it holds for every day that
//! microseconds in 64 bits can reach, which is beyond the years of most date libraries.

/// Microseconds of a second, a minute, an hour and a day.
pub(super) const SECOND: i64 = 1_000_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// A day by year, month and day. Year 0 is 1 BC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Civil {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
}

impl Civil {
    /// The day that is `days` after 1970-01-01.
    pub(super) fn of(days: i64) -> Civil {
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        Civil { year: year_of_era + era * 400 + i64::from(month <= 2), month, day }
    }

    /// The same, where the three are a day of the calendar.
    pub(super) fn checked(year: i64, month: i64, day: i64) -> Option<Civil> {
        let valid = (1..=12).contains(&month) && day >= 1 && day <= month_days(year, month) && year.abs() < 10_000_000;
        valid.then_some(Civil { year, month, day })
    }

    /// Days since 1970-01-01.
    pub(super) fn days(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month = (self.month + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + self.day - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }

    /// Months since the first one of year 0.
    pub(super) fn months(self) -> i64 {
        self.year * 12 + self.month - 1
    }

    /// The same day of another month, or its last one where it is shorter.
    pub(super) fn plus_months(self, months: i64) -> Civil {
        let month = self.months() + months;
        let first = Civil::first_of(month);
        Civil { day: self.day.min(month_days(first.year, first.month)), ..first }
    }

    /// The first day of a month, by its number since year 0.
    pub(super) fn first_of(month: i64) -> Civil {
        Civil { year: month.div_euclid(12), month: month.rem_euclid(12) + 1, day: 1 }
    }

    /// Whether it is the last day of its month.
    pub(super) fn is_last(self) -> bool {
        self.day == month_days(self.year, self.month)
    }
}

/// Whether a year has a 29 February.
pub(super) fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// How many days a month has.
pub(super) fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// From Monday, 1, to Sunday, 7.
pub(super) fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// From 1.
pub(super) fn day_of_year(days: i64) -> i64 {
    days - Civil { month: 1, day: 1, ..Civil::of(days) }.days() + 1
}

/// The year and the week of ISO 8601 that a day is in.
pub(super) fn iso_week(days: i64) -> (i64, i64) {
    // The week belongs to the year that has its Thursday.
    let thursday = days - weekday(days) + 4;
    (Civil::of(thursday).year, (day_of_year(thursday) - 1) / 7 + 1)
}

/// The Monday of the first week of a year of ISO 8601.
pub(super) fn iso_year_start(year: i64) -> i64 {
    let fourth = Civil { year, month: 1, day: 4 }.days();
    fourth - weekday(fourth) + 1
}

/// The day of a time, and the microseconds since its midnight.
pub(super) fn split(micros: i64) -> (i64, i64) {
    (micros.div_euclid(DAY), micros.rem_euclid(DAY))
}

/// The microsecond that is `rest` after the midnight of a day, where 64 bits hold it.
pub(super) fn join(days: i64, rest: i64) -> Option<i64> {
    i64::try_from(i128::from(days) * i128::from(DAY) + i128::from(rest)).ok()
}

/// A time, so many months, days and microseconds later.
pub(super) fn shifted(micros: i64, months: i64, days: i64, more: i64) -> Option<i64> {
    let (day, rest) = split(micros);
    let day = if months == 0 { day } else { Civil::of(day).plus_months(months).days() };
    join(day + days, rest)?.checked_add(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        for (year, month, day, days) in [
            (1970, 1, 1, 0),
            (2000, 2, 29, 11016),
            (1, 1, 1, -719_162),
            (9999, 12, 31, 2_932_896),
            (0, 2, 29, -719_469),
        ] {
            let civil = Civil { year, month, day };
            assert_eq!(civil.days(), days);
            assert_eq!(Civil::of(days), civil);
        }
        for days in (-110_000_000..110_000_000).step_by(99_991) {
            assert_eq!(Civil::of(days).days(), days);
        }
    }

    #[test]
    fn weeks_belong_to_the_year_of_their_thursday() {
        for (year, month, day, expected) in
            [(2024, 12, 30, (2025, 1)), (2000, 1, 1, (1999, 52)), (2021, 1, 3, (2020, 53)), (2024, 5, 17, (2024, 20))]
        {
            assert_eq!(iso_week(Civil { year, month, day }.days()), expected);
        }
        assert_eq!(Civil::of(iso_year_start(2025)), Civil { year: 2024, month: 12, day: 30 });
        assert_eq!(weekday(0), 4);
    }

    #[test]
    fn months_end_where_they_are_shorter() {
        let last = Civil { year: 2024, month: 1, day: 31 };
        assert_eq!(last.plus_months(1), Civil { year: 2024, month: 2, day: 29 });
        assert_eq!(last.plus_months(-11), Civil { year: 2023, month: 2, day: 28 });
        assert_eq!(join(i64::MAX / 1_000, 0), None);
    }
}
