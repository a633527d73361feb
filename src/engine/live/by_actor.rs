//! Stand-in.

use arrow_array::RecordBatch;

use super::asker::{Asker, Part};
use crate::Result;
use crate::analysis::Zones;
use crate::event::Schema;
use crate::kernel::batch::Batch;
use crate::query::Query;

pub(super) struct ByActor {
    asker: Asker,
    parts: Vec<Part>,
}

impl ByActor {
    pub(super) fn new(query: &Query, schema: &Schema, zones: &Zones, _is_canonical: bool) -> Result<Self> {
        Ok(Self { asker: Asker::new(query.clone(), std::sync::Arc::new(zones.clone()), schema)?, parts: vec![] })
    }

    pub(super) fn take(&mut self, batch: Batch, place: i64) -> Result<()> {
        self.parts.push(Part::of(&batch, &self.asker.types, place)?);
        Ok(())
    }

    pub(super) fn forget(&mut self, before: i64) -> Result<()> {
        self.parts.retain(|part| part.places.values().first().is_some_and(|&place| place >= before));
        Ok(())
    }

    pub(super) fn answer(&mut self) -> Result<RecordBatch> {
        self.asker.answer(&self.parts.iter().collect::<Vec<_>>())
    }
}
