//! What a source was found to be, and what became of its rows.

use serde::Serialize;

use super::LoadOptions;
use super::dates::Question;
#[cfg(feature = "formats")]
use crate::clean::{KEPT_QUARANTINED, Quarantined, StepReport};
use crate::decode::{Format, Rejects, Shape};
use crate::event::{Action, Preset};

/// What became of a source's rows: `read = used + rejected + filtered + duplicate`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Rows in the source.
    pub read: u64,
    /// Rows that answers are made of.
    pub used: u64,
    /// Rows that could not be read, or that a cleaning step put into quarantine.
    pub rejected: u64,
    /// Rows that a cleaning step left out.
    pub filtered: u64,
    /// Rows that were there already.
    pub duplicate: u64,
    /// Bytes of the source.
    pub bytes: u64,
    /// How the source's records are written.
    pub format: Format,
    /// What is on a log's lines: a known log's name, a server's format string, or a `#Fields:` directive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The label of the encoding that the text was written in.
    pub encoding: String,
    /// The character between cells, of delimited text.
    pub separator: Option<char>,
    /// Whether the first row named the columns.
    pub header: bool,
    /// The names of columns that cannot be read, such as those of lists within lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// The export that the columns are known to be of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<&'static str>,
    /// What its words or codes for actions mean.
    pub actions: &'static [Action],
    /// Sentences that whoever asks should know.
    pub notes: Vec<String>,
    /// What the data does not tell, and the user may.
    pub questions: Vec<Question>,
    /// Times that the clock of the source's zone shows twice or leaves out.
    #[serde(rename = "unclear_times", skip_serializing_if = "is_none_of_them")]
    pub n_unclear: u64,
    /// The first rejected rows.
    #[serde(serialize_with = "kept")]
    pub rejects: Rejects,
    /// What each step of the recipe did.
    #[cfg(feature = "formats")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepReport>,
    /// The first rows in quarantine, [`KEPT_QUARANTINED`] at the most.
    #[cfg(feature = "formats")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quarantined: Vec<Quarantined>,
}

/// What became of appended rows: `read = used + rejected + filtered + duplicate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Appended {
    /// Rows that came.
    pub read: u64,
    /// Those that answers are made of, late ones among them.
    pub used: u64,
    /// Those that could not be read, or that a cleaning step put into quarantine.
    pub rejected: u64,
    /// Those that a cleaning step left out.
    pub filtered: u64,
    /// Those that were there already.
    pub duplicate: u64,
    /// Those that came too late for a window that is watched.
    pub late: u64,
    /// The id of the last row, where ids are known.
    pub last_id: Option<String>,
}

impl Appended {
    /// What a report of these rows alone says.
    pub(super) fn of(report: &Report) -> Self {
        let &Report { read, used, rejected, filtered, duplicate, .. } = report;
        Self { read, used, rejected, filtered, duplicate, late: 0, last_id: None }
    }
}

impl Report {
    /// Of no row of a source of that shape, whose columns are called by these names.
    pub(super) fn of(shape: &Shape, names: &[String], options: &LoadOptions) -> Self {
        let mut report = Self {
            read: 0,
            used: 0,
            rejected: 0,
            filtered: 0,
            duplicate: 0,
            bytes: 0,
            format: shape.format,
            pattern: shape.pattern().map(str::to_owned),
            encoding: options.format.encoding.clone().unwrap_or_else(|| "utf-8".to_owned()),
            separator: (shape.format == Format::Csv).then_some(char::from(shape.separator)),
            header: shape.header,
            left_out: vec![],
            preset: None,
            actions: &[],
            notes: vec![],
            questions: vec![],
            n_unclear: 0,
            rejects: Rejects::default(),
            #[cfg(feature = "formats")]
            steps: vec![],
            #[cfg(feature = "formats")]
            quarantined: vec![],
        };
        report.recognise(names, options);
        report
    }

    /// Says what is known of an export with columns of these names, and of the times.
    pub(super) fn recognise(&mut self, names: &[String], options: &LoadOptions) {
        let preset = Preset::of(names);
        self.preset = preset.map(|preset| preset.name);
        self.actions = preset.map_or(&[], |preset| preset.actions);
        self.notes = preset.into_iter().flat_map(|preset| preset.notes).map(|&note| note.to_owned()).collect();
        if self.n_unclear > 0 {
            let (n_unclear, zone) = (self.n_unclear, options.timezone.as_deref().unwrap_or("UTC"));
            self.notes.push(format!(
                "{n_unclear} times are ones that the clocks of {zone} show twice or leave out; they are taken as before the change."
            ));
        }
    }

    /// Adds what became of another source's rows.
    pub(super) fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.used += other.used;
        self.rejected += other.rejected;
        self.filtered += other.filtered;
        self.duplicate += other.duplicate;
        self.bytes += other.bytes;
        self.n_unclear += other.n_unclear;
        self.rejects.extend(&other.rejects);
        #[cfg(feature = "formats")]
        self.add_steps(other);
    }

    /// Adds what the same steps did with other rows; none of either where the steps are others.
    #[cfg(feature = "formats")]
    fn add_steps(&mut self, other: &Self) {
        if self.steps.is_empty() {
            self.steps.clone_from(&other.steps);
        } else {
            self.steps.iter_mut().zip(&other.steps).for_each(|(own, other)| own.add(other));
        }
        let room = KEPT_QUARANTINED.saturating_sub(self.quarantined.len());
        self.quarantined.extend(other.quarantined.iter().take(room).cloned());
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_none_of_them(n: &u64) -> bool {
    *n == 0
}

fn kept<S: serde::Serializer>(rejects: &Rejects, serializer: S) -> Result<S::Ok, S::Error> {
    rejects.kept.serialize(serializer)
}

/// A report as it is told to another core.
#[cfg(feature = "events")]
#[derive(Debug, serde::Deserialize)]
pub struct ToldReport {
    read: u64,
    used: u64,
    rejected: u64,
    filtered: u64,
    duplicate: u64,
    bytes: u64,
    format: Format,
    pattern: Option<String>,
    encoding: String,
    separator: Option<char>,
    header: bool,
    #[serde(default)]
    unclear_times: u64,
    questions: Vec<ToldQuestion>,
    rejects: Vec<crate::decode::Reject>,
}

#[cfg(feature = "events")]
#[derive(Debug, serde::Deserialize)]
struct ToldQuestion {
    column: String,
}

#[cfg(feature = "events")]
impl Report {
    /// The report that was told, of columns of these names.
    pub(super) fn told(told: ToldReport, names: &[String], options: &LoadOptions) -> Self {
        let mut report = Self {
            format: told.format,
            read: told.read,
            used: told.used,
            rejected: told.rejected,
            filtered: told.filtered,
            duplicate: told.duplicate,
            bytes: told.bytes,
            pattern: told.pattern,
            encoding: told.encoding,
            separator: told.separator,
            header: told.header,
            n_unclear: told.unclear_times,
            questions: told.questions.into_iter().map(|question| Question::of_dates(question.column)).collect(),
            rejects: Rejects { count: told.rejected, kept: told.rejects },
            ..Self::of(&Shape::default(), names, options)
        };
        report.recognise(names, options);
        report
    }
}
