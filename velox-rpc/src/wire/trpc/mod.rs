//! The tRPC wire: the HTTP protocol of tRPC 11, as `@trpc/client` speaks it (<https://trpc.io/docs/rpc>).
//!
//! [`procedures`] knows every procedure by its path, [`batch`] reads what a request asks for, [`input`] makes the inputs of its calls,
//! [`reply`] the envelopes of their results. [`superjson`] is what may stand in these in place of JSON.

mod batch;
mod input;
mod procedures;
mod reply;
mod settings;
mod superjson;

use http::request::Parts;
use http::{Method, StatusCode};

pub(crate) use self::batch::Batch;
pub(crate) use self::procedures::Procedures;
pub use self::settings::Trpc;
use crate::context::{ReplyHead, RequestId, Serial};
use crate::error::Result;
use crate::procedure::Endpoint;
use crate::wire::{Answer, Calls, Subject};

impl Procedures {
    /// Finds the calls of a request, or refuses it in the words of tRPC.
    pub(crate) fn claim(&self, parts: &Parts) -> Result<Box<Batch>, Box<(Answer, ReplyHead)>> {
        if parts.method == Method::HEAD {
            let answer = Answer { status: StatusCode::NO_CONTENT, json: Vec::new(), failed: false, is_fault: false };
            return Err(Box::new((answer, ReplyHead::default())));
        }
        let rest = self.below(parts.uri.path()).unwrap_or_default();
        Batch::read(parts, rest, self).map(Box::new).map_err(|error| {
            let mut head = ReplyHead::default();
            let answer = self.refusal(&error, &mut head.headers, || RequestId::own(Serial::next()));
            Box::new((answer, head))
        })
    }

    pub(crate) fn calls(&self, batch: &Batch) -> Calls<'_> {
        match self.only(batch) {
            Some(endpoint) => Calls::One(endpoint),
            None => Calls::Each((0..batch.calls.len()).map(|call| self.call(batch, call)).collect()),
        }
    }

    /// The procedure of one call, if that is known.
    pub(crate) fn call(&self, batch: &Batch, call: usize) -> Option<&Endpoint> {
        let index = batch.calls[call].procedure.as_ref().ok()?;
        Some(self.endpoint(*index))
    }

    /// The procedure of a request with one call.
    fn only(&self, batch: &Batch) -> Option<&Endpoint> {
        if batch.calls.len() == 1 { self.call(batch, 0) } else { None }
    }

    pub(crate) fn subject(&self, batch: &Batch) -> Subject<'_> {
        Subject { route: &self.route, procedure: self.only(batch).map(|endpoint| &*endpoint.name) }
    }
}
