//! FROM items that become subqueries once their columns are known.

use super::pivot;
use crate::error::Result;
use datafusion::sql::sqlparser::ast::TableFactor;

/// What a FROM item is.
#[derive(Debug)]
pub enum Rewritten {
    /// As it stands.
    No,
    /// A PIVOT or UNPIVOT of this item, which has to be settled first.
    Of(Box<TableFactor>),
}

impl Rewritten {
    /// Looks at a FROM item.
    pub fn inner(factor: &TableFactor) -> Rewritten {
        match factor {
            TableFactor::Pivot { table, .. } | TableFactor::Unpivot { table, .. } => Rewritten::Of(table.clone()),
            _ => Rewritten::No,
        }
    }
}

/// The subquery that stands for `factor`, over `table`, which is settled and has these columns.
pub fn rewrite(factor: TableFactor, table: TableFactor, columns: &[String]) -> Result<TableFactor> {
    match factor {
        TableFactor::Pivot { aggregate_functions, value_column, value_source, default_on_null, alias, .. } => {
            let subquery = pivot::pivot(
                &table,
                &aggregate_functions,
                &value_column,
                &value_source,
                default_on_null.as_ref(),
                columns,
            )?;
            Ok(TableFactor::Derived { lateral: false, subquery, alias, sample: None })
        }
        TableFactor::Unpivot { value, name, columns: taken, null_inclusion, alias, .. } => {
            let subquery = pivot::unpivot(&table, &value, &name, &taken, null_inclusion.as_ref(), columns)?;
            Ok(TableFactor::Derived { lateral: false, subquery, alias, sample: None })
        }
        other => Ok(other),
    }
}
