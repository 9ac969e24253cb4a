//! What requests cost, as a scan reckons.

/// Columns of a row group smaller than this are read whole: asking for the page index first would take longer.
pub(in crate::scan) const WORTH_AN_INDEX: u64 = 256 << 10;

/// Requests to a host that a browser sends at once.
pub(in crate::scan) const CONNECTIONS: u64 = 6;
