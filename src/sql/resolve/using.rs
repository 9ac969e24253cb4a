//! Columns that `USING` and `NATURAL` joins make one.
//!
//! The planner takes such a column from the left side, also where a row has none: of a RIGHT or FULL join that is a null in
//! the place of the value. So joins of these kinds are joined ON, and the column's name stands for the right expression.

use super::scope::{Merged, Relation, Scope};
use crate::error::{Error, Result};
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Ident, JoinConstraint, JoinOperator, ObjectName};

/// Whose rows a join keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// The left side's, or those of both that match.
    Left,
    /// The right side's.
    Right,
    /// All.
    Both,
}

impl Keeps {
    /// What a join of this kind keeps.
    pub fn of(operator: &JoinOperator) -> Keeps {
        match operator {
            JoinOperator::RightOuter(_) | JoinOperator::Right(_) => Keeps::Right,
            JoinOperator::FullOuter(_) => Keeps::Both,
            _ => Keeps::Left,
        }
    }
}

impl Scope<'_> {
    /// What an unqualified column stands for, if `USING` merged it out of several.
    pub fn merged_from(&self, name: &Ident) -> Option<Expr> {
        if self.aliases.iter().any(|alias| alias.name == name.value) {
            return None;
        }
        self.merged.iter().find(|merged| merged.column == name.value).map(Merged::expression)
    }

    /// The relation that comes first of those that have `column`, and how many have it.
    fn first_with(&self, column: &str) -> (Option<String>, usize) {
        let has = |relation: &&Relation| {
            relation.columns.as_ref().is_some_and(|columns| columns.iter().any(|known| known.name == column))
        };
        let with: Vec<&Relation> = self.relations.iter().filter(has).collect();
        (with.first().and_then(|relation| relation.name.clone()), with.len())
    }

    /// Notes that `column` was joined by `USING` with the relation that came last, in a join that keeps the left side's rows.
    fn merge(&mut self, column: &str) {
        if let (Some(first), 3..) = self.first_with(column)
            && !self.merged.iter().any(|merged| merged.column == column)
        {
            self.merged.push(Merged { column: column.into(), from: vec![first], outer: false });
        }
    }

    /// The same for a join with `right` that may keep rows of which one side has no value; what the column stood for before.
    pub(crate) fn merge_outer(&mut self, column: &str, right: &str, keeps: Keeps) -> Option<Expr> {
        let first = self.first_with(column).0?;
        let known = self.merged.iter().position(|merged| merged.column == column).map(|at| self.merged.remove(at));
        let before = known.unwrap_or(Merged { column: column.into(), from: vec![first], outer: false });
        let left = before.expression();
        let from = match keeps {
            Keeps::Left => before.from,
            Keeps::Right => vec![right.into()],
            Keeps::Both => before.from.into_iter().chain([right.to_string()]).collect(),
        };
        self.merged.push(Merged { column: column.into(), from, outer: true });
        self.doubled.push((right.into(), column.into()));
        Some(left)
    }

    /// Takes the columns of the relation that came last out of what `*` means: a semi join's right side.
    pub fn forget_last(&mut self) {
        if let Some(Relation { name: Some(name), columns: Some(columns) }) = self.relations.last() {
            let doubled = columns.iter().map(|column| (name.clone(), column.name.clone()));
            self.doubled.extend(doubled);
        }
    }

    /// The columns that a NATURAL join is by.
    pub fn shared(&self) -> Option<Vec<String>> {
        let (right, left) = self.relations.split_last()?;
        let right = right.columns.as_ref()?;
        let mut names = Vec::new();
        for column in right.iter().filter(|column| !column.hidden) {
            let in_left = |relation: &Relation| {
                relation.columns.as_ref().map(|columns| columns.iter().any(|known| known.name == column.name))
            };
            let found: Option<Vec<bool>> = left.iter().map(in_left).collect();
            if found?.contains(&true) {
                names.push(column.name.clone());
            }
        }
        Some(names)
    }

    /// Joins the relation that came last by `columns`, which are settled; the constraint that says so to the planner, where it
    /// is another than the one written.
    pub fn join_using(&mut self, columns: &[String], keeps: Keeps) -> Result<Option<JoinConstraint>> {
        let is_outer = |column: &String| self.merged.iter().any(|merged| merged.outer && merged.column == *column);
        if keeps == Keeps::Left && !columns.iter().any(is_outer) {
            columns.iter().for_each(|column| self.merge(column));
            if let Some(right) = self.relations.last().and_then(|relation| relation.name.clone()) {
                self.doubled.extend(columns.iter().map(|column| (right.clone(), column.clone())));
            }
            return Ok(None);
        }
        let Some(right) = self.relations.last().and_then(|relation| relation.name.clone()) else {
            return Err(Error::unsupported(
                "RIGHT or FULL JOIN with USING of a subquery without a name",
                "give it an alias",
            ));
        };
        let mut condition: Option<Expr> = None;
        for column in columns {
            let Some(left) = self.merge_outer(column, &right, keeps) else {
                let hint = "the left side has no such column that has a name: give its relations aliases";
                return Err(Error::unsupported(format!("RIGHT or FULL JOIN USING ({column})"), hint));
            };
            let own = Expr::CompoundIdentifier([&right, column].map(|name| Ident::with_quote('"', name)).into());
            let equal = Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::Eq, right: Box::new(own) };
            condition = Some(match condition {
                Some(before) => {
                    Expr::BinaryOp { left: Box::new(before), op: BinaryOperator::And, right: Box::new(equal) }
                }
                None => equal,
            });
        }
        Ok(condition.map(JoinConstraint::On))
    }
}

/// The name of a column in a USING list.
pub fn plain_name(name: &ObjectName) -> Option<String> {
    name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.clone())
}
