//! What is fetched when: files and row groups ahead of the one that is being decoded, within bounds.
//!
//! The stream decides what is under way, each piece of it a [`task`]; dropping the stream drops all of it.

use super::file::RowGroup;
use super::open::open;
use super::row_group::{self, Rows};
use crate::error::Result;
use crate::runtime::{task, time_slice};
use crate::scan::Scan;
use crate::scan::prune::files;
use arrow::array::RecordBatch;
use futures::Stream;
use futures::future::BoxFuture;
use futures::stream::{FuturesOrdered, StreamExt};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// Files being opened at once: as many as a browser has connections to a host. One more would be asked for before the rows of the first.
const OPENING: usize = 6;
/// Row groups being fetched at once.
const FETCHING: usize = 8;
/// Row groups of opened files that wait to be fetched. More files are opened when there are fewer.
const WAITING: usize = 16;

/// The rows of a scan, in the order of its files.
pub(in crate::scan) struct ScanStream {
    scan: Arc<Scan>,
    /// Files that are still to be opened.
    files: VecDeque<usize>,
    opening: FuturesOrdered<BoxFuture<'static, Opened>>,
    /// Row groups to fetch. An error is here at its place, behind the rows that come before it.
    waiting: VecDeque<Result<RowGroup>>,
    fetching: FuturesOrdered<BoxFuture<'static, Fetched>>,
    fetched: VecDeque<Fetched>,
    decoding: Option<Rows>,
    /// Compressed bytes of the row groups that are fetched or being fetched, and not decoded.
    held: u64,
    /// Rows that those will have, at most.
    promised: u64,
    /// Rows that the files being opened will have, at most.
    opening_rows: u64,
    /// Rows that are still wanted.
    wanted: u64,
    /// Whether row groups may have fewer rows than they promise: keys delete some of them.
    is_loose: bool,
    failed: bool,
}

struct Opened {
    groups: Result<Vec<RowGroup>>,
    rows: u64,
}

struct Fetched {
    rows: Result<Rows>,
    bytes: u64,
    promised: u64,
}

impl ScanStream {
    pub(in crate::scan) fn new(scan: Scan) -> ScanStream {
        scan.progress.started(scan.files.len());
        let files = scan.files.iter().filter_map(|file| scan.snapshot.files.get(*file));
        ScanStream {
            is_loose: scan.limit.is_some() && files.into_iter().any(|file| !file.delete_files().is_empty()),
            files: scan.files.iter().copied().collect(),
            wanted: scan.limit.map_or(u64::MAX, |limit| limit as u64),
            scan: Arc::new(scan),
            opening: FuturesOrdered::new(),
            waiting: VecDeque::new(),
            fetching: FuturesOrdered::new(),
            fetched: VecDeque::new(),
            decoding: None,
            held: 0,
            promised: 0,
            opening_rows: 0,
            failed: false,
        }
    }

    /// Starts what there is room and need for, and moves along what has arrived.
    fn advance(&mut self, cx: &mut Context<'_>) {
        loop {
            while let Poll::Ready(Some(fetched)) = self.fetching.poll_next_unpin(cx) {
                self.scan.progress.fetched(fetched.bytes);
                self.fetched.push_back(fetched);
            }
            let mut moved = false;
            while let Poll::Ready(Some(opened)) = self.opening.poll_next_unpin(cx) {
                self.opening_rows = self.opening_rows.saturating_sub(opened.rows);
                match opened.groups {
                    Ok(groups) => {
                        if groups.is_empty() {
                            self.scan.progress.file_done();
                        }
                        self.waiting.extend(groups.into_iter().map(Ok));
                    }
                    Err(error) => self.waiting.push_back(Err(error)),
                }
                moved = true;
            }
            while self.fetch_next() || self.open_next() {
                moved = true;
            }
            if !moved {
                return;
            }
        }
    }

    fn fetch_next(&mut self) -> bool {
        let unclaimed = self.wanted.saturating_sub(self.promised);
        let busy = self.fetching.len() + self.fetched.len();
        let bytes = match self.waiting.front() {
            Some(Ok(group)) => group.bytes,
            Some(Err(_)) => 0,
            None => return false,
        };
        let room = self.held == 0 || self.held.saturating_add(bytes) <= self.scan.ahead_bytes;
        if unclaimed == 0 || busy >= FETCHING || !room {
            return false;
        }
        let (fetch, promised): (BoxFuture<'static, Result<Rows>>, u64) = match self.waiting.pop_front() {
            Some(Ok(group)) => {
                let promised = group.rows.min(unclaimed);
                let limit = if self.is_loose { self.wanted } else { unclaimed };
                (task::start(row_group::fetch(group, limit)), promised)
            }
            Some(Err(error)) => (Box::pin(futures::future::ready(Err(error))), 0),
            None => return false,
        };
        self.held += bytes;
        self.promised += promised;
        self.fetching.push_back(Box::pin(async move { Fetched { rows: fetch.await, bytes, promised } }));
        true
    }

    /// Opens the next file, if rows of it may be wanted. With a limit this waits until it is known how many rows the files
    /// before have.
    fn open_next(&mut self) -> bool {
        let waiting: u64 = self.waiting.iter().flatten().map(|group| group.rows).sum();
        let claimed = self.promised.saturating_add(waiting).saturating_add(self.opening_rows);
        if self.opening.len() >= OPENING || self.waiting.len() >= WAITING || claimed >= self.wanted {
            return false;
        }
        let Some(file) = self.files.pop_front() else {
            return false;
        };
        let rows = if self.wanted == u64::MAX { 0 } else { files::live_rows(&self.scan.snapshot, file) };
        self.opening_rows = self.opening_rows.saturating_add(rows);
        let opened = task::start(open(self.scan.clone(), file));
        self.opening.push_back(Box::pin(async move { Opened { groups: opened.await, rows } }));
        true
    }

    /// The next batch of what is decoded now, or will be next.
    fn decode(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(rows) = &mut self.decoding {
                let before = rows.left();
                let batch = rows.next()?;
                self.promised = self.promised.saturating_sub(before - rows.left());
                if let Some(mut batch) = batch {
                    if batch.num_rows() as u64 > self.wanted {
                        batch = batch.slice(0, usize::try_from(self.wanted).unwrap_or(usize::MAX));
                    }
                    self.wanted = self.wanted.saturating_sub(batch.num_rows() as u64);
                    self.scan.progress.rows(batch.num_rows());
                    return Ok(Some(batch));
                }
                self.held = self.held.saturating_sub(rows.bytes());
                rows.done();
                self.decoding = None;
            }
            let Some(fetched) = self.fetched.pop_front() else {
                return Ok(None);
            };
            self.promised = self.promised.saturating_sub(fetched.promised);
            let rows = fetched.rows?;
            if rows.still_wanted() {
                self.promised += rows.left();
                self.decoding = Some(rows);
            } else {
                self.held = self.held.saturating_sub(fetched.bytes);
                rows.done();
            }
        }
    }

    fn is_done(&self) -> bool {
        let empty = self.files.is_empty() && self.opening.is_empty() && self.waiting.is_empty();
        self.failed || self.wanted == 0 || (empty && self.fetching.is_empty() && self.fetched.is_empty())
    }
}

impl Stream for ScanStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // A consumer that takes all it can get would keep replies waiting, and what they would start.
        ready!(time_slice::poll_turn(cx));
        let this = &mut *self;
        loop {
            if this.failed || this.wanted == 0 {
                return Poll::Ready(None);
            }
            this.advance(cx);
            let (held, promised) = (this.held, this.promised);
            match this.decode() {
                Ok(Some(batch)) => return Poll::Ready(Some(Ok(batch))),
                Err(error) => {
                    this.failed = true;
                    return Poll::Ready(Some(Err(error)));
                }
                Ok(None) if this.is_done() => return Poll::Ready(None),
                // Room was made: more may be started, and has to be polled.
                Ok(None) if (held, promised) != (this.held, this.promised) => {}
                Ok(None) => return Poll::Pending,
            }
        }
    }
}
