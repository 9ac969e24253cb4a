//! A small Delta writer, from the specification alone: for the tables that no Python package writes. It knows what rows each of its
//! versions has, and is a reader's third opinion.
//!
//! [`kind`] and [`value`] are types and values, and what widening makes of them; [`deletion_vector`] encodes bitmaps; [`checkpoint`] writes
//! every form of checkpoint; [`history`] lets a table happen at random.

pub mod checkpoint;
pub mod data_file;
pub mod deletion_vector;
pub mod history;
pub mod kind;
pub mod numbers;
pub mod value;
