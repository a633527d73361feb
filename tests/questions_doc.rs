//! `docs/questions.md` says of each kind of question what its source does.
//!
//! With `CLICKFOLD_WRITE=1` it is written anew.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

use std::fs;
use std::path::Path;

/// In the order in which a reader may want them.
const KINDS: [&str; 16] = [
    "aggregate",
    "rows",
    "describe",
    "funnel",
    "sequence",
    "retention",
    "intervals",
    "sessions",
    "paths",
    "rfm",
    "baskets",
    "pareto",
    "conversion",
    "abandonment",
    "attribution",
    "experiment",
];

const HEAD: &str = "\
# Questions

What can be asked, kind by kind, as the sources say it; the README tells what all kinds share. `where` is a list of conditions, an actor is
whoever does something (the column with the role `actor`, or the one that `actor` names), and a time is that of the column with
the role `time`, or of the one that `time` names.
";

#[test]
fn the_page_of_questions_says_what_the_sources_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut page = HEAD.to_owned();
    for kind in KINDS {
        let source = fs::read_to_string(root.join(format!("src/analysis/{kind}.rs"))).unwrap();
        page += &format!("\n## {kind}\n\n{}", doc(&source, kind));
    }
    let path = root.join("docs/questions.md");
    if std::env::var_os("CLICKFOLD_WRITE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/questions.md is not what the sources say; CLICKFOLD_WRITE=1 cargo test --test questions_doc writes it"
    );
}

/// What stands above the question's type, as Markdown; of its examples the queries.
fn doc(source: &str, kind: &str) -> String {
    let first = format!("/// The question `{{\"kind\": \"{kind}\", …}}`.");
    let lines = source.lines().skip_while(|line| *line != first).skip(1).take_while(|line| line.starts_with("///"));
    let (mut text, mut code, mut is_code) = (String::new(), String::new(), false);
    for line in lines.map(|line| line.strip_prefix("/// ").unwrap_or("")) {
        if line.starts_with("```") {
            is_code = !is_code;
        } else {
            let into = if is_code { &mut code } else { &mut text };
            *into += &line.replace("](super::funnel::Funnel)", "](#funnel)").replace("# Errors", "### Errors");
            into.push('\n');
        }
    }
    assert!(!text.trim().is_empty(), "{kind} says nothing");
    let queries = code.split("r#\"{").skip(1).map(|rest| format!("{{{}", rest.split("\"#").next().unwrap()));
    let examples: String = queries.map(|query| format!("\n```json\n{}\n```\n", without_indent(&query))).collect();
    format!("{}\n{examples}", text.trim())
}

/// Lines that go on stand as far to the right as the query's first key.
fn without_indent(query: &str) -> String {
    let (first, rest) = query.split_once('\n').unwrap_or((query, ""));
    let rest: String = rest.lines().map(|line| format!("\n {}", line.trim())).collect();
    format!("{first}{rest}")
}
