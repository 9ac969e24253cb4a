//! A scanner of JSON text that copies nothing: it checks a value, and walks through the entries of one.
//!
//! Accepts what DuckDB's reader accepts beyond RFC 8259: a comma behind the last element, `NaN` and `Infinity`.

use std::borrow::Cow;

/// How deep arrays and objects may be nested.
const MAX_DEPTH: usize = 500;

/// The one value of a text, without the spaces around it; an error says why the text is no JSON.
pub fn document(text: &str) -> Result<&str, String> {
    let mut scanner = Scanner { text, at: 0 };
    let value = scanner.value(0)?;
    scanner.spaces();
    if scanner.at < text.len() {
        return scanner.error("nothing more");
    }
    Ok(value)
}

/// An entry of a container: its key, where it is an object's, as written between the quotes; and its value.
pub struct Entry<'a> {
    pub key: Option<&'a str>,
    pub value: &'a str,
}

/// The entries of an array or an object that [`document`] has checked; none of anything else.
pub fn entries(value: &str) -> Entries<'_> {
    let open = value.as_bytes().first().copied();
    let at = if matches!(open, Some(b'{' | b'[')) { 1 } else { value.len() };
    Entries { scanner: Scanner { text: value, at }, object: open == Some(b'{') }
}

pub struct Entries<'a> {
    scanner: Scanner<'a>,
    object: bool,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        self.scanner.spaces();
        if matches!(self.scanner.peek(), None | Some(b'}' | b']')) {
            return None;
        }
        let entry = self.scanner.entry(self.object, 0).ok()?;
        self.scanner.spaces();
        self.scanner.skip(b',');
        Some(entry)
    }
}

/// The text of a string as written between its quotes; `None` where its escapes stand for none.
pub fn unescaped(raw: &str) -> Option<Cow<'_, str>> {
    match raw.contains('\\') {
        false => Some(Cow::Borrowed(raw)),
        true => serde_json::from_str(&format!("\"{raw}\"")).ok(),
    }
}

/// What is between the quotes of a string value; `None` of any other value.
pub fn string(value: &str) -> Option<&str> {
    value.strip_prefix('"')?.strip_suffix('"')
}

#[derive(Clone, Copy)]
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn error<T>(&self, wanted: &str) -> Result<T, String> {
        Err(format!("no JSON: expected {wanted} at byte {}", self.at))
    }

    fn value(&mut self, depth: usize) -> Result<&'a str, String> {
        self.spaces();
        let start = self.at;
        match self.peek() {
            Some(open @ (b'{' | b'[')) => self.container(open == b'{', depth)?,
            Some(b'"') => drop(self.string()?),
            _ => self.atom()?,
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn container(&mut self, object: bool, depth: usize) -> Result<(), String> {
        if depth >= MAX_DEPTH {
            return Err(format!("JSON nested deeper than {MAX_DEPTH}"));
        }
        let close = if object { b'}' } else { b']' };
        self.at += 1;
        self.spaces();
        while !self.skip(close) {
            self.entry(object, depth + 1)?;
            self.spaces();
            if !self.skip(b',') && self.peek() != Some(close) {
                return self.error("a comma");
            }
            self.spaces();
        }
        Ok(())
    }

    fn entry(&mut self, object: bool, depth: usize) -> Result<Entry<'a>, String> {
        let key = match object {
            true => {
                self.spaces();
                let key = self.string()?;
                self.spaces();
                if !self.skip(b':') {
                    return self.error("a colon");
                }
                Some(key)
            }
            false => None,
        };
        Ok(Entry { key, value: self.value(depth)? })
    }

    /// A string; what is between its quotes.
    fn string(&mut self) -> Result<&'a str, String> {
        if !self.skip(b'"') {
            return self.error("a string");
        }
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(0x20..) => self.at += 1,
                _ => return self.error("the end of a string"),
            }
        }
        self.at += 1;
        Ok(self.text.get(start..self.at - 1).unwrap_or_default())
    }

    fn escape(&mut self) -> Result<(), String> {
        self.at += 1;
        let letter = self.peek();
        self.at += 1;
        match letter {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => match self.unit()? {
                // The second half of a pair has to follow the first, and nothing else.
                0xD800..=0xDBFF if self.skip(b'\\') && self.skip(b'u') => match self.unit()? {
                    0xDC00..=0xDFFF => Ok(()),
                    _ => self.error("the second half of a surrogate pair"),
                },
                0xD800..=0xDFFF => self.error("a surrogate pair"),
                _ => Ok(()),
            },
            _ => self.error("an escape"),
        }
    }

    fn unit(&mut self) -> Result<u32, String> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(unit) => {
                self.at += 4;
                Ok(unit)
            }
            None => self.error("four hexadecimal digits"),
        }
    }

    /// `true`, `null`, a number and the like.
    fn atom(&mut self) -> Result<(), String> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let unsigned = word.strip_prefix('-').unwrap_or(word);
        let no_number = ["nan", "inf", "infinity"].iter().any(|name| unsigned.eq_ignore_ascii_case(name));
        if !matches!(word, "true" | "false" | "null") && !no_number && !is_number(unsigned) {
            return self.error("a value");
        }
        self.at += end;
        Ok(())
    }
}

/// Whether digits are a number as JSON writes it, without its sign.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_json() {
        let valid = [
            "[1,]",
            "{\"a\":1,}",
            " 1 ",
            "NaN",
            "nan",
            "-Infinity",
            "1e5",
            "1E+5",
            "\"\\u00e9\"",
            "null",
            "-0",
            "[]",
            "{\"a\" : [1 , 2]}",
            "\t1",
            "{\"a\":1,\"a\":2}",
            "99999999999999999999999",
            "1e999",
            "\"\\ud83d\\ude00\"",
        ];
        for text in valid {
            assert!(document(text).is_ok(), "{text}");
        }
        let invalid = [
            "{\"a\":1} x",
            "",
            "01",
            "\"a",
            "1.",
            ".5",
            "+1",
            "1e",
            "\"\\x\"",
            "// c",
            "[1,,2]",
            "{a:1}",
            "tru",
            "[,]",
            "{,}",
            "{\"a\"}",
            "[\"a\":1]",
            "'a'",
            "-",
            "[1,2",
            "\"\\ud800\"",
            "\"a\nb\"",
            "\"\\udc00\"",
            "[1}",
            "1 2",
        ];
        for text in invalid {
            assert!(document(text).is_err(), "{text}");
        }
        assert!(document(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn entries_in_their_order() {
        let found = |text| {
            let text = document(text).unwrap();
            entries(text).map(|entry| format!("{:?}={}", entry.key, entry.value)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found("{ \"a\" : [1, 2] , \"b\\n\":null }"), "Some(\"a\")=[1, 2] Some(\"b\\\\n\")=null");
        assert_eq!(found("[ 1 , \"x\", {}, ]"), "None=1 None=\"x\" None={}");
        assert_eq!(found("7"), "");
    }
}
