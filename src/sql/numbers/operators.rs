//! Arithmetic operators, as they are planned.

use super::arithmetic::arithmetic;
use super::dialect::SqlDialect;
use super::kind::{Kind, converted};
use super::operation::Operation;
use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::functions::math::power;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, cast, lit};
use datafusion::sql::sqlparser::ast::BinaryOperator;

/// Plans operators of two numbers; others it leaves to the planners after it.
#[derive(Debug)]
pub struct OperatorPlanner {
    dialect: SqlDialect,
}

impl OperatorPlanner {
    /// Operators as they mean in `dialect`.
    pub fn new(dialect: SqlDialect) -> OperatorPlanner {
        OperatorPlanner { dialect }
    }

    fn operation(&self, operator: &BinaryOperator) -> Option<Operation> {
        Some(match operator {
            BinaryOperator::Plus => Operation::Add,
            BinaryOperator::Minus => Operation::Subtract,
            BinaryOperator::Multiply => Operation::Multiply,
            BinaryOperator::Divide => Operation::Divide(self.dialect),
            BinaryOperator::DuckIntegerDivide | BinaryOperator::MyIntegerDivide => Operation::DivideIntegers,
            BinaryOperator::Modulo => Operation::Remainder,
            BinaryOperator::PGBitwiseShiftLeft => Operation::ShiftLeft,
            _ => return None,
        })
    }
}

impl ExprPlanner for OperatorPlanner {
    fn plan_binary_op(&self, raw: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let is_power = raw.op == BinaryOperator::BitwiseXor && self.dialect == SqlDialect::DuckDb;
        let operation = self.operation(&raw.op);
        if operation.is_none() && !is_power {
            return Ok(PlannerResult::Original(raw));
        }
        let (left, right) = (number(&raw.left), number(&raw.right));
        let (left_type, right_type) = (left.get_type(schema)?, right.get_type(schema)?);
        let (Some(left_kind), Some(right_kind)) = (Kind::of(&left_type), Kind::of(&right_type)) else {
            return Ok(PlannerResult::Original(raw));
        };
        let Some(operation) = operation else {
            let double = |expr| cast(expr, DataType::Float64);
            return Ok(PlannerResult::Planned(power().call(vec![double(left), double(right)])));
        };
        let left = suited(left, right_kind, &right_type);
        let right = suited(right, left_kind, &left_type);
        Ok(PlannerResult::Planned(arithmetic(operation, left, right)))
    }
}

/// A text that is a number, as it stands, as that number.
fn number(expr: &Expr) -> Expr {
    let Expr::Literal(ScalarValue::Utf8(Some(text)), _) = expr else { return expr.clone() };
    let text = text.trim();
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(integer), _) => lit(integer),
        (_, Ok(double)) => lit(double),
        _ => expr.clone(),
    }
}

/// A literal in a type that fits the other operand's.
fn suited(operand: Expr, other: Kind, other_type: &DataType) -> Expr {
    match other {
        Kind::Single | Kind::Double | Kind::Unsigned | Kind::Decimal => {
            converted(&operand, other_type).unwrap_or(operand)
        }
        Kind::Integer { .. } | Kind::Null => operand,
    }
}
