//! Fields of objects: their names, whether they are optional, and flattened types.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use velox_rpc::schema;

use super::Table;

#[schema]
struct Options {
    left_out: Option<u8>,
    #[schema(nullable)]
    nullable: Option<u8>,
}

/// Derived without `#[schema]`, so serde writes `None` as `null`.
#[derive(Serialize, JsonSchema)]
struct Derived {
    option: Option<u8>,
    nested: Option<Option<Inner>>,
    unit: (),
}

#[derive(Serialize, JsonSchema)]
struct Inner {
    inner: bool,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Present {
    #[serde(skip)]
    #[expect(dead_code, reason = "it is not written")]
    skipped: u8,
    #[serde(skip_serializing)]
    #[expect(dead_code, reason = "it is not written")]
    read_only: u8,
    #[serde(skip_deserializing)]
    written_only: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unless_empty: Vec<u8>,
    #[serde(default)]
    default: u8,
}

/// Names that are not identifiers, and a comment that ends here: */
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct Names {
    two_words: u8,
    #[serde(rename = "class")]
    reserved: u8,
    /// In quotes, "*/".
    #[serde(rename = "a \"b\"\\\n")]
    quoted: u8,
    #[serde(rename = "")]
    empty: u8,
    #[serde(rename = "1st")]
    digit: u8,
    #[serde(rename = "größe")]
    letters: u8,
    r#type: u8,
    #[serde(rename(serialize = "written", deserialize = "read"))]
    both: u8,
    #[serde(alias = "old")]
    new: u8,
}

#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Closed {
    a: u8,
}

#[derive(Serialize, JsonSchema)]
struct Empty {}

#[derive(Serialize, JsonSchema)]
struct Flat<T> {
    id: u8,
    #[serde(flatten)]
    rest: T,
}

#[derive(Serialize, JsonSchema)]
struct FlatWithOthers<T> {
    id: u8,
    #[serde(flatten)]
    rest: T,
    #[serde(flatten)]
    others: BTreeMap<String, bool>,
}

/// serde writes the tag of a struct, and does not read it.
#[schema]
#[serde(tag = "kind", rename = "Labelled")]
struct Tagged {
    a: u8,
}

#[schema]
#[serde(tag = "kind", deny_unknown_fields)]
struct ClosedTagged {}

#[derive(Serialize, JsonSchema)]
struct TwiceFlat {
    #[serde(flatten)]
    one: Flat<Inner>,
    #[serde(flatten)]
    two: Closed,
}

#[derive(Serialize, JsonSchema)]
enum External {
    Two {
        /// These characters separate types, but not inside a comment: ( { " |
        a: bool,
    },
    One(u8),
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", content = "value")]
enum Adjacent {
    One(u8),
    None,
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind")]
enum Internal {
    One(Inner),
    Two { a: bool },
    None,
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Untagged {
    One(Inner),
    Two { a: bool },
}

#[derive(Serialize, JsonSchema)]
enum ExternalUnit {
    One(u8),
    /// Nothing.
    None,
    Other,
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum UntaggedUnit {
    One(Inner),
    None,
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind")]
enum InternalMap {
    Map(BTreeMap<String, bool>),
}

/// Types that serde writes as other types, with the schemas of those.
#[derive(Serialize, JsonSchema, Clone)]
#[serde(into = "String")]
#[schemars(with = "String")]
struct Into(u8);

impl From<Into> for String {
    fn from(value: Into) -> Self {
        value.0.to_string()
    }
}

#[derive(Serialize, JsonSchema)]
struct As {
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    id: u64,
    into: Into,
}

fn as_text<S: serde::Serializer>(id: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

pub(super) fn rows(table: &mut Table) {
    let options = [(None, None), (Some(1), Some(2))].map(|(left_out, nullable)| Options { left_out, nullable });
    table.writes(options, &["{}", "{\"leftOut\": 1}", "{\"leftOut\": \"1\", \"nullable\": 1}"]);
    let some = Derived { option: Some(1), nested: Some(Some(Inner { inner: true })), unit: () };
    table.writes(
        [Derived { option: None, nested: None, unit: () }, some],
        &["{\"option\": 1, \"nested\": null, \"unit\": {}}", "{\"option\": \"1\", \"nested\": null, \"unit\": null}"],
    );
    let present = |unless_empty| Present { skipped: 1, read_only: 2, written_only: 3, unless_empty, default: 4 };
    table.writes(
        [present(vec![]), present(vec![1])],
        &[
            "{\"written_only\": 1}",
            "{\"default\": 1}",
            "{\"written_only\": 1, \"default\": 1, \"skipped\": 1}",
            "{\"written_only\": 1, \"default\": 1, \"read_only\": 1}",
            "{\"written_only\": 1, \"default\": 1, \"unless_empty\": 1}",
        ],
    );
    let right = r#""two-words": 1, "class": 1, "a \"b\"\\\n": 1, "": 1, "1st": 1, "größe": 1, "type": 1, "new": 1"#;
    let names =
        Names { two_words: 1, reserved: 1, quoted: 1, empty: 1, digit: 1, letters: 1, r#type: 1, both: 1, new: 1 };
    let wrong = ["", ", \"read\": 1", ", \"written\": 1, \"old\": 1", ", \"written\": \"1\""]
        .map(|more| format!("{{{right}{more}}}"));
    table.writes([names], &wrong.each_ref().map(String::as_str));
    table.writes([Closed { a: 1 }], &["{\"a\": 1, \"b\": 2}"]);
    table.writes([Empty {}], &["1", "\"a\""]);

    let inner = || Inner { inner: true };
    table.writes([Flat { id: 1, rest: inner() }], &["{\"id\": 1}", "{\"id\": 1, \"rest\": {}}", "{\"inner\": true}"]);
    table.writes(
        [Flat { id: 1, rest: Some(inner()) }, Flat { id: 1, rest: None }],
        &["{\"id\": 1, \"inner\": 2}", "{\"inner\": true}", "{\"id\": 1, \"other\": true}"],
    );
    table.writes(
        [Flat { id: 1, rest: HashMap::from([("a".to_owned(), true)]) }, Flat { id: 1, rest: HashMap::new() }],
        &["{\"id\": \"1\"}", "{\"a\": true}", "{\"id\": true, \"a\": true}"],
    );
    table.writes([Flat { id: 1, rest: BTreeMap::from([("a".to_owned(), "b".to_owned())]) }], &["{\"a\": \"b\"}"]);
    table.writes([Flat { id: 1, rest: BTreeMap::from([(1_u8, true)]) }], &["{\"id\": 1, \"1\": 1}", "{\"1\": true}"]);
    let two = TwiceFlat { one: Flat { id: 1, rest: inner() }, two: Closed { a: 2 } };
    table.writes([two], &["{\"id\": 1, \"inner\": true}", "{\"id\": 1, \"inner\": true, \"a\": true}"]);
    table.writes(
        [Flat { id: 1, rest: External::One(1) }, Flat { id: 1, rest: External::Two { a: true } }],
        &["{\"id\": 1}", "{\"id\": 1, \"One\": true}", "{\"One\": 1}", "{\"Two\": {\"a\": true}}"],
    );
    table.writes(
        [Flat { id: 1, rest: Adjacent::One(1) }, Flat { id: 1, rest: Adjacent::None }],
        &["{\"id\": 1, \"kind\": \"One\"}", "{\"id\": 1, \"kind\": \"Two\"}", "{\"kind\": \"None\"}"],
    );
    table.writes(
        [Internal::One(inner()), Internal::Two { a: true }, Internal::None].map(|rest| Flat { id: 1, rest }),
        &["{\"id\": 1, \"kind\": \"One\"}", "{\"id\": 1, \"kind\": \"One\", \"a\": true}", "{\"kind\": \"None\"}"],
    );
    table.writes(
        [Untagged::One(inner()), Untagged::Two { a: true }].map(|rest| Flat { id: 1, rest }),
        &["{\"id\": 1}", "{\"id\": 1, \"inner\": 1}", "{\"a\": true}"],
    );
    table.writes(
        [ExternalUnit::One(1), ExternalUnit::None, ExternalUnit::Other].map(|rest| Flat { id: 1, rest }),
        &["{\"id\": 1}", "{\"id\": 1, \"None\": 1}"],
    );
    table.writes(
        [UntaggedUnit::One(inner()), UntaggedUnit::None].map(|rest| Flat { id: 1, rest }),
        &["{}", "{\"id\": 1, \"other\": 1}"],
    );
    table.writes(
        [Flat { id: 1, rest: InternalMap::Map(BTreeMap::from([("a".to_owned(), true)])) }],
        &["{\"id\": 1, \"a\": true}"],
    );
    let maybe = [Some(Adjacent::One(1)), Some(Adjacent::None), None].map(|rest| Flat { id: 1, rest });
    table.writes(maybe, &["{\"kind\": \"None\"}", "{\"id\": 1, \"other\": 1}"]);
    let others = || BTreeMap::from([("a".to_owned(), true)]);
    table.writes(
        [FlatWithOthers { id: 1, rest: Adjacent::One(1), others: others() }],
        &["{\"id\": 1, \"a\": true}", "{\"id\": 1, \"kind\": \"Two\", \"a\": true}"],
    );
    table.writes(
        [FlatWithOthers { id: 1, rest: External::One(1), others: others() }],
        &["{\"id\": 1, \"a\": true}", "{\"One\": 1, \"a\": true}"],
    );

    table.writes([Tagged { a: 1 }], &["{\"a\": 1}", "{\"kind\": \"Tagged\", \"a\": 1}", "{\"kind\": \"Labelled\"}"]);
    table.writes([ClosedTagged {}], &["{}", "{\"kind\": \"Labelled\"}"]);
    table.writes([Flat { id: 1, rest: Tagged { a: 1 } }], &["{\"id\": 1, \"a\": 1}"]);
    table.reads::<Tagged>(&["{\"a\": 1}"], &["{}"]);

    table.writes(
        [As { id: u64::MAX, into: Into(7) }],
        &["{\"id\": 1, \"into\": \"7\"}", "{\"id\": \"1\", \"into\": 7}"],
    );
}
