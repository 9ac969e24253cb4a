//! Numbers as text. Pure.

/// A number as it is written: its digits, and the power of ten of the last one.
#[derive(Debug, PartialEq, Eq)]
pub struct Written {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Written {
    /// Reads `-12.5e3`, `1_000`, `0x1F`, `0b11`, with spaces around; `None` where it is no number.
    pub fn parse(text: &str) -> Option<Written> {
        let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
        let (negative, text) = match text.strip_prefix(['-', '+']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        for (prefix, base) in [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2)] {
            if let Some(digits) = text.strip_prefix(prefix) {
                let value = u128::from_str_radix(&joined(digits, base)?, base).ok()?;
                let digits = value.to_string().bytes().map(|digit| digit - b'0').collect();
                return Some(Written { negative, digits, exponent: 0 });
            }
        }
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok().filter(|e| e.abs() < 100_000)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let part = |part: &str| if part.is_empty() { Some(String::new()) } else { joined(part, 10) };
        let (whole, fraction) = (part(whole)?, part(fraction)?);
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|digit| digit - b'0').collect();
        Some(Written { negative, digits, exponent: exponent - fraction.len() as i64 })
    }

    /// The number times ten to a power, rounded half away from zero; `None` where it has more than 38 digits.
    pub fn scaled(&self, power: i64) -> Option<i128> {
        let exponent = self.exponent + power;
        // Digits behind the point are dropped, but for the first, which rounds.
        let kept = usize::try_from((self.digits.len() as i64).saturating_add(exponent.min(0))).unwrap_or(0);
        let mut value: i128 = 0;
        for digit in self.digits.iter().take(kept) {
            value = value.checked_mul(10)?.checked_add(i128::from(*digit))?;
        }
        let rounds = exponent < 0 && self.digits.len() as i64 + exponent >= 0;
        if rounds && self.digits.get(kept).is_some_and(|digit| *digit >= 5) {
            value += 1;
        }
        if value != 0 && exponent > 0 {
            value = value.checked_mul(10i128.checked_pow(u32::try_from(exponent).ok()?)?)?;
        }
        Some(if self.negative { -value } else { value })
    }
}

/// Digits without the underscores between them.
fn joined(text: &str, base: u32) -> Option<String> {
    let parts: Vec<&str> = text.split('_').collect();
    let digits = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_digit(base));
    parts.iter().all(digits).then(|| parts.concat())
}

/// A double as text, with spaces around and underscores between digits.
pub fn double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    match text.contains('_') {
        false => text.parse().ok(),
        true => {
            let pairs = text.as_bytes().windows(3).filter(|three| three.get(1) == Some(&b'_'));
            let between =
                pairs.filter(|three| matches!(three, [a, _, b] if a.is_ascii_digit() && b.is_ascii_digit())).count();
            (between == text.matches('_').count()).then(|| text.replace('_', "").parse().ok()).flatten()
        }
    }
}

/// A boolean as text.
pub fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_rounded() {
        for (text, power, expected) in [
            ("5.7", 0, Some(6)),
            ("-5.5", 0, Some(-6)),
            ("4.5", 0, Some(5)),
            ("0.49999", 0, Some(0)),
            (" 7\n", 0, Some(7)),
            ("1e2", 0, Some(100)),
            ("1e-1", 0, Some(0)),
            ("5e-1", 0, Some(1)),
            ("1_000", 0, Some(1000)),
            ("0x1F", 0, Some(31)),
            ("0b11", 0, Some(3)),
            (".5", 1, Some(5)),
            ("5.", 1, Some(50)),
            ("2.675", 2, Some(268)),
            ("1e-5", 2, Some(0)),
            ("123456789012345678.9", 2, Some(12_345_678_901_234_567_890)),
            ("1e40", 0, None),
            ("0e400", 0, Some(0)),
        ] {
            assert_eq!(Written::parse(text).and_then(|written| written.scaled(power)), expected, "{text}");
        }
        for text in ["", " ", "x", "5x", "1e", "--5", "5 5", ".", "-", "1__0", "_1", "1_", "nan", "true", "0x", "1.5.2"]
        {
            assert_eq!(Written::parse(text), None, "{text}");
        }
        assert_eq!((double("1_0"), double("1__0"), double("_1"), double(" 1.5 ")), (Some(10.0), None, None, Some(1.5)));
        assert_eq!((boolean("T"), boolean("no"), boolean("tru"), boolean("2")), (Some(true), Some(false), None, None));
    }
}
