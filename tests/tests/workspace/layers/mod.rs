//! Tests the layers of the three crates: a module uses only modules further inward, and no two
//! files use each other. `ARCHITECTURE.md` has the tables.

mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sources::Sources;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the workspace").to_owned()
}

/// The files below a folder whose names end like this.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found
}

/// The lines of a source file without comments.
fn code(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("a source file");
    text.lines().map(|line| line.split("//").next().unwrap_or("").to_owned()).collect()
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).filter(|word| !word.is_empty())
}

const LAYERED: [&str; 3] = ["velox-rpc", "velox-rpc-macros", "velox-session"];

fn sources(name: &str) -> Sources {
    Sources::read(&workspace().join(name).join("src"))
}

/// The table of a crate: each module with the modules that it may use.
fn rings(name: &str) -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(workspace().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md exists");
    let (_, section) = text.split_once("\n## Rings\n").expect("it has the section `Rings`");
    let section = section.split("\n## ").next().expect("a section");
    let table = section.split("\n### ").find(|table| table.lines().next().is_some_and(|title| title == name));
    let section = table.unwrap_or_else(|| panic!("there is no table for {name}"));
    let names = |cell: &str| cell.split(',').map(|name| name.trim().trim_matches('`').to_owned()).collect::<Vec<_>>();
    let rows: Vec<(String, Vec<String>, Vec<String>)> = section
        .lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .filter(|row| !row.contains("---") && !row.contains("may use"))
        .map(|row| {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            let [ring, modules, inward] = cells[..] else { panic!("three cells: {row}") };
            (ring.to_owned(), names(modules), names(inward))
        })
        .collect();
    // The last column names rings, or modules of rings.
    let expand = |name: &String| match rows.iter().find(|(ring, ..)| ring == name) {
        Some((_, modules, _)) => modules.clone(),
        None => vec![name.clone()],
    };
    rows.iter()
        .flat_map(|(_, modules, inward)| {
            let inward: BTreeSet<_> = inward.iter().flat_map(expand).collect();
            modules.iter().map(move |module| (module.clone(), inward.clone()))
        })
        .collect()
}

/// The root re-exports names, and `__private` has those that macros expand to. Both may use
/// everything.
fn is_lifting(module: &[String]) -> bool {
    module.first().is_none_or(|first| first == "__private")
}

#[test]
fn every_module_uses_only_inner_modules() {
    let mut strays = Vec::new();
    for name in LAYERED {
        let (rings, sources) = (rings(name), sources(name));
        for (file, used) in sources.uses().iter().filter(|(file, _)| !is_lifting(file)) {
            let module = &file[0];
            for other in used.iter().filter(|other| !is_lifting(other)).map(|other| &other[0]) {
                if other != module && !rings.get(module).is_some_and(|inward| inward.contains(other)) {
                    strays.push(format!("{} uses `{other}`", sources.path(file).display()));
                }
            }
        }
    }
    assert!(strays.is_empty(), "these uses point outward: {strays:#?}");
}

/// Without this test, a reader that finds no uses would let everything pass.
#[test]
fn the_reader_finds_the_uses() {
    let uses = sources("velox-rpc").uses();
    let claim = &["service".to_owned(), "claim".to_owned()][..];
    let used: BTreeSet<_> = uses[claim].iter().filter_map(|file| file.first()).collect();
    assert!(["context", "error", "wire"].iter().all(|module| used.contains(&(*module).to_owned())), "{used:?}");
}

#[test]
fn every_module_has_a_ring() {
    for name in LAYERED {
        let rings: BTreeSet<_> = rings(name).into_keys().collect();
        let modules: BTreeSet<_> =
            sources(name).modules().into_iter().filter(|module| !is_lifting(std::slice::from_ref(module))).collect();
        assert_eq!(rings, modules, "the table of {name} must list its modules");
    }
}

#[test]
fn the_tables_name_only_existing_modules() {
    for name in LAYERED {
        let rings = rings(name);
        let strange: BTreeSet<_> = rings.values().flatten().filter(|name| !rings.contains_key(*name)).collect();
        assert!(strange.is_empty(), "{strange:?} are neither rings nor modules of {name}");
    }
}

/// Two rings that use each other are one ring.
#[test]
fn no_two_rings_use_each_other() {
    for name in LAYERED {
        let rings = rings(name);
        for (module, inward) in &rings {
            for other in inward.iter().filter(|other| *other != module) {
                // Modules of one ring have the same row.
                let same_ring = rings[other] == *inward;
                assert!(same_ring || !rings[other].contains(module), "`{module}` and `{other}` may use each other");
            }
        }
    }
}

#[test]
fn only_the_server_names_hyper_or_tokio() {
    let source = workspace().join("velox-rpc/src");
    for path in files(&source, ".rs").into_iter().filter(|path| !path.starts_with(source.join("server"))) {
        let has_clock = ["service/pings.rs", "service/health.rs"].iter().any(|file| path == source.join(file));
        for line in code(&path) {
            let is_stray = |word: &&str| ["hyper", "hyper_util"].contains(word) || *word == "tokio" && !has_clock;
            let stray = words(&line).find(is_stray);
            assert_eq!(stray, None, "{}: {line}", path.display());
        }
    }
}

#[test]
fn velox_rpc_never_names_velox_session() {
    let mut paths = files(&workspace().join("velox-rpc/src"), ".rs");
    paths.push(workspace().join("velox-rpc/Cargo.toml"));
    for path in paths {
        let text = fs::read_to_string(&path).expect("a source file");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            assert!(!line.contains("velox_session") && !line.contains("velox-session"), "{}: {line}", path.display());
        }
    }
}

const CRATES: [&str; 13] = [
    "velox-rpc",
    "velox-rpc-macros",
    "velox-session",
    "examples",
    "examples/axum_sessions",
    "examples/fullstack",
    "examples/otel",
    "examples/reference",
    "examples/template",
    "tests",
    "tests/benches",
    "tests/renamed",
    "tests/ui",
];

#[test]
fn the_tests_cover_every_crate_of_the_workspace() {
    let manifest = fs::read_to_string(workspace().join("Cargo.toml")).expect("the workspace");
    let (_, members) = manifest.split_once("members = [").expect("members");
    let members = members.split(']').next().expect("a list").split(',').map(|name| name.trim().trim_matches('"'));
    assert_eq!(members.filter(|name| !name.is_empty()).collect::<BTreeSet<_>>(), BTreeSet::from(CRATES));
}

/// P3: without features, velox-session is only the engine and the memory store.
#[test]
fn the_engine_of_sessions_has_few_dependencies() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", "velox-session", "--no-default-features"])
        .args(["--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8(tree.stdout).expect("text");
    let crates: BTreeSet<_> =
        tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).collect();
    assert!(crates.contains("velox-session") && crates.len() <= 40, "{}: {crates:?}", crates.len());
}

#[test]
fn every_crate_root_forbids_unsafe_code() {
    let mut without = Vec::new();
    for name in CRATES {
        let source = workspace().join(name).join("src");
        let mut roots = vec![source.join("lib.rs"), source.join("main.rs")];
        if let Ok(binaries) = fs::read_dir(source.join("bin")) {
            for path in binaries.map(|entry| entry.expect("an entry").path()) {
                roots.push(if path.is_dir() { path.join("main.rs") } else { path });
            }
        }
        for root in roots.into_iter().filter(|root| root.exists()) {
            if !code(&root).iter().any(|line| line.trim() == "#![forbid(unsafe_code)]") {
                without.push(root);
            }
        }
    }
    assert!(without.is_empty(), "no `#![forbid(unsafe_code)]` in {without:#?}");
}

#[test]
fn nothing_is_unsafe() {
    // These lines mention `unsafe` without using it.
    let excepted = |line: &str| line.contains("Token![unsafe]") || line.contains("unsafe_code");
    for name in CRATES {
        for path in files(&workspace().join(name).join("src"), ".rs") {
            for line in code(&path) {
                assert!(excepted(&line) || !words(&line).any(|word| word == "unsafe"), "{}: {line}", path.display());
            }
        }
    }
}

/// If two files use each other, neither can be read alone.
#[test]
fn no_two_files_use_each_other() {
    let mut circles = Vec::new();
    for name in LAYERED {
        let sources = sources(name);
        let uses = sources.uses();
        for (file, used) in &uses {
            for other in used.iter().filter(|other| *other > file && uses[*other].contains(file)) {
                circles.push(format!("{} and {}", sources.path(file).display(), sources.path(other).display()));
            }
        }
    }
    assert!(circles.is_empty(), "{circles:#?}");
}
