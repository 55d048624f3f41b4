//! Services with their types erased, so that layers and servers are compiled once and not for each
//! service.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;
use tower_service::Service;

use super::Body;
use super::reply::refused_as;
#[cfg(feature = "server")]
use crate::context::Peer;
use crate::context::{RequestId, Serial};
use crate::error::{BoxError, Error};
use crate::unwind::Unwinding;

/// A service with its type erased. Layers added with [`App::layer`](crate::App::layer) wrap it.
///
/// # Examples
///
/// A handwritten layer is a function from a service to a service:
///
/// ```
/// use std::convert::Infallible;
///
/// use tower::layer::layer_fn;
/// use tower::{Service, ServiceExt, service_fn};
/// use velox_rpc::App;
/// use velox_rpc::http::{HeaderValue, Request};
/// use velox_rpc::service::{Body, BoxedService};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), velox_rpc::StartError> {
/// let versioned = layer_fn(|inner: BoxedService| {
///     service_fn(move |request: Request<Body>| {
///         let inner = inner.clone();
///         async move {
///             let mut response = inner.oneshot(request).await?;
///             response.headers_mut().insert("x-version", HeaderValue::from_static("2"));
///             Ok::<_, Infallible>(response)
///         }
///     })
/// });
///
/// let app = App::new(()).layer(versioned).into_service()?;
/// let reply = app.call(Request::get("/api/nope").body(String::new()).unwrap()).await;
/// assert_eq!(reply.headers()["x-version"], "2");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct BoxedService(BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>);

impl BoxedService {
    /// Erases the type of a service.
    pub fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<Infallible>,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let erased = service.map_response(|response: Response<B>| response.map(Body::new)).map_err(Into::into);
        Self(BoxCloneSyncService::new(erased))
    }

    /// Answers a request that arrived through velox's own server.
    #[cfg(feature = "server")]
    pub(crate) async fn answer_to(self, mut request: Request<Body>, peer: Peer) -> Response<Body> {
        request.extensions_mut().insert(peer);
        self.answer(request).await
    }

    /// Answers a request as soon as the service is ready. If a layer or the service panics, the
    /// reply is a 500 and the connection stays usable.
    pub(crate) async fn answer(self, request: Request<Body>) -> Response<Body> {
        let answer = async { self.0.oneshot(request).await.map_err(|never| match never {}) };
        match Unwinding(pin!(answer)).await {
            Ok(response) => response,
            Err(panic) => panicked(&panic),
        }
    }
}

#[cold]
fn panicked(panic: &Error) -> Response<Body> {
    let (serial, source) = (Serial::next(), panic.source().map(ToString::to_string));
    tracing::error!(request_id = %RequestId::own(serial), source, "a layer or a service panicked");
    refused_as(serial, panic)
}

impl Service<Request<Body>> for BoxedService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.0.call(request)
    }
}

impl fmt::Debug for BoxedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxedService(..)")
    }
}
