//! Enums with each of serde's taggings.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::json;
use velox_rpc::schema;

use crate::zoo::animal::{Animal, Good, beyond_schema};

#[schema]
#[serde(rename_all = "lowercase")]
enum Color {
    Red,
    #[serde(alias = "verde", rename = "GREEN")]
    Green,
    #[serde(skip_deserializing)]
    #[expect(dead_code, reason = "nobody makes one")]
    Secret,
    #[serde(skip)]
    #[expect(dead_code, reason = "nobody makes one")]
    Never,
}

#[schema]
pub(crate) struct Plain {
    color: Color,
    maybe: Option<Color>,
    all: Vec<Color>,
}

impl Animal for Plain {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::ALIAS, &["/color", "/maybe", "/all"])];

    fn good() -> Good {
        Good::fields(json!({"color": ["red", "GREEN", "verde"], "maybe": [null, "red"], "all": [[], ["red", "verde"]]}))
    }
}

#[schema]
struct Side {
    #[validate(range(min = 1))]
    side: u8,
}

#[schema]
#[serde(rename_all = "PascalCase")]
enum Event {
    Click {
        x_pos: i32,
        y_pos: Option<i32>,
    },
    #[serde(alias = "Taste")]
    Key(char),
    Pair(u8, String),
    Held(#[validate(nested)] Side),
    Maybe(Option<u8>),
    Blur,
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    Loud {
        some_word: bool,
    },
    Read(#[serde(deserialize_with = "twice")] u8),
    Rich {
        #[serde(alias = "m")]
        more: u8,
        #[serde(default)]
        list: Vec<u8>,
        #[serde(skip)]
        never: u8,
        #[serde(deserialize_with = "twice", rename = "read.by")]
        read_by: u8,
        #[serde(flatten)]
        side: Side,
        #[schema(nullable)]
        nullable: Option<u8>,
        double: Option<Option<u8>>,
    },
    #[serde(skip)]
    #[expect(dead_code, reason = "nobody makes one")]
    Never(u8),
}

fn twice<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    u8::deserialize(deserializer)?.checked_mul(2).ok_or_else(|| serde::de::Error::custom("Too much"))
}

#[schema]
pub(crate) struct External {
    #[validate(nested)]
    event: Event,
    #[validate(nested)]
    events: Option<Vec<Event>>,
}

impl Animal for External {
    const ALIASES: &'static [(&'static str, &'static str)] = &[("m", "more")];
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::ALIAS, &["/event", "/events"])];

    fn good() -> Good {
        let events = json!([
            {"Click": {"xPos": 1}}, {"Click": {"xPos": 1, "yPos": 2}}, {"Key": "a"}, {"Taste": "b"}, {"Pair": [1, "a"]},
            {"Read": 2}, {"Rich": {"more": 1, "list": [1], "read.by": 1, "side": 2, "nullable": null, "double": null}},
            {"Rich": {"m": 1, "read.by": 1, "side": 2, "nullable": 1, "double": 3}}, {"Held": {"side": 1}}, {"Maybe": null}, {"Maybe": 1}, "Blur", {"Loud": {"SOME_WORD": true}}
        ]);
        Good::fields(json!({"event": events, "events": [null, [], [{"Key": "a"}, "Blur"]]}))
    }
}

#[schema]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Shape {
    Circle {
        radius: f64,
        edge_count: Option<u8>,
    },
    #[serde(alias = "quadrat")]
    Square(#[validate(nested)] Side),
    Nothing,
    Rich {
        #[serde(default, alias = "m")]
        more: u8,
        #[serde(deserialize_with = "twice")]
        read_by: u8,
        double: Option<Option<u8>>,
    },
    Map(BTreeMap<String, u8>),
    Inner(Closed),
    #[serde(other)]
    Unknown,
}

#[schema]
#[serde(tag = "t")]
enum Closed {
    A { n: u8 },
    B { n: String },
    C,
}

#[schema]
pub(crate) struct Internal {
    #[validate(nested)]
    shape: Shape,
    closed: Closed,
    #[validate(nested)]
    others: Vec<Shape>,
}

impl Animal for Internal {
    const ALIASES: &'static [(&'static str, &'static str)] = &[("m", "more")];
    // The schema does not describe the alias of a variant either.
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::CATCH_ALL, &["/shape", "/others"])];

    fn good() -> Good {
        let shapes = json!([
            {"kind": "circle", "radius": 1.5}, {"kind": "circle", "radius": 1, "edgeCount": 3}, {"kind": "square", "side": 2},
            {"side": 2, "kind": "quadrat"}, {"kind": "nothing"}, {"kind": "another"},
            {"kind": "rich", "more": 1, "readBy": 1, "double": 1}, {"kind": "rich", "m": 1, "readBy": 1}, {"kind": "map", "a": 1},
            {"kind": "inner", "t": "a", "n": 1}
        ]);
        let closed = json!([{"t": "a", "n": 1}, {"n": "x", "t": "b"}, {"t": "c"}]);
        Good::fields(json!({"shape": shapes, "closed": closed, "others": [[], [{"kind": "square", "side": 1}]]}))
    }
}

#[schema]
#[serde(tag = "t", content = "c", rename_all = "PascalCase")]
enum Message {
    Number(u8),
    Maybe(Option<u8>),
    Pair(u8, String),
    Named { some_word: String },
    Held(#[validate(nested)] Side),
    Unit,
    Read(#[serde(deserialize_with = "twice")] u8),
}

#[schema]
pub(crate) struct Adjacent {
    #[validate(nested)]
    message: Message,
    #[validate(nested)]
    maybe: Option<Box<Message>>,
}

impl Animal for Adjacent {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::OPTIONAL_CONTENT, &["/message", "/maybe"])];

    fn good() -> Good {
        let messages = json!([
            {"t": "Number", "c": 1}, {"c": null, "t": "Maybe"}, {"t": "Pair", "c": [1, "a"]},
            {"t": "Named", "c": {"someWord": "a"}}, {"c": {"side": 1}, "t": "Held"}, {"t": "Unit"}, {"t": "Read", "c": 1}
        ]);
        Good::fields(json!({"message": messages, "maybe": [null, {"t": "Unit"}, {"t": "Number", "c": 5}]}))
    }
}

#[schema]
#[serde(untagged)]
enum Any {
    Number(u8),
    Float(f64),
    Text(String),
    Object { n: bool, more: Option<u8> },
    Held(#[validate(nested)] Side),
    Pair(i64, i64),
    Many(Vec<String>),
    Null,
}

#[schema]
pub(crate) struct Untagged {
    #[validate(nested)]
    any: Any,
    #[validate(nested)]
    list: Vec<Any>,
    count: u8,
}

impl Animal for Untagged {
    const IS_VAGUE: bool = true;

    fn good() -> Good {
        let all = json!([1, "a", {"n": true}, {"n": false, "more": 1}, {"side": 1}, [1, 2], ["a"], [], null]);
        Good::fields(json!({"any": all, "list": [[], [1, "a"], [{"side": 3}]], "count": [1]}))
    }
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
pub(crate) struct Flattened {
    word: String,
    #[serde(flatten)]
    sort: Sort,
    #[serde(flatten)]
    owner: Owner,
    #[serde(flatten)]
    #[validate(nested)]
    message: Message,
}

impl Animal for Flattened {
    const IS_INDEPENDENT: bool = false;
    const IS_VAGUE: bool = true;
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] =
        &[(beyond_schema::SEVERAL_VARIANTS, &[""])];

    fn good() -> Good {
        Good::fields(json!({
            "word": ["a"], "by": ["Name"], "locale": ["x"], "User": [{"id": 1}], "t": ["Number"], "c": [1]
        }))
        .or(Good::fields(json!({"word": ["a"], "by": ["Age"], "Team": ["x"], "t": ["Held"], "c": [{"side": 1}]})))
    }
}

#[schema]
#[serde(tag = "kind", deny_unknown_fields, rename_all_fields = "SCREAMING_SNAKE_CASE")]
enum StrictTagged {
    A { some_word: u8 },
    B,
    C(StrictSide),
    D(Side),
}

#[schema]
#[serde(deny_unknown_fields)]
struct StrictSide {
    side: u8,
}

#[schema]
#[serde(deny_unknown_fields)]
enum StrictExternal {
    One { n: u8 },
    Two,
}

#[schema]
#[serde(tag = "t", content = "c", deny_unknown_fields)]
enum StrictAdjacent {
    One { n: u8 },
    Two,
}

#[schema]
pub(crate) struct Strict {
    tagged: StrictTagged,
    external: StrictExternal,
    adjacent: StrictAdjacent,
}

impl Animal for Strict {
    const BEYOND_SCHEMA: &'static [(&'static str, &'static [&'static str])] = &[(beyond_schema::UNIT, &["/tagged"])];

    fn good() -> Good {
        Good::fields(json!({
            "tagged": [{"kind": "a", "SOME_WORD": 1}, {"kind": "b"}, {"kind": "b", "more": 1}, {"kind": "c", "side": 1}, {"kind": "d", "side": 1}],
            "external": ["two", {"one": {"n": 1}}],
            "adjacent": [{"t": "one", "c": {"n": 1}}, {"t": "two"}],
        }))
    }
}
