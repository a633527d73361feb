//! Columns of text that turn out to be dates, once all of them are here: three numbers of which any may be the day.
//!
//! Each distinct text is looked at once. What the parts of a file say of their texts is joined as types are
//! ([`ColumnType::Dates`]), so that all who share a file come to the same decision.

use std::sync::Arc;

use super::{Chunk, Store};
use crate::Result;
use crate::event::{ColumnType, TimeUnit};
use crate::kernel::bucket::Zone;
use crate::kernel::column;
use crate::kernel::dictionary::Dictionary;
use crate::kernel::form::Forms;
use crate::kernel::instant::{DateStyle, InstantReader};

impl Store {
    /// In which orders of day and month all texts of a column are dates: [`ColumnType::Dates`], or the column's own type where
    /// they are not, or are no text; null where it is of text but has none.
    pub fn type_with_dates(&self, column: usize) -> ColumnType {
        let stored = &self.columns[column];
        if stored.column_type != ColumnType::Text {
            return stored.column_type;
        }
        let mut can_be = [DateStyle::DayFirst, DateStyle::MonthFirst].map(|style| Some(InstantReader::new(style, None)));
        let mut n_texts = 0;
        for text in texts(&stored.dictionary) {
            n_texts += 1;
            for reader in &mut can_be {
                let is_date = |reader: &mut InstantReader| {
                    reader.read(text).is_some_and(|instant| DateStyle::of(instant.form) != DateStyle::Plain)
                };
                reader.take_if(|reader| !is_date(reader));
            }
            if can_be.iter().all(Option::is_none) {
                return ColumnType::Text;
            }
        }
        let [day_first, month_first] = can_be.map(|reader| reader.is_some());
        if n_texts == 0 { ColumnType::Null } else { ColumnType::Dates { day_first, month_first } }
    }

    /// Makes a column of text one of times, whose dates are read in that style, and by that zone's clock where they have no
    /// zone; gives how many rows' times that clock shows twice or leaves out. A column with a text that is no such time
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// Never, unless a code lost its text.
    pub fn read_dates(&mut self, column: usize, style: DateStyle, zone: Option<Arc<Zone>>) -> Result<u64> {
        let stored = &mut self.columns[column];
        let mut reader = InstantReader::new(style, zone);
        let (mut instants, mut unclear) = (Vec::with_capacity(stored.dictionary.len()), vec![]);
        for code in 0..stored.dictionary.len() as u32 {
            let before = reader.n_unclear();
            let text = stored.dictionary.get(code);
            let instant = reader.read(text);
            if instant.is_none() && !text.is_empty() {
                return Ok(0);
            }
            instants.push(instant);
            unclear.push(reader.n_unclear() > before);
        }
        // Who has no such row has the type, too: others do.
        let unit = instants.iter().flatten().map(|instant| instant.unit()).max().unwrap_or(TimeUnit::Second);
        let (mut counts, mut forms) = (vec![], vec![]);
        for instant in instants {
            let count = instant.map_or(Some(0), |instant| instant.count(unit));
            let Some(count) = count else { return Ok(0) };
            counts.push(count);
            forms.push(instant.map(|instant| instant.form).unwrap_or_default());
        }
        let mut n_unclear = 0;
        for chunk in &mut stored.chunks {
            let (codes, nulls) = match chunk {
                Chunk::Codes { codes, nulls } => (std::mem::take(codes), nulls.take()),
                Chunk::Values { array, .. } => (column::codes(array)?.0, array.nulls().cloned()),
            };
            let mut own = Forms::default();
            for (row, &code) in codes.iter().enumerate() {
                if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                    own.push(row, forms[code as usize]);
                    n_unclear += u64::from(unclear[code as usize]);
                }
            }
            let counts: Vec<i64> = codes.iter().map(|&code| counts[code as usize]).collect();
            *chunk = Chunk::Values { array: column::narrow_instants(&counts, unit, nulls), forms: own };
        }
        stored.column_type = ColumnType::Time { unit };
        stored.dictionary = Dictionary::default();
        Ok(n_unclear)
    }
}

/// The texts of a column; nulls have the code of an empty one.
fn texts(dictionary: &Dictionary) -> impl Iterator<Item = &[u8]> {
    (0..dictionary.len() as u32).map(|code| dictionary.get(code)).filter(|text| !text.is_empty())
}
