//! The names of segments, and which scores they have.

/// The names, in the order of answers.
pub(super) const NAMES: [&str; 11] = [
    "Champions",
    "Loyal",
    "Potential loyalists",
    "New customers",
    "Promising",
    "Need attention",
    "About to sleep",
    "At risk",
    "Cannot lose them",
    "Hibernating",
    "Lost",
];

/// The names' places by r from 1 on, then by the mean of f and m.
const GRID: [[u8; 5]; 5] = [[10, 10, 7, 7, 8], [9, 9, 7, 7, 8], [6, 6, 5, 1, 1], [4, 2, 2, 1, 1], [3, 2, 2, 0, 0]];

/// The place of the name of an actor with these scores, 1 to `bins`.
pub(super) fn segment(r: i64, f: i64, m: i64, bins: i64) -> u8 {
    let of_five = |score: i64| (5 * score + bins - 1) / bins;
    let mean = (of_five(f) + of_five(m) + 1) / 2;
    GRID[of_five(r) as usize - 1][mean as usize - 1]
}

/// The scores r, and the mean of f and m, of a name's place.
pub(super) fn cells(name: usize) -> Vec<(usize, usize)> {
    let cells = (1..=5).flat_map(|r| (1..=5).map(move |mean| (r, mean)));
    cells.filter(|(r, mean)| usize::from(GRID[r - 1][mean - 1]) == name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The segments as people tell them: the ranges of r, and of the mean of f and m.
    const RANGES: [(&str, [i64; 2], [i64; 2]); 11] = [
        ("Champions", [5, 5], [4, 5]),
        ("Loyal", [3, 4], [4, 5]),
        ("Potential loyalists", [4, 5], [2, 3]),
        ("New customers", [5, 5], [1, 1]),
        ("Promising", [4, 4], [1, 1]),
        ("Need attention", [3, 3], [3, 3]),
        ("About to sleep", [3, 3], [1, 2]),
        ("At risk", [1, 2], [3, 4]),
        ("Cannot lose them", [1, 2], [5, 5]),
        ("Hibernating", [2, 2], [1, 2]),
        ("Lost", [1, 1], [1, 2]),
    ];

    #[test]
    fn every_cell_is_one_segment_as_the_ranges_say() {
        for bins in 2..=10 {
            for (r, f, m) in (1..=bins).flat_map(|r| (1..=bins).flat_map(move |f| (1..=bins).map(move |m| (r, f, m)))) {
                let five = |score: i64| (5.0 * score as f64 / bins as f64).ceil() as i64;
                let mean = ((five(f) + five(m)) as f64 / 2.0).round() as i64;
                let within = |[low, high]: [i64; 2], score: i64| (low..=high).contains(&score);
                let named: Vec<&str> = RANGES
                    .iter()
                    .filter(|(_, of_r, of_mean)| within(*of_r, five(r)) && within(*of_mean, mean))
                    .map(|(name, ..)| *name)
                    .collect();
                assert_eq!(named, [NAMES[segment(r, f, m, bins) as usize]], "{r} {f} {m} of {bins}");
            }
        }
    }

    #[test]
    fn every_segment_has_scores() {
        for at in 0..NAMES.len() as u8 {
            assert!(GRID.as_flattened().contains(&at), "{}", NAMES[at as usize]);
        }
    }
}
