//! Tests rate limits: the headers for callers, the keys that identify them, and shared counters.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::json;
use velox_rpc::context::Peer;
use velox_rpc::procedure::Procedure;
use velox_rpc::{App, Call, Ctx, Result, Router, middleware, procedure, schema};
use velox_session::clock::ManualClock;
use velox_session::rate::{Hit, MemoryRates, RateKey, RateLimit, RateStore, rate_limit};
use velox_session::store::{RedisStore, StoreError, async_trait};
use velox_tests::redis::RedisServer;
use velox_tests::{Client, Log, Reply, get};

const NOW: u64 = 1_700_000_000;
const WINDOW: Duration = Duration::from_secs(60);

fn clock() -> ManualClock {
    ManualClock::at(NOW * 1000)
}

/// The settings of the contract.
fn limit(clock: &ManualClock) -> RateLimit {
    rate_limit("test", 3, WINDOW)
        .store(MemoryRates::new().with_clock(clock.clone()))
        .clock(clock.clone())
        .by(|request| request.header("x-client-id").map(str::to_owned))
}

fn expecting(client: Client) -> Client {
    let headers = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"];
    headers.into_iter().fold(client, Client::expecting)
}

fn limited(limit: RateLimit) -> Client {
    expecting(Client::of_one(procedure().guard(limit).query(|_| Ok(json!({"ok": true})))))
}

/// A request over a connection from this address.
fn from(address: &str, target: &str) -> Request<Full<Bytes>> {
    let mut request = get(target);
    request.extensions_mut().insert(Peer::Address(format!("{address}:4711").parse().expect("an address")));
    request
}

fn by(client: &str) -> Request<Full<Bytes>> {
    let mut request = get("/api/test/run");
    request.headers_mut().insert("x-client-id", client.parse().expect("a value"));
    request
}

/// Status, remaining calls, reset time and time to wait.
fn told(reply: &Reply) -> (u16, &str, &str, Option<&str>) {
    let header = |name| reply.header(name).expect("on every reply");
    assert_eq!(header("x-ratelimit-limit"), "3");
    (reply.status.as_u16(), header("x-ratelimit-remaining"), header("x-ratelimit-reset"), reply.header("retry-after"))
}

#[tokio::test]
async fn a_caller_is_limited_in_each_window_and_every_reply_has_the_headers() {
    let clock = clock();
    let client = limited(limit(&clock));
    for remaining in ["2", "1", "0"] {
        assert_eq!(told(&client.send(by("a")).await), (200, remaining, "1700000060", None));
    }
    clock.advance(Duration::from_millis(20_500));
    let refused = client.send(by("a")).await;
    assert_eq!(told(&refused), (429, "0", "1700000060", Some("40")));
    let body = json!({
        "error": "AuthError", "message": "Too many requests, please try again later", "statusCode": 429,
        "code": "RATE_LIMIT_EXCEEDED"
    });
    assert_eq!(refused.json(), body);
    assert_eq!(told(&client.send(by("b")).await).0, 200, "another caller has another window");

    clock.set((NOW + 60) * 1000 - 1);
    assert_eq!(told(&client.send(by("a")).await), (429, "0", "1700000060", Some("1")));
    clock.set((NOW + 60) * 1000);
    assert_eq!(told(&client.send(by("a")).await), (200, "2", "1700000120", None));
}

#[tokio::test]
async fn a_limit_can_have_its_own_message() {
    let limit = limit(&clock()).message("Try again in a minute");
    let client = expecting(Client::of(
        App::new(()).router(Router::new("test").procedure("run", procedure().guard(limit).query(|_| Ok(1)))),
    ));
    for _ in 0..3 {
        client.send(by("a")).await;
    }
    let refused = client.send(by("a")).await;
    assert_eq!(refused.json()["message"], "Try again in a minute");
    let refusals: Vec<_> =
        client.service().manifest().entries()[0].demands().refusals().map(|(_, text)| text).collect();
    assert!(refusals.contains(&"Try again in a minute"), "{refusals:?}");
}

#[tokio::test]
async fn callers_are_identified_by_their_address() {
    let limit = rate_limit("test", 1, WINDOW);
    let client = expecting(Client::of_one(procedure().guard(limit).query(|_| Ok(1))));
    for (address, status) in [
        ("203.0.113.7", 200),
        ("203.0.113.7", 429),
        ("[::ffff:203.0.113.7]", 429),
        ("203.0.113.8", 200),
        ("[2001:db8:1:2::1]", 200),
        ("[2001:db8:1:2:ffff::1]", 429), // of the same network
        ("[2001:db8:1:3::1]", 200),
    ] {
        let mut request = from(address, "/api/test/run");
        request.headers_mut().insert("x-forwarded-for", "198.51.100.1".parse().expect("a value"));
        assert_eq!(client.send(request).await.status, status, "{address}");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_callers_are_identified_by_the_forwarded_address() {
    let limited = procedure().guard(rate_limit("test", 1, WINDOW)).query(|_| Ok(1));
    let app = App::new(()).trusted_proxies(["10.0.0.0/8"]).router(Router::new("test").procedure("run", limited));
    let client = expecting(Client::of(app));
    for (forwarded, status) in [
        ("203.0.113.7", 200),
        ("198.51.100.1, 203.0.113.7", 429),
        ("203.0.113.7, 203.0.113.8", 200),
        ("203.0.113.8, 10.0.0.2", 429),
    ] {
        let mut request = from("10.0.0.1", "/api/test/run");
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().expect("a value"));
        assert_eq!(client.send(request).await.status, status, "{forwarded}");
    }
}

#[tokio::test]
async fn a_request_without_an_address_is_an_error_that_says_what_to_do() {
    let client = limited(rate_limit("test", 1, WINDOW));
    let mut from_a_socket = get("/api/test/run");
    from_a_socket.extensions_mut().insert(Peer::Unix);
    let log = Log::listen();
    for request in [get("/api/test/run"), by("a"), from_a_socket] {
        let reply = client.send(request).await;
        assert_eq!(reply.failure(), (500, "INTERNAL_SERVER_ERROR".into()));
        assert!(!reply.text().contains("Peer"), "{reply:?}");
    }
    let lines = log.lines();
    assert!(lines[0].contains("add a `Peer` to the extensions of each request"), "{lines:?}");
}

#[tokio::test]
async fn the_direct_caller_has_no_address_and_is_not_limited() {
    let app = App::new(());
    let limit = rate_limit("test", 1, WINDOW);
    for _ in 0..3 {
        let limited = procedure::<()>().guard(limit.clone()).query(|_| Ok(1));
        assert_eq!(app.caller().call(limited, &()).await.expect("it runs"), 1);
    }
    let by_header = limit.by(|request| request.header("x-api-key").map(str::to_owned));
    let limited = || procedure::<()>().guard(by_header.clone()).query(|_| Ok(1));
    app.caller().call(limited(), &()).await.expect("it runs");
    assert_eq!(app.caller().call(limited(), &()).await.expect_err("it is counted").code(), "RATE_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn callers_without_an_identity_count_together() {
    let client = limited(limit(&clock()));
    for _ in 0..3 {
        assert_eq!(client.get("/api/test/run").await.status, 200);
    }
    assert_eq!(client.get("/api/test/run").await.status, 429);
    assert_eq!(client.send(by("a")).await.status, 200);
}

#[tokio::test]
async fn an_error_is_counted_and_has_the_headers() {
    let failing = procedure().guard(limit(&clock())).guard_fn("never", |_, _| false).query(|_| Ok(1));
    let client = expecting(Client::of_one(failing));
    assert_eq!(told(&client.send(by("a")).await), (403, "2", "1700000060", None));
    assert_eq!(told(&client.send(by("a")).await), (403, "1", "1700000060", None));
}

fn ok() -> Procedure<()> {
    procedure::<()>().query(|_| Ok(1)).into()
}

#[tokio::test]
async fn a_whole_router_counts_together() {
    let router = Router::new("test").procedure("run", ok()).procedure("walk", ok()).guard(limit(&clock()));
    let client = expecting(Client::of(App::new(()).router(router)));
    for target in ["/api/test/run", "/api/test/walk", "/api/test/run"] {
        assert_eq!(client.get(target).await.status, 200);
    }
    assert_eq!(client.get("/api/test/walk").await.status, 429);
    assert_eq!(client.service().manifest().entries()[0].guards(), ["rateLimit:test"]);
}

#[tokio::test]
async fn limits_in_one_store_count_together_only_under_the_same_name() {
    let clock = clock();
    let store = MemoryRates::new().with_clock(clock.clone());
    let of = |name| rate_limit(name, 1, WINDOW).store(store.clone()).clock(clock.clone());
    let router = Router::<()>::new("test")
        .procedure("login", procedure().guard(of("login")).query(|_| Ok(1)))
        .procedure("loginAgain", procedure().guard(of("login")).query(|_| Ok(1)))
        .procedure("search", procedure().guard(of("search")).query(|_| Ok(1)));
    let client = expecting(Client::of(App::new(()).router(router)));
    let status = async |target| client.send(from("203.0.113.7", target)).await.status;
    assert_eq!(status("/api/test/login").await, 200);
    assert_eq!(status("/api/test/loginAgain").await, 429);
    assert_eq!(status("/api/test/search").await, 200);
}

#[middleware]
async fn user(ctx: &impl Ctx) -> Result<String> {
    Ok(ctx.request().header("x-user").unwrap_or("nobody").to_owned())
}

#[tokio::test]
async fn callers_can_be_identified_by_their_user() {
    let clock = clock();
    let by_user = limit(&clock).by_user(|user: &String| user.clone());
    let client = expecting(Client::of_one(procedure::<()>().use_(user).guard(by_user).query(|_| Ok(1))));
    let as_user = |name: &str| {
        let mut request = by("the same");
        request.headers_mut().insert("x-user", name.parse().expect("a value"));
        request
    };
    for _ in 0..3 {
        assert_eq!(client.send(as_user("ada")).await.status, 200);
    }
    assert_eq!(client.send(as_user("ada")).await.status, 429);
    assert_eq!(client.send(as_user("bob")).await.status, 200);
}

#[schema]
#[derive(Clone)]
struct Login {
    email: String,
}

/// A login with a guard by address, and a limit by e-mail in the handler.
fn logins(by_email: RateLimit) -> App<RateLimit> {
    let login = procedure::<RateLimit>()
        .guard(rate_limit("byAddress", 100, WINDOW))
        .input::<Login>()
        .mutation(async |Call { input, ctx }| ctx.state().check_caller(&ctx, &input.email).await);
    App::new(by_email).router(Router::new("auth").procedure("login", login))
}

fn login(address: &str, email: &str) -> Request<Full<Bytes>> {
    let mut request = from(address, "/api/auth/login");
    *request.method_mut() = Method::POST;
    request.headers_mut().insert("content-type", "application/json".parse().expect("a value"));
    request.map(|_| Full::from(json!({"email": email}).to_string()))
}

#[tokio::test]
async fn a_handler_can_count_by_its_input() {
    let clock = clock();
    let client = expecting(Client::of(logins(limit(&clock))));
    let mut refused = None;
    for (address, status, remaining) in
        [("203.0.113.1", 200, "2"), ("203.0.113.2", 200, "1"), ("203.0.113.3", 200, "0"), ("203.0.113.4", 429, "0")]
    {
        let reply = client.send(login(address, "ada@example.com")).await;
        let retry = (status == 429).then_some("60");
        assert_eq!(told(&reply), (status, remaining, "1700000060", retry), "{address}");
        refused = Some(reply);
    }
    let of_guard = limited(limit(&clock));
    for _ in 0..3 {
        of_guard.send(by("a")).await;
    }
    let refused = refused.expect("the last reply").json();
    assert_eq!(refused, of_guard.send(by("a")).await.json(), "the guard has the same error");
    // The same limit as a guard counts its callers apart.
    let shared = limit(&clock);
    let (handler, guard) = (expecting(Client::of(logins(shared.clone()))), limited(shared));
    for _ in 0..3 {
        handler.send(login("203.0.113.5", "a")).await;
    }
    assert_eq!(told(&guard.send(by("a")).await).0, 200);
    assert_eq!(told(&client.send(login("203.0.113.4", "bob@example.com")).await).0, 200, "another e-mail address");
    clock.advance(WINDOW);
    assert_eq!(told(&client.send(login("203.0.113.4", "ada@example.com")).await).0, 200, "another window");
}

#[tokio::test]
async fn a_handler_counts_the_direct_caller_too() {
    let caller = logins(limit(&clock())).caller();
    let ada = json!({"email": "ada@example.com"});
    for _ in 0..3 {
        caller.call_named("auth.login", &ada).await.result.expect("it is below the limit");
    }
    let refused = caller.call_named("auth.login", &ada).await.result.expect_err("it is above the limit");
    assert_eq!((refused.status().as_u16(), refused.code()), (429, "RATE_LIMIT_EXCEEDED"));
}

// ---- Stores ----

/// A store that fails, or never answers.
struct Down {
    silent: Arc<AtomicBool>,
}

#[async_trait]
impl RateStore for Down {
    async fn hit(&self, _: &RateKey, _: Duration) -> std::result::Result<Hit, StoreError> {
        if self.silent.load(Ordering::Relaxed) {
            pending().await
        } else {
            Err(StoreError::new("connection refused to 10.1.2.3"))
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_be_counted_is_refused_in_time() {
    let silent = Arc::new(AtomicBool::new(false));
    let limit = limit(&clock()).store(Down { silent: Arc::clone(&silent) });
    let (of_guard, of_handler) = (limited(limit.clone()), expecting(Client::of(logins(limit))));
    for _ in 0..2 {
        for reply in [of_guard.send(by("a")).await, of_handler.send(login("203.0.113.1", "ada@example.com")).await] {
            assert_eq!(reply.failure(), (503, "RATE_LIMIT_UNAVAILABLE".into()));
            assert!(!reply.text().contains("10.1.2.3"), "{reply:?}");
        }
        silent.store(true, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_call_that_cannot_be_counted_passes_if_configured() {
    let down = Down { silent: Arc::default() };
    let limit = limit(&clock()).store(down).allow_when_unavailable();
    let (of_guard, of_handler) = (limited(limit.clone()), expecting(Client::of(logins(limit))));
    assert_eq!(of_guard.send(by("a")).await.status, 200);
    assert_eq!(of_handler.send(login("203.0.113.1", "ada@example.com")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_log_says_once_a_second_why_calls_are_not_counted() {
    let (silent, clock) = (Arc::new(AtomicBool::new(false)), clock());
    let down = Down { silent: Arc::clone(&silent) };
    let client = limited(limit(&clock).store(down).allow_when_unavailable());
    let log = Log::listen();
    for _ in 0..3 {
        client.send(by("a")).await;
    }
    silent.store(true, Ordering::Relaxed);
    clock.advance(Duration::from_secs(1));
    client.send(by("a")).await;
    let lines = log.lines();
    let lines: Vec<_> =
        lines.iter().filter(|line| line.contains("the rate limit store failed: calls pass uncounted")).collect();
    let causes = ["the session store failed: connection refused to 10.1.2.3", "the store did not answer in time"];
    assert_eq!(lines.len(), causes.len(), "{lines:?}");
    for ((line, cause), suppressed) in lines.iter().zip(causes).zip([0, 2]) {
        assert!(line.contains(cause) && line.contains(&format!("suppressed={suppressed}")), "{line}");
    }
}

/// The key gets a time to live with the first call.
#[tokio::test]
async fn servers_that_share_a_redis_count_together() {
    let redis = RedisServer::start().await;
    let server = || {
        let store = RedisStore::connect(&redis.url()).expect("an address");
        limited(rate_limit("test", 3, WINDOW).store(store).by(|_| Some("secret-api-key".to_owned())))
    };
    let (one, two) = (server(), server());
    let mut told = Vec::new();
    for client in [&one, &two, &one, &two] {
        let reply = client.send(by("a")).await;
        told.push((reply.status.as_u16(), reply.header("x-ratelimit-remaining").map(str::to_owned)));
    }
    let expected = [(200, "2"), (200, "1"), (200, "0"), (429, "0")];
    assert_eq!(told, expected.map(|(status, left)| (status, Some(left.to_owned()))));

    let redis::Value::Array(keys) = redis.command(&["KEYS", "*"]).await else { panic!("a list of keys") };
    let [redis::Value::BulkString(key)] = keys.as_slice() else { panic!("one key: {keys:?}") };
    let key = String::from_utf8(key.clone()).expect("ASCII");
    assert!(key.starts_with("velox:rate:") && key.len() == 43, "{key}");
    let redis::Value::Int(left) = redis.command(&["PTTL", &key]).await else { panic!("a time to live") };
    assert!((1..=60_000).contains(&left), "{left}");

    redis.command(&["DEL", &key]).await;
    assert_eq!(two.send(by("a")).await.status, 200, "a new window");
}

#[tokio::test]
async fn a_redis_that_is_down_refuses_calls() {
    let mut redis = RedisServer::start().await;
    let store = RedisStore::connect(&redis.url()).expect("an address");
    let client = limited(rate_limit("test", 3, WINDOW).store(store));
    let ask = || client.send(from("203.0.113.7", "/api/test/run"));
    assert_eq!(ask().await.status, 200);
    redis.stop();
    assert_eq!(ask().await.failure(), (503, "RATE_LIMIT_UNAVAILABLE".into()));
}
