//! What a session holds, without when it expires: the part of a record that writes change.

use std::io;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::UserText;
use crate::user::SessionUser;

/// What a session holds. Keeps count of its size in JSON.
///
/// Most hold a user and nothing else: so the maps are there only while there is something in them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    created_at: u64,
    user: Option<UserText>,
    maps: Option<Box<Maps>>,
}

impl Content {
    /// A session that begins now and holds nothing.
    pub(crate) fn new(created_at: u64) -> Self {
        Self { created_at, ..Self::default() }
    }

    /// A session that holds a user, or nobody, and nothing else.
    pub(crate) fn of_user(user: Option<UserText>, created_at: u64) -> Self {
        Self { created_at, user, maps: None }
    }

    /// A session read from a store.
    pub(crate) fn loaded(
        user: Option<SessionUser>,
        created_at: u64,
        data: Map<String, Value>,
        flash: Map<String, Value>,
    ) -> Self {
        let size = data.iter().chain(&flash).map(|(key, value)| entry_size(key, value)).sum();
        let maps = Maps { data, flash, size };
        Self { created_at, user: user.as_ref().map(UserText::new), maps: maps.boxed() }
    }

    pub(crate) fn set(&mut self, key: &str, value: Value) {
        let maps = self.maps.get_or_insert_default();
        put(&mut maps.data, &mut maps.size, key, value);
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.take(|maps| take(&mut maps.data, &mut maps.size, key));
    }

    pub(crate) fn set_flash(&mut self, key: &str, value: Value) {
        let maps = self.maps.get_or_insert_default();
        put(&mut maps.flash, &mut maps.size, key, value);
    }

    pub(crate) fn remove_flash(&mut self, key: &str) {
        self.take(|maps| take(&mut maps.flash, &mut maps.size, key));
    }

    pub(crate) fn remove_all_flash(&mut self) {
        self.take(|maps| {
            for (key, value) in std::mem::take(&mut maps.flash) {
                maps.size -= entry_size(&key, &value);
            }
        });
    }

    /// Puts a user on the session, which begins anew. What is in it stays; see `session/state.rs` for when it may.
    pub(crate) fn log_in(&mut self, user: SessionUser, at: u64) {
        self.user = Some(UserText::new(&user));
        self.created_at = at;
    }

    pub(crate) fn user(&self) -> Option<User<'_>> {
        self.user.as_ref().map(UserText::read)
    }

    /// The user, of a session that holds nothing else; `None` of one that does.
    pub(crate) fn user_alone(&self) -> Option<Option<&UserText>> {
        self.maps.is_none().then_some(self.user.as_ref())
    }

    pub(crate) fn created_at(&self) -> u64 {
        self.created_at
    }

    pub(crate) fn data(&self) -> &Map<String, Value> {
        &self.maps().data
    }

    pub(crate) fn flash(&self) -> &Map<String, Value> {
        &self.maps().flash
    }

    /// Bytes of JSON of the user, the data and the flash messages.
    pub(crate) fn size(&self) -> usize {
        self.user().map_or(0, |user| user.id.len() + user.email.len()) + self.maps().size
    }

    fn maps(&self) -> &Maps {
        self.maps.as_deref().unwrap_or(&EMPTY)
    }

    fn take(&mut self, take: impl FnOnce(&mut Maps)) {
        if let Some(mut maps) = self.maps.take() {
            take(&mut maps);
            self.maps = (!maps.is_empty()).then_some(maps);
        }
    }
}

/// Who is logged in, lent from where it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User<'a> {
    pub(crate) id: &'a str,
    pub(crate) email: &'a str,
}

impl From<User<'_>> for SessionUser {
    fn from(user: User<'_>) -> Self {
        Self::new(user.id, user.email)
    }
}

/// What the application keeps in a session.
#[derive(Clone, Debug, Default, PartialEq)]
struct Maps {
    data: Map<String, Value>,
    flash: Map<String, Value>,
    /// Bytes of JSON of both.
    size: usize,
}

impl Maps {
    fn is_empty(&self) -> bool {
        self.data.is_empty() && self.flash.is_empty()
    }

    fn boxed(self) -> Option<Box<Self>> {
        (!self.is_empty()).then(|| Box::new(self))
    }
}

static EMPTY: LazyLock<Maps> = LazyLock::new(Maps::default);

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
        let loaded =
            Content::loaded(content.user().map(SessionUser::from), 5, content.data().clone(), content.flash().clone());
        assert_eq!(loaded.size(), counted);
        assert_eq!(loaded, content);
        content.remove("a");
        content.remove("a");
        content.remove_flash("f");
        assert_eq!(content.size(), "u2a@bc".len());
    }

    #[test]
    fn a_login_alone_takes_little_room() {
        let mut content = Content::new(0);
        content.log_in(SessionUser::new("u123456", "u123456@example.com"), 5);
        let user = content.user().expect("it logged in");
        assert_eq!((user.id, user.email), ("u123456", "u123456@example.com"));
        assert!(size_of::<Content>() <= 88);
        content.set("a", json!(1));
        content.set_flash("f", json!(1));
        content.remove("a");
        content.remove_flash("f");
        assert!(content.maps.is_none());
    }
}
