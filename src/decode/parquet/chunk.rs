//! A column of a group of rows: its pages to batches.

use super::codec::Codec;
use super::damaged;
use super::footer::Chunk;
use super::hybrid::Hybrid;
use super::page::{Page, Pages};
use super::schema::Leaf;
use super::values::{Encoded, read_dictionary};
use crate::Result;
use crate::decode::BATCH_ROWS;
use crate::decode::known::Known;
use crate::decode::lists::Lists;
use crate::decode::typed::Typed;
use crate::kernel::batch::BatchColumn;

/// Elements of the lists in a batch.
const MOST_ELEMENTS: usize = 1 << 24;

/// Reads a column of `n_rows` rows, as batches of [`BATCH_ROWS`] each, the last one apart.
///
/// # Errors
///
/// `BAD_INPUT` when the bytes are no such column.
pub(super) fn read(leaf: &Leaf, chunk: &Chunk, bytes: &[u8], n_rows: u64, values: &mut Typed) -> Result<Vec<BatchColumn>> {
    let mut column =
        Column { leaf, values, lists: (leaf.most_repeated > 0).then(Lists::default), dictionary: None, batches: vec![] };
    let mut pages = Pages::new(bytes, Codec::of(chunk.codec)?);
    let mut left = n_rows;
    while left > 0 || column.lists.is_some() {
        match pages.next(leaf)? {
            None => break,
            Some(Page::Dictionary { n_values, bytes }) => column.dictionary = Some(read_dictionary(leaf, &bytes, n_values)?),
            Some(Page::Data { n_values, encoding, repeated, defined, values, bytes }) => {
                let levels = |(from, to): (usize, usize), most: u32| Hybrid::new(&bytes[from..to], bits(most));
                let page = DataPage {
                    n_values,
                    repeated: levels(repeated, leaf.most_repeated)?,
                    defined: levels(defined, leaf.most_defined)?,
                    values: if bytes.len() == values {
                        None
                    } else {
                        Some(Box::new(Encoded::new(encoding, leaf, &bytes[values..])?))
                    },
                };
                left = column.read_page(page, left)?;
            }
        }
    }
    if left > 0 {
        return Err(damaged(&format!("column {} has {left} rows fewer than its group", leaf.name)));
    }
    column.end()
}

struct DataPage<'a> {
    n_values: u64,
    repeated: Hybrid<'a>,
    defined: Hybrid<'a>,
    /// None where all of them are null.
    values: Option<Box<Encoded<'a>>>,
}

struct Column<'a> {
    leaf: &'a Leaf,
    values: &'a mut Typed,
    /// Which values are of which row, of a column within a list.
    lists: Option<Lists>,
    dictionary: Option<Known>,
    batches: Vec<BatchColumn>,
}

impl Column<'_> {
    /// Reads a page's values, of which at most `left` rows are wanted; gives how many then are.
    fn read_page(&mut self, mut page: DataPage<'_>, mut left: u64) -> Result<u64> {
        let (mut defined, mut repeated) = ([0u32; 1024], [0u32; 1024]);
        let mut unread = page.n_values;
        while unread > 0 {
            if self.lists.is_none() {
                unread = unread.min(left);
            }
            let room = if self.lists.is_none() { BATCH_ROWS - self.values.len() } else { defined.len() };
            let n = room.min(defined.len()).min(usize::try_from(unread).unwrap_or(usize::MAX));
            unread -= n as u64;
            if n == 0 {
                break;
            }
            let defined = &mut defined[..n];
            self.read_levels(&mut page, defined)?;
            if self.lists.is_none() {
                self.read_values(&mut page, defined, self.leaf.most_defined)?;
                left -= n as u64;
                if self.values.len() == BATCH_ROWS {
                    self.take_batch()?;
                }
            } else {
                page.repeated.read(&mut repeated[..n])?;
                left = self.read_elements(&mut page, defined, &repeated[..n], left)?;
            }
        }
        Ok(left)
    }

    fn read_levels(&self, page: &mut DataPage<'_>, defined: &mut [u32]) -> Result<()> {
        if self.leaf.most_defined == 0 {
            defined.fill(0);
            return Ok(());
        }
        page.defined.read(defined)
    }

    /// Reads as many values as are defined, and makes the others null.
    fn read_values(&mut self, page: &mut DataPage<'_>, defined: &[u32], most: u32) -> Result<()> {
        let n_valid = defined.iter().filter(|&&level| level == most).count();
        let first = self.values.len();
        match &mut page.values {
            _ if n_valid == 0 => {}
            None => return Err(damaged("a page ends too early")),
            Some(values) => values.read(self.leaf, n_valid, &mut self.dictionary, self.values)?,
        }
        if n_valid < defined.len() {
            self.values.spread(first, defined.len(), |row| defined[row] == most);
        }
        Ok(())
    }

    /// Reads values of lists, up to the end of a batch's rows at a time.
    fn read_elements(&mut self, page: &mut DataPage<'_>, defined: &[u32], repeated: &[u32], mut left: u64) -> Result<u64> {
        let mut from = 0;
        while from < defined.len() {
            let Some(lists) = &mut self.lists else { return Ok(left) };
            let mut elements = vec![];
            let mut to = from;
            while to < defined.len() {
                if repeated[to] == 0 {
                    if lists.n_rows() == BATCH_ROWS {
                        break;
                    }
                    let more = || damaged(&format!("column {} has more rows than its group", self.leaf.name));
                    left = left.checked_sub(1).ok_or_else(more)?;
                    lists.begin(defined[to] + 1 >= self.leaf.element);
                }
                if defined[to] >= self.leaf.element {
                    lists.push().ok_or_else(|| damaged("a list begins before its row"))?;
                    elements.push(defined[to]);
                }
                to += 1;
            }
            if self.values.len() > MOST_ELEMENTS {
                return Err(damaged(&format!("the lists of column {} are longer than those of any table", self.leaf.name)));
            }
            self.read_values(page, &elements, self.leaf.most_defined)?;
            if to < defined.len() {
                self.take_batch()?;
            }
            from = to;
        }
        Ok(left)
    }

    fn take_batch(&mut self) -> Result<()> {
        let column = self.values.take()?;
        let column = match &mut self.lists {
            Some(lists) => lists.take(&column)?,
            None => column,
        };
        self.batches.push(column);
        if let Some(dictionary) = &mut self.dictionary {
            dictionary.begin_batch();
        }
        Ok(())
    }

    fn end(mut self) -> Result<Vec<BatchColumn>> {
        let n_rows = self.lists.as_ref().map_or(self.values.len(), Lists::n_rows);
        if n_rows > 0 {
            self.take_batch()?;
        }
        Ok(self.batches)
    }
}

/// Bits of a level.
fn bits(most: u32) -> u32 {
    32 - most.leading_zeros()
}
