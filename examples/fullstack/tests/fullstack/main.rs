//! Tests the application as its visitors use it, without a browser and in Chromium.

mod accounts;
mod assets;
mod browser;
mod changes;
mod pages;
mod types;

use std::fs;
use std::path::{Path, PathBuf};

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Returns whether tests write their files to the package: `UPDATE=1 cargo test -p
/// velox-example-fullstack`.
fn updates() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Compares a committed file with its expected text, or writes it.
fn is_up_to_date(path: &str, expected: &str) {
    if updates() {
        fs::write(file(path), expected).expect("the package can be written to");
    }
    let committed = fs::read_to_string(file(path)).expect("the file is there");
    assert!(committed == expected, "{path} is out of date: run `UPDATE=1 cargo test -p velox-example-fullstack`");
}
