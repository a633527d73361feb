//! A data set: loaded from bytes, asked, appended to. The doors are thin over it.

mod answers;
mod append;
mod asked;
#[cfg(feature = "formats")]
mod cleaning;
mod dates;
mod join;
mod kept;
#[cfg(feature = "live")]
mod live;
mod moving;
mod options;
#[cfg(feature = "parquet")]
mod ranged;
mod report;
#[cfg(feature = "live")]
mod seen;
mod shard;
#[cfg(feature = "events")]
mod told;
mod united;

pub use answers::Answers;
pub use asked::Asked;
pub use dates::Question;
pub use join::{Join, Joined};
use kept::Kept;
#[cfg(feature = "live")]
pub use live::{Keep, LiveOptions, LiveState, Told, Watch, WindowSpec};
#[cfg(feature = "events")]
pub use moving::Arriving;
use options::parse_role;
pub use options::{ColumnOptions, FormatOptions, LoadOptions};
#[cfg(feature = "parquet")]
pub use ranged::RangedLoader;
pub use report::{Appended, Report};
pub use shard::{Given, LoadedPart, PartLoader, PartSummary};
#[cfg(feature = "events")]
pub use told::{Field, schema_of_fields};

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use serde::Serialize;

use crate::Result;
use crate::analysis::Zones;
use crate::decode::Decoder;
use crate::event::{Column, ColumnType, Role, Schema};
#[cfg(not(feature = "formats"))]
use crate::kernel::form::Form;
use crate::kernel::instant::DateStyle;
use crate::query::Query;
use crate::store::Store;

/// Takes a source's bytes and becomes a [`Dataset`].
///
/// ```
/// use clickfold::{Query, engine::{Loader, LoadOptions}, text};
/// let mut loader = Loader::new(LoadOptions::default())?;
/// loader.push(b"item,action\nhat,view\nhat,buy\ncap,view\n")?;
/// let mut data = loader.finish()?;
/// let query: Query = serde_json::from_str(
///     r#"{"kind": "aggregate", "group_by": ["item"], "measures": {"n": {"fn": "count"}}, "order_by": ["-n"]}"#,
/// ).expect("a query");
/// assert_eq!(text::to_csv(&data.query(&query, &Default::default())?), "item,n\nhat,2\ncap,1\n");
/// # Ok::<(), clickfold::Error>(())
/// ```
#[derive(Debug)]
pub struct Loader {
    options: LoadOptions,
    decoder: Decoder,
    kept: Kept,
    n_bytes: u64,
}

impl Loader {
    /// A loader that has seen nothing.
    ///
    /// # Errors
    ///
    /// `BAD_QUERY` for an option that cannot be meant.
    pub fn new(options: LoadOptions) -> Result<Self> {
        Self::keeping(options, None)
    }

    /// A loader that keeps these answers and no rows, or all rows where there are none.
    ///
    /// # Errors
    ///
    /// As [`new`](Loader::new).
    pub fn keeping(options: LoadOptions, answers: Option<Answers>) -> Result<Self> {
        options.refuse_cleaning(answers.is_some(), "only answers are kept")?;
        let decoder = Decoder::new(options.decoding()?);
        Ok(Self { options, decoder, kept: Kept::new(answers), n_bytes: 0 })
    }

    /// Takes the source's next bytes, however they are cut.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when the bytes are no event file, or when only answers are kept and a column that they read turns out
    /// to need a wider type than its first rows did.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.n_bytes += bytes.len() as u64;
        self.decoder.push(bytes)?;
        self.drain()
    }

    /// Rows read so far.
    pub fn n_rows(&self) -> u64 {
        self.decoder.n_rows()
    }

    /// Rows rejected so far.
    pub fn n_rejected(&self) -> u64 {
        self.decoder.rejects().count
    }

    /// Ends the source.
    ///
    /// # Errors
    ///
    /// `BAD_INPUT` when there was no row to be read, unless it is a header and rows are to come
    /// ([`LoadOptions::awaits_rows`]); `UNKNOWN_COLUMN` when the options name a column that is not there; and
    /// those of a recipe.
    pub fn finish(mut self) -> Result<Dataset> {
        self.end()?;
        let shape = self.decoder.shape().cloned().unwrap_or_default();
        let report = Report {
            read: self.decoder.n_rows() + self.decoder.rejects().count,
            used: self.decoder.n_rows(),
            rejected: self.decoder.rejects().count,
            bytes: self.n_bytes,
            n_unclear: self.decoder.n_unclear(),
            left_out: self.decoder.left_out().to_vec(),
            rejects: self.decoder.rejects().clone(),
            ..Report::of(&shape, self.decoder.names(), &self.options)
        };
        self.kept.into_dataset(self.decoder.names(), report, self.options)
    }

    fn end(&mut self) -> Result<()> {
        if self.options.awaits_rows {
            self.decoder.finish_open()?;
        } else {
            self.decoder.finish()?;
        }
        if self.decoder.n_rows() == 0 {
            let types = self.options.decoding()?.types_of(self.decoder.names());
            self.kept = Kept::Rows(Store::of_types(&types)?);
        }
        self.drain()
    }

    fn drain(&mut self) -> Result<()> {
        self.kept.take(self.decoder.take_batches(), self.decoder.names())?;
        self.kept.check_types()
    }
}

/// A column as schemas show it.
#[derive(Clone, Debug, Serialize)]
pub struct ColumnInfo<'a> {
    /// Its name.
    pub name: &'a str,
    /// `null`, `bool`, `int`, `decimal`, `time`, `uuid` or `text`.
    #[serde(rename = "type")]
    pub column_type: &'static str,
    /// Its role, if it has one.
    pub role: Option<&'static str>,
    /// How many of its values are null.
    pub nulls: u64,
    /// Bytes of memory that it holds.
    pub bytes: u64,
    /// Digits after the point, of decimals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<u8>,
    /// `s`, `ms`, `us` or `ns`, of times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
}

/// Rows that can be asked.
#[derive(Debug)]
pub struct Dataset {
    schema: Schema,
    store: Store,
    /// What is kept instead of rows.
    answers: Option<Box<Answers>>,
    report: Report,
    options: LoadOptions,
    /// The recipe that was applied.
    #[cfg(feature = "formats")]
    cleaning: Option<cleaning::Cleaning>,
    /// Whether other data sets have rows of the same data.
    is_shard: bool,
    /// Whether none of them has rows of the actors in this one.
    has_whole_actors: bool,
    /// The last exchange: what type the actors had, and how many of the first rows came here by it.
    exchanged: Option<(ColumnType, usize)>,
    /// How dates of the columns are read, where that was decided.
    styles: Vec<DateStyle>,
    /// What is known of the rows that keep coming.
    #[cfg(feature = "live")]
    live: Option<Box<live::Live>>,
}

impl Dataset {
    /// The columns.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The columns as schemas show them.
    pub fn columns(&self) -> Vec<ColumnInfo<'_>> {
        let info = |(at, column): (usize, &'_ Column)| (at, column.column_type, column.role.map(Role::name));
        let columns = self.schema.columns().iter().enumerate();
        columns
            .map(|(at, column)| {
                let (at, column_type, role) = info((at, column));
                ColumnInfo {
                    name: &column.name,
                    column_type: column_type.name(),
                    role,
                    nulls: self.answers.as_ref().map_or_else(|| self.store.n_nulls(at), |answers| answers.n_nulls(at)),
                    bytes: self.store.column_size(at) as u64,
                    scale: if let ColumnType::Decimal { scale } = column_type { Some(scale) } else { None },
                    unit: if let ColumnType::Time { unit } = column_type { Some(unit.name()) } else { None },
                }
            })
            .collect()
    }

    /// Gives columns roles, or takes them away; a role that another column had moves.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_COLUMN` or `BAD_QUERY` for a name that is none.
    pub fn set_roles(&mut self, roles: &BTreeMap<String, Option<String>>) -> Result<()> {
        #[cfg(feature = "live")]
        let time = self.schema.index_of_role(Role::Time);
        for (name, role) in roles {
            let at = self.schema.index_of(name)?;
            let role = role.as_deref().map(parse_role).transpose()?;
            if self.is_shard && (role == Some(Role::Actor) || self.schema.columns()[at].role == Some(Role::Actor)) {
                self.mix();
                self.exchanged = None;
            }
            let columns = self.schema.columns_mut();
            columns.iter_mut().filter(|c| role.is_some() && c.role == role).for_each(|c| c.role = None);
            columns[at].role = role;
        }
        #[cfg(feature = "live")]
        self.follow_columns(time)?;
        Ok(())
    }

    /// How many rows there are.
    pub fn n_rows(&self) -> usize {
        self.answers.as_ref().map_or_else(|| self.store.n_rows(), |answers| answers.n_rows())
    }

    /// What became of the source's rows.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        #[cfg(feature = "live")]
        let live = self.live.as_ref().map_or(0, |live| live.size());
        #[cfg(not(feature = "live"))]
        let live = 0;
        self.store.size() + live
    }

    /// The answer to a question. `zones` holds the time zones that [`Query::zones`] names. The rows may be held in
    /// another way afterwards, which the next question is answered faster by.
    ///
    /// # Errors
    ///
    /// As [`Query::fold`] and [`Fold`](crate::fold::Fold) say.
    pub fn query(&mut self, query: &Query, zones: &Zones) -> Result<RecordBatch> {
        let mut asked = self.ask(query, zones)?;
        while asked.step(self)? {}
        asked.finish()
    }

    /// Adds the columns behind those that are here, without a role.
    fn add_columns(&mut self, names: &[String]) {
        let new = names.iter().skip(self.schema.columns().len());
        let columns = self.schema.columns().iter().cloned();
        let new = new.map(|name| Column { name: name.clone(), column_type: ColumnType::Null, role: None });
        self.schema = Schema::new(columns.chain(new).collect());
    }

    fn take_types(&mut self) {
        for (column, column_type) in self.schema.columns_mut().iter_mut().zip(self.store.types()) {
            column.column_type = column_type;
        }
    }
}

#[cfg(not(feature = "formats"))]
impl Dataset {
    fn cleaned(self) -> Result<Self> {
        Ok(self)
    }

    fn source_columns(&self) -> Result<(Vec<String>, Vec<ColumnType>, Vec<Form>)> {
        Ok(self.columns_to_read())
    }

    fn source_names(&self) -> &[String] {
        &[]
    }

    #[expect(clippy::unnecessary_wraps, reason = "a recipe may fail")]
    fn cleaned_batches(
        &self,
        batches: Vec<crate::kernel::batch::Batch>,
        names: &[String],
        report: Report,
    ) -> Result<(Vec<crate::kernel::batch::Batch>, Vec<String>, Report)> {
        Ok((batches, names.to_vec(), report))
    }
}
