//! How many actors go from which value to which, step by step.

use crate::kernel::ids::NULL;
use crate::kernel::order::{self, SortKey};
use crate::kernel::pairs::Pairs;
use crate::kernel::values::Values;

/// The number of all values beyond the most frequent ones.
pub(super) const REST: u32 = u32::MAX;

/// A step that some actors make, away from where their paths begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    /// From 1.
    pub(super) depth: usize,
    pub(super) near: u32,
    /// [`NULL`] where the path is at its end.
    pub(super) far: u32,
    pub(super) actors: i64,
}

/// The steps of a depth.
#[derive(Debug, Default)]
struct Level {
    pairs: Pairs,
    counts: Vec<i64>,
    /// Steps that wait to be counted together.
    nears: Vec<u32>,
    fars: Vec<u32>,
    actors: Vec<i64>,
}

/// The steps of all paths.
#[derive(Debug)]
pub(super) struct Edges {
    levels: Vec<Level>,
}

/// The steps of a path.
pub(super) fn edges_of(path: &[u32], max_depth: usize) -> impl Iterator<Item = Edge> {
    let fars = path.iter().skip(1).copied().chain([NULL]);
    path.iter().zip(fars).take(max_depth).zip(1..).map(|((&near, far), depth)| Edge { depth, near, far, actors: 1 })
}

impl Edges {
    pub(super) fn new(max_depth: usize) -> Self {
        Self { levels: (0..max_depth).map(|_| Level::default()).collect() }
    }

    pub(super) fn add(&mut self, edge: Edge) {
        let level = &mut self.levels[edge.depth - 1];
        level.nears.push(edge.near);
        level.fars.push(edge.far);
        level.actors.push(edge.actors);
    }

    /// Counts those that were added; all values are below `n_values`.
    pub(super) fn count(&mut self, n_values: usize) {
        for level in &mut self.levels {
            level.pairs.of(&mut level.nears, n_values, &level.fars, n_values);
            level.counts.resize(level.pairs.len(), 0);
            for (&pair, actors) in level.nears.iter().zip(&level.actors) {
                level.counts[pair as usize] += actors;
            }
            level.nears.clear();
            level.fars.clear();
            level.actors.clear();
        }
    }

    pub(super) fn all(&self) -> Vec<Edge> {
        let level = |(level, depth): (&Level, usize)| {
            let edge = |(pair, &actors): (u32, &i64)| {
                let (near, far) = level.pairs.get(pair);
                Edge { depth, near, far, actors }
            };
            (0..).zip(&level.counts).map(edge).collect::<Vec<_>>()
        };
        self.levels.iter().zip(1..).flat_map(level).collect()
    }

    pub(super) fn size(&self) -> usize {
        self.levels.iter().map(|level| level.pairs.size() + 8 * level.counts.capacity()).sum()
    }
}

/// The steps between the `limit` most frequent values of each depth and the rest of them, each once, by their depth.
pub(super) fn between_frequent(edges: &[Edge], n_values: usize, limit: usize, values: impl Fn(&[u32]) -> Values) -> Vec<Edge> {
    let mut found: Vec<Edge> = vec![];
    let mut nears = frequent(edges.iter().filter(|edge| edge.depth == 1).map(|e| (e.near, e.actors)), n_values, limit, &values);
    for depth in 1.. {
        let here: Vec<&Edge> = edges.iter().filter(|edge| edge.depth == depth).collect();
        if here.is_empty() {
            break;
        }
        let fars = frequent(here.iter().map(|edge| (edge.far, edge.actors)), n_values, limit, &values);
        let shown =
            |number: u32, is_frequent: &[bool]| if number == NULL || is_frequent[number as usize] { number } else { REST };
        let mut shown: Vec<Edge> =
            here.into_iter().map(|edge| Edge { near: shown(edge.near, &nears), far: shown(edge.far, &fars), ..*edge }).collect();
        shown.sort_unstable();
        shown.dedup_by(|next, kept| {
            let is_same = (next.near, next.far) == (kept.near, kept.far);
            kept.actors += if is_same { next.actors } else { 0 };
            is_same
        });
        found.extend(shown);
        nears = fars;
    }
    found
}

/// Which values are among the most frequent ones, given how many actors come to each.
fn frequent(
    actors: impl Iterator<Item = (u32, i64)>,
    n_values: usize,
    limit: usize,
    values: &impl Fn(&[u32]) -> Values,
) -> Vec<bool> {
    let mut counts = vec![0; n_values];
    actors.for_each(|(number, actors)| counts[number as usize] += actors);
    let numbers: Vec<u32> = (1..n_values as u32).filter(|&number| counts[number as usize] > 0).collect();
    let mut is_frequent = vec![false; n_values];
    if numbers.is_empty() {
        return is_frequent;
    }
    let actors = numbers.iter().map(|&number| counts[number as usize]).collect();
    let keys = [SortKey::new(&Values::ints(actors), true), SortKey::new(&values(&numbers), false)];
    order::sort(numbers.len(), &keys, limit).into_iter().for_each(|row| is_frequent[numbers[row as usize] as usize] = true);
    is_frequent
}
