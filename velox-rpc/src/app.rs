//! The application: state, routers and settings, until it is built.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Extensions, Method, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::budget::Budget;
use crate::caller::Caller;
use crate::context::{Peer, TrustedProxies};
use crate::error::{BoxError, ErrorMap};
use crate::export::{OpenApi, page};
use crate::procedure::InputSettings;
use crate::router::{IntoRouter, Manifest, Mistakes, Table};
use crate::service::{
    AllowedHosts, AppService, Around, Body, BoxedService, Core, Edge, FindPeer, Health, Observer, Pages, Subscriptions,
};
use crate::wire::rest::{Claim, Routes};
use crate::wire::trpc::{Procedures, Trpc};
use crate::wire::{BodyLimit, Wires};

/// An application: its state, its routers, and how they are reached.
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
#[must_use = "an application answers only by `.serve(…)` or `.into_service()`"]
pub struct App<S> {
    state: Arc<S>,
    table: Table,
    settings: Settings,
}

/// What depends on no type of the application.
struct Settings {
    prefix: Cow<'static, str>,
    body_limit: BodyLimit,
    handler_timeout: Duration,
    body_budget: usize,
    inputs: InputSettings,
    observers: Vec<Box<dyn Observer>>,
    development: bool,
    docs: Vec<(Cow<'static, str>, OpenApi)>,
    health: Option<Health>,
    trpc: Option<Trpc>,
    layers: Vec<Around>,
    trusted_proxies: Vec<String>,
    find_peer: Option<Box<FindPeer>>,
    allowed_hosts: Option<Vec<String>>,
    subscriptions: Subscriptions,
}

impl<S: Send + Sync + 'static> App<S> {
    /// An application without procedures. Its handlers reach the state through their context: `ctx.db`.
    pub fn new(state: S) -> Self {
        Self {
            state: Arc::new(state),
            table: Table::default(),
            settings: Settings {
                prefix: Cow::Borrowed("/api"),
                body_limit: BodyLimit(DEFAULT_BODY_LIMIT),
                handler_timeout: DEFAULT_HANDLER_TIMEOUT,
                body_budget: DEFAULT_BODY_BUDGET,
                inputs: InputSettings::default(),
                observers: Vec::new(),
                development: cfg!(debug_assertions),
                docs: Vec::new(),
                health: None,
                trpc: None,
                layers: Vec::new(),
                trusted_proxies: Vec::new(),
                find_peer: None,
                allowed_hosts: None,
                subscriptions: Subscriptions::new(),
            },
        }
    }

    /// Adds a router: a [`Router`](crate::Router), or a value whose `impl` block is a `#[router]`.
    pub fn router(mut self, router: impl IntoRouter<S>) -> Self {
        self.table.add(router.into_router(), &self.state);
        self
    }

    /// Puts all routes below this path; `/api` unless it is set, and an empty text for none.
    pub fn prefix(mut self, prefix: impl Into<Cow<'static, str>>) -> Self {
        self.settings.prefix = prefix.into();
        self
    }

    /// Speaks tRPC, too: every procedure of every router is below this path by the HTTP protocol of tRPC 11, for front ends that use
    /// `@trpc/client`. Queries and mutations, alone or in batches (`httpLink`, `httpBatchLink`, `httpBatchStreamLink`).
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

    /// Refuses request bodies of more bytes than this with 413; 1,048,576 (1 MiB) unless it is set.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.settings.body_limit = BodyLimit(bytes);
        self
    }

    /// Answers a request with 503 once its calls have taken longer than this; 60 seconds unless it is set, by
    /// [`ProcedureBuilder::handler_timeout`](crate::ProcedureBuilder::handler_timeout) for one procedure. `Duration::MAX` is no limit.
    ///
    /// A query that takes longer is dropped. A mutation goes on to its end, and its session is saved, since nobody could tell what it has done
    /// by then. So it does where its client leaves before the reply. It counts against the limits of its connection and of the server until it
    /// has ended, and a server that shuts down waits for it.
    ///
    /// The time in which a body is waited for does not count. Subscriptions and streamed batches have no limit. [`Server`](crate::Server) keeps
    /// this deadline; other servers have their own.
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

    /// Refuses `null` for an `Option` field of an input, as Zod does for `.optional()`: it may be missing, but not `null`. Unless this is set,
    /// both are `None`. A field that is [`#[schema(nullable)]`](macro@crate::schema) takes `null` in any case.
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
    /// let refused = app.caller().exchange_named("posts.search", &json!({"word": null})).await.result.unwrap_err();
    /// assert_eq!(refused.members()["fields"], json!({"word": "Expected string, received null"}));
    /// # }
    /// ```
    pub fn strict_null(mut self) -> Self {
        self.settings.inputs.refuses_null = true;
        self
    }

    /// Puts what is wrong with an input into words: those of Zod 3 by default, those of Zod 4 by [`ErrorMap::zod4`], or your own by
    /// [`ErrorMap::new`].
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
    /// let refused = app.caller().exchange_named("posts.search", &json!({})).await.result.unwrap_err();
    /// assert_eq!(refused.members()["fields"], json!({"word": "Invalid input: expected string, received undefined"}));
    /// # }
    /// ```
    pub fn error_map(mut self, error_map: ErrorMap) -> Self {
        self.settings.inputs.error_map = error_map;
        self
    }

    /// Sets how many bytes of request bodies may be in memory at a time; 256 MiB unless it is set.
    ///
    /// What counts are the bytes that have arrived, and they count until the request is answered. A request whose body does not fit is
    /// answered 503 with `Retry-After`. One public address (of IPv6, one /64 network) gets half of the budget at most, so that no single
    /// client can keep all others out; see [`Request::client_ip`](crate::context::Request::client_ip) for what counts as the
    /// address behind a proxy.
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

    /// Tells an observer of every exchange when it ends: for metrics.
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

    /// Believes these proxies what they say of a request: whom it came from, and by which scheme and host. Each is an address, a network in
    /// CIDR notation, or `unix` for whatever connects to a Unix socket. By default nobody is believed.
    ///
    /// With it, [`Request::client_ip`](crate::context::Request::client_ip), [`scheme`](crate::context::Request::scheme) and
    /// [`host`](crate::context::Request::host) read `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`. Where none of the three
    /// is there, they read `Forwarded` (RFC 7239).
    ///
    /// Nothing is read unless the connection itself comes from a trusted proxy. The list of addresses is read from its right end, where
    /// proxies add to it. The client is the first that is no trusted proxy. An element that is no address ends the list: the last
    /// address before it counts. Scheme and host are the rightmost of their headers; in `Forwarded`, they are those of the client's element.
    ///
    /// Its `X-Request-Id` becomes the [id](crate::context::RequestId) of the exchange.
    ///
    /// # Security
    ///
    /// A trusted proxy has to set or remove each of the headers, and not hand on what a client sent:
    ///
    /// - A proxy that sets `X-Forwarded-*` has to do so with all three. A client's `Forwarded` does not count beside them.
    /// - A proxy that sets `Forwarded` has to remove `X-Forwarded-*`.
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
    ///     .extension(Peer::from(proxy)); // velox's own server says this
    /// let reply = app.call(request.body(String::new()).unwrap()).await;
    /// # use http_body_util::BodyExt;
    /// assert_eq!(reply.into_body().collect().await.unwrap().to_bytes(), "\"the client\"");
    /// # Ok(()) }
    /// ```
    pub fn trusted_proxies<P: Into<String>>(mut self, proxies: impl IntoIterator<Item = P>) -> Self {
        self.settings.trusted_proxies = proxies.into_iter().map(Into::into).collect();
        self
    }

    /// Finds the [`Peer`] beside a request, where another server than velox's put it: in the type that this server has for it.
    ///
    /// A `Peer` in the extensions goes before it. With the feature `axum`, the `ConnectInfo<SocketAddr>` of `axum::serve` is found without
    /// this.
    ///
    /// # Security
    ///
    /// The closure is to read what the server put there, and no header: it says which connections come from
    /// [trusted proxies](Self::trusted_proxies).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use velox_rpc::App;
    ///
    /// /// What the server puts beside each request.
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

    /// Answers requests for these hosts alone, and others with 421. Each is a name, `.example.com` for a name with all its subdomains, an
    /// address, or `*` for every host. The port does not matter.
    ///
    /// A [development](Self::development) run answers, unless this is set, for `localhost`, its subdomains and any address. Otherwise every
    /// host is answered by default.
    ///
    /// The host is that of [`Request::host`](crate::context::Request::host). Requests that name none pass: the direct caller, tests that
    /// call the service, and HTTP/1.0. So do procedures with [`any_host`](crate::ProcedureBuilder::any_host).
    ///
    /// # Security
    ///
    /// It prevents DNS rebinding. A page of another site gives its own name the address of this application, and the browser then takes
    /// the two for one origin. That matters most where an application trusts a whole network, as on a developer's machine.
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

    /// Whether this is a development run: it prints the table of routes at start, and answers for
    /// [hosts](Self::allowed_hosts) of this machine alone. By default, whether it was built with debug assertions.
    pub fn development(mut self, development: bool) -> Self {
        self.settings.development = development;
        self
    }

    /// Sets how subscriptions are sent: pings, the time after which a silent connection is made anew, and the largest event.
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

    /// Serves an OpenAPI document of the routes, and a page to read and to try it: with `/docs` at `GET /docs/openapi.json` and
    /// `GET /docs`, not below the prefix. The page needs no network, and calls the procedures as whoever is logged in.
    ///
    /// # Security
    ///
    /// It shows every route to everybody. Where that is not meant, serve it only in a development run, or below a path that a proxy
    /// keeps to itself.
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

    /// Answers health checks: below the path, `/live` says that the process answers, and `/ready` that it can do its work.
    ///
    /// `/ready` runs the [checks](Health::check) that were added, and is 503 with the names of those that fail. Both are answered with
    /// `{"status":"ok"}` otherwise, for any [host](Self::allowed_hosts), and are in no document.
    ///
    /// Let a load balancer ask `/ready`. Let what restarts the process, such as a liveness probe of Kubernetes, ask `/live`: a database that
    /// is down is not mended by a restart.
    ///
    /// # Security
    ///
    /// The names of the checks are told to everybody who can reach the path, and everybody can make the checks run.
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

    /// Puts a tower layer around the whole application: CORS, compression, tracing, or any other of
    /// [tower-http](https://docs.rs/tower-http).
    ///
    /// A layer sees every request and every reply, 404 and 405 among them, whether a router was added before or after it. The layer
    /// that is added last is the outermost, as in axum. The limits and deadlines of [`Server`](crate::Server) hold outside of all.
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

    /// A caller that runs procedures with no socket.
    ///
    /// Procedures of the routers that were added so far run as the application serves them, with the guards and middlewares of their
    /// router. So add the routers first. See [`Caller::call`].
    pub fn caller(&self) -> Caller<S> {
        self.table.set_inputs(&self.settings.inputs);
        Caller::new(Arc::clone(&self.state), self.table.endpoints(), self.settings.inputs.clone())
    }

    /// Builds the application: a [`tower_service::Service`] over `http` types, which mounts in axum and stands under
    /// tower-http's layers.
    ///
    /// # Errors
    ///
    /// Every mistake in names, routes and settings, each with its place and the fix.
    pub fn into_service(self) -> Result<AppService, StartError> {
        build(self.table, self.settings)
    }
}

/// What depends on no type of the application.
fn build(table: Table, settings: Settings) -> Result<AppService, StartError> {
    let Settings {
        prefix,
        body_limit,
        handler_timeout,
        body_budget,
        inputs,
        observers,
        development,
        docs,
        health,
        trpc,
        layers,
        trusted_proxies,
        find_peer,
        allowed_hosts,
        subscriptions,
    } = settings;
    let mut mistakes = Mistakes::default();
    table.check_names(&mut mistakes);
    table.check_inputs(&mut mistakes);
    table.set_inputs(&inputs);
    let (rest, mut manifest) = Routes::build(&table, &prefix, &mut mistakes);
    manifest.set_superjson(trpc.as_ref().is_some_and(Trpc::has_superjson));
    let trpc = trpc.map(|settings| Procedures::build(&table, settings, &prefix, &mut mistakes));
    let mut pages = Pages::default();
    for (path, document) in &docs {
        if let Err(mistake) = add_docs(&mut pages, path, document, &rest, &manifest) {
            mistakes.note(format!("docs `{path}`: {mistake}"));
        }
    }
    if let Some(health) = &health
        && let Err(mistake) = check_health(health, &rest, trpc.as_ref(), &pages)
    {
        mistakes.note(format!("health checks `{}`: {mistake}", health.path()));
    }
    check_budget(body_budget, body_limit, &table, &mut mistakes);
    if let Err(mistake) = subscriptions.check() {
        mistakes.note(format!("subscriptions: {mistake}"));
    }
    let budget = Arc::new(Budget::new(body_budget));
    let edge = Edge {
        proxies: proxies(&trusted_proxies, &mut mistakes),
        find_peer,
        hosts: hosts(allowed_hosts.as_deref(), development, &mut mistakes),
    };
    if mistakes.as_slice().is_empty() {
        let wires = Wires { rest, trpc };
        let core = Core {
            wires,
            pages,
            health,
            manifest,
            body_limit,
            handler_timeout,
            budget,
            observers,
            edge,
            subscriptions,
            development,
        };
        Ok(AppService::new(core, layers))
    } else {
        Err(StartError(mistakes))
    }
}

/// The proxies that are believed; none where nobody is.
fn proxies(texts: &[String], mistakes: &mut Mistakes) -> Option<Arc<TrustedProxies>> {
    match TrustedProxies::parse(texts) {
        Ok(proxies) => (!texts.is_empty()).then(|| Arc::new(proxies)),
        Err(strays) => {
            strays.into_iter().for_each(|stray| mistakes.note(format!("trusted proxy {stray}")));
            None
        }
    }
}

/// The hosts that are answered for; all where it is `None`.
fn hosts(texts: Option<&[String]>, development: bool, mistakes: &mut Mistakes) -> Option<AllowedHosts> {
    match texts.map(AllowedHosts::parse) {
        Some(Ok(hosts)) => Some(hosts),
        Some(Err(strays)) => {
            strays.into_iter().for_each(|stray| mistakes.note(format!("allowed hosts: {stray}")));
            None
        }
        None => development.then(AllowedHosts::local),
    }
}

/// Adds a document and its page, where they hide no route and none hides them.
fn add_docs(
    pages: &mut Pages,
    path: &str,
    document: &OpenApi,
    routes: &Routes,
    manifest: &Manifest,
) -> Result<(), String> {
    page::check_path(path)?;
    document.check(manifest)?;
    for file in page::files(path, document, manifest) {
        let path = format!("{path}{}", file.suffix);
        if pages.has(&path) {
            return Err(format!("`{path}` is there already: give each document a path of its own"));
        }
        if !matches!(routes.claim(&Method::GET, &path), Claim::NotFound) {
            return Err(format!("a procedure has the route `{path}`: give one of them another"));
        }
        pages.add(path, file.content_type, file.text.into_owned().into());
    }
    Ok(())
}

/// Health checks are answered where nothing else is.
fn check_health(health: &Health, routes: &Routes, trpc: Option<&Procedures>, pages: &Pages) -> Result<(), String> {
    page::check_path(health.path())?;
    for path in health.paths() {
        let is_routed = !matches!(routes.claim(&Method::GET, &path), Claim::NotFound);
        if is_routed || pages.has(&path) || trpc.is_some_and(|trpc| trpc.has(&path)) {
            return Err(format!("`{path}` is there already: give one of them another path"));
        }
    }
    Ok(())
}

impl<S> fmt::Debug for App<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("prefix", &self.settings.prefix).finish_non_exhaustive()
    }
}

/// Why an application cannot start: every mistake in its names, routes and settings.
///
/// # Examples
///
/// ```
/// use velox_rpc::{App, Router, procedure};
///
/// let users = Router::new("users")
///     .procedure("listUsers", procedure().query(|_| Ok(1)))
///     .procedure("findUsers", procedure().query(|_| Ok(2)));
/// let error = App::new(()).router(users).into_service().unwrap_err();
/// assert!(error.mistakes()[0].contains("`users.findUsers`"));
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the application cannot start:{0}")]
pub struct StartError(Mistakes);

impl StartError {
    /// The mistakes, each with its place and the fix.
    pub fn mistakes(&self) -> &[String] {
        self.0.as_slice()
    }
}

impl fmt::Debug for StartError {
    /// As `Display`: a `main` that returns it prints it by `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A body that the limit allows has to fit into what one network may have.
fn check_budget(budget: usize, BodyLimit(limit): BodyLimit, table: &Table, mistakes: &mut Mistakes) {
    let limits = table.endpoints().iter().filter_map(|endpoint| endpoint.meta.body_limit);
    let largest = limits.fold(limit, usize::max);
    if budget / 2 < largest {
        mistakes.note(format!(
            "body budget of {budget} bytes: a body may have {largest}, and one network gets half of the budget: \
             raise `App::body_budget` or lower `body_limit`"
        ));
    }
}

const DEFAULT_HANDLER_TIMEOUT: Duration = Duration::from_secs(60);
const DEFAULT_BODY_LIMIT: usize = 1 << 20;
const DEFAULT_BODY_BUDGET: usize = 256 << 20;
