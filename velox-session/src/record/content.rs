//! What a session holds, without when it expires: the part of a record that writes change.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::data::Data;
use super::maps::{Maps, json_size};
use super::{UserText, packed};
use crate::user::SessionUser;

/// What a session holds. Keeps count of its size in JSON.
///
/// Most hold a user and nothing else: so the data is there only while there is something in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    created_at: u64,
    user: Option<UserText>,
    /// What the session is named by on its user's list, whatever its id, once it has been given that.
    handle: Option<Box<[u8; 32]>>,
    data: Option<Box<Data>>,
}

impl Content {
    /// A session that begins now and holds nothing.
    pub(crate) fn new(created_at: u64) -> Self {
        Self { created_at, ..Self::default() }
    }

    /// A session in the form of [`pack`](Self::pack).
    pub(crate) fn unpack(bytes: &[u8], created_at: u64) -> Self {
        packed::read(bytes, created_at)
    }

    /// What the session holds as bytes, except when it was created.
    pub(crate) fn pack(&self) -> Vec<u8> {
        packed::write(self)
    }

    /// A session read from a store.
    pub(super) fn read(user: Option<UserText>, created_at: u64, handle: Option<[u8; 32]>, data: Option<Data>) -> Self {
        Self { created_at, user, handle: handle.map(Box::new), data: data.map(Box::new) }
    }

    pub(crate) fn set(&mut self, key: &str, value: Value) {
        self.data.get_or_insert_default().set(key, value);
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.take(|data| data.remove(key));
    }

    pub(crate) fn set_flash(&mut self, key: &str, value: Value) {
        self.data.get_or_insert_default().set_flash(key, value);
    }

    pub(crate) fn remove_flash(&mut self, key: &str) {
        self.take(|data| data.remove_flash(key));
    }

    pub(crate) fn remove_all_flash(&mut self) {
        self.take(Data::remove_all_flash);
    }

    /// Puts a user on the session, which begins anew. What is in it stays; see `session/state.rs` for when it may.
    pub(crate) fn log_in(&mut self, user: SessionUser, at: u64) {
        let user = User { id: &user.id, email: &user.email };
        self.user = Some(self.user.as_ref().map_or_else(|| UserText::new(user), |present| present.followed_by(user)));
        // What VeloxTS says of a visitor: that these are `null`.
        self.take(|data| ["userId", "userEmail"].into_iter().for_each(|key| data.remove(key)));
        self.created_at = at;
    }

    pub(crate) fn user(&self) -> Option<User<'_>> {
        self.user.as_ref().map(UserText::read)
    }

    pub(super) fn user_text(&self) -> Option<&UserText> {
        self.user.as_ref()
    }

    pub(crate) fn handle(&self) -> Option<&[u8; 32]> {
        self.handle.as_deref()
    }

    /// Names the session on its user's list, from now on and whatever its id is.
    pub(crate) fn set_handle(&mut self, handle: [u8; 32]) {
        self.handle = Some(Box::new(handle));
    }

    pub(crate) fn created_at(&self) -> u64 {
        self.created_at
    }

    pub(crate) fn data(&self) -> &Map<String, Value> {
        self.maps().data()
    }

    pub(crate) fn flash(&self) -> &Map<String, Value> {
        self.maps().flash()
    }

    /// Bytes of JSON of the user, the data and the flash messages.
    pub(crate) fn size(&self) -> usize {
        self.user().map_or(0, |user| json_size(user.id) + json_size(user.email)) + self.maps().size()
    }

    /// Data and flash messages as JSON objects, each empty if nothing is in it.
    pub(super) fn texts(&self) -> (Cow<'_, str>, Cow<'_, str>) {
        self.data.as_deref().map(Data::texts).unwrap_or_default()
    }

    fn maps(&self) -> &Maps {
        self.data.as_deref().map_or(Maps::empty(), Data::maps)
    }

    fn take(&mut self, take: impl FnOnce(&mut Data)) {
        if let Some(mut data) = self.data.take() {
            take(&mut data);
            self.data = (!data.is_empty()).then_some(data);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::record::Record;

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
        let text = Record::new(Arc::new(content.clone()), 1, 2, 3).to_json();
        let loaded = Record::from_json(text.as_bytes()).expect("a record");
        assert_eq!(loaded.content().size(), counted);
        assert_eq!(**loaded.content(), content);
        content.remove("a");
        content.remove("a");
        content.remove_flash("f");
        assert_eq!(content.size(), r#""u2""a@bc""#.len());
    }

    /// B7: also of what JSON escapes, which takes six times as many bytes.
    #[test]
    fn the_size_is_that_of_the_json() {
        let text = "\u{0}\"".repeat(1_000);
        let length = |content: &Content| Record::new(Arc::new(content.clone()), 1, 2, 3).to_json().len();
        let mut content = Content::new(0);
        let empty = length(&content);
        content.set(&text, json!(text));
        content.set_flash(&text, json!({ &text: [&text] }));
        content.log_in(SessionUser::new(&text, &text), 0);
        // Names of fields, braces, commas.
        assert!(length(&content) - empty - content.size() < 50);
    }

    #[test]
    fn a_login_alone_takes_little_room() {
        let mut content = Content::new(0);
        content.log_in(SessionUser::new("u123456", "u123456@example.com"), 5);
        let user = content.user().expect("it logged in");
        assert_eq!((user.id, user.email), ("u123456", "u123456@example.com"));
        assert!(size_of::<Content>() <= 96);
        content.set("a", json!(1));
        content.set_flash("f", json!(1));
        content.remove("a");
        content.remove_flash("f");
        assert!(content.data.is_none());
    }

    #[test]
    fn what_is_packed_is_read_back_and_nothing_is_parsed_before_somebody_looks() {
        let mut content = Content::new(9);
        let assert_same = |content: &Content| {
            let packed = content.pack();
            let read = Content::unpack(&packed, 9);
            assert!(read.data.as_ref().is_none_or(|data| !data.is_parsed()));
            assert_eq!(read.pack(), packed);
            assert_eq!((read.user(), read.size()), (content.user(), content.size()));
            assert_eq!(&read, content);
        };
        assert_same(&content);
        content
            .set("a", json!({ "tenth": 0.1, "third": 1.0 / 3.0, "most": u64::MAX, "least": i64::MIN, "tiny": 5e-324 }));
        content.set("", json!("\u{0}\u{1f600}"));
        assert_same(&content);
        content.log_in(SessionUser::new("", ""), 9);
        content.set_flash("f", json!(null));
        assert_same(&content);
        content.log_in(SessionUser::new("i".repeat(300), "e".repeat(70_000)), 9);
        assert_same(&content);
        content.set_handle([7; 32]);
        assert_same(&content);
        let text = br#"{"data":{"userId":7,"userEmail":"a\/b","_createdAt":9,"a":1.0,"_flash":{ "b":"\ud83d" }},"expiresAt":1}"#;
        let record = Record::try_from_json(text).expect("a record");
        assert_same(record.content());
        let read = Content::unpack(&record.content().pack(), 9);
        assert_eq!(Record::new(Arc::new(read), 0, 1, 0).to_json(), record.to_json());
    }

    #[test]
    fn what_was_packed_can_be_written_to() {
        let mut content = Content::new(0);
        content.set("a", json!(1));
        let mut read = Content::unpack(&content.pack(), 0);
        read.set("b", json!(2));
        content.set("b", json!(2));
        assert_eq!((&read, read.pack(), read.size()), (&content, content.pack(), content.size()));
        read.remove("a");
        read.remove("b");
        assert!(read.data.is_none());
    }
}
