//! The rings of velox-rpc: a module uses only what lies inward of it. The table stands in `ARCHITECTURE.md`; this reads it, and every
//! `crate::` in the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned()
}

/// All files below a folder that end so.
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

/// The lines of a source that are code.
fn code(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("a source file");
    text.lines().map(|line| line.split("//").next().unwrap_or("").to_owned()).collect()
}

/// The identifiers of a line, each with what stands before it.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).filter(|word| !word.is_empty())
}

/// A file of velox-rpc, and the module of the root that it belongs to.
fn modules() -> Vec<(String, PathBuf)> {
    let source = workspace().join("velox-rpc/src");
    let module = |path: &Path| {
        let inner = path.strip_prefix(&source).expect("it lies there");
        let first = inner.iter().next().expect("a name").to_string_lossy().into_owned();
        first.trim_end_matches(".rs").to_owned()
    };
    files(&source, ".rs").into_iter().map(|path| (module(&path), path)).collect()
}

/// The modules of the root that a file names: `use crate::error::…`, `use crate::{call, error::…}`, `crate::wire::…`.
fn named(path: &Path) -> BTreeSet<String> {
    let text = code(path).join("\n");
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        if text[..at].ends_with(|letter: char| letter == '$' || letter == '_' || letter.is_alphanumeric()) {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => found.extend(heads(list)),
            None => found.extend(words(rest).next().map(str::to_owned)),
        }
    }
    found
}

/// The first names of the paths in `{a, b::c, d::{e, f}}`, whose first brace was read.
fn heads(list: &str) -> Vec<String> {
    let (mut depth, mut found, mut path) = (0, Vec::new(), String::new());
    for letter in list.chars() {
        match letter {
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            '{' => depth += 1,
            ',' if depth == 0 => found.push(std::mem::take(&mut path)),
            _ if depth == 0 => path.push(letter),
            _ => {}
        }
    }
    found.push(path);
    found.iter().filter_map(|path| words(path).next().map(str::to_owned)).collect()
}

/// The table: each module, with the modules that it may use.
fn rings() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(workspace().join("ARCHITECTURE.md")).expect("the architecture is written down");
    let (_, section) = text.split_once("\n## Rings\n").expect("it has a section on rings");
    let section = section.split("\n## ").next().expect("a section");
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
    // What may be used is a ring, or a module of one.
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

/// The root, which lifts names, and what macros name, which names them all.
const ROOT: [&str; 2] = ["lib", "__private"];

#[test]
fn every_module_uses_only_what_lies_inward_of_it() {
    let rings = rings();
    let mut strays = Vec::new();
    for (module, path) in modules() {
        let Some(inward) = rings.get(&module) else { continue };
        for other in named(&path) {
            if other != module && !inward.contains(&other) {
                strays.push(format!("{} uses `{other}`, which lies outward of `{module}`", path.display()));
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

/// Without it, a reader that finds nothing would find everything right.
#[test]
fn the_reader_finds_what_is_named() {
    let service = named(&workspace().join("velox-rpc/src/service/mod.rs"));
    assert!(["context", "error", "wire"].iter().all(|module| service.contains(*module)), "{service:?}");
    assert_eq!(heads("call, error::{Error, Result}, wire::rest::Route}; crate::app"), ["call", "error", "wire"]);
}

#[test]
fn every_module_has_a_ring() {
    let rings = rings();
    let modules: BTreeSet<_> = modules().into_iter().map(|(module, _)| module).collect();
    let without: Vec<_> =
        modules.iter().filter(|name| !rings.contains_key(*name) && !ROOT.contains(&name.as_str())).collect();
    assert!(without.is_empty(), "{without:?} stand in no ring");
    let gone: Vec<_> = rings.keys().filter(|name| !modules.contains(*name)).collect();
    assert!(gone.is_empty(), "{gone:?} stand in a ring, and are no modules");
}

#[test]
fn what_may_be_used_is_a_module() {
    let rings = rings();
    let strange: BTreeSet<_> = rings.values().flatten().filter(|name| !rings.contains_key(*name)).collect();
    assert!(strange.is_empty(), "{strange:?} are neither rings nor modules");
}

/// Two rings that may use each other would be one.
#[test]
fn no_two_rings_use_each_other() {
    let rings = rings();
    for (module, inward) in &rings {
        for other in inward.iter().filter(|other| *other != module) {
            // Within one ring modules share what they may use.
            let same_ring = rings[other] == *inward;
            assert!(same_ring || !rings[other].contains(module), "`{module}` and `{other}` may use each other");
        }
    }
}

/// In a file of the root, `super` is the root: another way to name an outward module.
#[test]
fn no_module_reaches_another_by_super() {
    let source = workspace().join("velox-rpc/src");
    for (module, path) in modules() {
        let in_root = path == source.join(format!("{module}.rs")) || path == source.join(&module).join("mod.rs");
        let code = code(&path).join("\n");
        let code = code.split("#[cfg(test)]").next().expect("code before the tests");
        assert!(!in_root || !code.contains("super::"), "{} reaches out by `super::`", path.display());
    }
}

#[test]
fn only_the_server_names_hyper_or_tokio() {
    for (module, path) in modules() {
        if module == "server" {
            continue;
        }
        for line in code(&path) {
            let stray = words(&line).find(|word| ["hyper", "hyper_util", "tokio"].contains(word));
            assert_eq!(stray, None, "{}: {line}", path.display());
        }
    }
}

#[test]
fn velox_rpc_never_names_velox_session() {
    let mut paths: Vec<_> = modules().into_iter().map(|(_, path)| path).collect();
    paths.push(workspace().join("velox-rpc/Cargo.toml"));
    for path in paths {
        let text = fs::read_to_string(&path).expect("a source file");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            assert!(!line.contains("velox_session") && !line.contains("velox-session"), "{}: {line}", path.display());
        }
    }
}

const CRATES: [&str; 8] = [
    "velox-rpc",
    "velox-rpc-macros",
    "velox-session",
    "examples",
    "examples/otel",
    "examples/reference",
    "tests",
    "tests/renamed",
];

#[test]
fn every_crate_of_the_workspace_is_looked_at() {
    let manifest = fs::read_to_string(workspace().join("Cargo.toml")).expect("the workspace");
    let (_, members) = manifest.split_once("members = [").expect("members");
    let members = members.split(']').next().expect("a list").split(',').map(|name| name.trim().trim_matches('"'));
    assert_eq!(members.filter(|name| !name.is_empty()).collect::<BTreeSet<_>>(), BTreeSet::from(CRATES));
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
    // Syntax that speaks of it, and is none.
    let excepted = |line: &str| line.contains("Token![unsafe]") || line.contains("unsafe_code");
    for name in CRATES {
        for path in files(&workspace().join(name).join("src"), ".rs") {
            for line in code(&path) {
                assert!(excepted(&line) || !words(&line).any(|word| word == "unsafe"), "{}: {line}", path.display());
            }
        }
    }
}
