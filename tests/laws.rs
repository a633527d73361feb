//! The laws of every fold: any split of the rows (of actor folds, any that keeps actors whole), any tree of merges, states
//! over the wire, nothing at all, and a reading in between give the answer that all rows in one fold give.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod random;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use clickfold::Query;
use clickfold::analysis::Zones;
use clickfold::decode::{Decoder, Fixed, Options};
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
    let types = HEADER.iter().zip(types).map(|(name, t)| ((*name).to_owned(), Fixed::parse(t).expect("a type"))).collect();
    let names = HEADER.map(str::to_owned).to_vec();
    let mut options = Options::default();
    (options.names, options.header, options.separator, options.types) = (Some(names), Some(false), Some(b','), types);
    let mut decoder = Decoder::new(options);
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

/// Some rows as batches with a dictionary of their own, numbered from `first`; in the order that the question needs.
fn batches(query: &Query, rows: &[String], first: usize) -> (Schema, Vec<RecordBatch>) {
    let (mut store, schema) = stored(rows);
    // Some parts hold integers as places among their own distinct ones.
    for column in if first.is_multiple_of(2) { vec![0, 5] } else { vec![] } {
        store.rank_integers(column).unwrap();
    }
    if let Some((actor, time)) = query.needs_actors(&schema).unwrap() {
        store.arrange(actor, Some(time)).unwrap();
        let batch = store.batch(0, &HEADER, Some(ROW)).unwrap();
        let places = batch.column(HEADER.len()).as_primitive::<Int64Type>();
        let first = places.values().iter().position(|&place| place == 0).unwrap();
        return (schema, vec![batch.slice(0, first), batch.slice(first + 1, batch.num_rows() - first - 1)]);
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

/// The rows cut at `cuts`, each part with its first row's number; where the question needs whole actors, dealt to as many.
fn split(query: &Query, all: &[String], cuts: &[usize], random: &mut Random) -> Vec<(Vec<String>, usize)> {
    let Some((actor, _)) = query.needs_actors(&stored(&all[..1]).1).unwrap() else {
        let ends = cuts.iter().copied().chain([all.len()]);
        return [0].iter().chain(cuts).zip(ends).map(|(&from, to)| (all[from..to].to_vec(), from)).collect();
    };
    let mut parts: Vec<(Vec<String>, usize)> = (0..=cuts.len()).map(|at| (vec![], at)).collect();
    let mut dealt: BTreeMap<&str, usize> = BTreeMap::new();
    for row in all {
        let actor = row.split(',').nth(actor).unwrap();
        let part = *dealt.entry(actor).or_insert_with(|| random.below(parts.len()));
        parts[part].0.push(row.clone());
    }
    parts
}

/// What each fold answers when the rows are cut at `cuts` and the parts' states are merged in pairs.
fn split_answer(query: &Query, all: &[String], cuts: &[usize], random: &mut Random) -> String {
    let mut folds: Vec<Box<dyn Fold>> = vec![];
    for (part, first) in split(query, all, cuts, random) {
        let (schema, parts) = batches(query, &part, first);
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
        // Groups may come one after the other.
        let cut = if folds[into].has_groups() { random.below(state.num_rows() + 1) } else { 0 };
        let parts = [state.slice(0, cut), state.slice(cut, state.num_rows() - cut)];
        parts.iter().skip(usize::from(cut == 0)).for_each(|part| folds[into].merge(part).unwrap());
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
    let (_, schema) = stored(&rows(&mut Random(1), 2));
    for json in Query::examples() {
        let mut fold = query(json).fold(&schema, &Zones::new()).unwrap();
        let empty = fold.finish().unwrap();
        let state = fold.state().unwrap();
        fold.merge(&state).unwrap();
        assert_eq!(fold.finish().unwrap(), empty, "{json}");
    }
}

/// What the folds of some parts of a store answer together.
fn merged_answer(
    query: &Query,
    store: &Store,
    schema: &Schema,
    parts: &[Vec<(usize, usize, usize)>],
) -> clickfold::Result<String> {
    let fold_of = |part: &Vec<(usize, usize, usize)>| {
        let mut fold = query.fold(schema, &Zones::new()).unwrap();
        for &(at, from, n_rows) in part {
            let row_numbers = query.wants_row_numbers().then_some(ROW);
            fold.update(&store.batch(at, &HEADER, row_numbers)?.slice(from, n_rows))?;
        }
        Ok(fold)
    };
    let mut folds: Vec<Box<dyn Fold>> = parts.iter().map(fold_of).collect::<clickfold::Result<_>>()?;
    while folds.len() > 1 {
        let state = folds.pop().unwrap().state().unwrap();
        let last = folds.len() - 1;
        folds[last].merge(&frame::unpack(&frame::pack(&state).unwrap()).unwrap()).unwrap();
    }
    Ok(to_csv(&folds[0].finish()?))
}

#[test]
fn rows_arranged_by_actor_answer_alike_where_actors_stay_whole() {
    for seed in 0..10 {
        let mut random = Random(seed);
        let all = rows(&mut random, 200);
        let whole = |store: &Store| vec![(0..store.n_batches()).map(|at| (at, 0, store.n_rows())).collect::<Vec<_>>()];
        for json in Query::examples() {
            let query = query(json);
            let (mut store, schema) = stored(&all);
            assert_eq!(store.n_batches(), 1);
            let needed = query.needs_actors(&schema).unwrap();
            let (actor, time) = needed.map_or((0, (seed % 2 == 0).then_some(3)), |(actor, time)| (actor, Some(time)));
            let unarranged = merged_answer(&query, &store, &schema, &whole(&store));
            store.arrange(actor, time).unwrap();
            let expected = match unarranged {
                Ok(expected) => expected,
                Err(error) => {
                    assert_eq!((error.kind().code(), needed.is_some()), ("BAD_STATE", true), "{json}: {error}");
                    merged_answer(&query, &store, &schema, &whole(&store)).unwrap()
                }
            };
            let users = store.batch(0, &HEADER, None).unwrap();
            let users = to_csv(&users.project(&[actor]).unwrap());
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
            assert_eq!(merged_answer(&query, &store, &schema, &parts).unwrap(), expected, "seed {seed}: {json}");
        }
    }
}
