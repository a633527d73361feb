//! `derive`: a column out of an expression on others.

use std::borrow::Cow;

use super::eval::{Cells, Context, Data, Faults, Kind, evaluate};
use super::expr::Expr;
use super::recipe::need_text;
use super::table::Builder;
use super::zone::{names_to_look_up, unit_of};
use super::{Action, Work};
use crate::error::spec::Spec;
use crate::event::ColumnType;
use crate::{Error, Result};

/// `derive`: adds a column, or makes one of that name anew. Sums, differences and products are exact; a quotient has six
/// digits after the point, rounded half away from zero. What has no value is null: a result of a null, a division by zero,
/// and a number beyond 38 digits (beyond 64 bits, of integers), of which the note has the numbers.
#[derive(Debug)]
pub(super) struct Derive {
    name: String,
    expr: Expr,
}

impl Derive {
    pub(super) fn parse(spec: &mut Spec<'_>) -> Result<Self> {
        let name = need_text(spec, "as")?;
        if name.is_empty() {
            return Err(Error::bad_query("\"as\" of a derive must name the column").at_column("as"));
        }
        let expr = Expr::parse(&need_text(spec, "expr")?).map_err(|e| e.at_column("expr"))?;
        Ok(Self { name, expr })
    }
}

impl Action for Derive {
    fn zones(&self) -> Vec<String> {
        let mut zones = vec![];
        self.expr.zones(&mut zones);
        names_to_look_up(zones)
    }

    fn apply(&self, work: &mut Work<'_>) -> Result<()> {
        let mut faults = Faults::default();
        // No rows tell the type as well as any.
        let none = Context { table: &work.table, batch: None, zones: work.zones };
        let column_type = type_of(evaluate(&self.expr, &none, &mut faults)?.kind);
        let mut builder = Builder::new(column_type);
        for batch in 0..work.table.batches().len() {
            let context = Context { batch: Some(batch), ..none };
            let cells = evaluate(&self.expr, &context, &mut faults)?;
            push(&mut builder, column_type, cells, &mut faults)?;
        }
        let columns = builder.finish()?;
        let n_nulls: usize = columns.iter().map(|column| arrow_array::Array::null_count(&column.array)).sum();
        work.report.changed += (work.table.n_rows() - n_nulls) as u64;
        for (n, what) in [(faults.overflows, "numbers are too large"), (faults.zero_divisions, "divisions are by zero")] {
            if n > 0 {
                work.report.note(format!("{n} {what} and null in column {}", self.name));
            }
        }
        work.table.put_named(&self.name, column_type, columns)
    }
}

fn type_of(kind: Kind) -> ColumnType {
    match kind {
        Kind::Null | Kind::Text => ColumnType::Text,
        Kind::Bool => ColumnType::Bool,
        Kind::Number { scale: 0 } => ColumnType::Int,
        Kind::Number { scale } => ColumnType::Decimal { scale },
        Kind::Time { digits } => ColumnType::Time { unit: unit_of(digits) },
        Kind::Uuid => ColumnType::Uuid,
    }
}

fn push(builder: &mut Builder, column_type: ColumnType, cells: Cells<'_>, faults: &mut Faults) -> Result<()> {
    match cells.data {
        Data::Texts(texts) => builder.push_texts(texts.iter().map(|text| text.as_ref().map(Cow::as_ref))),
        Data::Numbers(mut numbers) if column_type == ColumnType::Int => {
            for number in &mut numbers {
                if number.is_some_and(|number| i64::try_from(number).is_err()) {
                    *number = None;
                    faults.overflows += 1;
                }
            }
            builder.push_numbers(numbers)
        }
        Data::Numbers(numbers) if column_type == ColumnType::Text => builder.push_texts(numbers.iter().map(|_| None)),
        Data::Numbers(numbers) => builder.push_numbers(numbers),
    }
}
