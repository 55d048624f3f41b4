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
mod claim;
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
use http::{Method, Request, Response};
use tracing::Span;

pub use self::body::Body;
pub use self::boxed::BoxedService;
use self::claim::{Called, Claimed, Rare};
pub(crate) use self::core::Core;
pub(crate) use self::edge::{Edge, FindPeer};
#[cfg(feature = "server")]
pub(crate) use self::feed::GoesOn;
pub use self::health::Health;
#[cfg(feature = "server")]
pub(crate) use self::health::Stopping;
pub(crate) use self::hosts::AllowedHosts;
#[cfg(feature = "server")]
pub(crate) use self::lines::OutlivesClient;
pub(crate) use self::pages::Pages;
pub(crate) use self::reply::refused;
use self::reply::without_body;
use self::run::run;
pub use self::subscriptions::Subscriptions;
#[cfg(not(feature = "server"))]
use self::term::Asking;
#[cfg(feature = "server")]
pub(crate) use self::term::{Asking, Term, late};
pub use self::watch::{Ended, Observer};
use self::watch::{Watch, within};
pub use crate::error::body::BodyTimeout;
use crate::error::{BoxError, Error};
use crate::router::Manifest;

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
