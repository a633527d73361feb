//! How an experiment's variants are compared: what was asked for, and the columns that tell it.

use serde_json::Value;

use super::arms::{Arm, two_sided, two_sided_t};
use crate::analysis::spec::Spec;
use crate::analysis::table::{TableColumn, floats};
use crate::event::ColumnType;
use crate::kernel::number::pow10;
use crate::kernel::statistics::wilson;
use crate::kernel::values::{ValueType, Values, digits};
use crate::{Error, Result};

const CONFIDENCE: f64 = 0.95;
/// A difference of one percentage point, as shops' experiments look for.
const TAU: f64 = 0.01;

/// How variants are compared.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    pub(super) control: Option<Value>,
    pub(super) expected: Vec<(String, f64)>,
    confidence: f64,
    tau: f64,
}

impl Comparison {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let mut number = |key: &'static str, usual: f64, most: f64| match spec.get(key) {
            None => Ok(usual),
            Some(value) => value.as_f64().filter(|number| *number > 0.0 && *number < most).ok_or_else(|| {
                Error::bad_query(format!("{key:?} must be a number between 0 and {most}, found {value}")).at_column(key)
            }),
        };
        let (confidence, tau) = (number("confidence", CONFIDENCE, 1.0)?, number("tau", TAU, f64::MAX)?);
        let expected = match spec.get("expected") {
            None => vec![],
            Some(Value::Object(shares)) => shares.iter().map(share).collect::<Result<_>>()?,
            Some(other) => return Err(wrong_share(other)),
        };
        Ok(Self { control: spec.get("control").cloned(), expected, confidence, tau })
    }

    /// The columns of the variants' rows, of which the first may be the control.
    pub(super) fn columns(
        &self,
        variants: (ValueType, Values),
        value: Option<ColumnType>,
        arms: &[Arm],
        has_control: bool,
        srm_p: Option<f64>,
    ) -> Result<Vec<TableColumn>> {
        let int = ValueType::Of(ColumnType::Int);
        let ints = |of: &dyn Fn(&Arm) -> i64| (int, Values::ints(arms.iter().map(of).collect()));
        let float = |of: &dyn Fn(&Arm) -> Option<f64>| (ValueType::Float, floats(arms.iter().map(of)));
        let control = arms.first().filter(|_| has_control);
        let compared = |of: &dyn Fn(&Arm, &Arm) -> Option<f64>| {
            let compare = |(at, arm): (usize, &Arm)| control.filter(|_| at > 0).and_then(|control| of(arm, control));
            (ValueType::Float, floats(arms.iter().enumerate().map(compare)))
        };
        let interval = |arm: &Arm| wilson(arm.conversions, arm.actors, self.confidence);
        let mut columns = vec![
            ("variant", variants),
            ("actors", ints(&|arm| arm.actors)),
            ("conversions", ints(&|arm| arm.conversions)),
            ("rate", float(&Arm::rate)),
            ("low", float(&|arm| interval(arm).map(|ends| ends.0))),
            ("high", float(&|arm| interval(arm).map(|ends| ends.1))),
            ("lift", compared(&Arm::lift)),
            ("z", compared(&Arm::z)),
            ("p", compared(&|arm, control| arm.z(control).map(two_sided))),
            ("p_sequential", compared(&|arm, control| arm.p_sequential(control, self.tau))),
        ];
        if let Some(column_type) = value {
            let unit = pow10(digits(column_type)) as f64;
            let variances: Vec<Option<f64>> = arms.iter().map(|arm| arm.variance(unit)).collect::<Result<_>>()?;
            let welch = |(at, arm): (usize, &Arm)| match control.filter(|_| at > 0) {
                Some(control) => arm.welch(control, unit),
                None => Ok(None),
            };
            let welch: Vec<Option<(f64, f64)>> = arms.iter().enumerate().map(welch).collect::<Result<_>>()?;
            columns.extend([
                ("mean", float(&|arm| arm.mean(unit))),
                ("stddev", (ValueType::Float, floats(variances.iter().map(|variance| variance.map(f64::sqrt))))),
                ("t", (ValueType::Float, floats(welch.iter().map(|welch| welch.map(|(t, _)| t))))),
                ("p_value", (ValueType::Float, floats(welch.iter().map(|welch| welch.map(|(t, n)| two_sided_t(t, n)))))),
            ]);
        }
        columns.extend([("srm_p", float(&|_| srm_p)), ("mixed", ints(&|arm| arm.mixed))]);
        let column = |(name, (value_type, values))| TableColumn::exact(name, value_type, values);
        Ok(columns.into_iter().map(column).collect())
    }
}

fn share((variant, share): (&String, &Value)) -> Result<(String, f64)> {
    let number = share.as_f64().filter(|number| *number > 0.0 && number.is_finite());
    Ok((variant.clone(), number.ok_or_else(|| wrong_share(share))?))
}

fn wrong_share(found: &Value) -> Error {
    let sentence = format!("\"expected\" must be an object of variants and their shares, numbers above 0, found {found}");
    Error::bad_query(sentence).at_column("expected")
}
