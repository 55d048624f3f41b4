//! Tests that a subscription ends when its session ends, in this process or in another.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::time::{Instant, timeout};
use velox_rpc::service::{AppService, Body};
use velox_rpc::{App, Call, Router, procedure};
use velox_session::clock::ManualClock;
use velox_session::store::{Condition, Destroyed, Expected, StoreError, Stored, async_trait};
use velox_session::{Manager, Record, SessionBuilder, SessionStore, SessionUser, StoreKey, session_middleware};
use velox_tests::{Kind, Probe, SECRET};

/// A process that serves the sessions of a store.
struct Process {
    service: AppService,
    manager: Manager,
    /// How often the handler has run.
    subscribed: Arc<AtomicUsize>,
}

impl Process {
    fn over(store: &Probe, clock: &ManualClock) -> Self {
        Self::with(store, clock, |settings| settings)
    }

    fn with(
        store: &(impl SessionStore + Clone),
        clock: &ManualClock,
        change: impl FnOnce(SessionBuilder) -> SessionBuilder,
    ) -> Self {
        Self::made(store, clock, change, false)
    }

    /// A process in which a layer opens and saves the sessions.
    fn within_layer(store: &Probe, clock: &ManualClock) -> Self {
        Self::made(store, clock, |settings| settings, true)
    }

    fn made(
        store: &(impl SessionStore + Clone),
        clock: &ManualClock,
        change: impl FnOnce(SessionBuilder) -> SessionBuilder,
        within_layer: bool,
    ) -> Self {
        let settings = session_middleware(SECRET).store(store.clone()).clock(clock.clone());
        let session = change(settings.cookie_name("session").secure(false)).build().expect("good settings");
        let subscribed = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&subscribed);
        let router = Router::new("live")
            .procedure(
                "mine",
                procedure().use_(session.required()).subscription(move |Call { ctx, .. }| {
                    count.fetch_add(1, Ordering::SeqCst);
                    stream::once(async move { Ok(ctx.user.id) }).chain_pending()
                }),
            )
            .procedure(
                "everybodys",
                procedure().use_(session.optional()).subscription(|Call { ctx, .. }| {
                    stream::once(async move { Ok(ctx.user.is_some()) }).chain_pending()
                }),
            )
            .procedure(
                "login",
                procedure().use_(session.middleware()).mutation(async |Call { ctx, .. }| {
                    Ok(ctx.session.login(SessionUser::new("u1", "ada@example.com")).await?)
                }),
            )
            .procedure(
                "logout",
                procedure()
                    .use_(session.middleware())
                    .mutation(async |Call { ctx, .. }| Ok(ctx.session.logout().await?)),
            )
            .procedure(
                "regenerate",
                procedure()
                    .use_(session.middleware())
                    .mutation(async |Call { ctx, .. }| Ok(ctx.session.regenerate().await?)),
            );
        let manager = session.manager().clone();
        let layer = session.layer();
        let app = App::new(()).router(router).trpc("/trpc");
        let app = if within_layer { app.layer(layer) } else { app };
        let service = app.into_service().expect("good routes");
        Self { service, manager, subscribed }
    }

    /// Calls a mutation, and returns the cookie that it sets.
    async fn call(&self, name: &str, cookie: &str) -> String {
        let request = Request::post(format!("/trpc/live.{name}"))
            .header("content-type", "application/json")
            .header("cookie", cookie)
            .body(Body::empty());
        let reply = self.service.call(request.expect("a request")).await;
        assert_eq!(reply.status(), 200, "{name}");
        let line = reply.headers().get("set-cookie").map(|line| line.to_str().expect("ASCII"));
        line.and_then(|line| line.split(';').next()).unwrap_or_default().to_owned()
    }

    async fn login(&self) -> String {
        self.call("login", "").await
    }

    /// Logs a user in without a procedure, and returns the cookie.
    async fn login_of(&self, user: &str) -> String {
        let open = self.manager.open(&HeaderMap::new()).await.expect("the store answers");
        let call = open.call();
        call.session().login(SessionUser::new(user, "bob@example.com")).await.expect("it is small");
        call.commit();
        let closing = self.manager.close(&open).await.expect("it is saved");
        let line = closing.set_cookie().expect("a cookie").to_str().expect("ASCII");
        line.split(';').next().expect("a pair").to_owned()
    }

    /// Subscribes by tRPC or REST.
    async fn subscribe(&self, target: &str, cookie: &str) -> Events {
        let request = Request::get(target).header("cookie", cookie).body(Body::empty()).expect("a request");
        let reply = self.service.call(request).await;
        assert_eq!(reply.status(), 200, "{target}");
        let mut events = Events { body: reply.into_body(), come: VecDeque::new() };
        assert!(events.next().await.expect("it begins").starts_with("event: connected\n"));
        events
    }

    /// Subscribes and waits for the first message.
    async fn mine(&self, cookie: &str) -> Events {
        let mut events = self.subscribe("/trpc/live.mine", cookie).await;
        assert_eq!(events.next().await.as_deref(), Some("data: \"u1\"\n\n"));
        events
    }
}

trait ChainPending: stream::Stream + Sized {
    fn chain_pending(self) -> stream::Chain<Self, stream::Pending<Self::Item>> {
        stream::StreamExt::chain(self, stream::pending())
    }
}

impl<S: stream::Stream> ChainPending for S {}

struct Events {
    body: Body,
    come: VecDeque<String>,
}

impl Events {
    async fn next(&mut self) -> Option<String> {
        if self.come.is_empty() {
            let frame = self.body.frame().await?.expect("no error").into_data().expect("data");
            let text = std::str::from_utf8(&frame).expect("text");
            self.come.extend(text.split_inclusive("\n\n").map(str::to_owned));
        }
        self.come.pop_front()
    }

    /// Returns the remaining events without pings.
    async fn rest(&mut self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Some(event) = self.next().await {
            if !event.starts_with("event: ping\n") {
                rest.push(event);
            }
        }
        rest
    }

    /// Waits for the error that ends the stream. Also returns how long that took.
    async fn failure(&mut self) -> (Value, Duration) {
        let began = Instant::now();
        let rest = self.rest().await;
        let [event] = &*rest else { panic!("one event: {rest:?}") };
        let json = event.strip_prefix("event: serialized-error\ndata: ").expect("an error");
        (serde_json::from_str(json).expect("JSON"), began.elapsed())
    }

    /// Checks that the stream ends without an event, so that the client reconnects. Returns how
    /// long that took.
    async fn breaks_off(&mut self) -> Duration {
        let began = Instant::now();
        assert_eq!(self.rest().await, Vec::<String>::new());
        began.elapsed()
    }

    /// Checks that the stream goes on.
    async fn goes_on(&mut self) {
        let rest = timeout(Duration::from_secs(10), self.rest()).await;
        assert!(rest.is_err(), "{rest:?}");
    }
}

fn world() -> (Probe, ManualClock) {
    let clock = ManualClock::at(1_700_000_000_000);
    (Probe::new(&clock), clock)
}

fn is_unauthorized((error, took): (Value, Duration), within: Duration) {
    assert_eq!(error["data"]["code"], "UNAUTHORIZED", "{error}");
    assert_eq!(error["data"]["tag"], "SESSION_UNAUTHORIZED", "{error}");
    assert!(took <= within, "{took:?}");
}

/// This process ended the session itself.
const AT_ONCE: Duration = Duration::from_millis(200);
/// This process learns from the store that the session has ended.
const SOON: Duration = Duration::from_millis(1500);

#[tokio::test(start_paused = true)]
async fn a_logout_in_this_process_ends_the_streams_of_the_session_at_once() {
    let (store, clock) = world();
    let process = Process::over(&store, &clock);
    let (cookie, other) = (process.login().await, process.login().await);
    let mut streams = [process.mine(&cookie).await, process.mine(&cookie).await];
    let mut others = process.mine(&other).await;
    process.call("logout", &cookie).await;
    for stream in &mut streams {
        is_unauthorized(stream.failure().await, AT_ONCE);
    }
    others.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn all_sessions_of_a_user_end_with_their_streams() {
    let (store, clock) = world();
    let process = Process::over(&store, &clock);
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(process.mine(&process.login().await).await);
    }
    assert_eq!(process.manager.end_all("u1").await.expect("the store answers"), 3);
    for stream in &mut streams {
        is_unauthorized(stream.failure().await, AT_ONCE);
    }
}

/// The sessions of other users are checked once a second, as always.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_users_sessions_asks_the_store_about_no_other_session() {
    let (store, clock) = world();
    let process = Process::over(&store, &clock);
    let mut others = Vec::new();
    for _ in 0..10 {
        others.push(process.subscribe("/trpc/live.mine", &process.login_of("u2").await).await);
    }
    let mut stream = process.mine(&process.login().await).await;
    store.calls();
    process.manager.end_all("u1").await.expect("the store answers");
    is_unauthorized(stream.failure().await, AT_ONCE);
    // Its own record, and the list of its user.
    let calls = store.calls();
    assert_eq!(calls.iter().filter(|call| **call == Kind::Get).count(), 1, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_session_in_another_process_is_noticed_within_two_seconds() {
    let (store, clock) = world();
    let (process, other) = (Process::over(&store, &clock), Process::over(&store, &clock));
    for everything in [false, true] {
        let cookie = process.login().await;
        let mut stream = process.mine(&cookie).await;
        match everything {
            true => _ = other.manager.end_all("u1").await.expect("the store answers"),
            false => _ = other.call("logout", &cookie).await,
        }
        is_unauthorized(stream.failure().await, SOON);
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_expires_despite_its_streams_and_ends_them() {
    let (store, clock) = world();
    let process = Process::with(&store, &clock, |settings| settings.max_age(Duration::from_secs(60)));
    let mut stream = process.mine(&process.login().await).await;
    store.calls();
    clock.advance(Duration::from_secs(59));
    stream.goes_on().await;
    assert!(!store.calls().iter().any(|call| [Kind::Set, Kind::Touch].contains(call)));
    clock.advance(Duration::from_secs(1));
    is_unauthorized(stream.failure().await, SOON);
}

/// The client reconnects, and this request renews the session and its cookie like any other. The
/// stream and the check of the store do not renew it.
#[tokio::test(start_paused = true)]
async fn a_stream_keeps_its_session_alive_if_configured() {
    let (store, clock) = world();
    let kept = |settings: SessionBuilder| {
        settings.max_age(Duration::from_secs(60)).absolute_timeout(Duration::from_secs(600)).streams_keep_alive(true)
    };
    let process = Process::with(&store, &clock, kept);
    let cookie = process.login().await;
    for round in 0..10 {
        let request = Request::get("/trpc/live.mine").header("cookie", &cookie).body(Body::empty());
        let reply = process.service.call(request.expect("a request")).await;
        let renewed = reply.headers().get("set-cookie").map(|line| line.to_str().expect("ASCII").to_owned());
        assert_eq!(
            renewed.is_some_and(|line| line.contains("Max-Age=60")),
            round > 0,
            "only a later request renews the cookie"
        );
        let mut stream = Events { body: reply.into_body(), come: VecDeque::new() };
        assert_eq!([stream.next().await, stream.next().await][1].as_deref(), Some("data: \"u1\"\n\n"));
        store.calls();
        clock.advance(Duration::from_secs(29));
        stream.goes_on().await;
        assert!(!store.calls().iter().any(|call| [Kind::Set, Kind::Touch].contains(call)));
        clock.advance(Duration::from_secs(1));
        assert!(stream.breaks_off().await <= SOON);
    }
    // A client that does not reconnect keeps its session no longer than usual.
    clock.advance(Duration::from_secs(30));
    let mut refused = process.subscribe("/trpc/live.mine", &cookie).await;
    is_unauthorized(refused.failure().await, AT_ONCE);
}

/// The absolute timeout ends the stream. Before that, no client is made to reconnect in vain.
#[tokio::test(start_paused = true)]
async fn a_stream_keeps_no_session_alive_beyond_its_absolute_end() {
    let (store, clock) = world();
    let minute = Duration::from_secs(60);
    let kept = |settings: SessionBuilder| settings.max_age(minute).absolute_timeout(minute).streams_keep_alive(true);
    let process = Process::with(&store, &clock, kept);
    let mut stream = process.mine(&process.login().await).await;
    clock.advance(Duration::from_secs(59));
    stream.goes_on().await;
    clock.advance(Duration::from_secs(1));
    is_unauthorized(stream.failure().await, SOON);
}

#[tokio::test(start_paused = true)]
async fn the_absolute_end_of_a_session_ends_its_streams() {
    let (store, clock) = world();
    let minute = Duration::from_secs(60);
    let process = Process::with(&store, &clock, |settings| settings.max_age(minute).absolute_timeout(minute));
    let mut stream = process.mine(&process.login().await).await;
    clock.advance(minute);
    is_unauthorized(stream.failure().await, SOON);
}

/// Every tab has streams, and a new session id must not log them out.
#[tokio::test(start_paused = true)]
async fn a_new_id_interrupts_the_streams_so_that_clients_reconnect() {
    let (store, clock) = world();
    let (process, other) = (Process::over(&store, &clock), Process::over(&store, &clock));
    let cookie = process.login().await;
    let mut stream = process.mine(&cookie).await;
    let cookie = process.call("regenerate", &cookie).await;
    assert!(stream.breaks_off().await <= AT_ONCE);
    let mut stream = process.mine(&cookie).await;
    let cookie = other.call("regenerate", &cookie).await;
    assert!(stream.breaks_off().await <= SOON);
    process.mine(&cookie).await.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_silent_for_three_seconds_interrupts_the_streams() {
    let (store, clock) = world();
    let process = Process::over(&store, &clock);
    let mut stream = process.mine(&process.login().await).await;
    store.fail(&[Kind::Get]);
    let took = stream.breaks_off().await;
    assert!((3.0..4.0).contains(&took.as_secs_f64()), "it fails: {took:?}");
    store.fail(&[]);
    let mut stream = process.mine(&process.login().await).await;
    let _gate = store.park(Kind::Get);
    let took = stream.breaks_off().await;
    assert!((2.0..4.0).contains(&took.as_secs_f64()), "it does not answer: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_silent_for_a_moment_interrupts_no_stream() {
    let (store, clock) = world();
    let process = Process::over(&store, &clock);
    let mut stream = process.mine(&process.login().await).await;
    store.fail(&[Kind::Get]);
    assert!(timeout(Duration::from_secs(2), stream.rest()).await.is_err());
    store.fail(&[]);
    stream.goes_on().await;
}

/// The number of streams does not matter, and streams that have ended do not count.
#[tokio::test(start_paused = true)]
async fn a_session_with_streams_is_checked_once_a_second() {
    let (store, clock) = world();
    let process = Process::over(&store, &clock);
    let cookie = process.login().await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push(process.mine(&cookie).await);
    }
    store.calls();
    tokio::time::sleep(Duration::from_millis(10_500)).await;
    let calls = store.calls();
    assert!((9..=11).contains(&calls.len()), "{calls:?}");
    drop(streams);
    tokio::time::sleep(Duration::from_secs(2)).await;
    store.calls();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(store.calls(), []);
    process.mine(&cookie).await.goes_on().await;
    assert!(!store.calls().is_empty(), "the checks start again");
}

#[tokio::test(start_paused = true)]
async fn the_51st_stream_of_a_session_is_refused_before_its_handler_runs() {
    let (store, clock) = world();
    let process = Process::over(&store, &clock);
    let cookie = process.login().await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        streams.push(process.mine(&cookie).await);
    }
    let mut refused = process.subscribe("/trpc/live.mine", &cookie).await;
    let (error, _) = refused.failure().await;
    assert_eq!((&error["data"]["code"], &error["data"]["httpStatus"]), (&"TOO_MANY_REQUESTS".into(), &429.into()));
    for _ in 51..1000 {
        let request = Request::get("/api/live/mine").header("cookie", &cookie).body(Body::empty());
        assert_eq!(process.service.call(request.expect("a request")).await.status(), 429);
    }
    assert_eq!(process.subscribed.load(Ordering::SeqCst), 50);
    process.mine(&process.login().await).await;
    streams.pop();
    process.mine(&cookie).await;
}

/// Visitors may subscribe too. After the reconnect, the client learns that it is now a visitor.
#[tokio::test(start_paused = true)]
async fn the_end_of_an_optional_session_interrupts_its_streams() {
    let (store, clock) = world();
    let process = Process::over(&store, &clock);
    let cookie = process.login().await;
    let mut stream = process.subscribe("/trpc/live.everybodys", &cookie).await;
    assert_eq!(stream.next().await.as_deref(), Some("data: true\n\n"));
    process.call("logout", &cookie).await;
    assert!(stream.breaks_off().await <= AT_ONCE);
    let mut visitor = process.subscribe("/trpc/live.everybodys", "").await;
    assert_eq!(visitor.next().await.as_deref(), Some("data: false\n\n"));
    visitor.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_session_both_wires_refuse_a_subscription() {
    let (store, clock) = world();
    let process = Process::over(&store, &clock);
    let mut refused = process.subscribe("/trpc/live.mine", "").await;
    is_unauthorized(refused.failure().await, AT_ONCE);
    let request = Request::get("/api/live/mine").body(Body::empty()).expect("a request");
    assert_eq!(process.service.call(request).await.status(), 401);
    assert_eq!(process.subscribed.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn streams_below_a_layer_end_with_their_session_too() {
    let (store, clock) = world();
    let process = Process::within_layer(&store, &clock);
    let cookie = process.login().await;
    let mut stream = process.mine(&cookie).await;
    let cookie = process.call("regenerate", &cookie).await;
    assert!(stream.breaks_off().await <= AT_ONCE);
    let mut stream = process.mine(&cookie).await;
    process.call("logout", &cookie).await;
    is_unauthorized(stream.failure().await, AT_ONCE);
}

/// Over REST the error has the shape of REST.
#[tokio::test(start_paused = true)]
async fn a_rest_stream_ends_like_a_trpc_stream() {
    let (store, clock) = world();
    let process = Process::over(&store, &clock);
    let cookie = process.login().await;
    let mut stream = process.subscribe("/api/live/mine", &cookie).await;
    assert_eq!(stream.next().await.as_deref(), Some("data: \"u1\"\n\n"));
    process.call("logout", &cookie).await;
    let (error, _) = stream.failure().await;
    assert_eq!((&error["statusCode"], &error["code"]), (&401.into(), &"SESSION_UNAUTHORIZED".into()));
}

/// A tab reconnects before the server notices that its old connection is gone.
#[tokio::test(start_paused = true)]
async fn a_client_can_reconnect_while_its_old_stream_is_open() {
    let (store, clock) = world();
    let process = Process::over(&store, &clock);
    let cookie = process.login().await;
    let old = process.mine(&cookie).await;
    store.fail(&[Kind::Get]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    store.fail(&[]);
    process.mine(&cookie).await.goes_on().await;
    drop(old);
}

/// A store that panics in `are_live` while `panics` is set.
#[derive(Clone)]
struct Panicking {
    store: Probe,
    panics: Arc<AtomicBool>,
}

#[async_trait]
impl SessionStore for Panicking {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        self.store.get(key).await
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        self.store.set(key, record, expected, ttl).await
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        self.store.destroy(key, condition).await
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        self.store.touch(key, ttl).await
    }

    async fn are_live(&self, keys: &[StoreKey]) -> Result<Vec<bool>, StoreError> {
        assert!(!self.panics.load(Ordering::SeqCst), "on purpose");
        self.store.are_live(keys).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_panicking_store_interrupts_the_streams_and_later_streams_work() {
    let (store, clock) = world();
    let store = Panicking { store, panics: Arc::default() };
    let process = Process::with(&store, &clock, |settings| settings);
    let cookie = process.login().await;
    let mut stream = process.mine(&cookie).await;
    store.panics.store(true, Ordering::SeqCst);
    assert!(stream.breaks_off().await <= SOON);
    store.panics.store(false, Ordering::SeqCst);
    let mut stream = process.mine(&cookie).await;
    process.call("logout", &cookie).await;
    // This store cannot list the sessions of a user, so the client must reconnect.
    assert!(stream.breaks_off().await <= AT_ONCE);
}

/// Lets visitors begin a session every 25 milliseconds.
async fn be_busy(process: &Process, visitors: usize) {
    for _ in 0..visitors {
        let open = process.manager.open(&HeaderMap::new()).await.expect("the store answers");
        let call = open.call();
        call.session().set("seen", true).expect("it is small");
        call.commit();
        let _ = process.manager.close(&open).await.expect("it is saved");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_process_notices_the_end_of_a_session_in_another_process() {
    let (store, clock) = world();
    let (process, other) = (Process::over(&store, &clock), Process::over(&store, &clock));
    let cookie = process.login().await;
    let mut stream = process.mine(&cookie).await;
    other.call("logout", &cookie).await;
    let (_, answer) = tokio::join!(be_busy(&process, 400), stream.failure());
    is_unauthorized(answer, SOON);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_session_in_a_busy_process_interrupts_no_stream_of_another() {
    let (store, clock) = world();
    let process = Process::over(&store, &clock);
    let mut streams = Vec::new();
    for user in ["u2", "u3"] {
        streams.push(process.subscribe("/trpc/live.mine", &process.login_of(user).await).await);
    }
    be_busy(&process, 400).await;
    // The store does not answer at once.
    let gate = store.park(Kind::Get);
    process.manager.end_all("u3").await.expect("the store answers");
    let open = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        gate.open();
    };
    let (_, rest) = tokio::join!(open, timeout(Duration::from_secs(10), streams[0].rest()));
    assert!(rest.is_err(), "{rest:?}");
}
