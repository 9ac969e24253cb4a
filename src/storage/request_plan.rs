//! Which requests to send for byte ranges that several callers want of one object. Pure: [`super::in_flight`] sends them.

use super::byte_ranges::{overlap, subtract};
use super::coalesce::coalesce;
use std::ops::Range;

/// Ranges to request for `wanted`, one list of ranges per caller, the most urgent caller first. Together they cover every wanted byte
/// outside `in_flight`, and no byte twice.
///
/// Each caller's ranges are coalesced by themselves, so that an urgent caller never waits for bytes of another one. Only
/// requests that touch and stay below `gap` bytes together become one: a second round trip would cost more.
pub(super) fn plan(wanted: &[&[Range<u64>]], in_flight: &[Range<u64>], gap: u64, longest: u64) -> Vec<Range<u64>> {
    let mut taken = in_flight.to_vec();
    let mut planned = Vec::new();
    for ranges in wanted {
        let rest = subtract(ranges, &taken);
        let requests = coalesce(&rest, gap, longest);
        let requests = subtract(&requests, &taken).into_iter().filter_map(|request| trim(&request, &rest));
        let before = planned.len();
        planned.extend(requests);
        taken.extend(planned.iter().skip(before).cloned());
    }
    join_small(planned, gap)
}

/// The part of `request` from the first wanted byte to the last one.
fn trim(request: &Range<u64>, wanted: &[Range<u64>]) -> Option<Range<u64>> {
    let inside = || wanted.iter().filter(|range| overlap(range, request));
    let start = inside().map(|range| range.start).min()?;
    let end = inside().map(|range| range.end).max()?;
    Some(start.max(request.start)..end.min(request.end))
}

/// Joins requests that touch while the result is at most `small` bytes long. The result takes the place of the earlier one.
fn join_small(planned: Vec<Range<u64>>, small: u64) -> Vec<Range<u64>> {
    let mut sorted: Vec<(usize, Range<u64>)> = planned.into_iter().enumerate().collect();
    sorted.sort_unstable_by_key(|(_, range)| range.start);
    let mut joined: Vec<(usize, Range<u64>)> = Vec::new();
    for (place, range) in sorted {
        match joined.last_mut() {
            Some((first, last)) if last.end == range.start && range.end - last.start <= small => {
                *first = place.min(*first);
                last.end = range.end;
            }
            _ => joined.push((place, range)),
        }
    }
    joined.sort_unstable_by_key(|(place, _)| *place);
    joined.into_iter().map(|(_, range)| range).collect()
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "one range is a list of ranges too")]
mod tests {
    use super::*;

    const MB: u64 = 1 << 20;

    #[test]
    fn one_caller_alone_gets_its_ranges_coalesced() {
        assert_eq!(plan(&[&[20..30, 0..10]], &[], 10, 1000), [0..30]);
        assert_eq!(plan(&[&[0..3 * MB]], &[], 0, MB), [0..MB, MB..2 * MB, 2 * MB..3 * MB]);
        assert_eq!(plan(&[], &[0..9], 10, 1000), []);
    }

    #[test]
    fn bytes_in_flight_are_not_requested_again() {
        assert_eq!(plan(&[&[0..100]], &[20..50], 0, 1000), [0..20, 50..100]);
        assert_eq!(plan(&[&[0..100]], &[0..60, 60..200], 10, 1000), []);
    }

    #[test]
    fn a_gap_is_not_read_along_where_it_is_in_flight() {
        assert_eq!(plan(&[&[0..10, 30..40]], &[], 20, 1000), [0..40]);
        assert_eq!(plan(&[&[0..10, 30..40]], &[10..30], 20, 1000), [0..10, 30..40]);
        assert_eq!(plan(&[&[0..10, 30..40]], &[15..20], 20, 1000), [0..10, 30..40], "nor the rest of the gap");
    }

    #[test]
    fn a_later_caller_asks_for_the_rest_only() {
        assert_eq!(plan(&[&[MB..3 * MB], &[0..4 * MB]], &[], 0, 8 * MB), [MB..3 * MB, 0..MB, 3 * MB..4 * MB]);
        assert_eq!(plan(&[&[0..MB], &[0..MB], &[0..MB]], &[], 100, 8 * MB), [0..MB]);
    }

    #[test]
    fn small_neighbours_of_several_callers_are_one_request() {
        assert_eq!(plan(&[&[50..60], &[500..510], &[60..80]], &[], 100, 1000), [50..80, 500..510]);
        assert_eq!(plan(&[&[50..60], &[60..200]], &[], 100, 1000), [50..60, 60..200], "too long to wait for");
    }
}
