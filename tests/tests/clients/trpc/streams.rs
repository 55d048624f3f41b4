//! Tests batches that are streamed line by line: `httpBatchStreamLink`.

use std::collections::VecDeque;
use std::time::Duration;

use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use velox_rpc::service::{AppService, Body};
use velox_rpc::{App, Call, Error, Router, procedure, schema};
use velox_session::{MemoryStore, SessionUser, session_middleware};
use velox_tests::SECRET;

use super::{get, post};

#[schema]
struct Word {
    word: String,
}

/// Each call of `wait` ends when its sender in the channel is used.
fn service() -> (AppService, mpsc::UnboundedReceiver<oneshot::Sender<()>>) {
    let (begun, waiting) = mpsc::unbounded_channel();
    let session = session_middleware(SECRET).store(MemoryStore::new()).cookie_name("session").secure(false);
    let session = session.build().expect("good settings");
    let router = Router::new("t")
        .procedure("say", procedure().input::<Word>().query(|Call { input, .. }| Ok(input.word)))
        .procedure("repeat", procedure().input::<Word>().mutation(|Call { input, .. }| Ok(input.word)))
        .procedure("nothing", procedure().query(|_| Ok(())))
        .procedure("fail", procedure().query(|_| -> velox_rpc::Result<()> { Err(Error::unauthorized("Who are you?")) }))
        .procedure(
            "wait",
            procedure().query(move |_| {
                let (go, gone) = oneshot::channel();
                begun.send(go).expect("the test lets it go on");
                async move { Ok(gone.await.is_ok()) }
            }),
        )
        .procedure(
            "cookie",
            procedure::<()>().query(|Call { ctx, .. }| {
                ctx.reply().append(header::SET_COOKIE, http::HeaderValue::from_static("a=b"));
                Ok("set")
            }),
        )
        .procedure(
            "login",
            procedure().use_(session.optional()).mutation(async |Call { ctx, .. }| {
                Ok(ctx.session.login(SessionUser::new("u1", "ada@example.com")).await?)
            }),
        )
        .procedure("home", procedure().use_(session.optional()).query(|Call { ctx, .. }| Ok(ctx.user)));
    (App::new(()).router(router).trpc("/trpc").into_service().expect("good routes"), waiting)
}

pub(super) fn streamed(method: Method, target: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(target).header("trpc-accept", "application/jsonl");
    request.header("content-type", "application/json").body(Body::empty()).expect("a request")
}

/// A reply, read line by line.
pub(super) struct Lines {
    pub(super) head: http::response::Parts,
    body: Body,
    come: VecDeque<Value>,
}

impl Lines {
    /// Waits for the head.
    pub(super) async fn of(service: &AppService, request: Request<Body>) -> Self {
        let reply = tokio::time::timeout(PATIENCE, service.call(request)).await.expect("the head is sent");
        let (head, body) = reply.into_parts();
        Self { head, body, come: VecDeque::new() }
    }

    /// The next line, or `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Value> {
        if self.come.is_empty() {
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("a line comes");
            let bytes = frame?.expect("no error").into_data().expect("data");
            let text = std::str::from_utf8(&bytes).expect("whole lines");
            self.come.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")));
        }
        self.come.pop_front()
    }
}

/// The time after which a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(20);

/// All lines of a reply.
pub(super) async fn lines(service: &AppService, request: Request<Body>) -> (http::response::Parts, Vec<Value>) {
    let (parts, body) = service.call(request).await.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    let text = std::str::from_utf8(&bytes).expect("text");
    (parts, text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

#[tokio::test]
async fn each_call_has_its_line() {
    let (service, _waiting) = service();
    let input = "%7B%220%22%3A%7B%22word%22%3A%22hi%22%7D%7D";
    let target = format!("/trpc/t.say,t.nothing,t.fail,t.nope?batch=1&input={input}");
    let (head, mut lines) = lines(&service, streamed(Method::GET, &target)).await;
    assert_eq!(head.status, StatusCode::OK, "the status does not depend on the calls");
    assert_eq!(head.headers["vary"], "trpc-accept, accept");
    let first =
        json!({"0": [[0], [null, 0, 0]], "1": [[0], [null, 0, 1]], "2": [[0], [null, 0, 2]], "3": [[0], [null, 0, 3]]});
    assert_eq!(lines.remove(0), first);
    lines.sort_by_key(|line| line[0].as_u64());
    let error = |code: &str, number: i32, status: u16, path: &str, message: &str| json!({"error": {"message": message, "code": number, "data": {"code": code, "httpStatus": status, "path": path}}});
    let expected = [
        json!({"result": {"data": "hi"}}),
        json!({"result": {}}),
        error("UNAUTHORIZED", -32001, 401, "t.fail", "Who are you?"),
        error("NOT_FOUND", -32004, 404, "t.nope", "No procedure found on path \"t.nope\""),
    ];
    for (call, (line, expected)) in lines.iter().zip(expected).enumerate() {
        assert_eq!(*line, json!([call, 0, [[expected]]]));
    }
}

#[tokio::test]
async fn a_line_is_sent_as_soon_as_its_call_ends() {
    let (service, mut waiting) = service();
    let mut lines = Lines::of(&service, streamed(Method::GET, "/trpc/t.wait,t.nothing?batch=1")).await;
    assert_eq!(lines.next().await.expect("a line")["1"], json!([[0], [null, 0, 1]]));
    assert_eq!(lines.next().await.expect("a line")[0], 1);
    waiting.try_recv().expect("it has begun").send(()).expect("it waits");
    assert_eq!(lines.next().await.expect("a line"), json!([0, 0, [[{"result": {"data": true}}]]]));
    assert_eq!(lines.next().await, None);
}

#[tokio::test]
async fn the_head_waits_for_calls_that_may_set_a_cookie() {
    let (service, _waiting) = service();
    let (head, lines) = lines(&service, streamed(Method::POST, "/trpc/t.login?batch=1")).await;
    assert_eq!(lines[1], json!([0, 0, [[{"result": {}}]]]));
    let cookie = head.headers["set-cookie"].to_str().expect("ASCII").split(';').next().expect("a pair").to_owned();

    let mut request = streamed(Method::GET, "/trpc/t.home,t.nothing?batch=1");
    request.headers_mut().insert("cookie", cookie.parse().expect("a header's value"));
    let (head, lines) = self::lines(&service, request).await;
    assert_eq!(lines[1][2][0][0]["result"]["data"]["id"], "u1");
    assert_eq!(head.headers["cache-control"], "no-store");
}

/// The handler's cookie must not be dropped silently.
#[tokio::test]
async fn a_late_cookie_of_a_streamed_call_is_a_conflict() {
    let (service, _waiting) = service();
    let (head, lines) = lines(&service, streamed(Method::GET, "/trpc/t.cookie?batch=1")).await;
    assert!(!head.headers.contains_key("set-cookie"));
    assert_eq!(lines[1][2][0][0]["error"]["data"]["tag"], "COOKIE_AFTER_HEAD", "{lines:?}");
    assert_eq!(get(&service, "/trpc/t.cookie").await.header("set-cookie"), Some("a=b"), "without a batch it may");
}

/// Errors about the body belong into the head, so the head waits until the body is read.
#[tokio::test]
async fn the_body_of_a_stream_is_read_before_its_head_is_sent() {
    let (service, _waiting) = service();
    let request = |body: &str| {
        let mut request = streamed(Method::POST, "/trpc/t.repeat,t.repeat?batch=1");
        *request.body_mut() = body.to_owned().into();
        request
    };
    let (head, lines) = lines(&service, request(r#"{"0":{"word":"a"},"1":{"word":"b"}}"#)).await;
    assert_eq!(head.status, StatusCode::OK);
    let mut said: Vec<_> = lines[1..].iter().map(|line| line[2][0][0]["result"]["data"].as_str()).collect();
    said.sort_unstable();
    assert_eq!(said, [Some("a"), Some("b")]);
    let (_, lines) = self::lines(&service, request("{")).await;
    for line in &lines[1..] {
        assert_eq!(line[2][0][0]["error"]["data"]["httpStatus"], 400, "{line}");
    }
    assert_eq!(lines.len(), 3);
}

#[tokio::test]
async fn get_does_not_run_a_stream_of_mutations() {
    let (service, _waiting) = service();
    let (head, lines) = lines(&service, streamed(Method::GET, "/trpc/t.login?batch=1")).await;
    assert_eq!((head.status, &head.headers["allow"]), (StatusCode::OK, &"POST".parse().expect("a value")));
    assert_eq!(lines[1][2][0][0]["error"]["data"]["code"], "METHOD_NOT_SUPPORTED");
}

#[tokio::test]
async fn only_batches_are_streamed_as_lines() {
    let (service, _waiting) = service();
    let (head, lines) = lines(&service, streamed(Method::GET, "/trpc/t.nothing")).await;
    assert_eq!(head.status, StatusCode::BAD_REQUEST);
    assert_eq!(lines[0]["error"]["message"], "Streaming requests must be batched (you can do a batch of 1)");
    assert_eq!(post(&service, "/trpc/t.login", "").await.status, StatusCode::OK);
}
