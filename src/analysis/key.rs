//! Group keys: columns, time buckets, and what stands for null.

#[cfg(feature = "events")]
mod sql;

use std::sync::Arc;

use serde_json::Value;

use super::spec::Spec;
use super::{Zones, literal};
use crate::event::{ColumnType, Schema, TimeUnit};
use crate::kernel::bucket::{Bucketer, Every};
use crate::kernel::ids::{Ids, NULL};
use crate::kernel::uuid::parse_uuid;
use crate::kernel::values::{Data, Texts, ValueType, Values};
use crate::{Error, Result};

#[derive(Clone, Debug)]
/// A group key as it was asked for.
pub(super) struct Key {
    column: String,
    pub(super) name: String,
    every: Option<Every>,
    pub(super) zone: Option<String>,
    null_as: Option<Value>,
}

impl Key {
    pub(super) fn parse(value: &Value) -> Result<Self> {
        if let Some(column) = value.as_str() {
            return Ok(Self { column: column.to_owned(), name: column.to_owned(), every: None, zone: None, null_as: None });
        }
        let mut spec = Spec::new("a group key", value)?;
        let column =
            spec.need("column")?.as_str().ok_or_else(|| Error::bad_query("\"column\" in a group key must be a string"))?;
        let key = Self {
            column: column.to_owned(),
            name: spec.text("as")?.unwrap_or(column).to_owned(),
            every: spec.text("every")?.map(Every::parse).transpose()?,
            zone: spec.text("timezone")?.filter(|zone| *zone != "UTC").map(str::to_owned),
            null_as: spec.get("null_as").cloned(),
        };
        spec.finish()?;
        Ok(key)
    }

    /// The column whose integers it groups by as they are.
    pub(super) fn plain_column(&self) -> Option<&str> {
        self.every.is_none().then_some(self.column.as_str())
    }

    /// The buckets of a time column.
    #[cfg(feature = "events")]
    pub(super) fn buckets(column: &str, every: Every, zone: Option<&str>) -> Self {
        let zone = zone.filter(|zone| *zone != "UTC").map(str::to_owned);
        Self { column: column.to_owned(), name: column.to_owned(), every: Some(every), zone, null_as: None }
    }

    /// Whether it groups by time buckets.
    pub(super) fn is_bucket(&self) -> bool {
        self.every.is_some()
    }

    pub(super) fn plan(&self, schema: &Schema, zones: &Zones) -> Result<KeyPlan> {
        let at = schema.index_of(&self.column)?;
        let column_type = schema.columns()[at].column_type;
        let bucketer = match (self.every, column_type) {
            (None, _) if self.zone.is_some() => {
                return Err(Error::bad_query(format!("group key {:?} has a \"timezone\" but no \"every\"", self.name))
                    .at_column(&self.column));
            }
            (None, _) => None,
            (Some(every), ColumnType::Time { unit }) => Some(self.bucketer(every, unit, zones)?),
            (Some(_), other) => {
                let sentence = format!("\"every\" needs a time column; {:?} is of type {}", self.column, other.name());
                return Err(Error::bad_query(sentence).at_column(&self.column));
            }
        };
        let null_as = self.null_as.as_ref().map(|literal| null_value(literal, &self.column, column_type)).transpose()?;
        // What stands for a null among UUIDs may be any text: then all are.
        let is_text = null_as.as_ref().is_some_and(|values| matches!(values.data, Data::Codes(..)));
        Ok(KeyPlan {
            at,
            value_type: ValueType::Of(if is_text { ColumnType::Text } else { column_type }),
            bucketer,
            null_as,
            ids: None,
            has_null: false,
            numbers_all: false,
        })
    }

    fn bucketer(&self, every: Every, unit: TimeUnit, zones: &Zones) -> Result<Bucketer> {
        let zone = match &self.zone {
            None => None,
            Some(name) => Some(zones.get(name).cloned().ok_or_else(|| {
                Error::bad_query(format!("unknown time zone {name:?}; write an IANA name such as \"Asia/Shanghai\""))
                    .at_column("timezone")
            })?),
        };
        Ok(Bucketer::new(every, zone, unit))
    }
}

/// A group key on data of one schema: it numbers the values that occur.
pub(super) struct KeyPlan {
    pub(super) at: usize,
    pub(super) value_type: ValueType,
    pub(super) bucketer: Option<Bucketer>,
    null_as: Option<Values>,
    pub(super) ids: Option<Ids>,
    /// Whether null occurred as a key.
    pub(super) has_null: bool,
    /// Whether there are numbers of values that may not occur.
    pub(super) numbers_all: bool,
}

impl KeyPlan {
    /// The number of each row's key.
    pub(super) fn numbers(&mut self, values: &Values) -> Result<Vec<u32>> {
        let is_written = self.value_type == ValueType::Of(ColumnType::Text) && matches!(values.data, Data::Wide(_));
        let values = if is_written { &values.to_codes()? } else { values };
        let ids = self.ids.get_or_insert_with(|| Ids::like(values));
        self.numbers_all |= ids.are_ranked();
        let mut numbers = match (&mut self.bucketer, &values.data) {
            (Some(bucketer), Data::Ints(instants)) => bucket_numbers(bucketer, instants, values.valid.as_deref(), ids)?,
            _ => ids.of(values)?,
        };
        if let Some(literal) = &self.null_as
            && values.valid.is_some()
        {
            let stands_for_null = ids.of(literal)?[0];
            numbers.iter_mut().filter(|n| **n == NULL).for_each(|n| *n = stands_for_null);
        }
        self.has_null |= values.valid.is_some() && numbers.contains(&NULL);
        Ok(numbers)
    }

    /// The number of each key of another fold's state. It is a bucket's start already, or stands for null: in a zone whose
    /// clocks change within a bucket, the start may lie in another.
    pub(super) fn numbers_of_state(&mut self, values: &Values) -> Result<Vec<u32>> {
        let ids = self.ids.get_or_insert_with(|| Ids::like(values));
        self.numbers_all |= ids.are_ranked();
        let numbers = ids.of(values)?;
        self.has_null |= values.valid.is_some() && numbers.contains(&NULL);
        Ok(numbers)
    }

    /// The start of the bucket that is so many steps before the one that starts at `start`.
    pub(super) fn earlier(&self, start: i64, steps: i64) -> Option<i64> {
        self.bucketer.as_ref()?.earlier(start, steps)
    }

    pub(super) fn n_numbers(&self) -> usize {
        self.ids.as_ref().map_or(1, Ids::len)
    }

    /// The values of some numbers, integers as places in a list where they came so.
    pub(super) fn values(&self, numbers: &[u32]) -> Values {
        match &self.ids {
            Some(ids) => ids.ranked_values(numbers),
            None => Values { data: Data::Ints(vec![]), valid: None },
        }
    }
}

/// The number of each instant's bucket.
fn bucket_numbers(bucketer: &mut Bucketer, instants: &[i64], valid: Option<&[bool]>, ids: &mut Ids) -> Result<Vec<u32>> {
    let Some(mut numbers) = bucketer.numbers(instants, valid, |start| Ok(ids.of(&Values::ints(vec![start]))?[0]))? else {
        let starts = instants.iter().map(|&instant| bucketer.start(instant)).collect();
        return ids.of(&Values { data: Data::Ints(starts), valid: valid.map(<[bool]>::to_vec) });
    };
    numbers.iter_mut().zip(valid.unwrap_or_default()).filter(|(_, valid)| !**valid).for_each(|(number, _)| *number = NULL);
    Ok(numbers)
}

/// The one value that stands for null.
fn null_value(literal: &Value, column: &str, column_type: ColumnType) -> Result<Values> {
    let data = match column_type {
        ColumnType::Text | ColumnType::Null | ColumnType::Uuid => {
            let text = literal::text(literal, column)?;
            let uuid = parse_uuid(text.as_bytes()).filter(|_| column_type == ColumnType::Uuid);
            uuid.map_or_else(
                || Data::Codes(vec![0], Texts(Arc::new(arrow_array::StringArray::from_iter_values([text])))),
                |uuid| Data::Wide(vec![uuid]),
            )
        }
        _ => {
            let point = literal::Point::parse(literal, column, column_type)?;
            if point.floor != point.ceil {
                return Err(Error::bad_query(format!("column {column:?} cannot hold \"null_as\" {literal}")).at_column(column));
            }
            match i64::try_from(point.floor) {
                Ok(int) => Data::Ints(vec![int]),
                Err(_) => Data::Wide(vec![point.floor]),
            }
        }
    };
    Ok(Values { data, valid: None })
}
