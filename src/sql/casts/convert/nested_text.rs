//! The syntax of lists, structs and maps as text, as DuckDB writes and reads it. Pure.
//!
//! A part that has a character of the syntax, a space at an end, or that would be taken for a NULL, is in quotes; within them a
//! backslash stands before a quote or a backslash.

/// Characters of the syntax.
const SPECIAL: [char; 12] = ['[', ']', '{', '}', '(', ')', ',', ':', '=', '"', '\'', '\\'];

/// The parts of a struct.
#[derive(Debug, PartialEq, Eq)]
pub enum Parts<'t> {
    /// `{name: part, …}`
    Named(Vec<(String, &'t str)>),
    /// `(part, …)`
    Placed(Vec<&'t str>),
}

/// The parts of `[part, …]`, as they stand; `None` where it is no list.
pub fn items(text: &str) -> Option<Vec<&str>> {
    split(text.trim().strip_prefix('[')?.strip_suffix(']')?)
}

/// The parts of `{name: part, …}` or `(part, …)`, as they stand; `None` where it is neither.
pub fn fields(text: &str) -> Option<Parts<'_>> {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix('(') {
        return split(inner.strip_suffix(')')?).map(Parts::Placed);
    }
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let named = split(inner)?.into_iter().map(|part| {
        let colon = outermost(part, ':')?.first().copied()?;
        let (name, value) = part.split_at_checked(colon)?;
        Some((plain(name.trim())?, value.strip_prefix(':')?.trim()))
    });
    named.collect::<Option<Vec<_>>>().map(Parts::Named)
}

/// Whether a part as it stands is NULL.
pub fn is_null(raw: &str) -> bool {
    raw.eq_ignore_ascii_case("null")
}

/// A part without its quotes and backslashes; `None` where a quote is left open.
pub fn plain(raw: &str) -> Option<String> {
    let (mut out, mut quote) = (String::with_capacity(raw.len()), None);
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', _) => out.push(characters.next()?),
            ('"' | '\'', None) => quote = Some(character),
            (_, Some(open)) if character == open => quote = None,
            _ => out.push(character),
        }
    }
    quote.is_none().then_some(out)
}

/// Adds a part to `out`, in quotes where it needs them.
pub fn write(part: &str, out: &mut String) {
    let bare = !part.is_empty() && !part.starts_with(' ') && !part.ends_with(' ') && !is_null(part);
    match bare && !part.contains(SPECIAL) {
        true => out.push_str(part),
        false => write_quoted(part, out),
    }
}

/// Adds a part in quotes to `out`.
pub fn write_quoted(part: &str, out: &mut String) {
    out.push('\'');
    for character in part.chars() {
        if matches!(character, '\'' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('\'');
}

/// The parts between commas, without the spaces around them; none of an empty text.
fn split(text: &str) -> Option<Vec<&str>> {
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    let mut start = 0;
    let mut parts = Vec::new();
    for comma in outermost(text, ',')? {
        parts.push(text.get(start..comma)?.trim());
        start = comma + 1;
    }
    parts.push(text.get(start..)?.trim());
    Some(parts)
}

/// Where `wanted` stands outside of quotes and brackets; `None` where one of these is left open.
fn outermost(text: &str, wanted: char) -> Option<Vec<usize>> {
    let (mut places, mut open, mut quote) = (Vec::new(), Vec::new(), None);
    let mut characters = text.char_indices();
    while let Some((place, character)) = characters.next() {
        match (character, quote) {
            ('\\', _) => {
                characters.next()?;
            }
            ('"' | '\'', None) => quote = Some(character),
            (_, Some(mark)) if character == mark => quote = None,
            (_, Some(_)) => {}
            ('[', None) => open.push(']'),
            ('{', None) => open.push('}'),
            ('(', None) => open.push(')'),
            (']' | '}' | ')', None) => {
                open.pop().filter(|closing| *closing == character)?;
            }
            _ if character == wanted && open.is_empty() => places.push(place),
            _ => {}
        }
    }
    (quote.is_none() && open.is_empty()).then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split() {
        assert_eq!(items(" [1, [2, 3], 'a, b', \"c]\"] "), Some(vec!["1", "[2, 3]", "'a, b'", "\"c]\""]));
        assert_eq!(
            (items("[]"), items("[ ]"), items("[1,,2]")),
            (Some(vec![]), Some(vec![]), Some(vec!["1", "", "2"]))
        );
        for text in ["", "1", "[1", "1]", "[a'b]", "[(1]", "[1]]", "[\\"] {
            assert_eq!(items(text), None, "{text}");
        }
    }

    #[test]
    fn structs_are_split() {
        let named = |text| match fields(text) {
            Some(Parts::Named(named)) => named.into_iter().map(|(name, part)| format!("{name}={part}")).collect(),
            _ => Vec::new(),
        };
        assert_eq!(named("{'a': 1, \"b c\": {x: [1, 2]}, d:e:f}"), ["a=1", "b c={x: [1, 2]}", "d=e:f"]);
        assert_eq!(fields("{}"), Some(Parts::Named(vec![])));
        assert_eq!(fields("(1, x)"), Some(Parts::Placed(vec!["1", "x"])));
        assert_eq!((fields("{a}"), fields("a: 1"), fields("{a: 1")), (None, None, None));
    }

    #[test]
    fn what_is_written_is_read() {
        for (text, written) in [
            ("a", "a"),
            ("b c", "b c"),
            ("", "''"),
            (" a", "' a'"),
            ("Null", "'Null'"),
            ("x,y", "'x,y'"),
            ("it's", "'it\\'s'"),
            ("a\"b", "'a\"b'"),
            ("a\\b", "'a\\\\b'"),
        ] {
            let mut out = String::new();
            write(text, &mut out);
            assert_eq!(out, written);
            assert_eq!(plain(&out).as_deref(), Some(text));
        }
    }
}
