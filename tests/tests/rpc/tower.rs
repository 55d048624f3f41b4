//! Tests tower layers around an application, and other services behind velox's server.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::Extension;
use axum::routing;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use tower::layer::layer_fn;
use tower::util::MapRequestLayer;
use tower::{Service, ServiceExt, service_fn};
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use velox_rpc::context::Peer;
use velox_rpc::export::OpenApi;
use velox_rpc::service::{Body, BoxedService};
use velox_rpc::{App, Call, Router, Server, procedure, schema};
use velox_tests::{Log, Site};

#[schema]
struct Note {
    text: String,
}

/// A value that a layer adds to the request.
#[derive(Clone)]
struct Stamp(&'static str);

fn app() -> App<()> {
    let notes = Router::new("notes")
        .procedure("addNote", procedure().input::<Note>().mutation(|Call { input, .. }| Ok(input)))
        .procedure("listNotes", procedure().query(|_| Ok(vec!["a note"; 1_000])))
        .procedure(
            "stamp",
            procedure::<()>().query(|Call { ctx, .. }| {
                Ok(ctx.request().extensions().get::<Stamp>().map(|stamp| stamp.0.to_owned()))
            }),
        )
        .procedure(
            "peer",
            procedure::<()>().query(|Call { ctx, .. }| Ok(ctx.request().peer().map(|peer| peer.to_string()))),
        );
    App::new(()).router(notes).docs("/docs", OpenApi::new("Notes", "1.0.0")).body_limit(1_000)
}

fn header(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(HeaderName::from_static(name), HeaderValue::from_static(value))
}

fn request(method: &str, path: &str, body: &'static str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    request.body(body.into()).expect("a request")
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\norigin: https://app.example\r\naccept-encoding: gzip\r\n\r\n")
}

#[tokio::test]
async fn a_layer_wraps_every_reply() {
    let app = app().layer(header("x-layer", "1")).into_service().expect("good routes");
    for (method, path, body, status) in [
        ("GET", "/api/notes/stamp", "", 200),
        ("POST", "/api/notes", r#"{"text":"x"}"#, 201),
        ("POST", "/api/notes", "{}", 400),
        ("GET", "/api/nope", "", 404),
        ("PUT", "/api/notes/stamp", "", 405),
        ("GET", "/docs", "", 200),
        ("GET", "/docs/openapi.json", "", 200),
    ] {
        let reply = app.call(request(method, path, body)).await;
        assert_eq!(reply.status().as_u16(), status, "{method} {path}");
        assert_eq!(reply.headers()["x-layer"], "1", "{method} {path}");
    }
    let large = Request::post("/api/notes").header("content-type", "application/json").body(" ".repeat(1_001));
    let reply = app.call(large.expect("a request")).await;
    assert_eq!(reply.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(reply.headers()["x-layer"], "1");
}

/// As in axum, the last layer is the outermost and has the last word.
#[tokio::test]
async fn the_layer_that_is_added_last_is_the_outermost() {
    let app = app().layer(header("x-layer", "inner")).layer(header("x-layer", "outer")).into_service();
    let reply = app.expect("good routes").call(request("GET", "/api/notes/stamp", "")).await;
    assert_eq!(reply.headers()["x-layer"], "outer");
}

#[tokio::test]
async fn a_handler_sees_what_a_layer_puts_into_the_extensions() {
    let stamp = MapRequestLayer::new(|mut request: Request<Body>| {
        request.extensions_mut().insert(Stamp("of a layer"));
        request
    });
    let app = app().layer(stamp).into_service().expect("good routes");
    let reply = app.call(request("GET", "/api/notes/stamp", "")).await;
    assert_eq!(
        axum::body::to_bytes(axum::body::Body::new(reply.into_body()), 100).await.expect("a body"),
        "\"of a layer\""
    );
}

/// A service that is ready when it is polled for the second time, like a full concurrency limit.
#[derive(Clone)]
struct Reluctant {
    inner: BoxedService,
    asked: Arc<AtomicUsize>,
    is_ready: bool,
}

impl Service<Request<Body>> for Reluctant {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.is_ready = self.asked.fetch_add(1, Ordering::Relaxed) > 0;
        if self.is_ready {
            return self.inner.poll_ready(cx);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "the service was called before it was ready");
        self.inner.call(request)
    }
}

#[tokio::test]
async fn a_layer_is_called_only_when_ready() {
    let asked = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&asked);
    let reluctant = layer_fn(move |inner| Reluctant { inner, asked: Arc::clone(&count), is_ready: false });
    let app = app().layer(reluctant).into_service().expect("good routes");
    assert_eq!(app.call(request("GET", "/api/notes/stamp", "")).await.status(), StatusCode::OK);
    assert_eq!(asked.load(Ordering::Relaxed), 2);

    let site = Site::start(Server::new(app)).await;
    assert!(site.reply(get("/api/notes/stamp")).await.0.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_panic_in_a_layer_is_a_500_and_keeps_the_connection() {
    let panicking = layer_fn(|inner: BoxedService| {
        service_fn(move |request: Request<Body>| {
            assert_ne!(request.uri().path(), "/api/panic", "on purpose");
            inner.clone().oneshot(request)
        })
    });
    let site = Site::start(Server::new(app().layer(panicking).into_service().expect("good routes"))).await;
    let mut client = site.connect().await;
    client.send(get("/api/panic")).await;
    let (head, body) = client.reply().await;
    assert!(head.starts_with("HTTP/1.1 500 ") && body.contains("INTERNAL_SERVER_ERROR"), "{head}{body}");
    client.send(get("/api/notes/stamp")).await;
    assert!(client.reply().await.0.starts_with("HTTP/1.1 200 "));
}

/// Checks that the reply is a failure of the server, and that the log has its id.
fn logged(log: &Log, (head, body): &(String, String), status: &str, line: &str) {
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    let id = head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).expect("an id");
    assert!(body.contains(id), "{body}");
    let lines = log.lines();
    assert!(lines.iter().any(|logged| logged.contains(id) && logged.contains(line)), "{id} in {lines:?}");
}

#[tokio::test]
async fn the_reply_to_a_panic_in_a_layer_has_the_id_that_is_in_the_log() {
    let log = Log::listen();
    let service = service_fn(async |_: Request<Body>| -> Result<Response<Body>, Infallible> { panic!("on purpose") });
    let site = Site::start(Server::new(service)).await;
    logged(&log, &site.reply(get("/")).await, "500", "a layer or a service panicked");
}

#[tokio::test]
async fn the_reply_of_a_late_service_has_the_id_that_is_in_the_log() {
    let log = Log::listen();
    let service = service_fn(async |_: Request<Body>| pending::<Result<Response<Body>, Infallible>>().await);
    let site = Site::start(Server::new(service).handler_timeout(Duration::from_millis(50))).await;
    logged(&log, &site.reply(get("/")).await, "503", "a service did not answer in time");
}

#[tokio::test]
async fn the_reply_to_a_request_that_the_server_refuses_has_the_id_that_is_in_the_log() {
    let log = Log::listen();
    let site = Site::start(Server::new(app().into_service().expect("good routes"))).await;
    let coded = "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip, chunked\r\n\r\n";
    logged(&log, &site.reply(coded).await, "501", "a request was refused");
}

/// Limits, deadlines and the budget under three layers of tower-http, over a socket.
#[tokio::test]
async fn limits_deadlines_and_the_budget_hold_under_layers() {
    let cors = CorsLayer::new().allow_origin(HeaderValue::from_static("https://app.example")).allow_credentials(true);
    let app = app().body_budget(2_000).layer(TraceLayer::new_for_http()).layer(CompressionLayer::new()).layer(cors);
    let server = Server::new(app.into_service().expect("good routes")).body_timeout(Duration::from_millis(300));
    let site = Site::start(server).await;

    let mut client = site.connect().await;
    client.send(get("/api/notes")).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("content-encoding: gzip\r\n"), "{head}");
    assert!(head.contains("access-control-allow-origin: https://app.example\r\n"), "{head}");

    let post = "POST /api/notes HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let (head, _) = site.reply(format!("{post}content-length: 1001\r\nexpect: 100-continue\r\n\r\n")).await;
    assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
    let (head, _) =
        site.reply(format!("{post}transfer-encoding: chunked\r\n\r\n3e9\r\n{}\r\n", " ".repeat(1_001))).await;
    assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
    let (head, _) = site.reply(format!("{post}content-length: 10\r\n\r\n{{")).await;
    assert!(head.starts_with("HTTP/1.1 408 ") && head.contains("connection: close\r\n"), "{head}");
    let (head, _) = site.reply("GET /api/notes HTTP/1.1\r\nhost: a b\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");

    // Three unfinished bodies exceed the budget, so the last one is refused.
    let mut clients = [site.connect().await, site.connect().await, site.connect().await];
    for client in &mut clients {
        client.send(format!("{post}content-length: 1000\r\n\r\n{}", " ".repeat(900))).await;
    }
    let mut heads = Vec::new();
    for client in &mut clients {
        heads.push(client.head().await);
    }
    let of = |status: &str| heads.iter().filter(|head| head.starts_with(status)).count();
    assert_eq!((of("HTTP/1.1 408 "), of("HTTP/1.1 503 ")), (2, 1), "{heads:?}");
}

#[tokio::test]
async fn the_server_serves_an_axum_router_with_the_peer_address() {
    let own = |Extension(peer): Extension<Peer>| async move { peer.to_string() };
    let router: axum::Router = axum::Router::new()
        .route("/own", routing::get(own))
        .route("/echo", routing::post(async |body: String| body))
        .fallback_service(app().into_service().expect("good routes"));
    let site = Site::start(Server::new(router).body_timeout(Duration::from_millis(300))).await;

    let mut client = site.connect().await;
    client.send(get("/own")).await;
    assert_eq!(client.reply().await.1, client.local_addr().to_string());
    client.send(get("/api/notes/peer")).await;
    assert_eq!(client.reply().await.1, format!("\"{}\"", client.local_addr()), "the application sees the address too");

    client.send("POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\nhi").await;
    assert_eq!(client.reply().await.1, "hi");
    let (head, _) = site.reply("POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhi").await;
    assert!(head.starts_with("HTTP/1.1 400 ") && head.contains("connection: close\r\n"), "{head}");
}
