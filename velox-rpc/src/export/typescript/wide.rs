//! Integers that may be beyond 2^53, up to which a `number` of JavaScript is exact.

use serde_json::{Map, Value};

use crate::router::beyond_json::wide_bits;

/// The type of integers of 64 bits and more. Set by [`TypeScript::wide_integers`](super::TypeScript::wide_integers).
///
/// # Examples
///
/// See [`TypeScript::wide_integers`](super::TypeScript::wide_integers).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WideIntegers {
    /// `number`: what `JSON.parse` makes of them.
    #[default]
    Number,
    /// `string`. (A variant named `String` would make the compiler write `std::string::String` in all messages.)
    Text,
    /// `bigint`. The type for tRPC then asks for a `transformer` in the links, since tRPC has no `bigint` without one: yours has to write it as a
    /// number.
    BigInt,
}

impl WideIntegers {
    /// The type of an integer.
    pub(super) fn type_of(self, members: &Map<String, Value>) -> &'static str {
        match self {
            Self::Text if wide_bits(members).is_some() => "string",
            Self::BigInt if wide_bits(members).is_some() => "bigint",
            _ => "number",
        }
    }

    /// What a comment says of a type, if it has wide integers. Members of objects and types with a name say it themselves.
    pub(super) fn note(self, schema: &Value) -> Option<String> {
        let bits = widest(schema)?;
        let plural = if schema.get("format").is_some() { "" } else { "s" };
        let limit = if self == Self::Number { ", exact up to 2^53" } else { "" };
        Some(format!("{bits}-bit integer{plural}{limit}."))
    }
}

/// The most bits that an integer of a type has, if those are more than a `number` holds.
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
