//! What a funnel has found: how many actors reached each step, and how long it took them.

use crate::accumulator::quantile;

/// Pairs that may wait before they are put together with others of the same duration.
const SLACK: usize = 1 << 12;
/// A table may have so many entries for each pair: more cost more than sorting the pairs.
const ENTRIES_PER_PAIR: u64 = 8;

/// The actors of each group and step, with their durations in the unit of the times.
#[derive(Clone, Debug)]
pub(super) struct Durations {
    n_steps: usize,
    /// One for each group and step.
    cells: Vec<Cell>,
}

#[derive(Clone, Debug, Default)]
struct Cell {
    actors: i64,
    /// How many of them would not be there if each step had to be later than the one before.
    tied: i64,
    /// Durations and how many actors took them; in order and each once, up to `n_sorted`.
    pairs: Vec<(i64, i64)>,
    n_sorted: usize,
}

impl Cell {
    fn add(&mut self, duration: i64, actors: i64) {
        self.actors += actors;
        self.pairs.push((duration, actors));
        if self.pairs.len() > 2 * self.n_sorted + SLACK {
            self.pairs = self.sorted();
            self.n_sorted = self.pairs.len();
        }
    }

    /// Each duration once, in ascending order.
    fn sorted(&self) -> Vec<(i64, i64)> {
        let least = self.pairs.iter().map(|pair| pair.0).min().unwrap_or(0);
        let most = self.pairs.iter().map(|pair| pair.0).max().unwrap_or(0);
        let range = most.wrapping_sub(least) as u64;
        if range <= ENTRIES_PER_PAIR * self.pairs.len() as u64 {
            let mut table = vec![0; range as usize + 1];
            self.pairs.iter().for_each(|(duration, actors)| table[(duration - least) as usize] += actors);
            let pairs = table.into_iter().enumerate().filter(|(_, actors)| *actors > 0);
            return pairs.map(|(at, actors)| (least + at as i64, actors)).collect();
        }
        let mut pairs = self.pairs.clone();
        pairs.sort_unstable();
        pairs.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            kept.1 += if is_same { next.1 } else { 0 };
            is_same
        });
        pairs
    }
}

impl Durations {
    pub(super) fn new(n_steps: usize) -> Self {
        Self { n_steps, cells: vec![] }
    }

    pub(super) fn n_steps(&self) -> usize {
        self.n_steps
    }

    /// Adds actors of a group that reached a step, counted from 0, after so long, some of them only as steps tie. All take no
    /// time to the first one.
    pub(super) fn add(&mut self, group: u32, step: usize, duration: i64, actors: i64, tied: i64) {
        let first = group as usize * self.n_steps;
        if self.cells.len() < first + self.n_steps {
            self.cells.resize_with(first + self.n_steps, Cell::default);
        }
        self.cells[first + step].tied += tied;
        match step {
            0 => self.cells[first].actors += actors,
            step => self.cells[first + step].add(duration, actors),
        }
    }

    /// The groups that have actors.
    pub(super) fn groups(&self) -> impl Iterator<Item = u32> {
        let groups = self.cells.chunks(self.n_steps).enumerate();
        groups.filter(|(_, cells)| cells[0].actors > 0).map(|(group, _)| group as u32)
    }

    pub(super) fn actors(&self, group: u32, step: usize) -> i64 {
        self.cell(group, step).map_or(0, |cell| cell.actors)
    }

    pub(super) fn tied(&self, group: u32, step: usize) -> i64 {
        self.cell(group, step).map_or(0, |cell| cell.tied)
    }

    /// Quantiles of the durations to a step, in units of which there are so many in a second; none for the first step.
    pub(super) fn quantiles<const N: usize>(&self, q: [f64; N], group: u32, step: usize, per_second: f64) -> [Option<f64>; N] {
        let pairs = self.cell(group, step).map(Cell::sorted).unwrap_or_default();
        let list: Vec<(u32, i64)> = pairs.iter().enumerate().map(|(at, &(_, actors))| (at as u32, actors)).collect();
        let seconds = |at: u32| pairs[at as usize].0 as f64 / per_second;
        q.map(|q| (!list.is_empty()).then(|| quantile(q, &list, seconds)))
    }

    /// A group's steps, durations in ascending order, how many actors took them, and at each step's first how many of its
    /// actors are there only as steps tie.
    pub(super) fn of(&self, group: u32) -> impl Iterator<Item = [i64; 4]> {
        (0..self.n_steps).filter_map(move |step| Some((step, self.cell(group, step)?))).flat_map(|(step, cell)| {
            let pairs = if step == 0 { vec![(0, cell.actors)] } else { cell.sorted() };
            let tied = std::iter::once(cell.tied).chain(std::iter::repeat(0));
            pairs.into_iter().zip(tied).map(move |((duration, actors), tied)| [step as i64, duration, actors, tied])
        })
    }

    pub(super) fn size(&self) -> usize {
        let pairs = self.cells.iter().map(|cell| cell.pairs.capacity()).sum::<usize>();
        pairs * size_of::<(i64, i64)>() + self.cells.capacity() * size_of::<Cell>()
    }

    fn cell(&self, group: u32, step: usize) -> Option<&Cell> {
        self.cells.get(group as usize * self.n_steps + step)
    }
}
