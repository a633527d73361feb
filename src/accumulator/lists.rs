//! Lists of values as bytes: how states hold an unbounded number of values for each group.
//!
//! A number is 16 little-endian bytes, a text four of its length and its own. What belongs to a value follows it.

use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BinaryArray, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer};

use crate::event::ColumnType;
use crate::kernel::values::{Data, Texts, Values};
use crate::{Error, Result};

/// Whether a column's values are listed as texts.
pub(super) fn is_text(column_type: ColumnType) -> bool {
    matches!(column_type, ColumnType::Text | ColumnType::Null)
}

/// Appends the value at `row`, which is there.
pub(super) fn write_value(values: &Values, row: usize, list: &mut Vec<u8>) {
    match &values.data {
        Data::Ints(v) => list.extend_from_slice(&i128::from(v[row]).to_le_bytes()),
        Data::Ranked(places, steps) => list.extend_from_slice(&i128::from(steps.at(&places[row..=row])[0]).to_le_bytes()),
        Data::Wide(v) => list.extend_from_slice(&v[row].to_le_bytes()),
        Data::Floats(v) => list.extend_from_slice(&i128::from(v[row].to_bits()).to_le_bytes()),
        Data::Codes(codes, texts) => {
            let text = texts.get(codes[row]).as_bytes();
            list.extend_from_slice(&(text.len() as u32).to_le_bytes());
            list.extend_from_slice(text);
        }
    }
}

/// One list for each group, as a column.
///
/// # Errors
///
/// When they take more than 2 GiB.
pub(super) fn to_column(lists: &[Vec<u8>]) -> Result<ArrayRef> {
    let total: usize = lists.iter().map(Vec::len).sum();
    if total > i32::MAX as usize {
        return Err(Error::bad_state("a state lists more than 2 GiB of values; group or filter further"));
    }
    let mut binary = BinaryBuilder::with_capacity(lists.len(), total);
    lists.iter().for_each(|list| binary.append_value(list));
    Ok(Arc::new(binary.finish()))
}

/// Listed values: their groups, themselves, and the `N` bytes that follow each.
pub(super) struct Listed<const N: usize> {
    pub(super) groups: Vec<u32>,
    pub(super) values: Values,
    pub(super) rest: Vec<[u8; N]>,
}

/// So many empty lists as a state's column.
pub(super) fn no_lists(n: usize) -> ArrayRef {
    Arc::new(BinaryArray::new(OffsetBuffer::new_zeroed(n), Buffer::default(), None))
}

/// Reads the lists of a column, the list in row `i` being that of `groups[i]`.
///
/// # Errors
///
/// When the column holds no such lists.
pub(super) fn from_column<const N: usize>(column: &ArrayRef, groups: &[u32], is_text: bool) -> Result<Listed<N>> {
    let no_list = || Error::bad_state("a state's list of values is damaged");
    let lists = column.as_binary_opt::<i32>().ok_or_else(no_list)?;
    let (mut owners, mut numbers, mut texts, mut rests) = (vec![], vec![], vec![], vec![]);
    for (row, &group) in groups.iter().enumerate() {
        let mut list = lists.value(row);
        while !list.is_empty() {
            owners.push(group);
            if is_text {
                let (length, after) = list.split_first_chunk::<4>().ok_or_else(no_list)?;
                let (text, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(no_list)?;
                texts.push(std::str::from_utf8(text).map_err(|_| no_list())?);
                list = after;
            } else {
                let (number, after) = list.split_first_chunk::<16>().ok_or_else(no_list)?;
                numbers.push(i128::from_le_bytes(*number));
                list = after;
            }
            let (rest, after) = list.split_first_chunk::<N>().ok_or_else(no_list)?;
            rests.push(*rest);
            list = after;
        }
    }
    let data = if is_text {
        Data::Codes((0..texts.len() as u32).collect(), Texts(Arc::new(StringArray::from_iter_values(texts))))
    } else if let Ok(ints) = numbers.iter().map(|&number| i64::try_from(number)).collect() {
        Data::Ints(ints)
    } else {
        Data::Wide(numbers)
    };
    Ok(Listed { groups: owners, values: Values { data, valid: None }, rest: rests })
}
