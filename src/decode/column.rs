//! One column of the batch being filled: typed values, and the step to a wider type when a cell asks for it.

use std::sync::Arc;

use arrow_array::Array;

use super::cells::Cells;
use super::kind::{Fixed, Kind, epoch_unit, is_null, parse_bool, sounds_like_time};
use crate::Result;
use crate::event::TimeUnit;
use crate::kernel::batch::BatchColumn;
use crate::kernel::bucket::Zone;
use crate::kernel::column;
use crate::kernel::dictionary::Dictionary;
use crate::kernel::form::{Form, Forms};
use crate::kernel::instant::{DateStyle, EPOCH, InstantReader};
use crate::kernel::number::{MAX_DIGITS, parse_decimal, parse_int, pow10};
use crate::kernel::uuid::{UUID_SCALE, parse_uuid};

/// A column being read.
///
/// Its loops are functions of their own: a browser then compiles those that a file needs, and soon.
#[derive(Debug)]
pub(super) struct ColumnBuilder {
    kind: Kind,
    /// The type that the user fixed.
    fixed: Option<Fixed>,
    /// Int, Epoch, Time, Bool: the value. Text: the code. Null: 0.
    values: Vec<i64>,
    /// Decimal: the value at the kind's scale. Uuid: the value.
    decimals: Vec<i128>,
    dictionary: Dictionary,
    null_rows: Vec<u32>,
    forms: Forms,
    reader: InstantReader,
}

impl ColumnBuilder {
    pub(super) fn new(kind: Kind, fixed: Option<Fixed>, zone: Option<Arc<Zone>>) -> Self {
        Self {
            kind,
            fixed,
            values: Vec::new(),
            decimals: Vec::new(),
            dictionary: Dictionary::default(),
            null_rows: Vec::new(),
            forms: Forms::default(),
            reader: InstantReader::new(DateStyle::Plain, zone),
        }
    }

    /// How many of its times so far the source's clock shows twice or leaves out.
    pub(super) fn n_unclear(&self) -> u64 {
        self.reader.n_unclear()
    }

    /// Whether column `at` of all rows of `cells`, which are UTF-8, is of the type that the user fixed.
    pub(super) fn fits(&self, cells: &Cells<'_>, at: usize) -> bool {
        let n_rows = cells.n_rows();
        match (self.fixed, self.kind) {
            (None | Some(Fixed::Text), _) => true,
            (Some(fixed @ Fixed::Int), Kind::Int) | (Some(fixed @ Fixed::Time(_)), Kind::Epoch(_)) => {
                let mut ints = vec![0; n_rows];
                let mut row = 0;
                loop {
                    let n_read = cells.read_ints(at, row, &mut ints[row..]);
                    if fixed != Fixed::Int && !ints[row..row + n_read].iter().all(|&int| epoch_unit(int).is_some()) {
                        return false;
                    }
                    row += n_read;
                    if row == n_rows || !fixed.fits(cells.get(row, at)) {
                        return row == n_rows;
                    }
                    row += 1;
                }
            }
            (Some(fixed), _) => (0..n_rows).all(|row| fixed.fits(cells.get(row, at))),
        }
    }

    /// Takes in rows that have no such cell, of a column that no row had yet.
    #[cfg(feature = "formats")]
    pub(super) fn push_missing(&mut self, n_rows: usize) {
        (0..n_rows).for_each(|_| self.push_null());
    }

    /// Takes in column `at` of all rows of `cells`.
    pub(super) fn push(&mut self, cells: &Cells<'_>, at: usize) -> Result<()> {
        let mut row = 0;
        loop {
            row = match self.kind {
                Kind::Null => self.push_nulls(cells, at, row),
                Kind::Bool => self.push_bools(cells, at, row),
                Kind::Int => self.push_ints(cells, at, row, Forms::Plain),
                Kind::Epoch(_) => self.push_ints(cells, at, row, Forms::Alike(EPOCH)),
                Kind::Time(unit) | Kind::Dated(unit, _) => self.push_times(cells, at, row, unit),
                Kind::Decimal(scale) => self.push_decimals(cells, at, row, scale),
                Kind::Uuid => self.push_uuids(cells, at, row),
                Kind::Text => self.push_texts(cells, at, row)?,
            };
            if row == cells.n_rows() {
                return Ok(());
            }
            let cell = cells.get(row, at);
            let fixed = self.fixed.and_then(|fixed| Kind::fixed(fixed, cell));
            let kind = fixed.unwrap_or_else(|| Kind::in_style(self.kind.style(), cell));
            self.widen(self.kind.join(kind))?;
        }
    }

    fn push_null(&mut self) {
        self.null_rows.push(self.values.len() as u32);
        self.values.push(0);
    }

    #[inline(never)]
    fn push_nulls(&mut self, cells: &Cells<'_>, at: usize, from: usize) -> usize {
        for row in from..cells.n_rows() {
            if !is_null(cells.get(row, at)) {
                return row;
            }
            self.push_null();
        }
        cells.n_rows()
    }

    /// Reads cells from row `from` on until one does not fit; gives its row.
    #[inline]
    fn push_with(
        &mut self,
        cells: &Cells<'_>,
        at: usize,
        from: usize,
        mut read: impl FnMut(&mut InstantReader, &[u8]) -> Option<(i64, Form)>,
    ) -> usize {
        for row in from..cells.n_rows() {
            let cell = cells.get(row, at);
            match read(&mut self.reader, cell) {
                Some((value, form)) => {
                    self.forms.push(self.values.len(), form);
                    self.values.push(value);
                }
                None if is_null(cell) => self.push_null(),
                None => return row,
            }
        }
        cells.n_rows()
    }

    #[inline(never)]
    fn push_ints(&mut self, cells: &Cells<'_>, at: usize, from: usize, forms: Forms) -> usize {
        self.forms = forms;
        let first = self.values.len();
        self.values.resize(first + cells.n_rows() - from, 0);
        let mut row = from;
        loop {
            row += cells.read_ints(at, row, &mut self.values[first + row - from..]);
            if row == cells.n_rows() {
                return row;
            }
            let cell = cells.get(row, at);
            match parse_int(cell) {
                Some(int) => self.values[first + row - from] = int,
                None if is_null(cell) => self.null_rows.push((first + row - from) as u32),
                None => {
                    self.values.truncate(first + row - from);
                    return row;
                }
            }
            row += 1;
        }
    }

    #[inline(never)]
    fn push_bools(&mut self, cells: &Cells<'_>, at: usize, from: usize) -> usize {
        self.push_with(cells, at, from, |_, cell| parse_bool(cell).map(|(value, form)| (i64::from(value), Form(form))))
    }

    #[inline(never)]
    fn push_times(&mut self, cells: &Cells<'_>, at: usize, from: usize, unit: TimeUnit) -> usize {
        self.reader.set_style(self.kind.style());
        self.push_with(cells, at, from, |reader, cell| {
            let instant = reader.read(cell)?;
            if instant.unit() > unit {
                return None;
            }
            Some((instant.count(unit)?, instant.form))
        })
    }

    #[inline(never)]
    fn push_decimals(&mut self, cells: &Cells<'_>, at: usize, from: usize, scale: u8) -> usize {
        for row in from..cells.n_rows() {
            let cell = cells.get(row, at);
            if let Some(decimal) = parse_decimal(cell) {
                if decimal.scale > scale {
                    return row;
                }
                let Some(units) = decimal.units.checked_mul(pow10(u32::from(scale - decimal.scale))) else { return row };
                if units.unsigned_abs() >= pow10(MAX_DIGITS) as u128 {
                    return row;
                }
                self.forms.push(self.decimals.len(), decimal.form);
                self.decimals.push(units);
            } else if is_null(cell) {
                self.null_rows.push(self.decimals.len() as u32);
                self.decimals.push(0);
            } else {
                return row;
            }
        }
        cells.n_rows()
    }

    #[inline(never)]
    fn push_uuids(&mut self, cells: &Cells<'_>, at: usize, from: usize) -> usize {
        for row in from..cells.n_rows() {
            let cell = cells.get(row, at);
            match parse_uuid(cell) {
                Some(value) => self.decimals.push(value),
                None if is_null(cell) => {
                    self.null_rows.push(self.decimals.len() as u32);
                    self.decimals.push(0);
                }
                None => return row,
            }
        }
        cells.n_rows()
    }

    #[inline(never)]
    fn push_texts(&mut self, cells: &Cells<'_>, at: usize, from: usize) -> Result<usize> {
        let first = self.values.len();
        self.values.resize(first + cells.n_rows() - from, 0);
        let mut row = from;
        while row < cells.n_rows() {
            let cell = cells.get(row, at);
            let place = first + row - from;
            if is_null(cell) {
                self.null_rows.push(place as u32);
            } else {
                self.values[place] = i64::from(self.dictionary.code(cell)?);
            }
            row += 1;
            row += cells.read_codes(at, row, &self.dictionary, &mut self.values[place + 1..]);
        }
        Ok(row)
    }

    /// Turns what is here into a wider kind; into text when even that does not hold it.
    #[cold]
    fn widen(&mut self, wider: Kind) -> Result<()> {
        let wider = if wider == self.kind { Kind::Text } else { wider };
        let from = self.kind.column_type();
        let now = self.take()?;
        let (wider, widened) = match column::widen(&now.array, &now.forms, from, wider.column_type())? {
            Some(widened) => (wider, widened),
            None => {
                let text = Kind::Text;
                let widened = column::widen(&now.array, &now.forms, from, text.column_type())?;
                (text, widened.expect("text holds every value"))
            }
        };
        self.kind = wider;
        let (array, forms) = widened;
        self.forms = forms;
        if let Some(nulls) = array.nulls() {
            self.null_rows = (0..array.len() as u32).filter(|&row| nulls.is_null(row as usize)).collect();
        }
        match wider {
            Kind::Decimal(_) | Kind::Uuid => self.decimals = column::integers(&array)?,
            Kind::Text | Kind::Null => {
                let (codes, texts) = column::codes(&array)?;
                let mut moved = Vec::with_capacity(texts.len());
                for text in texts.iter() {
                    moved.push(self.dictionary.code(text.unwrap_or("").as_bytes())?);
                }
                self.values = codes.iter().map(|&code| moved.get(code as usize).map_or(0, |&c| i64::from(c))).collect();
            }
            _ => self.values = column::integers(&array)?.iter().map(|&v| v as i64).collect(),
        }
        Ok(())
    }

    /// The column so far as an array, leaving an empty one of the same kind.
    #[inline(never)]
    pub(super) fn take(&mut self) -> Result<BatchColumn> {
        let n_rows = self.values.len().max(self.decimals.len());
        let nulls = column::null_buffer(&self.null_rows, n_rows);
        let array = match self.kind {
            Kind::Null => column::nulls(self.kind.column_type(), n_rows)?,
            Kind::Bool => column::bools(&self.values, nulls),
            Kind::Int => column::narrow_ints(&self.values, nulls),
            Kind::Epoch(unit) | Kind::Time(unit) | Kind::Dated(unit, _) => column::narrow_instants(&self.values, unit, nulls),
            Kind::Decimal(scale) => column::narrow_decimals(&self.decimals, scale, nulls),
            Kind::Uuid => column::narrow_decimals(&self.decimals, UUID_SCALE, nulls),
            Kind::Text => {
                if self.dictionary.is_empty() {
                    self.dictionary.code(b"")?; // nulls point at something
                }
                let codes: Vec<u32> = self.values.iter().map(|&v| v as u32).collect();
                column::texts(&codes, Arc::new(self.dictionary.to_array()), nulls)?
            }
        };
        self.values.clear();
        self.decimals.clear();
        self.null_rows.clear();
        self.dictionary.clear();
        Ok(BatchColumn { array, forms: std::mem::take(&mut self.forms), column_type: self.kind.column_type() })
    }
}

/// Why a row of these cells is no row of these columns, if it is none. `are_utf8`: that needs no look.
pub(super) fn misfit<'a>(
    names: &[String],
    columns: &[ColumnBuilder],
    are_utf8: bool,
    cell: impl Fn(usize) -> &'a [u8],
) -> Option<String> {
    names.iter().zip(columns).enumerate().find_map(|(at, (name, column))| {
        if are_utf8 && column.fixed.is_none_or(|fixed| fixed == Fixed::Text) {
            return None;
        }
        let cell = cell(at);
        let Ok(text) = std::str::from_utf8(cell) else { return Some(format!("column {name}: the text is not UTF-8")) };
        let fixed = column.fixed.filter(|&fixed| Kind::fixed(fixed, cell).is_none())?.name();
        Some(format!("column {name}: expected {fixed}, found {text:?}"))
    })
}

/// The kind that holds a sample's cells of a column.
pub(super) fn first_kind<'a>(name: &str, fixed: Option<Fixed>, cells: impl Iterator<Item = &'a [u8]> + Clone) -> Kind {
    if let Some(fixed) = fixed {
        let kind = cells.filter_map(|cell| Kind::fixed(fixed, cell)).fold(Kind::Null, Kind::join);
        return if fixed == Fixed::Text { Kind::Text } else { kind };
    }
    let kind = cells.clone().map(Kind::of).fold(Kind::Null, Kind::join);
    if matches!(kind, Kind::Decimal(1..=9)) && sounds_like_time(name) {
        let seconds = cells.clone().map(|cell| Kind::in_style(DateStyle::Seconds, cell)).fold(Kind::Null, Kind::join);
        if matches!(seconds, Kind::Dated(_, DateStyle::Seconds)) {
            return seconds;
        }
    }
    if kind == Kind::Int && sounds_like_time(name) {
        let mut digits = InstantReader::new(DateStyle::Digits, None);
        if cells.clone().all(|cell| is_null(cell) || digits.read(cell).is_some()) {
            return Kind::Dated(TimeUnit::Second, DateStyle::Digits);
        }
        let mut units = cells.filter_map(parse_int).map(epoch_unit);
        if let Some(Some(unit)) = units.next()
            && units.all(|u| u == Some(unit))
        {
            return Kind::Epoch(unit);
        }
    }
    kind
}
