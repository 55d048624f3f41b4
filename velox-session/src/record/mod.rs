//! A session as a store keeps it: the user, the data, the flash messages, and the expiry.
//!
//! Cloning a record only counts a reference. Its content is copied when it is first written to.

mod content;
mod json;
mod object;

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::user::SessionUser;

pub(crate) use content::{Content, USER, is_reserved};
pub use json::RecordError;
pub(crate) use object::key_of_serde_json;

/// A session as a store keeps it. Cloning it is cheap.
///
/// A store that keeps records as JSON uses [`to_json`](Self::to_json) and
/// [`from_json`](Self::from_json).
///
/// # Examples
///
/// ```
/// use velox_session::Record;
///
/// let text = r#"{"data":{"userId":"u1","userEmail":"ada@example.com","_createdAt":1000,"_lastAccessedAt":2000,"n":1},
///     "expiresAt":3000,"version":7}"#;
/// let record = Record::from_json(text.as_bytes()).expect("a record");
/// assert_eq!(record.version(), 7);
/// assert_eq!(record.data()["n"], 1);
/// assert!(Record::from_json(b"{").is_none());
/// ```
#[derive(Clone, PartialEq)]
pub struct Record {
    content: Arc<Content>,
    version: u64,
    expires_at: u64,
    saved_at: u64,
}

impl Record {
    pub(crate) fn new(content: Arc<Content>, version: u64, expires_at: u64, saved_at: u64) -> Self {
        Self { content, version, expires_at, saved_at }
    }

    /// Returns the record with another expiry, in Unix milliseconds. A store uses this in `get`
    /// after a `touch`.
    #[must_use]
    pub fn with_expiry(mut self, expires_at: u64) -> Self {
        self.expires_at = expires_at;
        self
    }

    /// Returns how often the record was saved.
    /// [`Expected::Version`](crate::store::Expected::Version) is compared with this number.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Returns when the record expires, in Unix milliseconds.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// Returns when the session was created or last logged in to, in Unix milliseconds.
    #[must_use]
    pub fn created_at(&self) -> u64 {
        self.content.created_at
    }

    /// Returns how long the session lives without a request, in milliseconds, if
    /// [`login_for`](crate::Session::login_for) has set that. Otherwise the settings apply.
    #[must_use]
    pub fn max_age(&self) -> Option<u64> {
        self.content.max_age
    }

    /// Returns the user who is logged in.
    #[must_use]
    pub fn user(&self) -> Option<SessionUser> {
        self.content.user()
    }

    /// Returns the application's data. Each call parses it again.
    #[must_use]
    pub fn data(&self) -> Map<String, Value> {
        self.content.data()
    }

    /// Returns the record in the JSON format of VeloxTS.
    #[must_use]
    pub fn to_json(&self) -> String {
        let (data, Self { version, expires_at, .. }) = (self.data_json(), self);
        format!(r#"{{"data":{data},"expiresAt":{expires_at},"version":{version},"format":{}}}"#, json::FORMAT)
    }

    /// Reads a record in the JSON format of VeloxTS, written by this crate or by VeloxTS. Returns
    /// `None` for anything else: a damaged record, or one of a later format, counts as no session.
    #[must_use]
    pub fn from_json(text: &[u8]) -> Option<Self> {
        Self::try_from_json(text).ok()
    }

    /// Does the same as [`from_json`](Self::from_json), but returns the reason if `text` is not a
    /// record. A store should log it, so that a lost session can be explained.
    ///
    /// Unchanged values are written back as they were read, byte for byte. Half a surrogate pair,
    /// which JavaScript leaves if it cuts an emoji, is read as U+FFFD. A numeric user id is read as
    /// a string.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_session::Record;
    ///
    /// let text = r#"{"data":{"userId":7,"_createdAt":1000,"cut":"Ada \ud83d"},"expiresAt":3000}"#;
    /// let record = Record::try_from_json(text.as_bytes())?;
    /// assert_eq!(record.user().map(|user| user.id), Some("7".to_owned()));
    /// assert_eq!(record.data()["cut"], "Ada \u{fffd}");
    /// assert!(record.to_json().contains(r#""cut":"Ada \ud83d""#));
    /// # Ok::<_, velox_session::RecordError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `text` is not a record.
    pub fn try_from_json(text: &[u8]) -> Result<Self, RecordError> {
        let (content, [version, expires_at, saved_at]) = json::read(text)?;
        Ok(Self::new(Arc::new(content), version, expires_at, saved_at))
    }

    /// Returns the value of `data` in the JSON of the record.
    pub(crate) fn data_json(&self) -> String {
        json::write_data(&self.content, self.saved_at)
    }

    /// Returns when the record was last written, in Unix milliseconds. Reads do not count.
    #[must_use]
    pub fn saved_at(&self) -> u64 {
        self.saved_at
    }

    pub(crate) fn content(&self) -> &Arc<Content> {
        &self.content
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The data of a user does not belong in the log.
        f.debug_struct("Record")
            .field("version", &self.version)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
