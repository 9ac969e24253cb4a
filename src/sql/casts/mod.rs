//! Casts to numbers and booleans as DuckDB makes them: a fraction is rounded, not cut off, and text may have a fraction, an
//! exponent, or underscores between its digits. Lists and structs are read from text and written as it. In the place of the planner's casts, explicit ones and those of coercion.

mod convert;
mod float_text;
mod number;
mod written;

use arrow::datatypes::{DataType, Field, FieldRef};
use convert::{convert, differs, may_fail};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue, internal_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, LogicalPlan, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;
use std::sync::Arc;

/// Replaces casts whose results differ.
#[derive(Debug)]
pub struct CastRule;

impl AnalyzerRule for CastRule {
    fn name(&self) -> &str {
        "rounding_casts"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let replaced = plan.transform_up_with_subqueries(|plan| {
            let mut schema = merge_schema(&plan.inputs());
            if let LogicalPlan::TableScan(scan) = &plan {
                schema.merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
            }
            let names = NamePreserver::new(&plan);
            plan.map_expressions(|expr| {
                let name = names.save(&expr);
                let expr = expr.transform_up(|expr| replaced(expr, &schema))?;
                Ok(expr.update_data(|expr| name.restore(expr)))
            })
        })?;
        Ok(replaced.data)
    }
}

fn replaced(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let (inner, to, lenient) = match &expr {
        Expr::Cast(cast) => (&cast.expr, cast.field.data_type(), false),
        Expr::TryCast(cast) => (&cast.expr, cast.field.data_type(), true),
        _ => return Ok(Transformed::no(expr)),
    };
    // The type of a lambda's parameter is in no schema; it is known to the parameter.
    match inner.get_type(schema) {
        Ok(from) if differs(&from, to) || (lenient && from != *to && may_fail(&from, to)) => {
            let function = Arc::new(ScalarUDF::new_from_impl(CastTo::new(to.clone(), lenient)));
            let call = ScalarFunction::new_udf(function, vec![inner.as_ref().clone()]);
            Ok(Transformed::yes(Expr::ScalarFunction(call)))
        }
        _ => Ok(Transformed::no(expr)),
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CastTo {
    to: DataType,
    /// Whether what cannot be converted is null.
    lenient: bool,
    signature: Signature,
}

impl CastTo {
    fn new(to: DataType, lenient: bool) -> CastTo {
        CastTo { to, lenient, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for CastTo {
    fn name(&self) -> &str {
        if self.lenient { "try_cast" } else { "cast" }
    }

    // A cast has the name of what it casts.
    fn schema_name(&self, arguments: &[Expr]) -> Result<String> {
        Ok(arguments.iter().map(|argument| argument.schema_name().to_string()).collect::<Vec<_>>().join(","))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.to.clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let nullable = self.lenient || args.arg_fields.iter().any(|field| field.is_nullable());
        let name = args.arg_fields.first().map_or("", |field| field.name());
        Ok(Arc::new(Field::new(name, self.to.clone(), nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.first() {
            Some(ColumnarValue::Array(array)) => Ok(ColumnarValue::Array(convert(array, &self.to, self.lenient)?)),
            Some(ColumnarValue::Scalar(value)) => {
                let converted = convert(&value.to_array()?, &self.to, self.lenient)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&converted, 0)?))
            }
            None => internal_err!("a cast of nothing"),
        }
    }
}
