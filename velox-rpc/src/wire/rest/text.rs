//! Path and query text, turned into JSON by the type that the schema gives to the field.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use crate::procedure::InputShape;
use crate::validate::TextType;

/// The fields of a path and a query, each with all its texts.
#[derive(Default)]
pub(super) struct Fields<'a> {
    order: Vec<(Cow<'a, str>, Vec<Cow<'a, str>>)>,
    places: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Fields<'a> {
    /// Adds a text to a field: a repeated key is a list.
    pub(super) fn add(&mut self, name: Cow<'a, str>, text: Cow<'a, str>) {
        if let Some(place) = self.places.get(&name) {
            self.order[*place].1.push(text);
        } else {
            self.places.insert(name.clone(), self.order.len());
            self.order.push((name, vec![text]));
        }
    }

    /// The fields as a JSON object, and whether a list stands in it.
    pub(super) fn to_json(&self, shape: &InputShape) -> (String, bool) {
        let mut has_lists = false;
        let object: Map<String, Value> = self
            .order
            .iter()
            .map(|(name, texts)| {
                let value = coerce_all(texts, shape.text_type(name));
                has_lists |= value.is_array();
                (name.clone().into_owned(), value)
            })
            .collect();
        (Value::Object(object).to_string(), has_lists)
    }
}

fn coerce_all(texts: &[Cow<'_, str>], wanted: Option<&TextType>) -> Value {
    match (texts, wanted) {
        (texts, Some(TextType::List(item))) => {
            Value::Array(texts.iter().map(|text| coerce(text, Some(item))).collect())
        }
        ([text], wanted) => coerce(text, wanted),
        (texts, wanted) => Value::Array(texts.iter().map(|text| coerce(text, wanted)).collect()),
    }
}

/// One text as the type that is wanted; left as it is where it is none, so that the schema's own check tells.
pub(super) fn coerce(text: &str, wanted: Option<&TextType>) -> Value {
    let coerced = match wanted {
        Some(TextType::Number | TextType::Integer) => number(text).map(Value::Number),
        Some(TextType::Boolean) => boolean(text).map(Value::Bool),
        Some(TextType::List(item)) => return Value::Array(vec![coerce(text, Some(item))]),
        Some(TextType::Text | TextType::Any) | None => None,
    };
    coerced.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// A decimal number. A whole number is an integer however it is written (`5.0`, `1e3`), as in JavaScript.
fn number(text: &str) -> Option<Number> {
    let text = text.trim_ascii();
    if let Ok(number) = text.parse::<i64>() {
        return Some(number.into());
    }
    if let Ok(number) = text.parse::<u64>() {
        return Some(number.into());
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within ±2^53")]
        return Some((number as i64).into());
    }
    Number::from_f64(number)
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// Up to here an `f64` holds every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("2", json!(2)),
            ("-7", json!(-7)),
            ("1.5", json!(1.5)),
            ("5.0", json!(5)),
            ("1e3", json!(1000)),
            (" 3 ", json!(3)),
            ("18446744073709551615", json!(u64::MAX)),
            ("abc", json!("abc")),
            ("", json!("")),
            ("NaN", json!("NaN")),
            ("inf", json!("inf")),
            ("1e999", json!("1e999")),
            ("0x10", json!("0x10")),
        ] {
            assert_eq!(coerce(text, Some(&TextType::Number)), expected, "{text}");
        }
    }

    #[test]
    fn text_stays_text_unless_the_schema_asks_for_more() {
        assert_eq!(coerce("2", Some(&TextType::Text)), json!("2"));
        assert_eq!(coerce("2", Some(&TextType::Any)), json!("2"));
        assert_eq!(coerce("true", Some(&TextType::Boolean)), json!(true));
        assert_eq!(coerce("yes", Some(&TextType::Boolean)), json!("yes"));
        let list = TextType::List(Box::new(TextType::Integer));
        assert_eq!(coerce_all(&["1".into()], Some(&list)), json!([1]));
        assert_eq!(coerce_all(&["1".into(), "2".into()], Some(&TextType::Any)), json!(["1", "2"]));
    }
}
