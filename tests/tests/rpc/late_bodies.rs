//! Tests when the body of a request is read: as soon as a step needs it, and never if an earlier
//! step rejects the caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, StatusCode};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use serde_json::json;
use tokio::sync::mpsc;
use velox_rpc::procedure::{Outcome, guard};
use velox_rpc::service::AppService;
use velox_rpc::{App, Call, Ctx, Middleware, Next, Result, Router, procedure, schema};
use velox_session::rate::{MemoryRates, rate_limit};
use velox_session::{MemoryStore, SessionMiddleware, SessionUser, csrf, session_middleware};
use velox_tests::{Raw, SECRET, Site};

#[schema]
struct Note {
    text: String,
}

#[schema]
struct Login {
    id: String,
}

/// A middleware that runs the inner steps in a separate task.
struct InATask;

impl<C: Ctx> Middleware<C> for InATask {
    type Context = C;

    async fn call(&self, ctx: C, next: Next<C>) -> Result<Outcome> {
        tokio::spawn(next.run(ctx)).await?
    }
}

fn sessions() -> SessionMiddleware {
    let settings = session_middleware(SECRET).store(MemoryStore::new()).cookie_name("session").secure(false);
    settings.build().expect("good settings")
}

fn app(session: &SessionMiddleware) -> App<()> {
    let key = guard("key", |request| request.header("x-key").is_some());
    let limit =
        rate_limit("notes", 0, Duration::from_secs(60)).by(|_| Some("all".to_owned())).store(MemoryRates::new());
    let csrf = csrf(SECRET).secure(false).build().expect("good settings");
    let of_csrf = csrf.clone();
    let notes = Router::new("notes")
        .procedure("writeGuarded", procedure().guard(key).input::<Note>().mutation(|Call { input, .. }| Ok(input)))
        .procedure("writeLimited", procedure().guard(limit).input::<Note>().mutation(|Call { input, .. }| Ok(input)))
        .procedure(
            "writeOwn",
            procedure().use_(session.required()).input::<Note>().mutation(|Call { input, .. }| Ok(input)),
        )
        .procedure(
            "writeAny",
            procedure().use_(session.optional()).input::<Note>().mutation(|Call { input, .. }| Ok(input)),
        )
        .procedure("writeLater", procedure().input::<Note>().guard(guard("no", |_| false)).mutation(|_| Ok(())))
        .procedure("writeInATask", procedure().use_(InATask).input::<Note>().mutation(|Call { input, .. }| Ok(input)))
        .procedure("csrfToken", procedure::<()>().query(move |Call { ctx, .. }| of_csrf.issue(&ctx)))
        .procedure(
            "writeForm",
            procedure().guard(csrf.guard()).input::<Note>().mutation(|Call { input, .. }| Ok(input)),
        )
        .procedure(
            "touch",
            procedure().guard(guard("key", |request| request.header("x-key").is_some())).mutation(|_| Ok(())),
        );
    let auth = Router::new("auth")
        .procedure(
            "login",
            procedure().use_(session.optional()).input::<Login>().mutation(async |Call { input, ctx }| {
                Ok(ctx.session.login(SessionUser::new(&input.id, "ada@example.com")).await?)
            }),
        )
        .procedure(
            "logoutAll",
            procedure()
                .use_(session.required())
                .mutation(async |Call { ctx, .. }| Ok(ctx.session.logout_all().await?)),
        );
    App::new(()).router(notes).router(auth)
}

/// Returns the first bytes that the server sends to a client that waits for `100 Continue`.
async fn first(site: &Site, path: &str, headers: &str) -> String {
    let mut client = site.connect().await;
    let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{headers}");
    client.send(format!("{head}content-length: 12\r\nexpect: 100-continue\r\n\r\n")).await;
    client.head().await
}

#[tokio::test]
async fn a_caller_refused_by_the_head_is_not_asked_for_the_body() {
    let site = Site::of(app(&sessions())).await;
    for (path, headers, status) in [
        ("/api/notes/writeGuarded", "", "403"),
        ("/api/notes/writeLimited", "", "429"),
        ("/api/notes/writeOwn", "", "401"),
        ("/api/notes/writeOwn", "sec-fetch-site: cross-site\r\n", "403"),
        ("/api/notes/writeAny", "sec-fetch-site: cross-site\r\n", "403"),
        ("/api/notes/writeForm", "", "403"),
        ("/api/notes/touch", "", "403"),
    ] {
        let head = first(&site, path, headers).await;
        assert_eq!(head.get(9..12), Some(status), "{path}: {head}");
    }
    for (path, headers) in [
        ("/api/notes/writeGuarded", "x-key: 1\r\n"),
        ("/api/notes/writeAny", ""),
        ("/api/notes/writeLater", ""),
        ("/api/notes/touch", "x-key: 1\r\n"),
    ] {
        let head = first(&site, path, headers).await;
        assert!(head.starts_with("HTTP/1.1 100 "), "{path}: {head}");
    }
}

fn service() -> AppService {
    app(&sessions()).trpc("/trpc").into_service().expect("good routes")
}

fn post(path: &str, cookie: &str) -> http::request::Builder {
    Request::post(path).header("content-type", "application/json").header("cookie", cookie)
}

async fn status(service: &AppService, request: Request<String>) -> StatusCode {
    service.call(request).await.status()
}

#[tokio::test]
async fn a_broken_body_without_a_session_is_a_401() {
    let request = post("/api/notes/writeOwn", "").body("{".to_owned()).expect("a request");
    assert_eq!(status(&service(), request).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_step_in_another_task_can_read_the_body() {
    let (body, pieces) = Pieces::new();
    let service = service();
    let answer = tokio::spawn(async move {
        service.call(post("/api/notes/writeInATask", "").body(body).expect("a request")).await.status()
    });
    tokio::task::yield_now().await;
    pieces.send("{\"text\":").expect("it is read");
    tokio::task::yield_now().await;
    pieces.send("\"x\"}").expect("it is read");
    drop(pieces);
    assert_eq!(answer.await.expect("no panic"), StatusCode::OK);
}

/// A body that has no bytes, and counts how often it is asked for some.
struct Asked(Arc<AtomicUsize>);

impl Body for Asked {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<std::result::Result<Frame<bytes::Bytes>, Self::Error>>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        std::task::Poll::Ready(None)
    }
}

#[tokio::test]
async fn the_csrf_guard_reads_the_body_only_without_a_token_in_the_header() {
    let service = service();
    for (headers, asked) in [
        (&[("cookie", "csrf=a.1.2.b")][..], 1),
        (&[("cookie", "csrf=a.1.2.b"), ("x-csrf-token", "other")], 0),
        (&[], 0),
    ] {
        let count = Arc::<AtomicUsize>::default();
        let mut request = Request::post("/api/notes/writeForm").header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let reply = service.call(request.body(Asked(Arc::clone(&count))).expect("a request")).await;
        assert_eq!(reply.status(), StatusCode::FORBIDDEN);
        assert_eq!(count.load(Ordering::Relaxed), asked, "{headers:?}");
    }
}

/// This also holds for a streamed batch. Its head leaves without the body once no call can ask for
/// it.
#[tokio::test]
async fn the_body_of_a_refused_streamed_batch_is_not_read() {
    let service = service();
    let count = Arc::<AtomicUsize>::default();
    let request = Request::post("/trpc/notes.writeOwn?batch=1").header("content-type", "application/json");
    let request = request.header("trpc-accept", "application/jsonl").body(Asked(Arc::clone(&count)));
    let body = service.call(request.expect("a request")).await.into_body().collect().await.expect("a body").to_bytes();
    let text = std::str::from_utf8(&body).expect("text");
    assert!(text.contains(r#""httpStatus":401"#), "{text}");
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn the_csrf_guard_reads_the_token_from_the_body_before_the_input_step() {
    let service = service();
    let reply = service.call(Request::get("/api/notes/csrfToken").body(String::new()).expect("a request")).await;
    let cookie = reply.headers()["set-cookie"].to_str().expect("ASCII").split(';').next().expect("a pair").to_owned();
    let token = cookie.strip_prefix("csrf=").expect("its name");
    let body = json!({"text": "x", "_csrf": token}).to_string();
    let request = post("/api/notes/writeForm", &cookie).body(body).expect("a request");
    assert_eq!(status(&service, request).await, StatusCode::OK);
}

/// A body whose pieces the test sends one by one.
struct Pieces(mpsc::UnboundedReceiver<&'static str>);

impl Pieces {
    fn new() -> (Self, mpsc::UnboundedSender<&'static str>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(receiver), sender)
    }
}

impl Body for Pieces {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<std::result::Result<Frame<bytes::Bytes>, Self::Error>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece.into()))))
    }
}

/// Logs in, starts a request to `path`, ends the session, and then sends the body. Returns the
/// reply.
async fn ended_while_waiting(service: &AppService, path: &str, wait: Duration) -> (StatusCode, Option<String>) {
    let login = post("/api/auth/login", "").body(r#"{"id":"u1"}"#.to_owned()).expect("a request");
    let reply = service.call(login).await;
    let cookie = reply.headers()["set-cookie"].to_str().expect("ASCII").split(';').next().expect("a pair").to_owned();

    let (body, pieces) = Pieces::new();
    let request = post(path, &cookie).body(body).expect("a request");
    let waiting = tokio::spawn({
        let service = service.clone();
        async move { service.call(request).await }
    });
    tokio::task::yield_now().await;
    let logout = post("/api/auth/logoutAll", &cookie).body(String::new()).expect("a request");
    assert_eq!(status(service, logout).await, StatusCode::OK);
    tokio::time::sleep(wait).await;
    pieces.send(r#"{"text":"x"}"#).expect("it is read");
    drop(pieces);
    let reply = waiting.await.expect("no panic");
    let cookie = reply.headers().get("set-cookie").map(|line| line.to_str().expect("ASCII").to_owned());
    (reply.status(), cookie)
}

/// This test must really wait: only waits longer than a second count.
#[tokio::test]
async fn a_session_that_ends_during_a_long_upload_no_longer_counts() {
    let long = Duration::from_millis(1_100);
    let [own, any] = [service(), service()];
    let (own, any) = tokio::join!(
        ended_while_waiting(&own, "/api/notes/writeOwn", long),
        ended_while_waiting(&any, "/api/notes/writeAny", long),
    );
    assert_eq!(own, (StatusCode::UNAUTHORIZED, None));
    assert_eq!(any, (StatusCode::CONFLICT, None));
}

// ---- The budget ----

/// A request by a client behind a trusted proxy. All of its body is sent except the last byte.
async fn held(site: &Site, client: &str, length: usize) -> Raw {
    let mut held = site.connect().await;
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(length - 11));
    held.send(format!(
        "POST /api/notes/writeGuarded HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nx-key: 1\r\n\
         x-forwarded-for: {client}\r\ncontent-length: {length}\r\n\r\n{}",
        &body[..length - 1]
    ))
    .await;
    held
}

async fn finish(mut held: Raw) -> String {
    held.send("}").await;
    held.reply().await.0
}

async fn budgeted() -> Site {
    let app = app(&sessions()).trusted_proxies(["127.0.0.1"]).body_limit(1_000).body_budget(2_000);
    Site::of(app.development(false)).await
}

#[tokio::test]
async fn bodies_over_the_budget_are_503_and_the_others_are_read() {
    let site = budgeted().await;
    let first = held(&site, "10.0.0.1", 900).await;
    let second = held(&site, "10.0.0.2", 900).await;
    // A third body may still fit until the server has read the first two.
    let mut refused = loop {
        let mut third = held(&site, "10.0.0.3", 900).await;
        third.send("}").await;
        let (head, body) = third.reply().await;
        if !head.starts_with("HTTP/1.1 200 ") {
            break (head, body);
        }
    };
    refused.0.make_ascii_lowercase();
    assert!(refused.0.starts_with("http/1.1 503 ") && refused.0.contains("retry-after: 1\r\n"), "{refused:?}");
    assert!(refused.1.contains("TOO_MANY_BODIES"), "{refused:?}");
    for held in [first, second] {
        assert!(finish(held).await.starts_with("HTTP/1.1 200 "));
    }
    // The whole budget is free again.
    let (first, second) = (held(&site, "10.0.0.1", 900).await, held(&site, "10.0.0.2", 900).await);
    for held in [first, second] {
        assert!(finish(held).await.starts_with("HTTP/1.1 200 "));
    }
}

#[tokio::test]
async fn one_public_network_gets_at_most_half_of_the_budget() {
    let site = budgeted().await;
    let first = held(&site, "2001:db8::1", 900).await;
    let refused = loop {
        let head = finish(held(&site, "2001:db8::2", 900).await).await;
        if !head.starts_with("HTTP/1.1 200 ") {
            break head;
        }
    };
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(finish(held(&site, "203.0.113.7", 900).await).await.starts_with("HTTP/1.1 200 "));
    assert!(finish(first).await.starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_budget_that_is_too_small_for_one_body_is_a_mistake_at_start() {
    let error = app(&sessions()).body_limit(1_000).body_budget(1_999).into_service().expect_err("too small");
    assert!(error.mistakes()[0].starts_with("the body budget of 1999 bytes"), "{error}");
}
