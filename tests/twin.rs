//! Every example question is answered as a twin answers it that looks at one row at a time.
//!
//! The laws say that all ways to an answer agree; here an engine without any cleverness says which answer is right.
//! Tables are random, and so are the widths and dictionaries of their columns, the split of their rows over folds,
//! and the tree in which the folds' states are merged, each over the wire.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod oracle;
mod random;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal128Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMillisecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, DictionaryArray, Int64Array, PrimitiveArray, RecordBatch, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Schema as ArrowSchema, TimeUnit as ArrowUnit};
use clickfold::Query;
use clickfold::analysis::Zones;
use clickfold::event::{Column, ColumnType, Schema, TimeUnit};
use clickfold::fold::Fold;
use clickfold::frame;
use clickfold::kernel::batch::GROUPED_BY;
use clickfold::kernel::bucket::Zone;
use clickfold::kernel::uuid::{UUID_SCALE, parse_uuid};
use clickfold::query::ROW;
use oracle::{Cell, Kind, Row, Table};
use random::Random;
use serde_json::{Value, json};

const COLUMNS: [(&str, ColumnType, Kind); 10] = [
    ("user_id", ColumnType::Int, Kind::Int),
    ("item_id", ColumnType::Int, Kind::Int),
    ("behavior", ColumnType::Text, Kind::Text),
    ("price", ColumnType::Decimal { scale: 2 }, Kind::Decimal(2)),
    ("at", ColumnType::Time { unit: TimeUnit::Second }, Kind::Time(0)),
    ("seen", ColumnType::Time { unit: TimeUnit::Milli }, Kind::Time(3)),
    ("member", ColumnType::Bool, Kind::Bool),
    ("note", ColumnType::Text, Kind::Text),
    ("visit", ColumnType::Uuid, Kind::Text),
    ("nothing", ColumnType::Null, Kind::Text),
];

/// Seconds around which clocks change: in New York forward and back, in São Paulo at midnight, in St. John's back over
/// it, in Beirut and Auckland while it is still the day before in UTC, on Lord Howe Island by half an hour.
const CHANGES: [i64; 7] =
    [1_710_054_000, 1_730_613_600, 1_541_300_400, 1_289_097_060, 1_648_332_000, 1_727_532_000, 1_712_415_600];

/// The first and the last of all, and some that lie close together in the middle.
const UUIDS: [&str; 6] = [
    "80000000-0000-0000-0000-000000000007",
    "80000000-0000-0000-7fff-ffffffffffff",
    "7fffffff-ffff-ffff-ffff-ffffffffffff",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "72d76fde-8bb3-4e00-8c23-a032dfed738c",
];

fn examples() -> Vec<Value> {
    serde_json::from_str(include_str!("oracle/examples.json")).unwrap()
}

fn random_table(random: &mut Random, n_rows: usize) -> Table {
    let users: &[i128] = match random.below(4) {
        0 => &[9_007_199_254_740_993, 3, -7, 1 << 40, 2_147_483_647, 2_147_483_648, -2_147_483_648, -2_147_483_649],
        1 => &[i64::MAX as i128, i64::MIN as i128, 0, 5],
        _ => &[1, 2, 3, 4, 5, 300],
    };
    let prices: &[i128] =
        if random.below(3) == 0 { &[1, 25, 10i128.pow(34), -10i128.pow(20)] } else { &[0, 50, 75, 200, 1999, -5] };
    let behaviors = ["pv", "pv", "pv", "cart", "fav", "buy", ""];
    let notes = ["", "a", "ab", "abc", "b", "bab", "é", "abcdefgh", "abcdefghi"];
    let visits = &UUIDS[..random.pick(&[1, 3, 6, 6])];
    let often_null = random.below(3) != 0;
    let all_null = random.below(4 * COLUMNS.len());
    let is_short = random.below(3) == 0;
    let mut row = || -> Row {
        let mut near = || match is_short {
            true => CHANGES[0] - 2 + random.below(6) as i64,
            false => random.pick(&CHANGES) - 90_000 + random.below(180_000) as i64,
        };
        let instants = [near(), near(), CHANGES[0], -1];
        let (at, seen) = (random.pick(&instants), 1_000 * random.pick(&instants) + random.pick(&[0, 1, 500, 999]));
        let cells = [
            Cell::Number(random.pick(users), 0),
            Cell::Number(random.below(6) as i128, 0),
            Cell::Text(random.pick(&behaviors).to_owned()),
            Cell::Number(random.pick(prices), 2),
            Cell::Time(i128::from(at) * 1_000_000_000),
            Cell::Time(i128::from(seen) * 1_000_000),
            Cell::Bool(random.below(2) == 0),
            Cell::Text(random.pick(&notes).to_owned()),
            Cell::Text(random.pick(visits).to_owned()),
        ];
        let mut row: Row = cells.into_iter().map(|cell| (!often_null || random.below(5) != 0).then_some(cell)).collect();
        row.push(None);
        row.iter_mut().skip(all_null).take(1).for_each(|cell| *cell = None);
        row
    };
    let rows = (0..n_rows).map(|_| row()).collect();
    let column = |(name, _, kind): (&str, ColumnType, Kind)| oracle::Column { name: name.to_owned(), kind };
    Table { columns: COLUMNS.map(column).to_vec(), rows }
}

/// What the batches of a data set have in common.
struct Shared {
    texts: StringArray,
    /// Of each of the first columns, its integers and others, ascending.
    ints: [Int64Array; 2],
}

impl Shared {
    fn of(table: &Table) -> Self {
        let texts = ["never", "buy", "fav", "cart", "pv", "", "abcdefghi", "é", "bab", "b", "abc", "ab", "a", "abcdefgh"];
        let int = |cell: &Option<Cell>| if let Some(Cell::Number(int, _)) = cell { Some(*int) } else { None };
        let ints = [0, 1].map(|at| ascending(table.rows.iter().filter_map(|row| int(&row[at]))));
        Self { texts: StringArray::from(texts.to_vec()), ints }
    }
}

fn ascending(ints: impl Iterator<Item = i128>) -> Int64Array {
    let distinct: BTreeSet<i64> = ints.chain([-1, 4]).map(|int| int as i64).collect();
    Int64Array::from_iter_values(distinct)
}

/// A batch of the rows at these positions, each column in a random width that holds it, with anything at its nulls.
fn batch(random: &mut Random, table: &Table, positions: &[usize], with_rows: bool, shared: &Shared) -> RecordBatch {
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    for (at, (name, column_type, _)) in COLUMNS.into_iter().enumerate() {
        let cells: Vec<Option<&Cell>> = positions.iter().map(|&row| table.rows[row][at].as_ref()).collect();
        let units = |cell: &Cell| match cell {
            Cell::Time(nanos) if name == "at" => nanos / 1_000_000_000,
            Cell::Time(nanos) => nanos / 1_000_000,
            Cell::Number(units, _) => *units,
            Cell::Text(text) if name == "visit" => parse_uuid(text.as_bytes()).unwrap(),
            cell => i128::from(*cell == Cell::Bool(true)),
        };
        let ints: Vec<Option<i128>> = cells.iter().map(|cell| cell.map(units)).collect();
        let array = match column_type {
            ColumnType::Int => int_array(random, &ints, &shared.ints[at]),
            ColumnType::Decimal { .. } => decimal_array(random, &ints),
            ColumnType::Uuid => {
                let uuid = DataType::Decimal128(38, UUID_SCALE as i8);
                Arc::new(primitive::<Decimal128Type>(random, &ints).with_data_type(uuid))
            }
            ColumnType::Bool => {
                let plain = primitive::<Int8Type>(random, &ints);
                Arc::new(BooleanArray::new(plain.values().iter().map(|&v| v != 0).collect(), plain.nulls().cloned()))
            }
            ColumnType::Time { unit: TimeUnit::Second } => {
                Arc::new(primitive::<TimestampSecondType>(random, &ints).with_timezone("UTC"))
            }
            ColumnType::Time { .. } => Arc::new(primitive::<TimestampMillisecondType>(random, &ints).with_timezone("UTC")),
            ColumnType::Text | ColumnType::Dates { .. } | ColumnType::Null => text_array(random, &cells, &shared.texts),
        };
        columns.push((name, array));
    }
    if with_rows {
        columns.push((ROW, Arc::new(positions.iter().map(|&row| Some(row as i64)).collect::<PrimitiveArray<Int64Type>>())));
    }
    let fields: Vec<Field> = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), columns.into_iter().map(|(_, array)| array).collect()).unwrap()
}

fn primitive<T: ArrowPrimitiveType<Native: TryFrom<i128>>>(random: &mut Random, ints: &[Option<i128>]) -> PrimitiveArray<T> {
    let anything: Vec<i128> = ints.iter().flatten().copied().chain([0, 1]).collect();
    let native = |int: i128| T::Native::try_from(int).unwrap_or_else(|_| panic!("{int} needs more bits"));
    let values: Vec<T::Native> = ints.iter().map(|int| native(int.unwrap_or_else(|| random.pick(&anything)))).collect();
    let nulls = valid(ints);
    PrimitiveArray::new(values.into(), (nulls.null_count() > 0 || random.below(2) == 0).then_some(nulls))
}

/// A width of these that holds all of the integers; each holds those below its bound.
fn width(random: &mut Random, ints: &[Option<i128>], bounds: &[i128]) -> i128 {
    let holds = |bound: &&i128| ints.iter().flatten().all(|int| (-**bound..**bound).contains(int));
    let wide: Vec<i128> = bounds.iter().filter(holds).copied().collect();
    random.pick(&wide)
}

/// Integers as they are, or as places in the shared list of distinct ones, or in one of their own.
fn int_array(random: &mut Random, ints: &[Option<i128>], shared: &Int64Array) -> ArrayRef {
    if random.below(2) == 0 {
        let own = ascending(ints.iter().flatten().copied());
        let steps = if random.below(3) == 0 { own } else { shared.clone() };
        let place = |int: &Option<i128>| match int {
            Some(int) => steps.values().binary_search(&(*int as i64)).unwrap(),
            None => random.below(steps.len()),
        };
        let places: Vec<usize> = ints.iter().map(place).collect();
        return dictionary_array(random, &places, valid(ints), Arc::new(steps));
    }
    match width(random, ints, &[1 << 7, 1 << 15, 1 << 31, 1 << 63]).ilog2() {
        7 => Arc::new(primitive::<Int8Type>(random, ints)),
        15 => Arc::new(primitive::<Int16Type>(random, ints)),
        31 => Arc::new(primitive::<Int32Type>(random, ints)),
        _ => Arc::new(primitive::<Int64Type>(random, ints)),
    }
}

fn decimal_array(random: &mut Random, ints: &[Option<i128>]) -> ArrayRef {
    match width(random, ints, &[10i128.pow(9), 10i128.pow(18), 10i128.pow(38)]).ilog10() {
        9 => Arc::new(primitive::<Decimal32Type>(random, ints).with_data_type(DataType::Decimal32(9, 2))),
        18 => Arc::new(primitive::<Decimal64Type>(random, ints).with_data_type(DataType::Decimal64(18, 2))),
        _ => Arc::new(primitive::<Decimal128Type>(random, ints).with_data_type(DataType::Decimal128(38, 2))),
    }
}

fn shuffle<T>(random: &mut Random, values: &mut [T]) {
    (1..values.len()).rev().for_each(|at| values.swap(at, random.below(at + 1)));
}

/// Text over the shared dictionary, or over one of its own that is shuffled, holds each text twice and one that is unused.
fn text_array(random: &mut Random, cells: &[Option<&Cell>], shared: &StringArray) -> ArrayRef {
    let texts: Vec<Option<&str>> =
        cells.iter().map(|cell| if let Some(Cell::Text(text)) = cell { Some(text.as_str()) } else { None }).collect();
    let mut own: Vec<&str> = texts.iter().copied().flatten().chain(["unused"]).collect();
    own.sort_unstable();
    own.dedup();
    own.extend(own.clone());
    shuffle(random, &mut own);
    let dictionary = if random.below(2) == 0 { shared.clone() } else { StringArray::from(own) };
    let mut code = |text: &Option<&str>| -> usize {
        let same = |at: &usize| text.is_none_or(|text| dictionary.value(*at) == text);
        random.pick(&(0..dictionary.len()).filter(same).collect::<Vec<_>>())
    };
    let codes: Vec<usize> = texts.iter().map(&mut code).collect();
    dictionary_array(random, &codes, valid(&texts), Arc::new(dictionary))
}

fn valid<T>(values: &[Option<T>]) -> NullBuffer {
    values.iter().map(Option::is_some).collect::<Vec<bool>>().into()
}

fn dictionary_array(random: &mut Random, codes: &[usize], nulls: NullBuffer, values: ArrayRef) -> ArrayRef {
    match random.below(3) {
        0 if values.len() <= 256 => coded::<UInt8Type>(codes, nulls, values),
        1 => coded::<UInt16Type>(codes, nulls, values),
        _ => coded::<UInt32Type>(codes, nulls, values),
    }
}

fn coded<K: ArrowDictionaryKeyType<Native: TryFrom<usize>>>(codes: &[usize], nulls: NullBuffer, values: ArrayRef) -> ArrayRef {
    let key = |&code: &usize| K::Native::try_from(code).unwrap_or_else(|_| panic!("{code} needs more bits"));
    let keys: Vec<K::Native> = codes.iter().map(key).collect();
    Arc::new(DictionaryArray::new(PrimitiveArray::<K>::new(keys.into(), Some(nulls)), values))
}

fn zones(query: &Query) -> Zones {
    let zone = |name: String| {
        let clocks = jiff::tz::TimeZone::get(&name).unwrap();
        let start: jiff::Timestamp = "1960-01-01T00:00:00Z".parse().unwrap();
        let end: jiff::Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        let later = clocks.following(start).take_while(|change| change.timestamp() < end);
        let later = later.map(|change| (change.timestamp().as_second(), change.offset().seconds()));
        let changes = [(start.as_second(), clocks.to_offset(start).seconds())].into_iter().chain(later).collect();
        (name, Zone::new(changes))
    };
    query.zones().into_iter().map(zone).collect()
}

fn hand_over(from: &dyn Fold, into: &mut dyn Fold) -> clickfold::Result<()> {
    let state = from.state()?;
    let arrived = frame::unpack(&frame::pack(&state)?)?;
    assert_eq!(arrived, state);
    into.merge(&arrived)
}

/// The answer after a random split of the rows over folds, with readings and merges in between.
fn fold_randomly(random: &mut Random, query: &Query, table: &Table) -> clickfold::Result<RecordBatch> {
    let column = |(name, column_type, _): (&str, ColumnType, Kind)| Column { name: name.to_owned(), column_type, role: None };
    let (schema, zones) = (Schema::new(COLUMNS.map(column).to_vec()), zones(query));
    let empty = || query.fold(&schema, &zones).unwrap();
    let shared = Shared::of(table);
    if let Some((actor, time)) = query.needs_actors(&schema)? {
        return fold_actors(random, &empty, table, (actor, time), &shared);
    }
    let mut positions: Vec<usize> = (0..table.rows.len()).collect();
    shuffle(random, &mut positions);
    let mut folds: Vec<Box<dyn Fold>> = (0..1 + random.below(4)).map(|_| empty()).collect();
    let mut rest = positions.as_slice();
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at((1 + random.below(table.rows.len() / 10 + 40)).min(rest.len()));
        let at = random.below(folds.len());
        folds[at].update(&batch(random, table, chunk, query.wants_row_numbers(), &shared))?;
        match random.below(6) {
            0 => {
                folds[at].state()?;
                // What is too large to be a sum yet may become smaller again.
                let _ = folds[at].finish();
            }
            1 => {
                let from = std::mem::replace(&mut folds[at], empty());
                let into = random.below(folds.len());
                hand_over(&*from, &mut *folds[into])?;
            }
            _ => {}
        }
        rest = after;
    }
    while folds.len() > 1 {
        let from = folds.swap_remove(random.below(folds.len()));
        let into = random.below(folds.len());
        hand_over(&*from, &mut *folds[into])?;
    }
    folds[0].finish()
}

/// The answer after whole actors were dealt to folds, each one's rows in the order of time, cut anywhere.
fn fold_actors(
    random: &mut Random,
    empty: &dyn Fn() -> Box<dyn Fold>,
    table: &Table,
    (actor, time): (usize, usize),
    shared: &Shared,
) -> clickfold::Result<RecordBatch> {
    let mut actors: Vec<(&Option<Cell>, Vec<usize>)> = vec![];
    for (at, row) in table.rows.iter().enumerate() {
        match actors.iter_mut().find(|(known, _)| **known == row[actor]) {
            Some((_, positions)) => positions.push(at),
            None => actors.push((&row[actor], vec![at])),
        }
    }
    shuffle(random, &mut actors);
    actors.sort_by_key(|(actor, _)| actor.is_some());
    let mut dealt: Vec<Vec<usize>> = vec![vec![]; 1 + random.below(4)];
    for (_, mut positions) in actors {
        let nanos = |at: &usize| {
            table.rows[*at][time].as_ref().map_or(i128::MIN, |cell| if let Cell::Time(nanos) = cell { *nanos } else { 0 })
        };
        positions.sort_by_key(nanos);
        let at = random.below(dealt.len());
        dealt[at].extend(positions);
    }
    let mut folds: Vec<Box<dyn Fold>> = vec![];
    for positions in dealt {
        let mut fold = empty();
        let mut rest = positions.as_slice();
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at((1 + random.below(table.rows.len() / 10 + 40)).min(rest.len()));
            let batch = batch(random, table, chunk, false, shared);
            let grouped = [(GROUPED_BY.to_owned(), COLUMNS[actor].0.to_owned())];
            let schema = batch.schema().as_ref().clone().with_metadata(grouped);
            fold.update(&batch.with_schema(Arc::new(schema))?)?;
            if random.below(4) == 0 {
                fold.state()?;
                // What is too large to be a sum yet may become smaller again.
                let _ = fold.finish();
            }
            rest = after;
        }
        folds.push(fold);
    }
    while folds.len() > 1 {
        let from = folds.swap_remove(random.below(folds.len()));
        let into = random.below(folds.len());
        hand_over(&*from, &mut *folds[into])?;
    }
    folds[0].finish()
}

fn to_table(batch: &RecordBatch) -> Table {
    let kind = |data_type: &DataType| match data_type {
        DataType::Int64 => Kind::Int,
        DataType::Decimal128(38, scale) => Kind::Decimal(*scale as u8),
        DataType::Float64 => Kind::Float,
        DataType::Boolean => Kind::Bool,
        DataType::Utf8 => Kind::Text,
        DataType::Timestamp(ArrowUnit::Second, Some(zone)) if &**zone == "UTC" => Kind::Time(0),
        DataType::Timestamp(ArrowUnit::Millisecond, Some(zone)) if &**zone == "UTC" => Kind::Time(3),
        other => panic!("no answer has a column of type {other}"),
    };
    let cell = |array: &ArrayRef, row: usize| {
        array.is_valid(row).then(|| match kind(array.data_type()) {
            Kind::Int => Cell::Number(array.as_primitive::<Int64Type>().value(row).into(), 0),
            Kind::Decimal(scale) => Cell::Number(array.as_primitive::<Decimal128Type>().value(row), scale),
            Kind::Float => Cell::Float(array.as_primitive::<Float64Type>().value(row)),
            Kind::Bool => Cell::Bool(array.as_boolean().value(row)),
            Kind::Text => Cell::Text(array.as_string::<i32>().value(row).to_owned()),
            Kind::Time(0) => Cell::Time(i128::from(array.as_primitive::<TimestampSecondType>().value(row)) * 1_000_000_000),
            Kind::Time(_) => Cell::Time(i128::from(array.as_primitive::<TimestampMillisecondType>().value(row)) * 1_000_000),
        })
    };
    let schema = batch.schema();
    let column = |field: &Arc<Field>| oracle::Column { name: field.name().clone(), kind: kind(field.data_type()) };
    let row = |row| batch.columns().iter().map(|array| cell(array, row)).collect();
    Table { columns: schema.fields().iter().map(column).collect(), rows: (0..batch.num_rows()).map(row).collect() }
}

/// Whether a cell may stand where that one is expected, of a measure with that relative error.
fn is_near(found: &Option<Cell>, expected: &Option<Cell>, error: f64) -> bool {
    match (found, expected) {
        // What may be off at all may be off by a last digit of 1, however small it is.
        (Some(Cell::Float(found)), Some(Cell::Float(expected))) => {
            let last_digit = if error > 0.0 { f64::EPSILON } else { 0.0 };
            (found - expected).abs() <= (error * expected.abs()).max(last_digit)
        }
        _ => found == expected,
    }
}

/// What is first found to differ, by more than the question lets it.
fn difference(found: &Table, expected: &Table, json: &Value) -> Option<String> {
    if found.columns != expected.columns {
        return Some(format!("expected the columns {:?}, found {:?}", expected.columns, found.columns));
    }
    let n_rows = found.rows.len().max(expected.rows.len());
    let errors: Vec<f64> = expected.columns.iter().map(|column| oracle::error(json, &column.name)).collect();
    let is_row = |(found, expected): (&Row, &Row)| {
        found.len() == expected.len() && found.iter().zip(expected).zip(&errors).all(|((a, b), error)| is_near(a, b, *error))
    };
    let at = (0..n_rows).find(|&at| !found.rows.get(at).zip(expected.rows.get(at)).is_some_and(is_row))?;
    Some(format!("row {at}: expected {:?}, found {:?}", expected.rows.get(at), found.rows.get(at)))
}

/// How the answer differs from the twin's on the random table of that seed.
fn disagreement(json: &Value, seed: u64, n_rows: usize) -> Option<String> {
    let query = Query::parse(json).unwrap_or_else(|error| panic!("{json}: {error}"));
    let mut random = Random(seed);
    let table = random_table(&mut random, n_rows);
    let found = fold_randomly(&mut random, &query, &table).map(|batch| to_table(&batch));
    let difference = match (oracle::answer(json, &table), found) {
        (Ok(expected), Ok(found)) => difference(&found, &expected, json),
        (Err(code), Err(error)) if error.kind().code() == code => None,
        (expected, found) => Some(format!("expected {expected:?}, found {found:?}")),
    };
    difference.map(|difference| format!("seed {seed}, {n_rows} rows, {json}\n  {difference}"))
}

#[test]
fn every_example_is_answered_as_its_twin_answers_it() {
    let mut failed = vec![];
    for (at, json) in examples().iter().enumerate() {
        for round in 0..150 {
            failed.extend(disagreement(json, 100 * round + at as u64, [0, 1, 7, 60, 200][round as usize % 5]));
        }
    }
    assert!(failed.is_empty(), "{} answers differ, such as\n{}", failed.len(), failed[..failed.len().min(9)].join("\n"));
}

/// Above some sizes pairs of keys are hashed, and rows beyond the limit are dropped on the way.
#[test]
fn long_tables_are_answered_alike() {
    let keys = json!([{"column": "at", "every": "1m"}, {"column": "seen", "every": "1m"}]);
    let pairs = json!({"kind": "aggregate", "group_by": keys, "measures": {"n": {"fn": "count"}}});
    let few = json!({"kind": "rows", "select": ["item_id", "note"], "order_by": ["-price", "seen"], "limit": 300});
    for seed in 0..6 {
        assert_eq!(disagreement(&pairs, seed, 6_000), None);
    }
    assert_eq!(disagreement(&few, 6, 150_000), None);
}

#[test]
fn one_changed_cell_is_noticed() {
    let mut random = Random(7);
    let table = random_table(&mut random, 60);
    for json in examples() {
        let Ok(answer) = oracle::answer(&json, &table) else { continue };
        if answer.rows.is_empty() {
            continue;
        }
        let mut changed = answer.clone();
        let row = random.below(answer.rows.len());
        let cell = &mut changed.rows[row][random.below(answer.columns.len())];
        *cell = if cell.is_none() { Some(Cell::Text(String::new())) } else { None };
        assert!(difference(&changed, &answer, &json).is_some(), "row {row}, {json}");
    }
}
