//! Programs of the folder `node`, which are written in JavaScript.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a program of the folder `node`, and returns what it printed.
///
/// # Panics
///
/// When it fails, or was never installed.
pub fn node(program: &str, arguments: &[&Path]) -> String {
    let program = packages().with_file_name(program);
    let output = Command::new("node").arg(&program).args(arguments).output().expect("node is there");
    let [printed, failed] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{}: {printed}{failed}", program.display());
    printed
}

/// The folder of the packages that were installed.
pub(crate) fn packages() -> PathBuf {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/node_modules");
    assert!(packages.is_dir(), "run `npm ci` in tests/node, or tests/run, which does");
    packages
}
