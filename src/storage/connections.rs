//! The budget of concurrent requests, and which request is sent next.
//!
//! Queries are served in the order they arrived: a free connection goes to the request of the earliest query. A later query uses
//! connections that are idle, but never more than a third of them while an earlier one is waiting for bytes: long bodies that it starts
//! would share the line with the earlier query's next requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// When the query arrived that a request is for: the lower, the sooner it is served. Clones share one value.
#[derive(Debug, Clone, Default)]
pub(super) struct Urgency(Arc<AtomicU64>);

impl Urgency {
    pub(super) fn new(arrival: u64) -> Urgency {
        Urgency(Arc::new(AtomicU64::new(arrival)))
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Serves the request no later than one of a query that arrived at `arrival`.
    pub(super) fn raise(&self, arrival: u64) {
        self.0.fetch_min(arrival, Ordering::Relaxed);
    }
}

/// Hands out connections. Shared by all storages of a pool.
#[derive(Debug)]
pub(super) struct Connections {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// In the order of their calls.
    waiting: Vec<Waiting>,
    /// Requests that hold a connection, by id.
    sending: Vec<(u64, Urgency)>,
    next_id: u64,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    urgency: Urgency,
    grant: oneshot::Sender<()>,
}

/// Leave to send one request, until it is dropped.
#[derive(Debug)]
pub(super) struct Connection {
    connections: Arc<Connections>,
    id: u64,
}

impl Connections {
    pub(super) fn new(capacity: usize) -> Arc<Connections> {
        Arc::new(Connections { capacity: capacity.max(1), state: Mutex::default() })
    }

    /// Waits for a connection.
    pub(super) async fn acquire(self: &Arc<Self>, urgency: &Urgency) -> Connection {
        let (grant, granted) = oneshot::channel();
        let connection = {
            let mut state = self.lock();
            let id = state.next_id;
            state.next_id += 1;
            state.waiting.push(Waiting { id, urgency: urgency.clone(), grant });
            state.dispatch(self.capacity);
            Connection { connections: self.clone(), id }
        };
        // The sender is only dropped after it has sent, or with the connection.
        let _ = granted.await;
        connection
    }

    /// Looks again who is next: the urgency of a request has changed.
    pub(super) fn reconsider(&self) {
        self.lock().dispatch(self.capacity);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut state = self.connections.lock();
        state.waiting.retain(|waiting| waiting.id != self.id);
        state.sending.retain(|(id, _)| *id != self.id);
        state.dispatch(self.connections.capacity);
    }
}

impl State {
    fn dispatch(&mut self, capacity: usize) {
        loop {
            let waiting: Vec<u64> = self.waiting.iter().map(|waiting| waiting.urgency.get()).collect();
            let sending: Vec<u64> = self.sending.iter().map(|(_, urgency)| urgency.get()).collect();
            let Some(next) = next(&waiting, &sending, capacity) else { return };
            let Waiting { id, urgency, grant } = self.waiting.remove(next);
            if grant.send(()).is_ok() {
                self.sending.push((id, urgency));
            }
        }
    }
}

/// The position in `waiting` of the request to send next, if one may be sent beside those of `sending`.
fn next(waiting: &[u64], sending: &[u64], capacity: usize) -> Option<usize> {
    if sending.len() >= capacity {
        return None;
    }
    let (place, urgency) = waiting.iter().enumerate().min_by_key(|(place, urgency)| (**urgency, *place))?;
    let earliest = sending.iter().min().copied().unwrap_or(u64::MAX);
    let later = sending.iter().filter(|sending| **sending > earliest).count();
    (*urgency <= earliest || later < (capacity / 3).max(1)).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn the_earliest_query_is_served_first_and_its_requests_in_order() {
        assert_eq!(next(&[7, 3, 5, 3], &[], 6), Some(1));
        assert_eq!(next(&[7, 3], &[3, 3, 3, 3, 3], 6), Some(1));
        assert_eq!(next(&[7, 3], &[3; 6], 6), None);
        assert_eq!(next(&[], &[], 6), None);
    }

    #[test]
    fn a_later_query_uses_a_third_of_the_connections_while_an_earlier_one_waits() {
        assert_eq!(next(&[7], &[3], 6), Some(0));
        assert_eq!(next(&[7], &[3, 7], 6), Some(0));
        assert_eq!(next(&[7], &[3, 7, 8], 6), None);
        assert_eq!(next(&[7, 3], &[3, 7, 8], 6), Some(1));
        assert_eq!(next(&[7], &[7, 7, 7, 7, 7], 6), Some(0), "all of them once it is alone");
    }

    #[test]
    fn a_connection_that_is_free_goes_to_the_earliest_query() {
        let connections = Connections::new(1);
        let at = Urgency::new;
        let first = connections.acquire(&at(1)).now_or_never().unwrap();
        let (late, later, early) = (at(9), at(8), at(2));
        let mut late_one = Box::pin(connections.acquire(&late));
        let mut later_one = Box::pin(connections.acquire(&later));
        let mut early_one = Box::pin(connections.acquire(&early));
        for waiting in [&mut late_one, &mut later_one, &mut early_one] {
            assert!(waiting.as_mut().now_or_never().is_none());
        }
        late.raise(1);
        connections.reconsider();
        drop(first);
        let raised = late_one.as_mut().now_or_never().expect("raised past the others");
        drop(early_one);
        assert!(later_one.as_mut().now_or_never().is_none());
        drop(raised);
        assert!(later_one.as_mut().now_or_never().is_some(), "who gave up is skipped");
        drop(later_one);
        let state = connections.lock();
        assert!(state.waiting.is_empty() && state.sending.is_empty());
    }
}
