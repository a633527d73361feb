//! The answers: segments, cells, bins, moves, or the actors.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray};

use super::Group;
use super::customers::{Customers, Totals, money, overflow};
use super::scores::{Bins, Ties};
use super::segments::{NAMES, segment};
use crate::analysis::list::Choice;
use crate::analysis::table::{Table, TableColumn, floats};
use crate::event::ColumnType;
use crate::kernel::number::pow10;
use crate::kernel::order::SortKey;
use crate::kernel::values::{Data, Texts, ValueType, Values, digits};
use crate::{Error, Result};

/// What is asked, of columns of these types.
pub(super) struct Shape {
    pub(super) actor: String,
    pub(super) actor_type: ValueType,
    pub(super) money_type: ColumnType,
    pub(super) has_money: bool,
    /// Units of time in a day.
    pub(super) per_day: i128,
    pub(super) dates: Vec<i64>,
    pub(super) bins: i64,
    pub(super) ties: Ties,
    pub(super) group: Group,
    pub(super) choice: Choice,
}

/// The actors who bought until a date, with their scores.
struct Scored {
    /// Of each its place among all actors.
    places: Vec<u32>,
    /// In units of time.
    recency: Vec<i128>,
    orders: Vec<i64>,
    money: Vec<Option<i128>>,
    bins: [Bins; 3],
    segments: Vec<u8>,
}

/// Sums of some actors.
#[derive(Clone, Copy, Default)]
struct Sums {
    actors: i64,
    recency: i128,
    orders: i64,
    money: Option<i128>,
    n_with_money: i64,
}

const INT: ValueType = ValueType::Of(ColumnType::Int);
const TEXT: ValueType = ValueType::Of(ColumnType::Text);

impl Shape {
    /// The answer's columns with a row for each actor.
    pub(super) fn columns(&self) -> [(&str, ValueType); 8] {
        let money = ValueType::Of(self.money_type);
        [
            (&self.actor, self.actor_type),
            ("recency_days", ValueType::Float),
            ("frequency", INT),
            ("monetary", money),
            ("r", INT),
            ("f", INT),
            ("m", INT),
            ("segment", TEXT),
        ]
    }

    /// # Errors
    ///
    /// `BAD_QUERY` and `UNKNOWN_COLUMN` where actors cannot be chosen as was asked.
    pub(super) fn check(&self) -> Result<()> {
        let columns = self.columns();
        if self.group == Group::Actors && columns[1..].iter().any(|(name, _)| *name == self.actor) {
            return Err(Error::bad_query(format!("two columns of the answer are called {:?}", self.actor)).at_column(&self.actor));
        }
        self.choice.check(&columns.map(|(name, value_type)| (name.to_owned(), value_type)))
    }

    pub(super) fn answer(&self, customers: &Customers) -> Result<RecordBatch> {
        let actors = customers.actors.values();
        let key = SortKey::new(&actors, false);
        let scored: Vec<Scored> = customers
            .totals
            .iter()
            .enumerate()
            .map(|(at, totals)| self.scored(totals, self.dates.get(at).copied(), &key))
            .collect();
        let first = &scored[0];
        match self.group {
            Group::Segments => self.segments(first),
            Group::Cells => self.cells(first),
            Group::Bins => self.bins(first),
            Group::Moves => moves(first, &scored[1]),
            Group::Actors => self.actors(first, &actors),
        }
    }

    fn scored(&self, totals: &Totals, date: Option<i64>, actors: &SortKey) -> Scored {
        let places: Vec<u32> = (0..totals.orders.len() as u32).filter(|&place| totals.orders[place as usize] > 0).collect();
        fn at<T: Copy>(values: &[T], places: &[u32]) -> Vec<T> {
            places.iter().map(|&place| values[place as usize]).collect()
        }
        let (last, orders, money) = (at(&totals.last, &places), at(&totals.orders, &places), at(&totals.money, &places));
        let until = i128::from(date.or(last.iter().copied().max()).unwrap_or(0));
        let actors = match actors {
            SortKey::Narrow(keys) => SortKey::Narrow(at(keys, &places)),
            SortKey::Wide(keys) => SortKey::Wide(at(keys, &places)),
        };
        let bins = |values: Vec<Option<i128>>| Bins::new(&values, &actors, self.bins);
        let wide = |ints: &[i64]| ints.iter().map(|&int| Some(i128::from(int))).collect();
        let bins = [bins(wide(&last)), bins(wide(&orders)), bins(money.clone())];
        let [r, f, m] = bins.each_ref().map(|bins| bins.of(self.ties));
        let m = if self.has_money { m } else { f };
        let segments = (0..places.len()).map(|row| segment(r[row], f[row], m[row], self.bins)).collect();
        let recency = last.iter().map(|&last| until - i128::from(last)).collect();
        Scored { places, recency, orders, money, bins, segments }
    }

    fn segments(&self, scored: &Scored) -> Result<RecordBatch> {
        let sums = scored.sums(|row| scored.segments[row])?;
        let n_actors = scored.places.len() as f64;
        let sums_of = || sums.values();
        let columns = vec![
            ("segment", TEXT, segment_names(sums.keys().map(|&at| Some(at)))),
            ("actors", INT, Values::ints(sums_of().map(|sums| sums.actors).collect())),
            ("rate", ValueType::Float, floats(sums_of().map(|sums| Some(sums.actors as f64 / n_actors)))),
            ("recency_days", ValueType::Float, floats(sums_of().map(|sums| Some(self.days(sums.recency, sums.actors))))),
            ("frequency", ValueType::Float, floats(sums_of().map(|sums| Some(sums.orders as f64 / sums.actors as f64)))),
            (
                "monetary",
                ValueType::Float,
                floats(sums_of().map(|sums| sums.money.map(|money| self.units(money, sums.n_with_money)))),
            ),
            ("value", ValueType::Of(self.money_type), self.money(sums_of().map(|sums| sums.money))?),
        ];
        batch(columns, sums.len())
    }

    fn cells(&self, scored: &Scored) -> Result<RecordBatch> {
        let [r, f, _] = scored.bins.each_ref().map(|bins| bins.of(self.ties));
        let sums = scored.sums(|row| (-r[row], -f[row]))?;
        let columns = vec![
            ("r", INT, Values::ints(sums.keys().map(|(r, _)| -r).collect())),
            ("f", INT, Values::ints(sums.keys().map(|(_, f)| -f).collect())),
            ("actors", INT, Values::ints(sums.values().map(|sums| sums.actors).collect())),
            ("value", ValueType::Of(self.money_type), self.money(sums.values().map(|sums| sums.money))?),
        ];
        batch(columns, sums.len())
    }

    fn bins(&self, scored: &Scored) -> Result<RecordBatch> {
        let days: Vec<Option<f64>> = scored.recency.iter().map(|&recency| Some(self.days(recency, 1))).collect();
        let orders = scored.orders.iter().map(|&orders| Some(orders as f64)).collect();
        let money = scored.money.iter().map(|money| money.map(|money| self.units(money, 1))).collect();
        let n_bins = if scored.places.is_empty() { 0 } else { self.bins };
        let (mut scores, mut numbers, mut actors, mut moved) = (vec![], vec![], vec![], vec![]);
        let (mut least, mut most) = (vec![], vec![]);
        let scored_by = if self.has_money { vec![days, orders, money] } else { vec![days, orders] };
        for ((score, values), bins) in scored_by.iter().enumerate().zip(&scored.bins) {
            for bin in 1..=n_bins {
                let of = bins.of(self.ties);
                let rows: Vec<usize> = (0..of.len()).filter(|&row| of[row] == bin).collect();
                let known = || rows.iter().filter_map(|&row| values[row]);
                scores.push(score as u32);
                numbers.push(bin);
                actors.push(rows.len() as i64);
                least.push(known().reduce(f64::min));
                most.push(known().reduce(f64::max));
                moved.push(rows.iter().filter(|&&row| bins.ntile[row] != bin).count() as i64);
            }
        }
        let names = Texts(Arc::new(StringArray::from_iter_values(["recency", "frequency", "monetary"])));
        let n_rows = scores.len();
        let columns = vec![
            ("score", TEXT, Values { data: Data::Codes(scores, names), valid: None }),
            ("bin", INT, Values::ints(numbers)),
            ("actors", INT, Values::ints(actors)),
            ("least", ValueType::Float, floats(least.into_iter())),
            ("most", ValueType::Float, floats(most.into_iter())),
            ("moved", INT, Values::ints(moved)),
        ];
        batch(columns, n_rows)
    }

    fn actors(&self, scored: &Scored, actors: &Values) -> Result<RecordBatch> {
        let days = scored.recency.iter().map(|&recency| Some(self.days(recency, 1)));
        let [r, f, mut m] = scored.bins.each_ref().map(|bins| Values::ints(bins.of(self.ties).to_vec()));
        if !self.has_money {
            m.valid = Some(vec![false; m.len()]);
        }
        let values = [
            actors.take(&scored.places),
            floats(days),
            Values::ints(scored.orders.clone()),
            self.money(scored.money.iter().copied())?,
            r,
            f,
            m,
            segment_names(scored.segments.iter().map(|&at| Some(at))),
        ];
        let columns = self.columns().into_iter().zip(values);
        let columns = columns.map(|((name, value_type), values)| TableColumn::exact(name, value_type, values)).collect();
        self.choice.of(Table { columns, n_rows: scored.places.len() }, &[&self.actor])
    }

    /// The mean of so many lengths of time, in days.
    fn days(&self, sum: i128, n: i64) -> f64 {
        sum as f64 / (n as f64 * self.per_day as f64)
    }

    /// The mean of so many amounts of money.
    fn units(&self, sum: i128, n: i64) -> f64 {
        sum as f64 / (n as f64 * pow10(digits(self.money_type)) as f64)
    }

    fn money(&self, sums: impl Iterator<Item = Option<i128>>) -> Result<Values> {
        let sums: Vec<Option<i128>> = sums.collect();
        let values = money(&sums);
        let fits = |sum: &i128| match self.money_type {
            ColumnType::Int => i64::try_from(*sum).is_ok(),
            _ => sum.unsigned_abs() < pow10(38) as u128,
        };
        if !sums.iter().flatten().all(fits) {
            return Err(overflow());
        }
        if self.money_type != ColumnType::Int {
            return Ok(values);
        }
        let ints = values.data.wide()?.iter().map(|&sum| sum as i64).collect();
        Ok(Values { data: Data::Ints(ints), valid: values.valid })
    }
}

impl Scored {
    /// The sums of the actors of each key.
    fn sums<K: Ord>(&self, key: impl Fn(usize) -> K) -> Result<BTreeMap<K, Sums>> {
        let mut all: BTreeMap<K, Sums> = BTreeMap::new();
        for row in 0..self.places.len() {
            let sums = all.entry(key(row)).or_default();
            sums.actors += 1;
            sums.recency += self.recency[row];
            sums.orders += self.orders[row];
            if let Some(money) = self.money[row] {
                sums.money = Some(sums.money.unwrap_or(0).checked_add(money).ok_or_else(overflow)?);
                sums.n_with_money += 1;
            }
        }
        Ok(all)
    }
}

/// How many actors of which segment at a date are in which at a later one.
fn moves(first: &Scored, second: &Scored) -> Result<RecordBatch> {
    let before: BTreeMap<u32, u8> = first.places.iter().copied().zip(first.segments.iter().copied()).collect();
    let mut moves: BTreeMap<(Option<u8>, u8), i64> = BTreeMap::new();
    for (place, &to) in second.places.iter().zip(&second.segments) {
        *moves.entry((before.get(place).copied(), to)).or_default() += 1;
    }
    let columns = vec![
        ("from", TEXT, segment_names(moves.keys().map(|(from, _)| *from))),
        ("to", TEXT, segment_names(moves.keys().map(|(_, to)| Some(*to)))),
        ("actors", INT, Values::ints(moves.values().copied().collect())),
    ];
    batch(columns, moves.len())
}

fn segment_names(places: impl Iterator<Item = Option<u8>>) -> Values {
    let places: Vec<Option<u8>> = places.collect();
    let valid = places.contains(&None).then(|| places.iter().map(Option::is_some).collect());
    let codes = places.iter().map(|at| u32::from(at.unwrap_or(0))).collect();
    Values { data: Data::Codes(codes, Texts(Arc::new(StringArray::from_iter_values(NAMES)))), valid }
}

fn batch(columns: Vec<(&str, ValueType, Values)>, n_rows: usize) -> Result<RecordBatch> {
    let names: Vec<String> = columns.iter().map(|(name, ..)| (*name).to_owned()).collect();
    let columns = columns.into_iter().map(|(name, value_type, values)| TableColumn::exact(name, value_type, values));
    Table { columns: columns.collect(), n_rows }.to_batch(&names, true)
}
