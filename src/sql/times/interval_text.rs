//! Intervals as text: `1 year 2 months`, `1.5 days`, `-01:30:00`, `2 hours ago`. Pure.

use super::calendar::{DAY, HOUR, MINUTE, SECOND};
use super::units::Unit;

/// Nanoseconds of a day.
const DAY_NANOS: i128 = DAY as i128 * 1_000;

/// Months, days and nanoseconds.
pub(super) type Parts = (i32, i32, i64);

/// The interval that a text stands for.
pub(super) fn parse(text: &str) -> Option<Parts> {
    let mut rest = text.trim();
    rest = rest.strip_prefix('@').unwrap_or(rest).trim_start();
    let mut sum = Sum::default();
    let mut count = 0;
    while !rest.is_empty() {
        let number;
        (number, rest) = Number::read(rest)?;
        rest = match rest.strip_prefix(':') {
            Some(after) if number.fraction.0 == 0 => sum.clock(&number, after)?,
            _ => {
                let start = rest.trim_start();
                let end = start.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(start.len());
                let (word, after) = start.split_at_checked(end)?;
                match word {
                    // A number alone is one of seconds.
                    "" if count == 0 && after.is_empty() => sum.add(&number, Unit::Second)?,
                    word => sum.add(&number, Unit::named("", word).ok()?)?,
                }
                after
            }
        }
        .trim_start();
        count += 1;
        if rest.eq_ignore_ascii_case("ago") {
            sum = Sum { months: -sum.months, days: -sum.days, nanos: -sum.nanos };
            break;
        }
    }
    let parts = (sum.months.try_into().ok()?, sum.days.try_into().ok()?, sum.nanos.try_into().ok()?);
    (count > 0).then_some(parts)
}

/// The text of an interval that DataFusion's planner reads as the same. `None` where it is no interval.
pub fn plain_interval(text: &str) -> Option<String> {
    let (months, days, nanos) = parse(text)?;
    Some(format!("{months} months {days} days {nanos} nanoseconds"))
}

/// A number with a sign of its own: the sign, its whole part and its fraction.
struct Number {
    sign: i128,
    whole: i128,
    /// Numerator and denominator.
    fraction: (i128, i128),
}

impl Number {
    fn read(text: &str) -> Option<(Number, &str)> {
        let (sign, text) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, mut rest) = digits(text)?;
        let mut fraction = (0, 1);
        if let Some(after) = rest.strip_prefix('.') {
            let (digits, after) = digits(after)?;
            let twelve = digits.get(..12).unwrap_or(digits);
            fraction = (twelve.parse().unwrap_or(0), 10_i128.pow(twelve.len().try_into().ok()?));
            rest = after;
        }
        if whole.is_empty() && fraction.1 == 1 {
            return None;
        }
        let whole = if whole.is_empty() { 0 } else { whole.parse::<i64>().ok()?.into() };
        Some((Number { sign, whole, fraction }, rest))
    }
}

fn digits(text: &str) -> Option<(&str, &str)> {
    text.split_at_checked(text.bytes().take_while(u8::is_ascii_digit).count())
}

#[derive(Default)]
struct Sum {
    months: i128,
    days: i128,
    nanos: i128,
}

impl Sum {
    /// Adds a number of units. What is left of a month becomes days, of which it has 30, and of a day hours.
    fn add(&mut self, number: &Number, unit: Unit) -> Option<()> {
        let Number { sign, whole, fraction: (over, under) } = number;
        if let Some(length) = unit.months().filter(|_| unit != Unit::IsoYear) {
            let length = i128::from(length);
            let part = over * length;
            self.months += sign * (whole * length + part / under);
            if length < 12 {
                self.part_of_days(sign * (part % under) * 30, *under);
            }
            return Some(());
        }
        match unit {
            Unit::Week | Unit::Day => {
                let length = if unit == Unit::Week { 7 } else { 1 };
                self.days += sign * whole * length;
                self.part_of_days(sign * over * length, *under);
            }
            Unit::Nanosecond => self.nanos += sign * whole,
            Unit::Hour | Unit::Minute | Unit::Second | Unit::Millisecond | Unit::Microsecond => {
                let length = i128::from(unit.length()?);
                // To the nearest microsecond.
                let micros = whole * length + (over * length * 2 + under) / (under * 2);
                self.nanos += sign * micros * 1_000;
            }
            _ => return None,
        }
        Some(())
    }

    fn part_of_days(&mut self, over: i128, under: i128) {
        self.days += over / under;
        self.nanos += over % under * DAY_NANOS / under / 1_000 * 1_000;
    }

    /// Adds `HH:MM` or `HH:MM:SS.ffffff`, whose hours are read.
    fn clock<'t>(&mut self, hours: &Number, rest: &'t str) -> Option<&'t str> {
        let (minutes, mut rest) = digits(rest)?;
        let mut micros = i128::from(minutes.parse::<u8>().ok().filter(|minutes| *minutes < 60)?) * i128::from(MINUTE);
        if let Some(after) = rest.strip_prefix(':') {
            let seconds;
            (seconds, rest) = Number::read(after)?;
            if seconds.sign < 0 || seconds.whole >= 60 {
                return None;
            }
            let second = i128::from(SECOND);
            micros += seconds.whole * second + seconds.fraction.0 * second / seconds.fraction.1;
        }
        self.nanos += hours.sign * (hours.whole * i128::from(HOUR) + micros) * 1_000;
        Some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::write_interval;
    use super::*;

    #[test]
    fn spellings() {
        for (text, expected) in [
            ("1.5 years", "1 year 6 months"),
            ("0.1 years", "1 month"),
            ("1.55 months", "1 month 16 days 12:00:00"),
            ("1.55 weeks", "10 days 20:24:00"),
            ("1.00001 days", "1 day 00:00:00.864"),
            ("1 day ago", "-1 day"),
            ("-1:30:00", "-01:30:00"),
            ("1 day 10:20:30.5", "1 day 10:20:30.5"),
            ("100:00", "100:00:00"),
            ("1y2m", "1 year 00:02:00"),
            ("1 h 2 m 3 s", "01:02:03"),
            ("1 century 1 decade", "110 years"),
            ("1.5 quarters", "4 months 15 days"),
            ("0.0000015 seconds", "00:00:00.000002"),
            ("-1.5 days", "-1 day -12:00:00"),
            ("29 month 10 month", "3 years 3 months"),
            ("-0.5 months", "-15 days"),
            ("5", "00:00:05"),
            ("3 us", "00:00:00.000003"),
        ] {
            let (months, days, nanos) = parse(text).unwrap_or_else(|| panic!("{text}"));
            let mut out = String::new();
            write_interval(months, days, nanos, &mut out);
            assert_eq!(out, expected, "{text}");
        }
        for text in ["", "day", "1 day,2 hours", "1 dow", "P1D", "1 day 2", "999999999 years", "- 1 day", "x"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
