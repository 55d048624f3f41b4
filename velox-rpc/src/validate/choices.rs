//! `enum` and `const`: values that are listed.

use serde_json::Value;

use crate::validate::text;
use crate::validate::types::{Types, type_name};

#[derive(Clone, Debug)]
pub(super) struct Choices {
    pub(super) values: Vec<Value>,
    /// Given as `const`, for which Zod has a text of its own.
    pub(super) is_literal: bool,
    /// The options as texts show them, null left out.
    options: String,
}

/// Why a value is none of the choices.
pub(super) enum Refusal {
    /// Not even their type: there is nothing more to say of it.
    Type(String),
    Value(String),
}

impl Choices {
    pub(super) fn new(values: Vec<Value>, is_literal: bool) -> Choices {
        let shown = values.iter().filter(|value| !value.is_null()).map(|value| match value {
            Value::String(option) => format!("'{option}'"),
            other => other.to_string(),
        });
        let options = shown.collect::<Vec<_>>().join(" | ");
        Choices { values, is_literal, options }
    }

    /// Texts only, null aside.
    pub(super) fn is_text(&self) -> bool {
        self.values.iter().all(|value| value.is_string() || value.is_null())
    }

    pub(super) fn only_text(&self) -> Option<&str> {
        match self.values.as_slice() {
            [Value::String(only)] => Some(only),
            _ => None,
        }
    }

    pub(super) fn refuse(&self, value: &Value) -> Option<Refusal> {
        if self.values.contains(value) {
            return None;
        }
        if self.is_literal {
            return Some(Refusal::Value(self.literal_text()));
        }
        let is_of_type = self.values.iter().any(|choice| Types::of(choice) == Types::of(value));
        Some(if is_of_type {
            Refusal::Value(text::enum_value(&self.options))
        } else {
            Refusal::Type(text::expected(&self.options, type_name(value)))
        })
    }

    /// Zod says this of a missing key as well.
    pub(super) fn literal_text(&self) -> String {
        let expected = self.values.iter().find(|value| !value.is_null()).unwrap_or(&Value::Null);
        text::literal(&expected.to_string())
    }
}
