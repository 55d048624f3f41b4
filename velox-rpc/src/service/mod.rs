//! The service: one exchange from its request to its reply, whatever brings the request.
//!
//! A request is claimed by its route before its body is read; the body is read within its limits; the procedure runs; the
//! exchange ends (a session is saved); and only then is the head of the reply made.

mod body;
mod boxed;
mod pages;
mod reply;
mod watch;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, VARY};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response};

pub use self::body::Body;
pub use self::boxed::BoxedService;
use self::pages::Asked;
pub(crate) use self::pages::Pages;
pub(crate) use self::reply::refused;
use self::reply::{failed, response, without_body};
pub use self::watch::{Ended, Observer};
use self::watch::{Watch, within};
use crate::call::RawInput;
use crate::context::{self, CallCore, Exchange, Peer, ReplyHead, RequestId, Sender};
use crate::error::{BoxError, Code, Error, Result};
use crate::procedure;
use crate::router::Manifest;
pub use crate::wire::BodyTimeout;
use crate::wire::rest::{Claim, Parameters, Route, Routes, success};
use crate::wire::{BodyLimit, is_only_encoded, read_body};

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
    pub(crate) observers: Vec<Box<dyn Observer>>,
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
                let peer = request.extensions().get().copied();
                self.core.answer(request, peer).await
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
    pub(crate) async fn answer<B>(&self, request: Request<B>, peer: Option<Peer>) -> Response<Body>
    where
        B: http_body::Body,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let head_only = parts.method == Method::HEAD;
        let claim = self.claim(&parts);
        let route = claim.as_ref().map(|(route, _)| *route).ok();
        let id = RequestId::next();
        let span = watch::span(id, &parts.method, route);
        let watch = Watch::begin(id, &span, &self.observers, &parts.method, route);
        let reply = match claim {
            Ok((route, parameters)) => {
                let decoded = {
                    // Dropped once it is read, or not: the handler may take its time.
                    let body = pin!(body);
                    within(&span, pin!(self.decode(route, parameters, &parts, body))).await
                };
                match decoded {
                    Ok(input) => {
                        let exchange = Exchange::new(context::Request::new(parts, Sender::Server(peer)), id);
                        within(&span, pin!(run(route, &exchange, input))).await
                    }
                    Err(error) => undecoded(&error, &parts),
                }
            }
            Err(refusal) => *refusal,
        };
        watch.end(reply.status());
        if head_only { without_body(reply) } else { reply }
    }

    /// Finds the route, by the head of the request alone.
    fn claim(&self, parts: &Parts) -> Result<(&Route, Parameters), Box<Response<Body>>> {
        match self.routes.claim(&parts.method, parts.uri.path()) {
            Claim::Route(route, parameters) => Ok((route, parameters)),
            Claim::NotFound => Err(Box::new(self.unclaimed(parts))),
            Claim::MethodNotAllowed(allow) => Err(Box::new(method_not_allowed(parts, allow))),
        }
    }

    /// Makes the input of path, query and body.
    async fn decode<B>(
        &self,
        route: &Route,
        parameters: Parameters,
        parts: &Parts,
        body: Pin<&mut B>,
    ) -> Result<RawInput>
    where
        B: http_body::Body,
        B::Error: Into<BoxError>,
    {
        let body = if route.input.wants_body() {
            let limit = route.endpoint.meta.body_limit.map_or(self.body_limit, BodyLimit);
            read_body(&parts.headers, body, limit).await?
        } else {
            None
        };
        route.input.decode(parameters, parts.uri.query(), body)
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

async fn run(route: &Route, exchange: &Exchange, input: RawInput) -> Response<Body> {
    let procedure = Arc::clone(&route.endpoint.name);
    let core = CallCore { exchange: exchange.clone(), procedure, input };
    let result = procedure::run(&route.endpoint, core).await;
    match procedure::end(exchange, &route.endpoint.name).await {
        Ok(()) => reply(route, result, exchange.take_reply(), exchange),
        Err(error) => failed(&error, exchange.id(), void(exchange.take_reply())),
    }
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
        Err(error) => failed(&error, exchange.id(), head),
    }
}

/// A request whose input could not be read.
#[cold]
fn undecoded(error: &Error, parts: &Parts) -> Response<Body> {
    let mut response = refused(error);
    if error.code() == Code::UnsupportedMediaType && is_only_encoded(&parts.headers) {
        response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    response
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
        let core = Arc::clone(&self.0);
        let peer = request.extensions().get().copied();
        Box::pin(async move { Ok(core.answer(request, peer).await) })
    }
}

impl fmt::Debug for AppService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppService").field("manifest", &self.core.manifest).finish_non_exhaustive()
    }
}
