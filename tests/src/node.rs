//! Programs of the folder `node`, which are written in JavaScript.

use std::path::Path;
use std::process::Command;

/// Runs a program of the folder `node`, and returns what it printed.
///
/// # Panics
///
/// When it fails, or was never installed.
pub fn node(program: &str, arguments: &[&Path]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
    assert!(folder.join("node_modules").is_dir(), "run `npm ci` in tests/node, or tests/run, which does");
    let output = Command::new("node").arg(folder.join(program)).args(arguments).output().expect("node is there");
    let [printed, failed] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{program}: {printed}{failed}");
    printed
}
