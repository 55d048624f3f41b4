//! Tests the issues of different kinds of types.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::json;
use velox_rpc_macros::schema;

use super::{found, issues, lines};

static ZIP: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\d{5}$").expect("a valid pattern"));

#[schema]
#[serde(rename_all = "camelCase")]
struct User {
    #[validate(length(min = 1, max = 100))]
    user_name: String,
    #[validate(email)]
    email: String,
    #[validate(range(min = 0, max = 150))]
    age: Option<i32>,
    #[validate(nested)]
    address: Option<Address>,
    #[validate(nested, length(max = 2))]
    #[serde(default)]
    line_items: Vec<Item>,
}

#[schema]
struct Address {
    #[validate(length(min = 1))]
    city: String,
    #[validate(regex(path = *ZIP, message = "Invalid zip"))]
    zip: String,
}

// validator stores the value of a list whose length is wrong, so its elements must be `Serialize`.
#[schema]
struct Item {
    #[validate(range(min = 1))]
    qty: u8,
    #[validate(url)]
    link: Option<String>,
}

#[test]
fn every_bad_field_is_listed_in_source_order() {
    let value = json!({
        "email": "nobody", "age": 151, "address": {"city": "", "zip": "1234"},
        "lineItems": [{"qty": 1}, {"qty": 0, "link": "no link"}, {"qty": "2"}],
    });
    assert_eq!(
        issues::<User>(value),
        [
            "userName: Required",
            "email: Invalid email",
            "age: Number must be less than or equal to 150",
            "address.city: String must contain at least 1 character(s)",
            "address.zip: Invalid zip",
            "lineItems: Array must contain at most 2 element(s)",
            "lineItems[1].qty: Number must be greater than or equal to 1",
            "lineItems[1].link: Invalid url",
            "lineItems[2].qty: Expected number, received string",
        ]
    );
}

#[test]
fn a_valid_value_has_no_issues() {
    let value = json!({"userName": "é", "email": "a@b.co", "age": null, "address": null, "more": 1});
    assert_eq!(issues::<User>(value), [""; 0]);
}

#[test]
fn a_non_object_is_one_issue_at_the_root() {
    for (value, received) in [
        (json!([]), "array"),
        (json!("x"), "string"),
        (json!(7), "number"),
        (json!(null), "null"),
        (json!(true), "boolean"),
    ] {
        assert_eq!(issues::<User>(value), [format!(": Expected object, received {received}")]);
    }
}

#[test]
fn integers_outside_of_their_type_get_the_bound_of_the_type() {
    #[schema]
    struct Numbers {
        a: u8,
        b: i32,
        c: u64,
        d: i64,
        e: f64,
        f: u128,
    }
    let issues_of = |text: &str| lines(found::<Numbers>(text, false).0);
    assert_eq!(
        issues_of(r#"{"a":256,"b":2147483648,"c":18446744073709551616,"d":-1e30,"e":1,"f":1e30}"#),
        [
            "a: Number must be less than or equal to 255",
            "b: Number must be less than or equal to 2147483647",
            "c: Number must be less than or equal to 18446744073709551615",
            "d: Number must be greater than or equal to -9223372036854775808",
        ]
    );
    assert_eq!(
        issues_of(r#"{"a":1.5,"b":1.0,"c":-1,"d":1e3,"e":"1","f":-1}"#),
        [
            "a: Expected integer, received float",
            "c: Number must be greater than or equal to 0",
            "e: Expected number, received string",
            "f: Number must be greater than or equal to 0",
        ]
    );
}

#[test]
fn lengths_count_characters() {
    #[schema]
    struct Texts {
        #[validate(length(equal = 2))]
        exact: String,
        one: char,
        #[validate(length(max = 3))]
        most: Option<String>,
    }
    assert_eq!(issues::<Texts>(json!({"exact": "日本", "one": "é", "most": "ééé"})), [""; 0]);
    assert_eq!(
        issues::<Texts>(json!({"exact": "日本語", "one": "", "most": "éééé"})),
        [
            "exact: String must contain exactly 2 character(s)",
            "one: String must contain exactly 1 character(s)",
            "most: String must contain at most 3 character(s)",
        ]
    );
}

#[test]
fn a_coerced_string_that_is_not_a_number_is_nan() {
    #[schema]
    struct Page {
        page: u32,
        limit: Option<f64>,
        ids: Option<Vec<i64>>,
        sorted: Option<bool>,
    }
    let value = json!({"page": "x", "limit": "y", "ids": [1, "z"], "sorted": "?"});
    assert_eq!(
        lines(found::<Page>(&value.to_string(), true).0),
        [
            "page: Expected number, received nan",
            "limit: Expected number, received nan",
            "ids[1]: Expected number, received nan",
            "sorted: Expected boolean, received string",
        ]
    );
    assert_eq!(issues::<Page>(value)[0], "page: Expected number, received string");
}

#[test]
fn a_plain_enum_lists_its_options_and_not_the_value() {
    #[schema]
    #[serde(rename_all = "lowercase")]
    enum Color {
        Red,
        Green,
    }
    #[schema]
    #[serde(rename_all = "lowercase")]
    enum Documented {
        /// One.
        A,
        /// The other.
        B,
        C,
    }
    #[schema]
    struct Paint {
        first: Color,
        second: Option<Color>,
        third: Documented,
    }
    assert_eq!(
        issues::<Paint>(json!({"first": "hunter2", "second": 1, "third": "hunter2"})),
        [
            "first: Invalid enum value. Expected 'red' | 'green'",
            "second: Expected 'red' | 'green', received number",
            "third: Invalid enum value. Expected 'a' | 'b' | 'c'",
        ]
    );
    assert_eq!(issues::<Paint>(json!({"first": "red", "second": null, "third": "b"})), [""; 0]);
    assert_eq!(issues::<Paint>(json!({})), ["first: Required", "third: Required"]);
}

#[test]
fn issues_of_a_tagged_enum_are_those_of_its_variant() {
    #[schema]
    #[serde(tag = "kind", rename_all = "camelCase")]
    enum Shape {
        Circle { radius: f64 },
        Square(Side),
        Nothing,
    }
    #[schema]
    struct Side {
        side: u8,
    }
    #[schema]
    #[serde(tag = "t", content = "c", rename_all = "PascalCase")]
    enum Adjacent {
        Number(u8),
        Pair(u8, String),
        Unit,
    }
    #[schema]
    struct Drawing {
        shape: Shape,
        adjacent: Option<Adjacent>,
    }
    for (value, expected) in [
        (json!({"shape": {"kind": "circle"}}), &["shape.radius: Required"][..]),
        (json!({"shape": {"kind": "square", "side": "a"}}), &["shape.side: Expected number, received string"]),
        (json!({"shape": {"kind": "nothing", "side": "a"}}), &[]),
        (
            json!({"shape": {"kind": "hunter2"}}),
            &["shape.kind: Invalid discriminator value. Expected 'circle' | 'square' | 'nothing'"],
        ),
        (json!({"shape": {}}), &["shape.kind: Invalid discriminator value. Expected 'circle' | 'square' | 'nothing'"]),
        (json!({"shape": 7}), &["shape: Expected object, received number"]),
        (json!({}), &["shape: Required"]),
        (
            json!({"shape": {"kind": "nothing"}, "adjacent": {"t": "Pair", "c": [1, 2]}}),
            &["adjacent.c[1]: Expected string, received number"],
        ),
        (
            json!({"shape": {"kind": "nothing"}, "adjacent": {"t": "Pair", "c": [1]}}),
            &["adjacent.c: Array must contain at least 2 element(s)"],
        ),
        (json!({"shape": {"kind": "nothing"}, "adjacent": {"t": "Unit"}}), &[]),
        (json!({"shape": {"kind": "nothing"}, "adjacent": null}), &[]),
        (json!({"shape": {"kind": "nothing"}, "adjacent": {"t": "Number"}}), &["adjacent.c: Required"]),
    ] {
        assert_eq!(issues::<Drawing>(&value), expected, "{value}");
    }
}

#[test]
fn issues_of_an_externally_tagged_enum_are_those_of_the_named_variant() {
    #[schema]
    #[serde(rename_all = "PascalCase")]
    enum Event {
        Click { x: i32, y: i32 },
        Key(char),
        Blur,
        Focus,
    }
    for (value, expected) in [
        (json!({"Click": {"x": 1}}), &["Click.y: Required"][..]),
        (json!({"Key": "ab"}), &["Key: String must contain exactly 1 character(s)"]),
        (json!({"Key": "a", "hunter": 2}), &[": Unrecognized key(s) in object: 'hunter'"]),
        (json!("Blur"), &[]),
        (json!("hunter2"), &[": Invalid input"]),
        (json!({"hunter2": 1}), &[": Invalid input"]),
        (json!(3), &[": Invalid input"]),
    ] {
        assert_eq!(issues::<Event>(&value), expected, "{value}");
    }
}

#[test]
fn issues_of_an_untagged_enum_need_a_variant_of_the_right_form() {
    #[schema]
    struct Mail {
        #[validate(email)]
        to: String,
    }
    #[schema]
    #[serde(untagged)]
    enum Target {
        One(String),
        Many(Vec<String>),
        Mail(#[validate(nested)] Mail),
    }
    #[schema]
    struct Send {
        #[validate(nested)]
        target: Target,
    }
    for (value, expected) in [
        (json!({"target": "a"}), &[][..]),
        (json!({"target": ["a"]}), &[]),
        (json!({"target": [1]}), &["target: Invalid input"]),
        (json!({"target": {"to": "x"}}), &["target.to: Invalid email"]),
        (json!({"target": {"to": 1}}), &["target: Invalid input"]),
        (json!({}), &["target: Invalid input"]),
    ] {
        assert_eq!(issues::<Send>(&value), expected, "{value}");
    }
}

#[test]
fn maps_name_their_keys() {
    #[schema]
    struct Maps {
        #[validate(nested)]
        named: HashMap<String, Address>,
        counted: BTreeMap<u16, bool>,
    }
    assert_eq!(
        issues::<Maps>(json!({"named": {"home": {"city": "", "zip": "12345"}}, "counted": {"1": 1, "x": true}})),
        [
            "named.home.city: String must contain at least 1 character(s)",
            "counted.1: Expected boolean, received number",
            "counted: Unrecognized key(s) in object: 'x'",
        ]
    );
}

#[test]
fn a_long_key_is_cut() {
    #[schema]
    struct Counts(HashMap<String, u8>);
    let long = "k".repeat(100_000);
    let found = issues::<Counts>(json!({long: "x"}));
    assert!(found[0].len() < 200, "{}", found[0].len());
}

#[test]
fn issues_of_flattened_types_are_at_the_outer_level() {
    #[schema]
    struct Paging {
        #[validate(range(min = 1))]
        page: u32,
    }
    #[schema]
    #[serde(tag = "by", rename_all = "PascalCase")]
    enum Sort {
        Name { locale: String },
        Age,
    }
    #[schema]
    #[serde(rename_all = "PascalCase")]
    enum Owner {
        User { id: u8 },
        Team(String),
    }
    #[schema]
    struct List {
        q: String,
        #[serde(flatten)]
        #[validate(nested)]
        paging: Paging,
        #[serde(flatten)]
        sort: Sort,
        #[serde(flatten)]
        owner: Owner,
    }
    assert_eq!(
        issues::<List>(json!({"q": 1, "page": 0, "by": "Name", "User": {}})),
        [
            "q: Expected string, received number",
            "page: Number must be greater than or equal to 1",
            "locale: Required",
            "User.id: Required",
        ]
    );
    assert_eq!(issues::<List>(json!({"q": "", "page": 1, "by": "Age", "Team": "x", "more": 1})), [""; 0]);
    assert_eq!(
        issues::<List>(json!({"q": "", "page": 1})),
        ["by: Invalid discriminator value. Expected 'Name' | 'Age'", ": Invalid input",]
    );
}

#[test]
fn a_type_that_denies_unknown_fields_names_them_last() {
    #[schema]
    #[serde(deny_unknown_fields)]
    struct Strict {
        a: u8,
        inner: Option<Open>,
    }
    #[schema]
    struct Open {
        b: u8,
    }
    assert_eq!(
        issues::<Strict>(json!({"x": 1, "a": "1", "y": 2, "inner": {"b": 1, "z": 1}})),
        ["a: Expected number, received string", ": Unrecognized key(s) in object: 'x', 'y'",]
    );
    let many: serde_json::Map<_, _> =
        (0..50).map(|n| (format!("k{n}"), json!(n))).chain([("a".into(), json!(1))]).collect();
    assert_eq!(issues::<Strict>(many), [": Unrecognized key(s) in object: 'k0', 'k1', 'k10', 'k11', 'k12', …"]);
}

#[test]
fn recursive_types_are_followed() {
    #[schema]
    struct Tree {
        name: String,
        #[serde(default)]
        children: Vec<Tree>,
        parent: Option<Box<Tree>>,
    }
    let value = json!({"name": "a", "children": [{"name": "b", "children": [{"name": 3}]}], "parent": {"children": 1}});
    assert_eq!(
        issues::<Tree>(value),
        [
            "children[0].children[0].name: Expected string, received number",
            "parent.name: Required",
            "parent.children: Expected array, received number",
        ]
    );
}

#[test]
fn newtypes_and_transparent_types_add_no_step() {
    #[schema]
    struct Id(u16);
    #[schema]
    #[serde(transparent)]
    struct Name {
        #[validate(length(min = 2))]
        name: String,
    }
    #[schema]
    struct Both {
        id: Id,
        #[validate(nested)]
        name: Name,
    }
    assert_eq!(
        issues::<Both>(json!({"id": 70000, "name": "x"})),
        ["id: Number must be less than or equal to 65535", "name: String must contain at least 2 character(s)",]
    );
}

#[test]
fn sets_take_repeats_and_arrays_have_an_exact_size() {
    #[schema]
    struct Lists {
        set: HashSet<u8>,
        array: [u8; 2],
        pair: (u8, bool),
    }
    assert_eq!(issues::<Lists>(json!({"set": [1, 1], "array": [1, 2], "pair": [1, true]})), [""; 0]);
    assert_eq!(
        issues::<Lists>(json!({"set": [1, "1"], "array": [1], "pair": [1, true, 3]})),
        [
            "set[1]: Expected number, received string",
            "array: Array must contain exactly 2 element(s)",
            "pair: Array must contain at most 2 element(s)",
        ]
    );
}

#[test]
fn custom_messages_are_used_beside_a_type_error() {
    #[schema]
    struct Form {
        #[validate(length(min = 8, message = "Too short"))]
        password: String,
        #[validate(range(min = 18, message = "Too young"))]
        age: u8,
        #[validate(contains(pattern = "@", message = "No at"))]
        handle: String,
        #[validate(contains(pattern = "a.b"))]
        dotted: String,
        #[validate(required)]
        must: Option<String>,
        count: u32,
    }
    assert_eq!(
        issues::<Form>(json!({"password": "hunter2", "age": 3, "handle": "x", "dotted": "axb", "count": "1"})),
        [
            "password: Too short",
            "age: Too young",
            "handle: No at",
            "dotted: Invalid input: must include \"a.b\"",
            "must: Required",
            "count: Expected number, received string",
        ]
    );
    assert_eq!(
        issues::<Form>(json!({"password": 1, "age": 300, "handle": "@", "dotted": "a.b", "must": "x", "count": 1})),
        ["password: Expected string, received number", "age: Number must be less than or equal to 255",]
    );
}

#[test]
fn no_value_is_ever_repeated() {
    let secret = "hunter2-correct-horse";
    let value = json!({
        "userName": secret.repeat(9), "email": secret, "age": secret, "address": {"city": secret, "zip": secret},
        "lineItems": [{"qty": secret, "link": secret}, secret],
    });
    let issues = issues::<User>(value);
    assert_eq!(issues.len(), 7);
    assert!(!issues.concat().contains("hunter"), "{issues:?}");
}
