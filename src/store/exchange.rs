//! Rows on their way to the store that owns their actor: each of several stores then holds whole actors.
//!
//! An actor's owner follows from the value alone, on every machine. Rows travel as record batches: a column's array,
//! text with a dictionary of its own, and behind the columns how the values were written, where that differs from row to
//! row, and each row's place in the data.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{Field, Schema as ArrowSchema};

use super::{Chunk, Store, StoredColumn};
use crate::kernel::batch::BatchColumn;
use crate::kernel::column;
use crate::kernel::form::{Form, Forms};
use crate::kernel::hash::{hash_values, hash64, mix64};
use crate::kernel::values::{Data, Rows, Steps, Texts, Values, gather, gather_ranked};
use crate::{Error, Result};

/// Rows that are given out at a time.
const PIECE_ROWS: usize = 1 << 17;
/// The key of a field's form in its metadata, where all values are written alike.
const FORM: &str = "form";
/// Begins the name of a column of forms, one for each row; its column's place follows.
const FORMS: &str = "forms";

/// An exchange under way: the rows that are not given out yet.
#[derive(Debug)]
pub struct Exchange {
    rows: Store,
    actor: usize,
    n_stores: usize,
    me: usize,
    next_chunk: usize,
    first_row: usize,
    owners: Owners,
}

impl Store {
    /// Begins to give the rows of each actor to one of `n_stores` stores, of which this is number `me`; all but the first
    /// `n_whole` rows, whose actors are this store's.
    ///
    /// From here on this store holds those, what [`Exchange::give`] leaves and [`take_in`](Store::take_in) brings.
    pub fn exchange(&mut self, actor: usize, n_stores: usize, me: usize, n_whole: usize) -> Exchange {
        let n_rows = self.n_rows();
        let (mut n_chunks, mut first_row) = (0, 0);
        while n_chunks < self.chunk_rows.len() && first_row + self.chunk_rows[n_chunks] <= n_whole {
            first_row += self.chunk_rows[n_chunks];
            n_chunks += 1;
        }
        let columns = self.columns.iter_mut().map(|column| column.split_off(n_chunks)).collect();
        let chunk_rows = self.chunk_rows.split_off(n_chunks);
        let places = self.places.split_off(first_row, n_rows);
        let rows = Self { columns, chunk_rows, places, ..Self::default() };
        Exchange { rows, actor, n_stores, me, next_chunk: 0, first_row: 0, owners: Owners::default() }
    }

    /// Takes in rows that another store gave.
    ///
    /// # Errors
    ///
    /// `BAD_STATE` when the batch is no such rows.
    pub fn take_in(&mut self, piece: &RecordBatch) -> Result<()> {
        let not_rows = || Error::bad_state("not rows of this data");
        let schema = piece.schema_ref();
        let (places, columns) = piece.columns().split_last().ok_or_else(not_rows)?;
        let places = places.as_primitive_opt::<UInt32Type>().ok_or_else(not_rows)?;
        if columns.len() < self.columns.len() {
            return Err(not_rows());
        }
        for (at, stored) in self.columns.iter_mut().enumerate() {
            let each = piece.column_by_name(&format!("{FORMS}{at}"));
            let forms = match (each, schema.field(at).metadata().get(FORM)) {
                (Some(each), _) => {
                    let each = each.as_primitive_opt::<UInt32Type>().ok_or_else(not_rows)?;
                    Forms::Each(each.values().iter().map(|&form| Form(form)).collect())
                }
                (None, Some(form)) => Forms::Alike(Form(form.parse().map_err(|_| not_rows())?)),
                (None, None) => Forms::Plain,
            };
            stored.append(BatchColumn { array: columns[at].clone(), forms, column_type: stored.column_type })?;
        }
        self.places.extend(places.values().iter().copied());
        self.chunk_rows.push(piece.num_rows());
        Ok(())
    }
}

impl Exchange {
    /// Gives out the next rows: to `left` those that stay, as batches with the number of their store those that go. `None`
    /// when there are none left.
    ///
    /// # Errors
    ///
    /// When text came in after the last [`seal`](Store::seal).
    pub fn give(&mut self, left: &mut Store) -> Result<Option<Vec<(usize, RecordBatch)>>> {
        let chunks = self.next_chunk..self.rows.chunk_rows.len();
        if chunks.is_empty() {
            return Ok(None);
        }
        let mut by_owner = vec![Vec::new(); self.n_stores];
        let (mut n_rows, mut end) = (0, chunks.start);
        for at in chunks {
            if n_rows > 0 && n_rows + self.rows.chunk_rows[at] > PIECE_ROWS {
                break;
            }
            let actors = gather_ranked(&self.rows.columns[self.actor].array(at)?, &Rows::All(self.rows.chunk_rows[at]))?;
            for (row, owner) in self.owners.of(&actors, self.n_stores).into_iter().enumerate() {
                by_owner[owner as usize].push((n_rows + row) as u32);
            }
            n_rows += self.rows.chunk_rows[at];
            end = at + 1;
        }
        let mut pieces: Vec<Piece> = by_owner.into_iter().map(|rows| Piece { rows, ..Piece::default() }).collect();
        for (column, left) in self.rows.columns.iter_mut().zip(&mut left.columns) {
            column.give(self.next_chunk..end, &self.rows.chunk_rows, self.me, left, &mut pieces)?;
        }
        let mut given = Vec::new();
        for (owner, piece) in pieces.into_iter().enumerate().filter(|(_, piece)| !piece.rows.is_empty()) {
            let places = piece.rows.iter().map(|&row| self.rows.places.get(self.first_row + row as usize));
            if owner == self.me {
                left.places.extend(places);
                left.chunk_rows.push(piece.rows.len());
            } else {
                let places = UInt32Array::from_iter_values(places);
                given.push((owner, piece.into_batch(places)?));
            }
        }
        self.next_chunk = end;
        self.first_row += n_rows;
        Ok(Some(given))
    }
}

/// Rows for one store.
#[derive(Default)]
struct Piece {
    rows: Vec<u32>,
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
    /// By the number of their column.
    forms: Vec<(usize, Vec<Form>)>,
}

impl Piece {
    fn push(&mut self, array: ArrayRef, forms: Forms) {
        let at = self.arrays.len();
        let mut field = Field::new(at.to_string(), array.data_type().clone(), true);
        match forms {
            Forms::Plain => {}
            Forms::Alike(form) => field = field.with_metadata(HashMap::from([(FORM.to_owned(), form.0.to_string())])),
            Forms::Each(each) => self.forms.push((at, each)),
        }
        self.fields.push(field);
        self.arrays.push(array);
    }

    fn into_batch(mut self, places: UInt32Array) -> Result<RecordBatch> {
        let forms = std::mem::take(&mut self.forms)
            .into_iter()
            .map(|(at, each)| (format!("{FORMS}{at}"), UInt32Array::from_iter_values(each.into_iter().map(|form| form.0))));
        for (name, numbers) in forms.chain([("places".to_owned(), places)]) {
            self.fields.push(Field::new(name, arrow_schema::DataType::UInt32, false));
            self.arrays.push(Arc::new(numbers));
        }
        Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(self.fields)), self.arrays)?)
    }
}

impl StoredColumn {
    /// Cuts off the chunks from one on. The dictionary stays here.
    fn split_off(&mut self, n_chunks: usize) -> Self {
        let chunks = self.chunks.split_off(n_chunks);
        let n_nulls = chunks.iter().filter_map(Chunk::array).map(|array| array.null_count() as u64).sum();
        self.n_nulls -= n_nulls;
        self.is_ranked = false;
        Self { chunks, n_nulls, ..Self::new(self.column_type) }
    }

    /// Deals the rows of some chunks, which are gone afterwards: those of store `me` to `left`, the others to their piece.
    fn give(
        &mut self,
        chunks: std::ops::Range<usize>,
        chunk_rows: &[usize],
        me: usize,
        left: &mut Self,
        pieces: &mut [Piece],
    ) -> Result<()> {
        let chunk_rows = &chunk_rows[chunks.clone()];
        let parts = chunks.clone().zip(chunk_rows).map(|(at, &n_rows)| gather(&self.array(at)?, &Rows::All(n_rows)));
        let values = Values::concat(parts.collect::<Result<_>>()?)?;
        let forms = self.forms(chunks.clone(), chunk_rows);
        for (owner, piece) in pieces.iter_mut().enumerate().filter(|(_, piece)| !piece.rows.is_empty()) {
            let (values, forms) = (values.take(&piece.rows), forms.take(&piece.rows));
            if owner == me {
                left.keep(values, forms)?;
            } else {
                piece.push(column::hold(with_own_texts(values), self.column_type)?, forms);
            }
        }
        for chunk in &mut self.chunks[chunks] {
            *chunk = Chunk::Codes { codes: vec![], nulls: None }; // their memory is needed for what comes
        }
        Ok(())
    }

    /// Takes in rows whose texts have the codes that they have here.
    fn keep(&mut self, values: Values, forms: Forms) -> Result<()> {
        let nulls = values.valid.clone().map(arrow_buffer::NullBuffer::from);
        self.n_nulls += nulls.as_ref().map_or(0, |nulls| nulls.null_count() as u64);
        self.chunks.push(match values.data {
            Data::Codes(codes, _) => Chunk::Codes { codes, nulls },
            _ => Chunk::Values { array: column::hold(values, self.column_type)?, forms },
        });
        Ok(())
    }
}

/// The same values, their dictionary holding no text that they do not have.
fn with_own_texts(values: Values) -> Values {
    let Data::Codes(mut codes, texts) = values.data else { return values };
    let mut moved = vec![u32::MAX; texts.0.len()];
    let mut own = Vec::new();
    for code in &mut codes {
        let to = &mut moved[*code as usize];
        if *to == u32::MAX {
            *to = own.len() as u32;
            own.push(texts.get(*code));
        }
        *code = *to;
    }
    let own = Texts(Arc::new(StringArray::from_iter_values(own)));
    Values { data: Data::Codes(codes, own), valid: values.valid }
}

/// Which store owns an actor. Nobody's rows are the first store's.
#[derive(Debug, Default)]
struct Owners {
    /// Of each code of a dictionary that came last.
    of_codes: Vec<u32>,
    texts: Option<Texts>,
    steps: Option<Steps>,
}

impl Owners {
    fn of(&mut self, actors: &Values, n_stores: usize) -> Vec<u32> {
        let owner = |hash: u64| ((hash >> 32) % n_stores as u64) as u32;
        let owners: Vec<u32> = match &actors.data {
            Data::Ranked(places, steps) => {
                if self.steps.as_ref().is_none_or(|known| !known.is(steps)) {
                    self.of_codes = steps.0.values().iter().map(|&int| owner(mix64(int as u64))).collect();
                    self.steps = Some(steps.clone());
                }
                places.iter().map(|&place| self.of_codes[place as usize]).collect()
            }
            Data::Codes(codes, texts) => {
                if self.texts.as_ref().is_none_or(|known| !known.is(texts)) {
                    self.of_codes = texts.0.iter().map(|text| owner(hash64(text.unwrap_or("").as_bytes()))).collect();
                    self.texts = Some(texts.clone());
                }
                codes.iter().map(|&code| self.of_codes[code as usize]).collect()
            }
            _ => hash_values(actors).into_iter().map(owner).collect(),
        };
        owners.into_iter().enumerate().map(|(row, owner)| if actors.is_valid(row) { owner } else { 0 }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::arrange::tests::{NAMES, rows, store};
    use super::*;

    /// The store's rows in parts, the last ones first.
    fn parts(n_rows: usize, n_parts: usize, ranked: bool) -> Vec<Store> {
        let mut whole = store(n_rows);
        if ranked {
            [0, 3].into_iter().for_each(|column| whole.rank_integers(column).unwrap());
        }
        // An exchange by a column that says nothing of the order cuts them well.
        let types: Vec<_> = whole.types().collect();
        let mut others: Vec<Store> = (1..n_parts).map(|_| Store::of_types(&types).unwrap()).collect();
        let mut exchange = whole.exchange(3, n_parts, 0, 0);
        while let Some(given) = exchange.give(&mut whole).unwrap() {
            given.iter().rev().for_each(|(owner, piece)| others[owner - 1].take_in(&wired(piece)).unwrap());
        }
        let mut all: Vec<Store> = std::iter::once(whole).chain(others).collect();
        all.iter_mut().for_each(|store| store.seal().unwrap());
        all
    }

    fn wired(piece: &RecordBatch) -> RecordBatch {
        crate::frame::unpack(&crate::frame::pack(piece).unwrap()).unwrap()
    }

    #[test]
    fn each_actor_comes_whole_to_one_store() {
        let mut before = rows(store(500));
        before.sort();
        for (n, ranked) in [(1, false), (2, true), (3, false)] {
            let mut stores = parts(500, n, ranked);
            let mut given = vec![];
            for (me, store) in stores.iter_mut().enumerate() {
                let mut exchange = store.exchange(0, n, me, 0);
                while let Some(pieces) = exchange.give(store).unwrap() {
                    given.extend(pieces);
                }
            }
            given.reverse();
            given.iter().for_each(|(owner, piece)| stores[*owner].take_in(&wired(piece)).unwrap());
            let mut after = vec![];
            let mut owner_of = std::collections::BTreeMap::new();
            for (at, mut store) in stores.into_iter().enumerate() {
                store.seal().unwrap();
                let n_nulls: Vec<u64> = (0..NAMES.len()).map(|column| store.n_nulls(column)).collect();
                let rows = rows(store);
                for (column, n_nulls) in n_nulls.into_iter().enumerate() {
                    assert_eq!(n_nulls, rows.iter().filter(|row| row.1[column] == "NULL").count() as u64);
                }
                for row in rows {
                    assert_eq!(*owner_of.entry(row.1[0].clone()).or_insert(at), at, "user {:?} in two stores", row.1[0]);
                    after.push(row);
                }
            }
            after.sort();
            assert_eq!(after, before, "{n} stores");
        }
    }

    #[test]
    fn rows_go_on_from_the_place_they_are_told() {
        let mut all = Store::default();
        let n = store(10).n_rows();
        for place in [20, 0, 10] {
            all.go_on_at(place);
            all.absorb(store(n)).unwrap();
        }
        all.seal().unwrap();
        let places: Vec<i64> = rows(all).into_iter().map(|row| row.0).collect();
        assert_eq!(places, (20..30).chain(0..10).chain(10..20).collect::<Vec<_>>());
    }
}
