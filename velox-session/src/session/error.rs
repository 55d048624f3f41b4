//! The errors of reading, changing and saving a session.

use crate::error::StoreError;
use crate::id::EntropyError;

/// The reason why a session could not be read or changed.
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
    /// The store failed at an operation that cannot wait until the end of the request.
    #[error("a call of the session store failed")]
    Unavailable(#[source] StoreError),
    /// The call that this handle belongs to has ended, so a write would not be saved.
    #[error("the call of this session has ended")]
    Ended,
    /// Another call of the same batch ended the session or logged in another user. The data that
    /// this call holds belongs to the previous session.
    #[error("another call has ended this session or changed its user")]
    Superseded,
    /// Another request ended the session or gave it a new id, so this update cannot be saved. Or so
    /// many requests change the session at the same time that this one had no success. Nothing was
    /// saved, and the client may send the request again.
    #[error("other requests ended the session, gave it a new id, or kept changing it")]
    Conflict,
    /// The session needs a new cookie, but the response headers have already been sent. A query in
    /// a streamed reply cannot start a session.
    #[error("the session needs a new cookie, but the response headers have already been sent")]
    CookieAfterHead,
    /// The random generator failed, so a new session has no id.
    #[error("no session id could be generated")]
    Id(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The user given to a login has an empty id. All such users would be the same user.
    #[error("the user who logs in has no id")]
    NoUserId,
    /// The lifetime given to a login is under one second or over 400 days.
    #[error("the lifetime of a session must be between a second and 400 days")]
    Lifetime,
    /// The key is reserved: it starts with `_`, or is `userId` or `userEmail`. The error also names
    /// a key within the value that starts with `$serde_json::private::`. serde_json marks its own
    /// types with such keys and would not read the value back unchanged.
    #[error("the session key `{key}` is reserved")]
    #[non_exhaustive]
    ReservedKey {
        /// The key.
        key: String,
    },
    /// The session would be larger than the size limit. It keeps the data it had.
    #[error("the session would be larger than {limit} bytes")]
    #[non_exhaustive]
    TooLarge {
        /// The size limit in bytes.
        limit: usize,
    },
    /// The value is nested so deeply that a store that keeps JSON could not read it back.
    #[error("the value of the session key `{key}` is nested too deeply")]
    #[non_exhaustive]
    TooDeep {
        /// The key.
        key: String,
    },
    /// The value cannot be serialized to JSON.
    #[error("the value of the session key `{key}` cannot be serialized")]
    #[non_exhaustive]
    Encode {
        /// The key.
        key: String,
        /// The error of serde.
        source: serde_json::Error,
    },
    /// The value is not of the requested type. The error leaves out serde's message, which quotes
    /// the value and would put it in the log.
    #[error("the value of the session key `{key}` is not a `{expected}`: found {found}{}", without(missing.as_deref()))]
    #[non_exhaustive]
    Decode {
        /// The key.
        key: String,
        /// The requested type.
        expected: &'static str,
        /// The kind of JSON that was found instead, such as `an array`.
        found: &'static str,
        /// The missing field, if a field is missing in the value or within it.
        missing: Option<String>,
    },
}

fn without(missing: Option<&str>) -> String {
    missing.map(|field| format!(", and the field `{field}` is missing")).unwrap_or_default()
}

/// The reason why a session could not be saved.
///
/// # Examples
///
/// ```
/// use velox_session::manager::CloseError;
///
/// fn status(error: &CloseError) -> u16 {
///     match error {
///         CloseError::Unavailable(_) => 503,
///         CloseError::Conflict => 409,
///         _ => 500,
///     }
/// }
/// # let _ = status;
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloseError {
    /// The store failed. The session may or may not have been saved.
    #[error("the session could not be saved")]
    Unavailable(#[source] StoreError),
    /// Other requests changed the session at the same time, and the changes of this request cannot
    /// be applied to the result: they ended the session, gave it a new id, ended all sessions of the
    /// user who logs in, or were so many that this one was never first. Nothing was saved except the values that
    /// [`Session::update`](crate::Session::update) had returned. The client may send the request
    /// again.
    #[error("the session was changed by other requests at the same time")]
    Conflict,
    /// Together with the changes that other requests saved at the same time, the session would
    /// exceed the size limit. Nothing was saved.
    #[error("the session would be larger than {limit} bytes")]
    #[non_exhaustive]
    TooLarge {
        /// The size limit in bytes.
        limit: usize,
    },
    /// The session needs a new cookie, but the response headers have already been sent. Nothing was
    /// saved.
    #[error("the session needs a new cookie, but the response headers have already been sent")]
    CookieAfterHead,
    /// The random generator failed, so a new session has no id.
    #[error("no session id could be generated")]
    Id(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Other sessions of the user have to end, but the store does not support lists of sessions.
    #[error("the other sessions of the user could not be ended")]
    Unlisted(#[source] StoreError),
}

impl From<StoreError> for CloseError {
    fn from(error: StoreError) -> Self {
        if error.is_unsupported() { Self::Unlisted(error) } else { Self::Unavailable(error) }
    }
}

impl From<EntropyError> for CloseError {
    fn from(error: EntropyError) -> Self {
        Self::Id(error.into())
    }
}

impl From<CloseError> for SessionError {
    fn from(error: CloseError) -> Self {
        match error {
            CloseError::Unavailable(error) | CloseError::Unlisted(error) => Self::Unavailable(error),
            CloseError::Conflict => Self::Conflict,
            CloseError::CookieAfterHead => Self::CookieAfterHead,
            CloseError::TooLarge { limit } => Self::TooLarge { limit },
            CloseError::Id(source) => Self::Id(source),
        }
    }
}
