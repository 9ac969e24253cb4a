//! Literals in the type of what they are compared with.
//!
//! DataFusion would compare `x = 0.1`, where x is a float, by a cast of the decimal that rounds twice, and an integer column with
//! `2.5` by a cast of the column, by which no file is pruned.

use super::kind::{Kind, converted};
use super::mixed;
use crate::sql::plan::expressions::rewrite_expressions;
use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::{Between, Case, InList, ScalarFunction};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, cast, lit};
use datafusion::optimizer::AnalyzerRule;

/// Rewrites the comparisons of a plan. None changes a type of the plan.
#[derive(Debug)]
pub struct ComparisonRule;

impl AnalyzerRule for ComparisonRule {
    fn name(&self) -> &str {
        "numeric_comparisons"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| {
            let mut schema = merge_schema(&plan.inputs());
            if let LogicalPlan::TableScan(scan) = &plan {
                schema.merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
            }
            let plan = rewrite_expressions(plan, &mut |expr| expr.transform_up(|expr| Ok(compared(expr, &schema))))?;
            Ok(Transformed::yes(mixed::plan(plan.data)?.recompute_schema()?))
        })
        .data()
    }
}

fn compared(expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    match expr {
        Expr::BinaryExpr(comparison) if comparison.op.swap().is_some() => binary(comparison, schema),
        Expr::InList(InList { expr, list, negated }) => {
            let (expr, list) = mixed::numbers(*expr, list, schema);
            let expr = Box::new(expr);
            let suits = Suit::of(&expr, schema);
            let list: Vec<Expr> = list.into_iter().map(|item| suits.equal(item)).collect();
            match mixed::comparable_with(&expr, &list, schema) {
                Some(common) => {
                    let expr = Box::new(mixed::cast_decimal(*expr, &common, schema));
                    let list = list.into_iter().map(|item| mixed::cast_decimal(item, &common, schema)).collect();
                    Transformed::yes(Expr::InList(InList { expr, list, negated }))
                }
                None => Transformed::yes(Expr::InList(InList { expr, list, negated })),
            }
        }
        Expr::Between(Between { expr, negated, low, high }) => {
            let (expr, bounds) = mixed::numbers(*expr, [*low, *high], schema);
            let expr = Box::new(expr);
            let suits = Suit::of(&expr, schema);
            let [low, high] = bounds;
            let bounds = [suits.bound(Operator::GtEq, low).1, suits.bound(Operator::LtEq, high).1];
            let common = mixed::comparable_with(&expr, &bounds, schema);
            let cast = |expr| match &common {
                Some(common) => Box::new(mixed::cast_decimal(expr, common, schema)),
                None => Box::new(expr),
            };
            let [low, high] = bounds.map(cast);
            Transformed::yes(Expr::Between(Between { expr: cast(*expr), negated, low, high }))
        }
        Expr::Case(Case { expr: Some(expr), when_then_expr, else_expr }) => {
            let suits = Suit::of(&expr, schema);
            let Case { expr, when_then_expr, else_expr } =
                mixed::case(Case { expr: Some(expr), when_then_expr, else_expr }, schema);
            let suited = |(when, then): (Box<Expr>, Box<Expr>)| (Box::new(suits.equal(*when)), then);
            let when_then_expr = when_then_expr.into_iter().map(suited).collect();
            Transformed::yes(Expr::Case(Case { expr, when_then_expr, else_expr }))
        }
        Expr::Case(case) => Transformed::yes(Expr::Case(mixed::case(case, schema))),
        Expr::Cast(cast) => Transformed::yes(Expr::Cast(mixed::written_whole(cast, schema))),
        Expr::ScalarFunction(call) => null_if(call, schema),
        other => Transformed::no(other),
    }
}

fn binary(comparison: BinaryExpr, schema: &DFSchema) -> Transformed<Expr> {
    let BinaryExpr { left, op, right } = comparison;
    let (left, [right]) = mixed::numbers(*left, [*right], schema);
    let (left, right) = (Box::new(left), Box::new(right));
    let (left, op, right) = match (is_number(&left), is_number(&right), op.swap()) {
        (false, true, _) => {
            let (op, right) = Suit::of(&left, schema).bound(op, *right);
            (*left, op, right)
        }
        (true, false, Some(swapped)) => {
            let (swapped, left) = Suit::of(&right, schema).bound(swapped, *left);
            (left, swapped.swap().unwrap_or(op), *right)
        }
        (true, true, _) => return Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })),
        _ => {
            let (Ok(left_type), Ok(right_type)) = (left.get_type(schema), right.get_type(schema)) else {
                return Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right }));
            };
            // What a CASE comes to is settled later, and may be a decimal.
            let float = |data_type: &DataType| data_type.is_floating().then(|| data_type.clone());
            let (left, right) = match (left.as_ref(), right.as_ref(), float(&left_type), float(&right_type)) {
                (Expr::Case(_), _, None, Some(to)) if left_type.is_numeric() => (Box::new(cast(*left, to)), right),
                (_, Expr::Case(_), Some(to), None) if right_type.is_numeric() => (left, Box::new(cast(*right, to))),
                _ => (left, right),
            };
            match mixed::comparable(&left_type, &right_type) {
                Some(common) => {
                    (mixed::cast_decimal(*left, &common, schema), op, mixed::cast_decimal(*right, &common, schema))
                }
                None => return Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })),
            }
        }
    };
    Transformed::yes(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right))))
}

/// `nullif(a, b)`, whose type is that of `a`: DataFusion's has one that both fit. Other functions as they are.
fn null_if(call: ScalarFunction, schema: &DFSchema) -> Transformed<Expr> {
    let differ = |left: &Expr, right: &Expr| match (left.get_type(schema), right.get_type(schema)) {
        (Ok(left), Ok(right)) => left.is_numeric() && right.is_numeric() && left != right,
        _ => false,
    };
    match call.args.as_slice() {
        [value, other] if call.func.name() == "nullif" && differ(value, other) => {
            let equal = BinaryExpr::new(Box::new(value.clone()), Operator::Eq, Box::new(other.clone()));
            let when = (Box::new(binary(equal, schema).data), Box::new(lit(ScalarValue::Null)));
            let case = Case { expr: None, when_then_expr: vec![when], else_expr: Some(Box::new(value.clone())) };
            Transformed::yes(Expr::Case(case))
        }
        _ => Transformed::yes(Expr::ScalarFunction(mixed::function(call, schema))),
    }
}

fn is_number(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Decimal128(Some(_), ..), _))
}

/// What literals are to be compared with.
enum Suit {
    Float(DataType),
    Integer,
    Other,
}

impl Suit {
    fn of(expr: &Expr, schema: &DFSchema) -> Suit {
        match expr.get_type(schema) {
            Ok(data_type) if data_type.is_floating() => Suit::Float(data_type),
            Ok(data_type) if matches!(Kind::of(&data_type), Some(Kind::Integer { .. })) => Suit::Integer,
            _ => Suit::Other,
        }
    }

    /// A literal that is compared for equality.
    fn equal(&self, literal: Expr) -> Expr {
        match self {
            Suit::Float(data_type) => converted(&literal, data_type).unwrap_or(literal),
            Suit::Integer => match whole(&literal) {
                Some((floor, ceiling)) if floor == ceiling => lit(floor),
                _ => literal,
            },
            Suit::Other => literal,
        }
    }

    /// A literal at the right of `operator`, and the operator that fits it then.
    fn bound(&self, operator: Operator, literal: Expr) -> (Operator, Expr) {
        match (self, whole(&literal)) {
            (Suit::Integer, Some((floor, ceiling))) if floor != ceiling => match operator {
                Operator::Lt | Operator::LtEq => (Operator::LtEq, lit(floor)),
                Operator::Gt | Operator::GtEq => (Operator::GtEq, lit(ceiling)),
                other => (other, literal),
            },
            _ => (operator, self.equal(literal)),
        }
    }
}

/// The integers next to a decimal: equal where it is one itself.
fn whole(literal: &Expr) -> Option<(i64, i64)> {
    let Expr::Literal(ScalarValue::Decimal128(Some(value), _, scale), _) = literal else { return None };
    let unit = 10i128.checked_pow(u32::try_from(*scale).ok()?)?;
    let floor = i64::try_from(value.div_euclid(unit)).ok()?;
    if value.rem_euclid(unit) == 0 { Some((floor, floor)) } else { Some((floor, floor.checked_add(1)?)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_next_to_a_decimal() {
        let whole = |value, scale| whole(&lit(ScalarValue::Decimal128(Some(value), 38, scale)));
        assert_eq!(whole(25, 1), Some((2, 3)));
        assert_eq!(whole(-25, 1), Some((-3, -2)));
        assert_eq!(whole(20, 1), Some((2, 2)));
        assert_eq!(whole(i128::from(i64::MAX) * 10 + 5, 1), None);
    }

    #[test]
    fn a_bound_takes_the_operator_with_it() {
        let literal = lit(ScalarValue::Decimal128(Some(25), 2, 1));
        for (operator, expected, value) in [
            (Operator::Lt, Operator::LtEq, lit(2i64)),
            (Operator::LtEq, Operator::LtEq, lit(2i64)),
            (Operator::Gt, Operator::GtEq, lit(3i64)),
            (Operator::GtEq, Operator::GtEq, lit(3i64)),
            (Operator::Eq, Operator::Eq, literal.clone()),
        ] {
            assert_eq!(Suit::Integer.bound(operator, literal.clone()), (expected, value), "{operator}");
        }
    }
}
