//! Windows of sessions: the rows of one actor, or of one value of another column, that follow each other without a longer
//! silence than the gap.
//!
//! The rows of open sessions are kept, and asked together, each session a group of its own: an answer costs what the open
//! sessions hold.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use serde_json::{Value, json};

use super::asker::{Asker, Part};
use super::view::Told;
use crate::event::{Column, ColumnType, Schema};
use crate::kernel::column;
use crate::kernel::ids::{self, Ids};
use crate::kernel::values::{Data, Rows, Values, gather};
use crate::query::Query;
use crate::{Error, ErrorKind, Result};

/// The columns that say which window a row of an answer is of.
pub(super) const START: &str = "window_start";
pub(super) const END: &str = "window_end";
/// Whether the window may still change.
pub(super) const PROVISIONAL: &str = "provisional";

/// A question asked of sessions.
pub(super) struct SessionWindows {
    by: usize,
    time: usize,
    gap: i64,
    /// The question about each session, of rows that say which one they are in.
    asker: Asker,
    open: Vec<Part>,
    watermark: Option<i64>,
}

/// Rows, and the session that each of them is in.
struct Cut {
    rows: Part,
    starts: Vec<i64>,
    ends: Vec<i64>,
}

impl SessionWindows {
    /// # Errors
    ///
    /// `UNSUPPORTED` for another kind of question than `aggregate`, and for the measure `trend`; `UNKNOWN_COLUMN`; `BAD_QUERY` where the data has a column
    /// that is called as one of the windows' is.
    pub(super) fn new(asked: &Value, asker: &Asker, by: usize, gap: i64) -> Result<Self> {
        let time = asker.time()?;
        if asked.get("kind").and_then(Value::as_str) != Some("aggregate") {
            let sentence = "windows of sessions take the kind aggregate; for others say a \"size\"";
            return Err(Error::new(ErrorKind::Unsupported, sentence).at_column("window"));
        }
        let measures = asked.get("measures").and_then(Value::as_object);
        if measures.is_some_and(|measures| measures.values().any(|measure| measure.get("fn") == Some(&json!("trend")))) {
            let sentence =
                "a trend is halved to the latest row of a window, and each session has its own; take windows with a \"size\"";
            return Err(Error::new(ErrorKind::Unsupported, sentence).at_column("window"));
        }
        let columns = asker.schema.columns();
        if let Some(taken) = columns.iter().find(|column| [START, END].contains(&column.name.as_str())) {
            let sentence = format!("the data has a column {:?}, as the windows do; rename it with a recipe", taken.name);
            return Err(Error::bad_query(sentence).at_column(&taken.name));
        }
        let mut query = asked.clone();
        let mut keys = vec![json!(START), json!(END), json!(columns[by].name)];
        let own = query.get("group_by").and_then(Value::as_array).cloned().unwrap_or_default();
        keys.extend(own.into_iter().filter(|key| *key != keys[2]).collect::<Vec<_>>());
        query["group_by"] = Value::Array(keys);
        let bound = |name: &str| Column { name: name.to_owned(), column_type: columns[time].column_type, role: None };
        let schema = Schema::new(columns.iter().cloned().chain([bound(START), bound(END)]).collect());
        let types = &asker.types;
        let nothing = types.iter().map(|&to| column::nulls(to, 0)).collect::<Result<_>>()?;
        let open = vec![Part { arrays: nothing, places: Int64Array::from(vec![0; 0]) }];
        let asker = Asker::new(Query::parse(&query)?, asker.zones.clone(), &schema)?;
        Ok(Self { by, time, gap, asker, open, watermark: None })
    }

    /// Takes rows in; gives those that came too late.
    pub(super) fn take(&mut self, part: Part) -> Result<Vec<u32>> {
        let (instants, valid) = self.instants(&part)?;
        let is_in = |row: usize| valid.as_ref().is_none_or(|valid| valid[row]) && part.arrays[self.by].is_valid(row);
        let known: Vec<u32> = (0..part.n_rows()).filter(|&row| is_in(row)).map(|row| row as u32).collect();
        let is_late = |watermark: i64| known.iter().any(|&row| instants[row as usize].saturating_add(self.gap) < watermark);
        let may_be_late = self.watermark.filter(|&watermark| is_late(watermark));
        let first = part.places.values().first().copied().unwrap_or(0);
        if known.is_empty() {
            return Ok(vec![]);
        }
        self.open.push(part.take(&known, self.types())?);
        // A session that has ended before rows came, and is not closed yet, has nothing but rows that came too late.
        let Some(watermark) = may_be_late else { return Ok(vec![]) };
        let (cut, over) = self.end(watermark)?;
        Ok(over.iter().map(|&row| (cut.rows.places.value(row as usize) - first) as u32).collect())
    }

    /// Closes the sessions whose silence has been longer than the gap by the watermark: their answers.
    pub(super) fn close(&mut self, watermark: i64) -> Result<Option<RecordBatch>> {
        if self.watermark.is_some_and(|before| watermark <= before) {
            return Ok(None);
        }
        self.watermark = Some(watermark);
        let (cut, over) = self.end(watermark)?;
        if over.is_empty() { Ok(None) } else { self.ask(&cut, &over).map(Some) }
    }

    /// Keeps the rows of sessions that have not ended by the watermark; gives all rows, and which of them go.
    fn end(&mut self, watermark: i64) -> Result<(Cut, Vec<u32>)> {
        let cut = self.cut()?;
        let is_over = |row: &u32| cut.ends[*row as usize] < watermark;
        let (over, open) = (0..cut.rows.n_rows() as u32).partition::<Vec<u32>, _>(is_over);
        self.open = vec![cut.rows.take(&open, self.types())?];
        Ok((cut, over))
    }

    /// The answers of the sessions that are open.
    pub(super) fn open(&self) -> Result<RecordBatch> {
        let cut = self.cut()?;
        let all: Vec<u32> = (0..cut.rows.n_rows() as u32).collect();
        self.ask(&cut, &all)
    }

    /// An answer with whether it is provisional, and each session's bounds.
    pub(super) fn told(&self, answer: RecordBatch, is_provisional: bool) -> Result<Told> {
        let n_rows = answer.num_rows();
        let bounds = |at: usize| gather(answer.column(at), &Rows::All(n_rows));
        let (Data::Ints(starts), Data::Ints(ends)) = (bounds(0)?.data, bounds(1)?.data) else {
            return Err(Error::bad_state("a session's bounds are no times"));
        };
        let windows = starts.into_iter().zip(ends).map(|(start, end)| (start, end, is_provisional)).collect();
        let schema = answer.schema();
        let mut columns: Vec<(Arc<Field>, ArrayRef)> =
            schema.fields().iter().cloned().zip(answer.columns().iter().cloned()).collect();
        let provisional: ArrayRef = Arc::new(BooleanArray::from(vec![is_provisional; n_rows]));
        columns.insert(2, (Arc::new(Field::new(PROVISIONAL, DataType::Boolean, true)), provisional));
        let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        Ok(Told { table: RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays)?, windows })
    }

    pub(super) fn watermark(&self) -> Option<i64> {
        self.watermark
    }

    pub(super) fn size(&self) -> usize {
        self.open.iter().map(Part::size).sum()
    }

    /// The earliest time of a row of an open session.
    pub(super) fn first_open(&self) -> Option<i64> {
        let times = self.open.iter().filter_map(|part| self.instants(part).ok());
        times.flat_map(|(instants, _)| instants).min()
    }

    fn ask(&self, cut: &Cut, rows: &[u32]) -> Result<RecordBatch> {
        let mut part = cut.rows.take(rows, self.types())?;
        let time_type = self.asker.types[self.time];
        for bounds in [&cut.starts, &cut.ends] {
            let bounds = rows.iter().map(|&row| bounds[row as usize]).collect();
            part.arrays.push(column::hold(Values::ints(bounds), time_type)?);
        }
        self.asker.answer(&[&part])
    }

    /// The open rows in the order of their sessions.
    fn cut(&self) -> Result<Cut> {
        let types = self.types();
        let arrays = (0..types.len()).map(|at| {
            let parts = self.open.iter().map(|part| gather(&part.arrays[at], &Rows::All(part.n_rows())));
            ids::concat(parts.collect::<Result<_>>()?)
        });
        let values: Vec<Values> = arrays.collect::<Result<_>>()?;
        let places: Vec<i64> = self.open.iter().flat_map(|part| part.places.values().iter().copied()).collect();
        let who = Ids::like(&values[self.by]).of(&values[self.by])?;
        let Data::Ints(instants) = &values[self.time].data else { return Err(Error::bad_state("a time is no integer")) };
        let mut order: Vec<u32> = (0..places.len() as u32).collect();
        let key = |row: u32| (who[row as usize], instants[row as usize], places[row as usize]);
        crate::kernel::order::sort_by(&mut order, &|a, b| key(a).cmp(&key(b)));
        let (mut starts, mut ends) = (vec![], vec![]);
        for rows in order.chunk_by(|&a, &b| {
            who[a as usize] == who[b as usize] && instants[b as usize] <= instants[a as usize].saturating_add(self.gap)
        }) {
            let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else { continue };
            starts.resize(starts.len() + rows.len(), instants[first as usize]);
            ends.resize(ends.len() + rows.len(), instants[last as usize].saturating_add(self.gap));
        }
        let arrays = values.iter().zip(types).map(|(values, &to)| column::hold(values.take(&order), to));
        let places = order.iter().map(|&row| places[row as usize]).collect();
        Ok(Cut { rows: Part { arrays: arrays.collect::<Result<_>>()?, places }, starts, ends })
    }

    fn instants(&self, part: &Part) -> Result<(Vec<i64>, Option<Vec<bool>>)> {
        let Values { data, valid } = gather(&part.arrays[self.time], &Rows::All(part.n_rows()))?;
        match data {
            Data::Ints(instants) => Ok((instants, valid)),
            _ => Err(Error::bad_state("a time is no integer")),
        }
    }

    /// Those of the data's columns.
    fn types(&self) -> &[ColumnType] {
        &self.asker.types[..self.asker.types.len() - 2]
    }
}
