//! The content of a session without its expiry: the part of a record that writes change.

use serde_json::{Map, Value};

use super::object::Object;
use crate::user::{SessionUser, UserLogin};

/// The content of a session.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    pub(crate) created_at: u64,
    pub(super) user: Option<KeptUser>,
    /// The lifetime without a request, in milliseconds, if the login set it.
    pub(crate) max_age: Option<u64>,
    /// The name of the session on its user's list. Once set, it stays the same when the session
    /// gets a new id.
    pub(crate) handle: Option<Box<[u8; 32]>>,
    /// The values that the application has set. Members with [reserved](is_reserved) names are kept
    /// here as well, but are not shown.
    pub(crate) values: Object,
    pub(crate) flash: Object,
}

/// The user in a record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct KeptUser {
    pub(super) id: Box<str>,
    pub(super) email: Box<str>,
    /// The JSON of the id and the email, if it differs from what this crate would write.
    pub(super) source: Object,
}

impl Content {
    /// Returns the content of a session that begins now and holds nothing.
    pub(crate) fn new(created_at: u64) -> Self {
        Self { created_at, ..Self::default() }
    }

    /// Logs a user in and restarts the lifetime. The data stays; `session/view.rs` removes it first
    /// if it belongs to another user.
    pub(crate) fn log_in(&mut self, UserLogin { user, details, max_age, at }: &UserLogin) {
        // An unchanged id is written as it was, for example as a number.
        let present = self.user.take().filter(|present| *present.id == *user.id);
        let mut source = present.map(|present| present.source).unwrap_or_default();
        if !source.as_str().is_empty() {
            source.set("userEmail", Value::from(&*user.email));
        }
        self.user = Some(KeptUser { id: (&*user.id).into(), email: (&*user.email).into(), source });
        // VeloxTS writes these as `null` for a visitor.
        ["userId", "userEmail", USER].into_iter().for_each(|key| self.values.remove(key));
        if let Some(details) = details {
            self.values.set(USER, details);
        }
        (self.created_at, self.max_age) = (*at, *max_age);
    }

    /// Returns the JSON of the logged-in user, if it contains more than an id and an email.
    pub(crate) fn user_details(&self) -> Option<Value> {
        self.values.get(USER)
    }

    pub(crate) fn user(&self) -> Option<SessionUser> {
        self.user.as_ref().map(|user| SessionUser::new(&*user.id, &*user.email))
    }

    pub(crate) fn user_id(&self) -> Option<&str> {
        self.user.as_ref().map(|user| &*user.id)
    }

    /// Returns all values that the application has set.
    pub(crate) fn data(&self) -> Map<String, Value> {
        let mut data = self.values.map();
        data.retain(|key, _| !is_reserved(key));
        data
    }

    /// Returns the number of bytes of JSON of the user, the data and the flash messages.
    pub(crate) fn size(&self) -> usize {
        let user = self.user.as_ref().map_or(0, |user| json_size(&user.id) + json_size(&user.email));
        user + self.values.size() + self.flash.size()
    }
}

/// Returns whether a name is reserved for this version, a later one or VeloxTS. Such values are
/// kept but not shown.
pub(crate) const fn is_reserved(name: &str) -> bool {
    matches!(name.as_bytes(), [b'_', ..] | b"userId" | b"userEmail")
}

/// The key that holds the application's own type of user.
pub(crate) const USER: &str = "_user";

/// Returns the number of bytes of a string in JSON, with its quotes.
fn json_size(text: &str) -> usize {
    // Most strings need no escape. Without an early exit, the compiler can check many bytes at
    // once.
    if text.bytes().fold(true, |plain, byte| plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\')) {
        return 2 + text.len();
    }
    let escaped = |byte| match byte {
        b'"' | b'\\' | b'\x08' | b'\t' | b'\n' | b'\x0c' | b'\r' => 2,
        ..b' ' => 6,
        _ => 1,
    };
    2 + text.bytes().map(escaped).sum::<usize>()
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
        content.values.set("a", json!("1234"));
        assert_eq!(content.size(), 1 + 4 + 6);
        content.values.set("a", json!(1));
        content.flash.set("f", json!([1, 2]));
        content.log_in(&UserLogin::plain(SessionUser::new("u1", "a@b"), 5));
        content.log_in(&UserLogin::plain(SessionUser::new("u2", "a@bc"), 5));
        let counted = content.size();
        let text = Record::new(Arc::new(content.clone()), 1, 2, 3).to_json();
        let loaded = Record::from_json(text.as_bytes()).expect("a record");
        assert_eq!(loaded.content().size(), counted);
        assert_eq!(**loaded.content(), content);
        content.values.remove("a");
        content.values.remove("a");
        content.flash.remove("f");
        assert_eq!(content.size(), r#""u2""a@bc""#.len());
    }

    /// This includes characters that JSON escapes, which take six times as many bytes.
    #[test]
    fn the_size_is_that_of_the_json() {
        let text = "\u{0}\"\n".repeat(1_000);
        let length = |content: &Content| Record::new(Arc::new(content.clone()), 1, 2, 3).to_json().len();
        let mut content = Content::new(0);
        let empty = length(&content);
        content.values.set(&text, json!(text));
        content.flash.set(&text, json!({ &text: [&text] }));
        content.log_in(&UserLogin::plain(SessionUser::new(&text, &text), 0));
        // Names of fields, braces and commas.
        assert!(length(&content) - empty - content.size() < 50);
    }

    #[test]
    fn a_record_with_only_a_login_is_small() {
        let mut content = Content::new(0);
        content.log_in(&UserLogin::plain(SessionUser::new("u123456", "u123456@example.com"), 5));
        let user = content.user().expect("it logged in");
        assert_eq!(user, SessionUser::new("u123456", "u123456@example.com"));
        assert!(size_of::<Content>() <= 112);
        content.values.set("a", json!(1));
        content.flash.set("f", json!(1));
        content.values.remove("a");
        content.flash.remove("f");
        assert_eq!((content.values.as_str(), content.flash.as_str()), ("", ""));
    }

    #[test]
    fn a_value_is_read_back() {
        let mut content = Content::new(9);
        let numbers = json!({ "tenth": 0.1, "third": 1.0 / 3.0, "most": u64::MAX, "least": i64::MIN, "tiny": 5e-324 });
        content.values.set("numbers", numbers.clone());
        content.values.set("", json!("\u{0}\u{1f600}"));
        content.values.set("\"\\", json!(null));
        assert_eq!(Value::from(content.data()), json!({"numbers": numbers, "": "\u{0}\u{1f600}", "\"\\": null}));
        assert_eq!(
            (content.values.get(""), content.values.get("\"\\")),
            (Some(json!("\u{0}\u{1f600}")), Some(json!(null)))
        );
        assert_eq!(
            (content.values.get("tenth"), content.values.contains("numbers"), content.values.contains("tenth")),
            (None, true, false)
        );
    }
}
