//! The errors of loading and saving a session.

use crate::error::StoreError;
use crate::id::EntropyError;
use crate::session::SessionError;
use crate::session::plan::Unsavable;

/// The reason why a session could not be loaded.
///
/// # Examples
///
/// ```
/// use velox_session::manager::OpenError;
///
/// fn status(error: &OpenError) -> u16 {
///     match error {
///         OpenError::Unavailable(_) => 503,
///         _ => 500,
///     }
/// }
/// # let _ = status;
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The store failed.
    #[error("the session could not be loaded")]
    Unavailable(#[source] StoreError),
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
    /// The store failed. The session may be saved or not.
    #[error("the session could not be saved")]
    Unavailable(#[source] StoreError),
    /// Other requests changed the session at the same time, and the changes of this request cannot
    /// be applied to the result: they ended the session, gave it a new id, or ended all sessions of
    /// the user who logs in. Nothing was saved except the values that
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

impl From<Unsavable> for CloseError {
    fn from(reason: Unsavable) -> Self {
        match reason {
            Unsavable::Irreconcilable => Self::Conflict,
            Unsavable::CookieAfterHead => Self::CookieAfterHead,
        }
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
