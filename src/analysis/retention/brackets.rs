//! Periods that are counted together.

use serde_json::Value;

use super::Spec;
use crate::{Error, Result};

/// The last period that can be asked for.
const LAST_PERIOD: u64 = 10_000;

/// Brackets of periods, ascending, without overlaps.
#[derive(Clone, Debug)]
pub(super) struct Brackets {
    /// The first and the last period of each.
    bounds: Vec<(i64, i64)>,
    /// Whether they were named one by one; else each is one period, from 0 on.
    pub(super) are_custom: bool,
}

impl Brackets {
    /// Reads `periods` or `brackets`.
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let (periods, list) = (spec.count("periods")?, spec.list("brackets")?);
        if list.is_empty() {
            let last = at_most(periods.unwrap_or(7), "periods")?;
            return Ok(Self { bounds: (0..=last).map(|period| (period, period)).collect(), are_custom: false });
        }
        if periods.is_some() {
            return Err(Error::bad_query("\"periods\" and \"brackets\" exclude each other").at_column("brackets"));
        }
        let bounds = list.iter().map(bracket).collect::<Result<Vec<_>>>()?;
        if let Some(pair) = bounds.windows(2).find(|pair| pair[1].0 <= pair[0].1) {
            let ((a, b), (c, d)) = (pair[0], pair[1]);
            let sentence = format!("\"brackets\" must ascend and not overlap, found [{a}, {b}] before [{c}, {d}]");
            return Err(Error::bad_query(sentence).at_column("brackets"));
        }
        Ok(Self { bounds, are_custom: true })
    }

    pub(super) fn len(&self) -> usize {
        self.bounds.len()
    }

    /// The last period of all.
    pub(super) fn last(&self) -> i64 {
        self.bounds.last().map_or(0, |bracket| bracket.1)
    }

    /// The first and the last period of each.
    pub(super) fn bounds(&self) -> &[(i64, i64)] {
        &self.bounds
    }

    /// The first bracket that ends with a period or behind it, and whether it holds the period.
    pub(super) fn find(&self, period: i64) -> Option<(usize, bool)> {
        let at = match self.are_custom {
            true => self.bounds.partition_point(|bracket| bracket.1 < period),
            false => period as usize,
        };
        self.bounds.get(at).map(|bracket| (at, bracket.0 <= period))
    }
}

fn bracket(value: &Value) -> Result<(i64, i64)> {
    let whole =
        |value: &Value| value.as_u64().or_else(|| value.as_f64().filter(|v| v.fract() == 0.0 && *v >= 0.0).map(|v| v as u64));
    let bounds = value.as_array().map(|list| list.iter().map(whole).collect::<Option<Vec<_>>>());
    let Some(Some([first, last])) =
        bounds.as_ref().map(|bounds| bounds.as_ref().and_then(|b| <&[u64; 2]>::try_from(&b[..]).ok()))
    else {
        let sentence = format!("each of \"brackets\" must be its first and its last period, such as [1, 3], found {value}");
        return Err(Error::bad_query(sentence).at_column("brackets"));
    };
    let (first, last) = (*first, at_most(*last, "brackets")?);
    match i64::try_from(first) {
        Ok(first) if first <= last => Ok((first, last)),
        _ => Err(Error::bad_query(format!("a bracket ends before it begins: {value}")).at_column("brackets")),
    }
}

fn at_most(period: u64, key: &str) -> Result<i64> {
    match period {
        0..=LAST_PERIOD => Ok(period as i64),
        _ => Err(Error::bad_query(format!("{key:?} may be {LAST_PERIOD} at most, found {period}")).at_column(key)),
    }
}
