//! Which byte ranges to request for the byte ranges that are wanted. Pure: [`super::Storage`] does the fetching.
//!
//! A round trip costs as much as tens of kilobytes, so neighbours with a small gap become one request; one connection is
//! slower than several, so what is long becomes several.

use std::ops::Range;

/// A gap up to this is fetched along: at 40 ms and 10 Mbit/s a round trip is worth 50 kB.
pub(super) const GAP: u64 = 64 << 10;

/// Merging stops here, and a longer range is cut into parts of about this size.
pub(super) const LONGEST: u64 = 8 << 20;

/// The ranges to request: sorted, not overlapping, together covering every byte of `wanted` (empty ranges are dropped).
pub(super) fn coalesce(wanted: &[Range<u64>], gap: u64, longest: u64) -> Vec<Range<u64>> {
    let mut sorted: Vec<Range<u64>> = wanted.iter().filter(|range| range.start < range.end).cloned().collect();
    sorted.sort_unstable_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match merged.last_mut() {
            Some(last) if belongs(last, &range, gap, longest) => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged.into_iter().flat_map(|range| split(range, longest)).collect()
}

/// Whether `next`, which starts no earlier than `last`, is fetched with it. What overlaps always is.
fn belongs(last: &Range<u64>, next: &Range<u64>, gap: u64, longest: u64) -> bool {
    next.start < last.end || (next.start - last.end <= gap && next.end.max(last.end) - last.start <= longest)
}

/// Equal parts, so that the last one is not a sliver.
fn split(range: Range<u64>, longest: u64) -> impl Iterator<Item = Range<u64>> {
    let length = range.end - range.start;
    let parts = length.div_ceil(longest.max(1)).max(1);
    let step = length.div_ceil(parts);
    (0..parts).map(move |part| {
        let start = range.start + part * step;
        start..(start + step).min(range.end)
    })
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "one range is a list of ranges too")]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_merged_across_a_small_gap_only() {
        assert_eq!(coalesce(&[0..10, 20..30, 41..50], 10, 1000), [0..30, 41..50]);
        assert_eq!(coalesce(&[0..10, 10..30], 0, 1000), [0..30]);
    }

    #[test]
    fn order_overlap_and_repetition_do_not_matter() {
        assert_eq!(coalesce(&[50..60, 0..10, 5..20, 0..10, 52..55], 5, 1000), [0..20, 50..60]);
    }

    #[test]
    fn empty_ranges_ask_for_nothing() {
        assert_eq!(coalesce(&[7..7, 100..100], 10, 1000), []);
        assert_eq!(coalesce(&[], 10, 1000), []);
    }

    #[test]
    fn merging_stops_at_the_longest_without_cutting_a_wanted_range() {
        assert_eq!(coalesce(&[0..60, 60..120, 120..160], 10, 100), [0..60, 60..160]);
    }

    #[test]
    fn what_is_too_long_is_cut_into_equal_parts() {
        assert_eq!(coalesce(&[10..260], 0, 100), [10..94, 94..178, 178..260]);
        assert_eq!(coalesce(&[0..100], 0, 100), [0..100]);
    }
}
