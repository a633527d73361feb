//! What becomes of the rows of a source while it is read.

use super::{Answers, Dataset, LoadOptions, Report};
use crate::event::Schema;
use crate::kernel::batch::Batch;
use crate::store::Store;
use crate::{Error, Result};

/// What is kept of the rows that are read: all of them, or what they say of some questions.
#[derive(Debug)]
pub(super) enum Kept {
    Rows(Store),
    Answers(Box<Answers>),
}

impl Kept {
    pub(super) fn new(answers: Option<Answers>) -> Self {
        answers.map_or_else(|| Self::Rows(Store::default()), |answers| Self::Answers(Box::new(answers)))
    }

    pub(super) fn take(&mut self, batches: Vec<Batch>, names: &[String]) -> Result<()> {
        batches.into_iter().try_for_each(|batch| match self {
            Self::Rows(store) => store.append(batch),
            Self::Answers(answers) => answers.take(&batch, names),
        })
    }

    /// That no column outgrew the type by which answers read it.
    pub(super) fn check_types(&self) -> Result<()> {
        let Self::Answers(answers) = self else { return Ok(()) };
        answers.outgrown().map_or(Ok(()), |name| {
            let sentence = format!(
                "column {name:?} holds wider values than its first rows told, and what was read is not kept; load the rows as a \
                 file, which can be read again, or tell the column's type with \"schema\""
            );
            Err(Error::bad_input(sentence).at_column(name))
        })
    }

    /// A data set of all rows of a source, cleaned by the options' recipe.
    pub(super) fn into_dataset(self, names: &[String], report: Report, options: LoadOptions) -> Result<Dataset> {
        let (store, answers) = match self {
            Self::Rows(mut store) => {
                store.seal()?;
                store.widen(&options.told_types(names, store.types()))?;
                (store, None)
            }
            Self::Answers(mut answers) => {
                let types = answers.types().to_vec();
                answers.settle(names, &types)?;
                (Store::of_types(&types)?, Some(answers))
            }
        };
        let schema = Schema::of(names, store.types());
        let mut dataset = Dataset {
            schema,
            store,
            answers,
            report,
            options,
            #[cfg(feature = "formats")]
            cleaning: None,
            is_shard: false,
            has_whole_actors: true,
            exchanged: None,
            styles: vec![],
            #[cfg(feature = "live")]
            live: None,
        };
        dataset.decide()?;
        #[cfg(feature = "live")]
        {
            dataset = dataset.cleaned()?;
            dataset.begin_live()?;
            Ok(dataset)
        }
        #[cfg(not(feature = "live"))]
        dataset.cleaned()
    }
}
