//! The service: it answers one request, whichever server received it.
//!
//! A transport, REST or tRPC, claims a request by its head. Its calls run (`run.rs`), and the body
//! is read, within its limits, once one of them asks for it. Then the slots of the request end (a
//! session is saved), and after that the head of the reply is made. A streamed reply (`lines.rs`)
//! may send its head earlier. The events of a subscription (`feed.rs`) follow the head.
//!
//! The requests of an application share its `Core`.

mod body;
mod boxed;
mod core;
mod edge;
mod feed;
mod health;
mod hosts;
mod lines;
mod pages;
mod pings;
mod reply;
mod run;
mod subscriptions;
#[cfg_attr(not(feature = "server"), expect(dead_code, reason = "only a server keeps deadlines"))]
mod term;
mod watch;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{HeaderValue, Method, Request, Response};
use tracing::Span;

pub use self::body::Body;
pub use self::boxed::BoxedService;
pub(crate) use self::core::Core;
pub(crate) use self::edge::{Edge, FindPeer};
#[cfg(feature = "server")]
pub(crate) use self::feed::GoesOn;
pub use self::health::Health;
use self::health::Probe;
#[cfg(feature = "server")]
pub(crate) use self::health::Stopping;
pub(crate) use self::hosts::AllowedHosts;
#[cfg(feature = "server")]
pub(crate) use self::lines::OutlivesClient;
use self::pages::Asked;
pub(crate) use self::pages::Pages;
pub(crate) use self::reply::refused;
use self::reply::{replied, without_body};
use self::run::{explain, run};
pub use self::subscriptions::Subscriptions;
#[cfg(not(feature = "server"))]
use self::term::{Asking, Term};
#[cfg(feature = "server")]
pub(crate) use self::term::{Asking, Term, late};
pub use self::watch::{Ended, Observer};
use self::watch::{Watch, within};
use crate::call::Kind;
use crate::context::{self, Input, Inputs, Peer, ReplyHead, RequestId, RequestScope, Serial};
pub use crate::error::body::BodyTimeout;
use crate::error::{BoxError, Error, ErrorKind};
use crate::procedure::Endpoint;
use crate::router::Manifest;
use crate::wire::{BodyType, Claim, Plan, check_head};

/// A built application: a [`tower_service::Service`] over `http` types. It is cheap to clone.
///
/// # Examples
///
/// ```
/// use http::Request;
/// use velox_rpc::{App, Router, procedure};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), velox_rpc::StartError> {
/// let health = Router::new("health").procedure("getHealth", procedure().query(|_| Ok("ok")));
/// let app = App::new(()).router(health).into_service()?;
///
/// let request = Request::get("/api/health/getHealth").body(String::new()).unwrap();
/// let reply = app.call(request).await;
/// assert_eq!(reply.status(), 200);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct AppService {
    core: Arc<Core>,
    /// The application wrapped in its layers; `None` if it has no layers.
    layered: Option<BoxedService>,
}

/// A function that wraps a service in a layer.
pub(crate) type Around = Box<dyn FnOnce(BoxedService) -> BoxedService + Send + Sync>;

impl AppService {
    /// Makes the service. `layers` go from the innermost to the outermost.
    pub(crate) fn new(core: Core, layers: Vec<Around>) -> Self {
        let core = Arc::new(core);
        let innermost = || BoxedService::new(Innermost(Arc::clone(&core)));
        let layered = (!layers.is_empty()).then(|| layers.into_iter().fold(innermost(), |inner, around| around(inner)));
        Self { core, layered }
    }

    /// Answers a request. Every failure becomes a reply with an error status.
    pub async fn call<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body + Send + 'static,
        B::Error: Into<BoxError>,
    {
        match &self.layered {
            None => {
                let (parts, body) = request.into_parts();
                told(&self.core, parts, Body::of_any_data(body)).await
            }
            Some(layered) => layered.clone().answer(request.map(Body::of_any_data)).await,
        }
    }

    /// Returns the parts that velox's own server calls: the core directly, or the layered service
    /// if the application has layers.
    #[cfg(feature = "server")]
    pub(crate) fn into_parts(self) -> (Arc<Core>, Option<BoxedService>) {
        (self.core, self.layered)
    }

    /// Returns the application's procedures and routes as data.
    pub fn manifest(&self) -> &Manifest {
        &self.core.manifest
    }

    /// Returns whether this is a development run; see
    /// [`App::development`](crate::App::development).
    pub fn is_development(&self) -> bool {
        self.core.development
    }
}

/// Answers a request that arrived through other services. If velox's own server stands behind them
/// and asks for the term, this tells it.
fn told(core: &Arc<Core>, parts: Parts, body: Body) -> Answering {
    let asking = Asking::beside(&parts.extensions);
    let claimed = core.claim(parts, body, None);
    if let (Some(asking), Some(term)) = (asking, claimed.term()) {
        asking.tell(core, term);
    }
    Arc::clone(core).answer(claimed)
}

/// The future of a reply. A server can hand it to a task when the client leaves.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

impl Core {
    /// Answers a request whose head was [claimed](Self::claim).
    pub(crate) fn answer<B>(self: Arc<Self>, claimed: Claimed<B>) -> Answering
    where
        B: http_body::Body + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        match claimed {
            Claimed::Calls(called) => Box::pin(self.answer_calls(called)),
            Claimed::Rare(rare) => Box::pin(self.answer_rare(rare)),
        }
    }

    /// Every request pays for the size of this future. An `async fn` would hold its arguments
    /// twice, and so would moving a field of `called` out of its place.
    #[expect(clippy::manual_async_fn, reason = "the future of an async fn holds its arguments twice")]
    fn answer_calls<B>(self: Arc<Self>, mut called: Called<B>) -> impl Future<Output = Response<Body>> + use<B>
    where
        B: http_body::Body + Unpin,
        B::Error: Into<BoxError>,
    {
        async move {
            let (plan, scope, body_type) = (&called.plan, &mut called.scope, called.body_type);
            // The id and the subject are only made if somebody observes the request.
            let (id, subject) = (|| scope.id(), || Some(self.wires.subject(plan)));
            let method = scope.request().method();
            let is_head = *method == Method::HEAD;
            let span = watch::span(id, method, subject);
            let watch = Watch::begin(id, &span, &self.observers, method, subject);
            let network = || scope.request().client_network();
            let reading = body_type.map(|body_type| self.read(plan, body_type, Pin::new(&mut called.body), network()));
            let mut reading = pin!(reading);
            let reply = within(&span, pin!(run(&self.wires, plan, scope, reading.as_mut().as_pin_mut()))).await;
            watch.end(reply.status());
            if is_head { without_body(reply) } else { reply }
        }
    }

    async fn answer_rare<B>(self: Arc<Self>, rare: Box<Rare<B>>) -> Response<Body>
    where
        B: http_body::Body,
        B::Error: Into<BoxError>,
    {
        let (id, subject) = (|| rare.id(), || rare.plan().map(|plan| self.wires.subject(plan)));
        let span = watch::span(id, rare.method(), subject);
        let watch = Watch::begin(id, &span, &self.observers, rare.method(), subject);
        let is_head = *rare.method() == Method::HEAD;
        let reply = within(&span, pin!(self.rare_reply(*rare, &span))).await;
        watch.end(reply.status());
        if is_head { without_body(reply) } else { reply }
    }

    async fn rare_reply<B>(self: &Arc<Self>, rare: Rare<B>, span: &Span) -> Response<Body>
    where
        B: http_body::Body,
        B::Error: Into<BoxError>,
    {
        match rare {
            Rare::Events(Called { plan, scope, .. }) => feed::reply(self, plan, scope, span).await,
            Rare::Lines(Called { plan, scope, body_type, body, .. }) => {
                let body = body_type.map(|body_type| (body_type, body));
                lines::reply(self, plan, scope, body, span).await
            }
            Rare::Probe { probe, id, .. } => match &self.health {
                Some(health) => health.answer(probe, id).await,
                None => refused(&Error::internal("a probe without health checks")),
            },
            Rare::Refused { reply, .. } => reply,
        }
    }

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
            return refused(None, self::refused(&error));
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

/// A request whose head was examined.
pub(crate) enum Claimed<B> {
    Calls(Called<B>),
    Rare(Box<Rare<B>>),
}

/// Calls that are ready to run.
pub(crate) struct Called<B> {
    plan: Plan,
    scope: RequestScope,
    /// The type of the body; `None` if the body is not read.
    body_type: Option<BodyType>,
    body: B,
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

    fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Events(called) | Self::Lines(called) => Some(&called.plan),
            Self::Refused { plan, .. } => plan.as_ref(),
            Self::Probe { .. } => None,
        }
    }

    fn method(&self) -> &Method {
        match self {
            Self::Events(called) | Self::Lines(called) => called.scope.request().method(),
            Self::Probe { method, .. } | Self::Refused { method, .. } => method,
        }
    }

    fn id(&self) -> RequestId {
        match self {
            Self::Events(called) | Self::Lines(called) => called.scope.id(),
            Self::Probe { id, .. } | Self::Refused { id, .. } => id.clone(),
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

impl<B> tower_service::Service<Request<B>> for AppService
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<Self::Response, Infallible>> + Send>>;

    /// Returns ready at once. Each request waits for the layers in its own future.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(AppService::call(&service, request).await) })
    }
}

/// An application as its innermost layer sees it.
#[derive(Clone)]
struct Innermost(Arc<Core>);

impl tower_service::Service<Request<Body>> for Innermost {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let answer = told(&self.0, parts, body);
        Box::pin(async move { Ok(answer.await) })
    }
}

impl fmt::Debug for AppService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppService").field("manifest", &self.core.manifest).finish_non_exhaustive()
    }
}
