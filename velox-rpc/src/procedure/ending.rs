//! The end of a call: a check that the head of the reply can be sent.
//!
//! The check runs right after the handler, so that a middleware around it sees a failed call and
//! saves nothing of it. It runs again at the end of the request, for what middlewares and hooks
//! set after the handler.

use super::Outcome;
use crate::context::RequestScope;
use crate::error::{BoxError, Error, Result};

/// Returns the result, or an internal error if the head of the reply cannot be sent.
#[inline]
pub(super) fn checked(scope: &RequestScope, result: Result<Outcome>) -> Result<Outcome> {
    match scope.reply().take_unsendable(result.as_ref().ok().map(Outcome::as_json)) {
        None => result,
        Some(what) => Err(Error::internal(Unsendable { what, behind: result.err().and_then(Error::into_source) })),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{what}")]
struct Unsendable {
    what: String,
    /// The error with which the call had failed before.
    #[source]
    behind: Option<BoxError>,
}
