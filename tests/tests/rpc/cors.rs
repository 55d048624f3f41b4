//! Tests front ends on other origins: what the layer of `velox_rpc::cors` allows, without a socket
//! and in Chromium.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::response::Html;
use axum::routing;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use velox_rpc::context::Peer;
use velox_rpc::service::{AppService, Body};
use velox_rpc::{App, Call, Router, Server, cors, procedure, schema};
use velox_session::rate::rate_limit;
use velox_session::{MemoryStore, SessionUser, session_middleware};
use velox_tests::{Probe, SECRET, Site, node};

const FRONT_END: &str = "https://app.example.com";

/// Origins that are not allowed. Some look like the one that is.
const STRANGERS: [&str; 7] = [
    "https://evil.example",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com.evil.example",
    "https://evil.app.example.com",
    "null",
    "*",
];

#[schema]
struct Login {
    name: String,
}

/// The API with one list of origins, for CORS and for sessions.
fn api(origins: &[&str], store: &Probe) -> AppService {
    app(origins, store).layer(cors(origins).expect("good origins")).into_service().expect("good routes")
}

fn app(origins: &[&str], store: &Probe) -> App<()> {
    let session = session_middleware(SECRET)
        .store(store.clone())
        .cookie_name("session")
        .secure(false)
        .trusted_origins(origins.iter().copied());
    let session = session.build().expect("good settings");
    let auth = Router::new("auth")
        .procedure(
            "login",
            procedure::<()>()
                .use_(session.optional())
                .input::<Login>()
                .mutation(async |Call { input, ctx }| Ok(ctx.session.login(user(&input.name)).await?)),
        )
        .procedure(
            "enter",
            procedure::<()>()
                .use_(session.optional())
                .mutation(async |Call { ctx, .. }| Ok(ctx.session.login(user("guest")).await?)),
        )
        .procedure(
            "getProfile",
            procedure::<()>()
                .guard(rate_limit("profile", LIMIT, Duration::from_secs(3600)))
                .use_(session.required())
                .query(|Call { ctx, .. }| Ok(ctx.user)),
        );
    App::new(()).router(auth).trpc("/trpc").body_limit(100)
}

fn user(name: &str) -> SessionUser {
    SessionUser::new(name, format!("{name}@example.com"))
}

fn store() -> Probe {
    Probe::over(MemoryStore::new())
}

fn request(method: Method, path: &str, origin: &'static str, body: &'static str) -> Request<Body> {
    let peer: SocketAddr = "203.0.113.7:4711".parse().expect("an address");
    let request = Request::builder().method(method).uri(path).extension(Peer::from(peer)).header("origin", origin);
    request.header("content-type", "application/json").body(body.into()).expect("a request")
}

async fn preflight(api: &AppService, origin: &'static str, headers: Option<&'static str>) -> Response<Body> {
    let mut request = request(Method::OPTIONS, "/api/auth/login", origin, "");
    request.headers_mut().insert("access-control-request-method", HeaderValue::from_static("POST"));
    if let Some(headers) = headers {
        request.headers_mut().insert("access-control-request-headers", HeaderValue::from_static(headers));
    }
    api.call(request).await
}

/// The names in a header, which may occur more than once.
fn names(headers: &HeaderMap, header: &str) -> Vec<String> {
    let lines = headers.get_all(header).iter().map(|line| line.to_str().expect("text"));
    let mut names: Vec<_> = lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_lowercase()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_preflight_gets_the_allowed_methods_and_headers() {
    let reply = preflight(&api(&["http://localhost:5173", FRONT_END], &store()), FRONT_END, Some(ASKED)).await;
    let headers = reply.headers();
    assert_eq!(reply.status(), StatusCode::OK);
    assert_eq!(headers["access-control-allow-origin"], FRONT_END);
    assert_eq!(headers["access-control-allow-credentials"], "true");
    assert_eq!(names(headers, "access-control-allow-methods"), ["delete", "get", "patch", "post", "put"]);
    assert_eq!(headers["access-control-allow-headers"], ASKED);
    assert_eq!(headers["access-control-max-age"], "3600");
    let varies = names(headers, "vary");
    let expected = ["access-control-request-headers", "access-control-request-method", "origin"];
    assert_eq!(varies, expected, "a cache would mix the preflights");
}

#[tokio::test]
async fn a_preflight_that_asks_for_no_header_gets_none() {
    let reply = preflight(&api(&[FRONT_END], &store()), FRONT_END, None).await;
    assert_eq!(reply.status(), StatusCode::OK);
    assert_eq!(reply.headers()["access-control-allow-origin"], FRONT_END);
    assert_eq!(reply.headers().get("access-control-allow-headers"), None);
}

#[tokio::test]
async fn other_origins_are_not_allowed() {
    let store = store();
    let api = api(&[FRONT_END], &store);
    for origin in STRANGERS {
        let replies = [
            preflight(&api, origin, Some(ASKED)).await,
            api.call(request(Method::GET, "/api/auth/getProfile", origin, "")).await,
            api.call(request(Method::POST, "/api/auth/login", origin, r#"{"name":"ada"}"#)).await,
            api.call(request(Method::POST, "/api/auth/enter", origin, "")).await,
            api.call(request(Method::GET, "/api/nope", origin, "")).await,
        ];
        for reply in &replies {
            let allowed = reply.headers().get("access-control-allow-origin");
            assert_eq!(allowed, None, "{origin}: {reply:?}");
            assert!(
                names(reply.headers(), "vary").contains(&"origin".to_owned()),
                "a cache would mix the origins: {reply:?}"
            );
        }
        assert_eq!([replies[2].status(), replies[3].status()], [StatusCode::FORBIDDEN; 2], "{origin}");
    }
    assert_eq!(store.calls(), [], "nobody was logged in");
}

#[tokio::test]
async fn a_reply_with_a_session_varies_by_cookie_and_by_origin() {
    let reply = api(&[FRONT_END], &store())
        .call(request(Method::POST, "/api/auth/login", FRONT_END, r#"{"name":"ada"}"#))
        .await;
    assert_eq!(reply.status(), StatusCode::OK);
    assert!(reply.headers().contains_key("set-cookie"));
    let varies = names(reply.headers(), "vary");
    assert!(["cookie", "origin"].iter().all(|name| varies.contains(&(*name).to_owned())), "{varies:?}");
}

#[tokio::test]
async fn a_front_end_can_read_errors_and_their_headers() {
    let api = api(&[FRONT_END], &store());
    let replies = [
        (400, api.call(request(Method::POST, "/api/auth/login", FRONT_END, "{}")).await),
        (401, api.call(request(Method::GET, "/api/auth/getProfile", FRONT_END, "")).await),
        (404, api.call(request(Method::GET, "/api/nope", FRONT_END, "")).await),
        (405, api.call(request(Method::PUT, "/api/auth/login", FRONT_END, "{}")).await),
        (413, api.call(request(Method::POST, "/api/auth/login", FRONT_END, TOO_LONG)).await),
        (429, exhausted(&api).await),
    ];
    for (status, reply) in replies {
        assert_eq!(reply.status().as_u16(), status);
        assert_eq!(reply.headers()["access-control-allow-origin"], FRONT_END, "{status}");
        assert_eq!(reply.headers()["access-control-allow-credentials"], "true", "{status}");
        let exposed = names(reply.headers(), "access-control-expose-headers");
        assert_eq!(
            exposed,
            ["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-request-id"]
        );
        let sent = |name: &&str| reply.headers().contains_key(*name);
        assert_eq!(["retry-after", "x-ratelimit-reset"].iter().all(sent), status == 429, "{reply:?}");
    }
}

async fn exhausted(api: &AppService) -> Response<Body> {
    for _ in 0..LIMIT {
        api.call(request(Method::GET, "/api/auth/getProfile", FRONT_END, "")).await;
    }
    api.call(request(Method::GET, "/api/auth/getProfile", FRONT_END, "")).await
}

/// CORS allows a page to read. The session's trusted origins allow it to write.
#[tokio::test]
async fn a_front_end_can_read_why_its_mutation_was_refused() {
    let store = store();
    let api = app(&[], &store).layer(cors([FRONT_END]).expect("a good origin")).into_service().expect("good routes");
    let reply = api.call(request(Method::POST, "/api/auth/enter", FRONT_END, "")).await;
    assert_eq!(reply.status(), StatusCode::FORBIDDEN);
    assert_eq!(reply.headers()["access-control-allow-origin"], FRONT_END);
    let body = axum::body::to_bytes(axum::body::Body::new(reply.into_body()), 1_000).await.expect("a body");
    assert_eq!(serde_json::from_slice::<Value>(&body).expect("JSON")["code"], "CROSS_SITE_REQUEST");
    assert_eq!(store.calls(), []);
}

#[tokio::test]
async fn the_settings_of_the_layer_can_be_changed() {
    let tenant = HeaderName::from_static("x-tenant");
    let layer = cors([FRONT_END]).expect("a good origin").allow_headers([tenant]).max_age(Duration::from_secs(5));
    let api = app(&[], &store()).layer(layer).into_service().expect("good routes");
    let reply = preflight(&api, FRONT_END, Some(ASKED)).await;
    assert_eq!(reply.headers()["access-control-allow-headers"], "x-tenant");
    assert_eq!(reply.headers()["access-control-max-age"], "5");
    assert_eq!(reply.headers()["access-control-allow-origin"], FRONT_END);
}

/// Serves an empty page in which a script can run.
async fn page() -> Site {
    let page = routing::get(async || Html("<!doctype html><title>A page</title>"));
    let router: axum::Router = axum::Router::new().route("/", page);
    Site::start(Server::new(router)).await
}

/// Opens the pages in Chromium, one after another, and returns what each learned of the API.
async fn visit(api: &Site, pages: &[&Site]) -> Vec<Value> {
    let addresses: Vec<_> = [api].iter().chain(pages).map(|site| site.url("")).collect();
    let visit = move || node("cors.mjs", &addresses.iter().map(Path::new).collect::<Vec<_>>());
    let printed = tokio::task::spawn_blocking(visit).await.expect("Chromium runs");
    serde_json::from_str(&printed).expect("JSON")
}

/// Returns whether the browser hid every reply from the page.
fn is_kept_out(learned: &Value) -> bool {
    ["before", "enter", "login", "after", "streamed"].iter().all(|call| learned[call]["rejected"] == "TypeError")
}

#[tokio::test(flavor = "multi_thread")]
async fn in_chromium_a_front_end_on_another_port_logs_in_and_reads_the_profile() {
    let front_end = page().await;
    let api = Site::start(Server::new(api(&[&front_end.url("")], &store()))).await;
    let learned = visit(&api, &[&front_end]).await;
    let page = &learned[0];
    assert_eq!(
        (&page["before"]["status"], &page["before"]["body"]["code"]),
        (&json!(401), &json!("SESSION_UNAUTHORIZED"))
    );
    assert_eq!((&page["enter"]["status"], &page["login"]["status"]), (&json!(200), &json!(200)), "{page}");
    assert_eq!(page["after"]["body"], json!({"id": "ada", "email": "ada@example.com"}));
    assert_eq!(page["after"]["remaining"], json!((LIMIT - 2).to_string()), "the header is exposed");
    let lines = page["streamed"]["body"].as_str().expect("lines of JSON");
    assert!(lines.contains(r#""email":"ada@example.com""#), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_chromium_a_page_on_a_forbidden_origin_cannot_log_in() {
    let (front_end, stranger, store) = (page().await, page().await, store());
    let api = Site::start(Server::new(api(&[&front_end.url("")], &store))).await;
    let learned = visit(&api, &[&stranger]).await;
    assert!(is_kept_out(&learned[0]), "{learned:?}");
    assert_eq!(store.calls(), [], "no session was made");
}

/// Cookies do not depend on the port, so the browser sends the visitor's session with the page's
/// calls.
#[tokio::test(flavor = "multi_thread")]
async fn in_chromium_a_page_on_a_forbidden_origin_cannot_use_the_visitors_session() {
    let (front_end, stranger) = (page().await, page().await);
    let api = Site::start(Server::new(api(&[&front_end.url("")], &store()))).await;
    let learned = visit(&api, &[&front_end, &stranger, &front_end]).await;
    assert!(is_kept_out(&learned[1]), "{learned:?}");
    assert_eq!(learned[2]["before"]["body"]["id"], "ada", "it is still the user and not the guest");
}

/// The headers of `httpBatchStreamLink`, of a client that names itself, and of a token.
const ASKED: &str = "authorization,content-type,trpc-accept,x-csrf-token,x-trpc-source";

const LIMIT: u64 = 20;

const TOO_LONG: &str = r#"{"name":"It is longer than the hundred bytes that this application takes, which is all that matters about it here."}"#;
