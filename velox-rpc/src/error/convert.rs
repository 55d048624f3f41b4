//! How other errors become an [`Error`] by `?`.

use super::Error;

impl<E> From<E> for Error
where
    E: std::error::Error + Send + Sync + 'static,
{
    /// An internal error: the caller is told nothing of it, the log everything.
    fn from(source: E) -> Self {
        Error::internal(source)
    }
}
