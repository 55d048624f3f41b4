//! Finds values that a JavaScript client has more precise types for than JSON: `Date`, `Set`, `Map`
//! and `bigint`. The JSON Schema of a type decides. The tRPC wire and the exporters of TypeScript
//! follow the same rules.

use serde_json::{Map, Value};

/// Returns whether a string is a date with a time: `Date` in JavaScript.
pub(crate) fn is_date(schema: &Map<String, Value>) -> bool {
    schema.get("format").is_some_and(|format| format == "date-time")
}

/// Returns whether the items of an array are unique: a `Set`.
pub(crate) fn is_set(schema: &Map<String, Value>) -> bool {
    schema.get("uniqueItems") == Some(&Value::Bool(true))
}

/// Returns whether all keys of an object are integers: a `Map`.
pub(crate) fn is_map(schema: &Map<String, Value>) -> bool {
    let patterns = schema.get("patternProperties").and_then(Value::as_object);
    let is_closed = schema.get("additionalProperties").is_none_or(|others| *others == Value::Bool(false));
    is_closed
        && schema.get("properties").is_none()
        && patterns.is_some_and(|patterns| !patterns.is_empty() && patterns.keys().all(|key| is_integer_pattern(key)))
}

/// Returns whether schemars uses this pattern for integer keys.
pub(crate) fn is_integer_pattern(pattern: &str) -> bool {
    [r"^\d+$", r"^-?\d+$"].contains(&pattern)
}

/// Returns the number of bits of an integer that is too wide for a `number`: a `bigint`. schemars
/// writes it into the format. `usize` counts as 64 bits, its size on servers.
pub(crate) fn wide_bits(schema: &Map<String, Value>) -> Option<u32> {
    match schema.get("format")?.as_str()? {
        "int64" | "uint64" | "int" | "uint" => Some(64),
        "int128" | "uint128" => Some(128),
        _ => None,
    }
}

/// Returns whether a string is a number that JSON does not have.
pub(crate) fn is_non_finite(schema: &Map<String, Value>) -> bool {
    schema.get("enum").and_then(Value::as_array).is_some_and(|literals| *literals == NON_FINITE)
}

/// The strings for the numbers that JSON does not have.
pub(crate) const NON_FINITE: [&str; 3] = ["NaN", "Infinity", "-Infinity"];
