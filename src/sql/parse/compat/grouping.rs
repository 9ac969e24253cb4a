//! `GROUP BY ()`, and ROLLUP and CUBE of several keys at once, as GROUPING SETS.

use crate::error::{Error, Result};
use datafusion::sql::sqlparser::ast::Expr;

/// Sets that a CUBE may have.
const MAX_SETS: usize = 4096;

/// Rewrites the keys of a GROUP BY.
pub(crate) fn rewrite(keys: &mut Vec<Expr>) -> Result<()> {
    let is_empty = |key: &Expr| matches!(key, Expr::Tuple(parts) if parts.is_empty());
    if !keys.is_empty() && keys.iter().all(is_empty) {
        *keys = vec![Expr::GroupingSets(vec![Vec::new()])];
        return Ok(());
    }
    keys.retain(|key| !is_empty(key));
    for key in keys {
        let several = |parts: &[Vec<Expr>]| parts.iter().any(|part| part.len() != 1);
        match key {
            Expr::Rollup(parts) if several(parts) => {
                let sets = (0..=parts.len()).rev().map(|count| joined(parts.iter().take(count)));
                *key = Expr::GroupingSets(sets.collect());
            }
            Expr::Cube(parts) if several(parts) => {
                let count =
                    1usize.checked_shl(parts.len().try_into().unwrap_or(u32::MAX)).filter(|sets| *sets <= MAX_SETS);
                let Some(count) = count else {
                    return Err(Error::unsupported("CUBE of so many keys", "write the GROUPING SETS that are wanted"));
                };
                let chosen = |set: usize| parts.iter().enumerate().filter(move |(place, _)| set & (1 << place) == 0);
                let sets = (0..count).map(|set| joined(chosen(set).map(|(_, part)| part)));
                *key = Expr::GroupingSets(sets.collect());
            }
            _ => {}
        }
    }
    Ok(())
}

/// The keys of several parts, each once.
fn joined<'p>(parts: impl Iterator<Item = &'p Vec<Expr>>) -> Vec<Expr> {
    let mut keys: Vec<Expr> = Vec::new();
    for key in parts.flatten() {
        if !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    keys
}
