//! The order of a store's rows: each actor's together, in the order of time.
//!
//! Then what asks for whole actors reads the rows once from one end to the other, and counting distinct actors takes
//! no set of them.

use std::ops::Range;

use super::places::Places;
use super::{Chunk, Store, StoredColumn};
use crate::Result;
use crate::event::ColumnType;
use crate::kernel::column;
use crate::kernel::form::Forms;
use crate::kernel::ids::Ids;
use crate::kernel::order;
use crate::kernel::values::{Data, Rows, Values, gather, gather_ranked};

/// Rows in a chunk, the last one apart.
const CHUNK_ROWS: usize = 1 << 14;

/// What the first rows of a store are in the order of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arranged {
    actor: usize,
    time: Option<usize>,
    /// The two columns' types at that time: what was equal as one type need not be as another.
    types: (ColumnType, Option<ColumnType>),
    pub(super) n_rows: usize,
}

impl Store {
    /// Puts the rows in the order of (actor, time, place in the data). The actors' own order means nothing. Rows that came
    /// since the last time are merged in.
    ///
    /// # Errors
    ///
    /// When text came in after the last [`seal`](Store::seal).
    pub fn arrange(&mut self, actor: usize, time: Option<usize>) -> Result<()> {
        let n_before = self.n_arranged(actor, time);
        if n_before == self.n_rows() && n_before > 0 || self.n_rows() > u32::MAX as usize {
            return Ok(());
        }
        let order = self.order_by(actor, time, n_before)?;
        self.reorder(&order)?;
        self.places = Places::listed(order.iter().map(|&row| self.places.get(row as usize)).collect());
        self.arranged = Some(Arranged { actor, time, types: self.types_of(actor, time), n_rows: order.len() });
        Ok(())
    }

    /// Has the rows in another order; what is known of their places is not changed.
    pub(super) fn reorder(&mut self, order: &[u32]) -> Result<()> {
        for column in &mut self.columns {
            column.reorder(order, &self.chunk_rows)?;
        }
        self.chunk_rows = order.chunks(CHUNK_ROWS).map(<[u32]>::len).collect();
        Ok(())
    }

    /// Whether the rows are in that order.
    pub fn is_arranged(&self, actor: usize, time: Option<usize>) -> bool {
        self.n_arranged(actor, time) == self.n_rows()
    }

    /// How many of the first rows are in that order.
    fn n_arranged(&self, actor: usize, time: Option<usize>) -> usize {
        let known = self.arranged.as_ref().filter(|known| (known.actor, known.time) == (actor, time));
        known.filter(|known| known.types == self.types_of(actor, time)).map_or(0, |known| known.n_rows)
    }

    fn types_of(&self, actor: usize, time: Option<usize>) -> (ColumnType, Option<ColumnType>) {
        (self.columns[actor].column_type, time.map(|time| self.columns[time].column_type))
    }

    /// The column of which each value's rows are together, and in no other store.
    pub(super) fn grouped_by(&self) -> Option<usize> {
        let Arranged { actor, time, .. } = *self.arranged.as_ref()?;
        (!self.is_mixed && self.is_arranged(actor, time)).then_some(actor)
    }

    /// Says whether other stores may have rows of the same actors.
    pub fn mix(&mut self, is_mixed: bool) {
        self.is_mixed = is_mixed;
    }

    /// The rows in the order of (actor, time, place in the data), of which the first are in that order.
    fn order_by(&self, actor: usize, time: Option<usize>, n_arranged: usize) -> Result<Vec<u32>> {
        let actors = self.columns[actor].numbers()?;
        let times = time.map(|time| self.columns[time].sort_keys()).transpose()?;
        let key = |row: u32| (times.as_ref().map_or(0, |times| times[row as usize]), self.places.get(row as usize));
        if n_arranged > 0 { Ok(merged_order(actors, n_arranged, key)) } else { Ok(whole_order(&actors, key)) }
    }
}

/// The order of rows by (actor, key).
fn whole_order<K: Ord>(actors: &[u32], key: impl Fn(u32) -> K) -> Vec<u32> {
    // A counting sort keeps rows of one actor as they are, mostly in the order of time.
    let n_actors = actors.iter().max().map_or(0, |&most| most as usize + 1);
    let mut ends = vec![0u32; n_actors];
    actors.iter().for_each(|&actor| ends[actor as usize] += 1);
    let mut n_before = 0;
    for end in &mut ends {
        n_before += std::mem::replace(end, n_before);
    }
    let mut order = vec![0; actors.len()];
    for (row, &actor) in actors.iter().enumerate() {
        let place = &mut ends[actor as usize];
        order[*place as usize] = row as u32;
        *place += 1;
    }
    let mut start = 0;
    for &end in &ends {
        let rows = &mut order[start..end as usize];
        if !rows.is_sorted_by_key(|&row| key(row)) {
            order::sort_by(rows, &|a, b| key(a).cmp(&key(b)));
        }
        start = end as usize;
    }
    order
}

/// The same where the first rows are in some order of their actors, and by their keys within: the others are sorted and
/// merged in.
fn merged_order<K: Ord>(mut actors: Vec<u32>, n_arranged: usize, key: impl Fn(u32) -> K) -> Vec<u32> {
    // Actors are numbered anew as they come, so that those of the first rows ascend.
    let n_actors = actors.iter().max().map_or(0, |&most| most as usize + 1);
    let mut numbers = vec![u32::MAX; n_actors];
    let mut next = 0;
    for actor in &mut actors {
        let number = &mut numbers[*actor as usize];
        if *number == u32::MAX {
            *number = next;
            next += 1;
        }
        *actor = *number;
    }
    let full_key = |row: u32| (actors[row as usize], key(row));
    let mut others: Vec<u32> = (n_arranged as u32..actors.len() as u32).collect();
    order::sort_by(&mut others, &|a, b| full_key(a).cmp(&full_key(b)));
    let mut order = Vec::with_capacity(actors.len());
    let mut first = 0..n_arranged as u32;
    for other in others {
        let actor = actors[other as usize];
        while let Some(row) = first.clone().next() {
            let of_first = actors[row as usize];
            if of_first > actor || of_first == actor && key(row) > key(other) {
                break;
            }
            order.push(row);
            first.next();
        }
        order.push(other);
    }
    order.extend(first);
    order
}

impl StoredColumn {
    /// A number for each row's value, 0 for null.
    fn numbers(&self) -> Result<Vec<u32>> {
        let mut ids: Option<Ids> = None;
        let mut numbers = Vec::new();
        for at in 0..self.chunks.len() {
            let values = gather_ranked(&self.array(at)?, &Rows::All(self.array(at)?.len()))?;
            numbers.extend(ids.get_or_insert_with(|| Ids::like(&values)).of(&values)?);
        }
        Ok(numbers)
    }

    /// What orders the rows as their values do, nulls first; all alike where the values are no numbers of 64 bits.
    fn sort_keys(&self) -> Result<Vec<i64>> {
        let mut keys = Vec::new();
        for at in 0..self.chunks.len() {
            let values = gather(&self.array(at)?, &Rows::All(self.array(at)?.len()))?;
            let n_rows = values.len();
            match values.data {
                Data::Ints(ints) => {
                    keys.extend(ints);
                    let nulls = values.valid.iter().flatten().enumerate().filter(|(_, valid)| !**valid);
                    let first = keys.len() - n_rows;
                    nulls.for_each(|(row, _)| keys[first + row] = i64::MIN);
                }
                _ => keys.resize(keys.len() + n_rows, 0),
            }
        }
        Ok(keys)
    }

    fn reorder(&mut self, order: &[u32], chunk_rows: &[usize]) -> Result<()> {
        let parts = (0..self.chunks.len()).map(|at| gather_ranked(&self.array(at)?, &Rows::All(chunk_rows[at])));
        let values = Values::concat(parts.collect::<Result<_>>()?)?;
        let forms = self.forms(0..self.chunks.len(), chunk_rows);
        self.chunks.clear();
        for rows in order.chunks(CHUNK_ROWS) {
            let array = column::hold(values.take(rows), self.column_type)?;
            self.chunks.push(Chunk::Values { array, forms: forms.take(rows) });
        }
        Ok(())
    }

    /// How the values of some chunks, of so many rows, were written.
    pub(super) fn forms(&self, chunks: Range<usize>, chunk_rows: &[usize]) -> Forms {
        let chunks = || {
            self.chunks[chunks.clone()].iter().map(|chunk| match chunk {
                Chunk::Values { forms, .. } => forms,
                Chunk::Codes { .. } => &Forms::Plain,
            })
        };
        match chunks().next() {
            Some(first @ (Forms::Plain | Forms::Alike(_))) if chunks().all(|forms| forms == first) => first.clone(),
            _ => {
                let each = chunks().zip(chunk_rows).flat_map(|(forms, &n_rows)| (0..n_rows).map(|row| forms.get(row)));
                Forms::Each(each.collect())
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::decode::{Decoder, Options};
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;

    /// Rows of all types, of few actors, some of them null, in no order of time.
    pub(in super::super) fn store(n: usize) -> Store {
        let mut store = Store::default();
        append(&mut store, 0..n);
        store
    }

    /// Some of the same rows, behind those that are there.
    pub(in super::super) fn append(store: &mut Store, rows: Range<usize>) {
        let mut text = String::from("user,at,price,item,ok,note,visit\n");
        for i in rows {
            let user = if i % 11 == 0 { String::new() } else { (i * 7_919 % 97).to_string() };
            let price = ["1.5", "20", "3.25", ""][i * 31 % 4];
            let item = 2_053_013_555_631_882_655 + (i as i64 * 13) % 50;
            let second = i * 37 % 60;
            let visit = format!("{:08x}-1111-4111-8111-0123456789ab", i * 7_919 % 37);
            let visit = if i % 7 == 0 { "" } else { &visit };
            let (minute, ok, note) = (i * 17 % 60, i % 3 == 0, i % 5);
            text += &format!("{user},2024-01-01 00:{minute:02}:{second:02},{price},{item},{ok},n{note},{visit}\n");
        }
        let mut decoder = Decoder::new(Options::default());
        decoder.push(text.as_bytes()).unwrap();
        decoder.finish().unwrap();
        decoder.take_batches().into_iter().for_each(|batch| store.append(batch).unwrap());
        store.seal().unwrap();
    }

    pub(in super::super) const NAMES: [&str; 7] = ["user", "at", "price", "item", "ok", "note", "visit"];

    /// Each row's place in the data and its cells, as they were written.
    pub(in super::super) fn rows(mut store: Store) -> Vec<(i64, Vec<String>)> {
        for column in &mut store.columns {
            column.widen_for(crate::event::ColumnType::Text).unwrap();
        }
        store.seal().unwrap();
        let mut rows = vec![];
        for at in 0..store.n_batches() {
            let batch = store.batch(at, &NAMES, Some("row")).unwrap();
            let places = batch.column(NAMES.len()).as_primitive::<Int64Type>();
            for row in 0..batch.num_rows() {
                let cell = |column: usize| {
                    let (codes, dictionary) = column::codes(batch.column(column)).unwrap();
                    let is_null = batch.column(column).is_null(row);
                    if is_null { "NULL".to_owned() } else { dictionary.value(codes[row] as usize).to_owned() }
                };
                rows.push((places.value(row), (0..NAMES.len()).map(cell).collect()));
            }
        }
        rows
    }

    #[test]
    fn rows_stay_what_they_are_in_any_order() {
        let before = rows(store(500));
        for ranked in [false, true] {
            let mut store = store(500);
            if ranked {
                [0, 3].into_iter().for_each(|column| store.rank_integers(column).unwrap());
            }
            store.arrange(5, None).unwrap();
            store.arrange(0, Some(1)).unwrap();
            let mut arranged = rows(store);
            let key = |row: &(i64, Vec<String>)| (row.1[0].clone(), row.1[1].clone(), row.0);
            let by_actor: Vec<_> = arranged.chunk_by(|a, b| a.1[0] == b.1[0]).collect();
            assert_eq!(by_actor.len(), 98, "97 users and none");
            assert!(by_actor.iter().all(|rows| rows.is_sorted_by_key(key)));
            arranged.sort();
            assert_eq!(arranged, before);
        }
    }

    #[test]
    fn rows_that_come_later_are_merged_in() {
        let n = 1_000;
        for n_before in [2, 400, 999] {
            for ranked in [false, true] {
                let mut merged = Store::default();
                for range in [0..n_before, n_before..n] {
                    append(&mut merged, range);
                    assert!(!merged.is_arranged(0, Some(1)));
                    if ranked {
                        merged.rank_integers(0).unwrap();
                    }
                    merged.arrange(0, Some(1)).unwrap();
                    assert!(merged.is_arranged(0, Some(1)));
                }
                let mut whole = store(n);
                whole.arrange(0, Some(1)).unwrap();
                let by_actor = |rows: Vec<(i64, Vec<String>)>| {
                    let mut groups: Vec<_> = rows.chunk_by(|a, b| a.1[0] == b.1[0]).map(<[_]>::to_vec).collect();
                    groups.sort();
                    groups
                };
                assert_eq!(by_actor(rows(merged)), by_actor(rows(whole)), "{n_before}, {ranked}");
            }
        }
    }
}
