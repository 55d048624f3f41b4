//! Finds integers that may exceed 2^53, the limit up to which JavaScript's `number` is exact.

use serde_json::{Map, Value};

use crate::router::beyond_json::wide_bits;

/// The TypeScript type of integers with 64 bits or more. Set it with
/// [`TypeScript::wide_integers`](super::TypeScript::wide_integers).
///
/// # Examples
///
/// See [`TypeScript::wide_integers`](super::TypeScript::wide_integers).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WideIntegers {
    /// Uses `number`, which is what `JSON.parse` returns.
    #[default]
    Number,
    /// Uses `string`. (The variant is not called `String`, since the compiler would then write
    /// `std::string::String` in all messages.)
    Text,
    /// Uses `bigint`. The router type for tRPC then requires a `transformer` in the links, since
    /// tRPC has no `bigint` without one. Your transformer has to write a `bigint` as a JSON number.
    BigInt,
}

impl WideIntegers {
    /// Returns the TypeScript type of an integer.
    pub(super) fn type_of(self, members: &Map<String, Value>) -> &'static str {
        match self {
            Self::Text if wide_bits(members).is_some() => "string",
            Self::BigInt if wide_bits(members).is_some() => "bigint",
            _ => "number",
        }
    }

    /// Returns a note for the comment of a type that has wide integers. Members of objects and
    /// named types get their own notes.
    pub(super) fn note(self, schema: &Value) -> Option<String> {
        let bits = widest(schema)?;
        let plural = if schema.get("format").is_some() { "" } else { "s" };
        let limit = if self == Self::Number { ", exact up to 2^53" } else { "" };
        Some(format!("{bits}-bit integer{plural}{limit}."))
    }
}

/// Returns the bits of the widest integer in a type, or `None` if a `number` holds all of them.
fn widest(schema: &Value) -> Option<u32> {
    match schema {
        Value::Object(members) => {
            let parts = ["items", "prefixItems", "anyOf", "oneOf", "allOf", "additionalProperties"];
            let keys =
                members.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(|keys| keys.values());
            let parts = parts.iter().filter_map(|keyword| members.get(*keyword)).chain(keys);
            parts.filter_map(widest).chain(wide_bits(members)).max()
        }
        Value::Array(schemas) => schemas.iter().filter_map(widest).max(),
        _ => None,
    }
}
