//! A plan, run: its rows as they come, and how far it is.

use super::cooperative;
use super::extensions::QueryProgress;
use crate::error::Result;
use crate::scan::Progress;
use crate::sql::error::from_datafusion;
use arrow::array::RecordBatch;
use datafusion::execution::context::SessionState;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use std::sync::Arc;
use std::task::Poll;

/// A plan that runs when its batches are asked for.
pub struct Running {
    /// The rows.
    pub batches: BoxStream<'static, Result<RecordBatch>>,
    /// How far its scans are.
    pub progress: Progress,
    /// What runs, and counts meanwhile.
    pub plan: Arc<dyn ExecutionPlan>,
}

impl Running {
    /// Runs to the end, for what the plan counts meanwhile.
    pub async fn finish(mut self) -> Result<Arc<dyn ExecutionPlan>> {
        while let Some(batch) = self.batches.next().await {
            batch?;
        }
        Ok(self.plan)
    }
}

/// Makes `plan` ready to run, with breaks. Some operators start their tasks when they are executed: that waits for the first poll.
pub fn start(mut state: SessionState, plan: Arc<dyn ExecutionPlan>) -> Result<Running> {
    let progress = Progress::default();
    state.config_mut().set_extension(Arc::new(QueryProgress(progress.clone())));
    let plan = cooperative::interruptible(plan).map_err(from_datafusion)?;
    let (begun, ended, running) = (progress.clone(), progress.clone(), plan.clone());
    let begin = async move {
        begun.begin();
        execute_stream(running, state.task_ctx())
    };
    let end = stream::poll_fn(move |_| {
        ended.end();
        Poll::Ready(None)
    });
    let batches = stream::once(begin).try_flatten().map_err(from_datafusion).chain(end).boxed();
    Ok(Running { batches, progress, plan })
}
