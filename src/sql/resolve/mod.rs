//! Names without quotes mean what they fit, whatever their case.
//!
//! Lakehouse columns are often spelled `customerId`, and Spark and DuckDB let people write `customerid` for it; DataFusion
//! either lowers every unquoted name or takes it as written. So it is told to take names as written, and this pass over
//! the syntax tree, before planning, gives every unquoted name the spelling of what it means in its place: a table, a CTE,
//! a column, an alias, a nested field. A name that fits exactly wins; one that fits several spellings is an error that
//! says so; one that fits nothing is left for the planner to refuse. Quoted names are exact. Columns and aliases keep their
//! spelling in results.

mod asof;
mod casts;
mod columns;
mod expressions;
mod order_by;
mod relations;
mod scope;
mod select;
mod using;
mod wildcard;

use super::parse::visitor::look;
use crate::error::Result;
use crate::sql::reserved_names::HIDDEN;
use arrow::datatypes::SchemaRef;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, OrderByExpr, OrderByKind, Query, Select, SelectItem, SetExpr, Statement,
    TableAlias, Value, Visitor,
};
use scope::{Column, Columns, Relation, Scope};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Settles every name of `statement`, over tables by name.
pub fn resolve(statement: &mut Statement, tables: &BTreeMap<String, SchemaRef>) -> Result<()> {
    match statement {
        Statement::Query(query) => Resolver::new(tables).query(query, None).map(|_| ()),
        Statement::Explain { statement, .. } => resolve(statement, tables),
        _ => Ok(()),
    }
}

/// Whether `statement` names a column, or a part of one, by these names, one behind the other.
pub fn mentions(statement: &Statement, names: &[&str]) -> bool {
    struct Mention<'n>(&'n [&'n str]);
    impl Visitor for Mention<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let idents = match expr {
                Expr::Identifier(ident) => std::slice::from_ref(ident),
                Expr::CompoundIdentifier(idents) => idents.as_slice(),
                _ => &[],
            };
            let same = |(ident, name): (&Ident, &&str)| ident.value.eq_ignore_ascii_case(name);
            let found = idents.windows(self.0.len()).any(|idents| idents.iter().zip(self.0).all(same));
            if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    look(statement, &mut Mention(names))
}

/// The spelling of the table that `name` means.
pub fn table_name(name: &ObjectName, tables: &BTreeMap<String, SchemaRef>) -> Result<String> {
    let mut name = name.clone();
    Resolver::new(tables).table(&mut name)?;
    let last = name.0.last().and_then(ObjectNamePart::as_ident);
    Ok(last.map(|ident| ident.value.clone()).unwrap_or_default())
}

/// The walk over a statement.
struct Resolver<'t> {
    tables: &'t BTreeMap<String, SchemaRef>,
    /// CTEs in reach, innermost last.
    ctes: Vec<Relation>,
    /// Idioms that were expanded so far.
    expansions: usize,
}

impl<'t> Resolver<'t> {
    fn new(tables: &'t BTreeMap<String, SchemaRef>) -> Resolver<'t> {
        Resolver { tables, ctes: Vec::new(), expansions: 0 }
    }

    /// Settles a query's names; its output columns.
    fn query(&mut self, query: &mut Query, outer: Option<&Scope<'_>>) -> Result<Columns> {
        let reach = self.ctes.len();
        if let Some(with) = &mut query.with {
            let recursive = with.recursive;
            for cte in &mut with.cte_tables {
                if recursive {
                    let columns = (!cte.alias.columns.is_empty()).then(|| alias_columns(&cte.alias));
                    self.ctes.push(Relation { name: Some(cte.alias.name.value.clone()), columns });
                }
                let columns = self.query(&mut cte.query, outer)?;
                if recursive {
                    self.ctes.pop();
                }
                self.ctes.push(aliased(Some(&cte.alias), None, columns));
            }
        }
        order_by::beside_unnest(query)?;
        let (columns, scope) = self.body(&mut query.body, outer)?;
        if let (Some(order_by), SetExpr::Select(select)) = (&mut query.order_by, query.body.as_ref()) {
            order_by_all(&mut order_by.kind, select);
        }
        if let Some(order_by) = &mut query.order_by
            && let OrderByKind::Expressions(keys) = &mut order_by.kind
        {
            for key in keys {
                self.expression(&mut key.expr, &scope)?;
                if let Some((_, name)) = scope.named.iter().find(|(expr, _)| *expr == key.expr) {
                    key.expr = Expr::Identifier(Ident::with_quote('"', name.as_str()));
                }
            }
        }
        self.ctes.truncate(reach);
        casts::tell_apart(query)?;
        Ok(columns)
    }

    /// Settles the part of a query before its ORDER BY: its columns, and the scope that ORDER BY sees.
    fn body<'o>(&mut self, body: &mut SetExpr, outer: Option<&'o Scope<'o>>) -> Result<(Columns, Scope<'o>)> {
        match body {
            SetExpr::Select(select) => self.select(select, outer),
            SetExpr::Query(query) => {
                let columns = self.query(query, outer)?;
                let scope = output_scope(&columns, outer);
                Ok((columns, scope))
            }
            SetExpr::SetOperation { left, right, .. } => {
                let (columns, _) = self.body(left, outer)?;
                self.body(right, outer)?;
                let scope = output_scope(&columns, outer);
                Ok((columns, scope))
            }
            SetExpr::Values(values) => {
                let scope = Scope { outer, ..Scope::default() };
                for row in &mut values.rows {
                    for value in row.iter_mut() {
                        self.expression(value, &scope)?;
                    }
                }
                let width = values.rows.first().map(|row| row.len()).unwrap_or_default();
                let columns = Some(
                    (1..=width)
                        .map(|i| Column { name: format!("column{i}"), data_type: None, hidden: false })
                        .collect(),
                );
                let scope = output_scope(&columns, outer);
                Ok((columns, scope))
            }
            _ => Ok((None, output_scope(&None, outer))),
        }
    }
}

/// `ORDER BY ALL` by the columns' places: the planner knows it of plain columns alone.
fn order_by_all(kind: &mut OrderByKind, select: &Select) {
    let listed = |item: &SelectItem| matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. });
    if let OrderByKind::All(options) = kind
        && select.projection.iter().all(listed)
    {
        let place = |place: usize| Expr::Value(Value::Number(place.to_string(), false).with_empty_span());
        let key = |at: usize| OrderByExpr { expr: place(at), options: *options, with_fill: None };
        *kind = OrderByKind::Expressions((1..=select.projection.len()).map(key).collect());
    }
}

/// What ORDER BY sees where it follows a set operation: the output alone.
fn output_scope<'o>(columns: &Columns, outer: Option<&'o Scope<'o>>) -> Scope<'o> {
    Scope { relations: vec![Relation { name: None, columns: columns.clone() }], outer, ..Scope::default() }
}

/// The columns that an alias with a column list gives.
fn alias_columns(alias: &TableAlias) -> Vec<Column> {
    alias
        .columns
        .iter()
        .map(|column| Column { name: column.name.value.clone(), data_type: None, hidden: false })
        .collect()
}

/// A relation under its alias, if it has one, else under `name`.
fn aliased(alias: Option<&TableAlias>, name: Option<String>, columns: Columns) -> Relation {
    let Some(alias) = alias else { return Relation { name, columns } };
    let columns = match (columns, alias.columns.is_empty()) {
        (columns, true) => columns,
        (None, false) => Some(alias_columns(alias)),
        (Some(mut columns), false) => {
            for (column, renamed) in columns.iter_mut().zip(&alias.columns) {
                column.name = renamed.name.value.clone();
            }
            Some(columns)
        }
    };
    Relation { name: Some(alias.name.value.clone()), columns }
}

/// The identifiers of a compound name.
fn idents(name: &mut ObjectName) -> Vec<&mut Ident> {
    name.0
        .iter_mut()
        .filter_map(|part| match part {
            ObjectNamePart::Identifier(ident) => Some(ident),
            ObjectNamePart::Function(_) => None,
        })
        .collect()
}

/// The columns of a table.
fn table_columns(schema: &SchemaRef) -> Columns {
    Some(
        schema
            .fields()
            .iter()
            .map(|field| Column {
                name: field.name().clone(),
                data_type: Some(field.data_type().clone()),
                hidden: field.metadata().contains_key(HIDDEN),
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests;
