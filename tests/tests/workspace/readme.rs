//! Tests that the Rust code in the README is that of the quickstart, which is compiled and run.

use std::fs;
use std::path::Path;

fn read(file: &str) -> String {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the workspace");
    fs::read_to_string(workspace.join(file)).expect(file)
}

/// Removes comments and white space.
fn tokens(code: &str) -> String {
    let lines = code.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    lines.flat_map(str::split_whitespace).collect()
}

#[test]
fn the_readme_shows_procedures_of_the_quickstart() {
    let (readme, quickstart) = (read("README.md"), tokens(&read("examples/src/bin/quickstart/auth.rs")));
    let (_, block) = readme.split_once("```rust\n").expect("a Rust block");
    let (block, _) = block.split_once("\n}\n```").expect("the end of an `impl` block");
    let methods: Vec<_> = block.split("\n    fn ").collect();
    assert_eq!(methods.len(), 3, "the `impl` line and two methods");
    assert!(quickstart.contains(&tokens(methods[0])), "{}", methods[0]);
    for method in &methods[1..] {
        assert!(quickstart.contains(&tokens(&format!("fn {method}"))), "fn {method}");
    }
}
