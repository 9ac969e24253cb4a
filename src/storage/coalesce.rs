//! Which byte ranges to request for the byte ranges that are wanted. Pure: [`super::Storage`] does the fetching.
//!
//! A round trip costs as much as tens of kilobytes, so neighbours with a small gap become one request; one connection is
//! slower than several, so what is long becomes several.

use std::ops::Range;

/// A gap up to this in a local file is read along.
pub(super) const LOCAL_GAP: u64 = 64 << 10;

/// Of gaps, no more than this part of what is wanted is read along; a few kilobytes always may be.
const MOST_WASTE: (u64, u64) = (1, 12);
const FREE_WASTE: u64 = 64 << 10;

/// Merging stops here, and a longer range is cut into parts of about this size.
pub(super) const LONGEST: u64 = 8 << 20;

/// The ranges to request: sorted, not overlapping, together covering every byte of `wanted` (empty ranges are dropped). Gaps up to
/// `gap` are read along, the smallest first, as long as they are few bytes beside those that are wanted.
pub(super) fn coalesce(wanted: &[Range<u64>], gap: u64, longest: u64) -> Vec<Range<u64>> {
    let mut sorted: Vec<Range<u64>> = wanted.iter().filter(|range| range.start < range.end).cloned().collect();
    sorted.sort_unstable_by_key(|range| (range.start, range.end));
    let runs =
        merge(&sorted, |last, next| next.start <= last.end && (next.start < last.end || fits(last, next, longest)));
    let widest = widest_gap(&runs, gap);
    let merged = merge(&runs, |last, next| next.start - last.end <= widest && fits(last, next, longest));
    merged.into_iter().flat_map(|range| split(range, longest)).collect()
}

/// Neighbours that `belong` together, as one.
fn merge(sorted: &[Range<u64>], belong: impl Fn(&Range<u64>, &Range<u64>) -> bool) -> Vec<Range<u64>> {
    let mut merged: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match merged.last_mut() {
            Some(last) if belong(last, range) => last.end = last.end.max(range.end),
            _ => merged.push(range.clone()),
        }
    }
    merged
}

/// The widest gap, up to `gap`, that can be read along with all that are no wider without too much waste.
fn widest_gap(runs: &[Range<u64>], gap: u64) -> u64 {
    let wanted: u64 = runs.iter().map(|run| run.end - run.start).sum();
    let mut left = (wanted / MOST_WASTE.1 * MOST_WASTE.0).max(FREE_WASTE);
    let mut gaps: Vec<u64> = runs
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] => Some(b.start - a.end),
            _ => None,
        })
        .collect();
    gaps.sort_unstable();
    let mut widest = 0;
    for width in gaps.into_iter().take_while(|width| *width <= gap) {
        match left.checked_sub(width) {
            Some(rest) => left = rest,
            None => break,
        }
        widest = width;
    }
    widest
}

/// Whether the two make one request of a size that is worth it.
fn fits(last: &Range<u64>, next: &Range<u64>, longest: u64) -> bool {
    next.end.max(last.end) - last.start <= longest
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
    fn gaps_are_read_along_while_they_are_few_bytes_beside_what_is_wanted() {
        let mb = 1 << 20;
        // 12 MB in three runs: a gap of 200 kB is little, another of 900 kB too much, though neither is too wide.
        let wanted = [0..4 * mb, 4 * mb + 200_000..8 * mb, 9 * mb..13 * mb];
        assert_eq!(coalesce(&wanted, 2 * mb, 64 * mb), [0..8 * mb, 9 * mb..13 * mb]);
        assert_eq!(coalesce(&wanted, 100_000, 64 * mb), wanted);
        let few = [0..1000, 50_000..51_000, 120_000..121_000];
        assert_eq!(coalesce(&few, 512 << 10, mb), [0..51_000, 120_000..121_000]);
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
