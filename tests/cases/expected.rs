//! Expected texts as cells, by the type that came back.

use crate::cell::{Cell, canonical, is_short};
use crate::nested::Node;
use arrow::datatypes::{DataType, Fields};

/// Digits that every double holds.
const DOUBLE_DIGITS: usize = 15;

/// A field of a row. An empty one is NULL, or an empty text.
pub fn cell(text: &str, kind: &DataType) -> Cell {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View if text.is_empty() => Cell::Text(String::new()),
        _ if text.is_empty() || text == "NULL" => Cell::Null,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            Cell::Text(hex(text))
        }
        _ if kind.is_nested() => Node::parse(text).map_or_else(|| Cell::Text(text.into()), |node| nested(&node, kind)),
        _ => scalar(text, kind),
    }
}

fn scalar(text: &str, kind: &DataType) -> Cell {
    let float = || match text.parse() {
        Ok(value) if is_short(text) => Cell::Short(value),
        Ok(value) => Cell::Float(value),
        Err(_) => Cell::Text(text.into()),
    };
    match kind {
        _ if kind.is_floating() => match text.chars().all(|c| c.is_ascii_digit() || c == '-') {
            true if text.len() > DOUBLE_DIGITS => Cell::Text(text.into()),
            _ => float(),
        },
        // A double of DuckDB's, or one power of ten of pyarrow's: what came back is exact.
        _ if kind.is_numeric() && text.contains(['e', 'E', 'n']) => text.parse().map_or(Cell::Null, Cell::Float),
        _ => Cell::Text(canonical(text, kind)),
    }
}

fn nested(node: &Node, kind: &DataType) -> Cell {
    match (node, kind) {
        (Node::Null, _) => Cell::Null,
        (Node::Text(text), _) if kind.is_nested() => Cell::Text(text.clone()),
        (Node::Text(text), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => Cell::Text(text.clone()),
        (Node::Text(text), _) => cell(text, kind),
        (Node::List(items), DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _)) => {
            Cell::Nested(items.iter().map(|each| nested(each, item.data_type())).collect())
        }
        (Node::Object(pairs), DataType::Struct(fields)) => structure(pairs, fields),
        (Node::Object(pairs), DataType::Map(entries, _)) => {
            let DataType::Struct(fields) = entries.data_type() else { return Cell::Null };
            let kinds = (fields[0].data_type(), fields[1].data_type());
            let pair =
                |(key, value): &(String, Node)| [nested(&Node::Text(key.clone()), kinds.0), nested(value, kinds.1)];
            Cell::Nested(pairs.iter().flat_map(pair).collect())
        }
        (Node::List(_) | Node::Object(_), _) => Cell::Text(format!("{node:?}")),
    }
}

/// Names are compared too: a field of another name is in no cell.
fn structure(pairs: &[(String, Node)], fields: &Fields) -> Cell {
    let same = pairs.len() == fields.len() && pairs.iter().zip(fields).all(|((name, _), field)| name == field.name());
    match same {
        true => {
            Cell::Nested(pairs.iter().zip(fields).map(|((_, node), field)| nested(node, field.data_type())).collect())
        }
        false => Cell::Text(format!("{pairs:?}")),
    }
}

/// Bytes as Arrow shows them. DuckDB writes those that are no letters as `\x00`.
fn hex(text: &str) -> String {
    let is_hex = text.len().is_multiple_of(2) && text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    if is_hex {
        return text.into();
    }
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match rest.strip_prefix("\\x").and_then(|rest| Some((u8::from_str_radix(rest.get(..2)?, 16).ok()?, rest))) {
            Some((byte, after)) => (bytes.push(byte), rest = &after[2..]).1,
            None => {
                bytes.extend(c.to_string().as_bytes());
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
