//! Dates, times and intervals as text: reading what DuckDB reads, writing as it writes. Pure.

use super::calendar::{Civil, DAY, HOUR, MINUTE, SECOND, split};
use super::zone::Zone;
use std::fmt::Write as _;

/// Nanoseconds since the Unix epoch.
pub(super) type Nanos = i128;

/// A date, with or without a time behind it, which is left out.
pub(super) fn date(text: &str) -> Option<i64> {
    Some(parse(text)?.days)
}

/// A date and a time of day, 00:00 where there is none, and with an offset the instant that they stand for.
pub(super) fn timestamp(text: &str) -> Option<Nanos> {
    let parsed = parse(text)?;
    let local = Nanos::from(parsed.days) * Nanos::from(DAY) * 1_000 + Nanos::from(parsed.time);
    match parsed.zone {
        Offset::None => Some(local),
        Offset::Seconds(seconds) => Some(local - Nanos::from(seconds) * 1_000_000_000),
        Offset::Zone(zone) => {
            let micros = i64::try_from(local.div_euclid(1_000)).ok()?;
            Some(Nanos::from(zone.instant(micros)?) * 1_000 + local.rem_euclid(1_000))
        }
    }
}

/// A time of day, in nanoseconds: `10:05`, `10:05:06.5`, or that of a date and time.
pub(super) fn time(text: &str) -> Option<i64> {
    if let Some(parsed) = parse(text) {
        return Some(parsed.time % (DAY * 1_000));
    }
    let mut rest = Rest(text.trim());
    let time = rest.time()?;
    rest.offset()?;
    rest.0.trim().is_empty().then_some(time)
}

struct Parsed {
    days: i64,
    /// Nanoseconds.
    time: i64,
    zone: Offset,
}

enum Offset {
    None,
    Seconds(i64),
    Zone(Zone),
}

fn parse(text: &str) -> Option<Parsed> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("epoch") {
        return Some(Parsed { days: 0, time: 0, zone: Offset::None });
    }
    let mut rest = Rest(text);
    let negative = rest.take('-');
    let year = rest.digits(1, 7)?;
    let separator = ['-', '/', ' ', '\\'].into_iter().find(|separator| rest.take(*separator))?;
    let month = rest.digits(1, 2)?;
    if !rest.take(separator) {
        return None;
    }
    let day = rest.digits(1, 2)?;
    let before = ["(BC)", "(bc)"].iter().find_map(|era| rest.0.trim_start().strip_prefix(era));
    if let Some(after) = before {
        rest.0 = after;
    }
    let year = match (negative, before.is_some()) {
        (true, false) => -year,
        (false, true) if year > 0 => 1 - year,
        (true, true) | (false, true) => return None,
        (false, false) => year,
    };
    let days = Civil::checked(year, month, day)?.days();
    let date = Parsed { days, time: 0, zone: Offset::None };
    if rest.0.is_empty() {
        return Some(date);
    }
    if !rest.take('T') {
        let after = rest.0.trim_start();
        if after.len() == rest.0.len() {
            return None;
        }
        rest.0 = after;
    }
    let time = rest.time()?;
    let zone = rest.offset()?;
    rest.0.trim().is_empty().then_some(Parsed { time, zone, ..date })
}

/// The part of a text that is still to be read.
struct Rest<'t>(&'t str);

impl Rest<'_> {
    fn take(&mut self, letter: char) -> bool {
        let after = self.0.strip_prefix(letter);
        self.0 = after.unwrap_or(self.0);
        after.is_some()
    }

    /// So many digits, as a number.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if !(least..=most).contains(&count) {
            return None;
        }
        let (digits, after) = self.0.split_at_checked(count)?;
        self.0 = after;
        digits.parse().ok()
    }

    /// Hours and minutes, with or without seconds and their fraction, in nanoseconds. Digits behind the ninth are left out.
    fn time(&mut self) -> Option<i64> {
        let hour = self.digits(1, 2)?;
        if !self.take(':') {
            return None;
        }
        let minute = self.digits(1, 2)?;
        let mut second = 0;
        let mut nanos = 0;
        if self.take(':') {
            second = self.digits(1, 2)?;
            if self.take('.') {
                let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
                let (fraction, after) = self.0.split_at_checked(count)?;
                let nine: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
                nanos = nine.parse().ok()?;
                self.0 = after;
            }
        }
        let midnight = hour == 24 && minute == 0 && second == 0 && nanos == 0;
        let valid = (hour < 24 || midnight) && minute < 60 && second < 60;
        valid.then_some((hour * HOUR + minute * MINUTE + second * SECOND) * 1_000 + nanos)
    }

    /// `Z`, `+02`, `+0230`, `-02:30:15`, ` Europe/Paris`, or nothing.
    fn offset(&mut self) -> Option<Offset> {
        self.0 = self.0.trim();
        if self.0.is_empty() {
            return Some(Offset::None);
        }
        if self.take('Z') || self.take('z') {
            return Some(Offset::Seconds(0));
        }
        let sign = match (self.take('+'), self.take('-')) {
            (true, _) => 1,
            (_, true) => -1,
            _ => {
                let zone = Zone::named(self.0).ok()?;
                self.0 = "";
                return Some(Offset::Zone(zone));
            }
        };
        let mut parts = [0; 3];
        for (place, part) in parts.iter_mut().enumerate() {
            if self.0.is_empty() {
                break;
            }
            if place > 0 {
                self.take(':');
            }
            let two = self.0.get(..2)?;
            *part = Rest(two).digits(2, 2)?;
            self.0 = self.0.get(2..)?;
        }
        let [hours, minutes, seconds] = parts;
        (minutes < 60 && seconds < 60).then_some(Offset::Seconds(sign * (hours * 3_600 + minutes * 60 + seconds)))
    }
}

/// Writes a day: `2024-05-17`, and `0044-03-15 (BC)`.
pub(super) fn write_date(days: i64, out: &mut String) {
    let Civil { year, month, day } = Civil::of(days);
    let (shown, era) = if year > 0 { (year, "") } else { (1 - year, " (BC)") };
    let _ = write!(out, "{shown:04}-{month:02}-{day:02}{era}");
}

/// Writes a time of day: `10:05:06.5`.
pub(super) fn write_time(nanos: i64, out: &mut String) {
    let micros = nanos / 1_000;
    let _ = write!(out, "{:02}:{:02}:{:02}", micros / HOUR, micros % HOUR / MINUTE, micros % MINUTE / SECOND);
    let fraction = nanos % 1_000_000_000;
    if fraction != 0 {
        let digits = format!("{fraction:09}");
        let _ = write!(out, ".{}", digits.trim_end_matches('0'));
    }
}

/// Writes a date and time: `2024-05-17 10:05:06.5`, with `+00` behind it if it is an instant.
pub(super) fn write_timestamp(nanos: Nanos, instant: bool, out: &mut String) {
    let micros = i64::try_from(nanos.div_euclid(1_000)).unwrap_or(i64::MAX);
    let (days, rest) = split(micros);
    write_date(days, out);
    out.push(' ');
    write_time(rest * 1_000 + i64::try_from(nanos.rem_euclid(1_000)).unwrap_or_default(), out);
    if instant {
        out.push_str("+00");
    }
}

/// Writes an interval: `1 year 2 months 3 days -00:00:01.5`.
pub(super) fn write_interval(months: i32, days: i32, nanos: i64, out: &mut String) {
    let start = out.len();
    for (count, unit) in [(months / 12, "year"), (months % 12, "month"), (days, "day")] {
        if count != 0 {
            let space = if out.len() == start { "" } else { " " };
            let plural = if count.abs() == 1 { "" } else { "s" };
            let _ = write!(out, "{space}{count} {unit}{plural}");
        }
    }
    let nothing = out.len() == start;
    if nanos != 0 || nothing {
        out.push_str(if nothing { "" } else { " " });
        if nanos < 0 {
            out.push('-');
        }
        write_time(i64::try_from(nanos.unsigned_abs()).unwrap_or(i64::MAX), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Option<String> {
        timestamp(text).map(|nanos| {
            let mut out = String::new();
            write_timestamp(nanos, false, &mut out);
            out
        })
    }

    #[test]
    fn spellings_of_a_timestamp() {
        for (text, expected) in [
            ("2024-05-15", "2024-05-15 00:00:00"),
            (" 2024-5-15 ", "2024-05-15 00:00:00"),
            ("2024/05/15", "2024-05-15 00:00:00"),
            ("2024 05 15", "2024-05-15 00:00:00"),
            ("2024-05-15 10:00", "2024-05-15 10:00:00"),
            ("2024-05-15T10:00:00Z", "2024-05-15 10:00:00"),
            ("2024-05-15 1:2:3", "2024-05-15 01:02:03"),
            ("2024-05-15 10:00:00+02", "2024-05-15 08:00:00"),
            ("2024-05-15 10:00:00+0230", "2024-05-15 07:30:00"),
            ("2024-05-15 10:00:00-02:30:15", "2024-05-15 12:30:15"),
            ("2024-05-15 10:00:00 Europe/Paris", "2024-05-15 08:00:00"),
            ("2024-05-15 10:00:00.123456789", "2024-05-15 10:00:00.123456789"),
            ("2024-05-15 10:00:00.1", "2024-05-15 10:00:00.1"),
            ("2024-05-15 24:00:00", "2024-05-16 00:00:00"),
            ("0000-01-01", "0001-01-01 (BC) 00:00:00"),
            ("0044-03-15 (BC)", "0044-03-15 (BC) 00:00:00"),
            ("9999-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999"),
            ("99999-01-01", "99999-01-01 00:00:00"),
            ("epoch", "1970-01-01 00:00:00"),
        ] {
            assert_eq!(written(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "x",
            "2024",
            "2024-05",
            "20240515",
            "2024-02-30",
            "2024-13-01",
            "2024-05-15 25:00:00",
            "10:11:12",
            "2024-05-15 10",
            "2024-05-15 10:00:60",
            "infinity",
            "-infinity",
            "2024-05-15 10:00:00 x",
            "15-05-2024",
            "2024-05-15,10:00",
            "2024-05-15 10:00:00+1",
            "2024-05-15+02",
        ] {
            assert_eq!(written(text), None, "{text}");
        }
    }

    #[test]
    fn times_and_intervals() {
        assert_eq!(time("10:05"), Some(10 * HOUR * 1_000 + 5 * MINUTE * 1_000));
        assert_eq!(time("2024-01-01 00:00:01"), Some(SECOND * 1_000));
        assert_eq!(time("25:00"), None);
        let interval = |months, days, nanos| {
            let mut out = String::new();
            write_interval(months, days, nanos, &mut out);
            out
        };
        assert_eq!(interval(14, 3, SECOND * 1_000), "1 year 2 months 3 days 00:00:01");
        assert_eq!(interval(0, -1, -HOUR * 1_000), "-1 day -01:00:00");
        assert_eq!(interval(0, 0, 0), "00:00:00");
    }
}
