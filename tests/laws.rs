//! The laws of every fold: any split of the rows, any tree of merges, states over the wire, nothing at all, and
//! a reading in between give the answer that all rows in one fold give.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod random;

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use clickfold::Query;
use clickfold::analysis::Zones;
use clickfold::decode::csv::{Decoder, Options};
use clickfold::event::{Column, Schema};
use clickfold::fold::Fold;
use clickfold::frame;
use clickfold::query::ROW;
use clickfold::store::Store;
use clickfold::text::to_csv;
use random::Random;

const HEADER: [&str; 6] = ["user", "item", "action", "ts", "price", "big"];

/// Rows of few different values, so that everything ties; the first row fixes the types.
fn rows(random: &mut Random, n: usize) -> Vec<String> {
    let mut rows = vec!["1,a,view,2024-03-10 00:00:00,1.25,2053013555631882655".to_owned()];
    for _ in 1..n {
        rows.push(format!(
            "{},{},{},{},{},{}",
            random.pick(&["1", "2", "70000", "-5", ""]),
            random.pick(&["a", "b", "ä", "a long name of an item", ""]),
            random.pick(&["view", "cart", "buy", "none", ""]),
            random.pick(&["2024-03-10 00:30:00", "2024-03-10 07:00:00", "2024-03-11 23:59:59", "1969-12-31 23:00:00", ""]),
            random.pick(&["1.25", "0.00", "-3.50", "99999999999999.99", ""]),
            random.pick(&["2053013555631882655", "2053013555631882656", "3", ""]),
        ));
    }
    rows
}

/// Some rows in a store of their own.
fn stored(rows: &[String]) -> (Store, Schema) {
    let types = ["int", "text", "text", "time", "decimal", "int"];
    let types = HEADER.iter().zip(types).map(|(name, t)| ((*name).to_owned(), t.to_owned())).collect();
    let names = HEADER.map(str::to_owned).to_vec();
    let mut decoder =
        Decoder::new(Options { names: Some(names), header: Some(false), separator: Some(b','), types, ..Options::default() });
    // The first row of all is there in every part, to fix the types, and is cut off again.
    decoder.push(format!("1,a,view,2024-03-10 00:00:00,1.25,2053013555631882655\n{}\n", rows.join("\n")).as_bytes()).unwrap();
    decoder.finish().unwrap();
    assert_eq!(decoder.rejects().count, 0);
    let mut store = Store::default();
    decoder.take_batches().into_iter().for_each(|batch| store.append(batch).unwrap());
    store.seal().unwrap();
    let columns =
        HEADER.iter().zip(store.types()).map(|(name, column_type)| Column { name: (*name).to_owned(), column_type, role: None });
    let schema = Schema::new(columns.collect());
    (store, schema)
}

/// Some rows as batches with a dictionary of their own, numbered from `first`.
fn batches(rows: &[String], first: usize) -> (Schema, Vec<RecordBatch>) {
    let (mut store, schema) = stored(rows);
    // Some parts hold integers as places among their own distinct ones.
    for column in if first.is_multiple_of(2) { vec![0, 5] } else { vec![] } {
        store.rank_integers(column).unwrap();
    }
    let batch = store.batch(0, &HEADER, None).unwrap();
    let batch = batch.slice(1, batch.num_rows() - 1);
    let mut fields: Vec<Field> = batch.schema().fields().iter().map(|f| f.as_ref().clone()).collect();
    fields.push(Field::new(ROW, DataType::Int64, false));
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(first as i64..(first + batch.num_rows()) as i64));
    let arrays = batch.columns().iter().cloned().chain([numbers]).collect();
    (schema, vec![RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays).unwrap()])
}

fn query(json: &str) -> Query {
    serde_json::from_str(json).unwrap_or_else(|e| panic!("{json}: {e}"))
}

/// What each fold answers when the rows are cut at `cuts` and the parts' states are merged in pairs.
fn split_answer(query: &Query, all: &[String], cuts: &[usize], random: &mut Random) -> String {
    let mut folds: Vec<Box<dyn Fold>> = vec![];
    for (from, to) in std::iter::once(&0).chain(cuts).zip(cuts.iter().chain([&all.len()])) {
        let (schema, parts) = batches(&all[*from..*to], *from);
        let mut fold = query.fold(&schema, &Zones::new()).unwrap();
        for part in parts {
            // A part in two halves, with a reading in between.
            let half = part.num_rows() / 2;
            fold.update(&part.slice(0, half)).unwrap();
            fold.finish().unwrap();
            fold.update(&part.slice(half, part.num_rows() - half)).unwrap();
        }
        folds.push(fold);
    }
    while folds.len() > 1 {
        let from = folds.swap_remove(random.below(folds.len()));
        let into = random.below(folds.len());
        let state = frame::unpack(&frame::pack(&from.state().unwrap()).unwrap()).unwrap();
        folds[into].merge(&state).unwrap();
    }
    to_csv(&folds[0].finish().unwrap())
}

#[test]
fn any_split_and_any_merges_answer_alike() {
    for seed in 0..30 {
        let mut random = Random(seed);
        let all = rows(&mut random, 60);
        for json in Query::examples() {
            let query = query(json);
            let whole = split_answer(&query, &all, &[], &mut random);
            for _ in 0..3 {
                let mut cuts: Vec<usize> = (0..random.below(5)).map(|_| random.below(61)).collect();
                cuts.sort_unstable();
                let split = split_answer(&query, &all, &cuts, &mut random);
                assert_eq!(split, whole, "seed {seed}, cut at {cuts:?}: {json}");
            }
        }
    }
}

#[test]
fn no_rows_have_an_answer_too() {
    let (schema, _) = batches(&rows(&mut Random(1), 2), 0);
    for json in Query::examples() {
        let mut fold = query(json).fold(&schema, &Zones::new()).unwrap();
        let empty = fold.finish().unwrap();
        let state = fold.state().unwrap();
        fold.merge(&state).unwrap();
        assert_eq!(fold.finish().unwrap(), empty, "{json}");
    }
}

/// What the folds of some parts of a store answer together.
fn merged_answer(query: &Query, store: &Store, schema: &Schema, parts: &[Vec<(usize, usize, usize)>]) -> String {
    let fold_of = |part: &Vec<(usize, usize, usize)>| {
        let mut fold = query.fold(schema, &Zones::new()).unwrap();
        for &(at, from, n_rows) in part {
            let row_numbers = query.wants_row_numbers().then_some(ROW);
            fold.update(&store.batch(at, &HEADER, row_numbers).unwrap().slice(from, n_rows)).unwrap();
        }
        fold
    };
    let mut folds: Vec<Box<dyn Fold>> = parts.iter().map(fold_of).collect();
    while folds.len() > 1 {
        let state = folds.pop().unwrap().state().unwrap();
        let last = folds.len() - 1;
        folds[last].merge(&frame::unpack(&frame::pack(&state).unwrap()).unwrap()).unwrap();
    }
    to_csv(&folds[0].finish().unwrap())
}

#[test]
fn rows_arranged_by_actor_answer_alike_where_actors_stay_whole() {
    for seed in 0..10 {
        let mut random = Random(seed);
        let all = rows(&mut random, 200);
        let (mut store, schema) = stored(&all);
        let n_batches = store.n_batches();
        let whole = |store: &Store| vec![(0..store.n_batches()).map(|at| (at, 0, store.n_rows())).collect::<Vec<_>>()];
        assert_eq!(n_batches, 1);
        for json in Query::examples() {
            let query = query(json);
            let expected = merged_answer(&query, &stored(&all).0, &schema, &whole(&store));
            store.arrange(0, (seed % 2 == 0).then_some(3)).unwrap();
            let users = store.batch(0, &HEADER, None).unwrap();
            let users = to_csv(&users.project(&[0]).unwrap());
            let users: Vec<&str> = users.lines().skip(1).collect();
            let starts: Vec<usize> = (1..users.len()).filter(|&row| users[row] != users[row - 1]).collect();
            let mut cuts: Vec<usize> = starts.into_iter().filter(|_| random.below(2) == 0).collect();
            cuts.push(users.len());
            let mut from = 0;
            let parts: Vec<Vec<_>> = cuts
                .into_iter()
                .map(|to| {
                    // An actor's rows may come in two updates of its fold.
                    let middle = from + (to - from) / 2;
                    let part = vec![(0, from, middle - from), (0, middle, to - middle)];
                    from = to;
                    part
                })
                .collect();
            assert_eq!(merged_answer(&query, &store, &schema, &parts), expected, "seed {seed}: {json}");
        }
    }
}
