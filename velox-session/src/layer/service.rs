//! The layer and its service, which handle one request up to the headers of its response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Once;
use std::task::{Context, Poll};

use http::header::{ORIGIN, UPGRADE};
use http::request::Parts;
use http::uri::Scheme;
use http::{Extensions, HeaderMap, Method, Request, Response, StatusCode, Uri};
use tower_layer::Layer;
use tower_service::Service;

use crate::headers::items;
#[cfg(feature = "axum")]
use crate::loader::{AnyLoader, Loader};
use crate::manager::{CallScope, OpenSession};
use crate::rejection::Rejection;
use crate::{Manager, Session};

/// Opens and saves the session of each request. [`Manager::layer`] creates it. Clones share the
/// same sessions.
///
/// A handler finds its [`Session`](crate::Session) in the extensions of the request. With the
/// feature `axum`, `Session` is also an extractor.
///
/// - If a browser sends a request from another origin, which may be a subdomain or another port, and
///   the method is not `GET`, `HEAD` or `OPTIONS`, the layer answers with 403 `CROSS_SITE_REQUEST`
///   before it opens the session. It does the same for a WebSocket, which any page can open. See
///   [`trusted_origins`](crate::SessionBuilder::trusted_origins). If a proxy changes the `Host`
///   header, add the application's own origin there, too.
/// - A request without the session cookie causes no store call. A visitor gets a cookie only once
///   something is written to the session.
/// - The session is saved before the response headers are sent. If this fails, the response of the
///   handler is replaced by a 503, 409 or 413 without a session cookie.
/// - If the response is a server error (5xx), the writes of the request are discarded. A login, a
///   logout and a new id stay, and so do writes that [`update`](crate::Session::update) or
///   [`save`](crate::Session::save) has saved already. The layer decides by the status that it
///   sees: a layer inside it counts, such as one that answers a panic with 500; a layer around it
///   does not.
/// - A panic that no layer inside catches, an error of the service, and a client that disconnects
///   discard everything that `update` or `save` has not saved.
/// - A `HEAD` request saves no write, but it renews the session like a `GET` request.
/// - A request waits for the store no longer than [`patience`](crate::SessionBuilder::patience)
///   says, even in the handler. This requires a tokio runtime with its timer.
///
/// The body of a response that is still being produced after the handler has returned, such as a
/// stream of events, cannot use the session any more: each method that returns a `Result` returns
/// [`SessionError::Ended`](crate::SessionError::Ended).
///
/// # Body
///
/// If the layer itself answers a request, the body is an error in JSON. Therefore `String` must
/// convert into the body type of the service, as it does for `axum::body::Body` and
/// [`velox_rpc::service::Body`](https://docs.rs/velox-rpc). Put layers that change the body type,
/// such as compression, around this layer.
///
/// # Examples
///
/// ```
/// use axum::extract::Extension;
/// use axum::{Router, routing::post};
/// use velox_session::{MemoryStore, Session, SessionError, session_middleware};
///
/// async fn count(Extension(session): Extension<Session>) -> String {
///     match session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1).await {
///         Ok(count) => count.to_string(),
///         Err(error) => error.to_string(),
///     }
/// }
///
/// # fn main() -> Result<(), velox_session::ConfigError> {
/// let sessions =
///     session_middleware("a development secret of 32 bytes or more").store(MemoryStore::new()).build_manager()?;
/// let app: Router = Router::new().route("/count", post(count)).layer(sessions.layer());
/// # let _ = app;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SessionLayer {
    manager: Manager,
    #[cfg(feature = "axum")]
    pub(super) loader: AnyLoader,
    /// Set if the application chose the loader. It then replaces that of an outer layer.
    #[cfg(feature = "axum")]
    pub(super) has_own_loader: bool,
}

impl SessionLayer {
    /// Returns the layer that opens and saves the sessions of a manager.
    #[must_use]
    pub fn new(manager: Manager) -> Self {
        Self {
            manager,
            #[cfg(feature = "axum")]
            loader: AnyLoader::new(Loader::reading(Session::user)),
            #[cfg(feature = "axum")]
            has_own_loader: false,
        }
    }
}

impl Manager {
    /// Returns a layer that opens and saves these sessions around a tower service, such as an axum
    /// router.
    ///
    /// # Examples
    ///
    /// See [`SessionLayer`].
    #[must_use]
    pub fn layer(&self) -> SessionLayer {
        SessionLayer::new(self.clone())
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        SessionService { layer: self.clone(), inner }
    }
}

/// The sessions that layers have opened for a request. They are in the extensions of the request.
/// An application may have several kinds of sessions, each with its own manager.
#[derive(Clone, Default)]
struct OpenedByLayers(Vec<(Manager, OpenSession, Session)>);

/// Returns what a layer of this manager has opened for a request.
fn opened<'e>(extensions: &'e Extensions, manager: &Manager) -> Option<&'e (Manager, OpenSession, Session)> {
    let OpenedByLayers(all) = extensions.get()?;
    all.iter().find(|(other, ..)| other.address() == manager.address())
}

/// Returns the session that a layer of this manager has opened for a request and will save at its
/// end.
pub(crate) fn opened_by_layer(extensions: &Extensions, manager: &Manager) -> Option<OpenSession> {
    opened(extensions, manager).map(|(_, open, _)| open.clone())
}

impl fmt::Debug for SessionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SessionLayer").field(&self.manager).finish()
    }
}

/// The service that [`SessionLayer`] creates.
///
/// # Examples
///
/// The layer also works without axum, around any service that uses `http` types:
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
///     let session: &Session = request.extensions().get().expect("the layer has added it");
///     session.set("seen", true).expect("it is small");
///     Ok::<_, Infallible>(Response::new(String::new()))
/// }));
///
/// let response = service.oneshot(Request::new(String::new())).await?;
/// assert!(response.headers().contains_key("set-cookie"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    layer: SessionLayer,
    inner: S,
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
        // This uses the service that was polled for readiness, and not its clone.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let layer = self.layer.clone();
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            let opened = match layer.begin(&mut head).await {
                Ok(opened) => opened,
                Err(rejection) => return Ok(rejection.reply()),
            };
            let mut response = inner.call(Request::from_parts(head, body)).await?;
            let status = response.status();
            match layer.end(opened, status, response.headers_mut()).await {
                Ok(()) => Ok(response),
                Err(rejection) => Ok(rejection.reply()),
            }
        })
    }
}

impl SessionLayer {
    /// Opens the session of a request and begins its only call. Returns `None` if an outer layer of
    /// the same sessions has done so.
    async fn begin(&self, request: &mut Parts) -> Result<Option<Opened>, Rejection> {
        let Parts { method, uri, headers, extensions, .. } = request;
        let session = opened(extensions, &self.manager).map(|(.., session)| session.clone());
        #[cfg(feature = "axum")]
        if session.is_none() || self.has_own_loader {
            extensions.insert(self.loader.clone());
        }
        if let Some(session) = session {
            // A layer of another manager may stand between the two.
            extensions.insert(session);
            return Ok(None);
        }
        if ![Method::GET, Method::HEAD, Method::OPTIONS].contains(method) || is_websocket(headers) {
            self.manager.check_origin(headers, uri)?;
        }
        let session = self.manager.open_in_time(headers, *method == Method::HEAD).await?;
        let call = session.call();
        extensions.insert(call.session());
        let OpenedByLayers(all) = extensions.get_or_insert_default();
        if all.iter().any(|(other, ..)| other.cookie() == self.manager.cookie()) {
            static TOLD: Once = Once::new();
            TOLD.call_once(|| {
                tracing::error!(
                    cookie = self.manager.cookie().0,
                    "two session managers use this cookie and overwrite each other's value: give each its own \
                     `cookie_name`"
                );
            });
        }
        all.push((self.manager.clone(), session.clone(), call.session()));
        Ok(Some(Opened { session, call, seems_plain: seems_plain(headers, uri) }))
    }

    /// Saves the session and sets the response headers.
    async fn end(&self, opened: Option<Opened>, status: StatusCode, headers: &mut HeaderMap) -> Result<(), Rejection> {
        let Some(Opened { session, call, seems_plain }) = opened else { return Ok(()) };
        match status.is_server_error() {
            true => drop(call),
            false => call.commit(),
        }
        let closing = self.manager.close(&session).await?;
        if closing.set_cookie().is_some() && seems_plain && cfg!(debug_assertions) {
            self.manager.warn_of_plain_http();
        }
        closing.apply(headers);
        Ok(())
    }
}

/// A session that the layer has opened for a request.
struct Opened {
    session: OpenSession,
    call: CallScope,
    seems_plain: bool,
}

/// Returns whether a request opens a WebSocket. Any page can do so, and the browser sends the cookie
/// if the page is on the same site or the cookie is `SameSite=None`.
fn is_websocket(headers: &HeaderMap) -> bool {
    items(headers, &UPGRADE).any(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
}

/// Returns whether a request seems to have come over HTTP without TLS, and without a proxy.
fn seems_plain(headers: &HeaderMap, target: &Uri) -> bool {
    let is_of_https_page = headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https:"));
    let is_of_proxy = ["x-forwarded-proto", "forwarded"].iter().any(|name| headers.contains_key(*name));
    !is_of_https_page && !is_of_proxy && target.scheme() != Some(&Scheme::HTTPS)
}
