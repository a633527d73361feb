//! `trend`: a score that halves with each half-life.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_buffer::i256;
use arrow_schema::DataType;

use super::lists::to_column;
use super::{Accumulator, held};
use crate::event::ColumnType;
use crate::kernel::decay::{halved, halved_once};
use crate::kernel::number::pow10;
use crate::kernel::values::{Data, ValueType, Values, digits};
use crate::{Error, ErrorKind, Result};

/// Adds what each row weighs, halved with each half-life from its time to the latest of all groups' rows: exponential decay,
/// added up as forward decay is (Cormode, Shkapenyuk, Srivastava and Xu, 2009). `Float64`, null for a group without any row
/// that has both a time and a weight.
///
/// What a row adds is a whole number, so any order of the rows and any split of them gives the same bits. Scores of weights
/// that are not negative are within a share of 2⁻⁴⁹, those of others within that share of what they would be without the
/// signs. A row that is more than 64 half-lives older than the latest of its group, so that less than 2⁻⁶⁴ of its weight is
/// left, may add nothing; a group whose latest row is some 900 older than that of all has the score 0.
#[derive(Debug)]
pub struct Trend {
    /// In the unit of the times.
    half_life: i64,
    /// That of the weights.
    column_type: ColumnType,
    /// The time of the latest row.
    latest: Option<i64>,
    sums: Vec<Option<Sums>>,
}

/// Half-lives in a span.
const SPAN: u32 = 64;
/// Bits behind the point of what a row of weight 1 adds at the beginning of a span.
const POINT: u32 = f64::MANTISSA_DIGITS;

/// What a group's rows add up to in the latest span that one of them is in, as it is worth at the span's beginning, and in the
/// span before. All earlier spans are forgotten: which those are says the latest row alone, in whatever order rows come.
#[derive(Clone, Copy, Debug)]
struct Sums {
    span: i64,
    current: i256,
    before: i256,
}

impl Trend {
    /// Scores of rows that weigh as the column of that type says, each 1 where there is none; the half-life is in the unit of
    /// the times, and at least 1.
    pub fn new(half_life: i64, column_type: ColumnType) -> Self {
        Self { half_life, column_type, latest: None, sums: vec![] }
    }

    /// The half-lives from 1970 to a time, rounded up, and what the rest of the last one halves by.
    fn place(&self, time: i64) -> (i64, f64) {
        let (whole, rest) = (time.div_euclid(self.half_life), time.rem_euclid(self.half_life));
        if rest == 0 {
            return (whole, 1.0);
        }
        (whole + 1, halved_once((self.half_life - rest) as f64, self.half_life as f64))
    }

    fn add(&mut self, group: usize, more: Sums) -> Option<()> {
        let sums = self.sums[group].get_or_insert(more.empty());
        if more.span > sums.span {
            let before = if more.span - sums.span == 1 { sums.current } else { i256::ZERO };
            *sums = Sums { before, ..more.empty() };
        }
        match sums.span - more.span {
            0 => {
                sums.current = sums.current.checked_add(more.current)?;
                sums.before = sums.before.checked_add(more.before)?;
            }
            1 => sums.before = sums.before.checked_add(more.current)?,
            _ => {}
        }
        Some(())
    }

    /// A group's score at the latest time.
    fn score(&self, sums: &Sums) -> f64 {
        let (whole, part) = self.place(self.latest.unwrap_or_default());
        let age = i128::from(whole) - i128::from(sums.span) * i128::from(SPAN) + i128::from(POINT);
        let sum = to_float(sums.current) + to_float(sums.before) * halved(SPAN.into(), 1);
        sum / part * halved(age.unsigned_abs(), 1) / pow10(digits(self.column_type)) as f64
    }
}

impl Sums {
    /// Nothing in the same span.
    fn empty(self) -> Self {
        Self { current: i256::ZERO, before: i256::ZERO, ..self }
    }

    fn write(&self) -> Vec<u8> {
        let parts: [&[u8]; 3] = [&self.span.to_le_bytes(), &self.current.to_le_bytes(), &self.before.to_le_bytes()];
        parts.concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (span, bytes) = bytes.split_first_chunk()?;
        let (current, bytes) = bytes.split_first_chunk()?;
        let before = bytes.try_into().ok()?;
        Some(Self {
            span: i64::from_le_bytes(*span),
            current: i256::from_le_bytes(*current),
            before: i256::from_le_bytes(before),
        })
    }
}

fn to_float(sum: i256) -> f64 {
    let (low, high) = sum.wrapping_abs().to_parts();
    let size = high as u128 as f64 * 2f64.powi(128) + low as f64;
    if sum.is_negative() { -size } else { size }
}

fn overflow() -> Error {
    Error::new(ErrorKind::Overflow, "a score is too large to be exact; filter the rows or group them further")
}

impl Accumulator for Trend {
    fn update(&mut self, groups: &[u32], n_groups: usize, columns: &[Values]) -> Result<()> {
        self.sums.resize(n_groups, None);
        let Some((times, weights)) = columns.split_first() else { return Err(Error::bad_state("a score without times")) };
        let Data::Ints(instants) = &times.data else { return Err(Error::bad_state("times of another type")) };
        let weights = weights.first();
        let numbers = weights.map(|weights| weights.data.wide()).transpose()?;
        let (mut last, mut place) = (0, self.place(0));
        for (row, (&group, &time)) in groups.iter().zip(instants).enumerate() {
            if !times.is_valid(row) {
                continue;
            }
            self.latest = self.latest.max(Some(time));
            if weights.is_some_and(|weights| !weights.is_valid(row)) {
                continue;
            }
            if time != last {
                (last, place) = (time, self.place(time));
            }
            let (whole, part) = place;
            let share = (part * (1u64 << POINT) as f64) as i128;
            let one = i256::from_i128(share << whole.rem_euclid(SPAN.into()));
            let current = match &numbers {
                // At most 2^116 times 2^127.
                Some(numbers) => one.wrapping_mul(i256::from_i128(numbers[row])),
                None => one,
            };
            let sums = Sums { span: whole.div_euclid(SPAN.into()), current, before: i256::ZERO };
            self.add(group as usize, sums).ok_or_else(overflow)?;
        }
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Int64, DataType::Binary]
    }

    fn state(&self, groups: &[u32]) -> Result<Vec<ArrayRef>> {
        // The latest time of all is each group's, so that no group's rows go without it.
        let latest: Int64Array = groups.iter().map(|_| self.latest).collect();
        let sums = held(&self.sums, groups);
        let bytes: Vec<_> = sums.iter().map(|sums| sums.as_ref().map_or_else(Vec::new, Sums::write)).collect();
        Ok(vec![Arc::new(latest), to_column(&bytes)?])
    }

    fn merge(&mut self, groups: &[u32], n_groups: usize, state: &[ArrayRef]) -> Result<()> {
        self.sums.resize(n_groups, None);
        let no_score = || Error::bad_state("not the state of a score");
        let columns = state[0].as_primitive_opt::<Int64Type>().zip(state[1].as_binary_opt::<i32>());
        let (latest, sums) = columns.ok_or_else(no_score)?;
        for (row, &group) in groups.iter().enumerate() {
            if latest.is_valid(row) {
                self.latest = self.latest.max(Some(latest.value(row)));
            }
            if !sums.value(row).is_empty() {
                self.add(group as usize, Sums::read(sums.value(row)).ok_or_else(no_score)?).ok_or_else(overflow)?;
            }
        }
        Ok(())
    }

    fn result_type(&self) -> ValueType {
        ValueType::Float
    }

    fn finish(&self, groups: &[u32]) -> Result<Values> {
        let sums = held(&self.sums, groups);
        let scores = sums.iter().map(|sums| sums.as_ref().map_or(0.0, |sums| self.score(sums)));
        let data = Data::Floats(scores.collect());
        let valid: Vec<bool> = sums.iter().map(Option::is_some).collect();
        Ok(Values { data, valid: valid.contains(&false).then_some(valid) })
    }

    fn size(&self) -> usize {
        size_of::<Option<Sums>>() * self.sums.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::hash::mix64;

    /// A group, a time and a weight.
    type Row = (u32, Option<i64>, Option<i128>);

    const GROUPS: [u32; 3] = [0, 1, 2];

    fn optional<T: Copy + Default>(values: Vec<Option<T>>, data: impl Fn(Vec<T>) -> Data) -> Values {
        let valid = values.iter().map(Option::is_some).collect();
        Values { data: data(values.into_iter().map(Option::unwrap_or_default).collect()), valid: Some(valid) }
    }

    fn update(trend: &mut Trend, rows: &[Row]) -> Result<()> {
        let groups: Vec<u32> = rows.iter().map(|row| row.0).collect();
        let times = optional(rows.iter().map(|row| row.1).collect(), Data::Ints);
        trend.update(&groups, 3, &[times, optional(rows.iter().map(|row| row.2).collect(), Data::Wide)])
    }

    /// The scores of rows that come in that order, and are dealt to several that are merged.
    fn scores(rows: &[Row], half_life: i64, seed: u64) -> Vec<Option<f64>> {
        let mut parts: Vec<Trend> = (0..1 + seed % 4).map(|_| Trend::new(half_life, ColumnType::Int)).collect();
        for (at, chunk) in rows.chunks(1 + seed as usize % 5).enumerate() {
            let part = mix64(seed + at as u64) as usize % parts.len();
            update(&mut parts[part], chunk).unwrap();
        }
        while let [_, _, ..] = parts[..] {
            let from = parts.swap_remove(mix64(seed ^ parts.len() as u64) as usize % parts.len());
            parts[0].merge(&GROUPS, 3, &from.state(&GROUPS).unwrap()).unwrap();
        }
        let found = parts[0].finish(&GROUPS).unwrap();
        let Data::Floats(floats) = &found.data else { panic!("{found:?}") };
        floats.iter().enumerate().map(|(at, &score)| found.is_valid(at).then_some(score)).collect()
    }

    /// The same by the definition, and what they were without signs.
    fn defined(rows: &[Row], half_life: i64) -> Vec<Option<(f64, f64)>> {
        let latest = rows.iter().filter_map(|row| row.1).max().unwrap_or_default();
        let terms = rows.iter().filter_map(|&(group, time, weight)| {
            let age = (i128::from(latest) - i128::from(time?)) as f64 / half_life as f64;
            Some((group, weight? as f64 * (-age).exp2()))
        });
        let terms: Vec<(u32, f64)> = terms.collect();
        let of = |group: u32| terms.iter().filter(move |term| term.0 == group).map(|term| term.1);
        let score = |group: u32| of(group).next().map(|_| (of(group).sum(), of(group).map(f64::abs).sum()));
        GROUPS.map(score).to_vec()
    }

    fn random_rows(seed: u64, n: usize, step: i64, bits: u32) -> Vec<Row> {
        let row = |at: usize| {
            let random = mix64(seed ^ mix64(at as u64 + 1));
            let time = (random >> 20) as i64 % 60 * step - 25 * step;
            let weight = i128::from(mix64(random) as i64 >> (63 - bits));
            ((random % 3) as u32, (!random.is_multiple_of(7)).then_some(time), (!random.is_multiple_of(11)).then_some(weight))
        };
        (0..n).map(row).collect()
    }

    proptest::proptest! {
        #[test]
        fn is_as_defined_in_any_order_and_split(
            seed: u64, n in 0usize..60, step in 1i64..200_000, half_life in 1i64..100_000, bits in 1u32..63,
        ) {
            let mut rows = random_rows(seed, n, step, bits);
            let found = scores(&rows, half_life, 0);
            for (found, expected) in found.iter().zip(defined(&rows, half_life)) {
                assert_eq!(found.is_some(), expected.is_some());
                if let Some((found, (expected, all))) = found.zip(expected) {
                    // What is forgotten weighed at most 2^63.
                    assert!((found - expected).abs() <= 1e-14 * all + n as f64 / 2.0, "{found} for {expected}");
                    if all >= 1e-200 && half_life >= step {
                        assert!((found - expected).abs() <= 1e-14 * all, "{found} for {expected}");
                    }
                }
            }
            for round in 1..4 {
                rows.sort_by_key(|row| mix64(row.1.unwrap_or_default() as u64 ^ seed.wrapping_mul(round)));
                let bits = |scores: Vec<Option<f64>>| scores.into_iter().map(|score| score.map(f64::to_bits)).collect::<Vec<_>>();
                assert_eq!(bits(scores(&rows, half_life, mix64(seed ^ round))), bits(found.clone()));
            }
        }
    }

    #[test]
    fn halves_from_the_latest_row_of_all_groups() {
        let rows =
            [(0, Some(-80), Some(3)), (0, Some(-60), Some(4)), (1, Some(0), None), (1, None, Some(9)), (2, Some(-20), Some(-8))];
        assert_eq!(scores(&rows, 20, 0), [Some(3.0 / 16.0 + 4.0 / 8.0), None, Some(-4.0)]);
        assert_eq!(scores(&rows, 20, 7), scores(&rows, 20, 0));
    }

    #[test]
    fn the_oldest_are_forgotten_whenever_they_come() {
        // Of half-lives from 128 on, the span before begins at 64.
        let mut rows =
            vec![(0, Some(63), Some(1 << 62)), (0, Some(64), Some(1 << 62)), (0, Some(128), Some(0)), (0, Some(0), Some(5))];
        for _ in 0..4 {
            rows.rotate_left(1);
            assert_eq!(scores(&rows, 1, 0)[0], Some(2f64.powi(62 - 64)));
        }
        rows.push((1, Some(10_000), Some(1)));
        assert_eq!(scores(&rows, 1, 0)[..2], [Some(0.0), Some(1.0)]);
    }

    #[test]
    fn times_and_weights_at_their_limits() {
        let most = 10i128.pow(38) - 1;
        for time in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX] {
            for half_life in [1, 2, 3, i64::MAX] {
                for weight in [most, -most, 1, 0] {
                    let score = scores(&[(0, Some(time), Some(weight))], half_life, 0)[0].unwrap();
                    assert!((score - weight as f64).abs() <= 1e-15 * weight.unsigned_abs() as f64, "{time} {half_life} {score}");
                }
            }
        }
        assert_eq!(scores(&[(0, Some(i64::MIN), Some(1)), (1, Some(i64::MAX), Some(1))], i64::MAX, 0)[0], Some(0.25));
        let mut trend = Trend::new(1, ColumnType::Int);
        let error = (0..100_000).find_map(|_| update(&mut trend, &[(0, Some(63), Some(most))]).err());
        assert_eq!(error.unwrap().kind(), ErrorKind::Overflow);
    }

    #[test]
    fn without_a_column_each_row_weighs_one() {
        let mut trend = Trend::new(10, ColumnType::Null);
        trend.update(&[0, 0, 0], 1, &[optional(vec![Some(0), Some(10), None], Data::Ints)]).unwrap();
        assert!(matches!(trend.finish(&[0]).unwrap().data, Data::Floats(scores) if scores == [1.5]));
    }

    #[test]
    fn a_damaged_state_is_refused() {
        let mut trend = Trend::new(10, ColumnType::Int);
        let damaged = [Arc::new(Int64Array::from(vec![5])) as ArrayRef, to_column(&[vec![1; 71]]).unwrap()];
        assert_eq!(trend.merge(&[0], 1, &damaged).unwrap_err().kind().code(), "BAD_STATE");
    }
}
