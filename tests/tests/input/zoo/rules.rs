//! Structs with rules of validator.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::json;
use validator::ValidationError;
use velox_rpc::schema;

use crate::zoo::animal::{Animal, Good, beyond_schema};

static ZIP: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[0-9]{5}$").expect("a valid pattern"));

#[schema]
pub(crate) struct Texts {
    #[validate(length(min = 1, max = 3))]
    name: String,
    #[validate(length(equal = 2))]
    exact: Option<String>,
    #[validate(email)]
    email: String,
    #[validate(url)]
    link: Option<String>,
    #[validate(ip(v4))]
    address: String,
    #[validate(contains(pattern = "a.b"), does_not_contain(pattern = "x"))]
    dotted: String,
    #[validate(regex(path = *ZIP))]
    zip: String,
    #[validate(non_control_character)]
    visible: String,
}

impl Animal for Texts {
    fn good() -> Good {
        Good::fields(json!({
            "name": ["a", "日本語"], "exact": [null, "éé"], "email": ["a@b.co"], "link": [null, "http://x.y"],
            "address": ["127.0.0.1"], "dotted": ["a.b", "1a.b2"], "zip": ["12345"], "visible": ["", "a b"],
        }))
    }
}

#[schema]
struct Tag(
    #[schema(trim)]
    #[validate(length(min = 1, max = 3))]
    String,
);

#[schema]
struct Share(#[validate(range(min = 1, max = 100))] u8);

#[schema]
struct Shares(#[validate(length(min = 1, max = 2), nested)] Vec<Share>);

#[schema]
pub(crate) struct Wrapped {
    #[validate(length(max = 2), nested)]
    tags: Vec<Tag>,
    #[validate(nested)]
    share: Option<Share>,
    #[validate(nested)]
    shares: Shares,
    #[validate(nested)]
    by_name: BTreeMap<String, Tag>,
}

impl Animal for Wrapped {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::CHANGED, &["/tags", "/byName"])];

    fn good() -> Good {
        Good::fields(json!({
            "tags": [[], ["a"], ["a", "b\u{e9}"], [" abc "]], "share": [null, 1, 100], "shares": [[1], [2, 3]],
            "byName": [{}, {"x": "a"}],
        }))
    }
}

#[schema]
pub(crate) struct Numbers {
    #[validate(range(min = 18, max = 99))]
    age: u8,
    #[validate(range(exclusive_min = 0.0, max = 1.0))]
    share: f64,
    #[validate(range(min = -5))]
    degrees: Option<i64>,
    #[validate(range(exclusive_max = 10, message = "Too many"))]
    count: Option<Option<u32>>,
    #[validate(range(min = 1))]
    wide: u128,
    #[serde(default)]
    #[validate(range(max = 100.0))]
    percent: f32,
    #[validate(range(min = -9))]
    widest: Option<i128>,
    #[validate(range(max = 18_446_744_073_709_551_614_u64))]
    large: Option<u64>,
    #[validate(range(min = LEAST))]
    least: f32,
    #[validate(multiple_of = 5)]
    step: i16,
    #[validate(multiple_of = 0.01, range(min = 0.0))]
    price: Option<f32>,
    #[validate(multiple_of = 2)]
    even: Option<f64>,
    #[serde(default)]
    #[validate(range(min = 1))]
    no_default: u8,
}

/// The nearest `f64` is slightly larger.
const LEAST: f32 = 0.1;

impl Animal for Numbers {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::ROUNDED, &["/least", "/price", "/even"])];

    fn good() -> Good {
        Good::fields(json!({
            "age": [18, 99], "share": [0.5, 1, 1.0], "degrees": [null, -5, 0], "count": [null, 9], "wide": [1, u64::MAX],
            "percent": [0, 99.5], "widest": [null, 1], "large": [null, 1], "least": [0.1, 1], "step": [0, -5, 10],
            "price": [null, 0.07, 19.99, 0.070000000001], "even": [null, 2, 9_007_199_254_740_993_u64], "noDefault": [1],
        }))
    }
}

#[schema]
pub(crate) struct Lengths {
    #[validate(length(min = 1, max = 2))]
    list: Vec<u8>,
    #[validate(length(max = 1))]
    maybe: Option<Vec<String>>,
    #[validate(length(min = 1))]
    map: HashMap<String, u8>,
    #[validate(length(equal = 2))]
    set: BTreeSet<u8>,
    #[validate(length(max = 1))]
    #[serde(default)]
    tree: BTreeMap<u8, bool>,
}

impl Animal for Lengths {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] = &[(beyond_schema::SET, &["/set"])];

    fn good() -> Good {
        Good::fields(json!({
            "list": [[1], [1, 2]], "maybe": [null, [], ["a"]], "map": [{"a": 1}], "set": [[1, 2], [2, 1, 1]],
            "tree": [{}, {"1": true}],
        }))
    }
}

#[schema]
#[validate(schema(function = "in_order"))]
pub(crate) struct Several {
    #[validate(length(min = 2))]
    password: String,
    #[validate(must_match(other = "password", message = "Not the same"))]
    again: String,
    least: u8,
    most: u8,
    others: Option<Vec<u8>>,
}

fn in_order(several: &Several) -> Result<(), ValidationError> {
    if several.least <= several.most {
        Ok(())
    } else {
        Err(ValidationError::new("order").with_message("Not in order".into()))
    }
}

impl Animal for Several {
    const IS_INDEPENDENT: bool = false;

    fn good() -> Good {
        Good::fields(json!({"password": ["ab"], "again": ["ab"], "least": [1], "most": [1, 9], "others": [null, [1]]}))
    }
}

#[schema]
pub(crate) struct Custom {
    #[validate(custom(function = "even"))]
    even: u8,
    #[validate(custom(function = "lower", message = "Lower case, please", code = "case"))]
    lower: Option<String>,
    #[validate(required)]
    must: Option<String>,
    #[validate(required, range(min = 2))]
    many: Option<u8>,
    #[validate(custom(function = "short"), length(min = 1))]
    items: Vec<u8>,
}

fn even(number: u8) -> Result<(), ValidationError> {
    if number.is_multiple_of(2) {
        Ok(())
    } else {
        Err(ValidationError::new("odd").with_message("An odd number".into()))
    }
}

fn lower(text: &str) -> Result<(), ValidationError> {
    if text.chars().any(char::is_uppercase) { Err(ValidationError::new("upper")) } else { Ok(()) }
}

fn short(items: &[u8]) -> Result<(), ValidationError> {
    if items.len() > 2 { Err(ValidationError::new("long")) } else { Ok(()) }
}

impl Animal for Custom {
    fn good() -> Good {
        Good::fields(json!({
            "even": [0, 2], "lower": [null, "abc"], "must": [""], "many": [2, 3], "items": [[1], [1, 2]],
        }))
    }
}

#[schema]
struct Item {
    #[validate(length(min = 1))]
    name: String,
    #[validate(range(min = 1))]
    count: Option<u8>,
}

#[schema]
pub(crate) struct Outer {
    #[validate(nested)]
    one: Item,
    #[validate(nested)]
    maybe: Option<Box<Item>>,
    #[validate(nested, length(max = 2))]
    list: Vec<Item>,
    #[validate(nested)]
    map: BTreeMap<String, Item>,
    unchecked: Option<Item>,
    #[validate(nested)]
    #[serde(default)]
    maybe_list: Option<Vec<Item>>,
}

impl Animal for Outer {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::UNCHECKED, &["/unchecked"])];

    fn good() -> Good {
        let item = json!({"name": "a", "count": 1});
        Good::fields(json!({
            "one": [item, {"name": "b"}], "maybe": [null, item], "list": [[], [item, item]], "map": [{}, {"k": item}],
            "unchecked": [null, {"name": "", "count": 0}], "maybeList": [null, [item]],
        }))
    }
}
