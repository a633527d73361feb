//! A recipe's steps as JSON.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::bots::Bots;
use super::cast::{Cast, Reread};
use super::derive::Derive;
use super::duplicates::DropDuplicates;
use super::impute::Impute;
use super::quarantine::Quarantine;
use super::rows::Filter;
use super::shape::{Rename, Select};
use super::texts::{Case, Replace, Trim};
use super::{Action, Work};
use crate::error::spec::{Spec, unknown};
use crate::{Error, Result};

/// One step of a recipe: an object whose `step` says which.
///
/// ```
/// use clickfold::clean::Step;
/// let recipe: Vec<Step> = serde_json::from_str(
///     r#"[{"step": "trim"}, {"step": "replace", "column": "behavior", "values": {"1": "pv", "2": "fav"}},
///         {"step": "filter", "where": [{"column": "price", "gte": 0}]}]"#,
/// )?;
/// assert_eq!(recipe[1].name(), "replace");
/// let error = serde_json::from_str::<Step>(r#"{"step": "filtre", "where": []}"#).unwrap_err();
/// assert!(error.to_string().contains("did you mean \"filter\"?"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Step {
    value: Value,
    name: &'static str,
    action: Arc<dyn Action>,
}

type Read = fn(&mut Spec<'_>) -> Result<Arc<dyn Action>>;

const STEPS: &[(&str, Read)] = &[
    ("trim", |spec| Ok(Arc::new(Trim::parse(spec)?))),
    ("case", |spec| Ok(Arc::new(Case::parse(spec)?))),
    ("replace", |spec| Ok(Arc::new(Replace::parse(spec)?))),
    ("filter", |spec| Ok(Arc::new(Filter::parse(spec)?))),
    ("select", |spec| Ok(Arc::new(Select::parse(spec)?))),
    ("cast", |spec| Ok(Arc::new(Cast::parse(spec)?))),
    ("parse", |spec| Ok(Arc::new(Reread::parse(spec)?))),
    ("drop_duplicates", |spec| Ok(Arc::new(DropDuplicates::parse(spec)?))),
    ("impute", |spec| Ok(Arc::new(Impute::parse(spec)?))),
    ("quarantine", |spec| Ok(Arc::new(Quarantine::parse(spec)?))),
    ("bots", |spec| Ok(Arc::new(Bots::parse(spec)?))),
    ("derive", |spec| Ok(Arc::new(Derive::parse(spec)?))),
    ("rename", |spec| Ok(Arc::new(Rename::parse(spec)?))),
];

impl Step {
    /// Reads a step.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for a step or key that is not known, naming the nearest that is, and for a value that cannot be meant.
    pub fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("a step of the recipe", value)?;
        let names: Vec<&str> = STEPS.iter().map(|&(name, _)| name).collect();
        let Some(name) = spec.text("step")? else {
            return Err(Error::bad_query(format!("a step is an object with a \"step\": one of {}", names.join(", "))));
        };
        let Some(&(name, read)) = STEPS.iter().find(|(known, _)| *known == name) else {
            return Err(unknown(&format!("step {name:?}"), name, &names));
        };
        let mut spec = Spec::new(format!("the step {name:?}"), value)?;
        spec.text("step")?;
        let action = read(&mut spec)?;
        spec.finish()?;
        Ok(Self { value: value.clone(), name, action })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it looks at several rows together.
    pub fn needs_all_rows(&self) -> bool {
        self.action.needs_all_rows()
    }

    /// The IANA names of the time zones that it needs.
    pub fn zones(&self) -> Vec<String> {
        self.action.zones()
    }

    pub(super) fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        self.action.apply(work)
    }
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The columns that a step names, one at least.
pub(super) fn columns(spec: &mut Spec<'_>) -> Result<Vec<String>> {
    let columns = spec.texts("columns")?;
    if columns.is_empty() {
        return Err(Error::bad_query("\"columns\" must name a column at least").at_column("columns"));
    }
    Ok(columns)
}

/// The text of a key that must be there.
pub(super) fn need_text(spec: &mut Spec<'_>, key: &'static str) -> Result<String> {
    spec.need(key)?;
    Ok(spec.text(key)?.unwrap_or_default().to_owned())
}

/// The text that a JSON value stands for in a column of text; none for null.
pub(super) fn text_of(value: &Value) -> Result<Option<String>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(value) => Ok(Some(value.to_string())),
        other => Err(Error::bad_query(format!("a value must be a text, a number or null, found {other}"))),
    }
}
