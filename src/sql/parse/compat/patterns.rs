//! Spark's and Java's patterns of dates (`yyyy-MM-dd`) as those of `strftime` (`%Y-%m-%d`).

use crate::error::Result;
use crate::sql::error::invalid;

/// The pattern in the terms of `to_char`; one that has `%` in it is in them already.
pub(crate) fn chrono(pattern: &str) -> Result<String> {
    if pattern.contains('%') {
        return Ok(pattern.into());
    }
    let mut out = String::new();
    let mut rest = pattern.chars().peekable();
    while let Some(letter) = rest.next() {
        if letter == '\'' {
            // Quoted text, and two quotes for one.
            if rest.next_if_eq(&'\'').is_some() {
                out.push('\'');
            } else {
                while let Some(quoted) = rest.next() {
                    if quoted == '\'' && rest.next_if_eq(&'\'').is_none() {
                        break;
                    }
                    out.push(quoted);
                }
            }
            continue;
        }
        if !letter.is_ascii_alphabetic() {
            out.push(letter);
            continue;
        }
        let mut count = 1;
        while rest.next_if_eq(&letter).is_some() {
            count += 1;
        }
        let field = match (letter, count) {
            ('y' | 'u', 4) => "%Y",
            ('y', 2) => "%y",
            ('M' | 'L', 1) => "%-m",
            ('M' | 'L', 2) => "%m",
            ('M' | 'L', 3) => "%b",
            ('M' | 'L', 4) => "%B",
            ('d', 1) => "%-d",
            ('d', 2) => "%d",
            ('D', 3) => "%j",
            ('E', 1..=3) => "%a",
            ('E', 4) => "%A",
            ('a', 1) => "%p",
            ('H', 1) => "%-H",
            ('H', 2) => "%H",
            ('h', 1) => "%-I",
            ('h', 2) => "%I",
            ('m', 1) => "%-M",
            ('m', 2) => "%M",
            ('s', 1) => "%-S",
            ('s', 2) => "%S",
            ('S', 3) => "%3f",
            ('S', 6) => "%6f",
            ('S', 9) => "%9f",
            ('X', 1..=3) => "%:z",
            ('Z', 1..=3) => "%z",
            _ => {
                let part: String = std::iter::repeat_n(letter, count).collect();
                return Err(invalid(format!(
                    "{pattern}: the part {part} of this pattern is not known; strftime(x, '%Y-%m-%d') takes more"
                )));
            }
        };
        out.push_str(field);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::chrono;

    #[test]
    fn patterns() {
        assert_eq!(chrono("yyyy-MM-dd'T'HH:mm:ss.SSS").unwrap(), "%Y-%m-%dT%H:%M:%S.%3f");
        assert_eq!(chrono("d MMM yy, h 'o''clock'").unwrap_or_default(), "%-d %b %y, %-I o'clock");
        assert_eq!(chrono("%Y/%m").unwrap(), "%Y/%m");
        assert!(chrono("QQQ").is_err());
    }
}
