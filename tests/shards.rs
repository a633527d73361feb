//! A file read in parts by several data sets answers as one that was read from end to end, with and without an exchange
//! of the actors' rows, and after rows were appended.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod random;

use clickfold::Query;
use clickfold::analysis::Zones;
use clickfold::decode::csv::Shape;
use clickfold::engine::{Dataset, LoadOptions, LoadedPart, Loader, PartLoader};
use clickfold::text::to_csv;
use random::Random;

const HEADER: &str = "user,item,action,ts,price,big\n";
const OPTIONS: &str = r#"{"schema": {"user": {"role": "actor"}, "ts": {"role": "time"}}}"#;

/// Rows of few different values; later ones ask for wider types than the first.
fn rows(random: &mut Random, n: usize) -> String {
    let mut text = String::new();
    let odd = random.pick(&["n/a", "12", "0.25"]);
    for row in 0..n {
        let wide = row > n / 2;
        let price = if wide { random.pick(&["1.25", "0.005", "-3.50", odd, ""]) } else { random.pick(&["1.25", "7", "0.1", ""]) };
        let user =
            if wide { random.pick(&["1", "2", "70000", "-5", "", "u\nv"]) } else { random.pick(&["1", "2", "70000", "-5", ""]) };
        text += &format!(
            "\"{user}\",{},{},{},{},{}\n",
            random.pick(&["a", "b", "ä", "\"two\nlines\"", ""]),
            random.pick(&["view", "cart", "buy", ""]),
            random.pick(&["2024-03-10 00:30:00", "2024-03-10 07:00:00", "2024-03-11 23:59:59.5", "1969-12-31 23:00:00", ""]),
            if random.below(2) == 0 { "3" } else { price },
            random.pick(&["2053013555631882655", "2053013555631882656", "3", ""]),
        );
    }
    text
}

fn options() -> LoadOptions {
    serde_json::from_str(OPTIONS).unwrap()
}

fn whole(text: &str) -> Dataset {
    let mut loader = Loader::new(options()).unwrap();
    loader.push(text.as_bytes()).unwrap();
    loader.finish().unwrap()
}

fn read(text: &str, shape: &Shape, from: u64, to: u64, exact: bool) -> LoadedPart {
    let mut loader = PartLoader::new(&options(), shape, from, to, exact).unwrap();
    for piece in text.as_bytes()[loader.first_byte() as usize..].chunks(50) {
        if !loader.push(piece).unwrap() {
            break;
        }
    }
    loader.finish().unwrap()
}

/// The text cut at random, its parts dealt at random to `n` data sets.
fn shards(text: &str, n: usize, random: &mut Random) -> Vec<Dataset> {
    let shape = Shape::of(text.as_bytes(), true, options().decoding().unwrap()).unwrap().unwrap();
    let mut cuts: Vec<u64> = (0..random.below(8)).map(|_| random.below(text.len()) as u64).collect();
    cuts.retain(|&cut| cut > shape.first_byte);
    cuts.sort_unstable();
    cuts.dedup();
    let mut held: Vec<Vec<(LoadedPart, u32)>> = (0..n).map(|_| vec![]).collect();
    let (mut end, mut n_rows, mut types) = (shape.first_byte, 0, vec![]);
    for (at, &from) in [shape.first_byte].iter().chain(&cuts).enumerate() {
        let to = cuts.get(at).copied().unwrap_or(u64::MAX);
        let mut part = read(text, &shape, from, to, at == 0);
        if part.summary().start != end {
            part = read(text, &shape, end, to, true);
        }
        let summary = part.summary();
        (end, types) = (summary.end, [types, vec![summary.types.clone()]].concat());
        let first_row = n_rows;
        n_rows += summary.rows as u32;
        held[random.below(n)].push((part, first_row));
    }
    let mut shards: Vec<Dataset> =
        held.into_iter().map(|parts| Dataset::of_parts(options(), &shape, parts, &types, n == 1).unwrap()).collect();
    settle(&mut shards);
    shards
}

fn settle(shards: &mut [Dataset]) {
    loop {
        let types: Vec<_> = shards.iter().map(Dataset::types).collect();
        if types.windows(2).all(|pair| pair[0] == pair[1]) {
            return;
        }
        shards.iter_mut().for_each(|shard| shard.settle(&types).unwrap());
    }
}

fn exchange(shards: &mut [Dataset]) {
    let n = shards.len();
    let mut given = vec![];
    for (me, shard) in shards.iter_mut().enumerate() {
        let mut exchange = shard.exchange(n, me).unwrap();
        while let Some(pieces) = shard.give(&mut exchange).unwrap() {
            given.extend(pieces);
        }
    }
    given.iter().rev().for_each(|given| shards[given.to].take_in(&given.rows).unwrap());
    shards.iter_mut().for_each(|shard| shard.end_exchange().unwrap());
}

fn answer(shards: &mut [Dataset], query: &Query) -> String {
    let mut asked: Vec<_> = shards.iter_mut().map(|shard| shard.ask(query, &Zones::new()).unwrap()).collect();
    for (asked, shard) in asked.iter_mut().zip(shards.iter()) {
        while asked.step(shard).unwrap() {}
    }
    let (first, others) = asked.split_first_mut().unwrap();
    others.iter().rev().for_each(|other| first.merge(&other.state().unwrap()).unwrap());
    to_csv(&first.finish().unwrap())
}

#[test]
fn many_answer_as_one() {
    let queries: Vec<Query> = Query::examples().iter().map(|query| serde_json::from_str(query).unwrap()).collect();
    let (mut n_answers, mut n_refused) = (0, 0);
    for seed in 0..60 {
        let mut random = Random(seed);
        let n_rows = 1 + random.below(120);
        let text = HEADER.to_owned() + &rows(&mut random, n_rows);
        let more = rows(&mut random, 5);
        let mut one = whole(&text);
        for n in 1..4 {
            let mut shards = shards(&text, n, &mut random);
            for stage in ["as read", "exchanged", "appended to", "exchanged again"] {
                match stage {
                    "appended to" => {
                        let place = shards.iter().map(Dataset::n_rows).sum::<usize>() as u32;
                        if n > 1 {
                            shards.iter_mut().for_each(Dataset::mix);
                        }
                        let shard = &mut shards[random.below(n)];
                        shard.go_on_at(place);
                        shard.append(more.as_bytes()).unwrap();
                        settle(&mut shards);
                        if n == 1 {
                            one.append(more.as_bytes()).unwrap();
                        } else {
                            one = whole(&(text.clone() + &more));
                        }
                    }
                    "as read" => one = whole(&text),
                    _ if n == 1 => {}
                    _ => exchange(&mut shards),
                }
                let types: Vec<_> = one.columns().iter().map(|column| (column.column_type, column.nulls)).collect();
                let nulls = |at: usize| shards.iter().map(|shard| shard.columns()[at].nulls).sum::<u64>();
                for (at, column) in shards[0].columns().iter().enumerate() {
                    assert_eq!((column.column_type, nulls(at)), types[at], "seed {seed}, {n} data sets, {stage}");
                }
                for (query, text) in queries.iter().zip(Query::examples()) {
                    let needed = query.needs_actors(one.schema()).unwrap_or_default();
                    let is_exchanged = stage.starts_with("exchanged");
                    if n > 1 && needed.is_some_and(|(actor, _)| actor > 0 || !is_exchanged) {
                        // Whole actors, where no data set has them yet, or where they are of another column.
                        let must = needed.is_some_and(|(actor, _)| actor == 0);
                        let code = if must { "BAD_STATE" } else { "UNSUPPORTED" };
                        let shard = &mut shards[0];
                        assert_eq!((shard.must_exchange(query), shard.needs_exchange(query)), (must, must), "{text}");
                        let refused = shard.ask(query, &Zones::new()).map(|_| ()).unwrap_err();
                        assert!([code, "BAD_QUERY"].contains(&refused.kind().code()), "{text}: {refused}");
                        continue;
                    }
                    match one.query(query, &Zones::new()) {
                        Ok(expected) => {
                            n_answers += 1;
                            assert_eq!(
                                answer(&mut shards, query),
                                to_csv(&expected),
                                "seed {seed}, {n} data sets, {stage}: {text}"
                            );
                        }
                        // A question about the mean of what turned out to be text.
                        Err(error) => {
                            n_refused += 1;
                            assert_eq!(error.kind().code(), "BAD_QUERY");
                        }
                    }
                }
            }
        }
    }
    assert!(n_answers > 4 * n_refused, "{n_answers} answers, {n_refused} refused");
}
