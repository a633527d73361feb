//! `approx_quantile`: a quantile within a relative error, from how often each bin's numbers occur.

use arrow_array::ArrayRef;
use arrow_schema::DataType;

use super::tally::{Tally, at_place};
use super::{Accumulator, only};
use crate::event::ColumnType;
use crate::kernel::number::pow10;
use crate::kernel::values::{Data, ValueType, Values, digits};
use crate::sketch::Bins;
use crate::{Error, Result};

/// The value at the place `floor(q * (n - 1))`, counted from 0, of the `n` values in ascending order, up to a relative
/// error: the lower of the two that an exact quantile lies between, as DDSketch defines it. `Float64`, null for no values.
///
/// All groups' bins are counted in one table, as a [`Tally`]'s values are: a group of three values holds three
/// entries, one of millions as many as there are bins (see [`Bins`]). The state lists each group's bins with their counts.
#[derive(Debug)]
pub struct ApproxQuantile {
    q: f64,
    column_type: ColumnType,
    bins: Bins,
    tally: Tally,
}

impl ApproxQuantile {
    /// The value at the share `q`, from 0 to 1, of a column of numbers, up to a relative error from 0.0001 up to 1.
    pub fn new(q: f64, error: f64, column_type: ColumnType) -> Self {
        Self { q, column_type, bins: Bins::new(error), tally: Tally::mode(ColumnType::Int) }
    }
}

impl Accumulator for ApproxQuantile {
    fn update(&mut self, groups: &[u32], n_groups: usize, columns: &[Values]) -> Result<()> {
        let values = only(columns)?;
        let bins = match &values.data {
            Data::Ints(ints) => ints.iter().map(|&int| self.bins.of(int)).collect(),
            Data::Wide(wide) => wide.iter().map(|&int| self.bins.of_wide(int)).collect(),
            _ => return Err(Error::bad_state("a quantile of values that are no numbers")),
        };
        self.tally.update(groups, n_groups, &[Values { data: Data::Ints(bins), valid: values.valid.clone() }])
    }

    fn state_types(&self) -> Vec<DataType> {
        self.tally.state_types()
    }

    fn state(&self, groups: &[u32]) -> Result<Vec<ArrayRef>> {
        self.tally.state(groups)
    }

    fn merge(&mut self, groups: &[u32], n_groups: usize, state: &[ArrayRef]) -> Result<()> {
        self.tally.merge(groups, n_groups, state)
    }

    fn result_type(&self) -> ValueType {
        ValueType::Float
    }

    fn finish(&self, groups: &[u32]) -> Result<Values> {
        let (bins, lists) = self.tally.sorted(groups);
        let Data::Ints(bins) = &bins.data else { return Err(Error::bad_state("bins are no integers")) };
        let unit = pow10(digits(self.column_type)) as f64;
        let value = |list: &Vec<(u32, i64)>| {
            let n: i64 = list.iter().map(|(_, count)| count).sum();
            let place = (self.q * (n - 1) as f64).floor() as i64;
            at_place(list, place).map_or(0.0, |number| self.bins.value(bins[number as usize]) / unit)
        };
        let valid: Vec<bool> = lists.iter().map(|list| !list.is_empty()).collect();
        Ok(Values { data: Data::Floats(lists.iter().map(value).collect()), valid: valid.contains(&false).then_some(valid) })
    }

    fn size(&self) -> usize {
        self.tally.size()
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;

    use super::*;
    use crate::kernel::hash::mix64;

    /// Numbers of all sizes, some of them null, from a seed.
    fn numbers(seed: u64, n: usize, bits: u32) -> Vec<Option<i128>> {
        let number = |at: usize| {
            let random = mix64(seed ^ mix64(at as u64 + 1));
            let wide = i128::from(mix64(random)) << 63 ^ i128::from(random);
            let number = wide >> (random % u64::from(127 - bits)).max(u64::from(126 - bits));
            let number = if random & 1 == 0 { number } else { -number };
            (!random.is_multiple_of(11)).then_some(if random.is_multiple_of(13) { 0 } else { number })
        };
        (0..n).map(number).collect()
    }

    fn values(numbers: &[Option<i128>], is_wide: bool) -> Values {
        let plain = numbers.iter().map(|number| number.unwrap_or(77));
        let data = if is_wide { Data::Wide(plain.collect()) } else { Data::Ints(plain.map(|number| number as i64).collect()) };
        Values { data, valid: Some(numbers.iter().map(Option::is_some).collect()) }
    }

    /// What one accumulator holds of some numbers, which are merged from several in a random tree.
    fn merged(all: &[Option<i128>], seed: u64, new: impl Fn() -> ApproxQuantile) -> ApproxQuantile {
        let mut parts: Vec<ApproxQuantile> = (0..1 + seed % 5).map(|_| new()).collect();
        for (at, chunk) in all.chunks(7).enumerate() {
            let part = mix64(seed + at as u64) as usize % parts.len();
            let is_wide = at % 2 == 0 || chunk.iter().flatten().any(|&number| i64::try_from(number).is_err());
            parts[part].update(&vec![0; chunk.len()], 1, &[values(chunk, is_wide)]).unwrap();
        }
        while parts.len() > 1 {
            let from = parts.swap_remove(mix64(seed ^ parts.len() as u64) as usize % parts.len());
            let into = mix64(seed + parts.len() as u64) as usize % parts.len();
            parts[into].merge(&[0], 1, &from.state(&[0]).unwrap()).unwrap();
        }
        parts.remove(0)
    }

    proptest::proptest! {
        #[test]
        fn is_within_the_error_of_the_sorted_value_however_merged(
            seed: u64, n in 0usize..400, bits in 3u32..126, q in 0.0f64..=1.0, error in 0.000_1f64..1.0, scale in 0u8..30,
        ) {
            let column_type = ColumnType::Decimal { scale };
            let new = || ApproxQuantile::new(q, error, column_type);
            let mut all = numbers(seed, n, bits);
            let answer = merged(&all, seed, new);
            let found = answer.finish(&[0]).unwrap();
            let mut sorted: Vec<i128> = all.iter().flatten().copied().collect();
            sorted.sort_unstable();
            assert_eq!(found.is_valid(0), !sorted.is_empty());
            let Data::Floats(floats) = &found.data else { panic!("{found:?}") };
            if !sorted.is_empty() {
                let exact = sorted[(q * (sorted.len() - 1) as f64).floor() as usize] as f64 / pow10(scale.into()) as f64;
                assert!((floats[0] - exact).abs() <= error * exact.abs(), "{} for {exact}", floats[0]);
            }
            // The same bytes in another order, from other parts.
            all.reverse();
            let state = |answer: &ApproxQuantile| answer.state(&[0]).unwrap()[0].as_binary::<i32>().value(0).to_vec();
            assert_eq!(state(&merged(&all, seed ^ 9, new)), state(&answer));
        }
    }

    #[test]
    fn groups_are_apart_and_none_has_no_value() {
        let mut answer = ApproxQuantile::new(1.0, 0.01, ColumnType::Int);
        answer.update(&[0, 2, 0], 3, &[values(&[Some(5), None, Some(-7)], false)]).unwrap();
        let found = answer.finish(&[2, 0, 1]).unwrap();
        assert_eq!(found.valid, Some(vec![false, true, false]));
        assert!(matches!(found.data, Data::Floats(floats) if floats[1] == 5.0));
    }
}
