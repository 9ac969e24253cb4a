//! Clauses that need no names, and those that the planner would pass over in silence.

use super::{collate, grouping, sample};
use crate::error::{Error, Result};
use crate::sql::numbers;
use crate::sql::parse::visitor::walk;
use datafusion::sql::sqlparser::ast::{
    Expr, Fetch, GroupByExpr, GroupByWithModifier, JoinOperator, LimitClause, Query, Select, SelectFlavor, SelectItem,
    SetExpr, SetOperator, SetQuantifier, Statement, TableFactor, TableWithJoins, Top, TopQuantity, Value, VisitorMut,
    WildcardAdditionalOptions,
};
use std::ops::ControlFlow;

/// Rewrites the clauses of `statement`.
///
/// # Errors
/// `unsupported_feature` for a clause that the planner does not look at.
pub fn rewrite(statement: &mut Statement) -> Result<()> {
    walk(statement, &mut Clauses)
}

struct Clauses;

impl VisitorMut for Clauses {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        numbers::values(query);
        flow(limits(query).and_then(|()| collate::order_by(query)))
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        flow(refuse(select).and_then(|()| one_select(select)))
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        if let TableFactor::NestedJoin { table_with_joins, .. } = factor {
            joins(table_with_joins);
        }
        flow(modifiers(factor).and_then(|()| sample::rewrite(factor)))
    }
}

fn flow(result: Result<()>) -> ControlFlow<Error> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

/// `FETCH FIRST n ROWS ONLY` and `SELECT TOP n` as LIMIT.
fn limits(query: &mut Query) -> Result<()> {
    let clauses = [
        (query.for_clause.is_some(), "FOR"),
        (query.settings.is_some(), "SETTINGS"),
        (query.format_clause.is_some(), "FORMAT"),
    ];
    refuse_any(&clauses)?;
    minus(&mut query.body)?;
    let top = match query.body.as_mut() {
        SetExpr::Select(select) => select.top.take(),
        _ => None,
    };
    let number = |text: String| Expr::Value(Value::Number(text, false).with_empty_span());
    let rows = match (query.fetch.take(), top) {
        (None, None) => return Ok(()),
        (Some(Fetch { with_ties: false, percent: false, quantity }), None) => quantity.unwrap_or(number("1".into())),
        (None, Some(Top { with_ties: false, percent: false, quantity: Some(quantity) })) => match quantity {
            TopQuantity::Expr(expr) => expr,
            TopQuantity::Constant(count) => number(count.to_string()),
        },
        _ => return Err(Error::unsupported("FETCH or TOP WITH TIES or PERCENT", "write LIMIT and a number of rows")),
    };
    match &mut query.limit_clause {
        None => {
            let limit_by = Vec::new();
            query.limit_clause = Some(LimitClause::LimitOffset { limit: Some(rows), offset: None, limit_by });
            Ok(())
        }
        Some(LimitClause::LimitOffset { limit: limit @ None, .. }) => {
            *limit = Some(rows);
            Ok(())
        }
        Some(_) => Err(Error::unsupported("LIMIT beside FETCH or TOP", "keep one of them")),
    }
}

/// MINUS as EXCEPT. Of `EXCEPT ALL` and `INTERSECT ALL` the planner does not count rows that are there more than once.
fn minus(body: &mut SetExpr) -> Result<()> {
    let mut next = Some(body);
    while let Some(SetExpr::SetOperation { op, set_quantifier, left, right }) = next {
        if *op == SetOperator::Minus {
            *op = SetOperator::Except;
        }
        let all = matches!(set_quantifier, SetQuantifier::All | SetQuantifier::AllByName);
        if all && *op != SetOperator::Union {
            return Err(Error::unsupported(format!("{op} ALL"), "rows are taken once each: leave ALL out"));
        }
        minus(right)?;
        next = Some(left);
    }
    Ok(())
}

fn one_select(select: &mut Select) -> Result<()> {
    if select.flavor == SelectFlavor::FromFirstNoSelect {
        select.flavor = SelectFlavor::Standard;
        select.projection = vec![SelectItem::Wildcard(WildcardAdditionalOptions::default())];
    }
    let alone = matches!(select.from.as_slice(), [TableWithJoins { joins, .. }] if joins.is_empty());
    if !alone && select.from.iter().any(|item| sample::of_all(&item.relation)) {
        return Err(Error::unsupported(
            "USING SAMPLE over a join",
            "sample a subquery of it: SELECT * FROM (…) USING SAMPLE n",
        ));
    }
    select.from.iter_mut().for_each(joins);
    match &mut select.group_by {
        GroupByExpr::Expressions(keys, modifiers) => match modifiers.as_slice() {
            [] => grouping::rewrite(keys),
            [modifier @ (GroupByWithModifier::Rollup | GroupByWithModifier::Cube)] => {
                let sets = keys.drain(..).map(|key| vec![key]).collect();
                let all = match modifier {
                    GroupByWithModifier::Rollup => Expr::Rollup(sets),
                    _ => Expr::Cube(sets),
                };
                *keys = vec![all];
                modifiers.clear();
                Ok(())
            }
            _ => Err(Error::unsupported(
                "GROUP BY … WITH TOTALS or GROUPING SETS behind it",
                "write GROUP BY GROUPING SETS (…)",
            )),
        },
        GroupByExpr::All(modifiers) if modifiers.is_empty() => Ok(()),
        GroupByExpr::All(_) => Err(Error::unsupported("GROUP BY ALL WITH …", "write GROUP BY ROLLUP (…) or CUBE (…)")),
    }
}

/// `SEMI JOIN` and `ANTI JOIN` as what they are in full.
fn joins(item: &mut TableWithJoins) {
    for join in &mut item.joins {
        let operator = &mut join.join_operator;
        *operator = match std::mem::replace(operator, JoinOperator::CrossApply) {
            JoinOperator::Semi(constraint) => JoinOperator::LeftSemi(constraint),
            JoinOperator::Anti(constraint) => JoinOperator::LeftAnti(constraint),
            other => other,
        };
    }
}

/// Parts of a SELECT that the planner does not look at.
fn refuse(select: &Select) -> Result<()> {
    refuse_any(&[
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.connect_by.is_empty(), "CONNECT BY"),
        (select.value_table_mode.is_some(), "SELECT AS VALUE or AS STRUCT"),
        (select.select_modifiers.is_some(), "modifiers behind SELECT"),
        (select.exclude.is_some(), "EXCLUDE behind a select list"),
        (!select.lateral_views.is_empty(), "LATERAL VIEW"),
        (!select.cluster_by.is_empty(), "CLUSTER BY"),
        (!select.sort_by.is_empty(), "SORT BY"),
    ])
}

/// Parts of a FROM item that the planner does not look at.
fn modifiers(factor: &TableFactor) -> Result<()> {
    match factor {
        TableFactor::Table { with_hints, with_ordinality, partitions, json_path, index_hints, .. } => refuse_any(&[
            (!with_hints.is_empty(), "WITH (hints) behind a table"),
            (*with_ordinality, "WITH ORDINALITY"),
            (!partitions.is_empty(), "PARTITION (…) behind a table"),
            (json_path.is_some(), "a path behind a table"),
            (!index_hints.is_empty(), "index hints behind a table"),
        ]),
        TableFactor::Function { with_ordinality: true, .. } => refuse_any(&[(true, "WITH ORDINALITY")]),
        TableFactor::UNNEST { with_offset: true, .. } => refuse_any(&[(true, "WITH OFFSET")]),
        TableFactor::MatchRecognize { .. } => refuse_any(&[(true, "MATCH_RECOGNIZE")]),
        _ => Ok(()),
    }
}

fn refuse_any(clauses: &[(bool, &str)]) -> Result<()> {
    match clauses.iter().find(|(is_there, _)| *is_there) {
        Some((_, "LATERAL VIEW")) => {
            Err(Error::unsupported("LATERAL VIEW", "write SELECT k, unnest(list) AS item FROM t"))
        }
        Some((_, clause @ ("SORT BY" | "CLUSTER BY"))) => Err(Error::unsupported(*clause, "write ORDER BY")),
        Some((_, clause)) => {
            Err(Error::unsupported(*clause, "it is not known here, and a query without it may mean another thing"))
        }
        None => Ok(()),
    }
}
