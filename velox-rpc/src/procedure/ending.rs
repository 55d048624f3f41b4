//! The end of a call: whether what was said of the reply can be sent.
//!
//! It is asked right after the handler, so that a middleware around it sees a call that failed and keeps nothing of it; and once more
//! where the exchange ends, for what middlewares and hooks say after the handler.

use super::Outcome;
use crate::context::Exchange;
use crate::error::{BoxError, Error, Result};

/// The result, or an internal error if the head of the reply says something that cannot be sent.
#[inline]
pub(super) fn checked(exchange: &Exchange, result: Result<Outcome>) -> Result<Outcome> {
    match unsendable(exchange, result.as_ref().ok().map(Outcome::as_json)) {
        None => result,
        Some(what) => Err(Error::internal(Unsendable { what, behind: result.err().and_then(Error::into_source) })),
    }
}

/// What cannot be sent, taken out of the head of the reply.
#[inline]
pub(super) fn unsendable(exchange: &Exchange, given: Option<&[u8]>) -> Option<String> {
    let reply = exchange.reply();
    if reply.is_unset() { None } else { reply.take_unsendable(given) }
}

#[derive(Debug, thiserror::Error)]
#[error("{what}")]
struct Unsendable {
    what: String,
    /// Why the call had failed before.
    #[source]
    behind: Option<BoxError>,
}
