//! Values for a statement's parameters, from JavaScript's.

use super::options::type_error;
use crate::sql::{ParamValue, Params};
use js_sys::{Array, Date, Object, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export type ParamValue = null | undefined | boolean | number | bigint | string | Date | Uint8Array | ParamValue[];
/** By place, of `?` or `$1`; or by name, of `$name`. */
export type QueryParams = ParamValue[] | Record<string, ParamValue>;
"#;

/// Lists nested deeper than this are refused: they may hold themselves.
const DEEPEST: usize = 16;

/// The values: an array's by place, an object's by name.
pub(super) fn params(values: JsValue) -> Result<Params, JsValue> {
    if values.is_undefined() || values.is_null() {
        return Ok(Params::None);
    }
    if Array::is_array(&values) {
        let values = Array::from(&values);
        return Ok(Params::Positional(values.iter().map(|value| param(&value, 0)).collect::<Result<_, _>>()?));
    }
    let Some(object) = values.dyn_ref::<Object>().filter(|_| !values.is_function()) else {
        return Err(type_error("params is neither an array nor an object"));
    };
    let pair = |entry: JsValue| {
        let entry = Array::from(&entry);
        let name = entry.get(0).as_string().unwrap_or_default();
        Ok::<_, JsValue>((name, param(&entry.get(1), 0)?))
    };
    Ok(Params::Named(Object::entries(object).iter().map(pair).collect::<Result<_, _>>()?))
}

#[expect(clippy::cast_possible_truncation, reason = "a float is cast to the nearest number there is")]
fn param(value: &JsValue, depth: usize) -> Result<ParamValue, JsValue> {
    if value.is_undefined() || value.is_null() {
        return Ok(ParamValue::Null);
    }
    if let Some(value) = value.as_bool() {
        return Ok(ParamValue::Boolean(value));
    }
    if let Some(number) = value.as_f64() {
        let safe = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_991.0;
        // What JavaScript cannot tell from a whole number is one, but for -0.
        let whole = safe && !(number == 0.0 && number.is_sign_negative());
        return Ok(if whole { ParamValue::Integer(number as i128) } else { ParamValue::Double(number) });
    }
    if let Some(text) = value.as_string() {
        return Ok(ParamValue::Text(text));
    }
    if value.is_bigint() {
        let text = js_sys::BigInt::from(value.clone()).to_string(10).ok().and_then(|text| text.as_string());
        let number = text.and_then(|text| text.parse::<i128>().ok());
        return number
            .map(ParamValue::Integer)
            .ok_or_else(|| type_error("a parameter's bigint has more than 38 digits"));
    }
    if let Some(date) = value.dyn_ref::<Date>() {
        let millis = date.get_time();
        if !millis.is_finite() {
            return Err(type_error("a parameter is an invalid Date"));
        }
        return Ok(ParamValue::Timestamp((millis as i64).saturating_mul(1_000)));
    }
    if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
        return Ok(ParamValue::Binary(bytes.to_vec()));
    }
    if Array::is_array(value) && depth < DEEPEST {
        let values = Array::from(value);
        return Ok(ParamValue::List(values.iter().map(|value| param(&value, depth + 1)).collect::<Result<_, _>>()?));
    }
    Err(type_error(
        "a parameter is null, a boolean, a number, a bigint, a string, a Date, a Uint8Array or an array of these",
    ))
}
