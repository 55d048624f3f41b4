//! What Redis answers, as the rest of the store needs it.

use std::sync::Arc;

use redis::Value;

use super::link::LinkError;
use crate::record::{Record, RecordError};
use crate::store::StoreError;

/// The elements of an array.
pub(super) fn array(answer: Result<Value, LinkError>) -> Result<Vec<Value>, StoreError> {
    match answer.map_err(StoreError::new)? {
        Value::Array(parts) => Ok(parts),
        other => Err(unexpected(&other)),
    }
}

/// The number that a command answered.
pub(super) fn number(answer: Result<Value, LinkError>) -> Result<i64, StoreError> {
    match answer.map_err(StoreError::new)? {
        Value::Int(number) => Ok(number),
        other => Err(unexpected(&other)),
    }
}

/// The number in this place.
pub(super) fn number_at(parts: &[Value], index: usize) -> Result<i64, StoreError> {
    match parts.get(index) {
        Some(Value::Int(number)) => Ok(*number),
        other => Err(unexpected(other.unwrap_or(&Value::Nil))),
    }
}

/// The texts in this place.
pub(super) fn texts_at(parts: &[Value], index: usize) -> Result<Vec<Vec<u8>>, StoreError> {
    let Some(Value::Array(items)) = parts.get(index) else {
        return Err(unexpected(parts.get(index).unwrap_or(&Value::Nil)));
    };
    let text = |item: &Value| match item {
        Value::BulkString(text) => Some(text.clone()),
        _ => None,
    };
    Ok(items.iter().filter_map(text).collect())
}

/// The record that a script hands back where it refuses a write: 0, text, milliseconds left, version; or 0 alone.
pub(super) fn refused(parts: &[Value], now: u64) -> Option<Record> {
    let [_, Value::BulkString(text), Value::Int(left), Value::Int(version)] = parts else { return None };
    record(text, *left, *version, now).ok()
}

/// The record of a text, which lives for so many milliseconds more.
pub(super) fn record(text: &[u8], left: i64, version: i64, now: u64) -> Result<Record, RecordError> {
    let [left, version] = [left, version].map(|number| u64::try_from(number).unwrap_or_default());
    let record = Record::try_from_json(text)?;
    // The script knows better than the text.
    Ok(Record::new(Arc::clone(record.content()), version, now.saturating_add(left), record.saved_at()))
}

pub(super) fn unexpected(answer: &Value) -> StoreError {
    // The kind alone: what is in it may be a record.
    StoreError::new(format!("redis answered with {}", kind(answer)))
}

fn kind(answer: &Value) -> &'static str {
    match answer {
        Value::Nil => "nothing",
        Value::Int(_) => "a number that means nothing here",
        Value::BulkString(_) | Value::SimpleString(_) | Value::Okay => "a text",
        Value::Array(_) => "an array",
        _ => "something else than was asked for",
    }
}

/// Says that a key held what this crate does not write, and was made anew.
pub(super) fn warn_of_garbage(key: Option<&[u8]>, found: i64) {
    if let (Some(key), 1) = (key, found) {
        let key = String::from_utf8_lossy(key);
        tracing::warn!(%key, "a key of the session store held something else and was made anew");
    }
}
