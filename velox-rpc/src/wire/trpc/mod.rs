//! The tRPC wire implements the HTTP protocol of tRPC 11, as `@trpc/client` uses it
//! (<https://trpc.io/docs/rpc>).
//!
//! [`procedures`] finds a procedure by its path. [`batch`] reads the calls of a request, [`input`]
//! makes their inputs, and [`reply`] writes the envelopes of their results. [`superjson`] decodes
//! inputs and encodes outputs if the application has turned it on.

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
    /// Returns the calls of a request, or a refusal in tRPC's error format. A HEAD request gets
    /// 204.
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

    /// Returns the procedure of one call. It is `None` if the call has no procedure that can run.
    pub(crate) fn call(&self, batch: &Batch, call: usize) -> Option<&Endpoint> {
        let index = batch.calls[call].procedure.as_ref().ok()?;
        Some(self.endpoint(*index))
    }

    /// Returns the procedure of a request that has exactly one call.
    fn only(&self, batch: &Batch) -> Option<&Endpoint> {
        if batch.calls.len() == 1 { self.call(batch, 0) } else { None }
    }

    pub(crate) fn subject(&self, batch: &Batch) -> Subject<'_> {
        Subject { route: &self.route, procedure: self.only(batch).map(|endpoint| &*endpoint.name) }
    }
}
