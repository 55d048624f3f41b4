//! What the caller is told of a session's errors.
//!
//! A handler hands a [`SessionError`] on by `?`, which makes any error an internal one. The session's middleware stands
//! around the handler and knows better: what came of the caller's own input is said to be that.

use velox_rpc::error::{Code, Error};

use crate::manager::{CloseError, CrossSiteError, OpenError};
use crate::session::SessionError;
use crate::store::StoreError;

/// The error of a call, where it came of what the caller sent.
pub(super) fn of_call(error: Error) -> Error {
    // Of a manager that a handler has asked.
    if error.source().and_then(|source| source.downcast_ref()).is_some_and(|store: &StoreError| !store.is_unsupported())
    {
        return unasked(error);
    }
    match error.source().and_then(|source| source.downcast_ref()) {
        Some(SessionError::TooLarge { .. }) => too_large(),
        Some(SessionError::TooDeep { .. }) => {
            Error::bad_request("The value is nested too deeply").with_tag("SESSION_VALUE_TOO_DEEP")
        }
        Some(SessionError::ReservedKey { .. }) => {
            Error::bad_request("The key is reserved").with_tag("SESSION_KEY_RESERVED")
        }
        Some(SessionError::Superseded | SessionError::Conflict) => changed(),
        Some(SessionError::CookieAfterHead) => cookie_after_head(),
        Some(SessionError::Unavailable(store)) if !store.is_unsupported() => unasked(error),
        Some(_) | None => error,
    }
}

/// As where it cannot be loaded or saved; what the store said stays the source.
#[cold]
fn unasked(error: Error) -> Error {
    let unavailable = Error::unavailable("The session store could not be asked").with_tag("SESSION_UNAVAILABLE");
    match error.into_source() {
        Some(source) => unavailable.with_source(source),
        None => unavailable,
    }
}

/// Nothing was done, and the session was not looked at. In development it says how to let the request pass.
#[cold]
pub(super) fn cross_site(error: CrossSiteError, is_development: bool) -> Error {
    Error::forbidden(error.message("The request came from another site", is_development))
        .with_name("CsrfError")
        .with_tag("CROSS_SITE_REQUEST")
        .with_source(error)
}

/// Whether the visitor is logged in is not known: the request fails, and no cookie is touched.
#[cold]
pub(super) fn unopened(error: OpenError) -> Error {
    Error::unavailable("The session could not be loaded").with_tag("SESSION_UNAVAILABLE").with_source(error)
}

/// What was written is not stored, and is not said to be.
#[cold]
pub(super) fn unsaved(error: CloseError) -> Error {
    match error {
        CloseError::Conflict => changed(),
        CloseError::CookieAfterHead => cookie_after_head(),
        CloseError::TooLarge { .. } => too_large(),
        CloseError::Unavailable(_) => {
            Error::unavailable("The session could not be saved").with_tag("SESSION_UNAVAILABLE").with_source(error)
        }
        CloseError::Id(_) | CloseError::Unlisted(_) => Error::internal(error),
    }
}

/// The session ended while the call waited for its body.
#[derive(Debug, thiserror::Error)]
#[error("the session ended while the call waited for its body")]
struct Ended;

#[cold]
pub(super) fn ended() -> Error {
    changed().with_source(Ended)
}

/// Whether a call failed because its session ended while it waited.
pub(super) fn is_ended(error: &Error) -> bool {
    error.source().is_some_and(|source| source.is::<Ended>())
}

fn changed() -> Error {
    Error::new(Code::Conflict, "The session was changed by another request").with_tag("SESSION_CONFLICT")
}

/// As velox-rpc says it of any cookie.
fn cookie_after_head() -> Error {
    Error::new(
        Code::Conflict,
        "A streamed query cannot begin a session or give it a new id: send it in a request of its own",
    )
    .with_tag("COOKIE_AFTER_HEAD")
}

fn too_large() -> Error {
    Error::new(Code::PayloadTooLarge, "The session would hold too much").with_tag("SESSION_TOO_LARGE")
}
