//! An entry in the list of a user's sessions, and the handle that ends the session.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::key::StoreKey;
use crate::record::{Content, Record};

/// One entry in the list of a user's sessions.
///
/// # Examples
///
/// ```
/// use velox_session::session::SessionInfo;
///
/// /// Formats a line of the page "Where you are logged in".
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

    /// Returns the handle that ends this session.
    #[must_use]
    pub fn handle(&self) -> SessionHandle {
        SessionHandle::of(&self.key, self.record.content())
    }

    /// Returns the record: the data of the session, when it began and when it expires.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Returns whether this is the session of the request that asked for the list.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.current
    }

    pub(crate) fn key(&self) -> &StoreKey {
        &self.key
    }
}

/// A handle that ends a session and can do nothing else.
///
/// It is 32 bytes in hex that reveal nothing about the id of the session. You may show it to the
/// user of the session. It is worthless as a cookie.
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
    /// Returns the handle stored in the session, or a hash of the id if it has none.
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

/// The error for a string that is not a session handle.
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
    fn a_session_is_identified_by_its_handle_or_else_by_its_id() {
        let key = StoreKey::new(&"session".into(), &SessionId::generate().expect("a random id"));
        let mut content = Content::new(0);
        assert_eq!(SessionHandle::of(&key, &content).to_string(), key.digest_hex());
        content.handle = Some(Box::new([0xab; 32]));
        assert_eq!(SessionHandle::of(&key, &content), "ab".repeat(32).parse().expect("a handle"));
    }
}
