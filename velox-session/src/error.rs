//! The store could not be asked.

use std::error::Error;

/// The store could not be asked, or did not answer.
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
    /// An error with this cause. The cause and what is behind it are written to the log, and must hold no secret.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }

    /// The error of a store that cannot do what was asked, and says so.
    #[must_use]
    pub fn unsupported(what: &'static str) -> Self {
        Self::new(Unsupported { what })
    }

    /// Whether the store cannot do what was asked, today or ever.
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
