//! Functions of a list and an element, where the two are numbers of different types: both become the type that has them all.
//!
//! DataFusion's take an element of the list's own type alone, or cast it to that, which changes it.

use crate::sql::numbers::common_number;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;

/// The functions: the place of the list, and those of the elements.
const OF_ELEMENTS: [(&str, usize, &[usize]); 11] = [
    ("array_append", 0, &[1]),
    ("array_has", 0, &[1]),
    ("array_position", 0, &[1]),
    ("array_positions", 0, &[1]),
    ("array_prepend", 1, &[0]),
    ("array_remove", 0, &[1]),
    ("array_remove_all", 0, &[1]),
    ("array_remove_n", 0, &[1]),
    ("array_replace", 0, &[1, 2]),
    ("array_replace_all", 0, &[1, 2]),
    ("array_replace_n", 0, &[1, 2]),
];

/// `function` as one that takes elements of other numbers' types, if it is one of these.
pub fn coerced(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    match OF_ELEMENTS.iter().find(|(name, ..)| *name == function.name()) {
        Some((_, list, elements)) => Arc::new(ScalarUDF::new_from_impl(Coerced {
            inner: function,
            list: *list,
            elements,
            signature: Signature::user_defined(Volatility::Immutable),
        })),
        None => function,
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Coerced {
    inner: Arc<ScalarUDF>,
    list: usize,
    elements: &'static [usize],
    signature: Signature,
}

impl Coerced {
    /// Whether the result is of places, and not of elements.
    fn gives_places(&self) -> bool {
        self.name().starts_with("array_position")
    }

    /// The arguments' types, those of the list and its elements as one; `None` where they may stay.
    fn common(&self, types: &[DataType]) -> Option<Vec<DataType>> {
        let (DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _)) =
            types.get(self.list)?
        else {
            return None;
        };
        let mut common = item.data_type().clone();
        for place in self.elements {
            common = common_number(&common, types.get(*place)?)?;
        }
        let mut types = types.to_vec();
        *types.get_mut(self.list)? = DataType::List(Arc::new(Field::new(item.name(), common.clone(), true)));
        for place in self.elements {
            *types.get_mut(*place)? = common.clone();
        }
        Some(types)
    }
}

impl ScalarUDFImpl for Coerced {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let common = self.common(types);
        let field = |data_type: &DataType| Arc::new(Field::new("", data_type.clone(), true));
        let fields: Vec<FieldRef> = common.as_deref().unwrap_or(types).iter().map(field).collect();
        Ok(fields_with_udf(&fields, self.inner.as_ref())?.iter().map(|field| field.data_type().clone()).collect())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let data_type = self.inner.inner().return_type(types)?;
        Ok(if self.gives_places() { signed(&data_type) } else { data_type })
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let field = self.inner.return_field_from_args(args)?;
        let data_type = match self.gives_places() {
            true => signed(field.data_type()),
            false => field.data_type().clone(),
        };
        Ok(Arc::new(field.as_ref().clone().with_data_type(data_type)))
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        self.inner.simplify(args, info)
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if !self.gives_places() {
            return self.inner.invoke_with_args(args);
        }
        let field = args.return_field.clone();
        let data_type = unsigned(field.data_type());
        args.return_field = Arc::new(field.as_ref().clone().with_data_type(data_type));
        self.inner.invoke_with_args(args)?.cast_to(field.data_type(), None)
    }
}

/// The type of places that DataFusion gives as `UBIGINT`, which few functions take.
fn signed(data_type: &DataType) -> DataType {
    match data_type {
        DataType::UInt64 => DataType::Int64,
        DataType::List(item) => {
            DataType::List(Arc::new(item.as_ref().clone().with_data_type(signed(item.data_type()))))
        }
        other => other.clone(),
    }
}

fn unsigned(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Int64 => DataType::UInt64,
        DataType::List(item) => {
            DataType::List(Arc::new(item.as_ref().clone().with_data_type(unsigned(item.data_type()))))
        }
        other => other.clone(),
    }
}
