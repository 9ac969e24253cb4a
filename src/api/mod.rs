//! The wasm bindings: what `www/lakeglass/worker.js` calls.
//!
//! Thin by intent: options come in as plain objects, plain objects and Arrow IPC bytes go out, and everything between is the
//! same code that runs natively.

mod engine;
mod error;
mod files;
mod ipc;
mod options;
#[cfg(feature = "sql")]
mod params;
mod pieces;
mod progress;
mod result;
mod runtime;
mod sign;
#[cfg(feature = "sql")]
mod sql;
mod table;
mod values;

pub use engine::Engine;
pub use result::EngineResult;
pub use table::EngineTable;
