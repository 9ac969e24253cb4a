//! What a plan finds in the configuration of the query that it belongs to.

use crate::scan::Progress;
use crate::storage::Meter;

/// The meter of the query that a plan belongs to: an extension of its configuration, where scans find it.
#[derive(Debug)]
pub struct QueryMeter(pub Meter);

/// How far the query is that a plan belongs to, where its scans find it.
#[derive(Debug)]
pub struct QueryProgress(pub Progress);
