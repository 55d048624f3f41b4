//! Converts other errors to an [`Error`] with `?`.

use super::Error;

impl<E> From<E> for Error
where
    E: std::error::Error + Send + Sync + 'static,
{
    /// Makes an internal error. The log shows the source, and the client receives no details.
    fn from(source: E) -> Self {
        Error::internal(source)
    }
}
