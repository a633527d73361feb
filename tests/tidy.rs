//! The shape of the code: layers, file heads and lengths.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its input should fail")]

use std::path::{Path, PathBuf};

const LAYERS: [&[&str]; 8] = [
    &["error", "event"],
    &["kernel", "sql"],
    &["fold", "frame", "sketch"],
    &["decode", "clean", "store", "accumulator"],
    &["analysis"],
    &["query"],
    &["engine", "text"],
    &["wasm", "bin", "lib"],
];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_code_is_tidy() {
    let mut found = vec![];
    files(Path::new("src"), &mut found);
    assert!(found.len() > 30);
    let mut faults = vec![];
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.display();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        if path.ends_with("tests.rs") {
            continue;
        }
        if !text.starts_with("//!") {
            faults.push(format!("{name} does not begin with why it exists"));
        }
        if code.lines().count() > 520 {
            faults.push(format!("{name} has {} lines without tests", code.lines().count()));
        }
        let module = path.strip_prefix("src").unwrap().iter().next().unwrap().to_string_lossy().replace(".rs", "");
        let own = layer(&module).unwrap_or_else(|| panic!("{module} is in no layer"));
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for part in line.split("crate::").skip(1) {
                let other: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if let Some(above) = layer(&other)
                    && (above > own
                        || (above == own && other != module && !matches!((module.as_str(), other.as_str()), ("event", "error"))))
                {
                    faults.push(format!("{name} imports {other}, which is not below it: {line}"));
                }
            }
            let is_door = own == 7;
            for outside in ["js_sys", "wasm_bindgen", "std::fs", "std::thread", "Instant::now", "SystemTime"] {
                if !is_door && line.contains(outside) {
                    faults.push(format!("{name} names {outside}: {line}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
