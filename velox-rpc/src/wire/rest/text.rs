//! Turns strings from the path and the query into JSON, according to the type that the schema gives
//! each field. If the reader of a field expects another type, [`validate`](crate::validate)
//! converts the value.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::error::Type;
use crate::procedure::InputShape;
use crate::validate::{TextType, converted};

/// The fields of a path and a query, each with all its strings.
#[derive(Default)]
pub(crate) struct Fields<'a> {
    order: Vec<(Cow<'a, str>, Vec<Cow<'a, str>>)>,
    places: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Fields<'a> {
    /// Adds a string to a field. A repeated key makes a list.
    pub(crate) fn add(&mut self, name: Cow<'a, str>, text: Cow<'a, str>) {
        if let Some(place) = self.places.get(&name) {
            self.order[*place].1.push(text);
        } else {
            self.places.insert(name.clone(), self.order.len());
            self.order.push((name, vec![text]));
        }
    }

    /// Returns the fields as a JSON object, and whether it contains a list. An empty string for an
    /// optional field is left out, unless the field accepts an empty string. Forms send such
    /// strings for fields that nobody has filled in.
    pub(crate) fn to_json(&self, shape: &InputShape) -> (String, bool) {
        let mut has_lists = false;
        let mut json = String::from("{");
        for (name, texts) in &self.order {
            let (field, wanted) = (shape.field(name), shape.text_type(name));
            let is_unfilled = matches!(texts.as_slice(), [text] if text.is_empty())
                && field.is_some_and(|field| !field.is_required && !field.text.may_be_empty());
            if is_unfilled {
                continue;
            }
            if json.len() > 1 {
                json.push(',');
            }
            push_text(&mut json, name);
            json.push(':');
            has_lists |= push_all(&mut json, texts, wanted);
        }
        json.push('}');
        (json, has_lists)
    }
}

/// Writes all strings of a field. Returns whether it has written a list.
fn push_all(json: &mut String, texts: &[Cow<'_, str>], wanted: Option<&TextType>) -> bool {
    let item = match (texts, wanted) {
        (_, Some(TextType::List(item))) => Some(&**item),
        ([text], wanted) => {
            push(json, text, wanted);
            return false;
        }
        (_, wanted) => wanted,
    };
    json.push('[');
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        push(json, text, item);
    }
    json.push(']');
    true
}

/// Writes one string as the wanted type. If it does not fit that type, it is written as a JSON
/// string, so that the reader of the field refuses it.
pub(super) fn push(json: &mut String, text: &str, wanted: Option<&TextType>) {
    let converted = match wanted {
        Some(TextType::Number) => converted(text, Type::Number),
        Some(TextType::Boolean) => converted(text, Type::Boolean),
        Some(TextType::List(item)) => {
            json.push('[');
            push(json, text, Some(item));
            return json.push(']');
        }
        _ => None,
    };
    match converted {
        Some(converted) => json.push_str(&converted),
        None => push_text(json, text),
    }
}

fn push_text(json: &mut String, text: &str) {
    json.push_str(&serde_json::to_string(text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(text: &str, wanted: &TextType) -> String {
        let mut json = String::new();
        push(&mut json, text, Some(wanted));
        json
    }

    #[test]
    fn text_stays_text_unless_the_schema_asks_for_more() {
        assert_eq!(pushed("2", &TextType::Text), "\"2\"");
        assert_eq!(pushed("true", &TextType::Boolean), "true");
        assert_eq!(pushed("yes", &TextType::Boolean), "\"yes\"");
        let list = TextType::List(Box::new(TextType::Number));
        let mut json = String::new();
        assert!(push_all(&mut json, &["1".into()], Some(&list)));
        assert!(push_all(&mut json, &["1".into(), "2".into()], Some(&TextType::Text)));
        assert!(!push_all(&mut json, &["1".into()], Some(&TextType::Text)));
        assert_eq!(json, "[1][\"1\",\"2\"]\"1\"");
    }
}
