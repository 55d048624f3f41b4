//! Claims a request: finds its calls by its head, before its body is read.

use http::request::Parts;
use http::{HeaderValue, Method, Response};

use super::health::{self, Probe};
use super::pages::Asked;
use super::reply::{refused, replied};
use super::run::explain;
use super::term::Term;
use super::{Body, Core};
use crate::call::Kind;
use crate::context::{self, Input, Inputs, Peer, ReplyHead, RequestId, RequestScope, Serial};
use crate::error::{Error, ErrorKind};
use crate::procedure::Endpoint;
use crate::wire::{BodyType, Claim, Plan, check_head};

/// A request whose head was examined.
pub(crate) enum Claimed<B> {
    Calls(Called<B>),
    Rare(Box<Rare<B>>),
}

/// Calls that are ready to run.
pub(crate) struct Called<B> {
    pub(super) plan: Plan,
    pub(super) scope: RequestScope,
    /// The type of the body; `None` if the body is not read.
    pub(super) body_type: Option<BodyType>,
    pub(super) body: B,
    term: Term,
}

/// A request whose reply is made in an unusual way.
pub(crate) enum Rare<B> {
    /// The reply is the events of a subscription.
    Events(Called<B>),
    /// The reply has one line for each call.
    Lines(Called<B>),
    Probe {
        probe: Probe,
        id: RequestId,
        method: Method,
    },
    Refused {
        plan: Option<Plan>,
        id: RequestId,
        method: Method,
        reply: Response<Body>,
    },
}

impl<B> Claimed<B> {
    /// Returns the term of the calls, or `None` if no calls run.
    pub(crate) fn term(&self) -> Option<Term> {
        match self {
            Self::Calls(called) => Some(called.term),
            Self::Rare(rare) => rare.called().map(|called| called.term),
        }
    }
}

impl<B> Rare<B> {
    fn called(&self) -> Option<&Called<B>> {
        match self {
            Self::Events(called) | Self::Lines(called) => Some(called),
            Self::Probe { .. } | Self::Refused { .. } => None,
        }
    }

    pub(super) fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Events(called) | Self::Lines(called) => Some(&called.plan),
            Self::Refused { plan, .. } => plan.as_ref(),
            Self::Probe { .. } => None,
        }
    }

    pub(super) fn method(&self) -> &Method {
        match self {
            Self::Events(called) | Self::Lines(called) => called.scope.request().method(),
            Self::Probe { method, .. } | Self::Refused { method, .. } => method,
        }
    }

    pub(super) fn id(&self) -> RequestId {
        match self {
            Self::Events(called) | Self::Lines(called) => called.scope.id(),
            Self::Probe { id, .. } | Self::Refused { id, .. } => id.clone(),
        }
    }
}

impl Core {
    /// Finds the calls of a request, and refuses everything that its head alone is enough to
    /// refuse.
    ///
    /// velox's own server passes the peer as an argument, which costs less than an extension.
    pub(crate) fn claim<B: http_body::Body>(&self, parts: Parts, body: B, peer: Option<Peer>) -> Claimed<B> {
        let sender = self.edge.sender(peer, &parts.extensions);
        let serial = Serial::next();
        let id = || RequestId::new(serial, &parts.headers, &sender);
        let refused = |plan, reply| {
            Claimed::Rare(Box::new(Rare::Refused { plan, id: id(), method: parts.method.clone(), reply }))
        };
        let claim = self.wires.claim(&parts);
        // Requests for other hosts are not told that a path does not exist, either.
        if self.edge.hosts.is_some()
            && !self.is_for_any_host(&claim, &parts)
            && let Err(error) = self.edge.check_host(&sender, &parts, self.development)
        {
            return refused(None, super::reply::refused(&error));
        }
        let plan = match claim {
            Claim::Plan(plan) => plan,
            Claim::Refused(refusal) => return refused(None, replied(refusal.0, refusal.1, id)),
            Claim::NotFound => match self.probe(&parts) {
                Some(probe) if health::is_asking(&parts) => {
                    return Claimed::Rare(Box::new(Rare::Probe { probe, id: id(), method: parts.method }));
                }
                Some(_) => return refused(None, only_to_be_got(&parts)),
                None => return refused(None, self.unclaimed(&parts)),
            },
            Claim::MethodNotAllowed(allow) => return refused(None, method_not_allowed(&parts, allow)),
        };
        let calls = self.wires.calls(&plan);
        let kind = calls.first().map(|endpoint| endpoint.name.kind());
        let is_subscription = kind == Some(Kind::Subscription);
        let is_whole = !is_subscription && !self.wires.is_stream(&plan);
        let timeout = |endpoint: &Endpoint| endpoint.meta.handler_timeout.unwrap_or(self.handler_timeout);
        let term = Term {
            timeout: if is_whole { calls.largest(timeout) } else { None },
            outlives_client: kind == Some(Kind::Mutation),
            trace: self.wires.trace(&plan),
            serial,
        };
        let (input, body_type) = if self.wires.wants_body(&plan) && !body.is_end_stream() {
            match check_head(&parts.headers, &body, self.limit(&calls)) {
                Ok(body_type) => {
                    let steps_before = calls.any(|endpoint| endpoint.meta.steps_before_input);
                    (Input::coming(steps_before), Some(body_type))
                }
                Err(error) => {
                    let mut head = ReplyHead::default();
                    explain(&error, &parts.headers, &mut head.headers);
                    let answer = self.wires.refusal(self.wires.trace(&plan), &error, &mut head, id);
                    return refused(Some(plan), replied(answer, head, id));
                }
            }
        } else if is_subscription {
            (Input::There(Inputs::One(self.wires.resume(&plan, &parts))), None)
        } else {
            (Input::There(self.wires.decode(&plan, parts.uri.query(), None)), None)
        };
        let scope = RequestScope::new(context::Request::new(parts, sender), input, serial, self.development);
        let called = Called { plan, scope, body_type, body, term };
        match is_whole {
            true => Claimed::Calls(called),
            false if is_subscription => Claimed::Rare(Box::new(Rare::Events(called))),
            false => Claimed::Rare(Box::new(Rare::Lines(called))),
        }
    }

    /// Returns whether a request is answered for any host. This holds if all its procedures allow
    /// it, or if it is a health check.
    fn is_for_any_host(&self, claim: &Claim, parts: &Parts) -> bool {
        match claim {
            Claim::Plan(plan) => !self.wires.calls(plan).any(|endpoint| !endpoint.meta.any_host),
            Claim::NotFound => self.probe(parts).is_some(),
            Claim::Refused(_) | Claim::MethodNotAllowed(_) => false,
        }
    }

    /// Returns the health check at a path that no route has.
    #[cold]
    fn probe(&self, parts: &Parts) -> Option<Probe> {
        self.health.as_ref()?.asked(parts)
    }

    /// Returns the page at a path that no route has, or an error.
    #[cold]
    fn unclaimed(&self, parts: &Parts) -> Response<Body> {
        match self.pages.ask(parts) {
            Asked::Page(page) => page,
            Asked::MethodNotAllowed => only_to_be_got(parts),
            Asked::Nothing => not_found(parts),
        }
    }
}

#[cold]
fn not_found(parts: &Parts) -> Response<Body> {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let message = format!("Route {}:{target} not found", parts.method);
    refused(&Error::not_found(message).with_name("Not Found"))
}

#[cold]
fn only_to_be_got(parts: &Parts) -> Response<Body> {
    method_not_allowed(parts, HeaderValue::from_static("GET, HEAD"))
}

#[cold]
fn method_not_allowed(parts: &Parts, allow: HeaderValue) -> Response<Body> {
    let message = format!("{} is not a method of {}", parts.method, parts.uri.path());
    let error = Error::new(ErrorKind::MethodNotSupported, message).with_name("Method Not Allowed");
    let mut response = refused(&error);
    response.headers_mut().insert(http::header::ALLOW, allow);
    response
}
