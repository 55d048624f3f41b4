//! The service: one exchange from its request to its reply, whatever brings the request.
//!
//! A request is claimed by its route before its body is read; the body is read within its limits; the procedure runs; the
//! exchange ends (a session is saved); and only then is the head of the reply made.

mod body;
mod boxed;
mod edge;
mod hosts;
mod pages;
mod reply;
mod watch;

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, RETRY_AFTER, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response};

pub use self::body::Body;
pub use self::boxed::BoxedService;
pub(crate) use self::edge::{Edge, FindPeer};
pub(crate) use self::hosts::AllowedHosts;
use self::pages::Asked;
pub(crate) use self::pages::Pages;
pub(crate) use self::reply::refused;
use self::reply::{failed, response, without_body};
pub use self::watch::{Ended, Observer};
use self::watch::{Watch, within};
use crate::budget::Budget;
use crate::call::RawInput;
use crate::context::{self, Arrived, Coming, Exchange, Input, Peer, ReplyHead, RequestId, Serial};
use crate::error::{BoxError, Code, Error, Result};
use crate::procedure;
use crate::router::Manifest;
use crate::wire::rest::{Claim, Parameters, Route, Routes, success};
use crate::wire::{BodyLimit, BodyType, check_head, is_only_encoded, is_overload, read_body};
pub use crate::wire::{BodyOverload, BodyTimeout};

/// A built application: a [`tower_service::Service`] over `http` types. Cloning copies a pointer.
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
    /// The application with its layers around it, where it has any.
    layered: Option<BoxedService>,
}

/// Puts a layer around a service.
pub(crate) type Around = Box<dyn FnOnce(BoxedService) -> BoxedService + Send + Sync>;

/// An application without its layers.
pub(crate) struct Core {
    pub(crate) routes: Routes,
    pub(crate) pages: Pages,
    pub(crate) manifest: Manifest,
    pub(crate) body_limit: BodyLimit,
    pub(crate) budget: Arc<Budget>,
    pub(crate) observers: Vec<Box<dyn Observer>>,
    pub(crate) edge: Edge,
    pub(crate) development: bool,
}

impl AppService {
    /// The layers from the innermost to the outermost.
    pub(crate) fn new(core: Core, layers: Vec<Around>) -> Self {
        let core = Arc::new(core);
        let innermost = || BoxedService::new(Innermost(Arc::clone(&core)));
        let layered = (!layers.is_empty()).then(|| layers.into_iter().fold(innermost(), |inner, around| around(inner)));
        Self { core, layered }
    }

    /// Answers a request. Every failure is a reply: nothing is ever thrown.
    pub async fn call<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body + Send + 'static,
        B::Error: Into<BoxError>,
    {
        match &self.layered {
            None => {
                let (parts, body) = request.into_parts();
                Arc::clone(&self.core).answer(parts, body, None).await
            }
            Some(layered) => layered.clone().answer(request.map(Body::of_any_data)).await,
        }
    }

    /// The service as a server calls it: without layers directly, else as any other service.
    #[cfg(feature = "server")]
    pub(crate) fn into_parts(self) -> (Arc<Core>, Option<BoxedService>) {
        (self.core, self.layered)
    }

    /// The application's procedures and routes, as data.
    pub fn manifest(&self) -> &Manifest {
        &self.core.manifest
    }

    /// Whether this is a development run: see [`App::development`](crate::App::development).
    pub fn is_development(&self) -> bool {
        self.core.development
    }
}

impl Core {
    /// Answers a request. All that its head decides is decided before the future is made, which so need not hold the head.
    ///
    /// velox's own server tells the peer here, where it costs less than among the extensions.
    pub(crate) fn answer<B>(
        self: Arc<Self>,
        parts: Parts,
        body: B,
        peer: Option<Peer>,
    ) -> impl Future<Output = Response<Body>> + use<B>
    where
        B: http_body::Body,
        B::Error: Into<BoxError>,
    {
        let claimed = self.claim(parts, body, peer);
        async move {
            let route = claimed.route().map(|index| &self.routes[index]);
            // Made only where somebody looks.
            let id = || claimed.id();
            let span = watch::span(id, claimed.method(), route);
            let watch = Watch::begin(id, &span, &self.observers, claimed.method(), route);
            let is_head = claimed.method() == Method::HEAD;
            let reply = match claimed {
                Claimed::Call { route, exchange, unread, body } => {
                    let (route, body) = (&self.routes[route], pin!(body));
                    let client = || exchange.request().client_network();
                    let reading = pin!(unread.map(|unread| self.read(route, unread, body, client())));
                    within(&span, pin!(run(route, exchange, reading.as_pin_mut()))).await
                }
                Claimed::Refused { reply, .. } => *reply,
            };
            watch.end(reply.status());
            if is_head { without_body(reply) } else { reply }
        }
    }

    /// Finds the route, and refuses what can be refused by the head of the request alone.
    fn claim<B: http_body::Body>(&self, parts: Parts, body: B, peer: Option<Peer>) -> Claimed<B> {
        let sender = self.edge.sender(peer, &parts.extensions);
        let serial = Serial::next();
        let refused = |route, reply| Claimed::Refused {
            route,
            id: RequestId::new(serial, &parts.headers, &sender),
            method: parts.method.clone(),
            reply: Box::new(reply),
        };
        let claim = self.routes.claim(&parts.method, parts.uri.path());
        // A path that is nobody's is not told to another host either.
        if !matches!(claim, Claim::Route(index, _) if self.routes[index].endpoint.meta.any_host)
            && let Err(error) = self.edge.check_host(&sender, &parts, self.development)
        {
            return refused(None, self::refused(&error));
        }
        let (index, parameters) = match claim {
            Claim::Route(index, parameters) => (index, parameters),
            Claim::NotFound => return refused(None, self.unclaimed(&parts)),
            Claim::MethodNotAllowed(allow) => return refused(None, method_not_allowed(&parts, allow)),
        };
        let route = &self.routes[index];
        let has_body = route.input.wants_body() && !body.is_end_stream();
        let (input, unread) = if has_body {
            match check_head(&parts.headers, &body, self.limit(route)) {
                Ok(body_type) => {
                    (Input::coming(route.endpoint.meta.steps_before_input), Some(Unread { body_type, parameters }))
                }
                Err(error) => return refused(Some(index), unread(&error, &parts.headers)),
            }
        } else {
            (Input::There(route.input.decode(&parameters, parts.uri.query(), None)), None)
        };
        let exchange = Exchange::new(context::Request::new(parts, sender), input, serial);
        Claimed::Call { route: index, exchange, unread, body }
    }

    /// Reads the body, and makes the input of it and the path.
    async fn read<B>(
        &self,
        route: &Route,
        unread: Unread,
        body: Pin<&mut B>,
        network: Option<IpAddr>,
    ) -> Result<RawInput>
    where
        B: http_body::Body,
        B::Error: Into<BoxError>,
    {
        let mut held = self.budget.open(network);
        let text = read_body(unread.body_type, body, self.limit(route), &mut held).await?;
        Ok(route.input.decode(&unread.parameters, None, text)?.holding(held))
    }

    fn limit(&self, route: &Route) -> BodyLimit {
        route.endpoint.meta.body_limit.map_or(self.body_limit, BodyLimit)
    }

    /// No route has the path: a page may.
    #[cold]
    fn unclaimed(&self, parts: &Parts) -> Response<Body> {
        match self.pages.ask(parts) {
            Asked::Page(page) => page,
            Asked::MethodNotAllowed => method_not_allowed(parts, HeaderValue::from_static("GET, HEAD")),
            Asked::Nothing => not_found(parts),
        }
    }
}

/// A request whose head was looked at. Routes are told by their index.
enum Claimed<B> {
    Call {
        route: usize,
        exchange: Exchange,
        /// What is to be known to read the body, if that is to be read.
        unread: Option<Unread>,
        body: B,
    },
    Refused {
        route: Option<usize>,
        id: RequestId,
        method: Method,
        reply: Box<Response<Body>>,
    },
}

/// A body that is still to be read. With the parameters of the path it becomes one input.
struct Unread {
    body_type: BodyType,
    parameters: Parameters,
}

impl<B> Claimed<B> {
    fn route(&self) -> Option<usize> {
        match self {
            Self::Call { route, .. } => Some(*route),
            Self::Refused { route, .. } => *route,
        }
    }

    fn method(&self) -> &Method {
        match self {
            Self::Call { exchange, .. } => exchange.request().method(),
            Self::Refused { method, .. } => method,
        }
    }

    fn id(&self) -> RequestId {
        match self {
            Self::Call { exchange, .. } => exchange.id(),
            Self::Refused { id, .. } => id.clone(),
        }
    }
}

/// Runs a call, and the reading of its body once a step asks for that.
async fn run<R>(route: &Route, mut exchange: Exchange, reading: Option<Pin<&mut R>>) -> Response<Body>
where
    R: Future<Output = Result<RawInput>>,
{
    let reading = match reading {
        // Nothing can refuse the call before it asks.
        Some(reading) if !route.endpoint.meta.steps_before_input => {
            let input = reading.await;
            explain_failure(&exchange, &input);
            exchange.set_input(input);
            None
        }
        reading => reading,
    };
    let exchange = &exchange;
    let mut call = pin!(procedure::run(&route.endpoint, exchange));
    let result = match (exchange.input(), reading) {
        (Input::Coming(input), Some(reading)) => beside(exchange, input, call, reading).await,
        _ => call.as_mut().await,
    };
    let ended = match exchange.is_plain() {
        true => Ok(()),
        false => procedure::end(exchange, &route.endpoint.name, &result).await,
    };
    match ended {
        Ok(()) => reply(route, result, exchange.take_reply(), exchange),
        Err(error) => failed(&error, || exchange.id(), void(exchange.take_reply())),
    }
}

/// Polls a call, and beside it, once it asks for its input, what reads that.
async fn beside<C: Future>(
    exchange: &Exchange,
    input: &Coming,
    mut call: Pin<&mut C>,
    mut reading: Pin<&mut impl Future<Output = Result<RawInput>>>,
) -> C::Output {
    let mut began = None;
    poll_fn(|cx| {
        input.listen(cx);
        loop {
            if let Poll::Ready(output) = call.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            if !input.is_wanted() {
                return Poll::Pending;
            }
            match reading.as_mut().poll(cx) {
                Poll::Ready(read) => {
                    let waited = began.map_or(Duration::ZERO, |began: Instant| began.elapsed());
                    explain_failure(exchange, &read);
                    input.arrive(Arrived { input: read, waited });
                }
                Poll::Pending => {
                    began.get_or_insert_with(Instant::now);
                    return Poll::Pending;
                }
            }
        }
    })
    .await
}

/// What is left of a reply whose exchange failed to end: its cookies are void, but whether a cache may keep what is sent in its
/// place is not.
fn void(head: ReplyHead) -> ReplyHead {
    let mut kept = ReplyHead::default();
    for name in [CACHE_CONTROL, VARY] {
        // Each may have several lines: a handler's, and one that says the reply is one visitor's.
        for value in head.headers.get_all(&name) {
            kept.headers.append(&name, value.clone());
        }
    }
    kept
}

fn reply(route: &Route, result: Result<procedure::Output>, head: ReplyHead, exchange: &Exchange) -> Response<Body> {
    match result {
        Ok(output) => {
            let (status, json) = success(route, output, &head);
            response(status, json, head.headers)
        }
        Err(error) => failed(&error, || exchange.id(), head),
    }
}

/// A body that the head rules out.
#[cold]
fn unread(error: &Error, request: &HeaderMap) -> Response<Body> {
    let mut response = refused(error);
    explain(error, request, response.headers_mut());
    response
}

/// Says in the head of the reply what goes with the failure of a body.
fn explain_failure(exchange: &Exchange, read: &Result<RawInput>) {
    if let Err(error) = read {
        exchange.reply().edit_headers(|reply| explain(error, exchange.request().headers(), reply));
    }
}

/// The headers that go with the refusal of a body.
#[cold]
fn explain(error: &Error, request: &HeaderMap, reply: &mut HeaderMap) {
    if error.code() == Code::UnsupportedMediaType && is_only_encoded(request) {
        reply.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    } else if is_overload(error) {
        reply.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
}

#[cold]
fn not_found(parts: &Parts) -> Response<Body> {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let message = format!("Route {}:{target} not found", parts.method);
    refused(&Error::new(Code::NotFound, message).with_name("Not Found"))
}

#[cold]
fn method_not_allowed(parts: &Parts, allow: HeaderValue) -> Response<Body> {
    let message = format!("{} is not a method of {}", parts.method, parts.uri.path());
    let error = Error::new(Code::MethodNotSupported, message).with_name("Method Not Allowed");
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

    /// Always ready: the layers are waited for with each request.
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
        let answer = Arc::clone(&self.0).answer(parts, body, None);
        Box::pin(async move { Ok(answer.await) })
    }
}

impl fmt::Debug for AppService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppService").field("manifest", &self.core.manifest).finish_non_exhaustive()
    }
}
