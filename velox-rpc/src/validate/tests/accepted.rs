//! Tests that an input which serde and validator accept has no issues. If the schema can express
//! everything that they check, an input that they refuse has some.

use std::collections::{BTreeMap, HashMap, HashSet};

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::strategy::Union;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value, json};
use velox_rpc_macros::schema;

use super::{Input, found};

#[schema]
#[serde(rename_all = "camelCase")]
struct User {
    #[validate(length(min = 1, max = 3))]
    name: String,
    #[validate(email)]
    email: Option<String>,
    #[validate(range(min = 0, max = 150))]
    age: i32,
    #[validate(nested, length(max = 2))]
    #[serde(default)]
    line_items: Vec<Item>,
}

#[schema]
struct Item {
    #[validate(range(min = 1))]
    qty: u8,
    #[validate(url)]
    link: Option<String>,
}

#[schema]
struct Scalars {
    a: i64,
    b: u64,
    c: f64,
    d: Option<bool>,
    e: char,
    f: u16,
    h: std::net::IpAddr,
}

#[schema]
struct Collections {
    set: HashSet<u8>,
    map: HashMap<String, i8>,
    numbered: BTreeMap<u8, bool>,
    pair: (u8, String),
    array: [bool; 2],
    tree: Option<Box<Collections>>,
}

#[schema]
#[serde(rename_all = "camelCase")]
enum Color {
    Red,
    DarkGreen,
}

#[schema]
#[serde(tag = "kind", rename_all = "PascalCase")]
enum Tagged {
    A { n: u8 },
    B { n: String },
    C,
}

#[schema]
#[serde(rename_all = "PascalCase")]
enum External {
    One(u8),
    Two { n: u8 },
    Three,
}

#[schema]
#[serde(untagged)]
enum Untagged {
    Number(u8),
    Text(String),
    Object { n: bool },
}

#[schema]
struct Enums {
    color: Option<Color>,
    #[serde(flatten)]
    tagged: Tagged,
    external: External,
    untagged: Untagged,
}

#[schema]
#[serde(deny_unknown_fields)]
struct Strict {
    a: u8,
    b: Option<Color>,
}

fn atoms() -> impl Strategy<Value = Value> + Clone {
    let listed = [
        json!(null),
        json!(0),
        json!(1),
        json!(-1),
        json!(255),
        json!(256),
        json!(65536),
        json!(2_147_483_648_u64),
        json!(9_223_372_036_854_775_808_u64),
        json!(1.0),
        json!(1.5),
        json!(-0.0),
        json!(1e20),
        json!(1e300),
        json!(""),
        json!("a"),
        json!("abcd"),
        json!("日本語"),
        json!("a@b.co"),
        json!("http://x.y"),
        json!("::1"),
        json!("red"),
        json!("A"),
        json!("Three"),
        json!([]),
        json!({}),
        json!({"One": 1}),
        json!({"n": true}),
    ];
    prop_oneof![
        Union::new(listed.map(Just)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

fn values() -> impl Strategy<Value = Value> + Clone {
    prop_oneof![4 => atoms(), 1 => vec(atoms(), 0..3).prop_map(Value::from)]
}

/// Makes objects whose properties usually have one of the given values.
fn objects(properties: &[(&'static str, Value)]) -> impl Strategy<Value = Value> + Clone + use<> {
    let properties: Vec<_> = properties
        .iter()
        .map(|(name, good)| {
            let name = *name;
            let good = good.as_array().cloned().expect("good values come as a list");
            let value = prop_oneof![
                8 => Union::new(good.into_iter().map(Just)).prop_map(Some),
                1 => values().prop_map(Some),
                1 => Just(None),
            ];
            value.prop_map(move |value| value.map(|value| (name.to_owned(), value)))
        })
        .collect();
    properties.prop_map(|properties| Value::Object(properties.into_iter().flatten().collect::<Map<_, _>>()))
}

/// Checks that refused inputs have issues and accepted inputs have none.
fn agree<T>(inputs: impl Strategy<Value = Value>)
where
    T: Input,
{
    let mut accepted = 0;
    let mut runner = TestRunner::new(Config { cases: 1000, failure_persistence: None, ..Config::default() });
    let result = runner.run(&inputs, |value| {
        let (issues, rewrites) = found::<T>(&value.to_string(), false);
        // serde reads an array as a struct, which the input step refuses by this very issue, and a
        // number as a tag.
        let is_lax = issues.iter().any(|issue| {
            issue.message == "Expected object, received array"
                || (issue.message.starts_with("Invalid discriminator") && value[&issue.field].is_number())
        });
        let is_accepted = serde_json::from_str::<T>(&value.to_string()).is_ok_and(|input| input.validate().is_ok());
        if is_accepted && !is_lax && !issues.is_empty() {
            return Err(TestCaseError::fail(format!("accepted, but {issues:?}")));
        }
        if !is_accepted && issues.is_empty() && rewrites.is_empty() {
            return Err(TestCaseError::fail("refused, but without an issue"));
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    // The test proves nothing if all inputs it generates are refused.
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..200 {
        let tree = inputs.new_tree(&mut runner).expect("the strategy makes values");
        let value = proptest::strategy::ValueTree::current(&tree);
        accepted += usize::from(serde_json::from_value::<T>(value).is_ok_and(|input| input.validate().is_ok()));
    }
    assert!(accepted > 10, "only {accepted} of 200 accepted");
}

#[test]
fn a_form_has_issues_exactly_if_it_is_refused() {
    let item = objects(&[("qty", json!([1, 255])), ("link", json!([null, "http://x.y"]))]);
    let user =
        objects(&[("name", json!(["a", "日本語"])), ("email", json!([null, "a@b.co"])), ("age", json!([0, 150]))]);
    let inputs = (user, proptest::option::of(vec(item, 0..3))).prop_map(|(mut user, items)| {
        if let Some(items) = items {
            user["lineItems"] = items.into();
        }
        user
    });
    agree::<User>(inputs);
}

#[test]
fn scalars_have_issues_exactly_if_they_are_refused() {
    agree::<Scalars>(objects(&[
        ("a", json!([i64::MIN, 0])),
        ("b", json!([u64::MAX, 0])),
        ("c", json!([0.5, 1, -3])),
        ("d", json!([true, null])),
        ("e", json!(["é", "a"])),
        ("f", json!([0, 65535])),
        ("h", json!(["::1", "127.0.0.1"])),
    ]));
}

#[test]
fn collections_that_are_accepted_have_no_issues() {
    let level = [
        ("set", json!([[], [1, 1], [255]])),
        ("map", json!([{}, {"a": 1}, {"": -128}])),
        ("numbered", json!([{}, {"1": true, "255": false}])),
        ("pair", json!([[1, "a"]])),
        ("array", json!([[true, false]])),
    ];
    let inputs = (objects(&level), proptest::option::of(objects(&level))).prop_map(|(mut outer, inner)| {
        if let Some(inner) = inner {
            outer["tree"] = inner;
        }
        outer
    });
    agree::<Collections>(inputs);
}

#[test]
fn enums_that_are_accepted_have_no_issues() {
    agree::<Enums>(objects(&[
        ("color", json!([null, "red", "darkGreen"])),
        ("kind", json!(["A", "B", "C"])),
        ("n", json!([1, "a"])),
        ("external", json!([{"One": 1}, {"Two": {"n": 1}}, "Three"])),
        ("untagged", json!([1, "a", {"n": true}])),
    ]));
}

#[test]
fn a_strict_type_has_issues_exactly_if_it_is_refused() {
    agree::<Strict>(
        objects(&[("a", json!([1])), ("b", json!([null, "red"]))]).prop_flat_map(|value| {
            prop_oneof![9 => Just(value.clone()), 1 => Just(value).prop_map(|mut value| { value["c"] = json!(1); value })]
        }),
    );
}
