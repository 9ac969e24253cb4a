//! Aggregates over window frames that move: `bool_or(x) OVER (ORDER BY t ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)`.
//!
//! Where a frame begins anywhere but at the partition's first row, DataFusion adds the rows that enter and takes off those that leave. Many
//! of its aggregates cannot take rows off and are refused. Sums of floats can, and are wrong from then on: what an infinity, a NaN or a
//! large value was added to is lost. Here such aggregates keep the frame's rows, and compute small frames from them anew.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, FieldRef, Float64Type, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Expr, LogicalPlan, Signature, WindowFrameBound,
    WindowFunctionDefinition,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::physical_expr::{PhysicalExpr, PhysicalSortExpr};
use std::collections::VecDeque;
use std::sync::Arc;

/// Frames of up to this many rows are computed anew. Larger ones of floats are now and then.
const SMALL_ROWS: usize = 1024;

/// Arrays of a frame's rows, at most, before they are made one.
const PARTS: usize = 64;

/// Puts [`Moving`] in the place of aggregates over moving frames.
#[derive(Debug)]
pub struct MovingFrames;

impl AnalyzerRule for MovingFrames {
    fn name(&self) -> &str {
        "moving_frames"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| {
            let LogicalPlan::Window(mut window) = plan else { return Ok(Transformed::no(plan)) };
            window.window_expr = window
                .window_expr
                .into_iter()
                .map(|expr| expr.transform_up(|expr| Ok(Transformed::yes(moving(expr)))).map(|moved| moved.data))
                .collect::<Result<_>>()?;
            Ok(Transformed::yes(LogicalPlan::Window(window)))
        })
        .map(|moved| moved.data)
    }
}

fn moving(mut expr: Expr) -> Expr {
    if let Expr::WindowFunction(function) = &mut expr
        && let WindowFunctionDefinition::AggregateUDF(aggregate) = &function.fun
        && !matches!(&function.params.window_frame.start_bound, WindowFrameBound::Preceding(bound) if bound.is_null())
        && !function.params.args.is_empty()
        && !aggregate.inner().is::<Moving>()
    {
        let moving = Moving { aggregate: aggregate.clone() };
        function.fun = WindowFunctionDefinition::AggregateUDF(Arc::new(AggregateUDF::new_from_impl(moving)));
    }
    expr
}

/// An aggregate that is right over frames that move.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Moving {
    aggregate: Arc<AggregateUDF>,
}

impl AggregateUDFImpl for Moving {
    fn name(&self) -> &str {
        self.aggregate.name()
    }

    fn signature(&self) -> &Signature {
        self.aggregate.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.aggregate.return_type(arguments)
    }

    fn return_field(&self, arguments: &[FieldRef]) -> Result<FieldRef> {
        self.aggregate.return_field(arguments)
    }

    fn is_nullable(&self) -> bool {
        self.aggregate.is_nullable()
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        self.aggregate.coerce_types(arguments)
    }

    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        self.aggregate.default_value(data_type)
    }

    fn supports_null_handling_clause(&self) -> bool {
        self.aggregate.supports_null_handling_clause()
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.aggregate.state_fields(arguments)
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        self.aggregate.accumulator(arguments)
    }

    fn create_sliding_accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let maker = Maker::new(&self.aggregate, &arguments);
        let floats = arguments.expr_fields.iter().any(|field| field.data_type().is_floating());
        let adds = ["sum", "avg", "dev", "var", "corr", "cov", "regr"].iter().any(|part| self.name().contains(part));
        let inner = self.aggregate.create_sliding_accumulator(arguments)?;
        let takes_off = inner.supports_retract_batch();
        if takes_off && !(floats && adds) {
            return Ok(inner);
        }
        let inner = takes_off.then_some(inner);
        Ok(Box::new(Frame { maker, parts: VecDeque::new(), rows: 0, inner, taken_off: 0, stale: false }))
    }
}

/// What it takes to make an accumulator.
#[derive(Debug)]
struct Maker {
    aggregate: Arc<AggregateUDF>,
    return_field: FieldRef,
    schema: Schema,
    ignore_nulls: bool,
    order_bys: Vec<PhysicalSortExpr>,
    is_reversed: bool,
    name: String,
    is_distinct: bool,
    exprs: Vec<Arc<dyn PhysicalExpr>>,
    expr_fields: Vec<FieldRef>,
}

impl Maker {
    fn new(aggregate: &Arc<AggregateUDF>, arguments: &AccumulatorArgs) -> Maker {
        Maker {
            aggregate: aggregate.clone(),
            return_field: arguments.return_field.clone(),
            schema: arguments.schema.clone(),
            ignore_nulls: arguments.ignore_nulls,
            order_bys: arguments.order_bys.to_vec(),
            is_reversed: arguments.is_reversed,
            name: arguments.name.into(),
            is_distinct: arguments.is_distinct,
            exprs: arguments.exprs.to_vec(),
            expr_fields: arguments.expr_fields.to_vec(),
        }
    }

    fn arguments(&self) -> AccumulatorArgs<'_> {
        AccumulatorArgs {
            return_field: self.return_field.clone(),
            schema: &self.schema,
            ignore_nulls: self.ignore_nulls,
            order_bys: &self.order_bys,
            is_reversed: self.is_reversed,
            name: &self.name,
            is_distinct: self.is_distinct,
            exprs: &self.exprs,
            expr_fields: &self.expr_fields,
        }
    }
}

/// The rows of a frame, and for large ones an accumulator that rows were taken off.
#[derive(Debug)]
struct Frame {
    maker: Maker,
    parts: VecDeque<Vec<ArrayRef>>,
    rows: usize,
    inner: Option<Box<dyn Accumulator>>,
    /// Rows taken off `inner` since it was made.
    taken_off: usize,
    /// Whether `inner` has lost what the frame's rows come to.
    stale: bool,
}

impl Frame {
    fn fill(&mut self, accumulator: &mut dyn Accumulator) -> Result<()> {
        if self.parts.len() > PARTS {
            let columns = self.parts.front().map_or(0, Vec::len);
            let column = |at: usize| {
                let arrays: Vec<&dyn Array> =
                    self.parts.iter().filter_map(|part| part.get(at)).map(|array| array.as_ref()).collect();
                concat(&arrays)
            };
            self.parts = VecDeque::from([(0..columns).map(column).collect::<Result<Vec<_>, _>>()?]);
        }
        self.parts.iter().try_for_each(|part| accumulator.update_batch(part))
    }

    /// An accumulator of the frame's rows.
    fn anew(&mut self) -> Result<Box<dyn Accumulator>> {
        let mut accumulator = self.maker.aggregate.accumulator(self.maker.arguments())?;
        self.fill(accumulator.as_mut())?;
        Ok(accumulator)
    }
}

impl Accumulator for Frame {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.rows += values.first().map_or(0, |values| values.len());
        self.parts.push_back(values.to_vec());
        self.inner.as_mut().map_or(Ok(()), |inner| inner.update_batch(values))
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let mut leaving = values.first().map_or(0, |values| values.len());
        self.rows = self.rows.saturating_sub(leaving);
        self.taken_off += leaving;
        self.stale |= self.taken_off > self.rows.max(SMALL_ROWS) || !values.iter().all(is_finite);
        while leaving > 0 {
            let Some(part) = self.parts.pop_front() else { break };
            let rows = part.first().map_or(0, |values| values.len());
            if rows > leaving {
                self.parts.push_front(part.iter().map(|array| array.slice(leaving, rows - leaving)).collect());
            }
            leaving = leaving.saturating_sub(rows);
        }
        self.inner.as_mut().map_or(Ok(()), |inner| inner.retract_batch(values))
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.inner.is_none() || self.rows <= SMALL_ROWS {
            return self.anew()?.evaluate();
        }
        if std::mem::take(&mut self.stale) {
            let mut inner = self.maker.aggregate.create_sliding_accumulator(self.maker.arguments())?;
            self.fill(inner.as_mut())?;
            (self.inner, self.taken_off) = (Some(inner), 0);
        }
        match &mut self.inner {
            Some(inner) => inner.evaluate(),
            None => self.anew()?.evaluate(),
        }
    }

    fn size(&self) -> usize {
        let bytes = |part: &Vec<ArrayRef>| part.iter().map(|array| array.get_array_memory_size()).sum::<usize>();
        size_of_val(self) + self.parts.back().map_or(0, bytes)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.anew()?.state()
    }

    fn merge_batch(&mut self, _: &[ArrayRef]) -> Result<()> {
        datafusion::common::internal_err!("frames are not merged")
    }
}

/// Whether no value is an infinity or NaN.
fn is_finite(values: &ArrayRef) -> bool {
    if !values.data_type().is_floating() {
        return true;
    }
    cast(values, &DataType::Float64)
        .is_ok_and(|values| values.as_primitive::<Float64Type>().iter().flatten().all(f64::is_finite))
}
