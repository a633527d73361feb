//! Real files and others' suites, which lie beside the repository.

use std::path::{Path, PathBuf};

/// A folder of data that is not in the repository.
pub fn shared(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("CLICKFOLD_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = root.join("data").join(name);
    if !folder.is_dir() {
        println!("passed over: {} is not there; set CLICKFOLD_SHARED", folder.display());
        return None;
    }
    Some(folder)
}
