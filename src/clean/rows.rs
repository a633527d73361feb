//! Steps that take rows out.

use serde_json::Value;

use super::{Action, Work};
use crate::Result;
use crate::error::spec::Spec;

/// `filter`: keeps the rows at which all conditions hold; where one is unknown, as with null, it does not.
#[derive(Debug)]
pub(super) struct Filter {
    conditions: Vec<Value>,
}

impl Filter {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        spec.need("where")?;
        Ok(Self { conditions: spec.list("where")?.to_vec() })
    }
}

impl Action for Filter {
    fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        let rows = work.passing(&self.conditions)?;
        work.report.filtered = work.table.keep(&rows)?;
        Ok(())
    }
}
