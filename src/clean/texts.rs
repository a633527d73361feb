//! Steps that change texts: each distinct text is looked at once.
//!
//! A text that becomes empty becomes null, as an empty cell of a file is.

use std::borrow::Cow;

use arrow_array::Array;
use serde_json::Value;

use super::cast::{Target, read_texts};
use super::recipe::{columns, need_text, text_of};
use super::table::Builder;
use super::{Action, Work};
use crate::error::spec::{Spec, unknown};
use crate::event::ColumnType;
use crate::kernel::batch::BatchColumn;
use crate::kernel::column;
use crate::kernel::values::Texts;
use crate::{Error, Result};

/// `trim`: takes white space (Unicode's) from both ends of texts, of all columns of text where none is named.
#[derive(Debug)]
pub(super) struct Trim {
    columns: Option<Vec<String>>,
}

impl Trim {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let columns = spec.get("columns").is_some().then(|| columns(spec)).transpose()?;
        Ok(Self { columns })
    }
}

impl Action for Trim {
    fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        let all = (0..work.table.names().len()).filter(|&at| work.table.types()[at] == ColumnType::Text);
        let columns = match &self.columns {
            Some(names) => work.table.indices_of(names)?,
            None => all.collect(),
        };
        columns.into_iter().try_for_each(|at| change_texts(work, at, &mut |text| Some(Cow::Borrowed(text.trim()))))
    }
}

/// `case`: writes texts in lower or upper case, as Unicode has it.
#[derive(Debug)]
pub(super) struct Case {
    columns: Vec<String>,
    upper: bool,
}

impl Case {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let columns = columns(spec)?;
        let upper = match need_text(spec, "to")?.as_str() {
            "lower" => false,
            "upper" => true,
            other => return Err(unknown(&format!("case {other:?}"), other, &["lower", "upper"])),
        };
        Ok(Self { columns, upper })
    }
}

impl Action for Case {
    fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        let upper = self.upper;
        let columns = work.table.indices_of(&self.columns)?;
        columns.into_iter().try_for_each(|at| {
            change_texts(work, at, &mut |text| Some(Cow::Owned(if upper { text.to_uppercase() } else { text.to_lowercase() })))
        })
    }
}

/// Changes the texts of a column; one of another type has none.
fn change_texts(work: &mut Work<'_>, at: usize, change: Change<'_>) -> Result<()> {
    let column_type = work.table.types()[at];
    if column_type != ColumnType::Text {
        if column_type != ColumnType::Null {
            let name = &work.table.names()[at];
            work.report.note(format!("column {name} is of type {} and stays as it is", column_type.name()));
        }
        return Ok(());
    }
    let columns = work.table.written(at)?;
    let (columns, changed) = changed_texts(&columns, change)?;
    work.report.changed += changed;
    work.table.put(at, ColumnType::Text, columns)
}

/// `replace`: whole values by others, or a part of texts by another. Values of any type are looked up as they are written,
/// and a column keeps its type where all that it holds then are of that type.
#[derive(Debug)]
pub(super) struct Replace {
    column: String,
    by: By,
}

#[derive(Debug)]
enum By {
    /// In the order of the old ones.
    Values(Vec<(String, Option<String>)>),
    Part {
        find: String,
        with: String,
    },
}

impl Replace {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let column = need_text(spec, "column")?;
        let (values, find, with) = (spec.get("values"), spec.text("find")?, spec.text("with")?);
        let by = match (values, find, with) {
            (Some(Value::Object(values)), None, None) => {
                let values = values.iter().map(|(from, to)| Ok((from.clone(), text_of(to)?)));
                let mut values = values.collect::<Result<Vec<_>>>()?;
                values.sort();
                By::Values(values)
            }
            (None, Some(find), with) if !find.is_empty() => {
                By::Part { find: find.to_owned(), with: with.unwrap_or_default().to_owned() }
            }
            _ => {
                let sentence = "a replace has \"values\", an object of old and new values, or \"find\", a text, and \"with\"";
                return Err(Error::bad_query(sentence).at_column("values"));
            }
        };
        Ok(Self { column, by })
    }

    fn of<'a>(&'a self, text: &'a str) -> Option<Cow<'a, str>> {
        match &self.by {
            By::Values(values) => match values.binary_search_by(|(from, _)| from.as_str().cmp(text)) {
                Ok(at) => values[at].1.as_deref().map(Cow::Borrowed),
                Err(_) => Some(Cow::Borrowed(text)),
            },
            By::Part { find, with } => Some(Cow::Owned(text.replace(find.as_str(), with))),
        }
    }
}

impl Action for Replace {
    fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        let at = work.table.index_of(&self.column)?;
        if work.table.types()[at] == ColumnType::Null {
            return Ok(());
        }
        let columns = work.table.written(at)?;
        let (columns, changed) = changed_texts(&columns, &mut |text| self.of(text).map(|text| Cow::Owned(text.into_owned())))?;
        work.report.changed += changed;
        if changed == 0 {
            return Ok(());
        }
        let target = Target::of(work.table.types()[at]);
        if target != Target::Text {
            let (column_type, typed, unread) = read_texts(&columns, target, &mut |text| target.read(text))?;
            if unread.n == 0 {
                return work.table.put(at, column_type, typed);
            }
        }
        work.table.put(at, ColumnType::Text, columns)
    }
}

/// What a text becomes; nothing where it becomes null.
pub(super) type Change<'a> = &'a mut dyn FnMut(&str) -> Option<Cow<'_, str>>;

/// A text's new code, if it has one, and whether it is another.
type Changed = (Option<u32>, bool);

/// The columns of text with other texts, and how many cells are others.
pub(super) fn changed_texts(columns: &[BatchColumn], change: Change<'_>) -> Result<(Vec<BatchColumn>, u64)> {
    let mut builder = Builder::new(ColumnType::Text);
    let mut n_changed = 0;
    let mut known: Option<(Texts, Vec<Option<Changed>>)> = None;
    for column in columns {
        let (codes, texts) = column::codes(&column.array)?;
        let texts = Texts(texts);
        let mut memo = match known.take() {
            Some((of, memo)) if of.is(&texts) => memo,
            _ => vec![None; texts.0.len()],
        };
        let mut changed = Vec::with_capacity(codes.len());
        for (row, &code) in codes.iter().enumerate() {
            if column.array.is_null(row) {
                changed.push(None);
                continue;
            }
            let (to, is_other) = match memo[code as usize] {
                Some(known) => known,
                None => {
                    let text = texts.get(code);
                    let to = change(text).filter(|to| !to.is_empty());
                    let is_other = to.as_deref() != Some(text);
                    let to = to.map(|to| builder.code(&to)).transpose()?;
                    memo[code as usize] = Some((to, is_other));
                    (to, is_other)
                }
            };
            n_changed += u64::from(is_other);
            changed.push(to);
        }
        builder.push_codes(changed);
        known = Some((texts, memo));
    }
    Ok((builder.finish()?, n_changed))
}
