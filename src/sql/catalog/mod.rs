//! The tables of a session, and how DataFusion sees them.

pub(crate) mod definitions;
pub(crate) mod registry;
pub(crate) mod table_provider;
