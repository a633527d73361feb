//! The sources keep to their layers and their manners.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

use std::fs;
use std::path::{Path, PathBuf};

/// Modules from the lowest layer up; those of one layer do not know each other, but for the pairs below.
const LAYERS: [&[&str]; 8] = [
    &["error"],
    &["event", "kernel"],
    &["sql", "fold", "frame", "sketch"],
    &["decode", "clean", "store", "accumulator"],
    &["analysis"],
    &["query"],
    &["engine", "text"],
    &["wasm", "bin"],
];
/// Who may know whom within a layer.
const WITHIN: [(&str, &str); 1] = [("kernel", "event")];
/// What only the doors may touch.
const OUTSIDE: [&str; 5] = ["js_sys", "wasm_bindgen", "std::fs", "std::thread", "Instant::now"];
const LONGEST: usize = 400;

struct Source {
    path: PathBuf,
    /// `kernel` of `src/kernel/scan.rs`; `lib` of the crate's root.
    module: String,
    /// All of it, and what stands before its tests; nothing of a file of tests.
    text: String,
    code: String,
}

#[test]
fn modules_import_from_lower_layers() {
    let layer = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    check(|source| {
        if source.module == "lib" {
            return vec![];
        }
        let Some(own) = layer(&source.module) else { return vec![format!("the module {:?} has no layer", source.module)] };
        let mut faults = vec![];
        for (at, line) in source.code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for module in imports(line) {
                let allowed = match layer(&module) {
                    // `crate::Error` and other names that the root exports.
                    None => ["Error", "ErrorKind", "Result"].contains(&&*module) || (module == "Query" && own > 5),
                    Some(other) => module == source.module || other < own || WITHIN.contains(&(&source.module, &module)),
                };
                if !allowed {
                    faults.push(format!("line {}: {} must not know {module}", at + 1, source.module));
                }
            }
        }
        faults
    });
}

/// The first names after `crate::` in a line, also of a list in braces.
fn imports(line: &str) -> Vec<String> {
    let name = |text: &str| text.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_owned();
    let after = line.match_indices("crate::").filter(|(at, _)| !line[..*at].ends_with(|c: char| c == '_' || c.is_alphanumeric()));
    after
        .flat_map(|(at, found)| {
            let rest = &line[at + found.len()..];
            match rest.strip_prefix('{') {
                Some(list) => list.split(['}', ';']).next().unwrap_or("").split(',').map(name).collect(),
                None => vec![name(rest)],
            }
        })
        .collect()
}

#[test]
fn files_say_why_they_exist_and_are_short() {
    check(|source| {
        let mut faults = vec![];
        if !source.text.starts_with("//! ") {
            faults.push("does not begin with //!".to_owned());
        }
        let lines = source.code.lines().count();
        if lines > LONGEST {
            faults.push(format!("has {lines} lines without tests, more than {LONGEST}"));
        }
        faults
    });
}

#[test]
fn nothing_unwraps_or_reaches_outside() {
    check(|source| {
        let is_door = ["wasm", "bin"].contains(&&*source.module);
        let lines = source.code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        let faults = lines.flat_map(|(at, line)| {
            let unwraps = line.contains(".unwrap()").then_some("unwrap()");
            let outside = OUTSIDE.into_iter().filter(|word| !is_door && line.contains(word));
            unwraps.into_iter().chain(outside).map(|word| format!("line {}: {word}", at + 1)).collect::<Vec<_>>()
        });
        faults.collect()
    });
}

/// Applies a rule to every file below `src`, and says all faults at once.
fn check(rule: impl Fn(&Source) -> Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = vec![];
    read(&root, &root, &mut sources);
    assert!(sources.len() > 10, "only {} files found in {}", sources.len(), root.display());
    let faults: Vec<String> =
        sources.iter().flat_map(|s| rule(s).into_iter().map(|fault| format!("src/{}: {fault}", s.path.display()))).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// What stands before the module of tests, which comes last in a file.
fn before_tests(text: &str) -> &str {
    let is_module = |at: &usize| {
        let after = text[*at..].lines().find(|line| !line.is_empty() && !line.starts_with("#["));
        after.is_some_and(|line| line.split_whitespace().any(|word| word == "mod"))
    };
    text.match_indices("\n#[cfg(")
        .filter(|(at, _)| text[*at..].lines().nth(1).is_some_and(|line| line.contains("test")))
        .map(|(at, _)| at)
        .find(is_module)
        .map_or(text, |at| &text[..at])
}

fn read(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root).unwrap().to_owned();
            let module = path.with_extension("").iter().next().unwrap().to_string_lossy().into_owned();
            let is_test = path.file_stem().unwrap() == "tests";
            let code = if is_test { String::new() } else { before_tests(&text).to_owned() };
            sources.push(Source { module, code, path, text });
        }
    }
}
