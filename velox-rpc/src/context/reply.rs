//! The head of the reply, as far as calls have a say in it.

use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// What calls and middlewares have to say about the head of the reply.
#[derive(Debug, Default)]
pub(crate) struct ReplyHead {
    pub(crate) status: Option<StatusCode>,
    pub(crate) headers: HeaderMap,
}

/// A handle on the head of the reply: headers and status to send.
///
/// What is set here is sent whether the call ends well or in an error. Two things are meant for the result alone: an error has its own
/// status, and a `Cache-Control` that allows shared caches to keep the reply becomes `no-store`. `private` stays.
///
/// # Examples
///
/// ```
/// use http::{HeaderValue, header};
/// use velox_rpc::{Call, procedure};
///
/// let cached = procedure::<()>().query(|Call { ctx, .. }| {
///     ctx.reply().header(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
///     Ok("the same for a minute")
/// });
/// # let _ = cached;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a>(pub(super) &'a Mutex<ReplyHead>);

impl Reply<'_> {
    /// Sets a header, in place of any of the same name.
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.with(|head| head.headers.insert(name, value));
        self
    }

    /// Adds a header beside those of the same name.
    pub fn append(self, name: HeaderName, value: HeaderValue) -> Self {
        self.with(|head| head.headers.append(name, value));
        self
    }

    /// Whether a header of this name is set.
    pub fn has_header(self, name: &HeaderName) -> bool {
        self.with(|head| head.headers.contains_key(name))
    }

    /// Sets the status of a call that ends well. A status that is no success (2xx) or redirection (3xx) is refused: what failed is an
    /// [`Error`](crate::Error).
    pub fn status(self, status: StatusCode) -> Self {
        if status.is_success() || status.is_redirection() {
            self.with(|head| head.status = Some(status));
        }
        self
    }

    /// Changes the headers in place, for what takes an `http::HeaderMap`.
    pub fn edit_headers<T>(self, edit: impl FnOnce(&mut HeaderMap) -> T) -> T {
        self.with(|head| edit(&mut head.headers))
    }

    fn with<T>(self, f: impl FnOnce(&mut ReplyHead) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
