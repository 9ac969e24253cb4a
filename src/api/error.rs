//! Errors as JavaScript sees them: an `Error` with `code`, `message` and the variant's fields.

use crate::error::Error;
use serde::Serialize;
use wasm_bindgen::prelude::*;

impl From<Error> for JsValue {
    fn from(error: Error) -> JsValue {
        let js = js_sys::Error::new(&error.to_string());
        js.set_name("LakeglassError");
        if let Ok(fields) = error.serialize(&serde_wasm_bindgen::Serializer::json_compatible()) {
            // `message` is the whole sentence, also where a field has that name.
            let message = js_sys::Error::message(&js);
            js_sys::Object::assign(&js, fields.unchecked_ref());
            js.set_message(&String::from(message));
        }
        let _ = js_sys::Reflect::set(&js, &"code".into(), &error.code().as_str().into());
        js.into()
    }
}
