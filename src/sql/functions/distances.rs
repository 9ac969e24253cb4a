//! How far strings are from one another, by their bytes as in DuckDB.

use super::own::{Call, Own, gives, takes};
use arrow::array::{ArrayRef, Float64Array, Int64Array};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let own = |name, aliases, gives, run| Own {
        name,
        aliases,
        usage: "two strings",
        takes: takes::two_strings,
        gives,
        json: false,
        run,
    };
    let all = [
        own("levenshtein", &["editdist3", "editdist"], gives::integer, |call| {
            counted(call, |a, b| Ok(edits(a, b, false)))
        }),
        own("damerau_levenshtein", &[], gives::integer, |call| counted(call, |a, b| Ok(edits(a, b, true)))),
        own("hamming", &["mismatches"], gives::integer, |call| counted(call, hamming)),
        own("jaccard", &[], gives::double, |call| measured(call, jaccard)),
        own("jaro_similarity", &[], gives::double, |call| measured(call, |a, b| Ok(jaro(a, b)))),
        own("jaro_winkler_similarity", &[], gives::double, |call| measured(call, |a, b| Ok(jaro_winkler(a, b)))),
    ];
    all.into_iter().map(Own::function).collect()
}

fn counted(call: &Call<'_>, distance: fn(&[u8], &[u8]) -> Result<i64>) -> Result<ArrayRef> {
    let (left, right) = (call.strings(0)?, call.strings(1)?);
    let pairs = left.iter().zip(right.iter()).map(|(a, b)| match (a, b) {
        (Some(a), Some(b)) => distance(a.as_bytes(), b.as_bytes()).map(Some),
        _ => Ok(None),
    });
    Ok(Arc::new(pairs.collect::<Result<Int64Array>>()?))
}

fn measured(call: &Call<'_>, distance: fn(&[u8], &[u8]) -> Result<f64>) -> Result<ArrayRef> {
    let (left, right) = (call.strings(0)?, call.strings(1)?);
    let pairs = left.iter().zip(right.iter()).map(|(a, b)| match (a, b) {
        (Some(a), Some(b)) => distance(a.as_bytes(), b.as_bytes()).map(Some),
        _ => Ok(None),
    });
    Ok(Arc::new(pairs.collect::<Result<Float64Array>>()?))
}

/// Insertions, deletions and replacements, with `swaps` of neighbours too.
fn edits(a: &[u8], b: &[u8], swaps: bool) -> i64 {
    let mut before: Vec<i64> = Vec::new();
    let mut last: Vec<i64> = (0..=b.len() as i64).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i as i64 + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[i64], place: usize| row.get(place).copied().unwrap_or(i64::MAX - 1);
            let mut best = (at(&last, j) + i64::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = |i: usize, j: usize| a.get(i) == Some(y) && b.get(j) == Some(x);
            if swaps && i > 0 && j > 0 && swapped(i - 1, j - 1) {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

fn hamming(a: &[u8], b: &[u8]) -> Result<i64> {
    if a.len() != b.len() {
        return exec_err!("hamming: the strings are not of the same length");
    }
    Ok(a.iter().zip(b).filter(|(x, y)| x != y).count() as i64)
}

/// How many of the bytes of either are in both.
fn jaccard(a: &[u8], b: &[u8]) -> Result<f64> {
    if a.is_empty() || b.is_empty() {
        return exec_err!("jaccard: a string is empty");
    }
    let (mut shared, mut all) = (0u32, 0u32);
    for byte in 0..=u8::MAX {
        let (left, right) = (a.contains(&byte), b.contains(&byte));
        shared += u32::from(left && right);
        all += u32::from(left || right);
    }
    Ok(f64::from(shared) / f64::from(all))
}

fn jaro(a: &[u8], b: &[u8]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return if a == b { 1.0 } else { 0.0 };
    }
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let mut taken = vec![false; b.len()];
    let mut matched = Vec::new();
    for (i, x) in a.iter().enumerate() {
        let window = taken.iter_mut().zip(b).enumerate().skip(i.saturating_sub(reach)).take(reach + i.min(reach) + 1);
        let near = window.filter(|(j, _)| j.abs_diff(i) <= reach);
        if let Some((_, (taken, _))) = { near }.find(|(_, (taken, y))| !**taken && x == *y) {
            *taken = true;
            matched.push(*x);
        }
    }
    if matched.is_empty() {
        return 0.0;
    }
    let others = b.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(y, _)| *y);
    let moved = matched.iter().zip(others).filter(|(x, y)| **x != *y).count() / 2;
    let count = matched.len() as f64;
    (count / a.len() as f64 + count / b.len() as f64 + (count - moved as f64) / count) / 3.0
}

fn jaro_winkler(a: &[u8], b: &[u8]) -> f64 {
    let similarity = jaro(a, b);
    let prefix = a.iter().zip(b).take(4).take_while(|(x, y)| x == y).count() as f64;
    if similarity > 0.7 { similarity + prefix * 0.1 * (1.0 - similarity) } else { similarity }
}
