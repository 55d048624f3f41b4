//! `issues`, by kinds of types.

#![expect(dead_code, reason = "of most types here only the schema is used")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{issues, issues_from};
use crate::validate::Origin;

static ZIP: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\d{5}$").expect("a valid pattern"));

#[derive(Deserialize, Validate, JsonSchema)]
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

#[derive(Deserialize, Validate, JsonSchema)]
struct Address {
    #[validate(length(min = 1))]
    city: String,
    #[validate(regex(path = *ZIP, message = "Invalid zip"))]
    #[schemars(extend("x-velox-messages" = {"regex": "Invalid zip"}))]
    zip: String,
}

// validator keeps the value of a list whose length is wrong, so its elements have to be `Serialize`.
#[derive(Deserialize, Serialize, Validate, JsonSchema)]
struct Item {
    #[validate(range(min = 1))]
    qty: u8,
    #[validate(url)]
    link: Option<String>,
}

#[test]
fn every_bad_field_is_listed_in_the_order_of_the_type() {
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
    let value = json!({"userName": "é", "email": "a@b.c", "age": null, "address": null, "more": 1});
    assert_eq!(issues::<User>(value), [""; 0]);
}

#[test]
fn what_is_no_object_is_one_issue_at_the_root() {
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
    #[derive(Deserialize, JsonSchema)]
    struct Numbers {
        a: u8,
        b: i32,
        c: u64,
        d: i64,
        e: f64,
        f: u128,
    }
    let issues_of = |text: &str| {
        let value: serde_json::Value = serde_json::from_str(text).expect("test texts are JSON");
        issues::<Numbers>(value)
    };
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
            "b: Expected integer, received float",
            "c: Number must be greater than or equal to 0",
            "d: Expected integer, received float",
            "e: Expected number, received string",
            "f: Number must be greater than or equal to 0",
        ]
    );
}

#[test]
fn lengths_count_characters() {
    #[derive(Deserialize, Validate, JsonSchema)]
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
fn a_text_that_is_coerced_is_nan_where_a_number_should_be() {
    #[derive(Deserialize, JsonSchema)]
    struct Page {
        page: u32,
        limit: Option<f64>,
        ids: Option<Vec<i64>>,
        sorted: Option<bool>,
    }
    let value = json!({"page": "x", "limit": "y", "ids": [1, "z"], "sorted": "?"});
    assert_eq!(
        issues_from::<Page>(&value, Origin::Text),
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
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Color {
        Red,
        Green,
    }
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Documented {
        /// One.
        A,
        /// The other.
        B,
        C,
    }
    #[derive(Deserialize, JsonSchema)]
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
            "third: Invalid enum value. Expected 'c' | 'a' | 'b'",
        ]
    );
    assert_eq!(issues::<Paint>(json!({"first": "red", "second": null, "third": "b"})), [""; 0]);
    assert_eq!(issues::<Paint>(json!({})), ["first: Required", "third: Required"]);
}

#[test]
fn a_tagged_enum_is_told_by_its_variant() {
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "kind", rename_all = "camelCase")]
    enum Shape {
        Circle { radius: f64 },
        Square(Side),
        Nothing,
    }
    #[derive(Deserialize, JsonSchema)]
    struct Side {
        side: u8,
    }
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        Number(u8),
        Pair(u8, String),
        Unit,
    }
    #[derive(Deserialize, JsonSchema)]
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
fn an_externally_tagged_enum_is_told_by_the_variant_its_key_names() {
    #[derive(Deserialize, JsonSchema)]
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
fn an_untagged_enum_is_told_only_if_a_variant_has_the_right_form() {
    #[derive(Deserialize, Validate, JsonSchema)]
    struct Mail {
        #[validate(email)]
        to: String,
    }
    #[derive(Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum Target {
        One(String),
        Many(Vec<String>),
        Mail(Mail),
    }
    #[derive(Deserialize, JsonSchema)]
    struct Send {
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
    #[derive(Deserialize, Validate, JsonSchema)]
    struct Maps {
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
fn a_long_key_of_the_callers_is_cut() {
    let long = "k".repeat(100_000);
    let found = issues::<HashMap<String, u8>>(json!({long: "x"}));
    assert!(found[0].len() < 200, "{}", found[0].len());
}

#[test]
fn flattened_types_are_told_at_the_level_they_are_flattened_to() {
    #[derive(Deserialize, Validate, JsonSchema)]
    struct Paging {
        #[validate(range(min = 1))]
        page: u32,
    }
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "by")]
    enum Sort {
        Name { locale: String },
        Age,
    }
    #[derive(Deserialize, JsonSchema)]
    enum Owner {
        User { id: u8 },
        Team(String),
    }
    #[derive(Deserialize, Validate, JsonSchema)]
    struct List {
        q: String,
        #[serde(flatten)]
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
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        a: u8,
        inner: Option<Open>,
    }
    #[derive(Deserialize, JsonSchema)]
    struct Open {
        b: u8,
    }
    assert_eq!(
        issues::<Strict>(json!({"x": 1, "a": "1", "y": 2, "inner": {"b": 1, "z": 1}})),
        ["a: Expected number, received string", ": Unrecognized key(s) in object: 'x', 'y'",]
    );
    let many: serde_json::Map<_, _> =
        (0..50).map(|n| (format!("k{n}"), json!(n))).chain([("a".into(), json!(1))]).collect();
    assert_eq!(issues::<Strict>(many), [": Unrecognized key(s) in object: 'k0', 'k1', 'k2', 'k3', 'k4', …"]);
}

#[test]
fn recursive_types_are_followed() {
    #[derive(Deserialize, JsonSchema)]
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
    #[derive(Deserialize, JsonSchema)]
    struct Id(u16);
    #[derive(Deserialize, Validate, JsonSchema)]
    #[serde(transparent)]
    struct Name {
        #[validate(length(min = 2))]
        name: String,
    }
    #[derive(Deserialize, JsonSchema)]
    struct Both {
        id: Id,
        name: Name,
    }
    assert_eq!(
        issues::<Both>(json!({"id": 70000, "name": "x"})),
        ["id: Number must be less than or equal to 65535", "name: String must contain at least 2 character(s)",]
    );
}

#[test]
fn sets_take_repeats_and_arrays_have_an_exact_size() {
    #[derive(Deserialize, JsonSchema)]
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
fn messages_of_the_users_own_are_used_beside_a_type_error() {
    #[derive(Deserialize, Validate, JsonSchema)]
    struct Form {
        #[validate(length(min = 8, message = "Too short"))]
        #[schemars(extend("x-velox-messages" = {"length": "Too short"}))]
        password: String,
        #[validate(range(min = 18, message = "Too young"))]
        #[schemars(extend("x-velox-messages" = {"range": "Too young"}))]
        age: u8,
        #[validate(contains(pattern = "@", message = "No at"))]
        #[schemars(extend("x-velox-messages" = {"contains": "No at"}))]
        handle: String,
        #[validate(contains(pattern = "a.b"))]
        dotted: String,
        #[validate(required)]
        #[schemars(extend("x-velox-messages" = {"required": "Say it"}))]
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
            "must: Say it",
            "count: Expected number, received string",
        ]
    );
    assert_eq!(
        issues::<Form>(json!({"password": 1, "age": 300, "handle": "@", "dotted": "a.b", "must": "x", "count": 1})),
        ["password: Expected string, received number", "age: Number must be less than or equal to 255",]
    );
}

#[test]
fn formats_are_named_as_zod_names_them() {
    let format = |format: &str| {
        let schema = schemars::Schema::try_from(json!({"type": "string", "format": format})).expect("a schema");
        let found = crate::validate::Shape::new(&schema).issues(&json!("hunter2"), Origin::Body);
        found.into_iter().map(|issue| issue.message).next()
    };
    for (name, text) in [
        ("email", Some("Invalid email")),
        ("uri", Some("Invalid url")),
        ("uuid", Some("Invalid uuid")),
        ("date-time", Some("Invalid datetime")),
        ("date", Some("Invalid date")),
        ("ipv4", Some("Invalid ip")),
        ("unheard-of", None),
    ] {
        assert_eq!(format(name).as_deref(), text);
    }
}

#[test]
fn keys_that_no_part_names_are_told_by_unevaluated_properties() {
    let issues_of = |unevaluated: serde_json::Value| {
        let schema = json!({
            "type": "object", "properties": {"a": {"type": "string"}}, "unevaluatedProperties": unevaluated,
            "oneOf": [
                {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]},
                {"type": "object", "properties": {"c": {"type": "string"}}, "required": ["c"]},
            ],
        });
        let shape = crate::validate::Shape::new(&schemars::Schema::try_from(schema).expect("a schema"));
        super::lines(shape.issues(&json!({"a": "", "b": "", "d": 1}), Origin::Body))
    };
    assert_eq!(issues_of(json!(false)), [": Unrecognized key(s) in object: 'd'"]);
    assert_eq!(issues_of(json!({"type": "boolean"})), ["d: Expected boolean, received number"]);
    assert_eq!(issues_of(json!(true)), [""; 0]);
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

#[test]
fn a_tag_that_two_variants_share_does_not_tell_them_apart() {
    let variant = |of: &str| {
        json!({
            "type": "object", "required": ["tag", "n"],
            "properties": {"tag": {"type": "string", "const": "same"}, "n": {"type": of}},
        })
    };
    let schema = json!({"anyOf": [variant("string"), variant("boolean")]});
    let shape = crate::validate::Shape::new(&schemars::Schema::try_from(schema).expect("a schema"));
    let issues_of = |value| super::lines(shape.issues(&value, Origin::Body));
    assert_eq!(issues_of(json!({"tag": "same", "n": ""})), [""; 0]);
    assert_eq!(issues_of(json!({"tag": "same", "n": true})), [""; 0]);
    assert_eq!(issues_of(json!({"tag": "same", "n": 1})), [": Invalid input"]);
}
