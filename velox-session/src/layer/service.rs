//! The service that a layer makes: one exchange, from its head to the head of its response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use tower_service::Service;

use super::{OpenedByLayers, SessionLayer, opened_by_layer};
use crate::manager::{CallScope, OpenSession};
use crate::rejection::Rejection;

/// A service in a [`SessionLayer`].
///
/// # Examples
///
/// Without axum, around any service over `http` types:
///
/// ```
/// use std::convert::Infallible;
///
/// use http::{Request, Response};
/// use tower::{Layer, ServiceExt, service_fn};
/// use velox_session::{MemoryStore, Session, session_middleware};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions =
///     session_middleware("a development secret of 32 bytes or more").store(MemoryStore::new()).build_manager()?;
/// let service = sessions.layer().layer(service_fn(async |request: Request<String>| {
///     let session: &Session = request.extensions().get().expect("the layer has put it there");
///     session.set("seen", true).expect("it is small");
///     Ok::<_, Infallible>(Response::new(String::new()))
/// }));
///
/// let response = service.oneshot(Request::new(String::new())).await?;
/// assert!(response.headers().contains_key("set-cookie"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SessionService<S> {
    layer: SessionLayer,
    inner: S,
}

impl<S> SessionService<S> {
    pub(super) fn new(layer: SessionLayer, inner: S) -> Self {
        Self { layer, inner }
    }
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for SessionService<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>> + Clone + Send + 'static,
    S::Future: Send,
    RequestBody: Send + 'static,
    ResponseBody: From<String> + Send,
{
    type Response = Response<ResponseBody>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        // The one that was asked whether it is ready, and not its clone.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let layer = self.layer.clone();
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            let exchange = match layer.begin(&mut head).await {
                Ok(exchange) => exchange,
                Err(rejection) => return Ok(rejection.reply()),
            };
            let mut response = inner.call(Request::from_parts(head, body)).await?;
            let status = response.status();
            match layer.end(exchange, status, response.headers_mut()).await {
                Ok(()) => Ok(response),
                Err(rejection) => Ok(rejection.reply()),
            }
        })
    }
}

impl SessionLayer {
    /// Opens the session of a request, and begins its one call. `None` where a layer of the same sessions around this one has done so.
    async fn begin(&self, request: &mut Parts) -> Result<Option<(OpenSession, CallScope)>, Rejection> {
        let Parts { method, uri, headers, extensions, .. } = request;
        if opened_by_layer(extensions, &self.manager).is_some() {
            return Ok(None);
        }
        if ![Method::GET, Method::HEAD, Method::OPTIONS].contains(method) {
            self.manager.check_origin(headers, uri)?;
        }
        let open = self.manager.open_in_time(headers, *method == Method::HEAD).await?;
        let call = open.call();
        extensions.insert(call.session().for_extractors());
        #[cfg(feature = "axum")]
        self.loader.leave(extensions);
        let OpenedByLayers(opened) = extensions.get_or_insert_default();
        opened.push((self.manager.clone(), open.clone()));
        Ok(Some((open, call)))
    }

    /// Saves the session, and says so in the head of the response.
    async fn end(
        &self,
        exchange: Option<(OpenSession, CallScope)>,
        status: StatusCode,
        headers: &mut HeaderMap,
    ) -> Result<(), Rejection> {
        let Some((open, call)) = exchange else { return Ok(()) };
        match status.is_server_error() {
            true => drop(call),
            false => call.commit(),
        }
        let closing = match self.manager.close_at_once(&open) {
            Some(closing) => closing,
            None => self.manager.save_in_time(&open).await?,
        };
        closing.apply(headers);
        Ok(())
    }
}

impl<S: fmt::Debug> fmt::Debug for SessionService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionService").field("layer", &self.layer).field("inner", &self.inner).finish()
    }
}
