//! A data set and its recipe: applied after loading, and to rows that are appended.

use arrow_array::Array;

use super::{Dataset, LoadOptions, Report};
use crate::analysis::filter::{Filter, columns_of};
use crate::clean::{self, Cleaned, Condition, KEPT_QUARANTINED, Step, Table, Zones};
use crate::event::{ColumnType, Schema};
use crate::kernel::batch::{Batch, BatchColumn};
use crate::kernel::column;
use crate::kernel::form::{Form, Forms};
use crate::kernel::values::{Rows, Values};
use crate::store::Store;
use crate::{Error, ErrorKind, Result};

/// A recipe that was applied, and what it was applied to.
#[derive(Clone, Debug)]
pub(super) struct Cleaning {
    steps: Vec<Step>,
    names: Vec<String>,
    types: Vec<ColumnType>,
    /// How times are written in them.
    forms: Vec<Form>,
}

impl Condition for Filter {
    fn select(&mut self, n_rows: usize, values: &dyn Fn(usize) -> Result<Values>) -> Result<Rows> {
        Filter::select(self, n_rows, values)
    }
}

fn read_conditions(conditions: &[serde_json::Value], schema: &Schema) -> Result<Box<dyn Condition>> {
    Ok(Box::new(Filter::parse(conditions, &columns_of(schema))?))
}

impl Dataset {
    /// Applies a recipe to all rows, behind the steps that were applied before. `zones` holds the time zones that it names.
    /// Roles are told or guessed anew.
    ///
    /// # Errors
    ///
    /// Those of [`clean::apply`], and `UNSUPPORTED` where not all rows are here; then nothing has changed.
    pub fn clean(&mut self, steps: &[Step], zones: &Zones) -> Result<()> {
        if self.is_shard || self.answers.is_some() {
            let sentence = "a recipe is applied where one data set holds all rows; load them with one worker";
            return Err(Error::new(ErrorKind::Unsupported, sentence));
        }
        let mut all_zones = self.options.zones.clone();
        all_zones.extend(zones.iter().map(|(name, zone)| (name.clone(), zone.clone())));
        let (names, types_read, forms) = self.columns_to_read();
        let types = self.store.types().collect();
        let before = Cleaning { steps: vec![], names: names.clone(), types: types_read, forms };
        let mut cleaning = self.cleaning.clone().unwrap_or(before);
        cleaning.steps.extend(steps.iter().cloned());
        let table = Table::new(names, types, self.store.batches()?)?;
        let Cleaned { table, steps, mut quarantined } = clean::apply(table, steps, read_conditions, &all_zones)?;
        let (names, types) = (table.names().to_vec(), table.types().to_vec());
        let schema = self.options.schema_of(&names, types.iter().copied(), &cleaning.names)?;
        self.store = Store::of_batches(&types, table.into_batches())?;
        self.schema = schema;
        self.exchanged = None;
        self.styles.clear();
        self.options.zones = all_zones;
        self.cleaning = Some(cleaning);
        let n_before = self.report.steps.len() as u64;
        quarantined.iter_mut().for_each(|row| row.step += n_before);
        self.report.count(&steps);
        self.report.steps.extend(steps);
        let room = KEPT_QUARANTINED.saturating_sub(self.report.quarantined.len());
        self.report.quarantined.extend(quarantined.into_iter().take(room));
        Ok(())
    }

    /// The rows of all data sets as one, each with the name of its source, cleaned by the options' recipe. The sources are
    /// loaded with [`LoadOptions::of_one_source`].
    ///
    /// # Errors
    ///
    /// Those of [`unite`](Dataset::unite) and of the recipe.
    pub fn unite_and_clean(sources: Vec<(String, Self)>, options: LoadOptions) -> Result<Self> {
        let mut all = Self::unite(sources)?;
        all.options = options;
        if all.options.cleans() {
            return all.cleaned();
        }
        all.guess_roles()?;
        Ok(all)
    }

    /// The data set, cleaned by its options' recipe.
    pub(super) fn cleaned(mut self) -> Result<Self> {
        if let Some(steps) = self.options.clean.clone().filter(|steps| !steps.is_empty()) {
            self.clean(&steps, &Zones::new())?;
        }
        Ok(self)
    }

    /// The names of the columns that rows to append have, their types, and how times are written in them.
    pub(super) fn source_columns(&self) -> Result<(Vec<String>, Vec<ColumnType>, Vec<Form>)> {
        let Some(Cleaning { steps, names, types, forms }) = &self.cleaning else { return Ok(self.columns_to_read()) };
        if let Some(step) = steps.iter().find(|step| step.needs_all_rows()) {
            let sentence = format!(
                "the recipe's step {} looks at all rows together, so none can be appended; load the rows anew together with the new ones",
                step.name()
            );
            return Err(Error::new(ErrorKind::Unsupported, sentence));
        }
        Ok((names.clone(), types.clone(), forms.clone()))
    }

    /// The names of the columns that were there before a recipe; none where there was no recipe.
    pub(super) fn source_names(&self) -> &[String] {
        self.cleaning.as_ref().map_or(&[], |cleaning| &cleaning.names)
    }

    /// Rows to append, cleaned, in the order of the columns that are here, and behind those further ones; with all names and
    /// what became of the rows.
    pub(super) fn cleaned_batches(
        &mut self,
        batches: Vec<Batch>,
        names: &[String],
        mut report: Report,
    ) -> Result<(Vec<Batch>, Vec<String>, Report)> {
        let Some(cleaning) = &mut self.cleaning else { return Ok((batches, names.to_vec(), report)) };
        let mut known = cleaning.types.clone();
        known.resize(names.len(), ColumnType::Null);
        // Steps see the type that is told of a column; how it is read waits for a value.
        let told = self.options.decoding()?.types_of(names);
        let types = known.iter().zip(told).map(|(&known, told)| if known == ColumnType::Null { told } else { known }).collect();
        let has_value = |at: usize| {
            batches.iter().filter_map(|batch| batch.columns.get(at)).any(|column| column.array.null_count() < column.array.len())
        };
        let waits: Vec<bool> = known.iter().enumerate().map(|(at, known)| *known == ColumnType::Null && !has_value(at)).collect();
        let mut forms = cleaning.forms.clone();
        forms.resize(names.len(), Form::default());
        batches.iter().for_each(|batch| batch.note_forms(&mut forms));
        // Batches that came before the last column did do not have it.
        let whole = batches.into_iter().map(|batch| with_columns(batch, names.len())).collect::<Result<_>>()?;
        let table = Table::new(names.to_vec(), types, whole)?;
        let types_read =
            table.types().iter().zip(waits).map(|(&read, waits)| if waits { ColumnType::Null } else { read }).collect();
        let source = (table.names().to_vec(), types_read);
        let Cleaned { table, steps, quarantined } = clean::apply(table, &cleaning.steps, read_conditions, &self.options.zones)?;
        (cleaning.names, cleaning.types, cleaning.forms) = (source.0, source.1, forms);
        report.count(&steps);
        report.steps = steps;
        report.quarantined = quarantined;
        let own = self.schema.columns().iter().map(|column| &column.name);
        let is_own = |name: &&String| self.schema.columns().iter().any(|column| column.name == **name);
        let new = table.names().iter().filter(|name| !is_own(name));
        let names: Vec<String> = own.chain(new).cloned().collect();
        let at: Vec<Option<usize>> = names.iter().map(|name| table.names().iter().position(|known| known == name)).collect();
        let arranged = table.into_batches().into_iter().map(|batch| arranged(&batch, &at)).collect::<Result<_>>()?;
        Ok((arranged, names, report))
    }
}

fn with_columns(mut batch: Batch, n_columns: usize) -> Result<Batch> {
    while batch.columns.len() < n_columns {
        batch.columns.push(missing(batch.n_rows)?);
    }
    Ok(batch)
}

fn arranged(batch: &Batch, at: &[Option<usize>]) -> Result<Batch> {
    let column = |at: &Option<usize>| at.map_or_else(|| missing(batch.n_rows), |at| Ok(batch.columns[at].clone()));
    Ok(Batch { columns: at.iter().map(column).collect::<Result<_>>()?, n_rows: batch.n_rows })
}

fn missing(n_rows: usize) -> Result<BatchColumn> {
    let column_type = ColumnType::Null;
    Ok(BatchColumn { array: column::nulls(column_type, n_rows)?, forms: Forms::Plain, column_type })
}

impl LoadOptions {
    /// The same for one of several sources, which are cleaned when they are together.
    pub fn of_one_source(&self) -> Self {
        let mut options = Self { clean: None, ..self.clone() };
        if self.cleans() {
            options.schema.retain(|_, told| told.column_type.is_some());
            options.schema.values_mut().for_each(|told| told.role = None);
        }
        options
    }
}

impl Report {
    /// Counts the rows that steps took out.
    fn count(&mut self, steps: &[clean::StepReport]) {
        for step in steps {
            self.filtered += step.filtered;
            self.duplicate += step.duplicate;
            self.rejected += step.rejected;
            self.used = self.used.saturating_sub(step.filtered + step.duplicate + step.rejected);
        }
    }
}
