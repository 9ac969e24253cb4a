//! Objects in a store that is not HTTP, and a storage as such a store.

pub(crate) mod adapter;
pub(crate) mod reader;
