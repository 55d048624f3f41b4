//! Enums, by each of serde's taggings.

use serde_json::json;
use velox_rpc::schema;

use crate::animal::{Animal, Good};

#[schema]
#[serde(rename_all = "lowercase")]
enum Color {
    Red,
    #[serde(alias = "verde", rename = "GREEN")]
    Green,
    #[serde(skip_deserializing)]
    Secret,
    #[serde(skip)]
    Never,
}

#[schema]
pub(crate) struct Plain {
    color: Color,
    maybe: Option<Color>,
    all: Vec<Color>,
}

impl Animal for Plain {
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
}

#[schema]
pub(crate) struct External {
    #[validate(nested)]
    event: Event,
    #[validate(nested)]
    events: Option<Vec<Event>>,
}

impl Animal for External {
    const IS_VAGUE: bool = true;

    fn good() -> Good {
        let events = json!([
            {"Click": {"xPos": 1}}, {"Click": {"xPos": 1, "yPos": 2}}, {"Key": "a"}, {"Taste": "b"}, {"Pair": [1, "a"]},
            {"Held": {"side": 1}}, {"Maybe": null}, {"Maybe": 1}, "Blur", {"Loud": {"SOME_WORD": true}}
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
    fn good() -> Good {
        let shapes = json!([
            {"kind": "circle", "radius": 1.5}, {"kind": "circle", "radius": 1, "edgeCount": 3}, {"kind": "square", "side": 2},
            {"side": 2, "kind": "quadrat"}, {"kind": "nothing"}, {"kind": "another"}
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
}

#[schema]
pub(crate) struct Adjacent {
    #[validate(nested)]
    message: Message,
    #[validate(nested)]
    maybe: Option<Box<Message>>,
}

impl Animal for Adjacent {
    fn good() -> Good {
        let messages = json!([
            {"t": "Number", "c": 1}, {"c": null, "t": "Maybe"}, {"t": "Pair", "c": [1, "a"]},
            {"t": "Named", "c": {"someWord": "a"}}, {"c": {"side": 1}, "t": "Held"}, {"t": "Unit"}
        ]);
        Good::fields(json!({"message": messages, "maybe": [null, {"t": "Unit"}, {"t": "Number", "c": 5}]}))
    }
}

#[schema]
#[serde(untagged)]
enum Any {
    Number(u8),
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
    const IS_VAGUE: bool = true;

    fn good() -> Good {
        Good::fields(json!({
            "tagged": [{"kind": "a", "SOME_WORD": 1}, {"kind": "b"}],
            "external": ["two", {"one": {"n": 1}}],
            "adjacent": [{"t": "one", "c": {"n": 1}}, {"t": "two"}],
        }))
    }
}
