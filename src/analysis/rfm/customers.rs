//! Who bought: of each actor the last purchase, the orders and the money, and how they are read from rows.

use arrow_array::RecordBatch;

use super::answers::Shape;
use crate::analysis::grown::Grown;
use crate::analysis::named;
use crate::analysis::table::{Table, TableColumn};
use crate::event::{ColumnType, Schema};
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::values::{Data, Rows, ValueType, Values, digits, gather};
use crate::{Error, ErrorKind, Result};

/// The actors who bought, and what until each date.
pub(super) struct Customers {
    pub(super) actors: Grown,
    /// One for each date; one without any.
    pub(super) totals: Vec<Totals>,
}

/// What each actor bought until a date. One who bought nothing has no orders.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    pub(super) last: Vec<i64>,
    pub(super) orders: Vec<i64>,
    pub(super) money: Vec<Option<i128>>,
}

impl Customers {
    pub(super) fn new(actor_type: ValueType, n_dates: usize) -> Self {
        Self { actors: Grown::new(actor_type), totals: vec![Totals::default(); n_dates] }
    }

    /// Makes room for one more, whose name is to be pushed to `actors`.
    pub(super) fn add(&mut self) -> usize {
        for totals in &mut self.totals {
            totals.last.push(0);
            totals.orders.push(0);
            totals.money.push(None);
        }
        self.totals[0].orders.len() - 1
    }

    pub(super) fn state(&self, shape: &Shape) -> Result<RecordBatch> {
        let (int, money_type) = (ValueType::Of(ColumnType::Int), ValueType::Of(ColumnType::Decimal { scale: 0 }));
        let mut columns = vec![(shape.actor_type, self.actors.values())];
        for totals in &self.totals {
            columns.push((int, Values::ints(totals.last.clone())));
            columns.push((int, Values::ints(totals.orders.clone())));
            columns.push((money_type, money(&totals.money)));
        }
        let names: Vec<String> = (0..columns.len()).map(|at| at.to_string()).collect();
        let columns = names.iter().zip(columns).map(|(name, (value_type, values))| TableColumn::exact(name, value_type, values));
        Table { columns: columns.collect(), n_rows: self.totals[0].orders.len() }.to_batch(&names, false)
    }

    pub(super) fn merge(&mut self, state: &RecordBatch) -> Result<()> {
        let not_a_state = || Error::bad_state("not the state of such an rfm");
        if state.num_columns() != 1 + 3 * self.totals.len() {
            return Err(not_a_state());
        }
        let all = Rows::All(state.num_rows());
        self.actors.push(&gather(state.column(0), &all)?)?;
        for (totals, columns) in self.totals.iter_mut().zip(state.columns()[1..].chunks(3)) {
            let (last, orders, money) = (gather(&columns[0], &all)?, gather(&columns[1], &all)?, gather(&columns[2], &all)?);
            let (Data::Ints(last), Data::Ints(orders), Data::Wide(sums)) = (&last.data, &orders.data, &money.data) else {
                return Err(not_a_state());
            };
            totals.last.extend(last);
            totals.orders.extend(orders);
            totals.money.extend(sums.iter().enumerate().map(|(row, &sum)| money.is_valid(row).then_some(sum)));
        }
        Ok(())
    }

    pub(super) fn size(&self) -> usize {
        let size = |totals: &Totals| 8 * (totals.last.capacity() + totals.orders.capacity()) + 32 * totals.money.capacity();
        self.actors.size() + self.totals.iter().map(size).sum::<usize>()
    }
}

impl Totals {
    /// Takes a purchase in, none earlier than those before.
    pub(super) fn take(&mut self, place: usize, time: i64, is_new_order: bool, amount: Option<i128>) -> Result<()> {
        self.last[place] = time;
        self.orders[place] += i64::from(is_new_order);
        if let Some(amount) = amount {
            let sum = self.money[place].unwrap_or(0).checked_add(amount);
            self.money[place] = Some(sum.ok_or_else(overflow)?);
        }
        Ok(())
    }
}

pub(super) fn overflow() -> Error {
    Error::new(ErrorKind::Overflow, "a sum of money is too large to be exact; filter the rows")
}

/// Sums as values.
pub(super) fn money(sums: &[Option<i128>]) -> Values {
    let valid = sums.contains(&None).then(|| sums.iter().map(Option::is_some).collect());
    Values { data: Data::Wide(sums.iter().map(|sum| sum.unwrap_or(0)).collect()), valid }
}

/// Which columns tell of money.
pub(super) struct Amounts {
    /// None where the data says nothing of money.
    pub(super) value: Option<usize>,
    pub(super) quantity: Option<usize>,
    pub(super) column_type: ColumnType,
}

/// The money of each row of a batch.
pub(super) struct AmountRows {
    value: Option<Values>,
    quantity: Option<Values>,
}

impl Amounts {
    /// # Errors
    ///
    /// `UNKNOWN_COLUMN`; `BAD_QUERY` where one holds no numbers, or there is a quantity of nothing.
    pub(super) fn plan(value: Option<&str>, quantity: Option<&str>, schema: &Schema) -> Result<Self> {
        let value = match value {
            Some(name) => Some(schema.index_of(name)?),
            None => named::price(schema),
        };
        if value.is_none() && quantity.is_some() {
            let sentence =
                "\"quantity\" needs the column that says for how much money: none has the role price; name it by \"value\"";
            return Err(Error::bad_query(sentence).at_column("value"));
        }
        let quantity = quantity.map(|name| schema.index_of(name)).transpose()?;
        let scale = |at: usize, key: &str| named::number_type(key, at, schema).map(digits);
        let [of_value, of_quantity] =
            [(value, "value"), (quantity, "quantity")].map(|(at, key)| at.map_or(Ok(0), |at| scale(at, key)));
        let scale = of_value? + of_quantity?;
        let column_type = match scale {
            0 => ColumnType::Int,
            1..=37 => ColumnType::Decimal { scale: scale as u8 },
            _ => {
                let sentence =
                    format!("the product of \"value\" and \"quantity\" has {scale} digits after the point, 37 at most");
                return Err(Error::bad_query(sentence).at_column("quantity"));
            }
        };
        Ok(Self { value, quantity, column_type })
    }

    pub(super) fn read(&self, batch: &RecordBatch) -> Result<AmountRows> {
        let wide = |at: usize| -> Result<Values> {
            let values = gather(batch.column(at), &Rows::All(batch.num_rows()))?;
            Ok(Values { data: Data::Wide(values.data.wide()?.into_owned()), valid: values.valid })
        };
        Ok(AmountRows { value: self.value.map(wide).transpose()?, quantity: self.quantity.map(wide).transpose()? })
    }
}

impl AmountRows {
    pub(super) fn at(&self, row: usize) -> Result<Option<i128>> {
        let at = |values: &Values| match &values.data {
            Data::Wide(wide) if values.is_valid(row) => Some(wide[row]),
            _ => None,
        };
        match (self.value.as_ref().and_then(at), self.quantity.as_ref().map(at)) {
            (Some(value), Some(Some(quantity))) => value.checked_mul(quantity).map(Some).ok_or_else(overflow),
            (value, None) => Ok(value),
            _ => Ok(None),
        }
    }
}

/// Tells an actor's orders apart.
pub(super) struct Orders {
    at: usize,
    ids: Option<Ids>,
    /// By each order's number, one more than the place of the last actor who had it.
    seen_by: Vec<usize>,
}

impl Orders {
    pub(super) fn new(at: usize) -> Self {
        Self { at, ids: None, seen_by: vec![] }
    }

    /// The number of each row's order.
    pub(super) fn read(&mut self, batch: &RecordBatch) -> Result<Vec<u32>> {
        let values = gather(batch.column(self.at), &Rows::All(batch.num_rows()))?;
        let ids = self.ids.get_or_insert_with(|| Ids::like(&values));
        let numbers = ids.of(&values)?;
        self.seen_by.resize(ids.len(), 0);
        Ok(numbers)
    }

    /// Whether the actor at that place, whose rows come, had no row of the order yet. A row without an order is one.
    pub(super) fn is_new(&mut self, number: u32, place: usize) -> bool {
        number == NULL || std::mem::replace(&mut self.seen_by[number as usize], place + 1) != place + 1
    }

    pub(super) fn size(&self) -> usize {
        self.ids.as_ref().map_or(0, Ids::size) + 8 * self.seen_by.capacity()
    }
}
