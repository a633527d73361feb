//! A question on its way: answered step by step, so that whoever asked can think better of it, and merged over data sets.

use arrow_array::RecordBatch;
use serde_json::Value;

use super::Dataset;
use super::shard::{sealed, unsealed};
use crate::analysis::Zones;
use crate::event::{ColumnType, Role};
use crate::fold::Fold;
use crate::query::{Query, ROW};
#[cfg(feature = "live")]
use crate::store::Store;
use crate::{Error, ErrorKind, Result, frame};

/// Bytes for each row while rows are put in another order: the order, what it goes by, and a column of both orders.
const ARRANGING_BYTES: usize = 36;

/// A question that a [`Dataset`] has begun to answer. The data set must not change until it is answered.
pub struct Asked {
    fold: Box<dyn Fold>,
    names: Vec<String>,
    types: Vec<ColumnType>,
    row_numbers: Option<&'static str>,
    next: usize,
    /// The rows in an order of the question's own, where those of the data set must stay in theirs.
    #[cfg(feature = "live")]
    arranged: Option<Store>,
}

impl Dataset {
    /// Bytes that [`ask`](Dataset::ask) takes while it puts the rows in the order that the question needs or profits from.
    pub fn bytes_to_ask(&self, query: &Query) -> usize {
        match self.order_for(query) {
            Ok(Some((actor, time))) if !self.store.is_arranged(actor, time) => ARRANGING_BYTES * self.n_rows(),
            _ => 0,
        }
    }

    /// The columns (actor, time) that the rows are put in the order of before that question.
    fn order_for(&self, query: &Query) -> Result<Option<(usize, Option<usize>)>> {
        let role = self.schema.index_of_role(Role::Actor);
        let Some((actor, time)) = query.needs_actors(&self.schema)? else {
            let profits = |at: &usize| self.has_whole_actors && query.profits_from_groups(&self.schema.columns()[*at].name);
            return Ok(role.filter(profits).map(|actor| (actor, self.schema.index_of_role(Role::Time))));
        };
        if self.is_shard && role != Some(actor) {
            let name = &self.schema.columns()[actor].name;
            let sentence =
                format!("several data sets share the rows of each {name:?}; give that column the role actor and ask again");
            return Err(Error::new(ErrorKind::Unsupported, sentence).at_column(name));
        }
        if !self.has_whole_actors {
            return Err(Error::bad_state("several data sets share an actor's rows; exchange them first"));
        }
        Ok(Some((actor, Some(time))))
    }

    /// The answer to a question that was asked before the rows were read and not kept; none where they are kept.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` when it is none of those.
    pub fn ask_kept(&self, asked: &Value) -> Result<Option<Asked>> {
        self.answers.as_ref().map(|answers| answers.ask(asked)).transpose()
    }

    /// Begins to answer a question, as [`query`](Dataset::query) does from end to end.
    ///
    /// # Errors
    ///
    /// As [`Query::fold`] says. Where other data sets have rows of the same data: `UNSUPPORTED` for whole actors of another column
    /// than the one with the role, `BAD_STATE` for those before the exchange.
    pub fn ask(&mut self, query: &Query, zones: &Zones) -> Result<Asked> {
        let fold = query.fold(&self.schema, zones)?;
        self.store.seal()?;
        let order = self.order_for(query)?;
        #[cfg(feature = "live")]
        let mut arranged = order.filter(|_| self.drops_rows()).map(|_| self.store.clone());
        #[cfg(feature = "live")]
        let store = arranged.as_mut().unwrap_or(&mut self.store);
        #[cfg(not(feature = "live"))]
        let store = &mut self.store;
        for column in query.distinct_columns() {
            store.rank_integers(self.schema.index_of(column)?)?;
        }
        if let Some((actor, time)) = order {
            store.rank_integers(actor)?;
            store.arrange(actor, time)?;
        }
        let names = self.schema.columns().iter().map(|c| c.name.clone()).collect();
        let row_numbers = query.wants_row_numbers().then_some(ROW);
        Ok(Asked {
            fold,
            names,
            types: self.types(),
            row_numbers,
            next: 0,
            #[cfg(feature = "live")]
            arranged,
        })
    }

    /// Whether the oldest rows go, so that the others must stay in their order.
    #[cfg(feature = "live")]
    fn drops_rows(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.drops())
    }
}

impl Asked {
    /// What is answered already.
    pub(super) fn answered(fold: Box<dyn Fold>, types: Vec<ColumnType>) -> Self {
        Self {
            fold,
            names: vec![],
            types,
            row_numbers: None,
            next: 0,
            #[cfg(feature = "live")]
            arranged: None,
        }
    }

    /// Looks at the next rows of the data set; says whether there are more.
    ///
    /// # Errors
    ///
    /// As [`Fold::update`].
    pub fn step(&mut self, data: &Dataset) -> Result<bool> {
        #[cfg(feature = "live")]
        let store = self.arranged.as_ref().unwrap_or(&data.store);
        #[cfg(not(feature = "live"))]
        let store = &data.store;
        if self.next < store.n_batches() {
            let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            self.fold.update(&store.batch(self.next, &names, self.row_numbers)?)?;
            self.next += 1;
        }
        Ok(self.next < store.n_batches())
    }

    /// What was found out so far, for another data set's [`merge`](Asked::merge).
    ///
    /// # Errors
    ///
    /// As [`Fold::state`].
    pub fn state(&self) -> Result<Vec<u8>> {
        Ok(sealed(frame::pack(&self.fold.state()?)?, &self.types))
    }

    /// Takes in what another data set of the same columns has found out of the same question.
    ///
    /// # Errors
    ///
    /// As [`Fold::merge`]; `BAD_STATE` when the other's columns are of other types.
    pub fn merge(&mut self, state: &[u8]) -> Result<()> {
        self.fold.merge(&frame::unpack(unsealed(state, &self.types)?)?)
    }

    /// The answer, of all rows looked at and all states merged.
    ///
    /// # Errors
    ///
    /// As [`Fold::finish`].
    pub fn finish(&self) -> Result<RecordBatch> {
        self.fold.finish()
    }
}
