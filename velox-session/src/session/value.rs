//! Converts session values to JSON and back, and rejects values that a store could not read back.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Segment;

use super::error::{SessionError, ValueKind};
use crate::record::key_of_serde_json;

pub(crate) fn encode(key: &str, value: &impl Serialize) -> Result<Value, SessionError> {
    let value = serde_json::to_value(value).map_err(|source| SessionError::Encode { key: key.to_owned(), source })?;
    match unreadable(key, &value) {
        Some(error) => Err(error),
        None => Ok(value),
    }
}

/// Returns why a store that keeps text could not read the value back.
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
    T::deserialize(value).map_err(|_| mismatch::<T>(key, value))
}

/// Returns the error for a value that is no `T`. The error does not contain serde_json's message,
/// because that quotes the value.
#[cold]
fn mismatch<T: DeserializeOwned>(key: &str, value: &Value) -> SessionError {
    let (steps, error) = fault::<T>(value).unzip();
    let steps = steps.unwrap_or_default();
    // A step that leads nowhere is the name of an enum variant that is stored as text.
    let depth = (0..=steps.len()).rev().find(|depth| value.pointer(&pointer(&steps[..*depth])).is_some()).unwrap_or(0);
    let steps = &steps[..depth];
    let mut path = String::new();
    for (depth, step) in steps.iter().enumerate() {
        let name = match step {
            Segment::Seq { index } => {
                path += &format!("[{index}]");
                continue;
            }
            Segment::Map { key } if is_named::<T>(value, &steps[..=depth]) => key,
            _ => "*",
        };
        path += if path.is_empty() { "" } else { "." };
        path += name;
    }
    let missing = error.and_then(|error| {
        let text = error.to_string();
        Some(text.strip_prefix("missing field `")?.strip_suffix('`')?.to_owned())
    });
    let found = ValueKind::of(value.pointer(&pointer(steps)).unwrap_or(value));
    SessionError::Decode { key: key.to_owned(), expected: std::any::type_name::<T>(), found, path, missing }
}

/// Returns the path at which the value is no `T`, and serde's error.
fn fault<T: DeserializeOwned>(value: &Value) -> Option<(Vec<Segment>, serde_json::Error)> {
    let error = serde_path_to_error::deserialize::<_, T>(value).err()?;
    Some((error.path().iter().cloned().collect(), error.into_inner()))
}

/// Returns whether the type names the key of the last step; otherwise the key is data, such as a
/// key of a map. To find out, this replaces the key by one that no type has: serde skips an unknown
/// field, but an entry of a map fails as before.
fn is_named<T: DeserializeOwned>(value: &Value, steps: &[Segment]) -> bool {
    let object = pointer(&steps[..steps.len() - 1]);
    let mut renamed = value.clone();
    let inner = renamed.pointer_mut(&pointer(steps)).map(Value::take);
    let Some(place) = renamed.pointer_mut(&object) else { return false };
    *place = json!({ "": inner });
    fault::<T>(&renamed)
        .is_none_or(|(other, _)| other.len() < steps.len() || pointer(&other[..steps.len() - 1]) != object)
}

/// Returns the steps as a JSON pointer.
fn pointer(steps: &[Segment]) -> String {
    steps.iter().fold(String::new(), |pointer, step| match step {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } | Segment::Enum { variant: key } => {
            format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
        }
        Segment::Unknown => pointer + "/?",
    })
}

/// serde_json reads at most 128 levels, and the record itself needs a few of them.
const MAX_DEPTH: usize = 100;
