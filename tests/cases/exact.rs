//! Exact values of simple expressions: where DuckDB gives an overflow error, the exact value is right too.

use crate::cell::Cell;
use arrow::datatypes::i256;
use std::ops::Neg;

/// `mantissa / 10^scale`.
#[derive(Clone, Copy)]
struct Number {
    mantissa: i256,
    scale: usize,
}

/// The query for the values of a statement's columns, and the expression over them: of a statement that has one expression.
pub fn parts(sql: &str) -> Option<(String, &str)> {
    let (expression, rest) = sql.strip_prefix("SELECT ")?.split_once(" FROM ")?;
    Some((format!("SELECT * FROM {rest}"), expression))
}

/// The value of `a + b`, `a * b`, `-a`, `abs(a)` or `sum(a)`, where each part is a number or a column of `rows`.
pub fn value(expression: &str, names: &[String], rows: &[Vec<Cell>]) -> Option<Cell> {
    let column = |name: &str| -> Option<Vec<Number>> {
        let at = names.iter().position(|each| each == name)?;
        rows.iter().filter(|row| row[at] != Cell::Null).map(|row| number(&row[at])).collect()
    };
    if let Some(name) = expression.strip_prefix("sum(").and_then(|rest| rest.strip_suffix(')')) {
        return column(name)?.into_iter().try_fold(number(&Cell::Text("0".into()))?, add).map(text);
    }
    if rows.len() != 1 {
        return None;
    }
    let operand = |text: &str| match text.starts_with(|c: char| c.is_ascii_digit()) {
        true => number(&Cell::Text(text.into())),
        false => column(text)?.first().copied(),
    };
    if let Some(name) = expression.strip_prefix("abs(").and_then(|rest| rest.strip_suffix(')')) {
        let value = operand(name)?;
        return Some(text(Number { mantissa: value.mantissa.wrapping_abs(), ..value }));
    }
    if let Some(name) = expression.strip_prefix('-') {
        let value = operand(name)?;
        return Some(text(Number { mantissa: value.mantissa.neg(), ..value }));
    }
    let [left, operator, right] = expression.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let (left, right) = (operand(left)?, operand(right)?);
    match operator {
        "+" => add(left, right),
        "-" => add(left, Number { mantissa: right.mantissa.neg(), ..right }),
        "*" => left
            .mantissa
            .checked_mul(right.mantissa)
            .map(|mantissa| Number { mantissa, scale: left.scale + right.scale }),
        _ => None,
    }
    .map(text)
}

fn number(cell: &Cell) -> Option<Number> {
    let Cell::Text(text) = cell else { return None };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    Some(Number { mantissa: i256::from_string(&format!("{whole}{fraction}"))?, scale: fraction.len() })
}

fn add(left: Number, right: Number) -> Option<Number> {
    let scale = left.scale.max(right.scale);
    let scaled = |value: Number| {
        let factor = i256::from_i128(10).checked_pow((scale - value.scale) as u32)?;
        value.mantissa.checked_mul(factor)
    };
    Some(Number { mantissa: scaled(left)?.checked_add(scaled(right)?)?, scale })
}

fn text(value: Number) -> Cell {
    let negative = value.mantissa.is_negative();
    let digits = format!("{:0>1$}", value.mantissa.wrapping_abs().to_string(), value.scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - value.scale);
    let number = format!("{}{whole}.{fraction}", if negative { "-" } else { "" });
    Cell::Text(number.trim_end_matches('0').trim_end_matches('.').into())
}
