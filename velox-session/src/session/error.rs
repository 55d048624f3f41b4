//! What can go wrong when a call reads or changes its session.

use std::fmt;

use serde_json::Value;

use crate::error::StoreError;

/// Why a session could not be read or changed.
///
/// # Examples
///
/// ```
/// use velox_session::SessionError;
///
/// let error = SessionError::Ended;
/// assert_eq!(error.to_string(), "the call of this session has ended");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The store could not be asked, for what cannot wait until the exchange ends.
    #[error("the session store could not be asked")]
    Unavailable(#[source] StoreError),
    /// The call that this handle belongs to has ended: nothing that is written now would be saved.
    #[error("the call of this session has ended")]
    Ended,
    /// Another call of the same batch has ended the session, or logged another user in. What this call knows belongs to
    /// the session before.
    #[error("another call has ended this session or changed its user")]
    Superseded,
    /// Another request ended the session or gave it a new id, so that an update cannot be saved. Nothing of it is; the request may be sent
    /// again.
    #[error("the session was ended or got a new id by another request")]
    Conflict,
    /// The session would begin, and the head of the reply, with the cookie, has left: a query in a streamed reply cannot do that.
    #[error("the session needs a new cookie, and the head of the reply has left")]
    CookieAfterHead,
    /// No id could be drawn for a session that begins.
    #[error("no session id could be drawn")]
    Id(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A login was to last for less than a second or for more than 400 days.
    #[error("the lifetime of a session must be between a second and 400 days")]
    Lifetime,
    /// The key is one of the engine's own: it begins with `_`, or is `userId` or `userEmail`. Or it stands within the value, and is one by
    /// which serde_json knows its own types, so that the value would not be read back as it was: it begins with `$serde_json::private::`.
    #[error("the session key `{key}` is reserved")]
    #[non_exhaustive]
    ReservedKey {
        /// The key.
        key: String,
    },
    /// The session would be larger than a record may be. What it held before stays.
    #[error("the session would be larger than {limit} bytes")]
    #[non_exhaustive]
    TooLarge {
        /// How many bytes a record may have.
        limit: usize,
    },
    /// The value is nested too deeply for a store that keeps text to read it back.
    #[error("the value of the session key `{key}` is nested too deeply")]
    #[non_exhaustive]
    TooDeep {
        /// The key.
        key: String,
    },
    /// The value cannot be written as JSON.
    #[error("the value of the session key `{key}` cannot be written")]
    #[non_exhaustive]
    Encode {
        /// The key.
        key: String,
        /// What serde said.
        source: serde_json::Error,
    },
    /// The value is of another type than the one asked for. What serde says of it holds the value, which is no business of
    /// the log's.
    #[error("the value of the session key `{key}` is no `{expected}`: found {found}{}", Inside(path, missing.as_deref()))]
    #[non_exhaustive]
    Decode {
        /// The key.
        key: String,
        /// The type that was asked for.
        expected: &'static str,
        /// What is there instead.
        found: ValueKind,
        /// Where in the value that is, as in `items[1].count`; empty for the value itself. A key that the type does not
        /// name, such as that of a map's entry, is data and is written `*`.
        path: String,
        /// The field that is not there, where that is what is wrong.
        missing: Option<String>,
    },
}

/// The end of a sentence that says what was found.
struct Inside<'a>(&'a str, Option<&'a str>);

impl fmt::Display for Inside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(path, missing) = self;
        if let Some(missing) = missing {
            write!(f, " without `{missing}`")?;
        }
        if path.is_empty() { Ok(()) } else { write!(f, " at `{path}`") }
    }
}

/// What kind of JSON a value is.
///
/// # Examples
///
/// ```
/// use velox_session::session::ValueKind;
///
/// assert_eq!(ValueKind::Array.to_string(), "an array");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueKind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A string. (A variant named `String` would make the compiler write `std::string::String` in all messages.)
    Text,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl ValueKind {
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}
