//! Rows as CSV.

use super::Writer;
use super::json::Value;
use crate::error::Result;
use crate::sql::error::from_arrow;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};

pub(super) struct Csv {
    /// The header, until it is written.
    header: Option<String>,
}

impl Csv {
    pub(super) fn new(schema: &SchemaRef) -> Csv {
        let mut header = String::new();
        for (place, field) in schema.fields().iter().enumerate() {
            separate(place, &mut header);
            quote(field.name(), &mut header);
        }
        header.push('\n');
        Csv { header: Some(header) }
    }
}

impl Writer for Csv {
    fn write(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        let mut out = self.header.take().unwrap_or_default();
        let columns = batch.columns().iter().map(|column| Ok((column, Value::of(column.as_ref())?)));
        let columns: Vec<(&ArrayRef, Value<'_>)> = columns.collect::<Result<_, _>>().map_err(from_arrow)?;
        let mut json = String::new();
        for row in 0..batch.num_rows() {
            for (place, (column, value)) in columns.iter().enumerate() {
                separate(place, &mut out);
                match column.data_type() {
                    DataType::Null => {}
                    _ if column.is_null(row) => {}
                    DataType::Utf8 => quote(column.as_string::<i32>().value(row), &mut out),
                    data_type => {
                        json.clear();
                        value.write(row, &mut json);
                        let bare = if data_type.is_nested() { &json } else { json.trim_matches('"') };
                        quote(bare, &mut out);
                    }
                }
            }
            out.push('\n');
        }
        Ok(out.into_bytes())
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        Ok(self.header.take().unwrap_or_default().into_bytes())
    }
}

fn separate(place: usize, out: &mut String) {
    if place > 0 {
        out.push(',');
    }
}

/// A field: in quotes where it has to be, and where it is empty, which without them is a null.
fn quote(text: &str, out: &mut String) {
    let is_edge = |c: Option<char>| c.is_none_or(char::is_whitespace);
    let plain =
        !is_edge(text.chars().next()) && !is_edge(text.chars().next_back()) && !text.contains([',', '"', '\n', '\r']);
    if plain {
        return out.push_str(text);
    }
    out.push('"');
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}
