//! Why a session could not be opened, or saved.

use crate::error::StoreError;
use crate::id::EntropyError;
use crate::session::SessionError;
use crate::session::plan::Unsavable;

/// Why a session could not be opened.
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
    /// The store could not be asked.
    #[error("the session could not be loaded")]
    Unavailable(#[source] StoreError),
}

/// Why a session could not be saved.
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
    /// The store could not be asked. Whether the session was saved is unknown.
    #[error("the session could not be saved")]
    Unavailable(#[source] StoreError),
    /// Other requests changed the session at the same time, and what this one did cannot be done after them: they ended the session or
    /// gave it a new id, or ended all sessions of the user who logs in. Nothing was saved but what
    /// [`Session::update`](crate::Session::update) had returned; the request may be sent again.
    #[error("the session was changed by other requests at the same time")]
    Conflict,
    /// With what other requests wrote at the same time, the record would be too large. Nothing was saved.
    #[error("the session would be larger than {limit} bytes")]
    #[non_exhaustive]
    TooLarge {
        /// How many bytes a record may have.
        limit: usize,
    },
    /// The session would begin or get a new id, and the head of the reply, with the cookie, has left. Nothing was saved.
    #[error("the session needs a new cookie, and the head of the reply has left")]
    CookieAfterHead,
    /// No new id could be drawn.
    #[error("no session id could be drawn")]
    Id(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Other sessions of the user are to be ended, and the store does not list them.
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
