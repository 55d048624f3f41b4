//! Enums: serde's four taggings, and the attributes of variants.

use schemars::JsonSchema;
use serde::Serialize;
use velox_rpc::schema;

use super::Table;

#[schema]
struct Content {
    text: String,
}

#[schema]
enum Plain {
    /// The first.
    First,
    SecondOne,
    #[serde(rename = "a|\"b\" */")]
    Third,
}

#[schema]
enum External {
    Unit,
    Newtype(u8),
    Tuple(u8, String),
    Struct {
        /// The first name.
        first_name: String,
        age: Option<u8>,
    },
    Nothing(()),
    Maybe(Option<Content>),
}

#[schema]
#[serde(tag = "kind")]
enum Internal {
    Unit,
    Newtype(Content),
    Struct { first_name: String },
    Again(Box<Internal2>),
}

#[schema]
#[serde(tag = "inner")]
enum Internal2 {
    A,
    B { b: u8 },
}

#[schema]
struct Ping;

#[schema]
#[serde(untagged)]
enum Optional {
    Content(Content),
    Nothing,
}

#[schema]
#[serde(tag = "kind")]
enum Units {
    Ping(Ping),
    Optional(Optional),
    Level(Level),
    Plain(Plain),
    Size(Size),
    Wrapped(Wrapped),
}

#[schema]
struct Wrapped(Level);

#[schema]
enum Level {
    Low,
    High,
}

#[schema]
enum Size {
    Small,
    Large,
    Exact(u8),
}

#[schema]
#[serde(tag = "kind", content = "value")]
enum Adjacent {
    Unit,
    Newtype(Content),
    Tuple(u8, String),
    Struct { first_name: String },
}

#[schema]
#[serde(untagged)]
enum Untagged {
    Unit,
    Number(f64),
    Text(String),
    Tuple(u8, bool),
    Struct { first_name: String },
    List(Vec<Untagged>),
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
enum Named {
    TwoWords {
        two_words: u8,
    },
    #[serde(rename = "other")]
    Renamed {
        #[serde(rename = "Field")]
        field: u8,
    },
    #[serde(rename_all = "UPPERCASE")]
    Own {
        own: u8,
    },
    #[serde(skip_serializing)]
    #[expect(dead_code, reason = "it is not written")]
    Skipped {
        a: u8,
    },
}

#[derive(Serialize, JsonSchema)]
enum Mixed {
    A(u8),
    #[serde(untagged)]
    Other(String),
}

#[derive(Serialize, JsonSchema)]
enum Never {}

#[derive(Serialize, JsonSchema)]
struct HasNever {
    never: Option<Never>,
}

pub(super) fn rows(table: &mut Table) {
    let text = || "a".to_owned();
    let content = || Content { text: text() };
    table.writes([Plain::First, Plain::SecondOne, Plain::Third], &["\"First\"", "\"fourth\"", "0"]);
    let person = |age| External::Struct { first_name: text(), age };
    table.writes(
        [External::Unit, External::Newtype(1), External::Tuple(1, text()), person(None), person(Some(1))],
        &[
            "\"Unit\"",
            "\"newtype\"",
            "{\"unit\": null}",
            "{\"newtype\": \"1\"}",
            "{\"tuple\": [1]}",
            "{\"struct\": {\"firstName\": 1}}",
            "{\"struct\": {\"firstName\": \"a\", \"age\": true}}",
            "{\"struct\": {\"firstName\": \"a\", \"more\": true}}",
            "{}",
        ],
    );
    table.writes(
        [External::Nothing(()), External::Maybe(None), External::Maybe(Some(content()))],
        &["\"nothing\"", "{\"maybe\": {}}", "{\"nothing\": 1}"],
    );
    table.writes(
        [Internal::Unit, Internal::Newtype(content()), Internal::Struct { first_name: text() }],
        &[
            "\"unit\"",
            "{\"kind\": \"Unit\"}",
            "{\"kind\": \"newtype\"}",
            "{\"kind\": \"struct\", \"text\": \"a\"}",
            "{\"kind\": \"struct\", \"firstName\": 1}",
            "{\"text\": \"a\"}",
        ],
    );
    table.writes(
        [Internal2::A, Internal2::B { b: 1 }].map(|inner| Internal::Again(Box::new(inner))),
        &["{\"kind\": \"again\"}", "{\"kind\": \"again\", \"inner\": \"b\"}", "{\"inner\": \"a\"}"],
    );
    let optional = [Optional::Content(content()), Optional::Nothing].map(Units::Optional);
    table.writes(
        optional.into_iter().chain([
            Units::Ping(Ping),
            Units::Level(Level::Low),
            Units::Level(Level::High),
            Units::Plain(Plain::SecondOne),
            Units::Size(Size::Small),
            Units::Size(Size::Large),
            Units::Size(Size::Exact(1)),
            Units::Wrapped(Wrapped(Level::High)),
        ]),
        &[
            "null",
            "{\"kind\": \"pong\"}",
            "{\"kind\": \"ping\", \"text\": \"a\"}",
            "{\"kind\": \"level\"}",
            "{\"kind\": \"level\", \"low\": 1}",
            "{\"kind\": \"plain\"}",
            "{\"kind\": \"size\", \"exact\": null}",
        ],
    );
    table.reads::<Units>(
        &[
            "{\"kind\": \"ping\"}",
            "{\"kind\": \"optional\", \"text\": \"a\"}",
            "{\"kind\": \"level\", \"high\": null}",
            "{\"kind\": \"size\", \"small\": null}",
        ],
        &["null", "{\"text\": \"a\"}", "{\"kind\": \"level\"}", "{\"kind\": \"size\", \"small\": 1}"],
    );
    table.writes(
        [
            Adjacent::Unit,
            Adjacent::Newtype(content()),
            Adjacent::Tuple(1, text()),
            Adjacent::Struct { first_name: text() },
        ],
        &[
            "{\"kind\": \"newtype\"}",
            "{\"kind\": \"newtype\", \"value\": [1, \"a\"]}",
            "{\"kind\": \"tuple\", \"value\": [1]}",
            "{\"kind\": \"unit\", \"value\": {\"text\": \"a\"}}",
            "{\"value\": {\"text\": \"a\"}}",
        ],
    );
    let list = Untagged::List(vec![Untagged::Unit, Untagged::Number(1.5)]);
    table.writes(
        [Untagged::Unit, Untagged::Number(1.5), Untagged::Text(text()), Untagged::Tuple(1, true), list],
        &["true", "{}", "{\"firstName\": 1}", "[true, true]"],
    );
    table.writes([Untagged::Struct { first_name: text() }], &["{\"first_name\": \"a\"}"]);
    table.writes(
        [Named::TwoWords { two_words: 1 }, Named::Renamed { field: 1 }, Named::Own { own: 1 }],
        &[
            "{\"kind\": \"TWO_WORDS\", \"two_words\": 1}",
            "{\"kind\": \"RENAMED\", \"Field\": 1}",
            "{\"kind\": \"other\", \"field\": 1}",
            "{\"kind\": \"OWN\", \"own\": 1}",
            "{\"kind\": \"SKIPPED\", \"a\": 1}",
        ],
    );
    table.writes([Mixed::A(1), Mixed::Other(text())], &["{\"A\": \"a\"}", "1"]);
    table.writes([HasNever { never: None }], &["{\"never\": 1}", "{\"never\": {}}"]);
}
