//! Compares the steps of a chain with the list in velox-rpc-macros. For a chain with a step that is
//! not in the list, the macros leave every mistake to the compiler.

use std::fs;
use std::path::Path;

use regex::Regex;

#[test]
fn the_macros_know_every_step_of_a_chain() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| fs::read_to_string(root.join(path)).expect("a source");
    let chain = read("velox-rpc-macros/src/router/chain.rs");
    let (_, list) = chain.split_once("const STEPS: &str = \"").expect("the list");
    let (list, _) = list.split_once('"').expect("its end");
    let known: Vec<&str> = list.split_whitespace().collect();
    let methods = Regex::new(r"(?m)^    pub fn (\w+)").expect("a pattern");
    let builder = read("velox-rpc/src/procedure/builder.rs");
    let steps: Vec<&str> = methods.captures_iter(&builder).filter_map(|found| Some(found.get(1)?.as_str())).collect();
    assert!(steps.contains(&"fails_with"), "{steps:?}");
    let unknown: Vec<&&str> = steps.iter().filter(|step| !known.contains(step)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
