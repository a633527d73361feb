//! Which known name was meant by an unknown one.

/// The known names within a third of their length in edits (at least two), nearest first, ties in the order given.
///
/// Letter case counts half, so `User_ID` is nearer to `user_id` than to `userid2`. A known name that holds
/// the whole unknown one, such as `user_id` for `user`, is always near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut scored: Vec<(usize, &str)> = known
        .into_iter()
        .map(|k| (if holds(k, name) { 1 } else { distance(name, k) }, k))
        .filter(|&(d, k)| d <= 2 * (k.chars().count() / 3).max(2))
        .collect();
    let mut nearest = vec![];
    while nearest.len() < 3
        && let Some(at) = (0..scored.len()).min_by_key(|&at| scored[at].0)
    {
        nearest.push(scored.remove(at).1.to_owned());
    }
    nearest
}

fn holds(known: &str, name: &str) -> bool {
    name.len() >= 3 && known.to_lowercase().contains(&name.to_lowercase())
}

/// Twice the optimal-string-alignment distance: insertions, deletions, substitutions and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = 2 * i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = 2 * j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let differ = match (a[i - 1], b[j - 1]) {
                (x, y) if x == y => 0,
                (x, y) if x.eq_ignore_ascii_case(&y) => 1,
                _ => 2,
            };
            let mut best = (rows[i - 1][j] + 2).min(rows[i][j - 1] + 2).min(rows[i - 1][j - 1] + differ);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 2);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["user_id", "item_id", "timestamp", "behavior"];
        for (typed, meant) in [
            ("user", "user_id"),
            ("User_ID", "user_id"),
            ("itemid", "item_id"),
            ("tiemstamp", "timestamp"),
            ("behaviour", "behavior"),
        ] {
            assert_eq!(nearest(typed, known).first().map(String::as_str), Some(meant), "{typed}");
        }
        assert_eq!(nearest("zzzzzz", known), Vec::<String>::new());
    }
}
