//! A file read in parts by several data sets answers as one that was read from end to end, with and without an exchange
//! of the actors' rows, and after rows were appended.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

mod random;

use clickfold::analysis::Zones;
use clickfold::decode::Shape;
use clickfold::engine::{Answers, Dataset, LoadOptions, LoadedPart, Loader, PartLoader};
use clickfold::event::ColumnType;
use clickfold::text::to_csv;
use clickfold::{Query, Result};
use random::Random;
use serde_json::Value;

const HEADER: &str = "user,item,action,ts,price,big\n";
const OPTIONS: &str = r#"{"schema": {"user": {"role": "actor"}, "ts": {"role": "time"}}}"#;

const UUIDS: [&str; 4] =
    ["72d76fde-8bb3-4e00-8c23-a032dfed738c", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", ""];

/// Rows of few different values; later ones ask for wider types than the first. By their `kind`, items or users are UUIDs.
fn rows(random: &mut Random, n: usize, kind: u64) -> String {
    let mut text = String::new();
    let no_uuid = random.pick(&["", "a", "72D76FDE"]);
    let odd = random.pick(&["n/a", "12", "0.25"]);
    for row in 0..n {
        let wide = row > n / 2;
        let price = if wide { random.pick(&["1.25", "0.005", "-3.50", odd, ""]) } else { random.pick(&["1.25", "7", "0.1", ""]) };
        let uuid = random.pick(&if row + 2 > n { [no_uuid; 4] } else { UUIDS });
        let user = if kind % 10 == 9 {
            uuid
        } else if wide {
            random.pick(&["1", "2", "70000", "-5", "", "u\nv"])
        } else {
            random.pick(&["1", "2", "70000", "-5", ""])
        };
        text += &format!(
            "\"{user}\",{},{},{},{},{}\n",
            if kind.is_multiple_of(3) { uuid } else { random.pick(&["a", "b", "ä", "\"two\nlines\"", ""]) },
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
    let mut loader = PartLoader::new(&options(), shape, from, to, exact, None).unwrap();
    for piece in text.as_bytes()[loader.first_byte() as usize..].chunks(50) {
        if !loader.push(piece).unwrap() {
            break;
        }
    }
    loader.finish().unwrap()
}

/// The text cut at random, its parts dealt at random to `n` data sets.
fn shards(text: &str, n: usize, random: &mut Random) -> Vec<Dataset> {
    let mut shape = Shape::of(text.as_bytes(), true, &options().decoding().unwrap()).unwrap().unwrap();
    let mut cuts: Vec<u64> = (0..random.below(8)).map(|_| random.below(text.len()) as u64).collect();
    cuts.retain(|&cut| cut > shape.first_byte);
    cuts.sort_unstable();
    cuts.dedup();
    let mut held: Vec<Vec<(LoadedPart, u32)>> = (0..n).map(|_| vec![]).collect();
    let (mut end, mut n_rows, mut types) = (shape.first_byte, 0, vec![]);
    let mut names = shape.names.clone();
    for (at, &from) in [shape.first_byte].iter().chain(&cuts).enumerate() {
        let to = cuts.get(at).copied().unwrap_or(u64::MAX);
        let mut part = read(text, &shape, from, to, at == 0);
        if part.summary().start != end {
            part = read(text, &shape, end, to, true);
        }
        let summary = part.summary();
        end = summary.end;
        types.push((summary.names.to_vec(), summary.types.clone()));
        names.extend(summary.names.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
        let first_row = n_rows;
        n_rows += summary.rows as u32;
        held[random.below(n)].push((part, first_row));
    }
    let of_part = |(own, types): &(Vec<String>, Vec<ColumnType>)| {
        let of_name = |name: &String| own.iter().position(|own| own == name).and_then(|at| types.get(at).copied());
        names.iter().map(|name| of_name(name).unwrap_or(ColumnType::Null)).collect()
    };
    let types: Vec<Vec<ColumnType>> = types.iter().map(of_part).collect();
    shape.names = names;
    let mut shards: Vec<Dataset> =
        held.into_iter().map(|parts| Dataset::of_parts(options(), &shape, parts, &types, n == 1, None).unwrap()).collect();
    settle(&mut shards);
    shards
}

fn settle(shards: &mut [Dataset]) {
    loop {
        let types: Vec<_> = shards.iter().map(Dataset::types).collect();
        let all_names = shards.iter().map(|shard| shard.columns().iter().map(|c| c.name.to_owned()).collect::<Vec<_>>());
        let names = all_names.max_by_key(Vec::len).unwrap();
        if types.windows(2).all(|pair| pair[0] == pair[1]) {
            return shards.iter_mut().for_each(|shard| shard.guess_roles().unwrap());
        }
        shards.iter_mut().for_each(|shard| shard.settle(&types, &names).unwrap());
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
        let text = HEADER.to_owned() + &rows(&mut random, n_rows, seed);
        let more = rows(&mut random, 5, seed);
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
                        shard.append(more.as_bytes(), None).unwrap();
                        settle(&mut shards);
                        if n == 1 {
                            one.append(more.as_bytes(), None).unwrap();
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

/// A part of the text whose answers are kept, and the same read from wider types as long as all parts need those.
fn answered(text: &str, cuts: &[u64], questions: &[Value]) -> Result<Vec<(LoadedPart, u32)>> {
    let shape = Shape::of(text.as_bytes(), true, &options().decoding().unwrap()).unwrap().unwrap();
    let mut types: Vec<ColumnType> = vec![ColumnType::Null; shape.names.len()];
    loop {
        let mut parts = vec![];
        let mut end = shape.first_byte;
        for (at, &from) in [shape.first_byte].iter().chain(cuts).enumerate() {
            let to = cuts.get(at).copied().unwrap_or(u64::MAX);
            let read = |from, exact| {
                let answers = Answers::new(questions.to_vec(), Zones::new(), &options(), from as i64)?;
                let wide = shape.clone().widened(&types);
                let mut loader = PartLoader::new(&options(), &wide, from, to, exact, Some(answers))?;
                for piece in text.as_bytes()[loader.first_byte() as usize..].chunks(50) {
                    if !loader.push(piece)? {
                        break;
                    }
                }
                loader.finish()
            };
            let mut part = read(from, at == 0)?;
            if part.summary().start != end {
                part = read(end, true)?;
            }
            end = part.summary().end;
            parts.push((part, 0));
        }
        for (part, _) in &parts {
            types.iter_mut().zip(&part.summary().types).for_each(|(own, &other)| *own = own.join(other));
        }
        let is_whole = |(part, _): &(LoadedPart, u32)| {
            let read_as = part.summary().read_as;
            read_as.is_some_and(|known| known.iter().zip(&types).all(|(own, joined)| own.is_none_or(|own| own == *joined)))
        };
        if parts.iter().all(is_whole) {
            return Ok(parts);
        }
    }
}

#[test]
fn answers_that_are_kept_are_those_of_the_rows() {
    let texts = Query::examples();
    let (mut n_answers, mut n_refused) = (0, 0);
    for seed in 100..130 {
        let mut random = Random(seed);
        let n_rows = 1 + random.below(120);
        let text = HEADER.to_owned() + &rows(&mut random, n_rows, seed);
        let mut one = whole(&text);
        let mut questions: Vec<Value> = texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        // Whole actors are in no order while the source is read.
        questions.retain(|question| {
            let is_of_actors = Query::parse(question).unwrap().is_of_actors();
            let kept = Answers::new(vec![question.clone()], Zones::new(), &options(), 0).map(|_| ());
            assert_eq!(kept.err().map(|error| error.kind().code()), is_of_actors.then_some("UNSUPPORTED"));
            !is_of_actors
        });
        questions.retain(|question| {
            let refused = one.query(&Query::parse(question).unwrap(), &Zones::new()).is_err();
            n_refused += usize::from(refused);
            !refused
        });
        let mut cuts: Vec<u64> = (0..random.below(5)).map(|_| random.below(text.len()) as u64).collect();
        cuts.retain(|&cut| cut > HEADER.len() as u64);
        cuts.sort_unstable();
        cuts.dedup();
        let shape = Shape::of(text.as_bytes(), true, &options().decoding().unwrap()).unwrap().unwrap();
        let parts = answered(&text, &cuts, &questions).unwrap();
        let types: Vec<_> = parts.iter().map(|(part, _)| part.summary().types).collect();
        let mut hands: [Vec<_>; 2] = Default::default();
        parts.into_iter().for_each(|part| hands[random.below(2)].push(part));
        let mut shards = hands.map(|parts| {
            let answers = Answers::new(questions.clone(), Zones::new(), &options(), 0).unwrap();
            Dataset::of_parts(options(), &shape, parts, &types, false, Some(answers)).unwrap()
        });
        settle(&mut shards);
        assert_eq!(shards.iter().map(Dataset::n_rows).sum::<usize>(), one.n_rows());
        for (at, column) in one.columns().iter().enumerate() {
            let nulls: u64 = shards.iter().map(|shard| shard.columns()[at].nulls).sum();
            assert_eq!((column.column_type, column.nulls), (shards[0].columns()[at].column_type, nulls), "{}", column.name);
        }
        for question in &questions {
            let query = Query::parse(question).unwrap();
            let [mut first, second] = shards.each_ref().map(|shard| shard.ask_kept(question).unwrap().unwrap());
            first.merge(&second.state().unwrap()).unwrap();
            let expected = to_csv(&one.query(&query, &Zones::new()).unwrap());
            assert_eq!(to_csv(&first.finish().unwrap()), expected, "seed {seed}: {question}");
            n_answers += 1;
        }
        let other = serde_json::json!({"kind": "rows", "limit": 7});
        assert_eq!(shards[0].ask_kept(&other).map(|_| ()).unwrap_err().kind().code(), "BAD_QUERY");
        assert_eq!(shards[0].append(b"1,a,buy,,1,1\n", None).unwrap_err().kind().code(), "UNSUPPORTED");
    }
    assert!(n_answers > 4 * n_refused, "{n_answers} answers, {n_refused} refused");
}

#[test]
fn a_stream_whose_answers_are_kept_says_which_column_outgrew_them() {
    let total = serde_json::json!({"kind": "aggregate", "measures": {"total": {"fn": "sum", "column": "price"}}});
    let read = |questions: Vec<Value>| {
        let answers = Answers::new(questions, Zones::new(), &options(), 0).unwrap();
        let mut loader = Loader::keeping(options(), Some(answers)).unwrap();
        let row = |price: &str| format!("1,a,buy,,{price},\n");
        let text = HEADER.to_owned() + &row("1.5").repeat(40_000) + &row("1.25");
        loader.push(text.as_bytes())?;
        loader.finish()
    };
    let error = read(vec![total.clone()]).unwrap_err();
    assert!(error.to_string().starts_with("column \"price\" holds wider values"), "{error}");
    let users = serde_json::json!({"kind": "aggregate", "group_by": ["user"], "measures": {"n": {"fn": "count"}}});
    let data = read(vec![users.clone()]).unwrap();
    assert_eq!(to_csv(&data.ask_kept(&users).unwrap().unwrap().finish().unwrap()), "user,n\n1,40001\n");
    assert_eq!((data.n_rows(), data.columns()[4].scale), (40_001, Some(2)));
    let none = Answers::new(vec![], Zones::new(), &options(), 0).map(|_| ()).unwrap_err();
    assert_eq!(none.kind().code(), "BAD_QUERY");
}

#[test]
fn a_stream_whose_answers_are_kept_may_have_further_keys_where_no_question_is_about_all() {
    let read = |question: &Value| {
        let answers = Answers::new(vec![question.clone()], Zones::new(), &LoadOptions::default(), 0)?;
        let mut loader = Loader::keeping(LoadOptions::default(), Some(answers))?;
        for late in ["", ",\"late\":5"] {
            loader.push(format!("{{\"user\":1,\"n\":2{late}}}\n").repeat(40_000).as_bytes())?;
        }
        let data = loader.finish()?;
        assert_eq!(data.columns().iter().map(|column| column.nulls).collect::<Vec<_>>(), [0, 0, 40_000]);
        let asked = data.ask_kept(question)?.map(|asked| asked.finish()).transpose()?;
        Ok::<_, clickfold::Error>(asked.map(|answer| to_csv(&answer)))
    };
    for (question, expected) in [
        (
            serde_json::json!({"kind": "aggregate", "group_by": ["n"], "measures": {"rows": {"fn": "count"}}}),
            Some("n,rows\n2,80000\n"),
        ),
        (serde_json::json!({"kind": "rows", "select": ["user"], "limit": 1}), Some("user\n1\n")),
        (
            serde_json::json!({"kind": "describe", "columns": ["n"], "top": 1, "bins": 0, "where": [{"n": 3}]}),
            Some("column,statistic,value,upper,count\nn,rows,,,0\nn,nulls,,,0\nn,distinct,,,0\n"),
        ),
        (serde_json::json!({"kind": "describe"}), None),
        (serde_json::json!({"kind": "rows", "limit": 1}), None),
    ] {
        match read(&question) {
            Ok(found) => assert_eq!(found.as_deref(), expected, "{question}"),
            Err(error) => {
                assert_eq!(expected, None, "{question}: {error}");
                assert_eq!((error.kind().code(), error.detail().column.as_deref()), ("BAD_INPUT", Some("late")));
            }
        }
    }
}

#[test]
fn data_sets_that_have_not_settled_refuse_each_others_states_and_rows() {
    let shards = || {
        ["1.5", "1.25"].map(|price| {
            let text = HEADER.to_owned() + &(0..8).map(|user| format!("{user},a,buy,,{price},\n")).collect::<String>();
            let shape = Shape::of(text.as_bytes(), true, &options().decoding().unwrap()).unwrap().unwrap();
            let part = read(&text, &shape, HEADER.len() as u64, u64::MAX, true);
            Dataset::of_parts(options(), &shape, vec![(part, 0)], &[], false, None).unwrap()
        })
    };
    let query: Query =
        serde_json::from_str(r#"{"kind":"aggregate","measures":{"total":{"fn":"sum","column":"price"}}}"#).unwrap();
    let merge = |[one, other]: &mut [Dataset; 2]| {
        let [mut merged, sent] = [one, other].map(|data| {
            let mut asked = data.ask(&query, &Zones::new()).unwrap();
            while asked.step(data).unwrap() {}
            asked
        });
        merged.merge(&sent.state().unwrap()).map(|()| to_csv(&merged.finish().unwrap()))
    };
    let give = |[one, other]: &mut [Dataset; 2]| {
        let mut exchange = other.exchange(2, 1).unwrap();
        let given = other.give(&mut exchange).unwrap().unwrap();
        assert_eq!(given.len(), 1, "of eight actors, some are the other's");
        one.take_in(&given[0].rows)
    };
    assert_eq!(merge(&mut shards()).unwrap_err().kind().code(), "BAD_STATE");
    assert_eq!(give(&mut shards()).unwrap_err().kind().code(), "BAD_STATE");
    let settled = || {
        let mut shards = shards();
        settle(&mut shards);
        shards
    };
    assert_eq!(merge(&mut settled()).unwrap(), "total\n22.00\n");
    give(&mut settled()).unwrap();
}

#[test]
fn lines_of_json_answer_alike_whoever_sees_a_key_first() {
    let random = &mut Random(7);
    for case in 0..60 {
        let n = 4 + random.below(200);
        let mut text = String::new();
        for row in 0..n {
            let late = if row > n / 2 {
                random.pick(&[",\"late\":{\"x\":1.5}", ",\"late\":{\"x\":\"\u{e9}\",\"y\":true}", ""])
            } else {
                ""
            };
            let wide = if row > n / 2 { random.pick(&["7", "\"a\"", "null", "1e2"]) } else { random.pick(&["7", "8"]) };
            let broken = if random.below(20) == 0 { "" } else { "}" };
            text += &format!(
                "{{\"user\":{},\"ts\":\"2024-03-10 00:30:0{}\",\"n\":{wide}{late}{broken}\n",
                random.below(9),
                random.below(9)
            );
        }
        let names = whole(&text).columns().iter().map(|c| c.name.to_owned()).collect::<Vec<_>>();
        let select = serde_json::to_string(&names).unwrap();
        let questions = [
            format!(r#"{{"kind": "rows", "select": {select}, "limit": 1000}}"#),
            r#"{"kind": "aggregate", "group_by": ["n"], "measures": {"rows": {"fn": "count"}, "users": {"fn": "count_distinct", "column": "user"}}}"#.to_owned(),
        ];
        for question in questions {
            let question = Query::parse(&serde_json::from_str::<Value>(&question).unwrap()).unwrap();
            let expected = to_csv(&whole(&text).query(&question, &Zones::default()).unwrap());
            for n in 1..=3 {
                let mut shards = shards(&text, n, random);
                assert_eq!(answer(&mut shards, &question), expected, "case {case}, {n} data sets:\n{text}");
            }
        }
    }
}

#[test]
fn all_decide_alike_which_number_of_a_date_is_the_day() {
    let random = &mut Random(11);
    let mut seen = std::collections::BTreeSet::new();
    for case in 0..60 {
        let (months, days) = ([12, 12, 20][case % 3], [12, 28][case % 2]);
        let mut text = "user,d,ts\n".to_owned();
        for row in 0..4 + random.below(60) {
            let (a, b) = (1 + random.below(days), 1 + random.below(months));
            let date = match random.below(30) {
                0 => String::new(),
                1 if case % 5 == 0 => "2019-03-04".to_owned(),
                _ => format!("{a}/{b}/2019 {}:05{}", random.below(24), if row % 7 == 6 { ":07.5" } else { "" }),
            };
            text += &format!("{},{date},2019-03-04\n", random.below(5));
        }
        let one = |text: &str| {
            let mut one = whole(text);
            let query = r#"{"kind": "rows", "select": ["user", "d"], "limit": 1000}"#;
            let query = Query::parse(&serde_json::from_str::<Value>(query).unwrap()).unwrap();
            (to_csv(&one.query(&query, &Zones::new()).unwrap()), query, one)
        };
        let (expected, query, whole) = one(&text);
        seen.insert((whole.columns()[1].column_type, whole.report().questions.len()));
        for n in 1..=3 {
            let mut shards = shards(&text, n, random);
            assert_eq!(answer(&mut shards, &query), expected, "case {case}, {n} data sets:\n{text}");
            shards.iter().for_each(|shard| assert_eq!(shard.report().questions, whole.report().questions));
            if whole.columns()[1].column_type != "time" {
                continue;
            }
            // Rows come to one that may have none yet; they are read in the same order, or make text of all.
            for more in ["1,2/3/2019 4:05,\n", "2,30/30/2019,\n"] {
                let mut shards = self::shards(&text, n, random);
                let place = shards.iter().map(Dataset::n_rows).sum::<usize>() as u32;
                let shard = &mut shards[random.below(n)];
                shard.go_on_at(place);
                shard.append(more.as_bytes(), None).unwrap();
                settle(&mut shards);
                let (expected, ..) = one(&(text.clone() + more));
                assert_eq!(answer(&mut shards, &query), expected, "case {case}, {n} data sets, and {more}:\n{text}");
            }
        }
    }
    assert_eq!(seen, [("text", 0), ("text", 1), ("time", 0)].into());
}
