//! Tests the service mounted in an axum router and below layers of tower-http.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::routing;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower::{Layer, ServiceExt};
use tower_http::cors::CorsLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use velox_rpc::context::Peer;
use velox_rpc::service::AppService;
use velox_rpc::{App, Call, Router, procedure, schema};
use velox_session::rate::rate_limit;

#[schema]
struct Greet {
    name: String,
}

/// A value that a layer adds to the request, which the handler returns.
#[derive(Clone)]
struct Stamp(&'static str);

fn service(prefix: &'static str) -> AppService {
    let router = Router::new("greetings")
        .procedure("createGreeting", procedure().input::<Greet>().mutation(|Call { input, .. }| Ok(input)))
        .procedure(
            "stamp",
            procedure::<()>().query(|Call { ctx, .. }| {
                Ok(ctx.request().extensions().get::<Stamp>().map(|stamp| stamp.0.to_owned()))
            }),
        );
    App::new(()).prefix(prefix).router(router).into_service().expect("good routes")
}

fn get(target: &str) -> Request<axum::body::Body> {
    Request::get(target).body(axum::body::Body::empty()).expect("a request")
}

fn greeting(target: &str) -> Request<axum::body::Body> {
    let request = Request::post(target).header("content-type", "application/json");
    request.body(r#"{"name":"Ada"}"#.into()).expect("a request")
}

async fn read<B: Body<Error: std::fmt::Debug>>(reply: http::Response<B>) -> (StatusCode, Value) {
    let status = reply.status();
    let bytes = reply.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test]
async fn the_service_works_below_a_path_of_an_axum_router() {
    let router: axum::Router =
        axum::Router::new().route("/own", routing::get(|| async { "\"axum\"" })).nest_service("/shop", service("/v1"));
    let answer = |request| router.clone().oneshot(request);
    let greeted = answer(greeting("/shop/v1/greetings")).await.expect("it never fails");
    assert_eq!(read(greeted).await, (StatusCode::CREATED, json!({"name": "Ada"})));
    let own = answer(get("/own")).await.expect("it never fails");
    assert_eq!(read(own).await, (StatusCode::OK, json!("axum")));
}

#[tokio::test]
async fn the_service_works_as_the_fallback_of_an_axum_router() {
    let router: axum::Router =
        axum::Router::new().route("/own", routing::get(|| async { "\"axum\"" })).fallback_service(service("/api"));
    let answer = |request| router.clone().oneshot(request);
    let own = answer(get("/own")).await.expect("it never fails");
    assert_eq!(read(own).await, (StatusCode::OK, json!("axum")));
    let greeted = answer(greeting("/api/greetings")).await.expect("it never fails");
    assert_eq!(read(greeted).await.0, StatusCode::CREATED);
    let (status, body) = read(answer(get("/nope")).await.expect("it never fails")).await;
    assert_eq!((status, &body["message"]), (StatusCode::NOT_FOUND, &json!("Route GET:/nope not found")));
}

#[tokio::test]
async fn the_service_works_below_layers_in_an_axum_router() {
    let cors = CorsLayer::new()
        .allow_origin(HeaderValue::from_static("https://shop.example"))
        .allow_methods([Method::GET, Method::POST]);
    let stamped =
        SetResponseHeaderLayer::overriding(HeaderName::from_static("x-served-by"), HeaderValue::from_static("layers"));
    let timeout = TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(3600));
    let layered = TraceLayer::new_for_http().layer(timeout.layer(service("/api")));
    let router: axum::Router = axum::Router::new().fallback_service(layered).layer(stamped).layer(cors);

    let mut request = greeting("/api/greetings");
    request.headers_mut().insert("origin", HeaderValue::from_static("https://shop.example"));
    let reply = router.clone().oneshot(request).await.expect("it never fails");
    assert_eq!(reply.headers()["access-control-allow-origin"], "https://shop.example");
    assert_eq!(reply.headers()["x-served-by"], "layers");
    assert_eq!(reply.headers()["x-content-type-options"], "nosniff");
    assert_eq!(read(reply).await, (StatusCode::CREATED, json!({"name": "Ada"})));

    let preflight = Request::options("/api/greetings")
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .body(axum::body::Body::empty())
        .expect("a request");
    let reply = router.oneshot(preflight).await.expect("it never fails");
    assert_eq!(reply.status(), StatusCode::OK, "the layer answers without the service");
}

#[tokio::test]
async fn the_service_works_below_layers_without_a_router() {
    let layered = SetResponseHeaderLayer::overriding(HeaderName::from_static("x-one"), HeaderValue::from_static("1"))
        .layer(service("/api"));
    let reply = layered.oneshot(get("/api/greetings/stamp")).await.expect("it never fails");
    assert_eq!(reply.headers()["x-one"], "1");
    assert_eq!(read(reply).await, (StatusCode::OK, Value::Null));
}

#[tokio::test]
async fn a_handler_sees_the_request_extensions_of_a_layer() {
    let layered = tower::util::MapRequestLayer::new(|mut request: Request<axum::body::Body>| {
        request.extensions_mut().insert(Stamp("of a layer"));
        request
    })
    .layer(service("/api"));
    let reply = layered.oneshot(get("/api/greetings/stamp")).await.expect("it never fails");
    assert_eq!(read(reply).await, (StatusCode::OK, json!("of a layer")));
}

/// Asks `axum::serve` for the client's address, from two addresses of this machine and with headers
/// that name another one.
async fn served_by_axum(proxies: &[&str]) -> Vec<(u16, String)> {
    let limit = rate_limit("test", 1, Duration::from_secs(60));
    let who = procedure::<()>()
        .guard(limit)
        .query(|Call { ctx, .. }| Ok(ctx.request().client_ip().map(|address| address.to_string())));
    let app = App::new(()).trusted_proxies(proxies.iter().copied()).router(Router::new("test").procedure("run", who));
    let router: axum::Router = axum::Router::new().fallback_service(app.into_service().expect("good routes"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let (_stop, stopped) = oneshot::channel::<()>();
    let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>());
    tokio::spawn(
        serving
            .with_graceful_shutdown(async {
                let _ = stopped.await;
            })
            .into_future(),
    );

    let mut told = Vec::new();
    for address in ["127.0.0.1", "127.0.0.1", "127.0.0.2"] {
        let address = address.parse().ok();
        let client = reqwest::Client::builder().local_address(address).build().expect("a client");
        let request = client.get(format!("http://127.0.0.1:{port}/api/test/run"));
        let reply = request.header("x-forwarded-for", "203.0.113.7").send().await.expect("a reply");
        told.push((reply.status().as_u16(), reply.text().await.expect("a text")));
    }
    told
}

#[tokio::test]
async fn under_axum_callers_are_identified_by_their_connection_address() {
    let told = served_by_axum(&[]).await;
    assert_eq!((told[0].0, &*told[0].1), (200, "\"127.0.0.1\""));
    assert_eq!(told[1].0, 429, "{told:?}");
    assert_eq!((told[2].0, &*told[2].1), (200, "\"127.0.0.2\""));
}

#[tokio::test]
async fn under_axum_headers_of_a_trusted_proxy_count() {
    let told = served_by_axum(&["127.0.0.2"]).await;
    assert_eq!((told[0].0, &*told[0].1), (200, "\"127.0.0.1\""));
    assert_eq!((told[2].0, &*told[2].1), (200, "\"203.0.113.7\""));
}

#[tokio::test]
async fn the_peer_comes_from_the_request_the_application_or_axum() {
    #[derive(Clone)]
    struct Remote(SocketAddr);
    let at = |port: u16| SocketAddr::from(([203, 0, 113, 7], port));
    let who = procedure::<()>().query(|Call { ctx, .. }| Ok(ctx.request().peer().map(|peer| peer.to_string())));
    let service = App::new(())
        .router(Router::new("test").procedure("run", who))
        .peer_from(|extensions| extensions.get::<Remote>().map(|remote| remote.0.into()))
        .into_service()
        .expect("good routes");
    let mut extensions = http::Extensions::new();
    let told = async |extensions: &http::Extensions| {
        let mut request = get("/api/test/run");
        *request.extensions_mut() = extensions.clone();
        read(service.call(request).await).await.1
    };
    assert_eq!(told(&extensions).await, Value::Null);
    extensions.insert(ConnectInfo(at(1)));
    assert_eq!(told(&extensions).await, "203.0.113.7:1");
    extensions.insert(Remote(at(2)));
    assert_eq!(told(&extensions).await, "203.0.113.7:2");
    extensions.insert(Peer::Address(at(3)));
    assert_eq!(told(&extensions).await, "203.0.113.7:3");
}

/// CORS is up to a layer. Without it, no header allows other origins.
#[tokio::test]
async fn without_a_layer_no_other_origin_is_allowed() {
    let mut request = get("/api/greetings/stamp");
    request.headers_mut().insert("origin", HeaderValue::from_static("https://evil.example"));
    let reply = service("/api").call(request).await;
    assert!(!reply.headers().keys().any(|name| name.as_str().starts_with("access-control-")), "{reply:?}");
}
