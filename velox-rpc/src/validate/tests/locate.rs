//! `path_at`, with the positions that serde_json really gives.

use std::collections::HashMap;
use std::fmt;

use proptest::prelude::{any, proptest};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use crate::validate::path_at;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the types are only read into")]
struct Order {
    name: Option<Odd>,
    items: Vec<Item>,
    map: Option<HashMap<String, Odd>>,
    pair: Option<(u8, u8)>,
    by_number: Option<HashMap<u8, u8>>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "the types are only read into")]
struct Item {
    qty: Odd,
    more: Option<Vec<Vec<Odd>>>,
}

/// Stricter than its schema would say, and says so while it reads.
#[derive(Debug)]
struct Odd;

impl<'de> Deserialize<'de> for Odd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Odd, D::Error> {
        deserializer.deserialize_u64(Odd)
    }
}

impl Visitor<'_> for Odd {
    type Value = Odd;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an odd number")
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Odd, E> {
        if value % 2 == 1 { Ok(Odd) } else { Err(E::custom("even")) }
    }
}

/// Refuses what it has already read: serde_json learns of it only when the value around it ends.
#[derive(Debug, Deserialize)]
#[serde(try_from = "u64")]
struct LateOdd;

impl TryFrom<u64> for LateOdd {
    type Error = &'static str;

    fn try_from(value: u64) -> Result<LateOdd, Self::Error> {
        if value % 2 == 1 { Ok(LateOdd) } else { Err("even") }
    }
}

#[test]
fn the_path_is_that_of_the_value_that_was_refused() {
    for (text, path) in [
        (r#"{"name": 2, "items": []}"#, "name"),
        (r#"{"items": [{"qty": 1}, {"qty": 22}]}"#, "items[1].qty"),
        ("{\n  \"items\": [\n    {\"qty\": 1},\n    {\"qty\":\n  4 }]}", "items[1].qty"),
        (r#"{"items": [{"qty": 1, "more": [[1], [], [1, 3, 2]]}]}"#, "items[0].more[2][2]"),
        (r#"{"items": [{"qty": "a\"}]"}]}"#, "items[0].qty"),
        (r#"{"items": [{"qty": {"a": [1, 2]}}]}"#, "items[0].qty"),
        (r#"{"items": [{"qty": [1]}]}"#, "items[0].qty"),
        (r#"{"items": [{"qty": null}]}"#, "items[0].qty"),
        (r#"{"items": [{"qty": 1}, {}, {"qty": 1}]}"#, "items[1]"),
        (r#"{"items": [{"qty": 1}, 5]}"#, "items[1]"),
        (r#"{"items": {}}"#, "items"),
        (r#"{"items": [], "map": {"a.b": 1, "é\"\u00e9": 2}}"#, "map.é\"é"),
        (r#"{"items": [], "pair": [1]}"#, "pair"),
        (r#"{"items": [], "pair": [1, 2, 3]}"#, "pair[2]"),
        (r#"{"items": [], "pair": [1, -2]}"#, "pair[1]"),
        (r#"{"items": [], "by_number": {"1": 1, "x": 2}}"#, "by_number"),
        (r#"{"items": [], "hunter2": 2}"#, ""),
        (r#"{"name": 1}"#, ""),
        ("7", ""),
        ("[]", ""),
    ] {
        let error = serde_json::from_str::<Order>(text).expect_err("the text is refused");
        assert_eq!(path_at(text, error.line(), error.column()), path, "{text} {error}");
    }
}

#[test]
fn a_refusal_after_reading_is_told_of_the_value_or_of_the_one_around_it() {
    for (text, path) in [(r#"[{"a": 2}, {"a": 1}]"#, "[0]"), (r#"[{"a": 1}, {"a": 2, "b": 1}]"#, "[1].a")] {
        let error = serde_json::from_str::<Vec<HashMap<String, LateOdd>>>(text).expect_err("the text is refused");
        assert_eq!(path_at(text, error.line(), error.column()), path, "{text} {error}");
    }
}

proptest! {
    #[test]
    fn no_text_and_no_position_makes_it_panic(text in any::<String>(), line in 0..5usize, column in 0..50usize) {
        path_at(&text, line, column);
        path_at(&text, line, usize::MAX);
    }

    #[test]
    fn nor_does_broken_json(text in r#"[\[\]{}:,"\\a1é \n]{0,40}"#, line in 0..4usize, column in 0..45usize) {
        path_at(&text, line, column);
    }
}
