//! Requests in flight, shared by every caller that wants their bytes.
//!
//! A caller waits for the requests in flight that overlap its ranges; only the rest of its ranges is requested, whatever either
//! side had coalesced. The rest is requested at the end of a turn of the event loop, planned together with what other callers of
//! this object want by then ([`super::request_plan`]).
//!
//! A request belongs to all callers that wait for it. All of them get its reply, or its error. It is aborted when the last one is
//! dropped.

use super::Storage;
use super::byte_ranges::{overlap, subtract};
use super::coalesce::{LONGEST, coalesce};
use super::connections::Urgency;
use super::http::response::Reply;
use super::http::transport::Freshness;
use super::location_name;
use super::request_plan::plan;
use crate::error::Result;
use crate::runtime::task;
use crate::snapshot::FileLocation;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The reply of a request, for each of its callers.
pub(super) type SharedReply = Shared<BoxFuture<'static, Result<Reply>>>;

/// The requests of one table.
#[derive(Default)]
pub(super) struct InFlight {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    objects: HashMap<FileLocation, Object>,
    next_id: u64,
}

#[derive(Default)]
struct Object {
    sent: Vec<Sent>,
    wishes: Vec<Weak<Wish>>,
}

/// A request that has no reply yet. It may still wait for a connection.
struct Sent {
    id: u64,
    /// `None`: the whole object.
    range: Option<Range<u64>>,
    reply: WeakShared<BoxFuture<'static, Result<Reply>>>,
    urgency: Urgency,
}

/// A request that a caller waits for.
pub(super) struct Awaited {
    id: u64,
    pub(super) reply: SharedReply,
    /// Whether it was sent for this caller.
    pub(super) is_own: bool,
}

/// Ranges of an object that a caller wants.
pub(super) struct Wish {
    storage: Storage,
    location: FileLocation,
    arrival: u64,
    /// The ranges that are not in flight.
    rest: Vec<Range<u64>>,
    awaited: Mutex<WishState>,
}

#[derive(Default)]
struct WishState {
    is_planned: bool,
    /// Whether the requests ask for all ranges of the wish.
    is_complete: bool,
    requests: Vec<Awaited>,
}

impl std::fmt::Debug for InFlight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.lock();
        let names = state.objects.iter().map(|(location, object)| (location_name(location), object.sent.len()));
        f.debug_map().entries(names).finish()
    }
}

impl InFlight {
    /// Notes that `storage` wants `ranges`, and joins the requests in flight that bring some of them.
    pub(super) fn wish(&self, storage: &Storage, location: &FileLocation, ranges: Vec<Range<u64>>) -> Arc<Wish> {
        let honours_ranges = storage.shared.source.honours_ranges(location);
        let arrival = storage.meters.urgency().get();
        let live; // dropped behind the lock, like every reply: the last clone of one may take the lock
        let wish = {
            let mut state = self.lock();
            let object = state.objects.entry(location.clone()).or_default();
            live = object.live();
            let requests = object.join(&live, arrival, |range| !honours_ranges || wants(&ranges, range));
            let rest = match honours_ranges {
                true => subtract(&ranges, &object.spans(&live)),
                false if requests.is_empty() => ranges.clone(),
                false => Vec::new(),
            };
            let planned = WishState { is_planned: rest.is_empty(), is_complete: honours_ranges, requests };
            let (storage, location, awaited) = (storage.clone(), location.clone(), Mutex::new(planned));
            let wish = Arc::new(Wish { storage, location, arrival, rest, awaited });
            if !wish.rest.is_empty() {
                object.wishes.push(Arc::downgrade(&wish));
            }
            wish
        };
        storage.shared.connections.reconsider();
        wish
    }

    /// The request for the whole of an object, sent now if there is none; whether it is this caller's own. `Err`: a request for a
    /// range from a host that may answer with the whole object.
    pub(super) fn whole(
        &self,
        storage: &Storage,
        location: &FileLocation,
        freshness: Freshness,
    ) -> std::result::Result<Awaited, SharedReply> {
        let honours_ranges = storage.shared.source.honours_ranges(location);
        let arrival = storage.meters.urgency().get();
        let live;
        let found = {
            let mut state = self.lock();
            live = state.objects.get(location).map(Object::live).unwrap_or_default();
            let whole = state.objects.get(location).map(|object| object.join(&live, arrival, Option::is_none));
            match (whole.and_then(|mut whole| whole.pop()), live.first()) {
                (Some(whole), _) => Ok(whole),
                (None, Some((_, reply))) if !honours_ranges => Err(reply.clone()),
                _ => Ok(state.start(storage, location, None, freshness)),
            }
        };
        storage.shared.connections.reconsider();
        found
    }

    /// Sends requests for all that is wished of an object, and hands each wish those that it waits for.
    fn plan(&self, storage: &Storage, location: &FileLocation) {
        let honours_ranges = storage.shared.source.honours_ranges(location);
        let gap = storage.shared.source.gap(location);
        // Dropped behind the lock, all of them.
        let (wishes, before, live);
        let mut started = Vec::new();
        {
            let mut state = self.lock();
            let Some(object) = state.objects.get_mut(location) else { return };
            let mut wished: Vec<Arc<Wish>> = object.wishes.drain(..).filter_map(|wish| wish.upgrade()).collect();
            wished.sort_by_key(|wish| wish.arrival);
            wishes = wished;
            before = object.live();
            let wanted: Vec<&[Range<u64>]> = wishes.iter().map(|wish| wish.rest.as_slice()).collect();
            let ranges = match (honours_ranges, wanted.first()) {
                (true, _) => plan(&wanted, &object.spans(&before), gap, LONGEST),
                // The first request comes alone: it may bring the whole object.
                (false, Some(first)) if before.is_empty() => {
                    coalesce(first, gap, LONGEST).into_iter().take(1).collect()
                }
                (false, _) => Vec::new(),
            };
            for range in ranges {
                let owner = wishes.iter().find(|wish| wants(&wish.rest, &Some(range.clone())));
                if let Some(owner) = owner {
                    let request = state.start(&owner.storage, location, Some(range), Freshness::Immutable);
                    started.push((Arc::as_ptr(owner), request));
                }
            }
            let Some(object) = state.objects.get(location) else { return };
            live = object.live();
            for wish in &wishes {
                let joined = object.join(&live, wish.arrival, |range| !honours_ranges || wants(&wish.rest, range));
                let owns = |id: u64| started.iter().any(|(owner, of)| of.id == id && *owner == Arc::as_ptr(wish));
                let requests = joined.into_iter().map(|of| Awaited { is_own: owns(of.id), ..of });
                let mut state = wish.lock();
                state.requests.extend(requests);
                (state.is_planned, state.is_complete) = (true, honours_ranges);
            }
        }
        storage.shared.connections.reconsider();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wish {
    /// Whether nothing has to be requested for it.
    pub(super) fn is_planned(&self) -> bool {
        self.lock().is_planned
    }

    /// The requests to wait for, and whether they ask for all ranges. Sends them, unless another caller has by now.
    pub(super) fn requests(&self) -> (Vec<Awaited>, bool) {
        if !self.is_planned() {
            self.storage.shared.in_flight.plan(&self.storage, &self.location);
        }
        let mut state = self.lock();
        (std::mem::take(&mut state.requests), state.is_complete)
    }

    fn lock(&self) -> MutexGuard<'_, WishState> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Object {
    /// Requests that somebody waits for, by id.
    fn live(&self) -> Vec<(u64, SharedReply)> {
        self.sent.iter().filter_map(|sent| Some((sent.id, sent.reply.upgrade()?))).collect()
    }

    fn spans(&self, live: &[(u64, SharedReply)]) -> Vec<Range<u64>> {
        let is_live = |sent: &&Sent| live.iter().any(|(id, _)| *id == sent.id);
        self.sent.iter().filter(is_live).map(|sent| sent.range.clone().unwrap_or(0..u64::MAX)).collect()
    }

    /// Those of `live` that are `wanted`, for a query that arrived at `arrival`.
    fn join(
        &self,
        live: &[(u64, SharedReply)],
        arrival: u64,
        wanted: impl Fn(&Option<Range<u64>>) -> bool,
    ) -> Vec<Awaited> {
        let join = |(id, reply): &(u64, SharedReply)| {
            let sent = self.sent.iter().find(|sent| sent.id == *id).filter(|sent| wanted(&sent.range))?;
            sent.urgency.raise(arrival);
            Some(Awaited { id: *id, reply: reply.clone(), is_own: false })
        };
        live.iter().filter_map(join).collect()
    }
}

impl State {
    fn start(
        &mut self,
        storage: &Storage,
        location: &FileLocation,
        range: Option<Range<u64>>,
        freshness: Freshness,
    ) -> Awaited {
        let id = self.next_id;
        self.next_id += 1;
        let urgency = Urgency::new(storage.meters.urgency().get());
        let entry = Entry { storage: storage.clone(), location: location.clone(), id };
        let (part, place) = (range.clone(), urgency.clone());
        let work = async move { entry.storage.fetch_and_keep(&entry.location, part.as_ref(), freshness, &place).await };
        let reply = task::start(work).shared();
        if let Some(weak) = reply.downgrade() {
            let object = self.objects.entry(location.clone()).or_default();
            object.sent.push(Sent { id, range, reply: weak, urgency });
        }
        Awaited { id, reply, is_own: true }
    }
}

/// A request's entry among those in flight. It is removed when the request has ended, one way or the other.
struct Entry {
    storage: Storage,
    location: FileLocation,
    id: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut state = self.storage.shared.in_flight.lock();
        if let Some(object) = state.objects.get_mut(&self.location) {
            object.sent.retain(|sent| sent.id != self.id);
            object.wishes.retain(|wish| wish.strong_count() > 0);
            if object.sent.is_empty() && object.wishes.is_empty() {
                state.objects.remove(&self.location);
            }
        }
    }
}

fn wants(ranges: &[Range<u64>], sent: &Option<Range<u64>>) -> bool {
    sent.as_ref().is_none_or(|sent| ranges.iter().any(|range| overlap(range, sent)))
}
