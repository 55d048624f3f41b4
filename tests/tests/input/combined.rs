//! Tests attributes and types in combinations that random types have shown to be difficult.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Deserializer};
use velox_rpc::schema;

use crate::beside::{sent, told};
use crate::exact_input::{echo, read};

/// A type that `Whole` is read as, by a function. serde stops at its first error.
#[schema]
#[serde(deny_unknown_fields)]
struct Parts {
    words: Vec<String>,
    wide: Vec<u128>,
    strict: Option<Strict>,
    by_number: Option<BTreeMap<u8, u8>>,
    event: Option<Event>,
    events: Option<Vec<Event>>,
}

#[schema]
#[serde(deny_unknown_fields)]
struct Strict {
    a: u8,
    event: Option<Event>,
}

#[schema]
#[serde(tag = "kind")]
enum Event {
    Moved { to: u8, near: [u8; 2], next: Option<Box<Event>> },
}

#[schema]
#[serde(transparent)]
struct Whole {
    #[serde(deserialize_with = "Parts::deserialize")]
    parts: Parts,
}

#[tokio::test]
async fn the_first_error_of_a_reader_is_at_its_place() {
    for (body, issue) in [
        (r#"{"words":[{}],"wide":[]}"#, "words[0]: Expected string, received object"),
        (r#"{"words":["a", []],"wide":[]}"#, "words[1]: Expected string, received array"),
        (r#"{"words": {"a":1},"wide":[]}"#, "words: Expected array, received object"),
        (r#"{"words":[null],"wide":[]}"#, "words[0]: Expected string, received null"),
        (r#"{"words":[],"wide":[[1]]}"#, "wide[0]: Invalid input"),
        (r#"{"words":[],"wide":[{"a":1}]}"#, "wide[0]: Invalid input"),
        (r#"{"words":[],"wide":[1,1.5]}"#, "wide[1]: Invalid input"),
        (r#"{"words":[],"wide":[],"strict":{"a":1,"c":2}}"#, "strict: Unrecognized key(s) in object: 'c'"),
        (
            r#"{"words":[],"wide":[],"strict":{"x`, expected y":2}}"#,
            "strict: Unrecognized key(s) in object: 'x`, expected y'",
        ),
        (r#"{"words":[],"wide":[],"byNumber":{"a":1}}"#, "byNumber: Invalid input"),
    ] {
        assert_eq!(sent::<Whole>(body).await, told(&[issue]), "{body}");
    }
}

/// serde reports an error inside a value that it has buffered at the end of that value.
#[tokio::test]
async fn an_error_in_a_buffered_value_has_no_false_message() {
    for event in [
        r#"{"kind":"moved","to":1.5,"near":[1,2]}"#,
        r#"{"kind":"moved","to":256,"near":[1,2]}"#,
        r#"{"kind":"moved","to":1,"near":5}"#,
        r#"{"kind":"moved","to":1,"near":[1]}"#,
        r#"{"kind":"moved","to":1,"near":[1,2],"next":{"to":1}}"#,
    ] {
        let body = format!(r#"{{"event":{event},"words":[],"wide":[]}}"#);
        assert_eq!(sent::<Whole>(&body).await, told(&["event: Invalid input"]), "{body}");
    }
    let body = r#"{"events":[[]],"words":[],"wide":[]}"#;
    assert_eq!(sent::<Whole>(body).await, told(&["events[0]: Invalid input"]));
}

#[tokio::test]
async fn a_type_that_is_read_as_another_has_all_issues_of_the_other() {
    #[schema]
    #[serde(try_from = "Dates")]
    struct Period {
        #[validate(range(min = 2))]
        days: u8,
    }
    #[schema]
    #[serde(deny_unknown_fields)]
    struct Dates {
        /// Nobody checks this rule.
        #[validate(range(max = 9))]
        first: u8,
        last: u8,
        event: Option<Event>,
    }
    impl TryFrom<Dates> for Period {
        type Error = &'static str;

        fn try_from(Dates { first, last, .. }: Dates) -> Result<Self, &'static str> {
            Ok(Self { days: last.checked_sub(first).ok_or("The last day is before the first")? })
        }
    }
    #[schema]
    struct Trip {
        #[validate(nested)]
        period: Period,
        others: Vec<Period>,
        name: String,
    }
    let name = "name: Required";
    for (period, issues) in [
        (r#"{"first":10,"last":20.0}"#, vec![]),
        (r#"{"first":2,"last":1}"#, vec!["period: The last day is before the first"]),
        (r#"{"first":1.0,"last":2.0}"#, vec!["period.days: Invalid input"]),
        (r#"{"first":"a"}"#, vec!["period.first: Expected number, received string", "period.last: Required"]),
        (r#"{"first":1,"last":9,"more":1}"#, vec!["period: Unrecognized key(s) in object: 'more'"]),
        ("[1,9]", vec!["period: Expected object, received array"]),
        (
            r#"{"first":1,"last":9,"event":{"kind":"moved","to":256,"near":[1]}}"#,
            vec![
                "period.event.to: Number must be less than or equal to 255",
                "period.event.near: Array must contain exactly 2 element(s)",
            ],
        ),
    ] {
        let alone = sent::<Trip>(&format!(r#"{{"period":{period},"others":[],"name":"a"}}"#)).await.err();
        assert_eq!(alone.unwrap_or_default(), issues, "{period}");
        let beside = sent::<Trip>(&format!(r#"{{"period":{period},"others":[]}}"#)).await.err();
        assert_eq!(beside.unwrap_or_default(), [issues, vec![name]].concat(), "{period}");
    }
    let others = r#"{"period":{"first":1,"last":5},"others":[{"first":5,"last":1},{"first":1,"last":1}],"name":"a"}"#;
    assert_eq!(sent::<Trip>(others).await, told(&["others[0]: The last day is before the first"]));
}

#[tokio::test]
async fn the_rules_of_a_rewritten_number_are_checked_beside_other_issues() {
    #[schema]
    struct Order {
        #[validate(custom(function = "even"))]
        count: u8,
        #[serde(deserialize_with = "halved")]
        half: u8,
        name: String,
    }
    fn even(count: u8) -> Result<(), validator::ValidationError> {
        if count.is_multiple_of(2) {
            Ok(())
        } else {
            Err(validator::ValidationError::new("odd").with_message("Odd".into()))
        }
    }
    let [odd, half, name] = ["count: Odd", "half: Only even numbers", "name: Required"];
    assert_eq!(sent::<Order>(r#"{"count":1.0,"half":1.0}"#).await, told(&[odd, half, name]));
    assert_eq!(sent::<Order>(r#"{"count":1.0,"half":2.0,"name":"a"}"#).await, told(&[odd]));
    assert_eq!(sent::<Order>(r#"{"count":2.0,"half":2.0}"#).await, told(&[name]));
    assert!(sent::<Order>(r#"{"count":2.0,"half":2.0,"name":"a"}"#).await.is_ok());
}

fn halved<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let number = u8::deserialize(deserializer)?;
    if number.is_multiple_of(2) { Ok(number / 2) } else { Err(serde::de::Error::custom("Only even numbers")) }
}

#[tokio::test]
async fn a_rule_sees_what_the_reader_of_a_field_has_made_of_it() {
    #[schema]
    struct Cut {
        #[serde(deserialize_with = "halved")]
        #[validate(range(max = 10), multiple_of = 2)]
        half: u8,
        #[serde(deserialize_with = "doubled")]
        #[validate(length(min = 2, max = 4))]
        items: Vec<u8>,
        name: String,
    }
    fn doubled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        Ok(Vec::<u8>::deserialize(deserializer)?.repeat(2))
    }
    let name = "name: Required";
    for (half, items, told) in [
        ("20", "[1]", vec![]),
        ("20.0", "[1,2]", vec![]),
        (
            "24",
            "[]",
            vec!["half: Number must be less than or equal to 10", "items: Array must contain at least 2 element(s)"],
        ),
        (
            "6",
            "[1,2,3]",
            vec!["half: Number must be a multiple of 2", "items: Array must contain at most 4 element(s)"],
        ),
    ] {
        let alone = sent::<Cut>(&format!(r#"{{"half":{half},"items":{items},"name":"a"}}"#)).await.err();
        assert_eq!(alone.unwrap_or_default(), told, "{half} {items}");
        let beside = sent::<Cut>(&format!(r#"{{"half":{half},"items":{items}}}"#)).await.err();
        assert_eq!(beside.unwrap_or_default(), [told, vec![name]].concat(), "{half} {items}");
    }
}

#[tokio::test]
async fn a_required_field_may_have_a_message_and_a_default() {
    #[schema]
    struct Wish {
        #[serde(default = "red")]
        #[validate(required(message = "No color"))]
        color: Option<String>,
        #[serde(default)]
        #[validate(required(message = "No size", code = "size"))]
        size: Option<u8>,
        count: u8,
    }
    fn red() -> Option<String> {
        Some("red".to_owned())
    }
    assert_eq!(sent::<Wish>(r#"{"size":1,"count":1}"#).await, Ok(r#"{"color":"red","size":1,"count":1}"#.to_owned()));
    assert_eq!(
        sent::<Wish>(r#"{"count":"a"}"#).await,
        told(&["size: No size", "count: Expected number, received string"])
    );
    assert_eq!(
        sent::<Wish>(r#"{"color":null,"size":null}"#).await,
        told(&["color: No color", "size: No size", "count: Required"])
    );
}

#[tokio::test]
async fn a_derive_behind_a_cfg_attr_changes_nothing() {
    #[schema]
    #[cfg_attr(test, derive(PartialEq))]
    struct Wish {
        #[validate(required(message = "No color"))]
        #[cfg_attr(test, allow(dead_code))]
        color: Option<String>,
        #[validate(range(max = 3))]
        count: u8,
    }
    assert_eq!(sent::<Wish>("{}").await, told(&["color: No color", "count: Required"]));
    let issues = ["color: No color", "count: Number must be less than or equal to 3"];
    assert_eq!(sent::<Wish>(r#"{"color":null,"count":4}"#).await, told(&issues));
}

#[tokio::test]
async fn only_a_nested_field_checks_what_is_required_inside() {
    #[schema]
    struct Item {
        #[validate(required)]
        name: Option<String>,
        #[serde(default)]
        #[validate(required(message = "No size"))]
        size: Option<u8>,
    }
    #[schema]
    struct Items {
        plain: Item,
        #[validate(nested)]
        nested: Option<Item>,
        count: u8,
    }
    let [name, size, count] = ["nested.name: Required", "nested.size: No size", "count: Required"];
    for item in ["{}", r#"{"name":null,"size":null}"#] {
        assert!(sent::<Items>(&format!(r#"{{"plain":{item},"count":1}}"#)).await.is_ok(), "{item}");
        assert_eq!(sent::<Items>(&format!(r#"{{"plain":{item}}}"#)).await, told(&[count]), "{item}");
        let both = format!(r#"{{"plain":{item},"nested":{item}}}"#);
        assert_eq!(sent::<Items>(&both).await, told(&[name, size, count]), "{item}");
    }
}

#[tokio::test]
async fn a_parameter_of_a_type_may_be_in_a_double_option() {
    #[schema]
    struct Patch<T, U> {
        value: Option<Option<T>>,
        other: Option<Option<Vec<U>>>,
    }
    for body in [r#"{}"#, r#"{"value":null}"#, r#"{"value":1,"other":["a"]}"#] {
        assert_eq!(sent::<Patch<u8, String>>(body).await, Ok(body.to_owned()));
    }
    let issues = ["value: Expected number, received string", "other[0]: Expected string, received number"];
    assert_eq!(sent::<Patch<u8, String>>(r#"{"value":"a","other":[1]}"#).await, told(&issues));

    // Bounds of the user stay alone.
    #[schema]
    struct Field<T> {
        #[serde(bound(deserialize = "T: Deserialize<'de>"))]
        value: Option<Option<T>>,
    }
    #[schema]
    struct Owned<T: serde::de::DeserializeOwned> {
        value: Option<Option<T>>,
    }
    for body in [r#"{"value":null}"#, r#"{"value":1}"#] {
        assert_eq!(sent::<Field<u8>>(body).await, Ok(body.to_owned()));
        assert_eq!(sent::<Owned<u8>>(body).await, Ok(body.to_owned()));
    }
}

#[tokio::test]
async fn an_enum_or_a_unit_struct_behind_a_tag_gets_all_other_fields() {
    #[schema]
    struct Nothing;
    #[schema]
    enum Owner {
        User { id: u8 },
        Team(String),
        Nobody,
    }
    #[schema]
    struct Held {
        #[serde(flatten)]
        owner: Owner,
        count: u8,
    }
    #[schema]
    #[serde(tag = "kind")]
    enum Place {
        Nothing(Nothing),
        Owner(Owner),
        Held(Held),
    }
    #[schema]
    struct Two {
        place: Place,
        name: String,
    }
    let [name, whole] = ["name: Required", "place: Invalid input"];
    for (place, issues) in [
        (r#"{"kind":"nothing"}"#, vec![]),
        (r#"{"kind":"nothing","more":1}"#, vec!["place: Expected null, received object"]),
        (r#"{"kind":"owner","nobody":null}"#, vec![]),
        (r#"{"kind":"owner","team":"a"}"#, vec![]),
        (r#"{"kind":"owner","team":"a","more":1}"#, vec!["place: Unrecognized key(s) in object: 'more'"]),
        (r#"{"kind":"owner","team":"a","user":1}"#, vec!["place: Unrecognized key(s) in object: 'user'"]),
        (r#"{"kind":"owner"}"#, vec![whole]),
        (r#"{"kind":"held","team":"a","count":1,"more":1}"#, vec![]),
    ] {
        let alone = sent::<Two>(&format!(r#"{{"place":{place},"name":"a"}}"#)).await.err().unwrap_or_default();
        assert_eq!(alone, issues, "{place}");
        let beside = sent::<Two>(&format!(r#"{{"place":{place}}}"#)).await.err().unwrap_or_default();
        assert_eq!(beside, [issues, vec![name]].concat(), "{place}");
    }
}

#[tokio::test]
async fn a_text_whose_type_only_a_reader_knows_is_converted() {
    #[schema]
    struct Search {
        #[serde(deserialize_with = "lower")]
        words: Vec<String>,
        #[serde(deserialize_with = "sum", default)]
        sum: u32,
    }
    #[schema]
    #[serde(tag = "by", content = "limit")]
    enum Limit {
        Name(String),
        Number(i128),
        Size(u128),
    }
    fn lower<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        Ok(Vec::<String>::deserialize(deserializer)?.iter().map(|word| word.to_lowercase()).collect())
    }
    fn sum<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        Ok(Vec::<u32>::deserialize(deserializer)?.iter().sum())
    }
    let search = echo::<Search>();
    assert_eq!(read(&search, "words=A&sum=3").await, Ok(r#"{"words":["a"],"sum":3}"#.to_owned()));
    assert_eq!(read(&search, "words=A&words=7&sum=3&sum=4").await, Ok(r#"{"words":["a","7"],"sum":7}"#.to_owned()));
    assert_eq!(read(&search, "words=1&sum=a").await, told(&["sum[0]: Expected number, received nan"]));
    let limit = echo::<Limit>();
    for (query, json) in [
        ("by=name&limit=7", r#"{"by":"name","limit":"7"}"#),
        ("by=number&limit=-7", r#"{"by":"number","limit":-7}"#),
        ("by=size&limit=7", r#"{"by":"size","limit":7}"#),
    ] {
        assert_eq!(read(&limit, query).await, Ok(json.to_owned()), "{query}");
    }
    assert_eq!(read(&limit, "by=number&limit=a").await, told(&["limit: Expected number, received nan"]));
    assert_eq!(read(&limit, "by=size&limit=-1").await, told(&["limit: Number must be greater than or equal to 0"]));
}

/// serde_json begins such a key after its first byte, which may be in the middle of a character.
#[tokio::test]
async fn a_map_with_booleans_as_keys_refuses_all_other_keys() {
    #[schema]
    #[derive(PartialEq, Eq, Hash)]
    struct Flag(bool);
    #[schema]
    struct Flags {
        by_flag: HashMap<Flag, u8>,
        by_bool: Option<BTreeMap<bool, u8>>,
        #[serde(default, deserialize_with = "flags")]
        read: u8,
    }
    fn flags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
        Ok(BTreeMap::<bool, u8>::deserialize(deserializer)?.into_values().sum())
    }
    let good = r#"{"byFlag":{"true":1},"byBool":{"false":2,"true":3},"read":0}"#;
    assert_eq!(sent::<Flags>(&good.replace('0', "{}")).await, Ok(good.to_owned()));
    let issues = told(&[
        "byFlag: Unrecognized key(s) in object: 'é', '', 'truer'",
        "byBool: Unrecognized key(s) in object: '日本'",
    ]);
    assert_eq!(sent::<Flags>(r#"{"byFlag":{"é":1,"true":1,"":1,"truer":1},"byBool":{"日本":1}}"#).await, issues);
    assert_eq!(sent::<Flags>(r#"{"byFlag":{},"read":{"é":1}}"#).await, told(&["read: Invalid input"]));

    #[schema]
    #[serde(from = "HashMap<bool, u8>")]
    struct Sum(u8);
    impl From<HashMap<bool, u8>> for Sum {
        fn from(flags: HashMap<bool, u8>) -> Self {
            Self(flags.into_values().sum())
        }
    }
    assert_eq!(sent::<Sum>(r#"{"true":1,"false":2}"#).await, Ok("3".to_owned()));
    assert_eq!(sent::<Sum>(r#"{"é":1}"#).await, told(&[": Unrecognized key(s) in object: 'é'"]));
}

/// serde reads a number that it has buffered as infinite if it is beyond `f32`.
#[tokio::test]
async fn no_float_is_infinite() {
    #[schema]
    struct Size {
        width: f32,
        heights: Option<Vec<f32>>,
    }
    #[schema]
    #[serde(untagged)]
    enum Either {
        Size(Size),
        Name(String),
    }
    #[schema]
    struct Sizes {
        own: Option<f32>,
        #[serde(flatten)]
        flat: Size,
        either: Option<Either>,
    }
    let good = r#"{"own":-3e38,"width":3.4e38,"heights":[1e-50],"either":{"width":1e38}}"#;
    assert!(sent::<Sizes>(good).await.is_ok());
    let digits = format!(r#"{{"width":1{}}}"#, "0".repeat(39));
    for (body, issue) in [
        (r#"{"own":1e39,"width":1}"#, "own: Invalid input"),
        (r#"{"width":1E39}"#, "width: Invalid input"),
        (r#"{"width":3.5e38}"#, "width: Invalid input"),
        (digits.as_str(), "width: Invalid input"),
        (r#"{"width":1,"heights":[1,-1.0e39]}"#, "heights[1]: Invalid input"),
        (r#"{"width":1,"either":{"width":1e39}}"#, "either: Invalid input"),
    ] {
        assert_eq!(sent::<Sizes>(body).await, told(&[issue]), "{body}");
    }
}
