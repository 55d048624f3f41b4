//! The term of a request, which its server reads: how long the calls may take, and whether they
//! continue without their client.
//!
//! The service itself enforces no deadline. For a mutation to continue, something has to take over
//! its future, and only a server can.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{Extensions, Response};

use super::reply::{refused_as, replied};
use super::{Body, Core};
use crate::context::{ReplyHead, RequestId, Serial};
use crate::error::Error;
use crate::wire::Trace;

/// The longest time for the reply to a request, and the fate of its calls after that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    /// `None` means no limit.
    pub(crate) timeout: Option<Duration>,
    /// `true` if the calls continue when nobody waits for the reply. Mutations do.
    pub(crate) outlives_client: bool,
    pub(super) trace: Trace,
    pub(super) serial: Serial,
}

impl Core {
    /// Makes the reply to a request whose calls did not end in time.
    #[cold]
    pub(crate) fn late(&self, term: &Term) -> Response<Body> {
        let id = || RequestId::own(term.serial);
        tracing::warn!(
            request_id = %id(),
            procedure = self.wires.procedure(term.trace).map(tracing::field::display),
            outlives_client = term.outlives_client,
            "a call did not end in time",
        );
        let mut head = ReplyHead::default();
        replied(self.wires.refusal(term.trace, &took_too_long(), &mut head, id), head, id)
    }
}

/// Makes the reply to a request that a service other than an application did not answer in time.
#[cold]
pub(crate) fn late(outlives_client: bool) -> Response<Body> {
    let serial = Serial::next();
    tracing::warn!(request_id = %RequestId::own(serial), outlives_client, "a service did not answer in time");
    refused_as(serial, &took_too_long())
}

fn took_too_long() -> Error {
    Error::unavailable("The request took too long")
}

/// An extension of a request that reaches an application through other services. The application
/// puts its term into it.
#[derive(Clone, Default)]
pub(crate) struct Asking(Arc<OnceLock<(Arc<Core>, Term)>>);

impl Asking {
    pub(super) fn beside(extensions: &Extensions) -> Option<Self> {
        extensions.get().cloned()
    }

    /// Stores the term. If several applications do so, the first one counts.
    pub(super) fn tell(&self, core: &Arc<Core>, term: Term) {
        let _ = self.0.set((Arc::clone(core), term));
    }

    /// Returns what an application has stored, if the request has reached one.
    pub(crate) fn told(&self) -> Option<(&Core, &Term)> {
        self.0.get().map(|(core, term)| (&**core, term))
    }
}

impl fmt::Debug for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Asking").field(&self.0.get().map(|(_, term)| term)).finish()
    }
}
