//! A JSON object as text. What nobody changes in it stays as it was written, byte for byte; a value is parsed when somebody asks for it.

use std::borrow::{Borrow, Cow};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A JSON object as text, or no text if nothing is in it.
#[derive(Clone, Default)]
pub(crate) struct Object(Box<str>);

impl Object {
    /// An object whose values can be read, as it was written.
    pub(super) fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// An object of these keys and values, each as JSON.
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
        self.replace(key, None);
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.members().iter().any(|(name, _)| string(name) == key)
    }

    /// The value of a key. Of several, the last counts, as in JavaScript.
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

    /// Bytes of all keys and values, with colons and commas.
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

/// The keys and values of a JSON object, in the order in which they are written.
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

/// The text of a JSON string.
pub(super) fn string(json: &RawValue) -> Cow<'_, str> {
    match json.get().contains('\\') {
        true => Cow::Owned(serde_json::from_str(&readable(json.get())).expect(READABLE)),
        false => Cow::Borrowed(json.get().trim_matches('"')),
    }
}

/// Reads a value. Some JSON is none to serde_json: a number that is too large, and what is too deep.
pub(super) fn value_of(json: &RawValue) -> serde_json::Result<Value> {
    serde_json::from_str(&readable(json.get()))
}

/// A text or a value as JSON.
pub(super) fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("texts and values are always written")
}

/// The key of an object in a value by which serde_json would take the object for one of its own types: for a text of JSON, or for a number,
/// where another crate has switched that on. It would read something else then, or nothing at all.
pub(crate) fn key_of_serde_json(value: &Value) -> Option<&str> {
    match value {
        Value::Array(items) => items.iter().find_map(key_of_serde_json),
        Value::Object(entries) => entries.iter().find_map(|(key, value)| {
            if key.starts_with("$serde_json::private::") { Some(&**key) } else { key_of_serde_json(value) }
        }),
        _ => None,
    }
}

/// The JSON with U+FFFD for each half of a surrogate pair that has no other half. JavaScript leaves one where it cuts a text
/// within an emoji; it is no character, and serde_json refuses it.
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

/// The unit of UTF-16 that is escaped there.
fn code_unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE.len())?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

/// As long as what it stands for, so that places in the text stay what they were.
const ESCAPE: &str = "\\ufffd";
const READABLE: &str = "what is kept was read before, or written from values";
