//! `TABLESAMPLE` and `USING SAMPLE`: the planner passes over both. So a sampled table becomes a subquery that draws rows.

use super::template::{TABLE, put_table, query};
use crate::error::{Error, Result};
use crate::sql::error::invalid;
use datafusion::sql::sqlparser::ast::{
    Ident, ObjectNamePart, TableAlias, TableFactor, TableSample, TableSampleKind, TableSampleMethod,
    TableSampleModifier, TableSampleUnit,
};

/// Whether `factor` is sampled by a clause that means all of a FROM clause.
pub(crate) fn of_all(factor: &TableFactor) -> bool {
    let sample = match factor {
        TableFactor::Table { sample: Some(sample), .. } | TableFactor::Derived { sample: Some(sample), .. } => sample,
        _ => return false,
    };
    match sample {
        TableSampleKind::BeforeTableAlias(sample) | TableSampleKind::AfterTableAlias(sample) => {
            matches!(sample.modifier, TableSampleModifier::Sample)
        }
    }
}

/// Puts a subquery in the place of a sampled table.
pub(crate) fn rewrite(factor: &mut TableFactor) -> Result<()> {
    let (sample, alias) = match factor {
        TableFactor::Table { sample, alias, name, .. } => {
            let Some(sample) = sample.take() else { return Ok(()) };
            let own = name.0.last().and_then(ObjectNamePart::as_ident).cloned();
            let named = |name: Ident| TableAlias { explicit: true, name, columns: Vec::new(), at: None };
            (sample, alias.take().or(own.map(named)))
        }
        TableFactor::Derived { sample, alias, .. } => {
            let Some(sample) = sample.take() else { return Ok(()) };
            (sample, alias.take())
        }
        _ => return Ok(()),
    };
    let sample = match sample {
        TableSampleKind::BeforeTableAlias(sample) | TableSampleKind::AfterTableAlias(sample) => sample,
    };
    let mut drawn = query(&text(&sample)?)?;
    put_table(&mut drawn, factor);
    *factor = TableFactor::Derived { lateral: false, subquery: drawn, alias, sample: None };
    Ok(())
}

/// The query that draws rows from [`TABLE`].
fn text(sample: &TableSample) -> Result<String> {
    if sample.seed.is_some() {
        return Err(Error::unsupported(
            "TABLESAMPLE … REPEATABLE",
            "samples are drawn anew each time: leave the seed out",
        ));
    }
    if sample.bucket.is_some() || sample.offset.is_some() {
        return Err(Error::unsupported("TABLESAMPLE (BUCKET …)", "write TABLESAMPLE (10 PERCENT) or (10 ROWS)"));
    }
    let usage = || invalid("TABLESAMPLE: write (10 PERCENT) or (10 ROWS)");
    let quantity = sample.quantity.as_ref().ok_or_else(usage)?;
    let number = quantity.value.to_string();
    let percent = match (&quantity.unit, &sample.name) {
        (Some(TableSampleUnit::Percent), _) => true,
        (Some(TableSampleUnit::Rows), _) => false,
        (None, Some(TableSampleMethod::Bernoulli | TableSampleMethod::System)) => true,
        _ => return Err(usage()),
    };
    match number.parse::<f64>() {
        Ok(share) if percent && (0.0..=100.0).contains(&share) => {
            Ok(format!("SELECT * FROM {TABLE} WHERE random() < {}", share / 100.0))
        }
        Ok(_) if !percent && number.parse::<u64>().is_ok() => {
            // By a column: the planner cannot sort rows without columns, which is what a count leaves of them.
            let drawn = format!("(SELECT *, random() AS \"lakeglass.random\" FROM {TABLE})");
            Ok(format!(
                "SELECT * EXCLUDE (\"lakeglass.random\") FROM {drawn} ORDER BY \"lakeglass.random\" LIMIT {number}"
            ))
        }
        _ => Err(usage()),
    }
}
