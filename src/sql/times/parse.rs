//! `strptime(text, pattern)`: a text as a time.

use super::arguments::Arguments;
use super::calendar::{Civil, HOUR, MINUTE, SECOND, iso_year_start, join, weekday};
use super::function::{TIMESTAMP, Types, count, function, timestamptz};
use super::part::{MONTHS, WEEKDAYS};
use super::pattern::{Piece, pieces};
use super::zone::Zone;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let timestamp = |types: &Types<'_>| returns(types, TIMESTAMP);
    let instant = |types: &Types<'_>| returns(types, timestamptz());
    let date = |types: &Types<'_>| returns(types, DataType::Date32);
    vec![
        function("strptime", timestamp, |args| parsed(args, false)),
        function("try_strptime", timestamp, |args| parsed(args, true)),
        function("parse_timestamp", instant, |args| parsed(args, false)),
        function("try_parse_timestamp", instant, |args| parsed(args, true)),
        function("parse_date", date, |args| parsed(args, false)),
        function("try_parse_date", date, |args| parsed(args, true)),
    ]
}

fn returns(types: &Types<'_>, data_type: DataType) -> Result<DataType> {
    count(types, &[2], &format!("{}(text, '%Y-%m-%d')", types.name))?;
    let is_text = |data_type: &DataType| data_type.is_string() || data_type.is_null();
    match types.types.as_slice() {
        [text, pattern] if is_text(text) && (is_text(pattern) || is_list(pattern)) => {}
        _ => return plan_err!("{}: takes a text and its pattern, '%Y-%m-%d'", types.name),
    }
    let patterns = literals(types);
    let zoned = patterns.iter().any(|pattern| pattern.contains("%z") || pattern.contains("%Z"));
    for pattern in patterns {
        pieces(types.name, &pattern)?;
    }
    Ok(if zoned && data_type == TIMESTAMP { timestamptz() } else { data_type })
}

fn is_list(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..))
}

/// The patterns, where they are literals.
fn literals(types: &Types<'_>) -> Vec<String> {
    match types.literals.get(1).copied().flatten() {
        Some(ScalarValue::List(list)) if list.len() == 1 => strings(&list.value(0)),
        Some(other) => other.try_as_str().flatten().map(str::to_string).into_iter().collect(),
        None => Vec::new(),
    }
}

fn strings(array: &ArrayRef) -> Vec<String> {
    let texts = arrow::compute::cast(array, &DataType::Utf8);
    let texts = texts.as_ref().ok().and_then(|texts| texts.as_string_opt::<i32>());
    texts.map(|texts| texts.iter().flatten().map(str::to_string).collect()).unwrap_or_default()
}

fn parsed(args: &Arguments<'_>, or_null: bool) -> Result<ArrayRef> {
    let texts = args.texts(0)?;
    let list = if is_list(args.data_type(1)?) { args.values.get(1) } else { None };
    let constant: Vec<String> = match list {
        Some((list, true)) => list.as_list_opt::<i32>().map(|list| strings(&list.value(0))).unwrap_or_default(),
        Some(_) => return exec_err!("{}: its list of patterns is a constant: ['%Y-%m-%d', …]", args.name),
        None => Vec::new(),
    };
    let patterns = if list.is_none() { Some(args.texts(1)?) } else { None };
    let constant = match patterns.as_ref().and_then(|patterns| patterns.constant()) {
        Some(pattern) => vec![pattern.to_string()],
        None => constant,
    };
    let constant: Vec<Vec<Piece>> = constant.iter().map(|pattern| pieces(args.name, pattern)).collect::<Result<_>>()?;
    args.each(&mut |row| {
        let Some(text) = texts.get(row) else { return Ok(None) };
        let own;
        let all = match patterns.as_ref().map(|patterns| patterns.get(row)) {
            Some(None) => return Ok(None),
            Some(Some(pattern)) if constant.is_empty() => {
                own = [pieces(args.name, pattern)?];
                own.as_slice()
            }
            _ => constant.as_slice(),
        };
        let found = all.iter().find_map(|pieces| read(text, pieces));
        match found.map(|(days, rest)| if args.returns == &DataType::Date32 { Some(days) } else { join(days, rest) }) {
            Some(Some(value)) => Ok(Some(value)),
            _ if or_null => Ok(None),
            _ => {
                let shown = patterns.as_ref().and_then(|patterns| patterns.get(row)).unwrap_or("any of its patterns");
                exec_err!("{}: '{text}' is not written as '{shown}'", args.name)
            }
        }
    })
}

/// Fields of a text, as far as they were read.
#[derive(Default)]
struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    iso_year: Option<i64>,
    /// The week's number, and the letter that says how it counts.
    week: Option<(i64, char)>,
    /// From Monday, 1, to Sunday, 7.
    weekday: Option<i64>,
    hour: i64,
    afternoon: Option<bool>,
    rest: i64,
    fraction: i64,
    offset: i64,
    zone: Option<Zone>,
}

/// The day and the microsecond of it that a text stands for.
fn read(text: &str, pieces: &[Piece]) -> Option<(i64, i64)> {
    let mut fields = Fields::default();
    let mut rest = text.trim_start();
    for piece in pieces {
        rest = match piece {
            Piece::Text(text) => literal(rest, text)?,
            Piece::Field(field, _) => fields.read(*field, rest)?,
        };
    }
    rest.trim_start().is_empty().then(|| fields.time())?
}

/// Text of the pattern; blanks of it stand for any number of blanks.
fn literal<'t>(mut rest: &'t str, text: &str) -> Option<&'t str> {
    for letter in text.chars() {
        rest = if letter.is_whitespace() { rest.trim_start() } else { rest.strip_prefix(letter)? };
    }
    Some(rest)
}

/// A number of so many digits at most, within bounds.
fn number(text: &str, most: usize, least: i64, greatest: i64) -> Option<(i64, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(count)?;
    let value: i64 = digits.parse().ok()?;
    (least..=greatest).contains(&value).then_some((value, rest))
}

/// A name, in full or by its first three letters, whatever its case.
fn name<'t>(text: &'t str, names: &[&str], short: bool) -> Option<(i64, &'t str)> {
    names.iter().zip(1..).find_map(|(name, number)| {
        let name = if short { name.get(..3)? } else { name };
        let (start, rest) = text.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then_some((number, rest))
    })
}

/// A fraction of a second, in microseconds.
fn fraction(text: &str, most: usize) -> Option<(i64, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(count)?;
    if count == 0 {
        return None;
    }
    let six: String = digits.chars().chain(std::iter::repeat('0')).take(6).collect();
    Some((six.parse().ok()?, rest))
}

impl Fields {
    fn read<'t>(&mut self, field: char, text: &'t str) -> Option<&'t str> {
        let (value, rest) = match field {
            'a' => name(text, &WEEKDAYS, true)?,
            'A' => name(text, &WEEKDAYS, false)?,
            'b' => name(text, &MONTHS, true)?,
            'B' => name(text, &MONTHS, false)?,
            'd' => number(text, 2, 1, 31)?,
            'f' => fraction(text, 6)?,
            'g' => fraction(text, 3)?,
            'n' => fraction(text, 9)?,
            'G' | 'Y' => number(text, 4, 0, 9_999)?,
            'H' => number(text, 2, 0, 23)?,
            'I' => number(text, 2, 1, 12)?,
            'j' => number(text, 3, 1, 366)?,
            'm' => number(text, 2, 1, 12)?,
            'M' | 'S' => number(text, 2, 0, 59)?,
            'p' => name(text, &["AM", "PM"], false)?,
            'u' => number(text, 1, 1, 7)?,
            'U' | 'W' => number(text, 2, 0, 53)?,
            'V' => number(text, 2, 1, 53)?,
            'w' => number(text, 1, 0, 6)?,
            'y' => number(text, 2, 0, 99)?,
            'z' | ':' => offset(text)?,
            _ => {
                let end = text.find(char::is_whitespace).unwrap_or(text.len());
                let (zone, rest) = text.split_at_checked(end)?;
                self.zone = Some(Zone::named(zone).ok()?);
                (0, rest)
            }
        };
        match field {
            'b' | 'B' | 'm' => self.month = Some(value),
            'd' => self.day = Some(value),
            'f' | 'g' | 'n' => self.fraction = value,
            'G' => self.iso_year = Some(value),
            'H' | 'I' => self.hour = value,
            'j' => self.day_of_year = Some(value),
            'M' => self.rest += value * MINUTE,
            'S' => self.rest += value * SECOND,
            'p' => self.afternoon = Some(value == 2),
            'u' => self.weekday = Some(value),
            'w' => self.weekday = Some(if value == 0 { 7 } else { value }),
            'U' | 'V' | 'W' => self.week = Some((value, field)),
            'y' => self.year = Some(if value < 69 { 2_000 } else { 1_900 } + value),
            'Y' => self.year = Some(value),
            'z' | ':' => self.offset = value,
            _ => {}
        }
        Some(rest)
    }

    fn time(&self) -> Option<(i64, i64)> {
        let hour = match self.afternoon {
            None => self.hour,
            Some(_) if self.hour > 12 => return None,
            Some(afternoon) => self.hour % 12 + if afternoon { 12 } else { 0 },
        };
        let days = self.days()?;
        let rest = hour * HOUR + self.rest + self.fraction;
        if let Some(zone) = &self.zone {
            let instant = zone.instant(join(days, rest)?)?;
            return Some(super::calendar::split(instant));
        }
        Some(super::calendar::split(join(days, rest)?.checked_sub(self.offset * SECOND)?))
    }

    fn days(&self) -> Option<i64> {
        let year = self.year.unwrap_or(1_900);
        let new_year = Civil { year, month: 1, day: 1 }.days();
        if let Some(day) = self.day_of_year {
            return Some(new_year + day - 1);
        }
        match (self.week, self.month) {
            (Some((week, 'V')), _) if self.iso_year.is_some() => {
                Some(iso_year_start(self.iso_year?) + (week - 1) * 7 + self.weekday.unwrap_or(1) - 1)
            }
            (Some((week, letter @ ('U' | 'W'))), None) => {
                // Weeks begin on Sundays or Mondays; the days before the first such day are in week 0.
                let (first, day) = match letter {
                    'U' => (7 - weekday(new_year) % 7, self.weekday.unwrap_or(7) % 7),
                    _ => (8 - weekday(new_year), self.weekday.unwrap_or(1) - 1),
                };
                Some(new_year + first % 7 + (week - 1) * 7 + day)
            }
            _ => Some(Civil::checked(year, self.month.unwrap_or(1), self.day.unwrap_or(1))?.days()),
        }
    }
}

/// Seconds of `+02`, `-0230`, `+02:30` or `Z`.
fn offset(text: &str) -> Option<(i64, &str)> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        return Some((0, rest));
    }
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, rest) = two(text.get(1..)?)?;
    match two(rest.strip_prefix(':').unwrap_or(rest)) {
        Some((minutes, rest)) if minutes < 60 => Some((sign * (hours * 3_600 + minutes * 60), rest)),
        _ => Some((sign * hours * 3_600, rest)),
    }
}

fn two(text: &str) -> Option<(i64, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    digits.bytes().all(|digit| digit.is_ascii_digit()).then_some(())?;
    Some((digits.parse().ok()?, rest))
}
