//! RE2's patterns, which DuckDB has, in terms of the `regex` crate: classes such as `\w` are ASCII's, and what means more to
//! the crate than to RE2 (`&&` in a class, `a{`) is escaped. Pure.

use regex::Regex;
use std::collections::HashMap;

/// Compiled patterns of a column, by their text.
#[derive(Default)]
pub struct Compiled {
    known: HashMap<String, Regex>,
    /// What options of the call say.
    flags: Flags,
}

/// Options of a call: `i` ignores case, `s` has `.` match line ends, `l` takes the pattern as text, `g` is all matches.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Flags {
    pub ignore_case: bool,
    pub dot_all: bool,
    pub literal: bool,
    pub global: bool,
}

impl Flags {
    pub fn parse(options: &str) -> Result<Flags, String> {
        let mut flags = Flags::default();
        for option in options.chars() {
            match option {
                'c' => flags.ignore_case = false,
                'i' => flags.ignore_case = true,
                's' => flags.dot_all = true,
                'm' | 'n' | 'p' => flags.dot_all = false,
                'l' => flags.literal = true,
                'g' => flags.global = true,
                ' ' => {}
                other => return Err(format!("no option {other}: one of c, i, l, m, n, p, s, and g to replace all")),
            }
        }
        Ok(flags)
    }
}

impl Compiled {
    pub fn with_flags(&mut self, flags: Flags) {
        if flags != self.flags {
            *self = Compiled { known: HashMap::new(), flags };
        }
    }

    pub fn get(&mut self, pattern: &str, whole: bool) -> Result<&Regex, String> {
        if !self.known.contains_key(pattern) {
            let translated = if self.flags.literal { regex::escape(pattern) } else { translated(pattern) };
            let text = if whole { format!("\\A(?:{translated})\\z") } else { translated };
            let mut builder = regex::RegexBuilder::new(&text);
            builder.case_insensitive(self.flags.ignore_case).dot_matches_new_line(self.flags.dot_all);
            let built = builder.build().map_err(|error| {
                // The last line says what is wrong, those before draw where.
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string();
                format!("{pattern:?} is no regular expression: {reason}")
            })?;
            self.known.insert(pattern.to_string(), built);
        }
        self.known.get(pattern).ok_or_else(|| "a pattern vanished".to_string())
    }
}

/// A pattern of RE2 as one of the `regex` crate.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(letter) = rest.chars().next() {
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        rest = match letter {
            '\\' => escape(after, in_class, &mut out),
            '[' if !in_class => {
                in_class = true;
                let (start, after) = match after.strip_prefix('^') {
                    Some(after) => ("[^", after),
                    None => ("[", after),
                };
                out.push_str(start);
                match after.strip_prefix(']') {
                    Some(after) => {
                        out.push_str("\\]");
                        after
                    }
                    None => after,
                }
            }
            '[' => match after.strip_prefix(':').and_then(|name| name.split_once(":]")) {
                Some((name, after)) => {
                    out.push_str(&format!("[:{name}:]"));
                    after
                }
                None => {
                    out.push_str("\\[");
                    after
                }
            },
            ']' if in_class => {
                in_class = false;
                out.push(']');
                after
            }
            '&' | '~' if in_class => {
                out.extend(['\\', letter]);
                after
            }
            '{' if !in_class && !is_repetition(after) => {
                out.push_str("\\{");
                after
            }
            letter => {
                out.push(letter);
                after
            }
        };
    }
    out
}

/// What stands behind a backslash; the rest of the pattern.
fn escape<'p>(after: &'p str, in_class: bool, out: &mut String) -> &'p str {
    let Some(letter) = after.chars().next() else {
        out.push('\\');
        return after;
    };
    let rest = after.get(letter.len_utf8()..).unwrap_or_default();
    let class = match letter.to_ascii_lowercase() {
        'd' => Some("0-9"),
        'w' => Some("0-9A-Za-z_"),
        's' => Some("\\t\\n\\f\\r "),
        _ => None,
    };
    match class {
        Some(class) if letter.is_ascii_uppercase() => out.push_str(&format!("[^{class}]")),
        Some(class) if in_class => out.push_str(class),
        Some(class) => out.push_str(&format!("[{class}]")),
        None if letter == 'b' && !in_class => out.push_str("(?-u:\\b)"),
        None if letter == 'Q' => {
            let (literal, rest) = rest.split_once("\\E").unwrap_or((rest, ""));
            out.push_str(&regex::escape(literal));
            return rest;
        }
        None if letter.is_ascii_alphanumeric() => out.extend(['\\', letter]),
        None if letter.is_ascii() => out.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
        None => out.push(letter),
    }
    rest
}

/// Whether `2}`, `2,}` or `2,3}` stands here.
fn is_repetition(text: &str) -> bool {
    let Some((counts, _)) = text.split_once('}') else { return false };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match counts.split_once(',') {
        Some((least, most)) => number(least) && (most.is_empty() || number(most)),
        None => number(counts),
    }
}

/// What a replacement stands for, with `\0` to `\9` for groups and `\\` for a backslash.
pub fn replacement(rewrite: &str, found: &regex::Captures<'_>, out: &mut String) -> Result<(), String> {
    let mut rest = rewrite.chars();
    while let Some(letter) = rest.next() {
        match (letter, if letter == '\\' { rest.next() } else { None }) {
            ('\\', Some('\\')) => out.push('\\'),
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                let group = digit.to_digit(10).unwrap_or_default() as usize;
                if group >= found.len() {
                    return Err(format!("the replacement {rewrite:?} has a group {group}, which the pattern has not"));
                }
                out.push_str(found.get(group).map_or("", |part| part.as_str()));
            }
            ('\\', _) => {
                return Err(format!("the replacement {rewrite:?} needs a digit or a backslash behind a backslash"));
            }
            (letter, _) => out.push(letter),
        }
    }
    Ok(())
}

/// `*` is any text, `?` any character, `[…]` one of some.
pub fn glob(pattern: &str) -> String {
    let mut out = String::from("(?s)^");
    let mut in_class = false;
    for letter in pattern.chars() {
        match letter {
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        match letter {
            '*' if !in_class => out.push_str(".*"),
            '?' if !in_class => out.push('.'),
            '!' if in_class && out.ends_with('[') => out.push('^'),
            '[' | ']' | '-' if in_class || letter != '-' => out.push(letter),
            letter if in_class => out.push(letter),
            letter => out.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_to_re2() {
        for (pattern, text, expected) in [
            ("^\\w$", "é", false),
            ("\\d", "٣", false),
            ("\\s", "\u{a0}", false),
            ("\\bé", "é", false),
            ("[\\w-]", "-", true),
            ("[\\W]", "a", false),
            ("\\pL", "é", true),
            ("a{", "a{", true),
            ("a{2}", "aa", true),
            ("[]]", "]", true),
            ("[^]]", "]", false),
            ("[[:alpha:]]", "a", true),
            ("[a&&b]{4}", "a&&b", true),
            ("[[]", "[", true),
            ("\\Qa.b\\E", "a.b", true),
            ("\\<", "<", true),
            ("\\.", "a", false),
        ] {
            assert_eq!(Compiled::default().get(pattern, false).unwrap().is_match(text), expected, "{pattern} {text}");
        }
        assert!(Compiled::default().get("(?=a)", false).is_err());
        assert!(!Compiled::default().get("a|hello", true).unwrap().is_match("ahello"));
    }
}
