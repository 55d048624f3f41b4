//! Tests the template for `cargo generate`: a new project has the dependencies that the template is
//! built with here.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

fn template() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/template")
}

fn read(file: PathBuf) -> String {
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Reads the dependencies of a manifest that has one on each line.
fn dependencies(manifest: &str) -> BTreeMap<String, String> {
    let (_, section) = manifest.split_once("[dependencies]\n").expect("it has dependencies");
    let lines = section.lines().take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(" = "));
    lines.map(|(name, value)| (name.trim_end_matches(".workspace").to_owned(), value.to_owned())).collect()
}

#[test]
fn a_new_project_has_the_dependencies_that_the_template_is_tested_with() {
    let workspace =
        dependencies(&read(template().join("../../Cargo.toml")).replace("[workspace.dependencies]", "[dependencies]"));
    let here = dependencies(&read(template().join("Cargo.toml")));
    let generated = dependencies(&read(template().join("Cargo.toml.liquid")));
    assert_eq!(here.keys().collect::<Vec<_>>(), generated.keys().collect::<Vec<_>>());
    for (name, value) in generated {
        // The version and the features.
        let version = value.split('"').nth(1).expect("a version");
        let known = workspace.get(&name).unwrap_or(&here[&name]);
        assert!(known.contains(&format!("\"{version}")), "{name}: {value} here is {known}");
        let features = |text: &str| text.split_once("features = [").map_or(String::new(), |(_, list)| list.to_owned());
        let own = format!("{}{}", features(&here[&name]), features(known));
        for feature in features(&value).split('"').skip(1).step_by(2) {
            assert!(own.contains(&format!("\"{feature}\"")), "{name}: the feature {feature}");
        }
    }
}

#[test]
fn the_sources_are_the_same_before_and_after() {
    for file in fs::read_dir(template().join("src")).expect("the sources") {
        let file = file.expect("an entry").path();
        let text = read(file.clone());
        assert!(!text.contains("{{") && !text.contains("{%"), "{} would be changed", file.display());
    }
}
