//! Converts session values to JSON and back, and rejects values that a store could not read back.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::SessionError;
use crate::record::key_of_serde_json;

/// Returns the value as JSON, unless a store that keeps JSON could not read it back.
pub(crate) fn encode(key: &str, value: &impl Serialize) -> Result<Value, SessionError> {
    let value = serde_json::to_value(value).map_err(|source| SessionError::Encode { key: key.to_owned(), source })?;
    if is_deeper(&value, MAX_DEPTH) {
        return Err(SessionError::TooDeep { key: key.to_owned() });
    }
    match key_of_serde_json(&value) {
        Some(key) => Err(SessionError::ReservedKey { key: key.to_owned() }),
        None => Ok(value),
    }
}

fn is_deeper(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(_) | Value::Object(_) if depth == 0 => true,
        Value::Array(items) => items.iter().any(|item| is_deeper(item, depth - 1)),
        Value::Object(entries) => entries.values().any(|item| is_deeper(item, depth - 1)),
        _ => false,
    }
}

pub(crate) fn decode<T: DeserializeOwned>(key: &str, value: &Value) -> Result<T, SessionError> {
    T::deserialize(value).map_err(|error| SessionError::Decode {
        key: key.to_owned(),
        expected: std::any::type_name::<T>(),
        found: kind(value),
        missing: missing_field(&error),
    })
}

/// Returns the field that is missing. All other messages of serde may quote the value.
#[cold]
fn missing_field(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    Some(text.strip_prefix("missing field `")?.strip_suffix('`')?.to_owned())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// serde_json reads at most 128 levels, and the record itself needs a few of them.
const MAX_DEPTH: usize = 100;
