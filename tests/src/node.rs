//! Runs the JavaScript programs of the folder `node`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a program of the folder `node` and returns what it prints.
///
/// # Panics
///
/// Panics if the program fails, or if its packages are not installed.
pub fn node(program: &str, arguments: &[&Path]) -> String {
    let program = packages().with_file_name(program);
    let output = Command::new("node").arg(&program).args(arguments).output().expect("Node is installed");
    let [printed, failed] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{}: {printed}{failed}", program.display());
    printed
}

/// Returns the folder of the installed packages.
pub(crate) fn packages() -> PathBuf {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/node_modules");
    assert!(packages.is_dir(), "run `npm ci` in tests/node, or tests/run, which does");
    packages
}
