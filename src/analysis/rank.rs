//! Ranking: SQL's window functions over an answer's rows.
//!
//! `row_number`, `rank`, `dense_rank`, `percent_rank`, `cume_dist`, `ntile`, `lag` and `lead` as in SQL:2003, with
//! the default frame; nulls order last. Where SQL leaves ties open (`row_number`, `ntile`, `lag`, `lead`), the
//! group keys decide, or the input order for rows.

#[cfg(feature = "events")]
mod sql;

use serde_json::Value;

use super::spec::{Spec, unknown};
use super::table::{OrderBy, Table, TableColumn, combinations};
use crate::event::ColumnType;
use crate::kernel::order::{self, SortKey};
use crate::kernel::values::{Data, ValueType, Values};
use crate::{Error, Result};

/// A ranking that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Rank {
    pub(super) name: String,
    function: Function,
    pub(super) within: Vec<String>,
    pub(super) by: Vec<OrderBy>,
    keep: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Function {
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumeDist,
    Ntile(u64),
    Lag { column: String, offset: i64 },
}

/// The most rows of a partition that are told without sorting it.
const MOST_BEST: u64 = 100;

const FUNCTIONS: [&str; 8] = ["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead"];

impl Rank {
    /// Reads `{"as", "fn", "within", "by", "keep", "n", "column", "offset"}`.
    pub(super) fn parse(value: &Value) -> Result<Self> {
        let mut spec = Spec::new("\"rank\"", value)?;
        let function_name = spec.need("fn")?.as_str().ok_or_else(|| Error::bad_query("\"fn\" in \"rank\" must be a string"))?;
        let name = spec.text("as")?.unwrap_or(function_name).to_owned();
        let by = spec.texts("by")?.iter().map(|by| OrderBy::parse(by)).collect();
        let within = spec.texts("within")?;
        let keep = spec.count("keep")?;
        let function = match function_name {
            "row_number" => Function::RowNumber,
            "rank" => Function::Rank,
            "dense_rank" => Function::DenseRank,
            "percent_rank" => Function::PercentRank,
            "cume_dist" => Function::CumeDist,
            "ntile" => match spec.count("n")? {
                Some(n @ 1..) => Function::Ntile(n),
                _ => return Err(Error::bad_query("\"ntile\" needs \"n\", the number of tiles, 1 or more").at_column("n")),
            },
            "lag" | "lead" => {
                let column =
                    spec.need("column")?.as_str().ok_or_else(|| Error::bad_query("\"column\" in \"rank\" must be a string"))?;
                let offset = i64::try_from(spec.count("offset")?.unwrap_or(1)).unwrap_or(i64::MAX);
                if keep.is_some() {
                    return Err(Error::bad_query(format!(
                        "\"keep\" has no meaning with {function_name}; filter the answer instead"
                    )));
                }
                Function::Lag { column: column.to_owned(), offset: if function_name == "lag" { offset } else { -offset } }
            }
            other => return Err(unknown(&format!("rank function {other:?}"), other, &FUNCTIONS)),
        };
        spec.finish()?;
        Ok(Self { name, function, within, by, keep })
    }

    /// The columns that must be there, beyond `within` and `by`.
    pub(super) fn column(&self) -> Option<&str> {
        match &self.function {
            Function::Lag { column, .. } => Some(column),
            _ => None,
        }
    }

    /// Whether a row's rank depends on no row after it, all rows being one partition and all ranks kept.
    pub(super) fn depends_on_rows_before_only(&self) -> bool {
        let alone = self.within.is_empty() && self.keep.is_none();
        alone && matches!(self.function, Function::Rank | Function::DenseRank)
    }

    /// The rows that may be kept, where that is told sooner than their ranks: of each partition, those that are not behind
    /// its `keep`th by the first column of `by`.
    pub(super) fn may_keep(&self, table: &Table) -> Result<Option<Vec<u32>>> {
        let counts_rows = matches!(self.function, Function::Rank | Function::RowNumber);
        let (Some(keep @ 1..=MOST_BEST), Some(by), true) = (self.keep, self.by.first(), counts_rows) else { return Ok(None) };
        let SortKey::Narrow(key) = SortKey::new(table.values(&by.column)?, by.descending) else { return Ok(None) };
        let within = self.within.iter().map(|name| table.values(name)).collect::<Result<Vec<_>>>()?;
        let Some((partitions, n_partitions)) = combinations(&within, table.n_rows)? else { return Ok(None) };
        let keep = keep as usize;
        if n_partitions * keep > 4 * table.n_rows {
            return Ok(None);
        }
        let mut best = vec![i64::MAX; n_partitions * keep];
        for (&partition, &key) in partitions.iter().zip(&key) {
            let best = &mut best[partition as usize * keep..][..keep];
            if key < best[keep - 1] {
                let place = best.partition_point(|&better| better <= key);
                best.copy_within(place..keep - 1, place + 1);
                best[place] = key;
            }
        }
        let may_stay = |&row: &u32| key[row as usize] <= best[partitions[row as usize] as usize * keep + keep - 1];
        Ok(Some((0..table.n_rows as u32).filter(may_stay).collect()))
    }

    /// Adds the rank as a column; then drops the rows that `keep` does not keep. Ties are broken by `ties`.
    pub(super) fn apply(&self, table: Table, ties: &[SortKey]) -> Result<Table> {
        let within = self.within.iter().map(|name| Ok(SortKey::new(table.values(name)?, false))).collect::<Result<Vec<_>>>()?;
        let by = table.sort_keys(&self.by)?;
        let mut order: Vec<u32> = (0..table.n_rows as u32).collect();
        let keys: Vec<SortKey> = within.iter().chain(&by).chain(ties).cloned().collect();
        order::sort_rows(&mut order, &keys);
        let same = |keys: &[SortKey], a: u32, b: u32| keys.iter().all(|key| key.equal(a, b));
        let partitions = order.chunk_by(|&a, &b| same(&within, a, b));
        let peers = |&a: &u32, &b: &u32| same(&by, a, b);
        let mut error = None;
        let (value_type, values) = match &self.function {
            Function::Lag { column, offset } => {
                let column = &table.columns[table.index_of(column)?];
                error.clone_from(&column.error);
                (column.value_type, lag(&column.values, partitions, *offset, table.n_rows))
            }
            Function::PercentRank | Function::CumeDist => {
                let mut shares = vec![0.0; table.n_rows];
                for rows in partitions {
                    let mut before = 0;
                    for group in rows.chunk_by(peers) {
                        let share = match self.function {
                            Function::PercentRank if rows.len() == 1 => 0.0,
                            Function::PercentRank => before as f64 / (rows.len() - 1) as f64,
                            _ => (before + group.len()) as f64 / rows.len() as f64,
                        };
                        group.iter().for_each(|&row| shares[row as usize] = share);
                        before += group.len();
                    }
                }
                (ValueType::Float, Values { data: Data::Floats(shares), valid: None })
            }
            function => {
                let mut ranks = vec![0i64; table.n_rows];
                for rows in partitions {
                    number(function, rows, peers, &mut ranks);
                }
                (ValueType::Of(ColumnType::Int), Values::ints(ranks))
            }
        };
        let kept: Option<Vec<u32>> = self.keep.map(|keep| match &values.data {
            Data::Floats(v) => (0..v.len() as u32).filter(|&row| v[row as usize] <= keep as f64).collect(),
            Data::Ints(v) => (0..v.len() as u32).filter(|&row| v[row as usize] as u64 <= keep).collect(),
            _ => (0..table.n_rows as u32).collect(),
        });
        let mut table = table;
        table.columns.push(TableColumn { name: self.name.clone(), value_type, values, error });
        Ok(match kept {
            Some(rows) => table.take(&rows),
            None => table,
        })
    }
}

/// Numbers the rows of one partition, which are in order.
fn number(function: &Function, rows: &[u32], peers: impl Fn(&u32, &u32) -> bool, ranks: &mut [i64]) {
    match function {
        Function::Rank | Function::DenseRank => {
            let mut rank = 1;
            for group in rows.chunk_by(peers) {
                group.iter().for_each(|&row| ranks[row as usize] = rank);
                rank += if *function == Function::Rank { group.len() as i64 } else { 1 };
            }
        }
        Function::Ntile(n) => {
            // The first `len % n` tiles take one row more.
            let (len, n) = (rows.len() as u64, *n);
            let (size, larger) = (len / n, len % n);
            for (i, &row) in rows.iter().enumerate() {
                let i = i as u64;
                let tile =
                    if i < larger * (size + 1) { i / (size + 1) } else { larger + (i - larger * (size + 1)) / size.max(1) };
                ranks[row as usize] = tile as i64 + 1;
            }
        }
        _ => rows.iter().enumerate().for_each(|(i, &row)| ranks[row as usize] = i as i64 + 1),
    }
}

/// The value `offset` rows before each row of its partition; null where there is no such row.
fn lag<'a>(values: &Values, partitions: impl Iterator<Item = &'a [u32]>, offset: i64, n_rows: usize) -> Values {
    let mut from: Vec<Option<u32>> = vec![None; n_rows];
    for rows in partitions {
        for (i, &row) in rows.iter().enumerate() {
            let before = (i as i64).checked_sub(offset).and_then(|i| usize::try_from(i).ok());
            from[row as usize] = before.and_then(|i| rows.get(i).copied());
        }
    }
    values.take_known(&from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Keys 10, 20, 20, 30, null in one partition: DuckDB and ClickHouse agree on these.
    #[test]
    fn ranks_as_sql_does() {
        for (function, expected) in [
            (json!("rank"), vec![1.0, 2.0, 2.0, 4.0, 5.0]),
            (json!("dense_rank"), vec![1.0, 2.0, 2.0, 3.0, 4.0]),
            (json!("row_number"), vec![1.0, 2.0, 3.0, 4.0, 5.0]),
            (json!("percent_rank"), vec![0.0, 0.25, 0.25, 0.75, 1.0]),
            (json!("cume_dist"), vec![0.2, 0.6, 0.6, 0.8, 1.0]),
            (json!("ntile"), vec![1.0, 1.0, 2.0, 2.0, 3.0]),
            (json!("lag"), vec![-1.0, 10.0, 20.0, 20.0, 30.0]),
            (json!("lead"), vec![20.0, 20.0, 30.0, -1.0, -1.0]),
        ] {
            let mut spec = json!({"fn": function, "by": ["k"], "as": "r"});
            match function.as_str() {
                Some("ntile") => spec["n"] = json!(3),
                Some("lag" | "lead") => spec["column"] = json!("k"),
                _ => {}
            }
            let values = Values { data: Data::Ints(vec![10, 20, 20, 30, 0]), valid: Some(vec![true, true, true, true, false]) };
            let column = TableColumn::exact("k", ValueType::Of(ColumnType::Int), values);
            let ranked = Rank::parse(&spec).unwrap().apply(Table { columns: vec![column], n_rows: 5 }, &[]).unwrap();
            let got = ranked.values("r").unwrap();
            let got: Vec<f64> = (0..5)
                .map(|row| match &got.data {
                    _ if !got.is_valid(row) => -1.0,
                    Data::Ints(v) => v[row] as f64,
                    Data::Floats(v) => v[row],
                    _ => f64::NAN,
                })
                .collect();
            assert_eq!(got, expected, "{function}");
        }
    }

    #[test]
    fn names_the_nearest_function() {
        let error = Rank::parse(&json!({"fn": "denserank"})).unwrap_err();
        assert_eq!(error.to_string(), "unknown rank function \"denserank\"; did you mean \"dense_rank\"?");
    }
}
