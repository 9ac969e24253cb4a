//! JSON text: reading into it, writing it, and the paths that lead to its parts. Pure; for functions over JSON and variants.

pub mod contains;
pub mod path;
pub mod scan;
pub mod write;
