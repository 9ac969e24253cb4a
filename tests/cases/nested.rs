//! Lists, structs and maps as text: JSON's, DuckDB's (`[1, NULL]`, `{'a': 1}`, `{k=1}`) and Python's.

use std::iter::Peekable;
use std::str::Chars;

#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Null,
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// The whole of `text`, or nothing.
    pub fn parse(text: &str) -> Option<Node> {
        let mut chars = text.chars().peekable();
        let node = value(&mut chars)?;
        blanks(&mut chars);
        chars.next().is_none().then_some(node)
    }
}

fn blanks(chars: &mut Peekable<Chars>) {
    while chars.next_if(|c| c.is_whitespace()).is_some() {}
}

fn value(chars: &mut Peekable<Chars>) -> Option<Node> {
    blanks(chars);
    match chars.peek()? {
        '[' => list(chars).map(Node::List),
        '{' => object(chars).map(Node::Object),
        '"' | '\'' => quoted(chars).map(Node::Text),
        _ => match bare(chars, &[',', ']', '}']) {
            text if text.eq_ignore_ascii_case("null") || text == "None" => Some(Node::Null),
            text => Some(Node::Text(text)),
        },
    }
}

fn list(chars: &mut Peekable<Chars>) -> Option<Vec<Node>> {
    chars.next();
    let mut items = Vec::new();
    blanks(chars);
    if chars.next_if_eq(&']').is_some() {
        return Some(items);
    }
    loop {
        items.push(value(chars)?);
        blanks(chars);
        match chars.next()? {
            ']' => return Some(items),
            ',' => {}
            _ => return None,
        }
    }
}

fn object(chars: &mut Peekable<Chars>) -> Option<Vec<(String, Node)>> {
    chars.next();
    let mut pairs = Vec::new();
    blanks(chars);
    if chars.next_if_eq(&'}').is_some() {
        return Some(pairs);
    }
    loop {
        blanks(chars);
        let key = match chars.peek()? {
            '"' | '\'' => quoted(chars)?,
            _ => bare(chars, &[':', '=', '}']),
        };
        blanks(chars);
        chars.next_if(|c| [':', '='].contains(c))?;
        pairs.push((key, value(chars)?));
        blanks(chars);
        match chars.next()? {
            '}' => return Some(pairs),
            ',' => {}
            _ => return None,
        }
    }
}

/// JSON's escapes, or a doubled quote.
fn quoted(chars: &mut Peekable<Chars>) -> Option<String> {
    let quote = chars.next()?;
    let mut text = String::new();
    loop {
        match chars.next()? {
            '\\' => match chars.next()? {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    text.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                }
                other => text.push(other),
            },
            c if c == quote => match chars.next_if_eq(&quote) {
                Some(_) => text.push(quote),
                None => return Some(text),
            },
            c => text.push(c),
        }
    }
}

fn bare(chars: &mut Peekable<Chars>, ends: &[char]) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next_if(|c| !ends.contains(c)) {
        text.push(c);
    }
    text.trim().into()
}
