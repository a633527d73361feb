//! What is said of one column, told from its different values and how often each occurs.

use std::cmp::Ordering;

use crate::accumulator::{Occurrences, quantile};
use crate::event::ColumnType;
use crate::kernel::instant::instant_text;
use crate::kernel::number::{decimal_text, pow10};
use crate::kernel::order::{self, SortKey};
use crate::kernel::uuid::write_uuid;
use crate::kernel::values::{Data, Values, digits};

/// One row of the answer, its column's name apart.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) statistic: &'static str,
    pub(super) value: Option<String>,
    pub(super) upper: Option<String>,
    pub(super) count: Option<i64>,
}

impl Told {
    fn count(statistic: &'static str, count: i64) -> Self {
        Self { statistic, count: Some(count), ..Self::default() }
    }

    fn value(statistic: &'static str, value: String) -> Self {
        Self { statistic, value: Some(value), ..Self::default() }
    }
}

/// The different values of a column, called by their places from 0 on.
pub(super) struct Profile<'a> {
    column: &'a Occurrences,
    numbers: Vec<u32>,
    counts: Vec<i64>,
    /// The values, where they are no texts.
    values: Values,
}

impl<'a> Profile<'a> {
    pub(super) fn of(column: &'a Occurrences) -> Self {
        let (numbers, counts) = column.counted();
        let is_text = matches!(column.column_type(), ColumnType::Text | ColumnType::Null);
        let ids = column.ids().filter(|_| !is_text);
        let values = ids.map_or_else(|| Values::ints(vec![]), |ids| ids.values(&numbers));
        Self { column, numbers, counts, values }
    }

    /// Adds all that is said of the column.
    pub(super) fn tell(&self, n_top: usize, n_bins: usize, told: &mut Vec<Told>) {
        told.push(Told::count("rows", self.column.n_rows()));
        told.push(Told::count("nulls", self.column.n_nulls()));
        told.push(Told::count("distinct", self.counts.len() as i64));
        for (statistic, is_greatest) in [("min", false), ("max", true)] {
            let order = |a, b| if is_greatest { self.compare(b, a) } else { self.compare(a, b) };
            let found = self.first(1, &order);
            told.extend(found.into_iter().map(|place| Told::value(statistic, self.text(place))));
        }
        let sorted = match self.column.column_type() {
            ColumnType::Int | ColumnType::Decimal { .. } | ColumnType::Time { .. } => self.sorted(),
            _ => vec![],
        };
        if !matches!(self.column.column_type(), ColumnType::Time { .. }) && !sorted.is_empty() {
            self.tell_middle(&sorted, told);
        }
        let more_frequent = |a: u32, b: u32| {
            let [of_a, of_b] = [a, b].map(|place| self.counts[place as usize]);
            of_b.cmp(&of_a).then_with(|| self.compare(a, b))
        };
        for place in self.first(n_top, &more_frequent) {
            told.push(Told { count: Some(self.counts[place as usize]), ..Told::value("top", self.text(place)) });
        }
        self.tell_bins(&sorted, n_bins, told);
    }

    /// Adds the mean and the quartiles of numbers; there must be one.
    fn tell_middle(&self, sorted: &[(u32, i64)], told: &mut Vec<Told>) {
        let unit = pow10(digits(self.column.column_type())) as f64;
        told.push(Told::value("mean", self.mean(sorted, unit).to_string()));
        for (statistic, q) in [("q1", 0.25), ("median", 0.5), ("q3", 0.75)] {
            let value = quantile(q, sorted, |place| self.units(place) as f64 / unit);
            told.push(Told::value(statistic, value.to_string()));
        }
    }

    /// The exact sum divided by the count. A sum beyond 128 bits is that of the quotients and the remainders, which is not.
    fn mean(&self, sorted: &[(u32, i64)], unit: f64) -> f64 {
        let n: i64 = sorted.iter().map(|(_, count)| count).sum();
        let sum = sorted
            .iter()
            .try_fold(0i128, |sum, &(place, count)| sum.checked_add(self.units(place).checked_mul(i128::from(count))?));
        if let Some(sum) = sum {
            return sum as f64 / (n as f64 * unit);
        }
        let wide = i128::from(n);
        let parts = sorted.iter().map(|&(place, count)| (self.units(place), i128::from(count)));
        let (whole, rest) = parts.fold((0, 0), |(whole, rest), (units, count)| {
            (whole + units.div_euclid(wide) * count, rest + units.rem_euclid(wide) * count)
        });
        (whole as f64 + rest as f64 / n as f64) / unit
    }

    /// Adds the bins, of values in ascending order.
    fn tell_bins(&self, sorted: &[(u32, i64)], n_bins: usize, told: &mut Vec<Told>) {
        let (Some(first), Some(last), 1..) = (sorted.first(), sorted.last(), n_bins) else { return };
        let (mut lower, max) = (self.units(first.0), self.units(last.0));
        let width = max.abs_diff(lower) / n_bins as u128 + 1;
        let mut rest = sorted;
        loop {
            let is_last = max.abs_diff(lower) < width;
            let upper = if is_last { max } else { lower.saturating_add_unsigned(width) };
            let end = if is_last { rest.len() } else { rest.partition_point(|&(place, _)| self.units(place) < upper) };
            let (within, behind) = rest.split_at(end);
            let count = Some(within.iter().map(|(_, count)| count).sum());
            told.push(Told { statistic: "bin", value: Some(self.written(lower)), upper: Some(self.written(upper)), count });
            if is_last {
                return;
            }
            (lower, rest) = (upper, behind);
        }
    }

    /// The places in ascending order of their values, which are no texts, with their counts.
    fn sorted(&self) -> Vec<(u32, i64)> {
        let key = SortKey::new(&self.values, false);
        let places = order::sort(self.counts.len(), &[key], usize::MAX);
        places.into_iter().map(|place| (place, self.counts[place as usize])).collect()
    }

    /// The first `limit` places in that order, without sorting all: text is then compared with few others.
    fn first(&self, limit: usize, order: &dyn Fn(u32, u32) -> Ordering) -> Vec<u32> {
        let mut first: Vec<u32> = vec![];
        for place in 0..self.counts.len() as u32 {
            if first.len() == limit && first.last().is_none_or(|&last| order(last, place).is_lt()) {
                continue;
            }
            let at = first.partition_point(|&other| order(other, place).is_lt());
            first.insert(at, place);
            first.truncate(limit);
        }
        first
    }

    fn compare(&self, a: u32, b: u32) -> Ordering {
        match &self.values.data {
            Data::Ints(ints) if !ints.is_empty() => ints[a as usize].cmp(&ints[b as usize]),
            Data::Wide(wide) => wide[a as usize].cmp(&wide[b as usize]),
            _ => self.known_text(a).cmp(self.known_text(b)),
        }
    }

    fn known_text(&self, place: u32) -> &str {
        self.column.ids().map_or("", |ids| ids.text(self.numbers[place as usize]))
    }

    /// The value at a place as a count of the column's units.
    fn units(&self, place: u32) -> i128 {
        match &self.values.data {
            Data::Ints(ints) => i128::from(ints[place as usize]),
            Data::Wide(wide) => wide[place as usize],
            _ => 0,
        }
    }

    fn text(&self, place: u32) -> String {
        match self.column.column_type() {
            ColumnType::Text | ColumnType::Null => self.known_text(place).to_owned(),
            _ => self.written(self.units(place)),
        }
    }

    /// So many of the column's units as its values are written.
    fn written(&self, units: i128) -> String {
        match self.column.column_type() {
            ColumnType::Bool => (units != 0).to_string(),
            ColumnType::Decimal { scale } => decimal_text(units, scale),
            ColumnType::Time { unit } => instant_text(units as i64, unit),
            ColumnType::Uuid => String::from_utf8_lossy(&write_uuid(units)).into_owned(),
            ColumnType::Int | ColumnType::Text | ColumnType::Dates { .. } | ColumnType::Null => units.to_string(),
        }
    }
}
