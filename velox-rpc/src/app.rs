//! The application builder: it collects state, routers and settings, and builds the service from
//! them.

mod start;

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Extensions, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

#[cfg(feature = "server")]
pub(crate) use self::start::DEFAULT_HANDLER_TIMEOUT;
pub use self::start::StartError;
use self::start::{Settings, build};
use crate::caller::Caller;
use crate::context::{Peer, SharedState, shared};
use crate::error::{BoxError, ErrorMap};
use crate::export::OpenApi;
use crate::router::{IntoRouter, Table};
use crate::service::{AppService, Body, BoxedService, Health, Observer, Subscriptions};
use crate::wire::BodyLimit;
use crate::wire::trpc::Trpc;

/// An application: the state, the routers and the settings of a service.
///
/// # Examples
///
/// ```no_run
/// use velox_rpc::{App, Router, procedure};
///
/// #[tokio::main]
/// async fn main() -> Result<(), velox_rpc::ServeError> {
///     let health = Router::new("health").procedure("getHealth", procedure().query(|_| Ok("ok")));
///     App::new(()).router(health).serve("127.0.0.1:3000").await
/// }
/// ```
#[must_use = "an application does nothing until you call `.serve(…)` or `.into_service()`"]
pub struct App<S> {
    state: SharedState<S>,
    table: Table,
    settings: Settings,
}

impl<S: 'static> App<S> {
    /// Makes an application without procedures. Handlers read the fields of `state` through their
    /// context, for example `ctx.db`.
    // The compiler shows the line of a bound that does not hold, with its comment.
    pub fn new(state: S) -> Self
    where
        S: Send + Sync, // all threads share the state: use `Arc`, not `Rc`, and `Mutex`, not `RefCell`
    {
        Self { state: shared(state), table: Table::default(), settings: Settings::default() }
    }

    /// Adds a router: a [`Router`](crate::Router), or a value whose `impl` block has the attribute
    /// `#[router]`.
    pub fn router(mut self, router: impl IntoRouter<S>) -> Self {
        self.table.add(router.into_router(), &self.state);
        self
    }

    /// Sets the path prefix of all REST routes. The default is `/api`. An empty string means no
    /// prefix.
    pub fn prefix(mut self, prefix: impl Into<Cow<'static, str>>) -> Self {
        self.settings.prefix = prefix.into();
        self
    }

    /// Sets whether procedures get a REST route from their names. The default is `true`. With
    /// `false`, only procedures with [`.rest(…)`](crate::ProcedureBuilder::rest) have one. Use it
    /// for a service whose clients all use tRPC.
    ///
    /// # Examples
    ///
    /// ```
    /// use http::Method;
    /// use velox_rpc::{App, Router, procedure};
    ///
    /// let posts = Router::new("posts")
    ///     .procedure("byId", procedure().query(|_| Ok(1)))
    ///     .procedure("hook", procedure().rest(Method::POST, "/hook").mutation(|_| Ok(())));
    /// let app = App::new(()).derive_rest(false).router(posts).trpc("/trpc").into_service()?;
    /// assert_eq!(app.manifest().to_string(), "-     -          posts.byId\nPOST  /api/hook  posts.hook\n");
    /// # Ok::<(), velox_rpc::StartError>(())
    /// ```
    pub fn derive_rest(mut self, derive: bool) -> Self {
        self.settings.derive_rest = derive;
        self
    }

    /// Serves the procedures to tRPC clients, too. Every procedure is then also available below
    /// this path, by the HTTP protocol of tRPC 11.
    ///
    /// A front end with `@trpc/client` can send queries and mutations alone or in batches
    /// (`httpLink`, `httpBatchLink`, `httpBatchStreamLink`), and it can open subscriptions
    /// (`httpSubscriptionLink`).
    ///
    /// # Examples
    ///
    /// ```
    /// use http_body_util::BodyExt;
    /// use velox_rpc::http::Request;
    /// use velox_rpc::{App, Router, procedure};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), velox_rpc::StartError> {
    /// let health = Router::new("health").procedure("getHealth", procedure().query(|_| Ok("ok")));
    /// let app = App::new(()).router(health).trpc("/trpc").into_service()?;
    ///
    /// let reply = app.call(Request::get("/trpc/health.getHealth").body(String::new()).unwrap()).await;
    /// let body = reply.into_body().collect().await.unwrap().to_bytes();
    /// assert_eq!(body, r#"{"result":{"data":"ok"}}"#);
    /// # Ok(()) }
    /// ```
    pub fn trpc(mut self, settings: impl Into<Trpc>) -> Self {
        self.settings.trpc = Some(settings.into());
        self
    }

    /// Sets the largest allowed request body, in bytes. A larger body is refused with 413. The
    /// default is 1,048,576 (1 MiB).
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.settings.body_limit = BodyLimit(bytes);
        self
    }

    /// Sets how long the calls of a request may take before it is answered with 503. The default is
    /// 60 seconds; `Duration::MAX` means no limit. To set the limit of a single procedure, use
    /// [`ProcedureBuilder::handler_timeout`](crate::ProcedureBuilder::handler_timeout).
    ///
    /// After the timeout, velox drops a query. A mutation keeps running and its session is saved,
    /// because nobody can tell how much of its work it has done. It also keeps running when the
    /// client disconnects before the reply. Such a mutation counts against the limits of its
    /// connection and of the server until it ends, and a server that shuts down waits for it.
    ///
    /// The time spent waiting for the request body does not count. Subscriptions and streamed
    /// batches have no timeout. [`Server`](crate::Server) enforces this timeout, also if the
    /// application is mounted in another service; other servers have their own.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let app = velox_rpc::App::new(()).handler_timeout(Duration::from_secs(20));
    /// # let _ = app;
    /// ```
    pub fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handler_timeout = timeout;
        self
    }

    /// Refuses `null` for an `Option` field of an input, as Zod's `.optional()` does: the field may
    /// be missing, but it may not be `null`. By default, both become `None`. A field marked
    /// [`#[schema(nullable)]`](macro@crate::schema) always accepts `null`.
    ///
    /// # Examples
    ///
    /// ```
    /// use serde_json::json;
    /// use velox_rpc::{App, Call, Router, procedure, schema};
    ///
    /// #[schema]
    /// struct Search { word: Option<String> }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let search = procedure().input::<Search>().query(|Call { input, .. }| Ok(input.word.unwrap_or_default()));
    /// let app = App::new(()).router(Router::new("posts").procedure("search", search)).strict_null();
    ///
    /// let refused = app.caller().call_named("posts.search", &json!({"word": null})).await.result.unwrap_err();
    /// assert_eq!(refused.members()["fields"], json!({"word": "Expected string, received null"}));
    /// # }
    /// ```
    pub fn strict_null(mut self) -> Self {
        self.settings.inputs.refuses_null = true;
        self
    }

    /// Sets the wording of validation messages. The default is the wording of Zod 3. Use
    /// [`ErrorMap::zod4`] for that of Zod 4, or [`ErrorMap::new`] for your own.
    ///
    /// # Examples
    ///
    /// ```
    /// use serde_json::json;
    /// use velox_rpc::error::ErrorMap;
    /// use velox_rpc::{App, Call, Router, procedure, schema};
    ///
    /// #[schema]
    /// struct Search { word: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let search = procedure().input::<Search>().query(|Call { input, .. }| Ok(input.word));
    /// let app = App::new(()).router(Router::new("posts").procedure("search", search)).error_map(ErrorMap::zod4());
    ///
    /// let refused = app.caller().call_named("posts.search", &json!({})).await.result.unwrap_err();
    /// assert_eq!(refused.members()["fields"], json!({"word": "Invalid input: expected string, received undefined"}));
    /// # }
    /// ```
    pub fn error_map(mut self, error_map: ErrorMap) -> Self {
        self.settings.inputs.error_map = error_map;
        self
    }

    /// Sets how many bytes of request bodies the application may hold in memory at a time. The
    /// default is 256 MiB.
    ///
    /// Bytes count from their arrival until the request is answered. A request whose body does not
    /// fit is answered with 503 and `Retry-After`. One public IPv4 address, or one IPv6 /64
    /// network, may use at most half of the budget, so that a single client cannot lock out all
    /// others. Behind a proxy, the address is that of
    /// [`Request::client_ip`](crate::context::Request::client_ip).
    ///
    /// # Examples
    ///
    /// ```
    /// let app = velox_rpc::App::new(()).body_budget(64 * 1024 * 1024);
    /// # let _ = app;
    /// ```
    pub fn body_budget(mut self, bytes: usize) -> Self {
        self.settings.body_budget = bytes;
        self
    }

    /// Adds an observer, which is called at the end of every request. Use it for metrics.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// use velox_rpc::App;
    /// use velox_rpc::service::Ended;
    ///
    /// static FAILURES: AtomicU64 = AtomicU64::new(0);
    ///
    /// let app = App::new(()).observe(|ended: &Ended<'_>| {
    ///     if ended.status().is_some_and(|status| status.is_server_error()) {
    ///         FAILURES.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// });
    /// # let _ = app;
    /// ```
    pub fn observe(mut self, observer: impl Observer) -> Self {
        self.settings.observers.push(Box::new(observer));
        self
    }

    /// Trusts these proxies to say where a request came from: the client's address, the scheme and
    /// the host. Each item is an address, a network in CIDR notation, or `unix` for every peer that
    /// connects through a Unix socket. By default, no proxy is trusted.
    ///
    /// [`Request::client_ip`](crate::context::Request::client_ip),
    /// [`scheme`](crate::context::Request::scheme) and [`host`](crate::context::Request::host) then
    /// read `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`. If a request has none of
    /// the three, they read `Forwarded` (RFC 7239).
    ///
    /// velox reads these headers only if the connection itself comes from a trusted proxy. It reads
    /// the list of addresses from the right, where proxies add to it. The first address that is not
    /// a trusted proxy is the client. If an element is not an address, the list ends there, and the
    /// address before it is the client. Scheme and host are the rightmost values of their headers.
    /// In `Forwarded`, they are those of the client's element.
    ///
    /// velox also takes the `X-Request-Id` of a trusted proxy as the
    /// [id](crate::context::RequestId) of the request.
    ///
    /// # Security
    ///
    /// A trusted proxy must set or remove each of these headers. It must not pass on the values
    /// that a client sent:
    ///
    /// - A proxy that sets `X-Forwarded-*` must set all three. velox then ignores a `Forwarded`
    ///   header from the client.
    /// - A proxy that sets `Forwarded` must remove `X-Forwarded-*`.
    ///
    /// Name only addresses that no client can connect from.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use velox_rpc::context::Peer;
    /// use velox_rpc::{App, Call, Router, procedure};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), velox_rpc::StartError> {
    /// let who = procedure::<()>().query(|Call { ctx, .. }| match ctx.request().client_ip() {
    ///     Some(address) if address.to_string() == "203.0.113.7" => Ok("the client"),
    ///     _ => Ok("somebody else"),
    /// });
    /// let app = App::new(())
    ///     .trusted_proxies(["10.0.0.0/8", "fd00::/8"])
    ///     .router(Router::new("who").procedure("getClient", who))
    ///     .into_service()?;
    ///
    /// let proxy: SocketAddr = "10.1.2.3:51000".parse().unwrap();
    /// let request = http::Request::get("/api/who/getClient")
    ///     .header("x-forwarded-for", "192.0.2.1, 203.0.113.7") // the proxy added the second
    ///     .extension(Peer::from(proxy)); // velox's own server sets this
    /// let reply = app.call(request.body(String::new()).unwrap()).await;
    /// # use http_body_util::BodyExt;
    /// assert_eq!(reply.into_body().collect().await.unwrap().to_bytes(), "\"the client\"");
    /// # Ok(()) }
    /// ```
    pub fn trusted_proxies<P: Into<String>>(mut self, proxies: impl IntoIterator<Item = P>) -> Self {
        self.settings.trusted_proxies = proxies.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how to find the [`Peer`] of a request on a server other than velox's own. The closure
    /// reads the type that this server puts into the request's extensions.
    ///
    /// If the extensions hold a `Peer`, velox uses that one. With the feature `axum`, velox also
    /// finds the `ConnectInfo<SocketAddr>` of `axum::serve`, so you do not need this method there.
    ///
    /// # Security
    ///
    /// Read only what the server put into the extensions, never a header. The peer decides which
    /// connections come from [trusted proxies](Self::trusted_proxies).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use velox_rpc::App;
    ///
    /// /// The server puts this into the extensions of each request.
    /// #[derive(Clone)]
    /// struct RemoteAddress(SocketAddr);
    ///
    /// let app = App::new(()).peer_from(|extensions| extensions.get::<RemoteAddress>().map(|remote| remote.0.into()));
    /// # let _ = app;
    /// ```
    pub fn peer_from(mut self, find: impl Fn(&Extensions) -> Option<Peer> + Send + Sync + 'static) -> Self {
        self.settings.find_peer = Some(Box::new(find));
        self
    }

    /// Answers requests for these hosts only, and refuses others with 421. Each item is a host
    /// name, `.example.com` for a name and all its subdomains, an address, or `*` for every host.
    /// The port is ignored.
    ///
    /// If you do not set this, a [development](Self::development) run answers for `localhost`, its
    /// subdomains and every address, and a production run answers for every host.
    ///
    /// The host is that of [`Request::host`](crate::context::Request::host). Requests without a
    /// host pass: those of the direct caller, of tests that call the service, and of HTTP/1.0.
    /// Procedures with [`any_host`](crate::ProcedureBuilder::any_host) answer for every host.
    ///
    /// # Security
    ///
    /// This setting prevents DNS rebinding. In that attack, a page of another site points its own
    /// name to the address of this application, and the browser then treats both as one origin. It
    /// is most dangerous for an application that trusts its whole network, such as one on a
    /// developer's machine.
    ///
    /// # Examples
    ///
    /// ```
    /// use http::Request;
    /// use velox_rpc::{App, Router, procedure};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), velox_rpc::StartError> {
    /// let mottos = Router::new("mottos").procedure("getMotto", procedure().query(|_| Ok("festina lente")));
    /// let app = App::new(()).allowed_hosts(["shop.example", ".shop.test"]).router(mottos).into_service()?;
    ///
    /// let status = async |host: &str| {
    ///     let request = Request::get("/api/mottos/getMotto").header("host", host);
    ///     app.call(request.body(String::new()).unwrap()).await.status()
    /// };
    /// assert_eq!(status("shop.example").await, 200);
    /// assert_eq!(status("www.shop.test:3000").await, 200);
    /// assert_eq!(status("evil.example").await, 421);
    /// # Ok(()) }
    /// ```
    pub fn allowed_hosts<H: Into<String>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.settings.allowed_hosts = Some(hosts.into_iter().map(Into::into).collect());
        self
    }

    /// Sets whether this is a development run, which prints the table of routes at start and
    /// answers only for [hosts](Self::allowed_hosts) of this machine. By default, it is one if the
    /// program was built with debug assertions.
    pub fn development(mut self, development: bool) -> Self {
        self.settings.development = development;
        self
    }

    /// Sets how subscriptions are sent: the interval of pings, the time after which clients
    /// reconnect on a silent connection, and the largest event.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use velox_rpc::App;
    /// use velox_rpc::service::Subscriptions;
    ///
    /// let settings = Subscriptions::new().ping_interval(Duration::from_secs(5)).event_limit(64 * 1024);
    /// let app = App::new(()).subscriptions(settings);
    /// # let _ = app;
    /// ```
    pub fn subscriptions(mut self, settings: Subscriptions) -> Self {
        self.settings.subscriptions = settings;
        self
    }

    /// Serves an OpenAPI document of the routes, and a page where you can read it and try the
    /// procedures. For `/docs`, the document is at `GET /docs/openapi.json` and the page at
    /// `GET /docs`; the prefix does not apply. The page needs no other network access, and it calls
    /// the procedures as the user who is logged in.
    ///
    /// # Security
    ///
    /// The document and the page show every route to everybody. To prevent that, serve them only in
    /// a development run, or below a path that your proxy does not expose.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::export::OpenApi;
    /// use velox_rpc::{App, Router, procedure};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), velox_rpc::StartError> {
    /// let health = Router::new("health").procedure("getHealth", procedure().query(|_| Ok("ok")));
    /// let app = App::new(()).router(health).docs("/docs", OpenApi::new("Shop", "1.0.0")).into_service()?;
    ///
    /// let request = http::Request::get("/docs/openapi.json").body(String::new()).unwrap();
    /// assert_eq!(app.call(request).await.status(), 200);
    /// # Ok(()) }
    /// ```
    pub fn docs(mut self, path: impl Into<Cow<'static, str>>, document: OpenApi) -> Self {
        self.settings.docs.push((path.into(), document));
        self
    }

    /// Answers health checks below this path: `/live` tells whether the process answers, and
    /// `/ready` whether it can do its work.
    ///
    /// `/ready` runs the [checks](Health::check) that you added. If some fail, it answers 503 with
    /// their names. Otherwise both answer `{"status":"ok"}`. They answer for any
    /// [host](Self::allowed_hosts) and do not appear in the OpenAPI document.
    ///
    /// Point a load balancer at `/ready`. Point the supervisor that restarts the process, such as a
    /// Kubernetes liveness probe, at `/live`: a restart does not repair a database that is down.
    ///
    /// # Security
    ///
    /// Everybody who can reach the path can see the names of failed checks and can make the checks
    /// run.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::http::Request;
    /// use velox_rpc::App;
    /// use velox_rpc::service::Health;
    ///
    /// # async fn ping_database() -> Result<(), std::io::Error> { Ok(()) }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), velox_rpc::StartError> {
    /// let health = Health::at("/health").check("database", async || ping_database().await);
    /// let app = App::new(()).health(health).into_service()?;
    ///
    /// let reply = app.call(Request::get("/health/ready").body(String::new()).unwrap()).await;
    /// assert_eq!(reply.status(), 200);
    /// # Ok(()) }
    /// ```
    pub fn health(mut self, health: impl Into<Health>) -> Self {
        self.settings.health = Some(health.into());
        self
    }

    /// Wraps the whole application in a tower layer, such as CORS, compression, tracing, or another
    /// layer of [tower-http](https://docs.rs/tower-http).
    ///
    /// A layer sees every request and every reply, including 404 and 405. It does not matter
    /// whether you add a router before or after it. The layer that you add last is the outermost,
    /// as in axum. The limits and timeouts of [`Server`](crate::Server) apply outside of all
    /// layers.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_http::set_header::SetResponseHeaderLayer;
    /// use velox_rpc::http::{HeaderName, HeaderValue, Request};
    /// use velox_rpc::{App, Router, procedure};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), velox_rpc::StartError> {
    /// let health = Router::new("health").procedure("getHealth", procedure().query(|_| Ok("ok")));
    /// let version = (HeaderName::from_static("x-version"), HeaderValue::from_static("2"));
    /// let app = App::new(())
    ///     .router(health)
    ///     .layer(SetResponseHeaderLayer::overriding(version.0, version.1))
    ///     .into_service()?;
    ///
    /// let reply = app.call(Request::get("/api/health/getHealth").body(String::new()).unwrap()).await;
    /// assert_eq!(reply.headers()["x-version"], "2");
    /// # Ok(()) }
    /// ```
    pub fn layer<L, B>(mut self, layer: L) -> Self
    where
        L: Layer<BoxedService> + Send + Sync + 'static,
        L::Service: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request<Body>>>::Error: Into<Infallible>,
        <L::Service as Service<Request<Body>>>::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.settings.layers.push(Box::new(move |inner| BoxedService::new(layer.layer(inner))));
        self
    }

    /// Returns a caller that runs procedures without a socket.
    ///
    /// Add all routers first. The caller runs their procedures as the application serves them, with
    /// the guards and middlewares of their router. It does not know routers that you add later. See
    /// [`Caller::call`].
    pub fn caller(&self) -> Caller<S> {
        self.table.set_inputs(&self.settings.inputs);
        Caller::new(Arc::clone(&self.state), self.table.endpoints(), self.settings.inputs.clone())
    }

    /// Builds the application as a [`tower_service::Service`] over `http` types. You can mount it
    /// in axum and wrap it in layers of tower-http.
    ///
    /// # Errors
    ///
    /// Returns one error that lists every mistake in names, routes and settings, each with its
    /// place and how to fix it.
    pub fn into_service(self) -> Result<AppService, StartError> {
        build(self.table, self.settings)
    }
}

impl<S> fmt::Debug for App<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("prefix", &self.settings.prefix).finish_non_exhaustive()
    }
}
