//! Structs with serde's attributes.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serializer};
use serde_json::json;
use velox_rpc::schema;

use crate::zoo::animal::{Animal, Good, beyond_schema};

#[schema]
pub(crate) struct Scalars {
    flag: bool,
    small: u8,
    signed: i64,
    large: u64,
    float: f64,
    single: f32,
    letter: char,
    text: String,
    maybe: Option<u32>,
    nothing: (),
}

impl Animal for Scalars {
    fn good() -> Good {
        Good::fields(json!({
            "flag": [true, false], "small": [0, 255], "signed": [i64::MIN, -1, 7], "large": [u64::MAX, 1],
            "float": [0.5, 3, -1e300], "single": [0.25, 2], "letter": ["a", "é", "👍"], "text": ["", "日本語"],
            "maybe": [null, 5], "nothing": [null],
        }))
    }
}

#[schema]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Renamed {
    #[serde(alias = "old_name", alias = "oldest")]
    #[validate(length(min = 2))]
    new_name: String,
    #[serde(rename = "some.thing")]
    dotted: u8,
    #[serde(rename(serialize = "out", deserialize = "in"))]
    both_ways: i8,
    #[serde(alias = "Sorte")]
    r#type: Option<String>,
}

impl Animal for Renamed {
    const ALIASES: &'static [(&'static str, &'static str)] =
        &[("old_name", "new-name"), ("oldest", "new-name"), ("Sorte", "type")];
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] = &[(beyond_schema::ALIAS, &[""])];

    fn good() -> Good {
        Good::fields(json!({"new-name": ["ab"], "some.thing": [1], "in": [-1], "type": ["x", null]}))
            .or(Good::fields(json!({"oldest": ["éé"], "some.thing": [200], "in": [1], "Sorte": ["x"]})))
    }
}

fn three() -> u8 {
    3
}

#[schema]
pub(crate) struct Defaulted {
    #[serde(default)]
    #[validate(length(max = 2))]
    words: Vec<String>,
    #[serde(default = "three")]
    #[validate(range(min = 2, max = 9))]
    count: u8,
    #[serde(default)]
    inner: Small,
    #[serde(default)]
    maybe: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hidden: Vec<u8>,
}

#[schema]
#[derive(Default)]
struct Small {
    n: u8,
    #[validate(length(min = 1))]
    word: Option<String>,
}

impl Animal for Defaulted {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::UNCHECKED, &["/inner"])];

    fn good() -> Good {
        Good::fields(json!({
            "words": [[], ["a", "b"]], "count": [2, 9], "inner": [{"n": 1}, {"n": 0, "word": ""}], "maybe": [true, null],
            "hidden": [[], [1]],
        }))
    }
}

#[schema]
#[serde(default)]
pub(crate) struct WholeDefault {
    #[validate(length(min = 1))]
    word: String,
    #[validate(range(max = 10))]
    count: u8,
    #[validate(length(min = 1))]
    list: Vec<u8>,
    maybe: Option<u8>,
}

impl Default for WholeDefault {
    fn default() -> Self {
        Self { word: "a".to_owned(), count: 10, list: vec![1], maybe: Some(4) }
    }
}

impl Animal for WholeDefault {
    fn good() -> Good {
        Good::fields(json!({"word": ["b"], "count": [0], "list": [[1, 2]], "maybe": [null, 1]}))
    }
}

#[schema]
#[serde(deny_unknown_fields)]
pub(crate) struct Strict {
    a: u8,
    #[serde(alias = "b2")]
    b: Option<StrictInner>,
    open: Vec<Small>,
}

#[schema]
#[serde(deny_unknown_fields, rename_all = "SCREAMING_SNAKE_CASE")]
struct StrictInner {
    some_word: String,
}

impl Animal for Strict {
    const ALIASES: &'static [(&'static str, &'static str)] = &[("b2", "b")];
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] = &[(beyond_schema::ALIAS, &[""])];

    fn good() -> Good {
        Good::fields(json!({"a": [1], "b": [null, {"SOME_WORD": "x"}], "open": [[], [{"n": 1, "more": 2}]]}))
            .or(Good::fields(json!({"a": [1], "b2": [null, {"SOME_WORD": "x"}], "open": [[]]})))
    }
}

#[schema]
pub(crate) struct Skipped {
    kept: u8,
    #[serde(skip)]
    #[expect(dead_code, reason = "nobody asks for it")]
    never: u8,
    #[serde(skip_deserializing)]
    written: u8,
    #[serde(skip_serializing)]
    #[expect(dead_code, reason = "nobody asks for it")]
    read: u8,
    #[serde(skip_serializing_if = "is_zero", default)]
    sometimes: u8,
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}

impl Animal for Skipped {
    fn good() -> Good {
        Good::fields(json!({"kept": [1], "written": [1, "x"], "read": [2], "sometimes": [0, 3], "never": [[], "x"]}))
    }
}

#[schema]
pub(crate) struct ReadBy {
    #[serde(deserialize_with = "cents")]
    price: u64,
    #[serde(with = "hexadecimal")]
    #[schemars(with = "String")]
    color: u32,
    #[serde(serialize_with = "shout")]
    word: String,
    #[serde(deserialize_with = "cents", default)]
    #[validate(range(max = 1000))]
    fee: u64,
    #[serde(default, deserialize_with = "maybe_cents")]
    tip: Option<u64>,
    count: u8,
}

fn cents<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let (euros, cents) = text.split_once('.').ok_or_else(|| serde::de::Error::custom("A price has a point"))?;
    let number = |text: &str| text.parse::<u32>().map_err(|_| serde::de::Error::custom("A price has digits alone"));
    Ok(u64::from(number(euros)?) * 100 + u64::from(number(cents)?))
}

fn maybe_cents<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Option::<u64>::deserialize(deserializer)?.map(|number| number / 2))
}

fn shout<S: Serializer>(word: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&word.to_uppercase())
}

mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let text = String::deserialize(deserializer)?;
        u32::from_str_radix(&text, 16).map_err(|_| serde::de::Error::custom("No hexadecimal number"))
    }

    pub(super) fn serialize<S: Serializer>(number: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{number:x}"))
    }
}

impl Animal for ReadBy {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::OWN_READER, &["/price", "/fee"])];

    fn good() -> Good {
        Good::fields(json!({
            "price": ["1.50"], "color": ["ff00ff", "0"], "word": ["a"], "fee": ["0.05"], "tip": [null, 4], "count": [1],
        }))
    }
}

#[schema]
#[derive(Clone)]
#[serde(try_from = "String", into = "String")]
struct Slug(String);

impl TryFrom<String> for Slug {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        if text.contains(' ') { Err("A slug has no spaces") } else { Ok(Self(text)) }
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

#[schema]
#[derive(Clone)]
#[serde(from = "Parts", into = "Parts")]
struct Point {
    x: i32,
    y: i32,
}

#[schema]
struct Parts {
    x: i32,
    y: Option<i32>,
}

impl From<Parts> for Point {
    fn from(parts: Parts) -> Self {
        Self { x: parts.x, y: parts.y.unwrap_or(parts.x) }
    }
}

impl From<Point> for Parts {
    fn from(point: Point) -> Self {
        Self { x: point.x, y: Some(point.y) }
    }
}

#[schema]
pub(crate) struct Converted {
    slug: Slug,
    slugs: Vec<Slug>,
    point: Point,
    maybe: Option<Point>,
    named: BTreeMap<String, Slug>,
}

impl Animal for Converted {
    fn good() -> Good {
        Good::fields(json!({
            "slug": ["a-b"], "slugs": [[], ["a", "b"]], "point": [{"x": 1}, {"x": 1, "y": -2}], "maybe": [null, {"x": 3}],
            "named": [{}, {"a": "b"}],
        }))
    }
}

#[schema]
#[serde(transparent)]
struct Name {
    #[validate(length(min = 1, max = 3))]
    name: String,
}

#[schema]
struct Id(u16);

#[schema]
struct Held(#[validate(nested)] Name);

#[schema]
pub(crate) struct Transparent {
    id: Id,
    #[validate(nested)]
    name: Name,
    #[validate(nested)]
    held: Vec<Held>,
    unchecked: Option<Name>,
}

impl Animal for Transparent {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::UNCHECKED, &["/unchecked"])];

    fn good() -> Good {
        Good::fields(
            json!({"id": [1, 65535], "name": ["a", "日本語"], "held": [[], ["b"]], "unchecked": ["", null, "abcdef"]}),
        )
    }
}

#[schema]
pub(crate) struct Flattened {
    word: String,
    #[serde(flatten)]
    #[validate(nested)]
    paging: Paging,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

#[schema]
struct Paging {
    #[validate(range(min = 1))]
    page: u32,
    #[serde(alias = "limit")]
    size: Option<u32>,
}

impl Animal for Flattened {
    const ALIASES: &'static [(&'static str, &'static str)] = &[("limit", "size")];
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] = &[(beyond_schema::ALIAS, &["/limit"])];

    fn good() -> Good {
        Good::fields(json!({"word": ["a"], "page": [1, 2], "size": [10, null], "other": [1]}))
            .or(Good::fields(json!({"word": ["a"], "page": [1], "limit": [10, null]})))
    }
}

#[schema]
pub(crate) struct FlattenedOption {
    word: String,
    #[serde(flatten)]
    #[validate(nested)]
    paging: Option<Paging>,
    count: u8,
}

impl Animal for FlattenedOption {
    const ALIASES: &'static [(&'static str, &'static str)] = &[("limit", "size")];
    const LAX: &'static [&'static str] = &["page", "size", "limit"];

    fn good() -> Good {
        Good::fields(json!({"word": ["a"], "page": [1, 2], "size": [10, null], "count": [1]}))
            .or(Good::fields(json!({"word": ["a"], "count": [1]})))
    }
}

#[schema]
pub(crate) struct Patch {
    name: Option<Option<String>>,
    #[validate(range(max = 9))]
    count: Option<Option<u8>>,
    #[schema(nullable)]
    #[validate(length(min = 1))]
    owner: Option<String>,
    #[schema(nullable)]
    tags: Option<Vec<Option<String>>>,
}

impl Animal for Patch {
    fn good() -> Good {
        Good::fields(json!({
            "name": [null, "a"], "count": [null, 9], "owner": [null, "a"], "tags": [null, [], ["a", null]],
        }))
    }
}

#[schema]
pub(crate) struct Changed {
    #[schema(trim)]
    #[validate(length(min = 1, max = 2))]
    name: String,
    #[schema(trim, lowercase)]
    #[validate(email)]
    email: Option<String>,
    #[schema(nullable, uppercase)]
    #[validate(contains(pattern = "A"))]
    letters: Option<String>,
    #[schema(trim)]
    #[serde(default)]
    #[validate(length(max = 2))]
    words: Vec<String>,
    #[schema(trim)]
    twice: Option<Option<String>>,
    choice: ChangedVariant,
}

#[schema]
#[serde(tag = "kind")]
enum ChangedVariant {
    One {
        #[schema(trim)]
        name: Option<String>,
    },
    Other {
        #[schema(uppercase)]
        name: String,
    },
}

impl Animal for Changed {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::CHANGED, &["/name", "/letters"])];

    fn good() -> Good {
        Good::fields(json!({
            "name": ["a", " ab ", "\u{feff}b"], "email": [null, "A@B.co ", "a@b.co"], "letters": [null, "xa", "A"],
            "words": [[], [" a", "b "]], "twice": [null, " x "],
            "choice": [{"kind": "one"}, {"kind": "one", "name": " a "}, {"kind": "other", "name": "a"}],
        }))
    }
}
