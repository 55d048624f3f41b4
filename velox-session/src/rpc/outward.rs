//! Turns session errors into velox-rpc errors for the caller, using the table in `rejection.rs`.
//!
//! A handler passes on a [`SessionError`] with `?`, which turns any error into an internal one. The
//! session middleware runs around the handler and corrects this if the caller's input caused the
//! error.

use velox_rpc::error::{BoxError, Error, ErrorKind};

use crate::manager::{CrossSiteError, Full};
use crate::rejection::Reason;
use crate::session::SessionError;
use crate::store::StoreError;

/// Corrects the error of a call if the caller, another request or the store caused it.
pub(super) fn of_call(error: Error) -> Error {
    let reason = error.source().and_then(|source| {
        let session = source.downcast_ref::<SessionError>().map(Reason::from);
        // This is the error of a manager that a handler has used.
        session.or_else(|| source.downcast_ref::<StoreError>().map(Reason::from))
    });
    match reason {
        None | Some(Reason::INTERNAL) => error,
        Some(reason) => with_source_of(error, reason),
    }
}

#[cold]
fn with_source_of(error: Error, reason: Reason) -> Error {
    match error.into_source() {
        Some(source) => caused(reason, source),
        None => tell(reason),
    }
}

#[cold]
pub(super) fn tell(reason: Reason) -> Error {
    Error::custom(reason.status, reason.code, reason.message).with_name(reason.error)
}

#[cold]
pub(super) fn caused(reason: Reason, source: impl Into<BoxError>) -> Error {
    tell(reason).with_source(source)
}

/// In development, the message says how to let the request pass.
#[cold]
pub(super) fn cross_site(error: CrossSiteError, is_development: bool) -> Error {
    let Reason { error: name, message, status, code } = Reason::CROSS_SITE;
    Error::custom(status, code, error.message(message, is_development)).with_name(name).with_source(error)
}

/// Returns the error of a session with too many subscriptions.
#[cold]
pub(super) fn full(error: Full) -> Error {
    Error::new(ErrorKind::TooManyRequests, "Too many subscriptions of one session")
        .with_code("SESSION_SUBSCRIPTIONS")
        .with_source(error)
}

/// The source of the error that the session ended while the call waited for its body.
#[derive(Debug, thiserror::Error)]
#[error("the session ended while the call waited for its body")]
struct Ended;

#[cold]
pub(super) fn ended() -> Error {
    caused(Reason::CHANGED, Ended)
}

/// Returns whether a call failed because its session ended while the call waited.
pub(super) fn is_ended(error: &Error) -> bool {
    error.source().is_some_and(|source| source.is::<Ended>())
}
