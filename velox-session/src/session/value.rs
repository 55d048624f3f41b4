//! Values on their way into a session and out of it: as JSON, and not deeper than a store can read back.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::SessionError;
use super::mismatch::Mismatch;
use crate::record::key_of_serde_json;

pub(crate) fn encode(key: &str, value: &impl Serialize) -> Result<Value, SessionError> {
    let value = serde_json::to_value(value).map_err(|source| SessionError::Encode { key: key.to_owned(), source })?;
    match unreadable(key, &value) {
        Some(error) => Err(error),
        None => Ok(value),
    }
}

/// Why a store that keeps text could not read a value back.
fn unreadable(key: &str, value: &Value) -> Option<SessionError> {
    if is_deeper(value, MAX_DEPTH) {
        return Some(SessionError::TooDeep { key: key.to_owned() });
    }
    key_of_serde_json(value).map(|key| SessionError::ReservedKey { key: key.to_owned() })
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
    T::deserialize(value).map_err(|_| {
        let Mismatch { path, found, missing } = Mismatch::of::<T>(value);
        SessionError::Decode { key: key.to_owned(), expected: std::any::type_name::<T>(), found, path, missing }
    })
}

/// serde_json reads 128 levels, a few of which are the record's own.
const MAX_DEPTH: usize = 100;
