//! Arithmetic on byte ranges of one object. Pure.

use std::ops::Range;

/// The parts of `ranges` outside `holes`, in the order of `ranges`. A part never spans two ranges, even if they touch.
pub(super) fn subtract(ranges: &[Range<u64>], holes: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut holes: Vec<&Range<u64>> = holes.iter().filter(|hole| hole.start < hole.end).collect();
    holes.sort_unstable_by_key(|hole| hole.start);
    let mut rest = Vec::new();
    for range in ranges {
        let mut start = range.start;
        for hole in holes.iter().filter(|hole| overlap(hole, range)) {
            if hole.start > start {
                rest.push(start..hole.start);
            }
            start = start.max(hole.end);
        }
        if start < range.end {
            rest.push(start..range.end);
        }
    }
    rest
}

/// Ranges that touch, as one. `sorted` ones do not overlap.
pub(super) fn runs(sorted: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match runs.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => runs.push(range.clone()),
        }
    }
    runs
}

/// Whether two ranges share a byte.
pub(super) fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start.max(b.start) < a.end.min(b.end)
}

/// How many bytes of `ranges`, which do not overlap each other, are in `range`.
pub(super) fn common(ranges: &[Range<u64>], range: &Range<u64>) -> u64 {
    ranges.iter().map(|one| one.end.min(range.end).saturating_sub(one.start.max(range.start))).sum()
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "one range is a list of ranges too")]
mod tests {
    use super::*;

    #[test]
    fn holes_cut_ranges_into_parts() {
        assert_eq!(subtract(&[0..10], &[3..5]), [0..3, 5..10]);
        assert_eq!(subtract(&[0..10], &[8..20, 0..2]), [2..8]);
        assert_eq!(subtract(&[0..10, 20..30], &[5..25]), [0..5, 25..30]);
        assert_eq!(subtract(&[0..10], &[2..8, 4..6, 7..9]), [0..2, 9..10]);
        assert_eq!(subtract(&[0..10, 20..30], &[0..30]), []);
    }

    #[test]
    fn ranges_stay_apart_and_in_order() {
        assert_eq!(subtract(&[10..20, 0..10], &[]), [10..20, 0..10]);
        assert_eq!(subtract(&[0..10, 10..20], &[12..13]), [0..10, 10..12, 13..20]);
    }

    #[test]
    fn ranges_that_touch_are_a_run() {
        assert_eq!(runs(&[0..2, 2..5, 7..9, 9..10]), [0..5, 7..10]);
        assert_eq!(runs(&[]), []);
    }

    #[test]
    fn what_is_empty_or_elsewhere_cuts_nothing() {
        assert_eq!(subtract(&[0..10], &[5..5, 10..12]), [0..10]);
        assert_eq!(subtract(&[7..7], &[]), []);
        assert!(!overlap(&(0..5), &(5..9)) && !overlap(&(0..5), &(2..2)) && overlap(&(0..5), &(4..9)));
        assert_eq!(common(&[0..5, 8..9], &(3..20)), 3);
    }
}
