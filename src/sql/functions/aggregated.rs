//! `list_aggregate(list, 'name', …)`: an aggregate of each list's elements.

use super::aggregates;
use super::lists::Lists;
use super::values;
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::{Result, ScalarValue, exec_err, internal_err, plan_err};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::{
    AggregateUDF, ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, Literal};
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let aliases = ["list_aggr", "array_aggregate", "array_aggr"].map(str::to_string).to_vec();
    vec![Arc::new(ScalarUDF::new_from_impl(ListAggregate {
        aliases,
        signature: Signature::user_defined(Volatility::Immutable),
    }))]
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ListAggregate {
    aliases: Vec<String>,
    signature: Signature,
}

/// An aggregate by a name of DuckDB's.
fn aggregate(name: &str) -> Result<Arc<AggregateUDF>> {
    let name = match name {
        "first" | "arbitrary" => "first_value",
        "last" => "last_value",
        "mean" => "avg",
        "list" => "array_agg",
        "variance" => "var_samp",
        "stddev" => "stddev_samp",
        "approx_count_distinct" => "approx_distinct",
        "group_concat" | "listagg" => "string_agg",
        name => name,
    };
    let all = aggregates::all();
    let named =
        |function: &&Arc<AggregateUDF>| function.name() == name || function.aliases().iter().any(|alias| alias == name);
    match all.iter().rev().find(named) {
        Some(function) => Ok(function.clone()),
        None => plan_err!("list_aggregate: no aggregate {name}"),
    }
}

/// A call's aggregate, the types that it takes, and its result's field.
struct Plan {
    function: Arc<AggregateUDF>,
    inputs: Vec<FieldRef>,
    field: FieldRef,
}

fn plan(fields: &[FieldRef], name: Option<&ScalarValue>) -> Result<Plan> {
    let Some(Some(Some(name))) = name.map(|name| name.try_as_str()) else {
        return plan_err!("list_aggregate: the aggregate's name has to be a constant");
    };
    let function = aggregate(&name.to_lowercase())?;
    let Some(DataType::List(item)) = fields.first().map(|field| field.data_type()) else {
        return plan_err!("list_aggregate: takes a list, an aggregate's name, and what that takes besides");
    };
    let mut inputs = vec![Arc::new(Field::new("", item.data_type().clone(), true))];
    inputs.extend(fields.iter().skip(2).cloned());
    if function.name() == "string_agg" && inputs.len() == 1 {
        inputs.push(Arc::new(Field::new("", DataType::Utf8, true)));
    }
    let inputs = fields_with_udf(&inputs, function.as_ref())?;
    let field = function.return_field(&inputs)?;
    Ok(Plan { function, inputs, field })
}

impl ScalarUDFImpl for ListAggregate {
    fn name(&self) -> &str {
        "list_aggregate"
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [list, name, rest @ ..] if name.is_string() => {
                let list = match list {
                    DataType::LargeList(item) | DataType::FixedSizeList(item, _) => DataType::List(item.clone()),
                    DataType::Null => DataType::new_list(DataType::Null, true),
                    other => other.clone(),
                };
                Ok([&[list, name.clone()], rest].concat())
            }
            _ => plan_err!("list_aggregate: takes a list, an aggregate's name, and what that takes besides"),
        }
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        internal_err!("the type depends on the arguments' values")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let plan = plan(args.arg_fields, args.scalar_arguments.get(1).copied().flatten())?;
        Ok(Arc::new(Field::new("list_aggregate", plan.field.data_type().clone(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let name = match args.args.get(1) {
            Some(ColumnarValue::Scalar(name)) => Some(name),
            _ => None,
        };
        let plan = plan(&args.arg_fields, name)?;
        let mut extra = Vec::new();
        for (argument, field) in args.args.iter().skip(2).zip(plan.inputs.iter().skip(1)) {
            let ColumnarValue::Scalar(value) = argument else {
                return exec_err!("list_aggregate: what stands behind the aggregate's name has to be a constant");
            };
            extra.push(value.cast_to(field.data_type())?);
        }
        if plan.function.name() == "string_agg" && extra.is_empty() {
            extra.push(
                ScalarValue::from(",")
                    .cast_to(plan.inputs.get(1).map_or(&DataType::Utf8, |field| field.data_type()))?,
            );
        }
        let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let Some(list) = args.args.first() else { return internal_err!("no list") };
        let lists = Lists::of(&list.to_array(rows)?)?;
        let result = self::rows(&plan, &lists, &extra)?;
        values(result, constant)
    }
}

fn rows(plan: &Plan, lists: &Lists, extra: &[ScalarValue]) -> Result<ArrayRef> {
    let element = match plan.inputs.first() {
        Some(field) => arrow::compute::cast(lists.elements(), field.data_type())?,
        None => lists.elements().clone(),
    };
    let schema =
        Schema::new(plan.inputs.iter().take(1).map(|field| field.as_ref().clone().with_name("x")).collect::<Vec<_>>());
    let mut exprs: Vec<Arc<dyn PhysicalExpr>> = vec![Arc::new(Column::new("x", 0))];
    exprs.extend(extra.iter().map(|value| Arc::new(Literal::new(value.clone())) as Arc<dyn PhysicalExpr>));
    let mut results = Vec::with_capacity(lists.len());
    for row in 0..lists.len() {
        if lists.is_null(row) {
            results.push(ScalarValue::try_from(plan.field.data_type())?);
            continue;
        }
        let range = lists.row(row);
        let mut accumulator = plan.function.accumulator(AccumulatorArgs {
            return_field: plan.field.clone(),
            schema: &schema,
            ignore_nulls: false,
            order_bys: &[],
            is_reversed: false,
            name: "",
            is_distinct: false,
            exprs: &exprs,
            expr_fields: &plan.inputs,
        })?;
        let mut inputs = vec![element.slice(range.start, range.len())];
        for value in extra {
            inputs.push(value.to_array_of_size(range.len())?);
        }
        accumulator.update_batch(&inputs)?;
        results.push(accumulator.evaluate()?);
    }
    match results.is_empty() {
        true => Ok(arrow::array::new_empty_array(plan.field.data_type())),
        false => ScalarValue::iter_to_array(results),
    }
}
