//! Patterns of `strftime` and `strptime`, read once: `%Y-%m-%d`. DuckDB's, and what Java's patterns need beside them.

use datafusion::common::{Result, exec_err};

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// A field by its letter; without leading zeros where that is true.
    Field(char, bool),
}

/// Letters that stand for a field, and those of them that `%-` may stand before.
const FIELDS: &str = "aAbBdfgGHIjmMnpSuUVwWyYzZ:";
const UNPADDED: &str = "dHIjmMSy";

/// The pieces of a pattern.
pub(super) fn pieces(function: &str, pattern: &str) -> Result<Vec<Piece>> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut rest = pattern.chars();
    while let Some(letter) = rest.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let Some(field) = rest.next() else {
            return exec_err!("{function}: the pattern '{pattern}' ends in '%': write '%%' for a percent sign");
        };
        let longer = match field {
            'c' => Some("%Y-%m-%d %H:%M:%S"),
            'x' | 'F' => Some("%Y-%m-%d"),
            'X' | 'T' => Some("%H:%M:%S"),
            'R' => Some("%H:%M"),
            'D' => Some("%m/%d/%y"),
            _ => None,
        };
        let pieces = match (field, longer) {
            ('%', _) => {
                text.push('%');
                continue;
            }
            (_, Some(longer)) => pieces(function, longer)?,
            ('-', _) => match rest.next() {
                Some(field) if UNPADDED.contains(field) => vec![Piece::Field(field, true)],
                other => return unknown(function, pattern, &format!("-{}", other.map_or(String::new(), String::from))),
            },
            // `%:z` is an offset with a colon, `%3f`, `%6f` and `%9f` are fractions of so many digits.
            (':', _) if rest.as_str().starts_with('z') => {
                rest.next();
                vec![Piece::Field(':', false)]
            }
            ('3', _) if rest.as_str().starts_with('f') => {
                rest.next();
                vec![Piece::Field('g', false)]
            }
            ('6', _) if rest.as_str().starts_with('f') => {
                rest.next();
                vec![Piece::Field('f', false)]
            }
            ('9', _) if rest.as_str().starts_with('f') => {
                rest.next();
                vec![Piece::Field('n', false)]
            }
            ('e', _) => vec![Piece::Field('d', true)],
            ('h', _) => vec![Piece::Field('b', false)],
            (field, _) if FIELDS.contains(field) && field != ':' => vec![Piece::Field(field, false)],
            (field, _) => return unknown(function, pattern, &field.to_string()),
        };
        if !text.is_empty() {
            out.push(Piece::Text(std::mem::take(&mut text)));
        }
        out.extend(pieces);
    }
    if !text.is_empty() {
        out.push(Piece::Text(text));
    }
    Ok(out)
}

fn unknown<T>(function: &str, pattern: &str, field: &str) -> Result<T> {
    exec_err!(
        "{function}: there is no field %{field}, which the pattern '{pattern}' has; write '%%' for a percent sign"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_fields() {
        let pieces = |pattern| pieces("strftime", pattern);
        assert_eq!(
            pieces("100%% %-d.%m").unwrap(),
            [Piece::Text("100% ".into()), Piece::Field('d', true), Piece::Text(".".into()), Piece::Field('m', false)]
        );
        assert_eq!(pieces("%x").unwrap(), pieces("%Y-%m-%d").unwrap());
        for wrong in ["%Q", "%", "%-Y", "%s"] {
            assert!(pieces(wrong).is_err(), "{wrong}");
        }
    }
}
