//! One NaN and one zero: the form in which floats leave a file, a log or a page's own rows.
//!
//! Arrow compares, hashes and sorts floats by their bits: a NaN with the sign bit (x86 makes it of 0/0, and numpy and polars store it)
//! comes before every number there, and -0.0 is another value than 0.0. In SQL there is one NaN, above every number, and one zero.

use super::suspect_floats;
use arrow::array::{Array, ArrayData, ArrayRef, ArrowPrimitiveType, PrimitiveArray, make_array};
use arrow::datatypes::{DataType, Float16Type, Float32Type, Float64Type};

/// `array` with every NaN in it the positive quiet one, and every zero the positive one, in nested types too. It is copied only where
/// a value changes.
pub fn canonical_floats(array: &ArrayRef) -> ArrayRef {
    match has_floats(array.data_type()).then(|| changed(&array.to_data())).flatten() {
        Some(changed) => make_array(changed),
        None => array.clone(),
    }
}

/// Whether values of the type have floats in them.
fn has_floats(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => has_floats(item.data_type()),
        DataType::ListView(item) | DataType::LargeListView(item) => has_floats(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_floats(field.data_type())),
        DataType::Dictionary(_, values) => has_floats(values),
        DataType::RunEndEncoded(_, values) => has_floats(values.data_type()),
        data_type => data_type.is_floating(),
    }
}

/// `None` where nothing changes.
fn changed(data: &ArrayData) -> Option<ArrayData> {
    match data.data_type() {
        DataType::Float16 => floats::<Float16Type>(data, |values| {
            values.iter().fold(false, |suspect, value| suspect | value.is_nan() | (value.to_bits() == 0x8000))
        }),
        DataType::Float32 => floats::<Float32Type>(data, suspect_floats::singles),
        DataType::Float64 => floats::<Float64Type>(data, suspect_floats::doubles),
        data_type if has_floats(data_type) => {
            let children: Vec<Option<ArrayData>> = data.child_data().iter().map(changed).collect();
            if children.iter().all(Option::is_none) {
                return None;
            }
            let children = children.into_iter().zip(data.child_data());
            let children = children.map(|(new, old)| new.unwrap_or_else(|| old.clone())).collect();
            data.clone().into_builder().child_data(children).build().ok()
        }
        _ => None,
    }
}

/// A float whose bits can be looked at.
trait Float: ArrowPrimitiveType<Native: PartialEq> {
    /// The positive quiet NaN, and the positive zero.
    const CANONICAL: [Self::Native; 2];

    /// Whether `value` is a NaN other than the canonical one, or the negative zero; and whether it is a NaN.
    fn is_odd(value: Self::Native) -> (bool, bool);
}

impl Float for Float16Type {
    const CANONICAL: [Self::Native; 2] = [Self::Native::from_bits(0x7e00), Self::Native::from_bits(0)];

    fn is_odd(value: Self::Native) -> (bool, bool) {
        (value.to_bits() == 0x8000 || value.is_nan() && value.to_bits() != 0x7e00, value.is_nan())
    }
}

impl Float for Float32Type {
    const CANONICAL: [f32; 2] = [f32::from_bits(0x7fc0_0000), 0.0];

    fn is_odd(value: f32) -> (bool, bool) {
        (value.to_bits() == 1 << 31 || value.is_nan() && value.to_bits() != 0x7fc0_0000, value.is_nan())
    }
}

impl Float for Float64Type {
    const CANONICAL: [f64; 2] = [f64::from_bits(0x7ff8 << 48), 0.0];

    fn is_odd(value: f64) -> (bool, bool) {
        (value.to_bits() == 1 << 63 || value.is_nan() && value.to_bits() != 0x7ff8 << 48, value.is_nan())
    }
}

/// The values in canonical form, if one is not. `has_suspects` says quickly whether there may be one: nearly always there is none.
fn floats<T: Float>(data: &ArrayData, has_suspects: impl Fn(&[T::Native]) -> bool) -> Option<ArrayData> {
    let array = PrimitiveArray::<T>::from(data.clone());
    if !has_suspects(array.values()) || !array.values().iter().any(|value| T::is_odd(*value).0) {
        return None;
    }
    let [nan, zero] = T::CANONICAL;
    let canonical = |value| match T::is_odd(value) {
        (true, true) => nan,
        (true, false) => zero,
        _ => value,
    };
    Some(array.unary::<_, T>(canonical).into_data())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{AsArray, Float16Array, Float32Array, Float64Array, Int64Array, ListArray, StructArray};
    use arrow::buffer::OffsetBuffer;
    use arrow::compute::cast;
    use arrow::datatypes::Field;
    use std::sync::Arc;

    const NANS: [u64; 4] = [0xfff8 << 48, 0x7ff8 << 48, 0x7ff0_0000_0000_0001, 0xffff_ffff_ffff_ffff];

    fn bits(array: &ArrayRef) -> Vec<Option<u64>> {
        array.as_primitive::<Float64Type>().iter().map(|value| value.map(f64::to_bits)).collect()
    }

    #[test]
    fn every_nan_and_every_zero_is_one() {
        let odd = NANS.map(|bits| Some(f64::from_bits(bits)));
        let values: Vec<Option<f64>> =
            odd.into_iter().chain([Some(-0.0), None, Some(-1.5), Some(f64::INFINITY)]).collect();
        let found = canonical_floats(&(Arc::new(Float64Array::from(values)) as ArrayRef));
        let nan = Some(0x7ff8 << 48);
        let infinity = Some(f64::INFINITY.to_bits());
        assert_eq!(bits(&found), [nan, nan, nan, nan, Some(0), None, Some((-1.5_f64).to_bits()), infinity]);
    }

    #[test]
    fn smaller_floats() {
        let wide = Float32Array::from(vec![-f32::NAN, -0.0, f32::NEG_INFINITY, f32::MIN_POSITIVE, -f32::MIN_POSITIVE]);
        let narrow = cast(&wide, &DataType::Float16).unwrap();
        let narrow = canonical_floats(&(Arc::new(narrow.as_primitive::<Float16Type>().clone()) as ArrayRef));
        let found: Vec<u16> =
            narrow.as_primitive::<Float16Type>().values().iter().map(|value| value.to_bits()).collect();
        assert_eq!(found, [0x7e00, 0, 0xfc00, 0, 0]);
        let wide = canonical_floats(&(Arc::new(wide) as ArrayRef));
        let found: Vec<u32> = wide.as_primitive::<Float32Type>().values().iter().map(|value| value.to_bits()).collect();
        assert_eq!(found, [0x7fc0_0000, 0, 0xff80_0000, 0x0080_0000, 0x8080_0000]);
        assert!(Float16Array::from_iter_values([]).is_empty());
    }

    #[test]
    fn floats_within_others() {
        let zeros: ArrayRef = Arc::new(Float64Array::from(vec![1.0, -0.0, -f64::NAN]));
        let item = Arc::new(Field::new_list_field(DataType::Float64, true));
        let list = ListArray::new(item.clone(), OffsetBuffer::from_lengths([1, 2]), zeros, None);
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let fields = vec![Field::new("l", list.data_type().clone(), true), Field::new("i", DataType::Int64, true)];
        let nested: ArrayRef = Arc::new(StructArray::new(fields.into(), vec![Arc::new(list), numbers], None));
        let found = canonical_floats(&nested.slice(1, 1));
        let list = found.as_struct().column(0).as_list::<i32>().value(0);
        assert_eq!(bits(&list), [Some(0), Some(0x7ff8 << 48)]);
    }

    #[test]
    fn what_is_canonical_is_not_copied() {
        let array: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN, 0.0, -1.0]));
        let same = canonical_floats(&array);
        assert_eq!(array.to_data().buffers()[0].as_ptr(), same.to_data().buffers()[0].as_ptr());
    }
}
