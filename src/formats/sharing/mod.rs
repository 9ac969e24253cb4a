//! Delta Sharing: tables that a server shares, by a profile file.
//!
//! A profile names a server and has a token; `profile.share#share.schema.table` names a table. The server answers a query with
//! the actions of a version and a URL for each file, good for a while: [`table`] makes a [`crate::Snapshot`] of them, and
//! renews the URLs when they end. Files are known by the ids that the server gives them, which stay the same when URLs change.
//!
//! A server may give out a table's folder in place of its files (`dir` access): then [`folder`] renews the credentials for it, and the
//! table is read by its log like any other.
//!
//! Protocol: <https://github.com/delta-io/delta-sharing/blob/main/PROTOCOL.md>. What is not offered: profiles with OAuth.

mod changes;
mod client;
mod folder;
mod format;
mod grant;
mod profile;
mod response;
mod table;

pub use client::{Client, SharedName};
pub(in crate::formats) use format::SharingOpener;
pub use profile::Profile;
pub use table::{Opened, SharedTable};
