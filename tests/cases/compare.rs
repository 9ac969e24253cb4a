//! Rows against expected rows.

use crate::cell::Cell;
use crate::{csv, expected};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};

/// Rows shown of each side where they differ.
const SHOWN: usize = 6;

/// Up to this many rows each is looked for among all, where sorting has not brought equal ones together: floats that differ in
/// their last digits may be sorted otherwise.
const SEARCHED: usize = 3000;

pub type Row = Vec<Cell>;

/// The rows of all batches.
pub fn cells(batches: &[RecordBatch]) -> Vec<Row> {
    let row = |batch: &RecordBatch, at: usize| batch.columns().iter().map(|column| Cell::of(column, at)).collect();
    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |at| row(batch, at))).collect()
}

/// Nothing if the rows are those expected, in this order or in any; else both, cut.
pub fn compare(expected: &str, schema: &SchemaRef, batches: &[RecordBatch], ordered: bool) -> Result<(), String> {
    let mut found = cells(batches);
    let kinds: Vec<&DataType> = schema.fields().iter().map(|field| field.data_type()).collect();
    let mut wanted = csv::rows(expected);
    // No line at all: no row, or one of a single empty field.
    if expected.is_empty() && found.is_empty() {
        wanted.clear();
    }
    let wanted_row = |row: &Vec<String>| -> Row {
        let kind = |at: usize| kinds.get(at).copied().unwrap_or(&DataType::Utf8);
        row.iter().enumerate().map(|(at, text)| expected::cell(text, kind(at))).collect()
    };
    let mut wanted: Vec<Row> = wanted.iter().map(wanted_row).collect();
    if !ordered {
        found.sort_by_cached_key(key);
        wanted.sort_by_cached_key(key);
    }
    let same = found.len() == wanted.len() && found.iter().zip(&wanted).all(|(found, wanted)| is(found, wanted));
    if same || (!ordered && wanted.len() <= SEARCHED && found.len() == wanted.len() && pairs(&found, &wanted)) {
        return Ok(());
    }
    let first = found.iter().zip(&wanted).position(|(found, wanted)| !is(found, wanted));
    let from = first.unwrap_or(found.len().min(wanted.len()));
    let place = if from == 0 { String::new() } else { format!(" (from row {from})") };
    let part = |rows: &[Row]| shown(rows.get(from..).unwrap_or_default());
    Err(format!(
        "wanted {} rows, got {}{place}:\n    wanted {}\n    got    {}",
        wanted.len(),
        found.len(),
        part(&wanted),
        part(&found)
    ))
}

fn key(row: &Row) -> String {
    row.iter().map(Cell::key).collect::<Vec<_>>().join("\u{1}")
}

fn is(found: &Row, wanted: &Row) -> bool {
    let cell = |(found, wanted): (&Cell, &Cell)| match (found, wanted) {
        // In CSV both are an empty field, and a text may be `NULL`.
        (Cell::Null, Cell::Text(text)) => text.is_empty() || text == "NULL",
        (Cell::Text(text), Cell::Null) => text == "NULL",
        _ => found.is(wanted),
    };
    found.len() == wanted.len() && found.iter().zip(wanted).all(cell)
}

/// Whether each wanted row is found, one for one.
fn pairs(found: &[Row], wanted: &[Row]) -> bool {
    let mut left: Vec<&Row> = found.iter().collect();
    wanted.iter().all(|wanted| match left.iter().position(|found| is(found, wanted)) {
        Some(at) => {
            left.swap_remove(at);
            true
        }
        None => false,
    })
}

/// The first rows, cells by `|`.
pub fn shown(rows: &[Row]) -> String {
    let cell = |cell: &Cell| match cell {
        Cell::Float(value) => format!("{value:?}"),
        other => other.key(),
    };
    let row = |row: &Row| row.iter().map(cell).collect::<Vec<_>>().join("|");
    let more = if rows.len() > SHOWN { " ; …" } else { "" };
    rows.iter().take(SHOWN).map(row).collect::<Vec<_>>().join(" ; ") + more
}

/// Whether a statement orders its rows: an ORDER BY outside of brackets and texts.
pub fn is_ordered(sql: &str) -> bool {
    let mut depth = 0;
    let mut quote = None;
    let mut outside = String::new();
    for c in sql.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth -= 1;
                outside.push(' ');
            }
            (None, c) if depth == 0 => outside.push(c.to_ascii_lowercase()),
            (None, _) => {}
        }
    }
    outside.split_whitespace().collect::<Vec<_>>().windows(2).any(|pair| pair == ["order", "by"])
}
