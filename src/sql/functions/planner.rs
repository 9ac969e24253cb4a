//! Subscripts and `||` of what the planner has none for: characters of strings, fields of structs by place, null lists.

use super::{lists, maps, strings};
use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr, RawFieldAccessExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, GetFieldAccess, lit};
use datafusion::sql::sqlparser::ast::BinaryOperator;

#[derive(Debug)]
pub struct SubscriptPlanner;

impl ExprPlanner for SubscriptPlanner {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let RawBinaryExpr { op, left, right } = expr;
        let list = |expr: &Expr| matches!(expr.get_type(schema), Ok(DataType::List(_) | DataType::LargeList(_)));
        let null = |expr: &Expr| matches!(expr, Expr::Literal(value, _) if value.is_null());
        let joined = (list(&left) && (list(&right) || null(&right))) || (null(&left) && list(&right));
        if op == BinaryOperator::StringConcat && joined {
            return Ok(PlannerResult::Planned(lists::join().call(vec![left, right])));
        }
        Ok(PlannerResult::Original(RawBinaryExpr { op, left, right }))
    }

    fn plan_field_access(
        &self,
        expr: RawFieldAccessExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawFieldAccessExpr>> {
        let RawFieldAccessExpr { field_access, expr } = expr;
        match (field_access, expr.get_type(schema)) {
            (GetFieldAccess::ListIndex { key }, Ok(text)) if text.is_string() => {
                let character = strings::substr().call(vec![expr, *key, lit(ScalarValue::from(1_i64))]);
                Ok(PlannerResult::Planned(character))
            }
            (GetFieldAccess::ListIndex { key }, Ok(DataType::Struct(_))) => {
                Ok(PlannerResult::Planned(maps::struct_field().call(vec![expr, *key])))
            }
            (field_access, _) => Ok(PlannerResult::Original(RawFieldAccessExpr { field_access, expr })),
        }
    }
}
