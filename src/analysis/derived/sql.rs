//! Measures of measures in SQL.

use super::{Derived, Function};
use crate::Result;
use crate::analysis::key::Key;
use crate::analysis::sql::{ascending, bucket, idents, is_same, orders, place, sum, unsupported};
use crate::event::ColumnType;
use crate::kernel::bucket::Every;
use crate::kernel::values::ValueType;
use crate::sql::Dialect;

/// The most seconds, days or months that a previous row is looked for back.
const FARTHEST: i64 = 100_000_000_000;

impl Derived {
    /// `SELECT` the columns of a step, which are called and typed so and begin with the keys, and the measure of them. Other rows
    /// are those of `grouped`.
    ///
    /// # Errors
    ///
    /// `UNSUPPORTED` where the dialect cannot say it.
    pub(in crate::analysis) fn sql(
        &self,
        step: &str,
        columns: &[(String, ValueType)],
        keys: &[Key],
        dialect: Dialect,
    ) -> Result<String> {
        let (of, value_type) = &columns[self.of];
        let (name, of) = (dialect.ident(&self.name), dialect.ident(of));
        match (&self.function, value_type) {
            (Function::RunningSum { within, by }, ValueType::Of(column_type)) => {
                let order = by.iter().cloned().chain(ascending(keys.iter().map(|key| key.name.as_str())));
                let order = orders(&order.collect::<Vec<_>>(), dialect);
                let within = idents(within.iter().map(String::as_str), dialect);
                let partition = if within.is_empty() { within } else { format!("PARTITION BY {within} ") };
                let order = if order.is_empty() { order } else { format!("ORDER BY {order} ") };
                let over = format!(" OVER ({partition}{order}ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)");
                Ok(format!("SELECT *, {} AS {name}\nFROM {step}", sum(&of, *column_type, &over, dialect)))
            }
            (Function::Previous { time, offset }, _) => {
                let (key, key_type) = &columns[*time];
                let (Some((every, zone)), ValueType::Of(ColumnType::Time { unit })) = (keys[*time].every(), *key_type) else {
                    return Err(unsupported("a previous row without time buckets", dialect));
                };
                let (width, per_step) = match every {
                    Every::Seconds(n) => (n, unit.per_second()),
                    Every::Days(n) | Every::Months(n) => (n, 1),
                };
                let back = width.checked_mul(*offset).filter(|back| *back < FARTHEST);
                let back = i128::from(back.ok_or_else(|| unsupported("so large an offset", dialect))?) * i128::from(per_step);
                let at = |table: &str| format!("{table}.{}", dialect.ident(key));
                let place = |table: &str| place(&at(table), every, zone, unit, dialect);
                let mut on = vec![format!("{} = {} - {back}", place("earlier")?, place("later")?)];
                // What stands for null may start no bucket.
                if keys[*time].has_stand_in() && !matches!(every, Every::Seconds(_)) {
                    for table in ["earlier", "later"] {
                        on.push(format!("{} = {}", at(table), bucket(&at(table), every, zone, unit, dialect)?));
                    }
                }
                let others = keys.iter().enumerate().filter(|(other, _)| other != time);
                on.extend(others.map(|(_, key)| {
                    let ident = dialect.ident(&key.name);
                    is_same(&format!("earlier.{ident}"), &format!("later.{ident}"), dialect)
                }));
                let shown = |(name, _): &(String, ValueType)| format!("later.{0} AS {0}", dialect.ident(name));
                let shown = columns.iter().map(shown).collect::<Vec<_>>().join(", ");
                let join = format!("FROM {step} AS later\nLEFT JOIN grouped AS earlier ON {}", on.join(" AND "));
                Ok(format!("SELECT {shown}, earlier.{of} AS {name}\n{join}"))
            }
            (Function::RunningSum { .. }, ValueType::Float) => Err(unsupported("a running sum of floats", dialect)),
        }
    }

    /// Whether it looks for another row, by a join.
    pub(in crate::analysis) fn joins(&self) -> bool {
        matches!(self.function, Function::Previous { .. })
    }

    /// The columns that say which rows it adds up in what order.
    pub(in crate::analysis) fn ordered_by(&self) -> Vec<&str> {
        match &self.function {
            Function::RunningSum { within, by } => {
                within.iter().chain(by.iter().map(|by| &by.column)).map(String::as_str).collect()
            }
            Function::Previous { .. } => vec![],
        }
    }
}
