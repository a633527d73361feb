//! What is kept up to date is what a data set of the same rows answers.

use arrow_array::ArrayRef;

use super::*;
use crate::decode::{Decoder, Fixed, Options};
use crate::kernel::batch::BatchColumn;
use crate::kernel::form::Forms;
use crate::kernel::hash::mix64;
use crate::store::Store;
use crate::text::to_csv;

const COLUMNS: [(&str, &str, Option<Role>); 6] = [
    ("user", "int", Some(Role::Actor)),
    ("item", "text", Some(Role::Item)),
    ("action", "text", Some(Role::Action)),
    ("ts", "time", Some(Role::Time)),
    ("price", "decimal", Some(Role::Price)),
    ("big", "int", Some(Role::Session)),
];

/// Numbers that are the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(1);
        (mix64(mix64(self.0)) % n as u64) as usize
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }
}

/// Rows of few different values, so that everything ties; with so many items also of more actors, of whom few or many change.
fn rows(random: &mut Random, n: usize, n_items: usize) -> Vec<String> {
    let row = |_| {
        let item = random.pick(&["a", "b", "ä", ""]).to_owned();
        let item = if n_items > 0 { format!("{item} {}", random.below(n_items)) } else { item };
        let user = random.pick(&["1", "2", "3", "4", "70000", "-5", ""]).to_owned();
        let user = if n_items > 0 && random.below(9) > 0 { random.below(60).to_string() } else { user };
        format!(
            "{},{},{},{},{},{}",
            user,
            item,
            random.pick(&["view", "cart", "buy", "none", ""]),
            random.pick(&["2024-03-10 00:30:00", "2024-03-10 07:00:00", "2024-03-11 23:59:59", "1969-12-31 23:00:00", ""]),
            random.pick(&["1.25", "0.00", "-3.50", "99999999999999.99", ""]),
            random.pick(&["2053013555631882655", "2053013555631882656", "3", ""]),
        )
    };
    (0..n).map(row).collect()
}

/// The rows as a decoder gives them, with dictionaries of their own.
fn batch(rows: &[String]) -> Batch {
    let options = Options {
        names: Some(COLUMNS.map(|(name, ..)| name.to_owned()).to_vec()),
        header: Some(false),
        separator: Some(b','),
        types: COLUMNS.map(|(name, own, _)| (name.to_owned(), Fixed::parse(own).unwrap())).to_vec(),
        ..Options::default()
    };
    let mut decoder = Decoder::new(options);
    // A row that fixes the scale, and is cut off again.
    decoder.push(format!("1,a,view,2024-03-10 00:00:00,1.25,3\n{}\n", rows.join("\n")).as_bytes()).unwrap();
    decoder.finish().unwrap();
    assert_eq!(decoder.rejects().count, 0);
    let whole = decoder.take_batches().remove(0);
    let cut = |column: &BatchColumn| {
        let array: ArrayRef = column.array.slice(1, rows.len());
        BatchColumn { array, forms: Forms::Plain, column_type: column.column_type }
    };
    Batch { columns: whole.columns.iter().map(cut).collect(), n_rows: rows.len() }
}

fn schema(with_roles: bool) -> Schema {
    let types = batch(&[]).columns.into_iter().map(|column| column.column_type);
    let column = |((name, _, role), column_type): (&(&str, &str, Option<Role>), _)| Column {
        name: (*name).to_owned(),
        column_type,
        role: role.filter(|_| with_roles),
    };
    Schema::new(COLUMNS.iter().zip(types).map(column).collect())
}

fn in_canonical_order(rows: &[String], schema: &Schema) -> Vec<String> {
    let all = Rows::All(rows.len());
    let columns: Vec<Values> = batch(rows).columns.iter().map(|column| gather(&column.array, &all).unwrap()).collect();
    let order = order::canonical(rows.len(), &columns, schema.index_of_role(Role::Time));
    order.into_iter().map(|row| rows[row as usize].clone()).collect()
}

/// The answer that a data set of these rows gives.
fn answer_of_all(query: &Query, schema: &Schema, rows: &[String]) -> String {
    let types: Vec<_> = schema.columns().iter().map(|column| column.column_type).collect();
    let mut store = Store::of_types(&types).unwrap();
    if !rows.is_empty() {
        store.append(batch(rows)).unwrap();
    }
    store.seal().unwrap();
    let (actor, time) = query.needs_actors(schema).unwrap().unwrap();
    store.arrange(actor, Some(time)).unwrap();
    let mut fold = query.fold(schema, &Zones::new()).unwrap();
    let names = COLUMNS.map(|(name, ..)| name);
    (0..store.n_batches()).for_each(|at| fold.update(&store.batch(at, &names, None).unwrap()).unwrap());
    to_csv(&fold.finish().unwrap())
}

fn questions() -> Vec<(&'static str, Query)> {
    let all = Query::examples().into_iter().map(|text| (text, serde_json::from_str::<Query>(text).unwrap()));
    let questions: Vec<_> = all.filter(|(_, query)| query.is_of_actors()).collect();
    assert!(questions.len() > 40);
    assert!(questions.iter().all(|(_, query)| !query.wants_row_numbers()), "their folds would want places");
    questions
}

/// Few actors in each bucket, and all that many rows ask for already with few.
fn by_actor(query: &Query, schema: &Schema, is_canonical: bool) -> ByActor {
    let mut actors = ByActor::new(query, schema, &Zones::new(), is_canonical).unwrap();
    actors.bucket_rows = 2;
    actors
}

#[test]
fn rows_that_come_and_go_leave_the_answer_of_those_that_are_there() {
    for seed in 0..6u64 {
        let mut random = Random(seed * 1_000_000);
        let all = rows(&mut random, 120, if seed.is_multiple_of(2) { 0 } else { 50 });
        let schema = schema(seed.is_multiple_of(3));
        let mut cuts: Vec<usize> = (0..6).map(|_| random.below(120)).chain([0, 120]).collect();
        cuts.sort_unstable();
        let batches: Vec<_> = cuts.windows(2).map(|cut| (cut[0], cut[1], batch(&all[cut[0]..cut[1]]))).collect();
        // Rows forgotten, and whether somebody asks, after each batch.
        let mut first = 0;
        let step = |&(_, to, _): &(usize, usize, Batch)| {
            first = first.max((to * random.below(5) / 4).saturating_sub(random.below(9)));
            (if seed < 2 { 0 } else { first }, random.below(3) > 0)
        };
        let steps: Vec<_> = batches.iter().map(step).collect();
        for (text, query) in questions() {
            let mut actors = by_actor(&query, &schema, false);
            assert_eq!(to_csv(&actors.answer().unwrap()), answer_of_all(&query, &schema, &[]), "{text}");
            for ((from, to, batch), &(first, asks)) in batches.iter().zip(&steps) {
                actors.take(batch, &(*from as i64..*to as i64).collect()).unwrap();
                actors.forget(first as i64).unwrap();
                if asks || *to == all.len() {
                    let expected = answer_of_all(&query, &schema, &all[first.min(*to)..*to]);
                    assert_eq!(to_csv(&actors.answer().unwrap()), expected, "seed {seed}, rows {first}..{to}: {text}");
                }
            }
            actors.forget(i64::MAX).unwrap();
            assert_eq!(to_csv(&actors.answer().unwrap()), answer_of_all(&query, &schema, &[]), "{text}");
            assert!(actors.buckets.iter().all(Bucket::is_empty));
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(12))]
    #[test]
    fn the_order_in_which_rows_come_is_not_in_a_canonical_answer(seed in proptest::num::u64::ANY, n_rows in 1usize..80, with_roles: bool) {
        let mut random = Random(seed);
        let all = rows(&mut random, n_rows, 0);
        let mut others = all.clone();
        (1..n_rows).for_each(|at| others.swap(at, random.below(at + 1)));
        let cut = random.below(n_rows + 1);
        let schema = schema(with_roles);
        let in_order = in_canonical_order(&all, &schema);
        let questions = questions();
        for (text, query) in questions.iter().skip(seed as usize % 4).step_by(4) {
            let mut actors = by_actor(query, &schema, true);
            for (from, to) in [(cut, n_rows), (0, cut)] {
                actors.take(&batch(&others[from..to]), &(from as i64..to as i64).collect()).unwrap();
                actors.answer().unwrap();
            }
            proptest::prop_assert_eq!(to_csv(&actors.answer().unwrap()), answer_of_all(query, &schema, &in_order), "{}", text);
        }
    }
}

#[test]
fn texts_that_no_row_has_any_longer_are_dropped() {
    let question = r#"{"kind":"paths","actor":"user","time":"ts","step":"item","from":{"action":"buy"},"depth":2}"#;
    let query: Query = serde_json::from_str(question).unwrap();
    let mut actors = by_actor(&query, &schema(false), false);
    for at in 0..50 {
        let rows: Vec<String> = (0..40).map(|row| format!("{row},item {at} {row},buy,2024-03-10 00:00:00,1.25,3")).collect();
        actors.take(&batch(&rows), &(40 * at..40 * at + 40).collect()).unwrap();
        actors.forget(40 * at).unwrap();
        actors.answer().unwrap();
    }
    assert!(actors.texts.iter().flatten().all(|texts| texts.len() < 200));
}
