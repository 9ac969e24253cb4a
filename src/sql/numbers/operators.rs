//! Arithmetic operators, as they are planned.

use super::arithmetic::arithmetic;
use super::dialect::SqlDialect;
use super::kind::{Kind, converted};
use super::operation::Operation;
use crate::sql::functions::bits::{self, is_whole};
use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::functions::math::power;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, ScalarUDF, cast, lit};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use std::sync::Arc;

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
        if let Some(planned) = conditions(&raw, schema)? {
            return Ok(PlannerResult::Planned(planned));
        }
        if let Some(planned) = bits(&raw, schema)? {
            return Ok(PlannerResult::Planned(planned));
        }
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
        // Of whole numbers `//` is one, of decimals a double: a literal that is one of the first stays it.
        let (left, right) = match operation {
            Operation::DivideIntegers => (left, right),
            _ => (suited(left, right_kind, &right_type), suited(right, left_kind, &left_type)),
        };
        Ok(PlannerResult::Planned(arithmetic(operation, left, right)))
    }
}

/// Booleans and numbers where they are not asked for, as DuckDB takes them: a number is a condition where it is not 0, a boolean is
/// compared as 0 or 1, and `1 || 2` is a text.
fn conditions(raw: &RawBinaryExpr, schema: &DFSchema) -> Result<Option<Expr>> {
    let operator = match raw.op {
        BinaryOperator::And => Operator::And,
        BinaryOperator::Or => Operator::Or,
        BinaryOperator::Eq => Operator::Eq,
        BinaryOperator::NotEq => Operator::NotEq,
        BinaryOperator::Lt => Operator::Lt,
        BinaryOperator::LtEq => Operator::LtEq,
        BinaryOperator::Gt => Operator::Gt,
        BinaryOperator::GtEq => Operator::GtEq,
        BinaryOperator::StringConcat => Operator::StringConcat,
        _ => return Ok(None),
    };
    let (left_type, right_type) = (raw.left.get_type(schema)?, raw.right.get_type(schema)?);
    let is_number = |data_type: &DataType| !data_type.is_null() && data_type.is_numeric();
    let is_boolean = |data_type: &DataType| *data_type == DataType::Boolean;
    let (left, right) = (raw.left.clone(), raw.right.clone());
    let (left, right) = match operator {
        Operator::And | Operator::Or if is_number(&left_type) || is_number(&right_type) => {
            let condition = |expr: Expr, data_type| if is_number(data_type) { expr.not_eq(lit(0i64)) } else { expr };
            (condition(left, &left_type), condition(right, &right_type))
        }
        Operator::And | Operator::Or => return Ok(None),
        Operator::StringConcat if [&left_type, &right_type].iter().all(|side| is_number(side) || is_boolean(side)) => {
            (cast(left, DataType::Utf8), cast(right, DataType::Utf8))
        }
        Operator::StringConcat => return Ok(None),
        _ if is_number(&left_type) && is_boolean(&right_type) => (left, cast(right, DataType::Int64)),
        _ if is_boolean(&left_type) && is_number(&right_type) => (cast(left, DataType::Int64), right),
        _ => return Ok(None),
    };
    Ok(Some(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right)))))
}

/// `& | xor` of two whole numbers that no integer type holds both of. Others the planners after this one know.
fn bits(raw: &RawBinaryExpr, schema: &DFSchema) -> Result<Option<Expr>> {
    let (operator, wide): (_, fn() -> Arc<ScalarUDF>) = match raw.op {
        BinaryOperator::BitwiseAnd => (Operator::BitwiseAnd, bits::and),
        BinaryOperator::BitwiseOr => (Operator::BitwiseOr, bits::or),
        BinaryOperator::PGBitwiseXor => (Operator::BitwiseXor, bits::xor),
        _ => return Ok(None),
    };
    let (left_type, right_type) = (raw.left.get_type(schema)?, raw.right.get_type(schema)?);
    let is_unsigned = |data_type: &DataType| *data_type == DataType::UInt64;
    let one_type_holds_both =
        is_unsigned(&left_type) == is_unsigned(&right_type) && !left_type.is_decimal() && !right_type.is_decimal();
    if !is_whole(&left_type) || !is_whole(&right_type) {
        return Ok(None);
    }
    let (left, right) = (raw.left.clone(), raw.right.clone());
    if one_type_holds_both {
        // DataFusion simplifies xor(x, x) to 0, where x is NULL too.
        let xor =
            || cast(wide().call(vec![left, right]), if is_unsigned(&left_type) { left_type } else { DataType::Int64 });
        return Ok((operator == Operator::BitwiseXor).then(xor));
    }
    // A literal takes the other's type where it can.
    let (left, right) = match (converted(&left, &right_type), converted(&right, &left_type)) {
        (Some(left), _) if is_unsigned(&right_type) => (left, right),
        (_, Some(right)) if is_unsigned(&left_type) => (left, right),
        _ => {
            let planned = wide().call(vec![left, right]);
            // What a UBIGINT has in common with another number is one.
            let fits = operator == Operator::BitwiseAnd && (is_unsigned(&left_type) || is_unsigned(&right_type));
            return Ok(Some(if fits { cast(planned, DataType::UInt64) } else { planned }));
        }
    };
    Ok(Some(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right)))))
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
