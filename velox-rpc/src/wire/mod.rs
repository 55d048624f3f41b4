//! Each wire maps a request to calls, and the results of the calls to a reply. A wire never runs
//! a procedure itself.
//!
//! The service uses only [`Wires`] and does not know the individual wires; a [`Plan`] holds what a
//! request asks for. This module may use the router and the modules that lie inward of it. No
//! module inward of it may use the wires.

mod body;
mod calls;
mod json;
mod keys;
mod look;
pub(crate) mod rest;
mod sse;
pub(crate) mod trpc;

use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use self::look::look;
use self::rest::Routes;
use self::trpc::{Batch, Procedures};
use crate::call::{ProcedureName, RawInput};
use crate::context::{Inputs, ReplyHead, RequestId};
use crate::error::{Error, Result};
use crate::procedure::{Endpoint, Happening, Outcome};

pub(crate) use self::body::{BodyLimit, BodyType, check_head, is_only_encoded, is_overload, read_body};
pub(crate) use self::calls::{Answer, Calls, Results, Subject};
pub(crate) use self::sse::PING;

pub(crate) struct Wires {
    pub(crate) rest: Routes,
    pub(crate) trpc: Option<Procedures>,
}

/// The result of reading the head of a request.
pub(crate) enum Claim {
    Plan(Plan),
    /// The wire refuses the request, in its own error format.
    Refused(Box<(Answer, ReplyHead)>),
    NotFound,
    /// Routes with this path exist, but for other methods. The header value lists them.
    MethodNotAllowed(HeaderValue),
}

/// The calls of a request. Only its wire reads the contents.
pub(crate) enum Plan {
    Rest { route: usize, parameters: Vec<String> },
    Trpc(Box<Batch>),
}

/// The part of a plan that stays known after the plan has been handed on: its wire and its first
/// procedure, by the wire's own index.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trace {
    Rest(usize),
    Trpc(Option<usize>),
}

impl Wires {
    #[inline]
    pub(crate) fn claim(&self, parts: &Parts) -> Claim {
        match &self.trpc {
            Some(trpc) if trpc.has(parts.uri.path()) => match trpc.claim(parts) {
                Ok(batch) => Claim::Plan(Plan::Trpc(batch)),
                Err(refusal) => Claim::Refused(refusal),
            },
            _ => match self.rest.find(&parts.method, parts.uri.path()) {
                rest::Lookup::Route(route, parameters) => Claim::Plan(Plan::Rest { route, parameters }),
                rest::Lookup::NotFound => Claim::NotFound,
                rest::Lookup::MethodNotAllowed(allow) => Claim::MethodNotAllowed(allow),
            },
        }
    }

    #[inline]
    pub(crate) fn calls<'a>(&'a self, plan: &Plan) -> Calls<'a> {
        match plan {
            Plan::Rest { route, .. } => Calls::One(&self.rest[*route].endpoint),
            Plan::Trpc(batch) => self.trpc().calls(batch),
        }
    }

    /// Returns the procedure of one call. It is `None` if the call has no procedure that can run.
    pub(crate) fn call(&self, plan: &Plan, call: usize) -> Option<&Endpoint> {
        match plan {
            Plan::Rest { route, .. } => Some(&self.rest[*route].endpoint),
            Plan::Trpc(batch) => self.trpc().call(batch, call),
        }
    }

    pub(crate) fn subject(&self, plan: &Plan) -> Subject<'_> {
        match plan {
            Plan::Rest { route, .. } => {
                let route = &self.rest[*route];
                Subject { route: route.path(), procedure: Some(&route.endpoint.name) }
            }
            Plan::Trpc(batch) => self.trpc().subject(batch),
        }
    }

    /// Returns whether the body is part of the input.
    pub(crate) fn wants_body(&self, plan: &Plan) -> bool {
        match plan {
            Plan::Rest { route, .. } => self.rest[*route].input.wants_body(),
            Plan::Trpc(batch) => batch.wants_body(),
        }
    }

    /// Makes the inputs from the query and the body.
    #[inline]
    pub(crate) fn decode(&self, plan: &Plan, query: Option<&str>, body: Option<String>) -> Inputs {
        match plan {
            Plan::Rest { route, parameters } => Inputs::One(self.rest[*route].input.decode(parameters, query, body)),
            Plan::Trpc(batch) => self.trpc().decode(batch, query, body),
        }
    }

    /// Makes the input of a subscription, with the id of the last event that the client has seen.
    pub(crate) fn resume(&self, plan: &Plan, head: &Parts) -> Result<RawInput> {
        let query = head.uri.query().unwrap_or_default();
        let of_header = sse::last_event_id(&head.headers)?;
        match plan {
            Plan::Rest { route, parameters } => self.rest[*route].input.resume(parameters, query, of_header),
            Plan::Trpc(batch) => self.trpc().resume(batch, query, of_header),
        }
    }

    /// Sets the headers of the reply to a subscription.
    pub(crate) fn events_head(&self, plan: &Plan, headers: &mut HeaderMap) {
        sse::head(headers);
        if let Plan::Trpc(batch) = plan {
            batch.head(headers);
        }
    }

    /// Returns the first text of the reply to a subscription. The client connects again if nothing
    /// arrives for `reconnect_after`, and waits for `retry` before it does.
    pub(crate) fn connected(&self, reconnect_after: Option<Duration>, retry: Option<Duration>) -> Vec<u8> {
        sse::connected(reconnect_after, retry)
    }

    /// Returns the text of the next item of a subscription.
    pub(crate) fn event(&self, plan: &Plan, happening: Happening, id: impl Fn() -> RequestId) -> Vec<u8> {
        match happening {
            Happening::Event(event) => sse::message(match plan {
                Plan::Rest { .. } => event,
                Plan::Trpc(batch) => self.trpc().event(batch, event),
            }),
            Happening::Returned => sse::RETURN.to_vec(),
            Happening::Failed(error) => sse::failed(&match plan {
                Plan::Rest { .. } => rest::failure(&error, id).json,
                Plan::Trpc(batch) => self.trpc().failed_event(batch, &error, id),
            }),
        }
    }

    /// Returns the whole reply to a subscription that has failed before its first event. For tRPC
    /// it is an event, since `EventSource` does not read replies with an error status. REST has the
    /// usual reply to a failed call, so this returns `None`.
    pub(crate) fn failed_subscription(
        &self,
        plan: &Plan,
        error: &Error,
        retry: Option<Duration>,
        id: impl Fn() -> RequestId,
    ) -> Option<Vec<u8>> {
        match plan {
            Plan::Rest { .. } => None,
            Plan::Trpc(batch) => {
                let mut text = self.connected(None, retry);
                text.extend(sse::failed(&self.trpc().failed_event(batch, error, id)));
                Some(text)
            }
        }
    }

    /// Returns the inputs of calls whose body could not be read: each is the error.
    pub(crate) fn unread(&self, plan: &Plan, error: Error) -> Inputs {
        match self.calls(plan) {
            Calls::One(_) => Inputs::One(Err(error)),
            Calls::Each(calls) => Inputs::Each(calls.iter().map(|_| Err(error.again())).collect()),
        }
    }

    /// Makes the reply to calls that have run. It calls `id` only if the log has the details of a
    /// failure.
    pub(crate) fn answer(
        &self,
        plan: &Plan,
        results: Results,
        head: &mut ReplyHead,
        id: impl Fn() -> RequestId,
    ) -> Answer {
        match plan {
            Plan::Rest { route, .. } => match results.only() {
                Ok(output) => rest::success(&self.rest[*route], output, head),
                Err(error) => rest::failure(&error, id),
            },
            Plan::Trpc(batch) => self.trpc().answer(batch, results, &mut head.headers, id),
        }
    }

    /// Returns whether the client wants a line for each call as soon as the call has ended.
    pub(crate) fn is_stream(&self, plan: &Plan) -> bool {
        matches!(plan, Plan::Trpc(batch) if batch.is_stream)
    }

    /// Returns the first line of a streamed reply and its headers. Both are empty for REST.
    pub(crate) fn stream(&self, plan: &Plan) -> (Vec<u8>, HeaderMap) {
        match plan {
            Plan::Trpc(batch) => self.trpc().lines(batch),
            Plan::Rest { .. } => Default::default(),
        }
    }

    /// Returns the line of one call in a streamed reply.
    pub(crate) fn line(
        &self,
        plan: &Plan,
        call: usize,
        result: Option<Result<Outcome>>,
        id: impl Fn() -> RequestId,
    ) -> Vec<u8> {
        match plan {
            Plan::Trpc(batch) => self.trpc().line(batch, call, result, id),
            Plan::Rest { .. } => Vec::new(),
        }
    }

    /// Makes the reply to a request that is refused as a whole, or whose calls did not end in time,
    /// in the error format of its wire.
    pub(crate) fn refusal(
        &self,
        trace: Trace,
        error: &Error,
        head: &mut ReplyHead,
        id: impl Fn() -> RequestId,
    ) -> Answer {
        match trace {
            Trace::Rest(_) => rest::failure(error, id),
            Trace::Trpc(_) => self.trpc().refusal(error, &mut head.headers, id),
        }
    }

    /// Returns the part of a plan that stays known without it.
    #[inline]
    pub(crate) fn trace(&self, plan: &Plan) -> Trace {
        match plan {
            Plan::Rest { route, .. } => Trace::Rest(*route),
            Plan::Trpc(batch) => Trace::Trpc(batch.first()),
        }
    }

    /// Returns the first procedure of a plan.
    pub(crate) fn procedure(&self, trace: Trace) -> Option<&ProcedureName> {
        match trace {
            Trace::Rest(route) => Some(&self.rest[route].endpoint.name),
            Trace::Trpc(procedure) => Some(&self.trpc().endpoint(procedure?).name),
        }
    }

    fn trpc(&self) -> &Procedures {
        self.trpc.as_ref().expect("its plans are made by itself")
    }
}

/// Makes the reply to a request that no wire has claimed or that a server refuses, in REST's error
/// format.
pub(crate) fn unclaimed(error: &Error, id: impl Fn() -> RequestId) -> Answer {
    rest::failure(error, id)
}
