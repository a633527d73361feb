//! What the SQL of all kinds of questions is made of: values, time buckets, functions and orders, as each dialect says them.
//!
//! All of it is exact: what a dialect cannot say so is `UNSUPPORTED`. The table `events` has the data's columns by their names:
//! integers of 64 bits, decimals, booleans, texts (UUIDs, too, in lower case, and columns of nulls alone), and times in UTC of
//! the column's unit: DuckDB's `TIMESTAMP`, ClickHouse's `DateTime` or `DateTime64` of UTC, Spark's `TIMESTAMP` in a session
//! whose time zone is UTC. In ClickHouse all columns are `Nullable`.

use super::table::OrderBy;
use crate::event::{ColumnType, TimeUnit};
use crate::kernel::bucket::Every;
use crate::kernel::instant::instant_text;
use crate::kernel::number::pow10;
use crate::kernel::uuid::write_uuid;
use crate::kernel::values::digits;
use crate::sql::Dialect;
use crate::{Error, ErrorKind, Result};

/// Seconds from 1970 to Monday 2000-01-03, from which buckets up to weeks count.
const MONDAY: i64 = 946_857_600;

/// The seconds of years 1 to 9999, which all dialects can write.
const WRITABLE: std::ops::Range<i128> = -62_135_596_800..253_402_300_800;

/// A statement of named steps, each of which may select from those before it.
#[derive(Debug, Default)]
pub(super) struct Steps(Vec<String>);

impl Steps {
    /// Adds a step, called `name`, a plain word.
    pub(super) fn add(&mut self, name: &str, select: &str) {
        let lines = select.replace('\n', "\n  ");
        self.0.push(format!("{name} AS (\n  {lines}\n)"));
    }

    /// The whole statement, which ends with this `SELECT`.
    pub(super) fn statement(&self, last: &str) -> String {
        if self.0.is_empty() { last.to_owned() } else { format!("WITH {}\n{last}", self.0.join(",\n")) }
    }
}

/// The error for what a dialect cannot say exactly.
pub(super) fn unsupported(what: &str, dialect: Dialect) -> Error {
    Error::new(ErrorKind::Unsupported, format!("{what} cannot be said in the SQL of {}", dialect.name()))
}

/// A value of a column in the column's units, as a literal.
///
/// # Errors
///
/// `UNSUPPORTED` for times that the dialect cannot write; `BAD_STATE` for types whose values are no integers.
pub(super) fn literal(units: i128, column_type: ColumnType, dialect: Dialect) -> Result<String> {
    Ok(match column_type {
        ColumnType::Bool => if units == 0 { "FALSE" } else { "TRUE" }.to_owned(),
        ColumnType::Int if dialect == Dialect::Spark => format!("{units}L"),
        ColumnType::Int => units.to_string(),
        ColumnType::Decimal { scale } => {
            let (sign, of_unit) = (if units < 0 { "-" } else { "" }, pow10(u32::from(scale)).unsigned_abs());
            let (whole, part) = (units.unsigned_abs() / of_unit, units.unsigned_abs() % of_unit);
            let point = if scale == 0 { String::new() } else { format!(".{part:0width$}", width = usize::from(scale)) };
            match dialect {
                Dialect::DuckDb | Dialect::Spark => format!("CAST('{sign}{whole}{point}' AS DECIMAL(38, {scale}))"),
                Dialect::ClickHouse => format!("toDecimal128('{sign}{whole}{point}', {scale})"),
            }
        }
        ColumnType::Time { unit } => {
            check_unit(unit, dialect)?;
            if !WRITABLE.contains(&units.div_euclid(i128::from(unit.per_second()))) {
                return Err(unsupported("a time outside of the years 1 to 9999", dialect));
            }
            let text = instant_text(units as i64, unit).replace('T', " ").replace('Z', "");
            match dialect {
                Dialect::DuckDb => format!("TIMESTAMP '{text}'"),
                Dialect::ClickHouse => format!("toDateTime64('{text}', {}, 'UTC')", digits(column_type)),
                Dialect::Spark => format!("TIMESTAMP '{text}Z'"),
            }
        }
        ColumnType::Uuid => dialect.text(std::str::from_utf8(&write_uuid(units)).unwrap_or_default()),
        ColumnType::Null | ColumnType::Text | ColumnType::Dates { .. } => {
            return Err(Error::bad_state("a text is no integer"));
        }
    })
}

/// A float as a literal that every dialect reads as the same one.
///
/// # Errors
///
/// `UNSUPPORTED` for what is no finite number.
pub(super) fn float(value: f64, dialect: Dialect) -> Result<String> {
    if value.is_finite() { Ok(format!("{value:e}")) } else { Err(unsupported("what is no finite number", dialect)) }
}

/// Truth that is not known.
pub(super) fn unknown(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::DuckDb | Dialect::Spark => "CAST(NULL AS BOOLEAN)",
        Dialect::ClickHouse => "CAST(NULL AS Nullable(Bool))",
    }
}

/// Whether `a` and `b` are the same value or both null.
pub(super) fn is_same(a: &str, b: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::DuckDb | Dialect::ClickHouse => format!("{a} IS NOT DISTINCT FROM {b}"),
        Dialect::Spark => format!("{a} <=> {b}"),
    }
}

/// `float` values of an expression of numbers.
pub(super) fn to_float(number: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::DuckDb | Dialect::Spark => format!("CAST({number} AS DOUBLE)"),
        Dialect::ClickHouse => format!("toFloat64({number})"),
    }
}

/// An expression of integers or decimals as wide integers of its own units, whose sums are exact.
pub(super) fn to_units(number: &str, column_type: ColumnType, dialect: Dialect) -> String {
    let scale = digits(column_type);
    let times = if scale == 0 { String::new() } else { format!(" * {}", pow10(scale)) };
    match dialect {
        Dialect::DuckDb if scale == 0 => format!("CAST({number} AS HUGEINT)"),
        Dialect::DuckDb => format!("CAST(CAST({number} AS DECIMAL(38, {scale})){times} AS HUGEINT)"),
        Dialect::ClickHouse if scale == 0 => format!("toInt256({number})"),
        Dialect::ClickHouse => format!("toInt256(toDecimal256({number}, {scale}){times})"),
        Dialect::Spark => format!("CAST({number}{times} AS DECIMAL(38, 0))"),
    }
}

/// The exact sum of an expression of integers or decimals, of its own type; `over` is nothing or the window's ` OVER (…)`.
pub(super) fn sum(number: &str, column_type: ColumnType, over: &str, dialect: Dialect) -> String {
    let is_int = column_type == ColumnType::Int;
    match dialect {
        Dialect::DuckDb if is_int => format!("CAST(sum({number}){over} AS BIGINT)"),
        Dialect::ClickHouse if is_int => format!("accurateCast(sum(toInt128({number})){over}, 'Nullable(Int64)')"),
        Dialect::Spark if is_int => format!("CAST(sum(CAST({number} AS DECIMAL(38, 0))){over} AS BIGINT)"),
        _ => format!("sum({number}){over}"),
    }
}

/// The mean of an expression of integers or decimals: one division of integers as floats.
pub(super) fn mean(number: &str, column_type: ColumnType, dialect: Dialect) -> String {
    let total = to_float(&format!("sum({})", to_units(number, column_type, dialect)), dialect);
    let times = if digits(column_type) == 0 { String::new() } else { format!(" * {}", pow10(digits(column_type))) };
    format!("{total} / nullif(count({number}){times}, 0)")
}

/// How many different values an expression has, null not counted.
pub(super) fn count_distinct(value: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::DuckDb | Dialect::Spark => format!("count(DISTINCT {value})"),
        Dialect::ClickHouse => format!("uniqExact({value})"),
    }
}

/// The quantile of an expression of floats, interpolated (type 7); null for no values. In ClickHouse its last digit may differ.
pub(super) fn quantile(q: f64, float: &str, dialect: Dialect) -> String {
    match dialect {
        // As a float, as here: a decimal's place would be another.
        Dialect::DuckDb => format!("quantile_cont({float}, {q:e})"),
        Dialect::ClickHouse => format!("quantileExactInclusive({q})({float})"),
        Dialect::Spark => format!("percentile({float}, {q:e})"),
    }
}

/// A time as an integer count of its column's unit.
///
/// # Errors
///
/// `UNSUPPORTED` where the dialect has no such times.
pub(super) fn time_units(time: &str, unit: TimeUnit, dialect: Dialect) -> Result<String> {
    check_unit(unit, dialect)?;
    Ok(match (dialect, unit) {
        (Dialect::DuckDb, TimeUnit::Second) => format!("(epoch_ms({time}) // 1000)"),
        (Dialect::DuckDb, TimeUnit::Milli) => format!("epoch_ms({time})"),
        (Dialect::DuckDb, _) => format!("epoch_us({time})"),
        (Dialect::ClickHouse, unit) => {
            let digits = digits(ColumnType::Time { unit });
            format!("toUnixTimestamp64{}(toDateTime64({time}, {digits}, 'UTC'))", click_house_name(unit))
        }
        (Dialect::Spark, TimeUnit::Second) => format!("unix_seconds({time})"),
        (Dialect::Spark, TimeUnit::Milli) => format!("unix_millis({time})"),
        (Dialect::Spark, _) => format!("unix_micros({time})"),
    })
}

/// How many seconds it is from one time to another, as a float.
///
/// # Errors
///
/// `UNSUPPORTED` where the dialect has no such times.
pub(super) fn seconds_between(from: &str, to: &str, unit: TimeUnit, dialect: Dialect) -> Result<String> {
    let elapsed = format!("({} - {})", time_units(to, unit, dialect)?, time_units(from, unit, dialect)?);
    Ok(format!("{} / {:e}", to_float(&elapsed, dialect), unit.per_second() as f64))
}

/// The start of the bucket that a time falls into, as `kernel::bucket` tells it.
///
/// # Errors
///
/// `UNSUPPORTED` where the dialect cannot say it.
pub(super) fn bucket(time: &str, every: Every, zone: Option<&str>, unit: TimeUnit, dialect: Dialect) -> Result<String> {
    check_unit(unit, dialect)?;
    let zone = zone.map(|zone| dialect.text(zone));
    Ok(match dialect {
        Dialect::DuckDb => duckdb_bucket(time, every, zone.as_deref()),
        Dialect::ClickHouse => click_house_bucket(time, every, zone.as_deref(), unit)?,
        Dialect::Spark => spark_bucket(time, every, zone.as_deref()),
    })
}

fn duckdb_bucket(time: &str, every: Every, zone: Option<&str>) -> String {
    let width = duckdb_interval(every);
    match (every, zone) {
        (_, None) => format!("time_bucket({width}, {time})"),
        (Every::Seconds(_), Some(zone)) => {
            let local = local(time, Some(zone), Dialect::DuckDb);
            format!("{time} - ({local} - time_bucket({width}, {local}))")
        }
        (_, Some(zone)) => format!("time_bucket({width}, {time} AT TIME ZONE 'UTC', {zone}) AT TIME ZONE 'UTC'"),
    }
}

/// A bucket's width.
fn duckdb_interval(every: Every) -> String {
    let (n, name) = match every {
        Every::Seconds(n) if n % 3_600 == 0 => (n / 3_600, "HOUR"),
        Every::Seconds(n) if n % 60 == 0 => (n / 60, "MINUTE"),
        Every::Seconds(n) => (n, "SECOND"),
        Every::Days(n) => (n, "DAY"),
        Every::Months(n) => (n, "MONTH"),
    };
    format!("INTERVAL {n} {name}")
}

fn click_house_bucket(time: &str, every: Every, zone: Option<&str>, unit: TimeUnit) -> Result<String> {
    let first = first_place(time, every, zone, Dialect::ClickHouse);
    let day = match every {
        Every::Seconds(width) => {
            let (units, per_second) = (time_units(time, unit, Dialect::ClickHouse)?, unit.per_second());
            let offset = zone.map_or_else(String::new, |zone| {
                let offset = format!("timeZoneOffset(toTimeZone({time}, {zone}))");
                if per_second == 1 { format!(" + {offset}") } else { format!(" + {offset} * {per_second}") }
            });
            let width = i128::from(width) * i128::from(per_second);
            let since = format!("positiveModulo({units}{offset} - {}, {width})", MONDAY * per_second);
            return Ok(format!("fromUnixTimestamp64{}({units} - {since}, 'UTC')", click_house_name(unit)));
        }
        Every::Days(1) => format!("toDate32({})", local(time, zone, Dialect::ClickHouse)),
        Every::Days(_) => format!("addDays(toDate32('2000-01-03'), {first})"),
        Every::Months(_) => format!("addMonths(toDate32('2000-01-01'), {first})"),
    };
    let midnight = format!("toDateTime64({day}, {}, {})", digits(ColumnType::Time { unit }), zone.unwrap_or("'UTC'"));
    Ok(if zone.is_some() { format!("toTimeZone({midnight}, 'UTC')") } else { midnight })
}

fn spark_bucket(time: &str, every: Every, zone: Option<&str>) -> String {
    let first = first_place(time, every, zone, Dialect::Spark);
    let day = match every {
        Every::Seconds(width) => {
            let local = local(time, zone, Dialect::Spark);
            return format!("timestamp_seconds(unix_seconds({time}) - pmod(unix_seconds({local}) - {MONDAY}, {width}))");
        }
        Every::Days(1) => format!("CAST({} AS DATE)", local(time, zone, Dialect::Spark)),
        Every::Days(_) => format!("date_add(DATE '2000-01-03', {first})"),
        Every::Months(_) => format!("add_months(DATE '2000-01-01', {first})"),
    };
    let midnight = format!("CAST({day} AS TIMESTAMP)");
    zone.map_or(midnight.clone(), |zone| format!("to_utc_timestamp({midnight}, {zone})"))
}

/// Where a bucket's start is among all: so many units, days or months. How many steps it is from one bucket to another is told
/// by the difference of their places.
///
/// # Errors
///
/// `UNSUPPORTED` where the dialect has no such times.
pub(super) fn place(start: &str, every: Every, zone: Option<&str>, unit: TimeUnit, dialect: Dialect) -> Result<String> {
    check_unit(unit, dialect)?;
    match every {
        Every::Seconds(_) => time_units(start, unit, dialect),
        Every::Days(_) | Every::Months(_) => {
            // A zone may have left out the day on which the bucket begins.
            let place = if zone.is_some() { first_place } else { local_place };
            Ok(place(start, every, zone.map(|zone| dialect.text(zone)).as_deref(), dialect))
        }
    }
}

/// The first day or month of the bucket that a time falls into, counted as `local_place` does.
fn first_place(time: &str, every: Every, zone: Option<&str>, dialect: Dialect) -> String {
    let place = local_place(time, every, zone, dialect);
    match (every, dialect) {
        (Every::Seconds(_) | Every::Days(1) | Every::Months(1), _) => place,
        (Every::Days(n) | Every::Months(n), Dialect::DuckDb) => format!("({place} - (({place} % {n}) + {n}) % {n})"),
        (Every::Days(n) | Every::Months(n), Dialect::ClickHouse) => format!("({place} - positiveModulo({place}, {n}))"),
        (Every::Days(n) | Every::Months(n), Dialect::Spark) => format!("({place} - pmod({place}, {n}))"),
    }
}

/// The days from 2000-01-03, or months from 2000-01-01, that the local clock shows at a time.
fn local_place(time: &str, every: Every, zone: Option<&str>, dialect: Dialect) -> String {
    let local = local(time, zone, dialect);
    match (every, dialect) {
        (Every::Months(_), Dialect::ClickHouse) => format!("((toYear({local}) - 2000) * 12 + toMonth({local}) - 1)"),
        (Every::Months(_), _) => format!("((year({local}) - 2000) * 12 + month({local}) - 1)"),
        (_, Dialect::DuckDb) => format!("(CAST({local} AS DATE) - DATE '2000-01-03')"),
        (_, Dialect::ClickHouse) => format!("dateDiff('day', toDate32('2000-01-03'), toDate32({local}))"),
        (_, Dialect::Spark) => format!("datediff(CAST({local} AS DATE), DATE '2000-01-03')"),
    }
}

/// What a zone's clock shows at a time; the zone is a literal.
fn local(time: &str, zone: Option<&str>, dialect: Dialect) -> String {
    match (zone, dialect) {
        (None, _) => time.to_owned(),
        (Some(zone), Dialect::DuckDb) => format!("({time} AT TIME ZONE 'UTC' AT TIME ZONE {zone})"),
        (Some(zone), Dialect::ClickHouse) => format!("toTimeZone({time}, {zone})"),
        (Some(zone), Dialect::Spark) => format!("from_utc_timestamp({time}, {zone})"),
    }
}

fn click_house_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "Second",
        TimeUnit::Milli => "Milli",
        TimeUnit::Micro => "Micro",
        TimeUnit::Nano => "Nano",
    }
}

/// Refuses times finer than a dialect's.
fn check_unit(unit: TimeUnit, dialect: Dialect) -> Result<()> {
    let fits = unit != TimeUnit::Nano || dialect == Dialect::ClickHouse;
    if fits { Ok(()) } else { Err(unsupported("a time of nanoseconds", dialect)) }
}

/// `ORDER BY` these: nulls come last, also in descending order. Nothing for none.
pub(super) fn order_by(by: &[OrderBy], dialect: Dialect) -> String {
    if by.is_empty() { String::new() } else { format!("ORDER BY {}", orders(by, dialect)) }
}

/// What stands behind `ORDER BY`, each column once.
pub(super) fn orders(by: &[OrderBy], dialect: Dialect) -> String {
    let is_first = |(at, one): &(usize, &OrderBy)| by[..*at].iter().all(|before| before.column != one.column);
    let order = |(_, by): (usize, &OrderBy)| {
        let direction = if by.descending { "DESC" } else { "ASC" };
        format!("{} {direction} NULLS LAST", dialect.ident(&by.column))
    };
    by.iter().enumerate().filter(is_first).map(order).collect::<Vec<_>>().join(", ")
}

/// Ascending orders by the columns of these names.
pub(super) fn ascending<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<OrderBy> {
    names.into_iter().map(|name| OrderBy { column: name.to_owned(), descending: false }).collect()
}

/// Columns by their names, with commas.
pub(super) fn idents<'a>(names: impl IntoIterator<Item = &'a str>, dialect: Dialect) -> String {
    names.into_iter().map(|name| dialect.ident(name)).collect::<Vec<_>>().join(", ")
}

/// `LIMIT`, in a line of its own, where there is one that can cut an answer.
pub(super) fn limit(rows: usize) -> String {
    if i32::try_from(rows).is_err() { String::new() } else { format!("\nLIMIT {rows}") }
}

/// Refuses names that differ in case alone, where the dialect takes them for one.
///
/// # Errors
///
/// `UNSUPPORTED`, naming the two.
pub(super) fn check_names<'a>(names: impl IntoIterator<Item = &'a str>, dialect: Dialect) -> Result<()> {
    let mut known: Vec<(String, &str)> = vec![];
    for name in names.into_iter().filter(|_| dialect != Dialect::ClickHouse) {
        let lower = name.to_lowercase();
        if let Some((_, other)) = known.iter().find(|(known, _)| *known == lower) {
            return Err(unsupported(&format!("two columns called {other:?} and {name:?}"), dialect));
        }
        known.push((lower, name));
    }
    Ok(())
}
