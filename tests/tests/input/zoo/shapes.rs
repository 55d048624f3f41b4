//! Nesting, generics, recursion, and types of other crates.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::num::NonZeroU8;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use uuid::Uuid;
use velox_rpc::schema;

use crate::zoo::animal::{Animal, Good, beyond_schema};

#[schema]
pub(crate) struct Deep {
    set: BTreeSet<u8>,
    numbered: BTreeMap<u8, Vec<Option<bool>>>,
    signed: BTreeMap<i8, u8>,
    letters: BTreeMap<char, char>,
    pair: (u8, Option<String>),
    array: [i8; 2],
    queue: VecDeque<(u8, u8)>,
    level: Level,
    levels: Option<Vec<Option<Level>>>,
    triple: Triple,
    partial: Option<Partial>,
    empty: Empty,
    unit: Option<Unit>,
}

#[schema]
struct Triple(u8, Option<String>, Lowest);

#[schema]
struct Partial(
    u8,
    #[serde(skip)]
    #[expect(dead_code, reason = "nobody asks for it")]
    u8,
    #[serde(default)] String,
);

#[schema]
struct Empty {}

#[schema]
struct Unit;

#[schema]
struct Level {
    maps: Vec<BTreeMap<String, Vec<Lowest>>>,
    shared: Option<Arc<Lowest>>,
}

#[schema]
struct Lowest {
    n: u8,
    texts: Box<[String]>,
}

impl Animal for Deep {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::SET, &["/set"]), (beyond_schema::OPTIONAL_ITEM, &["/partial"])];

    fn good() -> Good {
        let lowest = json!({"n": 1, "texts": ["a"]});
        let level = json!({"maps": [{"a": [lowest, lowest]}, {}], "shared": lowest});
        Good::fields(json!({
            "set": [[], [1, 1], [255]], "numbered": [{}, {"1": [true, null], "255": []}], "signed": [{"-1": 1}, {}],
            "letters": [{"é": "a"}, {}], "pair": [[1, "a"], [1, null]], "array": [[-1, 1]], "queue": [[], [[1, 2]]],
            "level": [level, {"maps": []}], "levels": [null, [], [level, null]],
            "triple": [[1, "a", lowest], [1, null, lowest]], "partial": [null, [1, "a"], [1]], "empty": [{}, {"more": 1}],
            "unit": [null],
        }))
    }
}

#[schema]
struct Page<T> {
    items: Vec<T>,
    next: Option<u32>,
}

#[schema]
struct Pair<A, B = u8> {
    a: A,
    b: Option<B>,
}

#[schema]
struct Book {
    title: String,
}

#[schema]
pub(crate) struct Library {
    books: Page<Book>,
    numbers: Page<u8>,
    pair: Pair<Book>,
    other: Option<Pair<u8, Vec<Book>>>,
}

impl Animal for Library {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::READER_ALONE, &["/books", "/numbers", "/pair", "/other"])];

    fn good() -> Good {
        let book = json!({"title": "a"});
        Good::fields(json!({
            "books": [{"items": [book, book], "next": 2}, {"items": []}], "numbers": [{"items": [1, 2]}],
            "pair": [{"a": book}, {"a": book, "b": 1}], "other": [null, {"a": 1, "b": [book]}],
        }))
    }
}

#[schema]
pub(crate) struct Tree {
    #[validate(length(min = 1))]
    name: String,
    #[serde(default)]
    #[validate(nested, length(max = 2))]
    children: Vec<Tree>,
    #[validate(nested)]
    parent: Option<Box<Tree>>,
    #[serde(default)]
    by_name: BTreeMap<String, Tree>,
}

impl Animal for Tree {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::UNCHECKED, &["/byName", "/parent", "/children"])];

    fn good() -> Good {
        let leaf = json!({"name": "a"});
        let twig = json!({"name": "b", "children": [leaf, leaf], "parent": leaf});
        Good::fields(json!({
            "name": ["c"], "children": [[], [leaf, twig]], "parent": [null, twig], "byName": [{}, {"x": twig, "y": leaf}, {"": {"name": ""}}],
        }))
    }
}

#[schema]
#[serde(tag = "op")]
pub(crate) enum Expression {
    Number { value: f64 },
    Sum { terms: Vec<Expression> },
    Not { inner: Box<Expression> },
    Call(Call),
}

#[schema]
pub(crate) struct Call {
    name: String,
    #[serde(default)]
    arguments: BTreeMap<String, Argument>,
}

#[schema]
pub(crate) enum Argument {
    Whole(u8),
    Nested(Box<Expression>),
    Nothing,
}

impl Animal for Expression {
    const IS_INDEPENDENT: bool = false;
    const IS_VAGUE: bool = true;

    fn good() -> Good {
        let one = json!({"op": "number", "value": 1});
        let sum = json!({"op": "sum", "terms": [one, {"op": "not", "inner": one}]});
        Good::values(json!([one, sum, {"op": "not", "inner": sum}])).or(Good::fields(json!({
            "op": ["call"], "name": ["f"], "arguments": [{}, {"a": {"whole": 1}, "b": {"nested": sum}}, {"c": "nothing"}],
        })))
    }
}

#[schema]
pub(crate) struct Foreign {
    id: Uuid,
    at: DateTime<Utc>,
    day: Option<NaiveDate>,
    address: IpAddr,
    any: Value,
    positive: NonZeroU8,
    wide: u128,
    text: Cow<'static, str>,
    shared: Arc<str>,
    ids: BTreeMap<Uuid, u8>,
}

impl Animal for Foreign {
    fn good() -> Good {
        let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
        Good::fields(json!({
            "id": [id], "at": ["2024-02-29T12:00:00Z"], "day": [null, "2024-02-29"], "address": ["::1", "127.0.0.1"],
            "any": [null, 1.0, {"a": [1, 2.0]}], "positive": [1], "wide": [u64::MAX], "text": ["a"], "shared": ["b"],
            "ids": [{}, {id: 1}],
        }))
    }
}
