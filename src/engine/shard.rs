//! A file in several hands: each reads parts of it, and holds a data set of some of the rows.
//!
//! All of them have the same columns. Whoever coordinates them sees that the parts meet, says where each part's rows are
//! in the whole, and joins the columns' types; it then merges what each finds out of a question.

use serde::Serialize;

use super::dates::types_with_dates;
use super::{Answers, Dataset, Kept, LoadOptions, Report};
use crate::decode::{Part, Reject, Shape};
use crate::event::{ColumnType, Role, Schema};
use crate::query::Query;
use crate::store::{Exchange, Store};
use crate::{Error, ErrorKind, Result, frame};

/// Bytes for each row while a column is held as another type: its values of 128 bits, and the column of both types.
const WIDENING_BYTES: usize = 32;

/// Takes the bytes of one part of a file.
#[derive(Debug)]
pub struct PartLoader {
    part: Part,
    kept: Kept,
    options: LoadOptions,
}

impl PartLoader {
    /// A loader of the part of a file of that shape; for the bytes see [`Part::new`]. It keeps the answers to some
    /// questions, or all rows where there are none.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for an option that cannot be meant.
    pub fn new(options: &LoadOptions, shape: &Shape, from: u64, to: u64, exact: bool, answers: Option<Answers>) -> Result<Self> {
        let part = Part::new(shape, &options.decoding()?, from, to, exact);
        Ok(Self { part, kept: Kept::new(answers), options: options.clone() })
    }

    /// The byte of the file from which on it wants to be given bytes.
    pub fn first_byte(&self) -> u64 {
        self.part.first_byte()
    }

    /// Takes the file's next bytes; says whether it needs more.
    ///
    /// # Errors
    ///
    /// When a column outgrows what can be held.
    pub fn push(&mut self, bytes: &[u8]) -> Result<bool> {
        let goes_on = self.part.push(bytes)?;
        self.drain()?;
        Ok(goes_on)
    }

    /// Rows read so far.
    pub fn n_rows(&self) -> u64 {
        self.part.n_rows()
    }

    /// Rows rejected so far.
    pub fn n_rejected(&self) -> u64 {
        self.part.rejects().count
    }

    /// Ends the part.
    ///
    /// # Errors
    ///
    /// When a column outgrows what can be held.
    pub fn finish(mut self) -> Result<LoadedPart> {
        self.part.finish()?;
        self.drain()?;
        let types = match &self.kept {
            Kept::Rows(store) => types_with_dates(store, self.part.names(), &self.options),
            Kept::Answers(answers) => answers.types().to_vec(),
        };
        Ok(LoadedPart { part: self.part, kept: self.kept, types })
    }

    fn drain(&mut self) -> Result<()> {
        let batches = self.part.take_batches();
        self.kept.take(batches, self.part.names())
    }
}

/// A part of a file that was read.
#[derive(Debug)]
pub struct LoadedPart {
    part: Part,
    kept: Kept,
    types: Vec<ColumnType>,
}

/// What the parts of a file must know of each other.
#[derive(Clone, Debug, Serialize)]
pub struct PartSummary<'a> {
    /// Where its first record began; the part before it must have ended there.
    pub start: u64,
    /// Where its last record ended.
    pub end: u64,
    /// Lines in it.
    pub lines: u64,
    /// Rows in it.
    pub rows: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    /// The first of them, their lines counted from the part's first.
    pub rejects: &'a [Reject],
    /// The columns' names: the shape's, and behind them those that only its records have.
    pub names: &'a [String],
    /// The type that each column needs for it; none where it has no rows.
    pub types: Vec<ColumnType>,
    /// Where answers are kept: the types by which they read the columns, null for those that they do not read, and nothing
    /// where a column outgrew its type. The part is to be read again from wider types unless these are those of all parts.
    pub read_as: Option<&'a [Option<ColumnType>]>,
}

impl LoadedPart {
    /// Bytes that its rows take, its texts apart.
    pub fn bytes_of_rows(&self) -> usize {
        match &self.kept {
            Kept::Rows(store) => store.size_of_rows(),
            Kept::Answers(_) => 0,
        }
    }

    /// What the other parts must know.
    pub fn summary(&self) -> PartSummary<'_> {
        PartSummary {
            start: self.part.start().unwrap_or(self.part.end()),
            end: self.part.end(),
            lines: self.part.n_lines(),
            rows: self.part.n_rows(),
            rejected: self.part.rejects().count,
            rejects: &self.part.rejects().kept,
            names: self.part.names(),
            types: self.types.clone(),
            read_as: match &self.kept {
                Kept::Rows(_) => None,
                Kept::Answers(answers) => answers.read_as(),
            },
        }
    }
}

/// Rows on their way to another data set.
#[derive(Clone, Debug)]
pub struct Given {
    /// The number of the data set that owns their actors.
    pub to: usize,
    /// What its [`take_in`](Dataset::take_in) wants.
    pub rows: Vec<u8>,
}

impl Dataset {
    /// The rows of some parts, each with the place of its first row in the whole data, or of all parts where they are
    /// `alone`. `shape` names all columns that parts of the data have, `types` are those of all parts. Where the parts keep answers, `answers` are those to the same
    /// questions, of no rows yet. The report is of no row: the parts' summaries say what became
    /// of theirs.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_COLUMN` when the options name a column that is not there; `UNSUPPORTED` when parts that keep answers have
    /// other columns.
    pub fn of_parts(
        options: LoadOptions,
        shape: &Shape,
        parts: Vec<(LoadedPart, u32)>,
        types: &[Vec<ColumnType>],
        alone: bool,
        mut answers: Option<Answers>,
    ) -> Result<Self> {
        options.refuse_cleaning(!alone || answers.is_some(), "here several do, or only answers are kept")?;
        let mut store = Store::default();
        let mut n_unclear = 0;
        for (part, first_row) in parts {
            n_unclear += part.part.n_unclear();
            match part.kept {
                Kept::Rows(mut rows) => {
                    let names = part.part.names();
                    if rows.n_rows() > 0 && names != shape.names {
                        let at = |name: &String| names.iter().position(|own| own == name);
                        rows.arrange_columns(&shape.names.iter().map(at).collect::<Vec<_>>())?;
                    }
                    store.go_on_at(first_row);
                    store.absorb(rows)?;
                }
                Kept::Answers(_) if part.part.names() != shape.names => {
                    let sentence =
                        "answers are kept of records that all have the same columns, which these have not; load their rows";
                    return Err(Error::new(ErrorKind::Unsupported, sentence));
                }
                Kept::Answers(others) => match &mut answers {
                    Some(answers) => answers.absorb(*others)?,
                    None => return Err(Error::bad_state("the parts keep answers, and nobody asks for them")),
                },
            }
        }
        let own = store.types().chain(std::iter::repeat(ColumnType::Null)); // there may be no part
        store.widen(&options.told_types(&shape.names, own))?;
        let report = Report::of(shape, &shape.names, &options);
        let schema = Schema::of(&shape.names, std::iter::repeat(ColumnType::Null));
        let keeps_rows = answers.is_none();
        let mut dataset = Self {
            schema,
            store,
            answers: answers.map(Box::new),
            report,
            options,
            #[cfg(feature = "formats")]
            cleaning: None,
            is_shard: !alone,
            has_whole_actors: alone || !keeps_rows,
            exchanged: None,
            styles: vec![],
            #[cfg(feature = "live")]
            live: None,
        };
        dataset.settle(types, &shape.names)?;
        dataset.report.n_unclear = n_unclear;
        dataset.decide_dates(&joined(types, shape.names.len()))?;
        let types = dataset.types();
        dataset.answers.iter_mut().try_for_each(|answers| answers.settle(&shape.names, &types))?;
        if !dataset.options.cleans() {
            dataset.guess_roles()?;
        }
        dataset.cleaned()
    }

    /// Widens the columns to hold those of other data sets of the same rows: each of `types` is one of theirs. Where values
    /// ask for it, a column becomes wider still; then the others are to be told. `names` are those of all columns: data sets
    /// that were given no row with the last ones have them too from then on.
    ///
    /// # Errors
    ///
    /// When there are fewer types than columns.
    pub fn settle(&mut self, types: &[Vec<ColumnType>], names: &[String]) -> Result<()> {
        self.add_columns(names);
        let n_columns = self.schema.columns().len();
        for types in types.iter().filter(|types| !types.is_empty()) {
            let missing = std::iter::repeat_n(ColumnType::Null, n_columns.saturating_sub(types.len()));
            self.store.widen(&types.iter().copied().chain(missing).collect::<Vec<_>>())?;
        }
        self.store.seal()?;
        self.take_types();
        Ok(())
    }

    /// Gives the columns the roles that the options tell, or that their names and types speak for.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_COLUMN` when the options name a column that is not there.
    pub fn guess_roles(&mut self) -> Result<()> {
        let names: Vec<String> = self.schema.columns().iter().map(|column| column.name.clone()).collect();
        self.schema = self.options.schema_of(&names, self.store.types(), self.source_names())?;
        Ok(())
    }

    /// Bytes that [`settle`](Dataset::settle) may take while it makes columns anew.
    pub fn bytes_to_settle(&self, types: &[Vec<ColumnType>]) -> usize {
        let widens = |at: usize, own: ColumnType| types.iter().any(|types| types.get(at).is_some_and(|&to| own.join(to) != own));
        let widened = self.store.types().enumerate().filter(|&(at, own)| own != ColumnType::Null && widens(at, own));
        // The text of a UUID is longer than what others become.
        let shares = widened.map(|(_, own)| if own == ColumnType::Uuid { 4 } else { 1 });
        shares.sum::<usize>() * WIDENING_BYTES * self.n_rows()
    }

    /// Bytes that an exchange may take beside those that its rows held before.
    pub fn bytes_to_exchange(&self) -> usize {
        self.store.size_of_rows() / 4
    }

    /// The columns' types.
    pub fn types(&self) -> Vec<ColumnType> {
        self.store.types().collect()
    }

    /// Says that rows of any actor come to one of the data sets: until the next exchange, none has whole actors.
    pub fn mix(&mut self) {
        self.has_whole_actors = false;
        self.store.mix(true);
    }

    /// Says that the rows appended next are, in the whole data, at `place` and behind it.
    pub fn go_on_at(&mut self, place: u32) {
        self.store.go_on_at(place);
    }

    /// Whether the question is answered faster, or only, once each actor's rows are in one data set, which they are not.
    pub fn needs_exchange(&self, query: &Query) -> bool {
        let profits = |at: usize| query.profits_from_groups(&self.schema.columns()[at].name);
        let profits = self.schema.index_of_role(Role::Actor).is_some_and(profits);
        !self.has_whole_actors && profits || self.must_exchange(query)
    }

    /// Whether the question can only be answered once each actor's rows are in one data set, which they are not.
    pub fn must_exchange(&self, query: &Query) -> bool {
        let needed = query.needs_actors(&self.schema).ok().flatten().map(|(actor, _)| actor);
        !self.has_whole_actors && needed.is_some() && needed == self.schema.index_of_role(Role::Actor)
    }

    /// Begins to give each actor's rows to one of `n` data sets, of which this is number `me`: those that came since the last
    /// exchange.
    ///
    /// # Errors
    ///
    /// `BAD_STATE` when no column has the role actor.
    pub fn exchange(&mut self, n: usize, me: usize) -> Result<Exchange> {
        let actor = self.schema.index_of_role(Role::Actor);
        let actor = actor.ok_or_else(|| Error::bad_state("rows are exchanged by actor, and no column has that role"))?;
        // An actor's owner follows from its value, which is another where the type is.
        let now = self.schema.columns()[actor].column_type;
        let n_whole = self.exchanged.map_or(0, |(then, n_rows)| if then == now { n_rows } else { 0 });
        self.exchanged = Some((now, n_whole));
        Ok(self.store.exchange(actor, n, me, n_whole))
    }

    /// The next rows that go; `None` when there are none left.
    ///
    /// # Errors
    ///
    /// When rows outgrow the wire's format.
    pub fn give(&mut self, exchange: &mut Exchange) -> Result<Option<Vec<Given>>> {
        let Some(pieces) = exchange.give(&mut self.store)? else { return Ok(None) };
        let types = self.types();
        let given = pieces.into_iter().map(|(to, piece)| Ok(Given { to, rows: sealed(frame::pack(&piece)?, &types) }));
        given.collect::<Result<_>>().map(Some)
    }

    /// Takes in rows that another data set gave.
    ///
    /// # Errors
    ///
    /// `BAD_STATE` when the bytes are no such rows, or its columns are of other types.
    pub fn take_in(&mut self, bytes: &[u8]) -> Result<()> {
        self.store.take_in(&frame::unpack(unsealed(bytes, &self.types())?)?)
    }

    /// Ends the exchange: all rows were given and have come.
    ///
    /// # Errors
    ///
    /// Never, unless a code lost its text.
    pub fn end_exchange(&mut self) -> Result<()> {
        self.has_whole_actors = true;
        let n_rows = self.n_rows();
        self.exchanged.iter_mut().for_each(|(_, n_whole)| *n_whole = n_rows);
        self.store.mix(false);
        self.store.seal()
    }
}

/// The types that hold the values of all parts, of so many columns; parts of no rows have none.
fn joined(types: &[Vec<ColumnType>], n_columns: usize) -> Vec<ColumnType> {
    let of = |at: usize| types.iter().filter_map(|types| types.get(at)).fold(ColumnType::Null, |joined, own| joined.join(*own));
    (0..n_columns).map(of).collect()
}

/// What one data set sends another, with the types of the columns that it is about: they must be the same in both.
pub(super) fn sealed(mut bytes: Vec<u8>, types: &[ColumnType]) -> Vec<u8> {
    bytes.extend(seal(types));
    bytes
}

/// The same without the types.
///
/// # Errors
///
/// `BAD_STATE` when they are others than `types`.
pub(super) fn unsealed<'a>(bytes: &'a [u8], types: &[ColumnType]) -> Result<&'a [u8]> {
    let others = || Error::bad_state("two data sets hold their columns as other types; settle them first");
    bytes.strip_suffix(seal(types).as_slice()).ok_or_else(others)
}

fn seal(types: &[ColumnType]) -> Vec<u8> {
    let of = |column_type: &ColumnType| match *column_type {
        ColumnType::Decimal { scale } => [b'd', scale],
        ColumnType::Time { unit } => [b't', unit as u8],
        other => [other.name().as_bytes()[0], other.name().len() as u8],
    };
    types.iter().flat_map(of).collect()
}
