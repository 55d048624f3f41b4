//! What the caller of a procedure is told of a session's errors: the table of `rejection.rs`, as errors of velox-rpc.
//!
//! A handler hands a [`SessionError`] on by `?`, which makes any error an internal one. The session's middleware stands
//! around the handler and knows better: what came of the caller's own input is said to be that.

use velox_rpc::error::{BoxError, Error, ErrorKind};

use crate::manager::{CrossSiteError, Full};
use crate::rejection::Reason;
use crate::session::SessionError;
use crate::store::StoreError;

/// The error of a call, where it came of what the caller sent.
pub(super) fn of_call(error: Error) -> Error {
    let reason = error.source().and_then(|source| {
        let session = source.downcast_ref::<SessionError>().map(Reason::from);
        // Of a manager that a handler has asked.
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

/// In development it says how to let the request pass.
#[cold]
pub(super) fn cross_site(error: CrossSiteError, is_development: bool) -> Error {
    let Reason { error: name, message, status, code } = Reason::CROSS_SITE;
    Error::custom(status, code, error.message(message, is_development)).with_name(name).with_source(error)
}

/// A session has too many subscriptions.
#[cold]
pub(super) fn full(error: Full) -> Error {
    Error::new(ErrorKind::TooManyRequests, "Too many subscriptions of one session")
        .with_code("SESSION_SUBSCRIPTIONS")
        .with_source(error)
}

/// The session ended while the call waited for its body.
#[derive(Debug, thiserror::Error)]
#[error("the session ended while the call waited for its body")]
struct Ended;

#[cold]
pub(super) fn ended() -> Error {
    caused(Reason::CHANGED, Ended)
}

/// Whether a call failed because its session ended while it waited.
pub(super) fn is_ended(error: &Error) -> bool {
    error.source().is_some_and(|source| source.is::<Ended>())
}
