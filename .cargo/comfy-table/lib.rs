//! What Arrow uses of `comfy-table`: see this folder's `Cargo.toml`.

use std::fmt::{Display, Formatter, Result};

/// A text, of one line or several.
pub struct Cell(String);

impl Cell {
    pub fn new(content: impl ToString) -> Cell {
        Cell(content.to_string())
    }
}

/// Rows of texts in a frame.
#[derive(Default)]
pub struct Table {
    header: Option<Vec<Cell>>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub fn new() -> Table {
        Table::default()
    }

    /// Arrow asks for the one frame that is drawn here.
    pub fn load_preset(&mut self, _frame: &str) -> &mut Table {
        self
    }

    pub fn set_header(&mut self, header: Vec<Cell>) -> &mut Table {
        self.header = Some(header);
        self
    }

    pub fn add_row(&mut self, row: Vec<Cell>) -> &mut Table {
        self.rows.push(row);
        self
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = Vec::new();
        for row in self.header.iter().chain(&self.rows) {
            widths.resize(widths.len().max(row.len()), 0);
            for (Cell(text), most) in row.iter().zip(&mut widths) {
                *most = text.lines().map(width).max().unwrap_or(0).max(*most);
            }
        }
        widths
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let widths = self.widths();
        let rule: String =
            widths.iter().map(|width| format!("+{}", "-".repeat(width + 2))).chain(["+".to_string()]).collect();
        f.write_str(&rule)?;
        if let Some(header) = &self.header {
            write_row(f, header, &widths)?;
            write!(f, "\n{rule}")?;
        }
        for row in &self.rows {
            write_row(f, row, &widths)?;
        }
        if !self.rows.is_empty() {
            write!(f, "\n{rule}")?;
        }
        Ok(())
    }
}

fn write_row(f: &mut Formatter<'_>, row: &[Cell], widths: &[usize]) -> Result {
    let height = row.iter().map(|Cell(text)| text.lines().count()).max().unwrap_or(0).max(1);
    for line in 0..height {
        f.write_str("\n|")?;
        for (index, most) in widths.iter().enumerate() {
            let text = row.get(index).and_then(|Cell(text)| text.lines().nth(line)).unwrap_or("");
            write!(f, " {text}{} |", " ".repeat(most - width(text)))?;
        }
    }
    Ok(())
}

#[cfg(not(target_arch = "wasm32"))]
fn width(line: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(line)
}

#[cfg(target_arch = "wasm32")]
fn width(line: &str) -> usize {
    line.chars().count()
}
