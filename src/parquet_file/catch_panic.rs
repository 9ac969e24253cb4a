//! Decoding that may panic on damaged bytes.
//!
//! The Parquet crate checks most of what it reads, and asserts some: definition levels that end early, a page header that
//! contradicts itself. Where panics unwind, they become an error here. A module built with `panic = "abort"` traps
//! instead, and its worker is replaced: see `api`.

use crate::error::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `decode` returns; an error that names the file where it panics. What it had under way must not be used again.
pub(crate) fn guarded<T>(name: &str, decode: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(Error::corrupt(name, "the decoder stopped: the file is damaged")))
}
