//! What the application keeps in a session, as maps: data and flash messages.

use std::io;
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::{Map, Value};

/// Data and flash messages. Keep count of their size in JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Maps {
    data: Map<String, Value>,
    flash: Map<String, Value>,
    size: usize,
}

impl Maps {
    pub(super) fn new(data: Map<String, Value>, flash: Map<String, Value>) -> Self {
        let size = data.iter().chain(&flash).map(|(key, value)| entry_size(key, value)).sum();
        Self { data, flash, size }
    }

    /// Maps with nothing in them.
    pub(super) fn empty() -> &'static Self {
        static EMPTY: LazyLock<Maps> = LazyLock::new(Maps::default);
        &EMPTY
    }

    pub(super) fn set(&mut self, key: &str, value: Value) {
        put(&mut self.data, &mut self.size, key, value);
    }

    pub(super) fn remove(&mut self, key: &str) {
        take(&mut self.data, &mut self.size, key);
    }

    pub(super) fn set_flash(&mut self, key: &str, value: Value) {
        put(&mut self.flash, &mut self.size, key, value);
    }

    pub(super) fn remove_flash(&mut self, key: &str) {
        take(&mut self.flash, &mut self.size, key);
    }

    pub(super) fn remove_all_flash(&mut self) {
        for (key, value) in std::mem::take(&mut self.flash) {
            self.size -= entry_size(&key, &value);
        }
    }

    pub(super) fn data(&self) -> &Map<String, Value> {
        &self.data
    }

    pub(super) fn flash(&self) -> &Map<String, Value> {
        &self.flash
    }

    pub(super) fn is_empty(&self) -> bool {
        self.data.is_empty() && self.flash.is_empty()
    }

    /// Bytes of JSON of both.
    pub(super) fn size(&self) -> usize {
        self.size
    }
}

fn put(map: &mut Map<String, Value>, size: &mut usize, key: &str, value: Value) {
    take(map, size, key);
    *size += entry_size(key, &value);
    map.insert(key.to_owned(), value);
}

fn take(map: &mut Map<String, Value>, size: &mut usize, key: &str) {
    if let Some(old) = map.remove(key) {
        *size -= entry_size(key, &old);
    }
}

/// The key of an object in a value by which serde_json would take the object for one of its own types: for a text of JSON, or for a number,
/// where another crate has switched those on. It would read something else then, or nothing at all.
pub(crate) fn key_of_serde_json(value: &Value) -> Option<&str> {
    match value {
        Value::Array(items) => items.iter().find_map(key_of_serde_json),
        Value::Object(entries) => entries.iter().find_map(|(key, value)| {
            if key.starts_with("$serde_json::private::") { Some(&**key) } else { key_of_serde_json(value) }
        }),
        _ => None,
    }
}

/// Bytes of an entry in JSON: quoted key, colon, value, comma.
fn entry_size(key: &str, value: &Value) -> usize {
    json_size(key) + 2 + json_size(value)
}

/// Bytes of a text or of a value in JSON: of a text, with its quotes, and what is escaped as it is written.
pub(super) fn json_size(value: &(impl Serialize + ?Sized)) -> usize {
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, value).expect("a JSON value is written, and counting does not fail");
    counter.0
}

/// Counts what is written to it.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
