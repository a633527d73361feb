//! The ids of events that came, so that one that comes again is known: the newest are remembered, and old ones forgotten.

use std::sync::Arc;

use arrow_array::StringArray;
use hashbrown::HashTable;

use crate::Result;
use crate::event::ColumnType;
use crate::kernel::batch::BatchColumn;
use crate::kernel::column::{codes, widen};
use crate::kernel::dictionary::Dictionary;
use crate::kernel::hash::mix64;
use crate::kernel::number::parse_int;
use crate::kernel::uuid::parse_uuid;
use crate::kernel::values::{Data, Rows, gather};

/// Ids of events: the newest `n` at the least, twice as many at the most.
///
/// Two are the same where they are written the same, whatever the type of their columns.
pub(super) struct Seen {
    n: usize,
    current: Generation,
    /// Forgotten once the current generation is full and takes its place.
    older: Generation,
}

/// Distinct ids. A text that an integer or a UUID would be written as is held as that.
#[derive(Default)]
struct Generation {
    ints: HashTable<i64>,
    uuids: HashTable<i128>,
    texts: Dictionary,
}

#[derive(Clone, Copy)]
enum Id<'a> {
    Int(i64),
    Uuid(i128),
    Text(&'a [u8]),
}

impl Seen {
    /// Remembers the newest `n` ids, one if none.
    pub(super) fn new(n: usize) -> Self {
        Self { n: n.max(1), current: Generation::default(), older: Generation::default() }
    }

    /// For each row whether its id came before, in an earlier batch or in this one. Null is no id, and never a duplicate.
    ///
    /// # Errors
    ///
    /// When the remembered ids together take more than 2 GiB of text.
    pub(super) fn duplicates(&mut self, ids: &BatchColumn) -> Result<Vec<bool>> {
        let values = gather(&ids.array, &Rows::All(ids.array.len()))?;
        let mut found = vec![false; values.len()];
        let rows = found.iter_mut().enumerate().filter(|(row, _)| values.is_valid(*row));
        match (ids.column_type, &values.data) {
            (ColumnType::Null, _) => {}
            (ColumnType::Int, Data::Ints(ints)) => {
                for (row, found) in rows {
                    *found = self.take(Id::Int(ints[row]))?;
                }
            }
            (ColumnType::Uuid, Data::Wide(uuids)) => {
                for (row, found) in rows {
                    *found = self.take(Id::Uuid(uuids[row]))?;
                }
            }
            _ => {
                let (codes, texts) = written(ids)?;
                for (row, found) in rows {
                    *found = self.take(Id::of(texts.value(codes[row] as usize).as_bytes()))?;
                }
            }
        }
        Ok(found)
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        self.current.size() + self.older.size()
    }

    /// Remembers an id; whether it was known.
    #[inline]
    fn take(&mut self, id: Id<'_>) -> Result<bool> {
        if !self.current.insert(id)? {
            return Ok(true);
        }
        let is_known = self.older.contains(id);
        if self.current.len() == self.n {
            std::mem::swap(&mut self.current, &mut self.older);
            self.current.clear();
        }
        Ok(is_known)
    }
}

/// The ids as they were written: places in texts.
fn written(ids: &BatchColumn) -> Result<(Vec<u32>, Arc<StringArray>)> {
    let text = match ids.column_type.held() {
        ColumnType::Text => None,
        other => widen(&ids.array, &ids.forms, other, ColumnType::Text)?,
    };
    codes(text.as_ref().map_or(&ids.array, |(array, _)| array))
}

impl<'a> Id<'a> {
    fn of(text: &'a [u8]) -> Self {
        let int = parse_int(text).map(Self::Int);
        int.or_else(|| parse_uuid(text).map(Self::Uuid)).unwrap_or(Self::Text(text))
    }
}

impl Generation {
    fn len(&self) -> usize {
        self.ints.len() + self.uuids.len() + self.texts.len()
    }

    #[inline]
    fn contains(&self, id: Id<'_>) -> bool {
        match id {
            Id::Int(int) => self.ints.find(hash(&int), |known| *known == int).is_some(),
            Id::Uuid(uuid) => self.uuids.find(hash_wide(&uuid), |known| *known == uuid).is_some(),
            Id::Text(text) => self.texts.find(text).is_some(),
        }
    }

    /// Adds an id; whether it is new.
    #[inline]
    fn insert(&mut self, id: Id<'_>) -> Result<bool> {
        let n_before = self.len();
        match id {
            Id::Int(int) => {
                self.ints.entry(hash(&int), |known| *known == int, hash).or_insert(int);
            }
            Id::Uuid(uuid) => {
                self.uuids.entry(hash_wide(&uuid), |known| *known == uuid, hash_wide).or_insert(uuid);
            }
            Id::Text(text) => {
                self.texts.code(text)?;
            }
        }
        Ok(self.len() > n_before)
    }

    /// Forgets all, keeping the memory.
    fn clear(&mut self) {
        self.ints.clear();
        self.uuids.clear();
        self.texts.clear();
    }

    fn size(&self) -> usize {
        9 * self.ints.capacity() + 17 * self.uuids.capacity() + self.texts.size()
    }
}

fn hash(int: &i64) -> u64 {
    mix64(*int as u64)
}

fn hash_wide(uuid: &i128) -> u64 {
    mix64(*uuid as u64 ^ mix64((uuid >> 64) as u64))
}

#[cfg(test)]
mod tests {
    use arrow_array::ArrayRef;
    use arrow_buffer::NullBuffer;

    use super::*;
    use crate::event::TimeUnit;
    use crate::kernel::column::{bools, hold, instants, narrow_decimals, narrow_ints, nulls, texts};
    use crate::kernel::form::Forms;
    use crate::kernel::instant::whole_form;
    use crate::kernel::number::{parse_decimal, pow10};
    use crate::kernel::uuid::UUID_SCALE;
    use crate::kernel::values::Values;

    const UUID: &str = "72d76fde-8bb3-4e00-8c23-a032dfed738c";

    fn column(array: ArrayRef, column_type: ColumnType) -> BatchColumn {
        BatchColumn { array, forms: Forms::Plain, column_type }
    }

    fn ints(ids: &[i64]) -> BatchColumn {
        column(narrow_ints(ids, None), ColumnType::Int)
    }

    fn text(ids: &[&str]) -> BatchColumn {
        let codes: Vec<u32> = (0..ids.len() as u32).collect();
        column(texts(&codes, Arc::new(StringArray::from(ids.to_vec())), None).unwrap(), ColumnType::Text)
    }

    fn uuids(ids: &[&str]) -> BatchColumn {
        let ids: Vec<i128> = ids.iter().map(|id| parse_uuid(id.as_bytes()).unwrap()).collect();
        column(narrow_decimals(&ids, UUID_SCALE, None), ColumnType::Uuid)
    }

    fn decimals(id: &str, scale: u8) -> BatchColumn {
        let decimal = parse_decimal(id.as_bytes()).unwrap();
        let units = decimal.units * pow10(u32::from(scale - decimal.scale));
        let array = narrow_decimals(&[units], scale, None);
        BatchColumn { forms: Forms::Alike(decimal.form), ..column(array, ColumnType::Decimal { scale }) }
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut seen = Seen::new(2);
        let found = seen.duplicates(&ints(&[1, 2, 3, 1, 4, 1, 2, 5])).unwrap();
        // 2 comes again after 3, 1 and 4.
        assert_eq!(found, [false, false, false, true, false, true, false, false]);
    }

    #[test]
    fn one_that_comes_again_is_remembered_anew() {
        let mut seen = Seen::new(3);
        seen.duplicates(&ints(&[1, 2, 3])).unwrap();
        for new in 10..50 {
            assert_eq!(seen.duplicates(&ints(&[1, new])).unwrap(), [true, false]);
        }
        assert_eq!(seen.duplicates(&ints(&[2])).unwrap(), [false]);
    }

    #[test]
    fn null_is_no_id() {
        let mut seen = Seen::new(10);
        let gaps = Some(NullBuffer::from(vec![true, false, true, false]));
        let array = narrow_ints(&[5, 5, 5, 5], gaps.clone());
        assert_eq!(seen.duplicates(&column(array, ColumnType::Int)).unwrap(), [false, false, true, false]);
        let array = nulls(ColumnType::Null, 2).unwrap();
        assert_eq!(seen.duplicates(&column(array, ColumnType::Null)).unwrap(), [false, false]);
        let array = instants(vec![5, 5, 6, 6], TimeUnit::Second, gaps);
        let forms = Forms::Alike(whole_form(TimeUnit::Second));
        let times = BatchColumn { forms, ..column(array, ColumnType::Time { unit: TimeUnit::Second }) };
        assert_eq!(seen.duplicates(&times).unwrap(), [false; 4]);
        assert_eq!(seen.duplicates(&times).unwrap(), [true, false, true, false]);
    }

    #[test]
    fn what_is_written_alike_is_the_same_in_columns_of_any_type() {
        let mut seen = Seen::new(100);
        let mut is_known = |ids: &BatchColumn| seen.duplicates(ids).unwrap()[0];
        for (first, same, other) in [
            (ints(&[7]), text(&["7"]), text(&["07"])),
            (text(&["-3"]), ints(&[-3]), ints(&[3])),
            (ints(&[8]), decimals("8", 2), decimals("8.0", 2)),
            (decimals("1.5", 1), text(&["1.5"]), text(&["1.50"])),
            (decimals("2.5", 1), decimals("2.5", 3), decimals("2.50", 3)),
            (uuids(&[UUID]), text(&[UUID]), text(&[&UUID.to_uppercase()])),
            (column(bools(&[1], None), ColumnType::Bool), text(&["true"]), text(&["True"])),
            (text(&["9223372036854775808"]), text(&["9223372036854775808"]), ints(&[i64::MIN])),
            (text(&[""]), text(&[""]), text(&["0"])),
        ] {
            assert_eq!([is_known(&first), is_known(&same), is_known(&other)], [false, true, false], "{first:?}");
        }
    }

    #[test]
    fn integers_that_are_held_as_places_are_known() {
        let mut seen = Seen::new(100);
        let ranked = hold(Values::ints(vec![5, 9]), ColumnType::Int).unwrap();
        seen.duplicates(&column(ranked, ColumnType::Int)).unwrap();
        let steps = arrow_array::Int64Array::from(vec![4, 5, 9]);
        let keys = arrow_array::UInt8Array::from(vec![0, 1, 2]);
        let places: ArrayRef = Arc::new(arrow_array::DictionaryArray::new(keys, Arc::new(steps)));
        assert_eq!(seen.duplicates(&column(places, ColumnType::Int)).unwrap(), [false, true, true]);
    }

    #[test]
    fn takes_no_more_room_than_for_its_ids() {
        let mut seen = Seen::new(1_000);
        let mut sizes = vec![];
        for round in 0..100 {
            let ids: Vec<i64> = (0..1_000).map(|at| round * 1_000 + at).collect();
            seen.duplicates(&ints(&ids)).unwrap();
            let ids: Vec<String> = ids.iter().map(|id| format!("id-{id:09}")).collect();
            seen.duplicates(&text(&ids.iter().map(String::as_str).collect::<Vec<_>>())).unwrap();
            sizes.push(seen.size());
        }
        assert!(sizes[99] <= 100_000 && sizes[99] == sizes[10], "{sizes:?}");
    }

    proptest::proptest! {
        #[test]
        fn the_newest_are_known_and_nothing_else(n in 1usize..8, picks in proptest::collection::vec((0u8..30, 0u8..4), 0..300)) {
            let mut seen = Seen::new(n);
            // In the order in which they came last.
            let mut came: Vec<String> = vec![];
            for batch in picks.chunks(5) {
                let id = |&(at, _): &(u8, u8)| match at % 3 {
                    0 => i64::from(at).to_string(),
                    1 => format!("{}{at:02}", &UUID[..34]),
                    _ => format!("order {at}"),
                };
                let ids: Vec<String> = batch.iter().map(id).collect();
                let shown: Vec<&str> = ids.iter().map(String::as_str).collect();
                let is_text = batch[0].1 == 0;
                let as_ints: Option<Vec<i64>> = shown.iter().map(|id| parse_int(id.as_bytes())).collect();
                let columns = match as_ints {
                    Some(as_ints) if !is_text => ints(&as_ints),
                    _ if !is_text && shown.iter().all(|id| id.len() == 36) => uuids(&shown),
                    _ => text(&shown),
                };
                for (id, found) in ids.iter().zip(seen.duplicates(&columns).unwrap()) {
                    let age = came.iter().rev().position(|other| other == id);
                    assert!(found || age.is_none_or(|age| age >= n), "{id} of {came:?} is not known");
                    assert!(!found || age.is_some_and(|age| age < 2 * n), "{id} of {came:?} is known");
                    came.retain(|other| other != id);
                    came.push(id.clone());
                }
                assert!(seen.current.len() < n && seen.older.len() <= n);
            }
        }
    }
}
