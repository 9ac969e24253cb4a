//! Functions that take lambdas, which may have the element's place, from 1, as their last parameter: `list_transform`,
//! `list_filter`, `list_reduce`, `zip_with`.

use super::lists::{Lists, Picks};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, UInt64Array, new_null_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast_with_options, interleave, take, take_arrays};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::type_coercion::binary::comparison_coercion;
use datafusion::logical_expr::{
    ColumnarValue, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature, HigherOrderUDF,
    HigherOrderUDFImpl, LambdaArgument, LambdaParametersProgress, ValueOrLambda, Volatility,
};
use std::sync::Arc;

/// The functions.
pub fn higher_order_functions() -> Vec<Arc<HigherOrderUDF>> {
    let function = |does: Does, name: &'static str, aliases: &[&str]| {
        Arc::new(HigherOrderUDF::new_from_impl(Lambdas {
            does,
            name,
            aliases: aliases.iter().map(|alias| alias.to_string()).collect(),
            signature: HigherOrderSignature::user_defined(Volatility::Immutable),
        }))
    };
    vec![
        function(Does::Transform, "array_transform", &["list_transform"]),
        function(Does::Filter, "array_filter", &["list_filter"]),
        function(Does::Reduce, "list_reduce", &["array_reduce", "reduce", "aggregate"]),
        function(Does::Zip, "zip_with", &[]),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Does {
    Transform,
    Filter,
    Reduce,
    Zip,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Lambdas {
    does: Does,
    name: &'static str,
    aliases: Vec<String>,
    signature: HigherOrderSignature,
}

type Argument = ValueOrLambda<ColumnarValue, LambdaArgument>;

impl HigherOrderUDFImpl for Lambdas {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn coerce_value_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let list = |data_type: &DataType| match data_type {
            DataType::LargeList(item) | DataType::FixedSizeList(item, _) => DataType::List(item.clone()),
            DataType::Null => DataType::new_list(DataType::Null, true),
            other => other.clone(),
        };
        let lists = types.iter().map(list).collect::<Vec<_>>();
        match (self.does, lists.as_slice()) {
            (Does::Transform | Does::Filter | Does::Reduce, [DataType::List(_)])
            | (Does::Zip, [DataType::List(_), DataType::List(_)]) => Ok(lists),
            (Does::Reduce, [first @ DataType::List(_), _]) => {
                Ok(vec![first.clone(), types.last().cloned().unwrap_or(DataType::Null)])
            }
            _ => plan_err!("{}: takes {}", self.name, self.usage()),
        }
    }

    fn lambda_parameters(
        &self,
        step: usize,
        fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        let values = fields.iter().filter_map(|field| match field {
            ValueOrLambda::Value(field) => Some(field.data_type().clone()),
            ValueOrLambda::Lambda(_) => None,
        });
        let outputs = fields.iter().filter_map(|field| match field {
            ValueOrLambda::Lambda(output) => Some(output.as_ref().map(|output| output.data_type().clone())),
            ValueOrLambda::Value(_) => None,
        });
        let (values, outputs): (Vec<DataType>, Vec<Option<DataType>>) = (values.collect(), outputs.collect());
        let elements = values.iter().filter_map(item).collect::<Vec<_>>();
        let parameter = |data_type: &DataType| Arc::new(Field::new("", data_type.clone(), true));
        let place = Arc::new(Field::new("", DataType::Int64, true));
        let merge = outputs.first();
        match (self.does, elements.as_slice(), merge) {
            (Does::Transform | Does::Filter, [element], Some(_)) if outputs.len() == 1 => {
                Ok(LambdaParametersProgress::Complete(vec![vec![parameter(element), place]]))
            }
            (Does::Zip, [left, right], Some(_)) if outputs.len() == 1 => {
                Ok(LambdaParametersProgress::Complete(vec![vec![parameter(left), parameter(right), place]]))
            }
            (Does::Reduce, [element, ..], Some(merged)) if outputs.len() <= 2 => {
                let initial = values.get(1).unwrap_or(element);
                let so_far = merged.as_ref().map_or(initial.clone(), |merged| widened(initial, merged));
                let first = vec![parameter(&so_far), parameter(element), place];
                // The second lambda takes what the first has made of all.
                let mut all: Vec<Option<Vec<FieldRef>>> = vec![Some(first)];
                if outputs.len() == 2 {
                    all.push((step > 0 || merged.is_some()).then(|| vec![parameter(&so_far)]));
                }
                Ok(match merged.is_some() {
                    true => LambdaParametersProgress::Complete(all.into_iter().flatten().collect()),
                    false => LambdaParametersProgress::Partial(all),
                })
            }
            _ => plan_err!("{}: takes {}", self.name, self.usage()),
        }
    }

    fn coerce_values_for_lambdas(&self, fields: &[ValueOrLambda<DataType, DataType>]) -> Result<Option<Vec<DataType>>> {
        let merged = fields.iter().find_map(|field| match field {
            ValueOrLambda::Lambda(output) => Some(output),
            ValueOrLambda::Value(_) => None,
        });
        let values = fields.iter().filter_map(|field| match field {
            ValueOrLambda::Value(value) => Some(value),
            ValueOrLambda::Lambda(_) => None,
        });
        Ok(match (self.does, merged, values.collect::<Vec<_>>().as_slice()) {
            (Does::Reduce, Some(merged), [list, initial]) => Some(vec![(*list).clone(), widened(initial, merged)]),
            (Does::Reduce, Some(merged), [list]) => {
                item(list).map(|element| vec![DataType::new_list(widened(&element, merged), true)])
            }
            _ => None,
        })
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs<'_>) -> Result<FieldRef> {
        let values = args.arg_fields.iter().filter_map(|field| match field {
            ValueOrLambda::Value(field) => Some(field.data_type()),
            ValueOrLambda::Lambda(_) => None,
        });
        let lambdas = args.arg_fields.iter().filter_map(|field| match field {
            ValueOrLambda::Lambda(field) => Some(field.data_type()),
            ValueOrLambda::Value(_) => None,
        });
        let (values, lambdas): (Vec<&DataType>, Vec<&DataType>) = (values.collect(), lambdas.collect());
        let data_type = match (self.does, values.as_slice(), lambdas.as_slice()) {
            (Does::Filter, [list], _) => (*list).clone(),
            (Does::Transform | Does::Zip, _, [output]) => DataType::new_list((*output).clone(), true),
            (Does::Reduce, _, [_, output]) => (*output).clone(),
            (Does::Reduce, [_, initial], _) => (*initial).clone(),
            (Does::Reduce, [list], _) => item(list).unwrap_or(DataType::Null),
            _ => return plan_err!("{}: takes {}", self.name, self.usage()),
        };
        Ok(Arc::new(Field::new(self.name, data_type, true)))
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let mut values = Vec::new();
        let mut lambdas = Vec::new();
        for argument in &args.args {
            match argument {
                Argument::Value(value) => values.push(value.to_array(args.number_rows)?),
                Argument::Lambda(lambda) => lambdas.push(lambda),
            }
        }
        let result = args.return_field.data_type();
        let array = match (self.does, values.as_slice(), lambdas.as_slice()) {
            (Does::Transform, [list], [lambda]) => transform(&Lists::of(list)?, lambda, result)?,
            (Does::Filter, [list], [lambda]) => filter(&Lists::of(list)?, lambda, result)?,
            (Does::Zip, [left, right], [lambda]) => zip(&Lists::of(left)?, &Lists::of(right)?, lambda, result)?,
            (Does::Reduce, [list, initial @ ..], [merge, finish @ ..]) => {
                let merged = reduce(&Lists::of(list)?, initial.first(), merge)?;
                match finish.first() {
                    Some(finish) => {
                        let rows: Vec<usize> = (0..merged.len()).collect();
                        called(finish, &[merged], &rows)?
                    }
                    None => merged,
                }
            }
            _ => return plan_err!("{}: takes {}", self.name, self.usage()),
        };
        Ok(ColumnarValue::Array(cast_checked(&array, result)?))
    }
}

impl Lambdas {
    fn usage(&self) -> &'static str {
        match self.does {
            Does::Transform | Does::Filter => "a list and a lambda: x -> …, or (x, i) -> …",
            Does::Reduce => "a list, a lambda (so_far, x) -> …, and perhaps a value to begin with",
            Does::Zip => "two lists and a lambda (x, y) -> …",
        }
    }
}

fn item(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::List(item) => Some(item.data_type().clone()),
        _ => None,
    }
}

/// The type that holds what a reduction begins with, and what its lambda makes of that; a sum of decimals grows no further.
fn widened(initial: &DataType, merged: &DataType) -> DataType {
    match (initial, merged) {
        (initial, merged) if initial == merged => initial.clone(),
        (DataType::Null, merged) => merged.clone(),
        (initial, DataType::Null) => initial.clone(),
        (_, DataType::Decimal128(_, scale)) => DataType::Decimal128(38, *scale),
        (initial, merged) => comparison_coercion(initial, merged).unwrap_or_else(|| initial.clone()),
    }
}

fn cast_checked(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let options = arrow::compute::CastOptions { safe: false, ..Default::default() };
    Ok(if array.data_type() == to { array.clone() } else { cast_with_options(array, to, &options)? })
}

/// The lambda's values of some parameters, each of which stands in a row of the call.
fn called(lambda: &LambdaArgument, parameters: &[ArrayRef], rows: &[usize]) -> Result<ArrayRef> {
    let closures: Vec<Box<dyn Fn() -> Result<ArrayRef>>> = parameters
        .iter()
        .map(|parameter| {
            let parameter = parameter.clone();
            Box::new(move || Ok(parameter.clone())) as Box<dyn Fn() -> Result<ArrayRef>>
        })
        .collect();
    let closures: Vec<&dyn Fn() -> Result<ArrayRef>> = closures.iter().map(|closure| closure.as_ref()).collect();
    let indices = UInt64Array::from_iter_values(rows.iter().map(|row| *row as u64));
    let value = lambda.evaluate(&closures, |captured| Ok(take_arrays(captured, &indices, None)?))?;
    value.into_array(rows.len())
}

/// A lambda's values of all elements: for each, its row, and its place in it from 1.
fn of_elements(lists: &Lists, lambda: &LambdaArgument) -> Result<(Vec<usize>, ArrayRef)> {
    let mut places = Vec::new();
    let mut elements = Vec::new();
    let mut rows = Vec::new();
    for row in 0..lists.len() {
        let range = lists.row(row);
        places.extend((0..range.len()).map(|place| place as i64 + 1));
        rows.extend(range.clone().map(|_| row));
        elements.extend(range);
    }
    let taken = take(lists.elements(), &UInt64Array::from_iter_values(elements.iter().map(|at| *at as u64)), None)?;
    let values = called(lambda, &[taken, Arc::new(Int64Array::from(places))], &rows)?;
    Ok((elements, values))
}

fn nulls(lists: &Lists) -> Option<arrow::buffer::NullBuffer> {
    Some((0..lists.len()).map(|row| !lists.is_null(row)).collect())
}

fn transform(lists: &Lists, lambda: &LambdaArgument, result: &DataType) -> Result<ArrayRef> {
    let (_, values) = of_elements(lists, lambda)?;
    let DataType::List(item) = result else { return plan_err!("list_transform gives a list") };
    let lengths = OffsetBuffer::from_lengths((0..lists.len()).map(|row| lists.row(row).len()));
    let values = cast_checked(&values, item.data_type())?;
    Ok(Arc::new(ListArray::try_new(item.clone(), lengths, values, nulls(lists))?))
}

fn filter(lists: &Lists, lambda: &LambdaArgument, result: &DataType) -> Result<ArrayRef> {
    let (elements, values) = of_elements(lists, lambda)?;
    let kept = cast_checked(&values, &DataType::Boolean)?;
    let kept = kept.as_boolean();
    let mut picks = Picks::from(vec![lists.elements().clone()]);
    let mut at = 0;
    for row in 0..lists.len() {
        let range = at..at + lists.row(row).len();
        at = range.end;
        let chosen = range.filter(|at| kept.is_valid(*at) && kept.value(*at)).filter_map(|at| elements.get(at));
        picks.push((!lists.is_null(row)).then(|| chosen.map(|place| (0, *place))));
    }
    picks.finish(result)
}

/// Both lists side by side, the shorter one filled up with nulls.
fn zip(left: &Lists, right: &Lists, lambda: &LambdaArgument, result: &DataType) -> Result<ArrayRef> {
    let (mut lefts, mut rights) = (Vec::new(), Vec::new());
    let (mut places, mut rows, mut lengths, mut valid) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in 0..left.len() {
        let known = !left.is_null(row) && !right.is_null(row);
        let (a, b) = (left.row(row), right.row(row));
        let length = if known { a.len().max(b.len()) } else { 0 };
        let at =
            |range: &std::ops::Range<usize>, place: usize| (place < range.len()).then(|| (range.start + place) as u64);
        for place in 0..length {
            lefts.push(at(&a, place));
            rights.push(at(&b, place));
            places.push(place as i64 + 1);
            rows.push(row);
        }
        lengths.push(length);
        valid.push(known);
    }
    let left = take(left.elements(), &UInt64Array::from(lefts), None)?;
    let right = take(right.elements(), &UInt64Array::from(rights), None)?;
    let values = called(lambda, &[left, right, Arc::new(Int64Array::from(places))], &rows)?;
    let DataType::List(item) = result else { return plan_err!("zip_with gives a list") };
    let values = cast_checked(&values, item.data_type())?;
    Ok(Arc::new(ListArray::try_new(item.clone(), OffsetBuffer::from_lengths(lengths), values, Some(valid.into()))?))
}

/// One element after another, of all rows at once.
fn reduce(lists: &Lists, initial: Option<&ArrayRef>, merge: &LambdaArgument) -> Result<ArrayRef> {
    let element = lists.elements();
    let mut so_far = match initial {
        Some(initial) => {
            let known = UInt64Array::from_iter((0..lists.len()).map(|row| (!lists.is_null(row)).then_some(row as u64)));
            take(initial, &known, None)?
        }
        None => {
            let first = (0..lists.len()).map(|row| lists.row(row).next().map(|place| place as u64));
            if (0..lists.len()).any(|row| !lists.is_null(row) && lists.row(row).is_empty()) {
                return plan_err!(
                    "list_reduce: an empty list has nothing to begin with: give it a value as third argument"
                );
            }
            take(element, &UInt64Array::from_iter(first), None)?
        }
    };
    let longest = (0..lists.len()).map(|row| lists.row(row).len()).max().unwrap_or_default();
    let data_type = so_far.data_type().clone();
    for place in usize::from(initial.is_none())..longest {
        let rows: Vec<usize> = (0..lists.len()).filter(|row| lists.row(*row).len() > place).collect();
        let own = UInt64Array::from_iter_values(rows.iter().map(|row| *row as u64));
        let next = UInt64Array::from_iter_values(rows.iter().map(|row| (lists.row(*row).start + place) as u64));
        let parameters = [
            take(&so_far, &own, None)?,
            take(element, &next, None)?,
            Arc::new(Int64Array::from(vec![place as i64 + 1; rows.len()])),
        ];
        let merged = cast_checked(&called(merge, &parameters, &rows)?, &data_type)?;
        let mut picks: Vec<(usize, usize)> = (0..lists.len()).map(|row| (0, row)).collect();
        for (at, row) in rows.iter().enumerate() {
            if let Some(pick) = picks.get_mut(*row) {
                *pick = (1, at);
            }
        }
        so_far = interleave(&[so_far.as_ref(), merged.as_ref()], &picks)?;
    }
    Ok(if so_far.is_empty() { new_null_array(&data_type, 0) } else { so_far })
}
