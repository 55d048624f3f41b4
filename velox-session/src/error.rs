//! The error of a session store.

use std::error::Error;

/// An error of a [`SessionStore`](crate::SessionStore): it could not be reached, did not answer, or
/// does not support the operation.
///
/// # Examples
///
/// ```
/// use velox_session::store::StoreError;
///
/// let error = StoreError::new(std::io::Error::other("connection refused"));
/// assert_eq!(error.to_string(), "the session store failed");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the session store failed")]
pub struct StoreError {
    source: Box<dyn Error + Send + Sync>,
}

impl StoreError {
    /// Returns an error with this cause. The cause and its sources are written to the log, so they
    /// must hold no secret.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }

    /// Returns the error of a store that does not support an operation. `what` completes the
    /// sentence "this store cannot …".
    #[must_use]
    pub fn unsupported(what: &'static str) -> Self {
        Self::new(Unsupported { what })
    }

    /// Returns whether the store does not support the operation at all.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        self.source.is::<Unsupported>()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("this store cannot {what}")]
struct Unsupported {
    what: &'static str,
}
