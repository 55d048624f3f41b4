//! A JSON object as text. Unchanged members stay as they were written, byte for byte. A value is
//! parsed only when it is read.

use std::borrow::{Borrow, Cow};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A JSON object as text. The text is empty if the object has no members.
#[derive(Clone, Default)]
pub(crate) struct Object(Box<str>);

impl Object {
    /// Returns the object with this text. All of its values must be readable.
    pub(super) fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns an object of these keys and values, each as JSON.
    pub(super) fn of<'t>(members: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let mut text = String::new();
        for (key, value) in members {
            text.push(if text.is_empty() { '{' } else { ',' });
            text.extend([key, ":", value]);
        }
        if !text.is_empty() {
            text.push('}');
        }
        Self(text.into())
    }

    pub(crate) fn set(&mut self, key: &str, value: impl Borrow<Value>) {
        self.replace(key, Some((&json(key), &json(value.borrow()))));
    }

    pub(crate) fn remove(&mut self, key: &str) {
        if self.contains(key) {
            self.replace(key, None);
        }
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.members().iter().any(|(name, _)| string(name) == key)
    }

    /// Returns the value of a key. If the key occurs several times, the last one counts, as in
    /// JavaScript.
    pub(crate) fn get(&self, key: &str) -> Option<Value> {
        let value = self.members().into_iter().rfind(|(name, _)| string(name) == key)?.1;
        Some(value_of(value).expect(READABLE))
    }

    pub(crate) fn map(&self) -> Map<String, Value> {
        let members = self.members().into_iter();
        members.map(|(key, value)| (string(key).into_owned(), value_of(value).expect(READABLE))).collect()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the bytes of all keys and values, with colons and commas.
    pub(super) fn size(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    fn replace(&mut self, key: &str, new: Option<(&str, &str)>) {
        let kept = self.members().into_iter().filter(|(name, _)| string(name) != key);
        *self = Self::of(kept.map(|(key, value)| (key.get(), value.get())).chain(new));
    }

    fn members(&self) -> Vec<(&RawValue, &RawValue)> {
        if self.0.is_empty() { Vec::new() } else { members(&self.0).expect(READABLE) }
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.map() == other.map()
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the keys and values of a JSON object in the order of the text.
pub(super) fn members(text: &str) -> serde_json::Result<Vec<(&RawValue, &RawValue)>> {
    serde_json::from_str(text).map(|Members(members)| members)
}

struct Members<'t>(Vec<(&'t RawValue, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// Returns the text of a JSON string.
pub(super) fn string(json: &RawValue) -> Cow<'_, str> {
    match json.get().contains('\\') {
        true => Cow::Owned(serde_json::from_str(&readable(json.get())).expect(READABLE)),
        false => Cow::Borrowed(json.get().trim_matches('"')),
    }
}

/// Parses a value. serde_json does not accept all JSON: it refuses a number that is too large, and
/// a value that is too deep.
pub(super) fn value_of(json: &RawValue) -> serde_json::Result<Value> {
    serde_json::from_str(&readable(json.get()))
}

/// Returns a string or a value as JSON.
pub(super) fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("strings and values always serialize")
}

/// Returns a key in a value that makes serde_json read the object as one of its own types: as raw
/// JSON text or as a number, if another crate has turned on those features. It would then read
/// something else, or fail.
pub(crate) fn key_of_serde_json(value: &Value) -> Option<&str> {
    match value {
        Value::Array(items) => items.iter().find_map(key_of_serde_json),
        Value::Object(entries) => entries.iter().find_map(|(key, value)| {
            if key.starts_with("$serde_json::private::") { Some(&**key) } else { key_of_serde_json(value) }
        }),
        _ => None,
    }
}

/// Returns the JSON with U+FFFD in place of each unpaired half of a surrogate pair. JavaScript
/// leaves one if it cuts a string within an emoji. It is not a character, so serde_json refuses it.
fn readable(json: &str) -> Cow<'_, str> {
    let (mut readable, mut at) = (Cow::Borrowed(json), 0);
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        at += match (code_unit(json, at), code_unit(json, at + ESCAPE.len())) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 2 * ESCAPE.len(),
            (Some(0xd800..=0xdfff), _) => {
                readable.to_mut().replace_range(at..at + ESCAPE.len(), ESCAPE);
                ESCAPE.len()
            }
            _ => 2,
        };
    }
    readable
}

/// Returns the UTF-16 unit that is escaped at this place.
fn code_unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE.len())?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

/// It is as long as the escape that it replaces, so offsets in the JSON do not change.
const ESCAPE: &str = "\\ufffd";
const READABLE: &str = "stored JSON was checked when it was read, or written from values";
