//! Each actor's path, as a list.

use crate::Result;
use crate::analysis::key::KeyPlan;
use crate::analysis::list::{Choice, List};
use crate::kernel::values::Values;

/// Each actor's path.
pub(super) struct Listed {
    pub(super) list: List,
    pub(super) choice: Choice,
    pub(super) actors: KeyPlan,
}

/// Rows of the list: the numbers of actors, depths, and numbers of values.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    actors: Vec<u32>,
    depths: Vec<i64>,
    values: Vec<u32>,
}

impl Nodes {
    pub(super) fn push(&mut self, actor: u32, path: &[u32]) {
        for (&value, depth) in path.iter().zip(0..) {
            self.actors.push(actor);
            self.depths.push(depth);
            self.values.push(value);
        }
    }

    pub(super) fn add_to(self, list: &mut List, actors: &KeyPlan, steps: &KeyPlan) -> Result<()> {
        if self.depths.is_empty() {
            return Ok(());
        }
        let mut columns = [actors.values(&self.actors), Values::ints(self.depths), steps.values(&self.values)];
        columns.iter_mut().for_each(Values::unrank);
        list.push(&columns)
    }
}

impl Listed {
    /// The list with the path of the actor whose rows come.
    pub(super) fn list_with(&self, actor: u32, path: &[u32], steps: &KeyPlan) -> Result<List> {
        let columns = self.list.table().columns.into_iter().map(|column| (column.name, column.value_type));
        let mut list = List::new(columns);
        list.merge(&self.list.state()?)?;
        let mut nodes = Nodes::default();
        nodes.push(actor, path);
        nodes.add_to(&mut list, &self.actors, steps)?;
        Ok(list)
    }
}
