//! Tests subscriptions, as events of a reply and with the official client.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use velox_rpc::export::{OpenApi, TypeScript};
use velox_rpc::procedure::{Outcome, Tracked, tracked};
use velox_rpc::service::{AppService, Body, Subscriptions};
use velox_rpc::{App, Call, Ctx, Error, Middleware, Next, Result, Router, Server, procedure, schema};
use velox_session::rate::rate_limit;
use velox_tests::{FrontEnd, Site, node};

use super::get;

#[schema]
struct Count {
    #[validate(range(min = 1))]
    to: u64,
}

#[schema]
struct After {
    to: Option<u64>,
    last_event_id: Option<String>,
}

#[schema]
struct Pick {
    word: Option<String>,
}

impl After {
    /// The first number that the client has not seen.
    fn first(&self) -> u64 {
        self.last_event_id.as_ref().and_then(|id| id.parse().ok()).map_or(0, |seen: u64| seen + 1)
    }
}

/// Ends each subscription after a moment, so that its client reconnects.
struct InPages;

impl<C: Ctx> Middleware<C> for InPages {
    type Context = C;

    async fn call(&self, ctx: C, next: Next<C>) -> Result<Outcome> {
        Ok(next.run(ctx).await?.end_with(async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(())
        }))
    }
}

/// Counts dropped streams.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn numbers(from: u64, to: u64) -> impl stream::Stream<Item = Result<Tracked<u64>>> + Send {
    stream::iter((from..to).map(|number| Ok(tracked(number, number))))
}

fn app(dropped: &Arc<AtomicUsize>) -> App<()> {
    let never = {
        let dropped = Arc::clone(dropped);
        move |_: Call<_, _>| {
            let held = Dropped(Arc::clone(&dropped));
            stream::pending::<Result<u64>>().map(move |item| (&held, item).1)
        }
    };
    let left = {
        let dropped = Arc::clone(dropped);
        move |_: Call<_, _>| Ok(dropped.load(Ordering::SeqCst) > 0)
    };
    let live = Router::new("live")
        .procedure(
            "count",
            procedure().input::<Count>().subscription(|Call { input, .. }| stream::iter((1..=input.to).map(Ok))),
        )
        .procedure(
            "after",
            procedure()
                .input::<After>()
                .subscription(async |Call { input, .. }| Ok(numbers(input.first(), input.to.unwrap_or(4)))),
        )
        .procedure(
            "fails",
            procedure().subscription(|_| stream::iter([Ok(1_u64), Err(Error::conflict("Enough")), Ok(2)])),
        )
        .procedure(
            "refused",
            procedure().guard_fn("members", |_, _| false).subscription(|_| stream::pending::<Result<u64>>()),
        )
        .procedure(
            "panics",
            procedure().subscription(|_| {
                stream::iter([1_u64, 2]).map(|number| if number == 2 { panic!("at two") } else { Ok(number) })
            }),
        )
        .procedure(
            "panicsAtOnce",
            procedure().subscription(|_| -> stream::Empty<Result<u64>> { panic!("before the stream starts") }),
        )
        .procedure("never", procedure().subscription(never))
        .procedure("left", procedure().query(left))
        .procedure("pick", procedure().input::<Pick>().subscription(|_| stream::iter([Ok(1_u64)])))
        .procedure("find", procedure().input::<After>().query(|_| Ok(1)))
        .procedure("large", procedure().subscription(|_| stream::iter([Ok("small".to_owned()), Ok("x".repeat(2000))])))
        .procedure(
            "badId",
            procedure().subscription(|_| stream::iter(["1", "a\nb"].map(|id| Ok(tracked(id, id.len()))))),
        )
        .procedure(
            "pages",
            procedure().use_(InPages).input::<After>().subscription(|Call { input, .. }| {
                let first = input.first();
                numbers(first, first + 2).chain(stream::pending())
            }),
        )
        .procedure(
            "silent",
            procedure().input::<After>().subscription(|Call { input, .. }| {
                let first = input.first();
                numbers(first, first + 1).chain(stream::pending())
            }),
        );
    App::new(()).router(live).trpc("/trpc")
}

fn service() -> AppService {
    let settings = Subscriptions::new().event_limit(1000);
    app(&Arc::default()).subscriptions(settings).into_service().expect("good settings")
}

/// All events of a reply that ends.
async fn events(service: &AppService, request: Request<Body>) -> Vec<String> {
    let (parts, body) = service.call(request).await.into_parts();
    assert_eq!(parts.status, StatusCode::OK);
    assert_eq!(parts.headers["content-type"], "text/event-stream");
    assert_eq!(parts.headers["cache-control"], "no-cache, no-transform");
    assert_eq!(parts.headers["x-accel-buffering"], "no");
    let bytes = body.collect().await.expect("a body").to_bytes();
    let text = String::from_utf8(bytes.to_vec()).expect("text");
    let text = text.strip_suffix("\n\n").expect("whole events");
    text.split("\n\n").map(str::to_owned).collect()
}

fn request(target: &str) -> Request<Body> {
    Request::get(target).body(Body::empty()).expect("a request")
}

const CONNECTED: &str = "event: connected\ndata: {\"reconnectAfterInactivityMs\":45000}";
const RETURN: &str = "event: return\ndata: ";

#[tokio::test]
async fn events_come_in_order_and_the_return_event_last() {
    let events = events(&service(), request("/trpc/live.count?input=%7B%22to%22%3A2%7D")).await;
    assert_eq!(events, [CONNECTED, "data: 1", "data: 2", RETURN]);
}

#[tokio::test]
async fn a_tracked_event_has_its_id() {
    let events = events(&service(), request("/trpc/live.after?input=%7B%22to%22%3A2%7D")).await;
    assert_eq!(events, [CONNECTED, "data: 0\nid: 0", "data: 1\nid: 1", RETURN]);
}

/// The id comes in the header, the query or the input. The header wins.
#[tokio::test]
async fn the_id_of_the_last_event_reaches_the_input() {
    let service = service();
    let target = "/trpc/live.after?input=%7B%22to%22%3A4%2C%22lastEventId%22%3A%220%22%7D";
    let with_header = |target: &str, id: &str| {
        let mut request = request(target);
        request.headers_mut().insert("last-event-id", id.parse().expect("a value"));
        request
    };
    let last = "data: 3\nid: 3";
    for request in [
        with_header("/trpc/live.after", "2"),
        with_header(target, "2"),
        request("/trpc/live.after?lastEventId=2"),
        request("/trpc/live.after?Last-Event-Id=2"),
        with_header("/trpc/live.after?lastEventId=0", "2"),
        request("/trpc/live.after?input=%7B%22lastEventId%22%3A%222%22%7D"),
    ] {
        let target = request.uri().to_string();
        assert_eq!(events(&service, request).await, [CONNECTED, last, RETURN], "{target}");
    }
}

/// In tRPC such an input is `.optional()`: at first the client has nothing to send, and after a
/// reconnect only its id.
#[tokio::test]
async fn an_input_with_only_optional_fields_may_be_missing() {
    let service = service();
    let all = [CONNECTED, "data: 0\nid: 0", "data: 1\nid: 1", "data: 2\nid: 2", "data: 3\nid: 3", RETURN];
    for target in ["/trpc/live.after", "/trpc/live.after?input=%7B%7D", "/api/live/after"] {
        assert_eq!(events(&service, request(target)).await, all, "{target}");
    }
    // These have no id to resume from, so a missing input is an error as in a query.
    for target in ["/trpc/live.pick", "/trpc/live.count", "/trpc/live.find"] {
        let reply = service.call(request(target)).await.into_body().collect().await.expect("a body").to_bytes();
        let text = std::str::from_utf8(&reply).expect("text");
        assert!(text.contains("Required"), "{target}: {text}");
    }
}

fn failure(event: &str) -> Value {
    serde_json::from_str(event.strip_prefix("event: serialized-error\ndata: ").expect("a failure")).expect("JSON")
}

#[tokio::test]
async fn a_forged_event_id_is_ordinary_input_and_one_too_long_is_refused() {
    let service = service();
    let long = "x".repeat(1025);
    let mut requests = vec![request(&format!("/trpc/live.after?lastEventId={long}")), request("/trpc/live.after")];
    requests[1].headers_mut().insert("last-event-id", long.parse().expect("a value"));
    for request in requests {
        let events = events(&service, request).await;
        assert_eq!(failure(&events[1])["message"], "The last event id is too long");
        assert_eq!(failure(&events[1])["data"]["code"], "BAD_REQUEST");
    }
    let mut undecodable = request("/trpc/live.after");
    undecodable.headers_mut().insert("last-event-id", http::HeaderValue::from_bytes(b"\xff").expect("a value"));
    assert_eq!(failure(&events(&service, undecodable).await[1])["message"], "The last event id is not UTF-8");
    for target in ["/trpc/live.after?lastEventId=", "/api/live/after?lastEventId="] {
        let forged = events(&service, request(&format!("{target}%27%3B--"))).await;
        assert_eq!(forged.len(), 6, "{target}: from the beginning: {forged:?}");
        // The id of an event of another subscription.
        let foreign = events(&service, request(&format!("{target}99"))).await;
        assert_eq!(foreign, [CONNECTED, RETURN], "{target}");
    }
}

/// REST answers a bad id with an error status.
#[tokio::test]
async fn an_event_id_that_is_too_long_or_not_utf_8_is_400_over_rest() {
    let service = service();
    for id in [&b"\xff"[..], &[b'x'; 1025]] {
        let mut request = request("/api/live/after");
        request.headers_mut().insert("last-event-id", http::HeaderValue::from_bytes(id).expect("a value"));
        assert_eq!(service.call(request).await.status(), StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_failure_is_sent_and_ends_the_subscription() {
    let events = events(&service(), request("/trpc/live.fails")).await;
    assert_eq!(events[..2], [CONNECTED, "data: 1"]);
    let data = json!({"code": "CONFLICT", "httpStatus": 409, "path": "live.fails"});
    assert_eq!(failure(&events[2]), json!({"message": "Enough", "code": -32009, "data": data}));
    assert_eq!(events.len(), 3);
}

/// `EventSource` reads only replies with status 200, so errors of guards and inputs are events too.
#[tokio::test]
async fn a_refused_subscription_gets_an_error_event() {
    let service = service();
    for (target, code) in [
        ("/trpc/live.refused", "FORBIDDEN"),
        ("/trpc/live.count", "BAD_REQUEST"),
        ("/trpc/live.panicsAtOnce", "INTERNAL_SERVER_ERROR"),
    ] {
        let events = events(&service, request(target)).await;
        assert_eq!(events[0], "event: connected\ndata: {}");
        assert_eq!(failure(&events[1])["data"]["code"], code);
        assert_eq!(events.len(), 2);
    }
}

#[tokio::test]
async fn a_panic_a_large_event_and_a_bad_id_end_the_subscription() {
    let service = service();
    for (target, code) in [
        ("/trpc/live.panics", "INTERNAL_SERVER_ERROR"),
        ("/trpc/live.badId", "INTERNAL_SERVER_ERROR"),
        ("/trpc/live.large", "PAYLOAD_TOO_LARGE"),
    ] {
        let events = events(&service, request(target)).await;
        assert_eq!((failure(&events[2])["data"]["code"].as_str(), events.len()), (Some(code), 3), "{target}");
    }
}

#[tokio::test]
async fn a_subscription_cannot_be_batched() {
    let service = service();
    let reply = get(&service, "/trpc/live.fails,live.fails?batch=1").await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(reply.body[1]["error"]["message"], "Cannot batch subscription calls");
    let reply = super::post(&service, "/trpc/live.fails", "").await;
    assert_eq!((reply.status, reply.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, Some("GET")));
}

/// When a client disconnects, its server drops the body.
#[tokio::test]
async fn the_handlers_stream_is_dropped_with_the_reply_body() {
    let dropped = Arc::default();
    let service = app(&dropped).into_service().expect("good settings");
    let mut body = service.call(request("/trpc/live.never")).await.into_body();
    let frame = body.frame().await.expect("a frame").expect("no error");
    assert!(frame.into_data().expect("data").starts_with(b"event: connected"));
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    drop(body);
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_sent_while_nothing_happens() {
    let service = service();
    let mut body = service.call(request("/trpc/live.never")).await.into_body();
    let began = tokio::time::Instant::now();
    for _ in 0..4 {
        let frame = body.frame().await.expect("a frame").expect("no error");
        let text = frame.into_data().expect("data");
        assert!(text.starts_with(b"event: connected") || *text == *b"event: ping\ndata: \n\n", "{text:?}");
    }
    assert_eq!(began.elapsed().as_secs(), 45);
}

/// Without `retry`, `EventSource` picks a time by itself.
#[tokio::test]
async fn the_retry_setting_is_sent_to_clients() {
    let settings = Subscriptions::new().retry(Duration::from_millis(1500));
    let service = app(&Arc::default()).subscriptions(settings).into_service().expect("good settings");
    for target in ["/trpc/live.after", "/api/live/after", "/trpc/live.refused"] {
        let events = events(&service, request(target)).await;
        assert!(events[0].starts_with("retry: 1500\nevent: connected\n"), "{target}: {events:?}");
        assert!(events[1..].iter().all(|event| !event.contains("retry")), "{target}: {events:?}");
    }
}

/// A client does not reconnect after a 429.
#[tokio::test]
async fn a_rate_limit_stops_a_client_that_reconnects_in_a_loop() {
    let limit = rate_limit("loop", 2, Duration::from_secs(3600)).by(|_| Some("somebody".to_owned()));
    let fails =
        procedure::<()>().guard(limit).subscription(|_| stream::iter([Err::<u64, _>(Error::internal("no database"))]));
    let app = App::new(()).router(Router::new("live").procedure("fails", fails)).trpc("/trpc");
    let service = app.into_service().expect("good settings");
    let mut codes = Vec::new();
    for _ in 0..4 {
        let reply = service.call(request("/trpc/live.fails")).await;
        let text = reply.into_body().collect().await.expect("a body").to_bytes();
        let text = std::str::from_utf8(&text).expect("text").trim_end();
        codes.push(failure(text.rsplit("\n\n").next().expect("an event"))["code"].as_i64());
    }
    assert_eq!(codes, [Some(-32603), Some(-32603), Some(-32029), Some(-32029)]);
}

#[test]
fn a_ping_interval_above_the_reconnect_time_is_a_mistake() {
    let settings = Subscriptions::new().reconnect_after_inactivity(Duration::from_secs(10));
    let error = app(&Arc::default()).subscriptions(settings).into_service().expect_err("a mistake");
    assert!(error.mistakes()[0].starts_with("subscriptions: "), "{error}");
}

/// Makes one visit with the official client, and returns its report.
async fn visit(site: &Site, visit: &'static str) -> Value {
    let trpc = site.url("/trpc");
    let printed = tokio::task::spawn_blocking(move || node("subscriptions.mjs", &[Path::new(&trpc), Path::new(visit)]));
    serde_json::from_str(&printed.await.expect("node runs")).expect("JSON")
}

#[tokio::test]
async fn the_official_client_reads_subscriptions_to_their_end() {
    let site = Site::of(app(&Arc::default())).await;
    let visit = visit(&site, "ends").await;
    assert_eq!(visit["count"], json!(["started", {"data": 1}, {"data": 2}, {"data": 3}, "complete"]));
    let tracked = [0, 1].map(|id| json!({"data": {"id": id.to_string(), "data": id}}));
    assert_eq!(visit["tracked"], json!(["started", tracked[0], tracked[1], "complete"]));
    assert_eq!(visit["fails"], json!(["started", {"data": 1}, {"error": "CONFLICT"}]));
    assert_eq!(visit["refused"], json!(["started", {"error": "FORBIDDEN"}]));
    assert_eq!(visit["invalid"], json!(["started", {"error": "BAD_REQUEST"}]));
}

#[tokio::test]
async fn the_official_client_resumes_where_it_was_cut_off() {
    let site = Site::of(app(&Arc::default())).await;
    let visit = visit(&site, "resumes").await;
    let data = [0, 1, 2, 3].map(|id| json!({"data": {"id": id.to_string(), "data": id}}));
    assert_eq!(visit, json!(["started", data[0], data[1], "connecting", "started", data[2], data[3]]));
}

#[tokio::test]
async fn the_official_client_reconnects_to_a_silent_server() {
    // The pings do not arrive.
    let settings = Subscriptions::new()
        .ping_interval(Duration::from_secs(3600))
        .reconnect_after_inactivity(Duration::from_secs(3601));
    let app = app(&Arc::default()).subscriptions(settings);
    let patched = tower::ServiceBuilder::new().map_response(|response: http::Response<Body>| {
        response.map(|body| {
            Body::new(body.map_frame(|frame| {
                frame.map_data(|data| {
                    let text = String::from_utf8_lossy(&data).replace("3601000", "300");
                    bytes::Bytes::from(text)
                })
            }))
        })
    });
    let service = patched.service(app.into_service().expect("good settings"));
    let site = Site::start(Server::new(service)).await;
    let visit = visit(&site, "silent").await;
    let data = [0, 1].map(|id| json!({"data": {"id": id.to_string(), "data": id}}));
    assert_eq!(visit, json!(["started", data[0], "connecting", "started", data[1]]));
}

#[tokio::test]
async fn the_stream_of_a_disconnected_client_is_dropped() {
    let site = Site::of(app(&Arc::default())).await;
    assert_eq!(visit(&site, "leaves").await, true);
}

#[test]
fn subscriptions_are_typed_and_described() {
    let service = service();
    let types = TypeScript::of(service.manifest());
    let front_end = FrontEnd::new(env!("CARGO_TARGET_TMPDIR"), "subscription-types");
    front_end.write("app-router.d.ts", &types.app_router().to_string());
    front_end.check("uses.ts", USES);
    let module = types.to_string();
    let route = r#"count: Subscription<Count, number> & Route<"GET", "/api/live/count">;"#;
    assert!(module.contains(route), "{module}");

    let document = OpenApi::new("Live", "1").document(service.manifest());
    let operation = &document["paths"]["/api/live/after"]["get"];
    assert_eq!(operation["parameters"][1]["name"], "lastEventId");
    let success = &operation["responses"]["200"]["content"];
    assert_eq!(success["text/event-stream"]["schema"]["type"], "integer", "{operation:#}");
    assert!(success.get("application/json").is_none());
    assert!(operation["responses"].get("400").is_some());
}

/// Fails to compile if a type is wider or narrower than it should be.
const USES: &str = r#"
import { createTRPCClient, httpSubscriptionLink } from "@trpc/client";
import type { AppRouter } from "./app-router";

const client = createTRPCClient<AppRouter>({ links: [httpSubscriptionLink({ url: "/trpc" })] });

export function subscribe(): void {
  client.live.count.subscribe({ to: 3 }, { onData: (count) => count.toFixed() });
  client.live.after.subscribe({ lastEventId: "1" }, { onData: ({ id, data }) => id.trim() + data.toFixed() });
  client.live.after.subscribe(undefined, { onData: ({ id }) => id.trim() });
  client.live.never.subscribe(undefined, { onError: (error) => error.data?.tag });
  // @ts-expect-error a count is not a string
  client.live.count.subscribe({ to: 3 }, { onData: (count) => count.trim() });
  // @ts-expect-error the input is missing, and no id says where to resume
  client.live.pick.subscribe(undefined, {});
  // @ts-expect-error the input is missing
  client.live.count.subscribe(undefined, {});
  // @ts-expect-error a subscription is not a query
  client.live.count.query({ to: 3 });
}
"#;
