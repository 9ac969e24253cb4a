//! Plans at work: the scan at their leaves, in slices of time, measured.

pub(crate) mod cooperative;
pub(crate) mod extensions;
pub(crate) mod run;
pub(crate) mod run_sort;
pub(crate) mod scan_exec;
pub(crate) mod scan_metrics;
pub(crate) mod slices;
