//! The time of the statement: `now()`, `current_date`, `current_time`. One for all of a statement, in UTC.

use super::calendar::split;
use super::function::{TIMESTAMP, timestamptz};
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let clock = |names: &'static str, returns: DataType| {
        let mut words = names.split(' ');
        let name = words.next().unwrap_or_default();
        let aliases = words.map(str::to_string).collect();
        let signature = Signature::nullary(Volatility::Stable);
        Arc::new(ScalarUDF::new_from_impl(Clock { name, aliases, returns, signature }))
    };
    vec![
        clock("now current_timestamp", timestamptz()),
        clock("current_date today", DataType::Date32),
        clock("current_time", DataType::Time64(TimeUnit::Microsecond)),
        clock("localtimestamp current_localtimestamp", TIMESTAMP),
        clock("localtime current_localtime", DataType::Time64(TimeUnit::Microsecond)),
    ]
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Clock {
    name: &'static str,
    aliases: Vec<String>,
    returns: DataType,
    signature: Signature,
}

impl ScalarUDFImpl for Clock {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!("{} is a constant of its statement", self.name)
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let Some(now) = info.query_execution_start_time() else { return Ok(ExprSimplifyResult::Original(args)) };
        let micros = now.timestamp_micros();
        let value = match &self.returns {
            DataType::Timestamp(_, zone) => ScalarValue::TimestampMicrosecond(Some(micros), zone.clone()),
            DataType::Time64(_) => ScalarValue::Time64Microsecond(Some(split(micros).1)),
            _ => ScalarValue::Date32(i32::try_from(split(micros).0).ok()),
        };
        Ok(ExprSimplifyResult::Simplified(Expr::Literal(value, None)))
    }
}
