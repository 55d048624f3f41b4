//! A session as its user sees it on a list: what it holds, and a handle to end it by.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::key::StoreKey;
use crate::record::{Content, Record};

/// One of the sessions of a user.
///
/// # Examples
///
/// ```
/// use velox_session::session::SessionInfo;
///
/// /// A line of a page "Where you are logged in".
/// fn line(session: &SessionInfo) -> String {
///     let data = session.record().data();
///     let device = data.get("device").and_then(|device| device.as_str()).unwrap_or("?");
///     format!("{device}{}, to log out: {}", if session.is_current() { " (this one)" } else { "" }, session.handle())
/// }
/// # let _ = line;
/// ```
#[derive(Clone, Debug)]
pub struct SessionInfo {
    key: StoreKey,
    record: Record,
    current: bool,
}

impl SessionInfo {
    pub(crate) fn new(key: StoreKey, record: Record, current: bool) -> Self {
        Self { key, record, current }
    }

    /// What to end it by.
    #[must_use]
    pub fn handle(&self) -> SessionHandle {
        SessionHandle::of(&self.key, self.record.content())
    }

    /// What it holds, when it began and when it expires.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Whether it is the session of the request that asked.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.current
    }

    pub(crate) fn key(&self) -> &StoreKey {
        &self.key
    }
}

/// What a session can be ended by, and nothing else: 32 bytes in hex that tell nothing of its id. It may be shown to the session's user; as a cookie it is
/// worth nothing.
///
/// # Examples
///
/// ```
/// use velox_session::session::SessionHandle;
///
/// let handle: SessionHandle = "ea866a757e4c38babfa8127cbe9a409d3e1f93a00ff1488ff735fcf917afffd0".parse()?;
/// assert_eq!(handle.to_string().len(), 64);
/// assert!("../../etc".parse::<SessionHandle>().is_err());
/// # Ok::<_, velox_session::session::NotAHandle>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionHandle(String);

impl SessionHandle {
    /// The one that the session has been given, or else a hash of its id.
    pub(crate) fn of(key: &StoreKey, content: &Content) -> Self {
        Self(content.handle.as_deref().map_or_else(|| key.digest_hex(), |handle| HEXLOWER.encode(handle)))
    }
}

impl fmt::Display for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SessionHandle {
    type Err = NotAHandle;

    fn from_str(text: &str) -> Result<Self, NotAHandle> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for SessionHandle {
    type Error = NotAHandle;

    fn try_from(text: String) -> Result<Self, NotAHandle> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 64 && text.bytes().all(digit) { Ok(Self(text)) } else { Err(NotAHandle) }
    }
}

impl From<SessionHandle> for String {
    fn from(handle: SessionHandle) -> Self {
        handle.0
    }
}

/// A text is not the handle of a session.
///
/// # Examples
///
/// ```
/// use velox_session::session::SessionHandle;
///
/// let error = "no".parse::<SessionHandle>().unwrap_err();
/// assert_eq!(error.to_string(), "not the handle of a session");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the handle of a session")]
pub struct NotAHandle;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SessionId;

    #[test]
    fn a_session_is_named_by_the_handle_that_it_was_given_and_else_by_its_id() {
        let key = StoreKey::new(&"session".into(), &SessionId::generate().expect("a random id"));
        let mut content = Content::new(0);
        assert_eq!(SessionHandle::of(&key, &content).to_string(), key.digest_hex());
        content.handle = Some(Box::new([0xab; 32]));
        assert_eq!(SessionHandle::of(&key, &content), "ab".repeat(32).parse().expect("a handle"));
    }
}
