//! One file per question: what is asked, and the fold that answers it.

#[cfg(feature = "events")]
pub mod abandonment;
#[cfg(feature = "events")]
mod actors;
pub mod aggregate;
#[cfg(feature = "events")]
pub mod attribution;
#[cfg(feature = "events")]
pub mod baskets;
#[cfg(feature = "events")]
pub mod conversion;
mod derived;
pub mod describe;
#[cfg(feature = "events")]
pub mod experiment;
pub mod filter;
#[cfg(feature = "events")]
pub mod funnel;
mod grown;
#[cfg(feature = "events")]
pub mod intervals;
mod key;
#[cfg(feature = "events")]
mod list;
mod literal;
#[cfg(feature = "events")]
mod marks;
mod measure;
#[cfg(feature = "events")]
mod named;
#[cfg(feature = "events")]
pub mod pareto;
#[cfg(feature = "events")]
pub mod paths;
mod rank;
#[cfg(feature = "events")]
pub mod retention;
#[cfg(feature = "events")]
pub mod rfm;
pub mod rows;
#[cfg(feature = "events")]
pub mod sequence;
#[cfg(feature = "events")]
pub mod sessions;
#[cfg(feature = "events")]
mod sql;
mod table;

use std::collections::BTreeMap;
use std::fmt::Debug;

#[cfg(feature = "events")]
use crate::ErrorKind;
pub use crate::error::spec;
use crate::event::{Role, Schema};
use crate::fold::Fold;
use crate::kernel::bucket::Zone;
#[cfg(feature = "events")]
use crate::sql::Dialect;
use crate::{Error, Result};

/// Time zones by their IANA names, as the door could find them.
pub type Zones = BTreeMap<String, Zone>;

/// What every kind of question tells of itself; [`crate::Query`] says what each means.
pub(crate) trait Question: Debug + Send + Sync {
    fn zones(&self) -> Vec<String> {
        vec![]
    }

    fn distinct_columns(&self) -> Vec<&str> {
        vec![]
    }

    fn profits_from_groups(&self, _column: &str) -> bool {
        false
    }

    fn is_of_actors(&self) -> bool {
        false
    }

    /// The columns (actor, time) of a question that is of actors.
    fn actors(&self, _schema: &Schema) -> Result<(usize, usize)> {
        Err(Error::bad_state("the question is not of actors"))
    }

    fn may_go_by(&self, _role: Role) -> bool {
        true
    }

    fn reads_all(&self) -> bool {
        false
    }

    fn wants_row_numbers(&self) -> bool {
        false
    }

    fn fold(&self, schema: &Schema, zones: &Zones) -> Result<Box<dyn Fold>>;

    #[cfg(feature = "events")]
    fn sql(&self, _schema: &Schema, dialect: Dialect) -> Result<String> {
        Err(Error::new(ErrorKind::Unsupported, format!("this question cannot be said in the SQL of {}", dialect.name())))
    }
}
