//! Table formats: each a folder that turns what is at a location into a snapshot.

pub mod delta;
pub mod manifest;
pub mod sharing;
