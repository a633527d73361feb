//! Rows that come in behind the others.

use super::{Appended, Dataset, Report};
use crate::decode::{Decoder, Format};
use crate::event::ColumnType;
use crate::kernel::form::Form;
use crate::{Error, ErrorKind, Result};

impl Dataset {
    /// Takes rows in behind the others: text in that format, or in this data set's own. Cells stand in the order of its
    /// columns, and a first row that repeats the header is one; keys that it has no columns for become further ones. Types
    /// widen where the new rows ask for it. What became of them is told of these rows alone.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when no row can be read; then nothing has changed. `UNSUPPORTED` where only answers are kept, and after a
    /// recipe that looks at all rows together.
    pub fn append(&mut self, bytes: &[u8], format: Option<Format>) -> Result<Appended> {
        if self.answers.is_some() {
            return Err(Error::new(ErrorKind::Unsupported, "rows are appended where rows are kept; load without \"keep\""));
        }
        let (names, types, forms) = self.source_columns()?;
        let mut options = self.options.decoding()?;
        #[cfg(feature = "parquet")]
        let format = format.or_else(|| Format::told_by(bytes));
        options.format = format.or(Some(self.report.format));
        if let Some(separator) = self.report.separator {
            let first = crate::decode::csv::first_record(bytes, separator as u8, options.quote.unwrap_or(b'"'));
            options.separator = Some(separator as u8);
            options.header = Some(first == names);
        }
        if options.format == Some(Format::Log) {
            options.pattern = self.report.pattern.clone().or(options.pattern);
        }
        options.names = Some(names);
        // The first rows of all tell more than a header did.
        if self.report.read > 0 || !self.options.awaits_rows {
            options.start_from(&types, &forms);
        }
        let mut decoder = Decoder::new(options);
        decoder.push(bytes)?;
        decoder.finish()?;
        let shape = decoder.shape().cloned().unwrap_or_default();
        let report = Report {
            read: decoder.n_rows() + decoder.rejects().count,
            used: decoder.n_rows(),
            rejected: decoder.rejects().count,
            bytes: bytes.len() as u64,
            n_unclear: decoder.n_unclear(),
            rejects: decoder.rejects().clone(),
            ..Report::of(&shape, decoder.names(), &self.options)
        };
        let (batches, names, report) = self.cleaned_batches(decoder.take_batches(), decoder.names(), report)?;
        #[cfg(feature = "live")]
        if self.live.is_some() {
            return self.take_live(batches, &names, report);
        }
        for batch in batches {
            self.store.append(batch)?;
        }
        self.store.seal()?;
        self.add_columns(&names);
        self.take_types();
        let appended = Appended::of(&report);
        self.report.add(&report);
        self.tell();
        Ok(appended)
    }

    /// The names of the store's columns, their types, and how times are written in them.
    pub(super) fn store_columns(&self) -> (Vec<String>, Vec<ColumnType>, Vec<Form>) {
        let names: Vec<String> = self.schema.columns().iter().map(|c| c.name.clone()).collect();
        (names, self.store.types().collect(), self.forms())
    }

    /// As [`store_columns`](Dataset::store_columns), for the source's next rows: how a time of a told column is written is not
    /// known before one came.
    pub(super) fn columns_to_read(&self) -> (Vec<String>, Vec<ColumnType>, Vec<Form>) {
        let (names, mut types, forms) = self.store_columns();
        let has_none = |at: usize| self.store.n_nulls(at) == self.store.n_rows() as u64;
        let told = (0..names.len()).filter(|&at| self.options.tells_type(&names[at]));
        told.filter(|&at| has_none(at)).for_each(|at| types[at] = ColumnType::Null);
        (names, types, forms)
    }

    /// How times are written in each column: a stream's as those of any row that came, whether or not it is kept; where no row
    /// here says it, as those of others who share the data.
    pub(super) fn forms(&self) -> Vec<Form> {
        let decided = |at: usize| self.styles.get(at).map_or_else(Form::default, |style| style.form());
        #[cfg(feature = "live")]
        let noted = self.live.as_ref().map(|live| live.forms());
        #[cfg(not(feature = "live"))]
        let noted: Option<&[Form]> = None;
        let form =
            |at: usize| noted.map_or_else(|| self.store.form_of_times(at), |forms| forms.get(at).copied().unwrap_or_default());
        let told = |at: usize| Some(form(at)).filter(|form| *form != Form::default());
        (0..self.schema.columns().len()).map(|at| told(at).unwrap_or_else(|| decided(at))).collect()
    }
}
