//! Tests what the compiler reports for each mistake: `<mistake>.rs` and the recorded output beside
//! it.
//!
//! After a change, `TRYBUILD=overwrite cargo test -p velox-ui` records the output again. Read what
//! it records: it must tell users in their own words what to do.
//!
//! Each mistake gets one error. A case with several mistakes says how many in its last line.

use std::fs;

#[test]
fn every_mistake_gets_the_recorded_error() {
    trybuild::TestCases::new().compile_fail("*.rs");
}

#[test]
fn every_mistake_gets_one_error() {
    let mut cases: Vec<String> = Vec::new();
    for entry in fs::read_dir(".").expect("the directory of this package") {
        let name = entry.expect("a file").file_name().into_string().expect("a name in ASCII");
        cases.extend(name.strip_suffix(".rs").map(String::from));
    }
    let mut wrong: Vec<String> = Vec::new();
    for case in &cases {
        let source = fs::read_to_string(format!("{case}.rs")).expect("the case");
        // The other test reports a case without recorded output.
        let Ok(output) = fs::read_to_string(format!("{case}.stderr")) else { continue };
        let said = source.lines().last().and_then(|line| line.strip_prefix("// mistakes: "));
        let mistakes: usize = said.map_or(1, |count| count.parse().expect("a number of mistakes"));
        let errors = output.lines().filter(|line| line.starts_with("error")).count();
        let more = MORE.iter().find(|(known, ..)| known == case).map_or(0, |(_, more, _)| *more);
        if errors != mistakes + more {
            wrong.push(format!("{case}: {errors} errors for {mistakes} mistakes, with {more} more expected"));
        }
    }
    wrong.extend(
        MORE.iter().filter(|(known, ..)| !cases.iter().any(|it| it == known)).map(|it| format!("no case {}", it.0)),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The cases that have more errors than mistakes: how many more, and why.
const MORE: [(&str, usize, &str); 24] = [
    ("base-that-is-not-a-method", 1, PARSER),
    ("handler-as-an-arrow-function", 1, PARSER),
    ("handler-declares-by-const", 1, PARSER),
    ("handler-throws", 2, PARSER),
    ("handler-with-braces", 1, PARSER),
    ("handler-with-braces-and-async", 1, PARSER),
    ("input-as-in-zod", 1, PARSER),
    ("middleware-calls-next", 1, PARSER),
    ("middleware-with-braces", 1, PARSER),
    ("procedure-as-in-an-object", 1, PARSER),
    ("rest-with-an-object", 1, PARSER),
    ("schema-choice-of-strings", 1, PARSER),
    ("schema-field-readonly", 1, PARSER),
    ("schema-list-as-in-typescript", 1, PARSER),
    ("schema-object-inside-another", 1, PARSER),
    ("schema-optional-as-in-typescript", 1, PARSER),
    ("schema-type-in-brackets", 1, PARSER),
    ("middleware-uses-use", 1, UNSTABLE),
    ("subscription-handler-yields", 1, UNSTABLE),
    ("use-without-the-underscore", 2, UNSTABLE),
    ("handler-holds-a-borrow", 1, "a `RefMut` has two parts that are not `Send`, and rustc names each"),
    (
        "state-with-an-rc",
        1,
        "an `Rc` is neither `Send` nor `Sync`, and rustc names each; a trait over both would not name the field",
    ),
    ("store-with-a-refcell", 1, "the trait requires `Sync`, and its future requires `Send`: rustc reports both"),
    ("schema-field-without-a-schema", 5, "the derives of serde and schemars check each field by themselves"),
];

const PARSER: &str = "rustc parses the item, and reports what it cannot parse, before it calls the macro";
const UNSTABLE: &str = "rustc's parser notes each use of unstable syntax before it calls the macro";
