//! Tests that hostile inputs stay cheap and their reports stay small.

use std::collections::HashMap;

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};
use velox_rpc_macros::schema;

use super::{Input, found};
use crate::error::{ErrorMap, Issue};
use crate::validate::tree::SAID;
use crate::validate::{At, Examine, Found, Tree, unreadable};

/// The limit in seconds of processor time. It is ample for linear work in a debug build, and far
/// too low for quadratic work.
const LIMIT: i64 = 8;

/// The time that this thread has spent on a processor. A busy machine does not change it.
fn spent() -> i64 {
    clock_gettime(ClockId::ThreadCPUTime).tv_sec
}

fn quick<T: Input>(value: &Value) -> Vec<Issue> {
    let text = value.to_string();
    let start = spent();
    let (issues, _) = found::<T>(&text, false);
    assert!(spent() - start < LIMIT, "{} s", spent() - start);
    assert!(issues.len() <= 100);
    issues
}

fn many_keys() -> Map<String, Value> {
    (0..20_000).map(|n| (format!("key{n}"), json!(n))).collect()
}

#[schema]
struct Form {
    #[validate(email, length(min = 1, max = 100))]
    email: String,
    #[validate(contains(pattern = "needle"))]
    text: String,
    #[validate(url)]
    link: String,
}

#[schema]
#[serde(deny_unknown_fields)]
struct Strict {
    a: u8,
}

#[schema]
#[serde(untagged)]
enum Nested {
    Leaf(bool),
    One { next: Box<Nested> },
    Two { next: Box<Nested>, more: Option<bool> },
    Many(Vec<Nested>),
}

#[schema]
struct Flags(HashMap<String, bool>);

#[schema]
struct Bytes(Vec<u8>);

#[test]
fn twenty_thousand_keys() {
    let mut keys = many_keys();
    assert_eq!(quick::<Form>(&Value::Object(keys.clone())).len(), 3);
    assert_eq!(quick::<Strict>(&Value::Object(keys.clone())).len(), 2);
    assert_eq!(quick::<Flags>(&Value::Object(keys.clone())).len(), 100);
    keys.values_mut().for_each(|value| *value = json!(true));
    assert_eq!(quick::<Flags>(&Value::Object(keys)), []);
}

/// A struct of 130 fields.
macro_rules! wide {
    ($($field:ident)+) => {
        #[schema]
        #[serde(default)]
        #[derive(Default)]
        struct Wide {
            $(#[validate(range(max = 200))] $field: u8,)+
        }
    };
}

wide! {
    a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 d0 d1 d2 d3 d4 d5 d6 d7 d8 d9
    e0 e1 e2 e3 e4 e5 e6 e7 e8 e9 f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 g0 g1 g2 g3 g4 g5 g6 g7 g8 g9 h0 h1 h2 h3 h4 h5 h6 h7 h8 h9
    i0 i1 i2 i3 i4 i5 i6 i7 i8 i9 j0 j1 j2 j3 j4 j5 j6 j7 j8 j9 k0 k1 k2 k3 k4 k5 k6 k7 k8 k9 l0 l1 l2 l3 l4 l5 l6 l7 l8 l9
    m0 m1 m2 m3 m4 m5 m6 m7 m8 m9
}

#[test]
fn each_key_is_read_once_however_many_fields_there_are() {
    let mut keys = many_keys();
    keys.insert("m9".to_owned(), json!(201));
    let (text, before) = (Value::Object(keys).to_string(), SAID.get());
    let issues = found::<Wide>(&text, false).0;
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].field, "m9");
    assert!(SAID.get() - before < 20_100, "{} reads", SAID.get() - before);
}

#[test]
fn texts_of_nine_hundred_kilobytes() {
    for filler in ["a", "@", "a@", "http://", "é", "\u{0}", "."] {
        let text = filler.repeat(900_000 / filler.len());
        let issues = quick::<Form>(&json!({"email": text, "text": text, "link": text}));
        let size: usize = issues.iter().map(|issue| issue.message.len()).sum();
        assert!(size < 500);
    }
}

#[test]
fn long_lists() {
    let list = Value::Array(vec![json!("x"); 200_000]);
    assert_eq!(quick::<Bytes>(&list).len(), 100);
    let list = Value::Array(vec![json!(1); 200_000]);
    assert_eq!(quick::<Bytes>(&list), []);
}

#[test]
fn nested_untagged_enums_do_not_multiply_the_cost() {
    let mut value = json!("hunter2");
    for _ in 0..60 {
        value = json!({"next": value});
    }
    assert_eq!(quick::<Nested>(&value).len(), 1);
}

/// Some variants have rules, and others have none.
#[schema]
#[serde(untagged)]
enum Filter {
    Not { not: Box<Filter> },
    Checked(#[validate(nested)] Checked),
    Equal { value: String },
}

#[schema]
struct Checked {
    #[validate(nested)]
    checked: Box<Filter>,
    #[validate(range(max = 3))]
    level: u8,
}

/// Returns the steps and the issues of a string in `depth` objects.
fn steps(open: &str, depth: usize, text: &str, close: &str) -> (usize, Vec<Issue>) {
    let json = format!("{}{{\"value\":\"{text}\"}}{}", open.repeat(depth), close.repeat(depth));
    let (tree, mut found) = (Tree::new(&json), Found::new(json.len(), false));
    let before = found.fuel;
    Filter::examine(At::Part(tree.root().expect("a value")), &mut found);
    (before - found.fuel, found.into_parts(ErrorMap::zod3).0)
}

#[test]
fn a_value_that_fits_nested_untagged_enums_is_visited_once() {
    let long = "a".repeat(100_000);
    for (open, close) in [(r#"{"not":"#, "}"), (r#"{"level":1,"checked":"#, "}")] {
        for text in ["a", &long] {
            let (half, issues) = steps(open, 30, text, close);
            assert_eq!(issues, []);
            let (whole, issues) = steps(open, 60, text, close);
            assert_eq!(issues, []);
            // Each step into the value costs the same.
            assert!(whole - half <= half, "{half} and {whole} steps");
        }
    }
    let (_, issues) = steps(r#"{"level":4,"checked":"#, 18, "a", "}");
    assert_eq!(issues.len(), 18, "the rules of each level");
}

#[test]
fn values_as_deep_as_serde_json_reads_them() {
    #[schema]
    struct Tree {
        children: Vec<Tree>,
    }
    let deep = |open: &str, inside: &str, close: &str, times| {
        let text = format!("{}{inside}{}", open.repeat(times), close.repeat(times));
        serde_json::from_str::<Value>(&text).expect("serde_json reads it")
    };
    let trees = quick::<Tree>(&deep(r#"{"children":["#, "7", "]}", 63));
    assert_eq!(trees[0].message, "Expected object, received number");
    assert_eq!(trees[0].field.matches("children[0]").count(), 63);
    // This is much less stack than a worker thread has.
    let nested = move || {
        let value = deep("[", "7", "]", 127);
        quick::<Nested>(&value)
    };
    let small = std::thread::Builder::new().stack_size(1 << 20);
    let issues = small.spawn(nested).expect("a thread starts").join().expect("the stack is large enough");
    assert_eq!(issues.len(), 1);
}

/// It would take hours to follow every path through a type of so many variants.
#[test]
fn a_recursive_type_is_examined_once() {
    let inner = json!({"$ref": "#/$defs/Expression"});
    let operator = json!({"properties": {"left": inner, "right": inner}});
    let mut variants = vec![operator; 500];
    let schema_of =
        |variants: &[Value]| json!({"$ref": "#/$defs/Expression", "$defs": {"Expression": {"anyOf": variants}}});
    assert_eq!(unreadable(&schema_of(&variants)), None);
    variants.push(json!({"x-velox-keeps": [], "properties": {"number": {"type": "integer", "format": "uint128"}}}));
    assert_eq!(unreadable(&schema_of(&variants)), Some("number".to_owned()));
}
