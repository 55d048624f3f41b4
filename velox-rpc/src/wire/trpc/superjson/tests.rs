//! Compares velox with recorded output of superjson, and decodes any other annotations.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::decode::decode;
use super::encode::encode;
use super::rich_type::RichType;
use crate::router::ManifestEntry;

/// A date with the schema that chrono, jiff and others use.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(transparent)]
struct Date(#[schemars(extend("format" = "date-time"))] String);

fn date() -> Date {
    Date(EPOCH.to_owned())
}

const EPOCH: &str = "1970-01-01T00:00:00.000Z";

/// Returns recorded output of superjson by the name of the case.
fn vectors() -> BTreeMap<&'static str, &'static str> {
    let line = |line: &'static str| line.split_once("  ").map(|(name, json)| (name, json.trim()));
    include_str!("vectors.txt").lines().filter_map(line).collect()
}

fn sent<T: Serialize + JsonSchema>(value: &T) -> String {
    let rich_type = RichType::new(ManifestEntry::output_settings(), |generator| generator.subschema_for::<T>());
    let json = serde_json::to_string(value).expect("JSON");
    let mut text = Vec::new();
    super::wrap(&mut text, |to| {
        let encoded = encode(&json, &rich_type, None);
        to.extend(encoded.json.as_bytes());
        encoded.values
    });
    String::from_utf8(text).expect("text")
}

fn taken<T: JsonSchema>(text: &str) -> crate::Result<Option<String>> {
    let rich_type = RichType::new(ManifestEntry::input_settings(), |generator| generator.subschema_for::<T>());
    decode(text, Some(&rich_type))
}

/// Decodes input that must be refused, and returns the issues.
fn refusal(text: &str) -> Value {
    let error = decode(text, None).expect_err(text);
    assert_eq!(error.status(), 400, "{text}");
    error.members().get("details").cloned().unwrap_or_default()
}

#[test]
fn superjson_input_becomes_plain_json() {
    let mut vectors = vectors();
    for (name, expected) in [
        ("undefined", None),
        ("null", Some("null")),
        ("plain", Some(r#"{"a":1}"#)),
        ("date", Some(r#""1970-01-01T00:00:00.000Z""#)),
        ("bigint", Some("10")),
        // JSON has no such numbers, so they stay strings, which no reader of a number accepts.
        ("NaN", Some(r#""NaN""#)),
        ("Infinity", Some(r#""Infinity""#)),
        ("-0", Some("-0.0")),
        ("url", Some(r#""http://x/""#)),
        ("set", Some(r#"[1,"1970-01-01T00:00:00.000Z"]"#)),
        ("map", Some(r#"{"k":"1970-01-01T00:00:00.000Z"}"#)),
        ("nested", Some(r#"{"a":{"d":"1970-01-01T00:00:00.000Z"},"l":["1970-01-01T00:00:00.000Z",null]}"#)),
        ("dotted key", Some(r#"{"a.b":"1970-01-01T00:00:00.000Z","c\\d":1}"#)),
        ("obj undefined", Some(r#"{"b":1}"#)),
        ("u8", Some("[1,2]")),
        ("same ref", Some(r#"{"a":{"x":1},"b":{"x":1}}"#)),
    ] {
        let text = vectors.remove(name).expect(name);
        assert_eq!(decode(text, None).expect(name).as_deref(), expected, "{name}");
    }
    for (name, message) in
        [("regexp", "Invalid input: RegExp cannot be sent"), ("error", "Invalid input: Error cannot be sent")]
    {
        let issues = refusal(vectors.remove(name).expect(name));
        assert_eq!(issues, json!([{"field": "", "message": message}]), "{name}");
    }
    assert!(vectors.is_empty(), "{vectors:?}");
}

#[test]
fn output_matches_superjson() {
    #[derive(Serialize, JsonSchema)]
    struct Nested {
        a: Inner,
        l: [Date; 1],
    }
    #[derive(Serialize, JsonSchema)]
    struct Inner {
        d: Date,
    }
    #[derive(Serialize, JsonSchema)]
    struct Dotted {
        #[serde(rename = "a.b")]
        date: Date,
        #[serde(rename = "c\\d")]
        number: u64,
    }
    let vectors = vectors();
    assert_eq!(sent(&date()), vectors["date"]);
    assert_eq!(sent(&10_i64), vectors["bigint"]);
    assert_eq!(sent(&()), vectors["null"]);
    assert_eq!(sent(&json!({"a": 1})), vectors["plain"]);
    assert_eq!(sent(&Dotted { date: date(), number: 1 }), vectors["dotted key"]);
    let nested = r#"{"json":{"a":{"d":"1970-01-01T00:00:00.000Z"},"l":["1970-01-01T00:00:00.000Z"]},"meta":{"values":{"a.d":["Date"],"l.0":["Date"]},"v":1}}"#;
    assert_eq!(sent(&Nested { a: Inner { d: date() }, l: [date()] }), nested);
    assert_eq!(sent(&BTreeSet::from([1_u64])), r#"{"json":["1"],"meta":{"values":["set",{"0":["bigint"]}],"v":1}}"#);
    assert_eq!(
        sent(&BTreeMap::from([(7_u32, date())])),
        r#"{"json":[[7,"1970-01-01T00:00:00.000Z"]],"meta":{"values":["map",{"0.1":["Date"]}],"v":1}}"#
    );
    assert_eq!(
        sent(&BTreeMap::from([(u64::MAX, BTreeSet::from([true]))])),
        r#"{"json":[["18446744073709551615",[true]]],"meta":{"values":["map",{"0.0":["bigint"],"0.1":["set"]}],"v":1}}"#
    );
}

#[test]
fn plain_json_values_are_unchanged() {
    assert_eq!(sent(&BTreeMap::from([("a", 1)])), r#"{"json":{"a":1}}"#);
    assert_eq!(sent(&(1_u32, "a", None::<Date>)), r#"{"json":[1,"a",null]}"#);
    assert_eq!(sent(&vec![Some(1.5)]), r#"{"json":[1.5]}"#);
    // The type says that this is a date, but browsers cannot parse it.
    assert_eq!(sent(&Date("tomorrow".to_owned())), r#"{"json":"tomorrow"}"#);
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Happened {
    At { time: Date },
    Said { time: String },
    Again { first: Box<Happened>, others: Vec<Happened> },
}

/// The variants have members with the same name and different types, and the type is recursive.
#[test]
fn the_sent_variant_decides_the_types_of_its_members() {
    let said = || Happened::Said { time: EPOCH.to_owned() };
    let at = || Happened::At { time: date() };
    let value: Value = serde_json::from_str(&sent(&Happened::Again {
        first: Box::new(at()),
        others: vec![said(), at(), Happened::Again { first: Box::new(said()), others: vec![at()] }],
    }))
    .expect("JSON");
    let dates = json!({"first.time": ["Date"], "others.1.time": ["Date"], "others.2.others.0.time": ["Date"]});
    assert_eq!(value["meta"]["values"], dates);
}

#[derive(Serialize, JsonSchema)]
struct Whole {
    #[serde(flatten)]
    part: Part,
    #[serde(flatten)]
    event: Happened,
    pair: (u64, Option<Date>),
    any: Untagged,
    #[serde(flatten)]
    others: BTreeMap<String, Date>,
}

#[derive(Serialize, JsonSchema)]
struct Part {
    count: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Untagged {
    Number(u64),
    Date(Date),
    #[expect(dead_code, reason = "it stands in the schema")]
    Text(String),
}

#[test]
fn members_are_found_wherever_their_type_is_declared() {
    let whole = Whole {
        part: Part { count: Some(1) },
        event: Happened::At { time: date() },
        pair: (2, Some(date())),
        any: Untagged::Date(date()),
        others: BTreeMap::from([("later".to_owned(), date())]),
    };
    let value: Value = serde_json::from_str(&sent(&whole)).expect("JSON");
    let mut found: Vec<_> = value["meta"]["values"].as_object().expect("an object").keys().collect();
    found.sort();
    assert_eq!(found, ["any", "count", "later", "pair.0", "pair.1", "time"]);
    assert_eq!(value["json"]["count"], "1");
    let number: Value = serde_json::from_str(&sent(&Whole { any: Untagged::Number(3), ..whole })).expect("JSON");
    assert_eq!(number["meta"]["values"]["any"], json!(["bigint"]));
}

#[test]
fn a_unit_variant_of_a_flattened_enum_fits() {
    #[derive(Serialize, JsonSchema)]
    enum Outer {
        Held(Held),
    }
    #[derive(Serialize, JsonSchema)]
    struct Held {
        date: Date,
        #[serde(flatten)]
        kind: Kind,
    }
    #[derive(Serialize, JsonSchema)]
    enum Kind {
        /// With a comment, it has its own schema.
        Unit,
        #[expect(dead_code, reason = "it stands in the schema")]
        Other(u8),
    }
    let text = sent(&Outer::Held(Held { date: date(), kind: Kind::Unit }));
    let value: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["json"]["Held"]["Unit"], Value::Null);
    assert_eq!(value["meta"]["values"], json!({"Held.date": ["Date"]}));
}

/// superjson refuses a reply that has an annotation below one of these keys, and a visitor may have
/// chosen the key.
#[test]
fn dangerous_keys_do_not_break_a_reply() {
    let dates = BTreeMap::from(["__proto__", "a", "constructor", "prototype"].map(|key| (key, date())));
    let value: Value = serde_json::from_str(&sent(&dates)).expect("JSON");
    assert_eq!(value["meta"]["values"], json!({"a": ["Date"]}));
    assert_eq!(value["json"]["constructor"], EPOCH);
}

/// The type decides what a `Map` becomes: an object for a map, a list of pairs for a list.
#[test]
fn a_map_is_read_as_its_type_requires() {
    let text = r#"{"json":[[1,"a"],["3","b"]],"meta":{"values":["map",{"1.0":["bigint"]}],"v":1}}"#;
    let of_map = Some(r#"{"1":"a","3":"b"}"#);
    assert_eq!(taken::<BTreeMap<u64, String>>(text).expect("good").as_deref(), of_map);
    assert_eq!(taken::<BTreeMap<String, String>>(text).expect("good").as_deref(), of_map);
    assert_eq!(taken::<Option<BTreeMap<u64, String>>>(text).expect("good").as_deref(), of_map);
    let of_list = Some(r#"[[1,"a"],[3,"b"]]"#);
    assert_eq!(taken::<Vec<(u64, String)>>(text).expect("good").as_deref(), of_list);
    assert_eq!(taken::<Option<Vec<(u64, String)>>>(text).expect("good").as_deref(), of_list);
    let dates = r#"{"json":[["1970-01-01T00:00:00.000Z",null],[true,1]],"meta":{"values":["map",{"0.0":["Date"],"0.1":["undefined"]}],"v":1}}"#;
    let expected = r#"{"1970-01-01T00:00:00.000Z":null,"true":1}"#;
    assert_eq!(decode(dates, None).expect("good").as_deref(), Some(expected));
}

#[test]
fn no_annotation_is_ignored() {
    for (json, meta) in [
        ("{}", r#"{"values":{"__proto__.x":["Date"]},"v":1}"#),
        ("{}", r#"{"values":{"a":["Date"]},"v":1}"#),
        ("[1]", r#"{"values":{"1":["Date"]},"v":1}"#),
        ("[1]", r#"{"values":{"-1":["Date"]},"v":1}"#),
        ("7", r#"{"values":{"a":["Date"]},"v":1}"#),
        (r#"{"a":1}"#, r#"{"values":{"a":["Date"]},"v":1}"#),
        (r#"{"a":"x"}"#, r#"{"values":{"a":["bigint"]},"v":1}"#),
        (r#"{"a":"1e9"}"#, r#"{"values":{"a":["bigint"]},"v":1}"#),
        (r#"{"a":"-"}"#, r#"{"values":{"a":["bigint"]},"v":1}"#),
        (r#"{"a":"07"}"#, r#"{"values":{"a":["bigint"]},"v":1}"#),
        (r#"{"a":"7"}"#, r#"{"values":{"a":["number"]},"v":1}"#),
        (r#"{"a":7}"#, r#"{"values":{"a":["undefined"]},"v":1}"#),
        (r#"{"a":{}}"#, r#"{"values":{"a":["set"]},"v":1}"#),
        (r#"{"a":[1]}"#, r#"{"values":{"a":["map"]},"v":1}"#),
        (r#"{"a":[[1]]}"#, r#"{"values":{"a":["map"]},"v":1}"#),
        (r#"{"a":[[{},1]]}"#, r#"{"values":{"a":["map"]},"v":1}"#),
        (r#"{"a":[[null,1]]}"#, r#"{"values":{"a":["map"]},"v":1}"#),
        (r#"{"a":"x"}"#, r#"{"values":{"a":["nope"]},"v":1}"#),
        (r#"{"a":"x"}"#, r#"{"values":{"a":[["nope","x"]]},"v":1}"#),
        (r#"{"a":"x"}"#, r#"{"values":{"a":[[]]},"v":1}"#),
        (r#"{"a":"x"}"#, r#"{"values":{"a":[]},"v":1}"#),
        (r#"{"a":"x"}"#, r#"{"values":{"a":["Date",{},1]},"v":1}"#),
        (r#"{"a":"x"}"#, r#"{"values":{"a":["Date",1]},"v":1}"#),
        (r#"{"a":"x"}"#, r#"{"values":{"a":7},"v":1}"#),
        (r#"{"a":["x"]}"#, r#"{"values":{"a.0":["Date"],"a":["set",{"0":["Date"]}]},"v":1}"#),
        (r#"{"a":"x"}"#, r#"{"values":{"a\\":["Date"]},"v":1}"#),
        (r#"{"a":"x"}"#, r#"{"values":7,"v":1}"#),
        (r#"{"a":"x"}"#, r#"{"values":{"a":["Date"]},"v":"1"}"#),
        (r#"{"a":"x"}"#, "7"),
        (r#"{"a":"x"}"#, "[]"),
        (r#"{"a":1,"b":null}"#, r#"{"referentialEqualities":{"a":["b"]},"v":1}"#),
        (r#"{"a":null}"#, r#"{"referentialEqualities":[["a"]],"v":1}"#),
        (r#"{"a":1}"#, r#"{"referentialEqualities":{"a":["b"]},"v":1}"#),
        (r#"{"a":1}"#, r#"{"referentialEqualities":{"a":7},"v":1}"#),
        (r#"{"a":1}"#, r#"{"referentialEqualities":7,"v":1}"#),
        (r#"{"a":1}"#, r#"{"referentialEqualities":[["a",7]],"v":1}"#),
        (r#"{"a":1}"#, r#"{"values":{"a":[["class","Money"]]},"v":1}"#),
        (r#"{"a":1}"#, r#"{"values":{"a":[["custom","decimal"]]},"v":1}"#),
        (r#"{"a":1}"#, r#"{"values":{"a":[["symbol","s"]]},"v":1}"#),
    ] {
        refusal(&format!(r#"{{"json":{json},"meta":{meta}}}"#));
    }
}

#[test]
fn invalid_superjson_is_refused() {
    for text in ["{}", "7", "[]", r#"{"a":1}"#, r#"{"meta":{}}"#, r#"{"json":1,"json":2}"#, "{", ""] {
        refusal(text);
    }
    let plain = decode(r#"{"json":{"a":[1]},"meta":null,"more":1}"#, None).expect("superjson reads it, too");
    assert_eq!(plain.as_deref(), Some(r#"{"a":[1]}"#));
}

#[test]
fn an_issue_names_the_value_that_cannot_be_sent() {
    let text = r#"{"json":{"a":[["x","/y/"]]},"meta":{"values":{"a":["map",{"0.1":["regexp"]}]},"v":1}}"#;
    assert_eq!(refusal(text), json!([{"field": "a.0.1", "message": "Invalid input: RegExp cannot be sent"}]));
}

/// The cost of an annotation is proportional to the length of its path. Long lists, long keys and
/// deep trees are read quickly.
#[test]
fn the_cost_is_linear_in_the_text() {
    let count = 20_000;
    let dates: Vec<_> = (0..count).map(|_| EPOCH).collect();
    let values: BTreeMap<_, _> = (0..count).map(|index| (format!("l.{index}"), ["Date"])).collect();
    let text = json!({"json": {"l": dates}, "meta": {"values": values, "v": 1}}).to_string();
    assert_eq!(decode(&text, None).expect("good").expect("a value"), json!({"l": dates}).to_string());

    let key = "k".repeat(500_000);
    let below: BTreeMap<_, _> = (0..count).map(|index| (index.to_string(), ["bigint"])).collect();
    let numbers = vec!["1"; count];
    let text = json!({"json": {&key: numbers}, "meta": {"values": {&key: ["set", below]}, "v": 1}}).to_string();
    assert_eq!(decode(&text, None).expect("good").expect("a value").len(), key.len() + 7 + 2 * count - 1);

    let deep = |depth: usize| format!(r#"{{"json":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(decode(&deep(100), None).is_ok());
    refusal(&deep(100_000));
    let path = vec!["0"; 100_000].join(".");
    refusal(&format!(r#"{{"json":[[]],"meta":{{"values":{{"{path}":["Date"]}},"v":1}}}}"#));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), "[01]|-0|NaN|ab".prop_map(Value::from)];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let members = prop::collection::vec(("[ab01]", inner.clone()), 0..3);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn tree() -> impl Strategy<Value = Value> {
    const NAMES: &[&str] = &["undefined", "bigint", "Date", "number", "set", "map", "URL", "regexp", "nope"];
    let leaf = prop::sample::select(NAMES).prop_map(|name| json!([name]));
    leaf.prop_recursive(3, 16, 3, |inner| {
        let below = prop::collection::vec(("[ab01](\\.[ab01])?", inner), 0..3);
        (prop::option::of(prop::sample::select(&["set", "map", "Date"][..])), below).prop_map(|(name, below)| {
            let below = Value::Object(below.into_iter().collect());
            name.map_or(below.clone(), |name| json!([name, below]))
        })
    })
}

proptest! {
    /// Any annotated JSON is decoded to valid JSON or refused with 400.
    #[test]
    fn any_annotations_are_read_or_refused(json in value(), values in tree()) {
        let text = json!({"json": json, "meta": {"values": values, "v": 1}}).to_string();
        for decoded in [decode(&text, None), taken::<BTreeMap<String, Vec<(u64, Option<Date>)>>>(&text)] {
            match decoded {
                Ok(Some(read)) => prop_assert!(serde_json::from_str::<Value>(&read).is_ok(), "{read}"),
                Ok(None) => {}
                Err(error) => prop_assert_eq!(error.status(), 400),
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = decode(&text, None);
    }

    /// Decoding what was encoded gives the original value.
    #[test]
    fn output_can_be_read_again(
        numbers in prop::collection::btree_map(any::<i64>(), prop::option::of(any::<u64>()), 0..4),
        dates in prop::collection::btree_map("[a.\\\\]{0,3}", prop::collection::vec(Just(date()), 0..3), 0..4),
    ) {
        #[derive(Serialize, JsonSchema)]
        struct Both { numbers: BTreeMap<i64, Option<u64>>, dates: BTreeMap<String, Vec<Date>> }
        let both = Both { numbers, dates };
        let read = taken::<Both>(&sent(&both)).expect("good").expect("a value");
        prop_assert_eq!(read, serde_json::to_string(&both).expect("JSON"));
    }
}
