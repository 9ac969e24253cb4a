//! SQL over tables, by DataFusion.

pub mod context;

pub use context::{QueryResult, Session, SessionOptions};
