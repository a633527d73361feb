//! Ranks in SQL.

use super::{Function, Rank};
use crate::Result;
use crate::analysis::sql::{idents, orders, unsupported};
use crate::analysis::table::OrderBy;
use crate::sql::Dialect;

/// The most tiles, and rows to look back, that all dialects take.
const MOST: u64 = i32::MAX as u64;

impl Rank {
    /// `SELECT` all of a step and the rank. Ties that SQL leaves open are broken by `ties`.
    ///
    /// # Errors
    ///
    /// `UNSUPPORTED` where the dialect cannot say it.
    pub(in crate::analysis) fn sql(&self, step: &str, ties: &[OrderBy], dialect: Dialect) -> Result<String> {
        let mut by = self.by.clone();
        if self.leaves_ties() {
            by.extend_from_slice(ties);
        }
        let function = match &self.function {
            Function::RowNumber => "row_number()".to_owned(),
            Function::Rank => "rank()".to_owned(),
            Function::DenseRank => "dense_rank()".to_owned(),
            Function::PercentRank => "percent_rank()".to_owned(),
            Function::CumeDist => "cume_dist()".to_owned(),
            Function::Ntile(n @ ..=MOST) => format!("ntile({n})"),
            Function::Lag { column, offset } if offset.unsigned_abs() <= MOST => {
                let column = dialect.ident(column);
                // A default stands where there is no row, else.
                let column = if dialect == Dialect::ClickHouse { format!("toNullable({column})") } else { column };
                format!("{}({column}, {})", if *offset < 0 { "lead" } else { "lag" }, offset.unsigned_abs())
            }
            Function::Ntile(_) | Function::Lag { .. } => return Err(unsupported("so large a number", dialect)),
        };
        let within = idents(self.within.iter().map(String::as_str), dialect);
        let partition = if within.is_empty() { within } else { format!("PARTITION BY {within} ") };
        let order = if by.is_empty() { "1".to_owned() } else { orders(&by, dialect) };
        Ok(format!("SELECT *, {function} OVER ({partition}ORDER BY {order}) AS {}\nFROM {step}", dialect.ident(&self.name)))
    }

    /// The condition of the rows that it keeps, if it does not keep all.
    pub(in crate::analysis) fn kept_sql(&self, dialect: Dialect) -> Option<String> {
        self.keep.map(|keep| format!("{} <= {keep}", dialect.ident(&self.name)))
    }

    /// Whether rows that are alike in `within` and `by` differ in rank.
    pub(in crate::analysis) fn leaves_ties(&self) -> bool {
        matches!(self.function, Function::RowNumber | Function::Ntile(_) | Function::Lag { .. })
    }
}
