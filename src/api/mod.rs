//! The wasm bindings.
