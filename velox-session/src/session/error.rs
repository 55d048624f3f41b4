//! What can go wrong when a call reads or changes its session.

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
    /// The call that this handle belongs to has ended: nothing that is written now would be saved.
    #[error("the call of this session has ended")]
    Ended,
    /// Another call of the same batch has ended the session, or logged another user in. What this call knows belongs to
    /// the session before.
    #[error("another call has ended this session or changed its user")]
    Superseded,
    /// The key is one of the engine's own: it begins with `_`, or is `userId` or `userEmail`.
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
    #[error("the value of the session key `{key}` is no `{expected}`")]
    #[non_exhaustive]
    Decode {
        /// The key.
        key: String,
        /// The type that was asked for.
        expected: &'static str,
    },
}
