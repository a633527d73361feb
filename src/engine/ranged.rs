//! Files that say where their pieces are: only the bytes that are wanted are read, and never all of them are held.

use std::ops::Range;

use super::{Answers, Dataset, Kept, LoadOptions, Report};
use crate::Result;
use crate::decode::{Indexed, Need};

/// Takes the pieces of a Parquet or Arrow file and becomes a [`Dataset`].
///
/// Whoever has the file gives its last bytes to [`open`](RangedLoader::open), then to [`push`](RangedLoader::push) those that
/// [`next_ranges`](RangedLoader::next_ranges) asks for, until it asks for none.
#[derive(Debug)]
pub struct RangedLoader {
    options: LoadOptions,
    file: Indexed,
    kept: Kept,
    n_rows: u64,
    n_bytes: u64,
}

impl RangedLoader {
    /// A loader of a file of `file_size` bytes, of which `tail` are the last; or how many last bytes it needs. It keeps the
    /// answers, or all rows where there are none.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for an option that cannot be meant; `BAD_INPUT` when the file is none of these, is damaged or encrypted.
    pub fn open(tail: &[u8], file_size: u64, options: LoadOptions, answers: Option<Answers>) -> Result<Need<Self>> {
        options.refuse_cleaning(answers.is_some(), "only answers are kept")?;
        Ok(match Indexed::open(tail, file_size, &options.decoding()?)? {
            Need::More(n_bytes) => Need::More(n_bytes),
            Need::Nothing(file) => {
                Need::Nothing(Self { options, file, kept: Kept::new(answers), n_rows: 0, n_bytes: tail.len() as u64 })
            }
        })
    }

    /// Where the bytes are that it wants next; `None` where it wants no more.
    pub fn next_ranges(&self) -> Option<Vec<Range<u64>>> {
        self.file.next_ranges()
    }

    /// Takes the bytes of those ranges.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when they cannot be read; `BAD_STATE` when they are not as many as were asked for.
    pub fn push(&mut self, bytes: &[&[u8]]) -> Result<()> {
        self.n_bytes += bytes.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
        let batches = self.file.read(bytes)?;
        self.n_rows += batches.iter().map(|batch| batch.n_rows as u64).sum::<u64>();
        self.kept.take(batches, self.file.names())?;
        self.kept.check_types()
    }

    /// Rows read so far.
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// Ends the file. The report's bytes are those that were read.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when there was no row; `UNKNOWN_COLUMN` when the options name a column that is not there.
    pub fn finish(self) -> Result<Dataset> {
        if self.n_rows == 0 {
            return Err(crate::Error::bad_input(format!("the file has columns ({}) but no rows", self.file.names().join(", "))));
        }
        let report = Report {
            read: self.n_rows,
            used: self.n_rows,
            bytes: self.n_bytes,
            left_out: self.file.left_out().to_vec(),
            ..Report::of(&self.file.shape(), self.file.names(), &self.options)
        };
        self.kept.into_dataset(self.file.names(), report, self.options)
    }
}
