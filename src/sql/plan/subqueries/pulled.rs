//! A subquery whose references to the query around it have risen to its top.

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, lit, when};

/// For a row of the outer query, the rows of `plan` that fulfil `pending` are the subquery's.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// Rows for all outer rows, with the subquery's columns and those that `pending` names. Refers to nothing of the outer query.
    pub plan: LogicalPlan,
    /// Predicates over columns of `plan` and outer references.
    pub pending: Vec<Pending>,
    /// Where no row fulfils `pending`, the subquery has one row all the same, with these values: that of an aggregate over nothing.
    pub missing: Option<Vec<(Column, Expr)>>,
}

/// A predicate over columns of a subquery and outer references.
#[derive(Debug, Clone)]
pub enum Pending {
    /// A column is equal to an expression over outer references alone.
    Key(Key),
    /// Any other.
    Other(Expr),
}

/// `column = outer`.
#[derive(Debug, Clone)]
pub struct Key {
    /// A column of the subquery.
    pub column: Column,
    /// An expression over outer references.
    pub outer: Expr,
    /// Whether NULL is equal to NULL.
    pub null_safe: bool,
}

impl Pulled {
    /// A plan that refers to nothing.
    pub fn plain(plan: LogicalPlan) -> Pulled {
        Pulled { plan, pending: Vec::new(), missing: None }
    }

    /// The keys, where nothing else is pending.
    pub fn keys(&self) -> Option<Vec<Key>> {
        let key = |pending: &Pending| match pending {
            Pending::Key(key) => Some(key.clone()),
            Pending::Other(_) => None,
        };
        self.pending.iter().map(key).collect()
    }

    /// The columns of `plan` that are compared.
    pub fn pending_columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        for pending in &self.pending {
            for column in pending.columns() {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
        columns
    }

    /// The pending predicates as one.
    pub fn condition(&self) -> Result<Option<Expr>> {
        let schema = self.plan.schema();
        Ok(conjunction(self.pending.iter().map(|pending| pending.to_expr(schema)).collect::<Result<Vec<_>>>()?))
    }
}

impl Pending {
    /// The predicate, over the columns of `schema`.
    pub fn to_expr(&self, schema: &DFSchema) -> Result<Expr> {
        match self {
            Pending::Other(expression) => Ok(expression.clone()),
            Pending::Key(Key { column, outer, null_safe: false }) => Ok(Expr::Column(column.clone()).eq(outer.clone())),
            Pending::Key(Key { column, outer, null_safe: true }) => {
                null_safe_equal(Expr::Column(column.clone()), outer.clone(), schema)
            }
        }
    }

    /// The columns of the subquery that it names.
    pub fn columns(&self) -> Vec<Column> {
        match self {
            Pending::Key(key) => vec![key.column.clone()],
            Pending::Other(expression) => expression.column_refs().into_iter().cloned().collect(),
        }
    }

    /// The same over columns with other names.
    pub fn renamed(self, names: &[(Column, Column)]) -> Result<Pending> {
        let new = |column: &Column| names.iter().find(|(old, _)| old == column).map(|(_, new)| new.clone());
        Ok(match self {
            Pending::Key(key) => {
                let column = new(&key.column).unwrap_or(key.column);
                Pending::Key(Key { column, ..key })
            }
            Pending::Other(expression) => {
                Pending::Other(with_columns(expression, &|column| new(column).map(Expr::Column))?)
            }
        })
    }
}

/// `expression` with other expressions in the place of columns.
pub fn with_columns(expression: Expr, other: &dyn Fn(&Column) -> Option<Expr>) -> Result<Expr> {
    let rewritten = expression.transform_up(|expression| match &expression {
        Expr::Column(column) => Ok(match other(column) {
            Some(other) => Transformed::yes(other),
            None => Transformed::no(expression),
        }),
        _ => Ok(Transformed::no(expression)),
    })?;
    Ok(rewritten.data)
}

/// `left IS NOT DISTINCT FROM right`, as equalities, which a hash join can use beside others.
pub fn null_safe_equal(left: Expr, right: Expr, schema: &DFSchema) -> Result<Expr> {
    let data_type = left.get_type(schema)?;
    let Ok(default) = ScalarValue::new_default(&data_type) else {
        return Ok(datafusion::logical_expr::binary_expr(
            left,
            datafusion::logical_expr::Operator::IsNotDistinctFrom,
            right,
        ));
    };
    let or_default = |side: &Expr| when(side.clone().is_null(), lit(default.clone())).otherwise(side.clone());
    let same = or_default(&left)?.eq(or_default(&right)?);
    Ok(same.and(left.is_null().eq(right.is_null())))
}
