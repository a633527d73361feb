//! What is told of carts: each of them, or their groups.

use super::AbandonmentFold;
use super::carts::{Cart, Carts};
use crate::analysis::table::combinations;
use crate::event::ColumnType;
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Data, Values};
use crate::{Error, ErrorKind, Result};

impl AbandonmentFold {
    /// Sums as values of the type that carts have.
    pub(super) fn amounts(&self, amounts: impl Iterator<Item = Option<i128>>) -> Result<Values> {
        let (valid, wide): (Vec<bool>, Vec<i128>) = amounts.map(|amount| (amount.is_some(), amount.unwrap_or(0))).unzip();
        let data = if self.value_type == ColumnType::Int {
            Data::Ints(wide.into_iter().map(|amount| i64::try_from(amount).map_err(|_| too_large())).collect::<Result<_>>()?)
        } else {
            if wide.iter().any(|amount| amount.unsigned_abs() >= 10u128.pow(38)) {
                return Err(too_large());
            }
            Data::Wide(wide)
        };
        Ok(Values { data, valid: Some(valid) })
    }

    fn is_open(&self, cart: &Cart) -> bool {
        let over = |(within, last): (u64, i64)| last.wrapping_sub(cart.at) as u64 >= within;
        !cart.is_bought && self.within.zip(self.last).is_some_and(|times| !over(times))
    }

    /// One row for each combination of keys.
    pub(super) fn groups(&self, carts: &Carts) -> Result<(Vec<Values>, usize)> {
        let keys = self.key_values(carts);
        let n_carts = carts.all().len();
        let combined = combinations(&keys.iter().collect::<Vec<_>>(), n_carts)?;
        let (numbers, n_groups) = combined.ok_or_else(|| Error::bad_state("a group key holds floats"))?;
        let mut groups = vec![Group::default(); n_groups];
        for (row, (cart, number)) in carts.all().iter().zip(numbers).enumerate() {
            groups[number as usize].add(row, cart, self.is_open(cart)).ok_or_else(too_large)?;
        }
        groups.retain(|group| group.carts > 0 || self.keys.is_empty());
        let firsts: Vec<u32> = groups.iter().map(|group| group.first).collect();
        let mut values: Vec<Values> = keys.iter().map(|key| key.take(&firsts)).collect();
        let sort_keys: Vec<SortKey> = values.iter().map(|key| SortKey::new(key, false)).collect();
        let rows = order::sort(groups.len(), &sort_keys, usize::MAX);
        let sorted: Vec<&Group> = rows.iter().map(|&row| &groups[row as usize]).collect();
        values.iter_mut().for_each(|key| *key = key.take(&rows));
        let ints = |of: fn(&Group) -> i64| Values::ints(sorted.iter().map(|group| of(group)).collect());
        let rates = sorted.iter().map(|group| group.abandoned as f64 / group.carts as f64).collect();
        let valid = Some(sorted.iter().map(|group| group.carts > 0).collect());
        values.extend([ints(|group| group.carts), ints(|group| group.abandoned), Values { data: Data::Floats(rates), valid }]);
        values.push(self.amounts(sorted.iter().map(|group| group.value))?);
        values.push(self.amounts(sorted.iter().map(|group| group.abandoned_value))?);
        values.push(ints(|group| group.open));
        Ok((values, groups.len()))
    }

    /// One row for each cart.
    pub(super) fn each(&self, carts: &Carts) -> Result<(Vec<Values>, usize)> {
        let mut values = self.key_values(carts);
        let carts = carts.all();
        values.push(Values::ints(carts.iter().map(|cart| cart.at).collect()));
        let sort_keys: Vec<SortKey> = values.iter().map(|key| SortKey::new(key, false)).collect();
        values.push(self.amounts(carts.iter().map(|cart| cart.value))?);
        values.push(Values::ints(carts.iter().map(|cart| i64::from(cart.is_bought)).collect()));
        let rows = order::sort(carts.len(), &sort_keys, usize::MAX);
        values.iter_mut().for_each(|column| *column = column.take(&rows));
        Ok((values, rows.len()))
    }
}

/// The carts of one combination of keys.
#[derive(Clone, Debug, Default)]
struct Group {
    /// One of them.
    first: u32,
    carts: i64,
    abandoned: i64,
    value: Option<i128>,
    abandoned_value: Option<i128>,
    open: i64,
}

impl Group {
    /// Takes in a cart; nothing where a sum gets too large.
    fn add(&mut self, row: usize, cart: &Cart, is_open: bool) -> Option<()> {
        let plus = |sum: Option<i128>| sum.unwrap_or(0).checked_add(cart.value.unwrap_or(0));
        self.first = row as u32;
        self.carts += 1;
        self.abandoned += i64::from(!cart.is_bought);
        self.open += i64::from(is_open);
        if cart.value.is_some() {
            self.value = Some(plus(self.value)?);
            self.abandoned_value =
                if cart.is_bought { self.abandoned_value.or(Some(0)) } else { Some(plus(self.abandoned_value)?) };
        }
        Some(())
    }
}

fn too_large() -> Error {
    Error::new(ErrorKind::Overflow, "a sum is too large to be exact; filter the rows or group them further")
}
