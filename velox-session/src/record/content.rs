//! What a session holds, without when it expires: the part of a record that writes change.

use std::io;

use serde_json::{Map, Value};

use crate::user::SessionUser;

/// What a session holds. Keeps count of its size in JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    user: Option<SessionUser>,
    created_at: u64,
    data: Map<String, Value>,
    flash: Map<String, Value>,
    size: usize,
}

impl Content {
    /// A session that begins now and holds nothing.
    pub(crate) fn new(created_at: u64) -> Self {
        Self { created_at, ..Self::default() }
    }

    /// A session read from a store.
    pub(crate) fn loaded(
        user: Option<SessionUser>,
        created_at: u64,
        data: Map<String, Value>,
        flash: Map<String, Value>,
    ) -> Self {
        let mut content = Self { created_at, ..Self::default() };
        content.size = data.iter().chain(&flash).map(|(key, value)| entry_size(key, value)).sum();
        content.size += user.as_ref().map_or(0, user_size);
        Self { user, data, flash, ..content }
    }

    pub(crate) fn set(&mut self, key: &str, value: Value) {
        put(&mut self.data, &mut self.size, key, value);
    }

    pub(crate) fn remove(&mut self, key: &str) {
        take(&mut self.data, &mut self.size, key);
    }

    pub(crate) fn set_flash(&mut self, key: &str, value: Value) {
        put(&mut self.flash, &mut self.size, key, value);
    }

    pub(crate) fn remove_flash(&mut self, key: &str) {
        take(&mut self.flash, &mut self.size, key);
    }

    /// Puts a user on the session, which begins anew. What is in it stays; see `session/state.rs` for when it may.
    pub(crate) fn log_in(&mut self, user: SessionUser, at: u64) {
        self.size -= self.user.as_ref().map_or(0, user_size);
        self.size += user_size(&user);
        self.user = Some(user);
        self.created_at = at;
    }

    pub(crate) fn user(&self) -> Option<&SessionUser> {
        self.user.as_ref()
    }

    pub(crate) fn created_at(&self) -> u64 {
        self.created_at
    }

    pub(crate) fn data(&self) -> &Map<String, Value> {
        &self.data
    }

    pub(crate) fn flash(&self) -> &Map<String, Value> {
        &self.flash
    }

    /// Bytes of JSON of the user, the data and the flash messages.
    pub(crate) fn size(&self) -> usize {
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

/// Bytes of an entry in JSON: quoted key, colon, value, comma.
fn entry_size(key: &str, value: &Value) -> usize {
    // A key is counted as it is; one that must be escaped takes a little more.
    key.len() + 4 + json_size(value)
}

fn user_size(user: &SessionUser) -> usize {
    user.id.len() + user.email.len()
}

fn json_size(value: &Value) -> usize {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_size_follows_every_change() {
        let mut content = Content::new(0);
        content.set("a", json!("1234"));
        assert_eq!(content.size(), 1 + 4 + 6);
        content.set("a", json!(1));
        content.set_flash("f", json!([1, 2]));
        content.log_in(SessionUser::new("u1", "a@b"), 5);
        content.log_in(SessionUser::new("u2", "a@bc"), 5);
        let counted = content.size();
        let loaded = Content::loaded(content.user.clone(), 5, content.data.clone(), content.flash.clone());
        assert_eq!(loaded.size(), counted);
        assert_eq!(loaded, content);
        content.remove("a");
        content.remove("a");
        content.remove_flash("f");
        assert_eq!(content.size(), "u2a@bc".len());
    }
}
