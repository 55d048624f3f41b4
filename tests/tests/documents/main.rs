//! The documents made of the router: OpenAPI and TypeScript. What they say is compared with a record, with the router itself, and
//! with what is really sent.

mod app;
mod openapi;
mod page;
mod typescript;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a program of the folder `node`, and gives what it printed.
///
/// # Panics
///
/// When it fails, or was never installed.
fn node(program: &str, arguments: &[&Path]) -> String {
    let folder = node_folder();
    assert!(folder.join("node_modules").is_dir(), "run `npm ci` in tests/node, or tests/run, which does");
    let output = Command::new("node").arg(folder.join(program)).args(arguments).output().expect("node is there");
    let [printed, failed] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{program}: {printed}{failed}");
    printed
}

fn node_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("node")
}

/// A file of a test's own in the target folder.
fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the target folder can be written to");
    path
}
