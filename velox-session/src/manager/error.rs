//! The error of loading a session.

use crate::error::StoreError;

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
