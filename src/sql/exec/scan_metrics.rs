//! What a scan of a plan counts and measures: files, row groups, requests, bytes and its own time.

use crate::scan::ProgressReport;
use crate::sql::error::to_datafusion;
use crate::storage;
use arrow::array::RecordBatch;
use datafusion::error::Result;
use datafusion::physical_plan::metrics::{BaselineMetrics, Count, Metric, MetricValue, MetricsSet, PruningMetrics};
use futures::Stream;
use futures::stream::{BoxStream, StreamExt};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The batches of a scan, its rows counted and the time of decoding them measured: not that of waiting for bytes.
pub struct Measured {
    pub batches: BoxStream<'static, crate::Result<RecordBatch>>,
    pub metrics: BaselineMetrics,
}

impl Stream for Measured {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let time = self.metrics.elapsed_compute().clone();
        let polled = {
            let _timer = time.timer();
            self.batches.poll_next_unpin(cx)
        };
        polled.map(|batch| {
            let batch = batch?;
            if let Ok(batch) = &batch {
                self.metrics.record_output(batch.num_rows());
            }
            Some(batch.map_err(to_datafusion))
        })
    }
}

/// Adds what a scan of `planned` of `total` files has done to what it has measured.
pub fn with_counts(
    mut metrics: MetricsSet,
    (planned, total): (usize, usize),
    report: &ProgressReport,
    fetched: &storage::Metrics,
) -> MetricsSet {
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let pruned_later = number(report.files_pruned);
    let files = (total.saturating_sub(planned) + pruned_later, planned.saturating_sub(pruned_later));
    let groups = (number(report.row_groups_pruned), number(report.row_groups));
    for (name, (pruned, matched)) in [("files", files), ("row_groups", groups)] {
        let pruning_metrics = PruningMetrics::new();
        pruning_metrics.add_pruned(pruned);
        pruning_metrics.add_matched(matched);
        push(&mut metrics, MetricValue::PruningMetrics { name: name.into(), pruning_metrics });
    }
    let counts =
        [("requests", fetched.requests), ("bytes_fetched", fetched.bytes), ("bytes_cached", fetched.cached_bytes)];
    for (name, counted) in counts {
        let count = Count::new();
        count.add(number(counted));
        push(&mut metrics, MetricValue::Count { name: name.into(), count });
    }
    metrics
}

fn push(metrics: &mut MetricsSet, value: MetricValue) {
    metrics.push(Arc::new(Metric::new(value, None)));
}
