//! Tests the files of `dist`, which are part of the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::file;

/// Builds a copy of the front end with its own packages, so that only committed files count.
#[test]
fn the_assets_match_the_sources() {
    let web = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fullstack-web");
    let built = web.join("built");
    fs::remove_dir_all(&web).ok();
    for (name, bytes) in files(&file("web")) {
        let copy = web.join(name);
        fs::create_dir_all(copy.parent().expect("it is in the folder")).expect("the target folder can be written to");
        fs::write(copy, bytes).expect("the target folder can be written to");
    }

    npm(&web, &["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]);
    npm(&web, &["run", "build", "--", built.to_str().expect("UTF-8")]);

    let (built, committed) = (files(&built), files(&file("dist")));
    assert_eq!(built.keys().collect::<Vec<_>>(), committed.keys().collect::<Vec<_>>());
    for (name, bytes) in built {
        assert!(committed[&name] == bytes, "dist/{} is out of date: {HOW}", name.display());
    }
}

fn npm(folder: &Path, arguments: &[&str]) {
    let output = Command::new("npm").args(arguments).current_dir(folder).output().expect("npm is installed");
    let [printed, failed] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "npm {arguments:?}: {printed}{failed}");
}

/// The files of a folder with their contents, without the installed packages.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = PathBuf::from(path.file_name().expect("a name"));
        if path.is_dir() && name != Path::new("node_modules") {
            found.extend(files(&path).into_iter().map(|(inner, bytes)| (name.join(inner), bytes)));
        } else if path.is_file() {
            found.insert(name, fs::read(&path).expect("it can be read"));
        }
    }
    found
}

const HOW: &str = "run `npm --prefix examples/fullstack/web ci` and `npm --prefix examples/fullstack/web run build`";
