//! The service under another's roof: in an axum router, and under tower-http's layers.

use std::time::Duration;

use axum::routing;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::{Layer, ServiceExt};
use tower_http::cors::CorsLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use velox_rpc::service::AppService;
use velox_rpc::{App, Call, Router, procedure, schema};

#[schema]
struct Greet {
    name: String,
}

/// Says what a layer in front has put beside the request.
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
async fn it_answers_for_a_path_of_an_axum_router() {
    let router: axum::Router =
        axum::Router::new().route("/own", routing::get(|| async { "\"axum\"" })).nest_service("/shop", service("/v1"));
    let answer = |request| router.clone().oneshot(request);
    let greeted = answer(greeting("/shop/v1/greetings")).await.expect("it never fails");
    assert_eq!(read(greeted).await, (StatusCode::CREATED, json!({"name": "Ada"})));
    let own = answer(get("/own")).await.expect("it never fails");
    assert_eq!(read(own).await, (StatusCode::OK, json!("axum")));
}

#[tokio::test]
async fn it_answers_for_all_that_an_axum_router_does_not() {
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
async fn it_stands_under_layers_in_a_router_of_axum() {
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
    assert_eq!(reply.status(), StatusCode::OK, "the layer answers, and the service is not asked");
}

#[tokio::test]
async fn it_stands_under_layers_alone() {
    let layered = SetResponseHeaderLayer::overriding(HeaderName::from_static("x-one"), HeaderValue::from_static("1"))
        .layer(service("/api"));
    let reply = layered.oneshot(get("/api/greetings/stamp")).await.expect("it never fails");
    assert_eq!(reply.headers()["x-one"], "1");
    assert_eq!(read(reply).await, (StatusCode::OK, Value::Null));
}

#[tokio::test]
async fn a_handler_sees_what_a_layer_put_beside_the_request() {
    let layered = tower::util::MapRequestLayer::new(|mut request: Request<axum::body::Body>| {
        request.extensions_mut().insert(Stamp("of a layer"));
        request
    })
    .layer(service("/api"));
    let reply = layered.oneshot(get("/api/greetings/stamp")).await.expect("it never fails");
    assert_eq!(read(reply).await, (StatusCode::OK, json!("of a layer")));
}

/// Promise X4. Cross-origin requests are the business of a layer: without one, no header allows any.
#[tokio::test]
async fn nothing_is_allowed_to_other_origins_without_a_layer() {
    let mut request = get("/api/greetings/stamp");
    request.headers_mut().insert("origin", HeaderValue::from_static("https://evil.example"));
    let reply = service("/api").call(request).await;
    assert!(!reply.headers().keys().any(|name| name.as_str().starts_with("access-control-")), "{reply:?}");
}
