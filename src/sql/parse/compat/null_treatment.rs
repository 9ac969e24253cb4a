//! `first_value(x) IGNORE NULLS OVER (…)`, which DuckDB does not take: it wants the words within the parentheses.

use crate::error::{Error, Result};
use crate::sql::parse::visitor::look;
use datafusion::sql::sqlparser::ast::{Expr, Statement, Visitor};
use std::ops::ControlFlow;

/// Refuses `IGNORE NULLS` and `RESPECT NULLS` behind a call.
///
/// # Errors
/// `invalid_sql` that tells how to write it.
pub fn refuse_trailing(statement: &Statement) -> Result<()> {
    struct Trailing(Option<String>);
    impl Visitor for Trailing {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if let Expr::Function(function) = expr
                && let Some(treatment) = function.null_treatment
            {
                self.0 = Some(format!("{}(x {treatment})", function.name));
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        }
    }
    let mut trailing = Trailing(None);
    look(statement, &mut trailing);
    match trailing.0 {
        Some(call) => Err(Error::InvalidSql {
            message: format!(
                "IGNORE NULLS and RESPECT NULLS stand within the parentheses: write {call}, or set dialect to spark or trino"
            ),
        }),
        None => Ok(()),
    }
}
