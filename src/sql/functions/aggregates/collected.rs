//! An aggregate as a row of a table: its name, what it takes and returns, and what it makes of all values of a group.

use arrow::array::{Array, ArrayRef, AsArray, new_empty_array};
use arrow::compute::{concat, filter, interleave};
use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, ScalarValue, exec_err, internal_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, Signature, Volatility};
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// An aggregate.
pub struct Collected {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// The arguments it takes, for errors.
    pub usage: &'static str,
    /// How many of its arguments are columns; those behind them are constants.
    pub columns: usize,
    /// Whether rows count in which a column is null.
    pub nulls: bool,
    /// The types that arguments are coerced to; `None` where they fit no call.
    pub takes: fn(&[DataType]) -> Option<Vec<DataType>>,
    /// The result's type, by the arguments' fields.
    pub gives: fn(&[FieldRef]) -> Result<DataType>,
    pub result: fn(&Group<'_>) -> Result<ScalarValue>,
}

/// All values of a group.
pub struct Group<'a> {
    pub columns: Vec<ArrayRef>,
    pub fields: &'a [FieldRef],
    pub constants: &'a [ScalarValue],
    pub data_type: &'a DataType,
}

impl Group<'_> {
    pub fn column(&self, place: usize) -> Result<&ArrayRef> {
        match self.columns.get(place) {
            Some(column) => Ok(column),
            None => internal_err!("a column of an aggregate is missing"),
        }
    }

    pub fn null(&self) -> Result<ScalarValue> {
        ScalarValue::try_from(self.data_type)
    }
}

impl Collected {
    pub fn function(self) -> Arc<AggregateUDF> {
        let aliases = self.aliases.iter().map(|alias| alias.to_string()).collect();
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(AggregateUDF::new_from_impl(Function { own: Arc::new(self), aliases, signature }))
    }
}

struct Function {
    own: Arc<Collected>,
    aliases: Vec<String>,
    signature: Signature,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.own.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.own.name == other.own.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.own.name.hash(state);
    }
}

impl AggregateUDFImpl for Function {
    fn name(&self) -> &str {
        self.own.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match (self.own.takes)(types) {
            Some(types) => Ok(types),
            None => plan_err!("{}: takes {}", self.own.name, self.own.usage),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let fields: Vec<FieldRef> = types.iter().map(|t| Arc::new(Field::new("", t.clone(), true))).collect();
        (self.own.gives)(&fields)
    }

    fn return_field(&self, fields: &[FieldRef]) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(self.own.name, (self.own.gives)(fields)?, true)))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let state = |(place, field): (usize, &FieldRef)| {
            let name = format_state_name(args.name, &format!("column{place}"));
            Arc::new(Field::new(name, DataType::new_list(field.data_type().clone(), true), true))
        };
        Ok(args.input_fields.iter().take(self.own.columns).enumerate().map(state).collect())
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let empty = RecordBatch::new_empty(Arc::new(args.schema.clone()));
        let mut constants = Vec::new();
        for expr in args.exprs.iter().skip(self.own.columns) {
            match expr.evaluate(&empty)? {
                ColumnarValue::Scalar(value) => constants.push(value),
                ColumnarValue::Array(_) => return exec_err!("{}: {expr} has to be a constant", self.own.name),
            }
        }
        Ok(Box::new(Collecting {
            own: self.own.clone(),
            fields: args.expr_fields.to_vec(),
            constants,
            data_type: args.return_field.data_type().clone(),
            distinct: args.is_distinct,
            columns: vec![Vec::new(); self.own.columns],
            gone: 0,
        }))
    }
}

struct Collecting {
    own: Arc<Collected>,
    fields: Vec<FieldRef>,
    constants: Vec<ScalarValue>,
    data_type: DataType,
    distinct: bool,
    columns: Vec<Vec<ArrayRef>>,
    /// How many of the first rows have left a window.
    gone: usize,
}

impl std::fmt::Debug for Collecting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.own.name)
    }
}

impl Collecting {
    /// The rows so far: all that are there, or those that count.
    fn rows(&self) -> Result<Vec<ArrayRef>> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (parts, field) in self.columns.iter().zip(&self.fields) {
            let parts: Vec<&dyn Array> = parts.iter().map(|part| part.as_ref()).collect();
            let whole = if parts.is_empty() { new_empty_array(field.data_type()) } else { concat(&parts)? };
            columns.push(whole.slice(self.gone, whole.len() - self.gone));
        }
        Ok(columns)
    }

    fn counted(&self) -> Result<Vec<ArrayRef>> {
        let mut columns = self.rows()?;
        if !self.own.nulls {
            let rows = columns.first().map_or(0, |column| column.len());
            let valid = (0..rows).map(|row| Some(columns.iter().all(|column| column.is_valid(row)))).collect();
            columns = columns.iter().map(|column| filter(column, &valid)).collect::<Result<Vec<_>, _>>()?;
        }
        match self.distinct {
            true => distinct(&columns),
            false => Ok(columns),
        }
    }
}

/// Each row once.
fn distinct(columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
    let rows = RowConverter::new(fields)?.convert_columns(columns)?;
    let mut seen = HashSet::new();
    let picks: Vec<(usize, usize)> =
        (0..rows.num_rows()).filter(|row| seen.insert(rows.row(*row))).map(|row| (0, row)).collect();
    Ok(columns.iter().map(|column| interleave(&[column.as_ref()], &picks)).collect::<Result<Vec<_>, _>>()?)
}

impl Accumulator for Collecting {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for (parts, value) in self.columns.iter_mut().zip(values).filter(|(_, value)| !value.is_empty()) {
            parts.push(value.clone());
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.gone += values.first().map_or(0, |value| value.len());
        let first = |columns: &[Vec<ArrayRef>]| columns.first().and_then(|parts| parts.first()).map(|part| part.len());
        while let Some(length) = first(&self.columns).filter(|length| *length <= self.gone) {
            self.columns.iter_mut().filter(|parts| !parts.is_empty()).for_each(|parts| drop(parts.remove(0)));
            self.gone -= length;
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let columns = self.counted()?;
        let constants = self.constants.as_slice();
        (self.own.result)(&Group { columns, fields: &self.fields, constants, data_type: &self.data_type })
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let rows = self.rows()?;
        Ok(rows.into_iter().map(list).collect())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states.first().map_or(0, |state| state.len());
        for row in 0..rows {
            let columns: Vec<ArrayRef> = states
                .iter()
                .filter(|state| state.is_valid(row))
                .map(|state| state.as_list::<i32>().value(row))
                .collect();
            self.update_batch(&columns)?;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        let parts = self.columns.iter().flatten();
        size_of_val(self) + parts.map(|part| part.to_data().get_slice_memory_size().unwrap_or_default()).sum::<usize>()
    }
}

/// A list of an array's values.
pub fn list(values: ArrayRef) -> ScalarValue {
    use arrow::array::ListArray;
    use arrow::buffer::OffsetBuffer;
    let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let lengths = OffsetBuffer::from_lengths([values.len()]);
    ScalarValue::List(Arc::new(ListArray::new(item, lengths, values, None)))
}

/// Types that many aggregates take and return.
pub mod types {
    use arrow::datatypes::{DataType, FieldRef};
    use datafusion::common::Result;

    pub fn one(types: &[DataType]) -> Option<Vec<DataType>> {
        (types.len() == 1).then(|| types.to_vec())
    }

    pub fn one_double(types: &[DataType]) -> Option<Vec<DataType>> {
        doubles(types, 1)
    }

    pub fn two_doubles(types: &[DataType]) -> Option<Vec<DataType>> {
        doubles(types, 2)
    }

    fn doubles(types: &[DataType], count: usize) -> Option<Vec<DataType>> {
        let numbers = types.iter().all(|t| t.is_numeric() || t.is_null());
        (types.len() == count && numbers).then(|| vec![DataType::Float64; count])
    }

    pub fn double(_: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    pub fn first(fields: &[FieldRef]) -> Result<DataType> {
        Ok(fields.first().map_or(DataType::Null, |field| field.data_type().clone()))
    }
}
