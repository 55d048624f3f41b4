//! Tests that secrets never appear in the log at any level, in `Debug` output, or in replies.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, Method};
use redis::Value;
use serde_json::{Value as Json, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use velox_rpc::context::RequestScope;
use velox_rpc::{App, Call, Ctx, Error, Middleware, Next, Router, procedure, schema};
use velox_session::clock::SystemClock;
use velox_session::secret::Secrets;
use velox_session::store::{Condition, Destroyed, Expected, Owner, RedisStore, StoreError, Stored, async_trait};
use velox_session::{MemoryStore, Secret, SessionError, SessionStore, SessionUser, StoreKey, session_middleware};
use velox_tests::redis::{Fault, Proxy, RedisServer};
use velox_tests::{Browser, Kind, Log, Reply, SECRET, SessionsApp, forged, get, json, listen};

// ---- The log ----

/// Everything that is traced on this thread, at every level: events and spans with their fields,
/// names and targets.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl Everything {
    fn write(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Fields<'_>)) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write!(text, "{} {} {}", metadata.level(), metadata.target(), metadata.name())
            .expect("writing to a string never fails");
        record(&mut Fields(&mut text));
        text.push('\n');
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.write(span.metadata(), |fields| span.record(fields));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        values.record(&mut Fields(&mut text));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.write(event.metadata(), |fields| event.record(fields));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).expect("writing to a string never fails");
    }
}

/// The secrets that must not appear anywhere.
struct Hidden(Vec<String>);

impl Hidden {
    fn new() -> Self {
        let words = ["wonderland-1", "builder-22", "alice@example.com", "bob@example.com", "nobody@example.com"];
        let mut secrets: Vec<_> =
            words.into_iter().chain(["a wrong password", "4111-1111", SECRET]).map(str::to_owned).collect();
        secrets.push(SECRET.bytes().map(|byte| format!("{byte:02x}")).collect());
        Self(secrets)
    }

    /// Adds the value of a cookie, and its id and its signature alone.
    fn add_cookie(&mut self, value: &str) {
        let (id, mac) = value.split_once('.').expect("an id and a signature");
        self.0.extend([value, id, mac].map(str::to_owned));
    }

    fn add_cookies_of(&mut self, browser: &Browser) {
        for name in ["session", "short"] {
            if let Some(cookie) = browser.cookie(name) {
                self.add_cookie(&cookie.value);
            }
        }
    }

    fn assert_absent(&self, text: &str) {
        for secret in &self.0 {
            assert!(!text.contains(secret.as_str()), "`{secret}` in:\n{text}");
        }
    }
}

fn login(email: &str, password: &str) -> Json {
    json!({"email": email, "password": password})
}

/// Uses sessions in every way that logs an event, and in some that do not. Returns the secrets that
/// must not appear in the log.
async fn life(app: &SessionsApp) -> Hidden {
    let mut secrets = Hidden::new();
    let mut browser = app.visitor();
    browser.post("/api/auth/login", login("alice@example.com", "a wrong password")).await;
    browser.post("/api/auth/login", login("nobody@example.com", "a wrong password")).await;
    browser.post("/api/auth/login", login("alice@example.com", "")).await;
    browser.post("/api/session/set", json!({"key": "card", "value": "4111-1111"})).await;
    secrets.add_cookies_of(&browser);
    browser.post("/api/auth/login", login("alice@example.com", "wonderland-1")).await;
    secrets.add_cookies_of(&browser);
    let first = browser.value("session");
    browser.get("/api/auth/profile").await;
    browser.post("/api/session/regenerate", json!({})).await;
    secrets.add_cookies_of(&browser);
    browser.post("/api/session/setThenPanic", json!({"key": "card", "value": "4111-1111"})).await;
    browser.post("/api/session/setThenBreak", json!({"key": "card", "value": "4111-1111"})).await;
    browser.post("/api/session/set", json!({"key": "userEmail", "value": "bob@example.com"})).await;
    browser.post("/api/session/set", json!({"key": "card", "value": "4111-1111".repeat(9_000)})).await;
    browser.post("/api/auth/login", login("bob@example.com", "builder-22")).await;
    secrets.add_cookies_of(&browser);
    browser.post("/api/short/login", login("bob@example.com", "builder-22")).await;
    secrets.add_cookies_of(&browser);

    // Cookies of an ended session, with a forged signature, and with garbage.
    let mut other = app.visitor();
    let forged = forged(&first);
    secrets.0.extend([forged.clone(), forged[44..].to_owned()]);
    for cookie in [first.as_str(), &forged, "garbage"] {
        other.plant("session", cookie);
        other.get("/api/auth/profile").await;
        other.get("/api/session/peek").await;
    }

    // A page of another site sends a request with the cookie.
    let mut foreign = json(Method::POST, "/api/session/set", "{}");
    foreign.headers_mut().insert("origin", "https://alice@example.com".parse().expect("a value"));
    assert_eq!(browser.send(foreign).await.status, 403);

    // Two requests write to the session at the same time.
    let gate = app.store.park(Kind::Set);
    let slow = tokio::task::LocalSet::new();
    let request = browser.start_post("/api/session/set", &json!({"key": "card", "value": "4111-1111"}));
    let slow_reply = slow.run_until(async {
        let slow = tokio::task::spawn_local(request);
        gate.reached().await;
        browser.post("/api/session/count", json!({})).await;
        gate.open();
        slow.await.expect("no panic")
    });
    assert!(slow_reply.await.status.is_success());

    // The store fails at each kind of call.
    app.pass(Duration::from_secs(120));
    for kind in [Kind::Get, Kind::Set, Kind::Destroy, Kind::Touch] {
        app.store.fail(&[kind]);
        browser.get("/api/auth/profile").await;
        browser.post("/api/session/set", json!({"key": "card", "value": "4111-1111"})).await;
        browser.clone().post("/api/auth/login", login("alice@example.com", "wonderland-1")).await;
        browser.clone().post("/api/auth/logout", json!({})).await;
    }
    // The old record cannot be removed.
    app.store.fail(&[Kind::Destroy]);
    browser.post("/api/session/regenerate", json!({})).await;
    secrets.add_cookies_of(&browser);
    app.store.fail(&[]);
    app.accounts.set_down(true);
    browser.get("/api/auth/profile").await;
    app.accounts.set_down(false);
    browser.post("/api/auth/logout", json!({})).await;
    // An e-mail address is in the target.
    browser.get("/api/nothing/alice@example.com").await;
    secrets
}

#[tokio::test]
async fn no_secret_is_in_the_log() {
    let log = Everything::default();
    let guard = listen(log.clone());
    let app = SessionsApp::start();
    let secrets = life(&app).await;
    drop(guard);
    let text = log.text();
    for event in [
        "began with a login",
        "got a new id",
        "wrong signature",
        "without a live session",
        "from another site",
        "changed by another",
        "session ended",
    ] {
        assert!(text.contains(event), "`{event}` is missing in:\n{text}");
    }
    assert!(secrets.0.len() > 20, "too few secrets occurred");
    secrets.assert_absent(&text);
    // No whole store key is in the log either.
    let seen = app.store.seen();
    for key in seen.split("session:").skip(1).filter_map(|rest| rest.get(..64)) {
        assert!(!text.contains(key), "`{key}` in:\n{text}");
    }
}

#[tokio::test]
async fn the_store_sees_no_id_and_no_secret() {
    let app = SessionsApp::start();
    let mut secrets = life(&app).await;
    // The store keeps the session's data and its user.
    secrets.0.retain(|secret| !["4111-1111", "alice@example.com", "bob@example.com"].contains(&secret.as_str()));
    secrets.assert_absent(&app.store.seen());
}

const REDIS_PASSWORD: &str = "b1gS3cret-of-redis";

/// Uses sessions in a Redis behind a password and a proxy, with every fault of Redis. Returns the
/// secrets that must not appear in the log, and the content of Redis before the faults.
async fn life_in_redis() -> (Hidden, String) {
    let server = RedisServer::with_password(REDIS_PASSWORD).await;
    let proxy = Proxy::before(server.port()).await;
    let url = proxy.url().replace("redis://", &format!("redis://:{REDIS_PASSWORD}@"));
    let store = || RedisStore::connect(&url).expect("an address");
    let start = |store| SessionsApp::with(|settings| settings.store(store).clock(SystemClock));
    let app = start(store());
    let mut secrets = Hidden::new();
    secrets.0.push(REDIS_PASSWORD.to_owned());
    let mut browser = app.visitor();
    let write = json!({"key": "card", "value": "4111-1111"});
    browser.post("/api/session/set", write.clone()).await;
    secrets.add_cookies_of(&browser);
    let mut other = app.bob().await;
    secrets.add_cookies_of(&other);
    browser.post("/api/auth/login", login("alice@example.com", "wonderland-1")).await;
    secrets.add_cookies_of(&browser);
    browser.post("/api/session/regenerate", json!({})).await;
    secrets.add_cookies_of(&browser);
    browser.post("/api/session/flash", json!({"key": "said", "value": "once"})).await;
    assert_eq!(browser.get("/api/users/sessions").await.status, 200);
    let dump = dump(&server).await;
    let faults = [
        Fault::Refuse,
        Fault::Silence,
        Fault::LoseReply,
        Fault::CutReply,
        Fault::Nonsense,
        Fault::Error("READONLY You can't write against a read only replica."),
        Fault::Error("NOAUTH Authentication required."),
        Fault::Error("MOVED 1 127.0.0.1:1"),
        Fault::Error("OOM command not allowed when used memory > 'maxmemory'."),
    ];
    for fault in faults {
        // Starts other applications each time, because one that has lost its connection waits
        // before it reconnects. The one that meets the fault soon gives up.
        let alice = start(store()).alice().await;
        secrets.add_cookies_of(&alice);
        let mut browser = start(store().with_deadline(Duration::from_millis(100))).visitor();
        browser.plant("session", &alice.value("session"));
        browser.get("/api/auth/profile").await;
        proxy.set(fault);
        browser.get("/api/auth/profile").await;
        browser.post("/api/session/set", write.clone()).await;
        browser.get("/api/session/message?key=said").await;
        browser.get("/api/users/sessionsOf?id=u1").await;
        browser.clone().post("/api/auth/login", login("alice@example.com", "wonderland-1")).await;
        browser.clone().post("/api/users/logoutAll", json!({})).await;
        proxy.set(Fault::None);
    }
    // Changes the password, so that the one in the URL is wrong.
    server.command(&["CONFIG", "SET", "requirepass", "another"]).await;
    proxy.set_once(Fault::Refuse);
    for _ in 0..2 {
        assert_eq!(other.get("/api/auth/profile").await.status, 503);
    }
    (secrets, dump)
}

/// Returns all keys and values of a Redis.
async fn dump(server: &RedisServer) -> String {
    let Value::Array(keys) = server.command(&["KEYS", "*"]).await else { panic!("no keys") };
    let mut all = String::new();
    for key in keys {
        let Value::BulkString(key) = key else { panic!("no key: {key:?}") };
        let key = String::from_utf8(key).expect("text");
        let value = match server.command(&["GET", &key]).await {
            Value::BulkString(text) => String::from_utf8(text).expect("JSON"),
            _ => format!("{:?}", server.command(&["ZRANGE", &key, "0", "-1", "WITHSCORES"]).await),
        };
        writeln!(all, "{key}\n{value}").expect("writing to a string never fails");
    }
    all
}

#[tokio::test]
async fn no_secret_is_in_the_log_during_faults_of_redis() {
    // This includes what the Redis client traces.
    let log = Everything::default();
    let guard = listen(log.clone());
    let (secrets, _) = life_in_redis().await;
    drop(guard);
    let text = log.text();
    for event in ["store error", "deadline", "cannot be reached", "broke", "read-only", "refused the command"] {
        assert!(text.contains(event), "`{event}` is missing in:\n{text}");
    }
    secrets.assert_absent(&text);
}

#[tokio::test]
async fn an_echoed_command_of_redis_puts_no_id_in_the_log() {
    // Redis repeats the arguments of an unknown command, and with the layout of VeloxTS these
    // include ids.
    let server = RedisServer::without_command("EVALSHA").await;
    let mut secrets = Hidden::new();
    // Another application has signed it with the same secret.
    let cookie = SessionsApp::start().alice().await.value("session");
    secrets.add_cookie(&cookie);
    let log = Everything::default();
    let guard = listen(log.clone());
    let store = RedisStore::connect(&server.url()).expect("an address").with_veloxts_layout();
    for store in [store.clone(), store.with_replicas(1, Duration::from_millis(10))] {
        let app = SessionsApp::with(|settings| settings.store(store).clock(SystemClock));
        let mut browser = app.visitor();
        browser.plant("session", &cookie);
        assert_eq!(browser.get("/api/auth/profile").await.status, 503);
        assert_eq!(browser.post("/api/auth/logout", json!({})).await.status, 503);
        assert_eq!(app.visitor().post("/api/auth/login", login("alice@example.com", "wonderland-1")).await.status, 503);
    }
    drop(guard);
    let text = log.text();
    assert!(text.contains("unknown command 'EVALSHA'"), "the error is missing in:\n{text}");
    assert!(!text.contains("args"), "arguments in:\n{text}");
    secrets.assert_absent(&text);
}

#[tokio::test]
async fn redis_holds_no_id_and_no_secret() {
    let (mut secrets, dump) = life_in_redis().await;
    for there in ["velox:session:", "velox:users:session:u1", "alice@example.com", "4111-1111"] {
        assert!(dump.contains(there), "`{there}` is missing in:\n{dump}");
    }
    // Redis keeps the session's data and its user.
    secrets.0.retain(|secret| !["4111-1111", "alice@example.com", "bob@example.com"].contains(&secret.as_str()));
    secrets.assert_absent(&dump);
}

#[tokio::test]
async fn debug_and_errors_of_redis_show_no_password() {
    // A store, and the error chain of each failure.
    let server = RedisServer::with_password(REDIS_PASSWORD).await;
    let user = format!("velox:{REDIS_PASSWORD}@127.0.0.1");
    let good = RedisStore::connect(&format!("redis://{user}:{}", server.port())).expect("an address");
    let nobody = RedisStore::connect(&format!("redis://{user}:1")).expect("an address");
    let cluster = RedisStore::cluster([format!("redis://{user}:1").as_str()]).expect("an address");
    let mut texts = vec![format!("{good:?} {good:#?} {cluster:?}")];
    for url in [
        format!("redis://{user}:65536"),
        format!("redis://{user}:none"),
        format!("redis://{user}:1/none"),
        format!("http://{user}"),
        format!("redis//{user}"),
        format!("redis+unix:///{user}?db=none"),
    ] {
        if let Err(error) = RedisStore::connect(&url) {
            texts.push(chain(&error));
        }
    }
    assert!(texts.len() >= 5, "too few addresses were refused");
    let mut failures = 0;
    // Redis refuses this user, or no server listens at the address.
    for store in [good, nobody, cluster] {
        let manager = session_middleware(SECRET).store(store.clone()).build_manager().expect("good settings");
        let error = manager.sessions_of("u1").await.expect_err("no server answers");
        texts.push(chain(&error));
        failures += manager.counters().store_errors;
        texts.push(format!("{:?}", manager.counters()));
        let open = manager.open(&HeaderMap::new()).await.expect("no store call");
        let call = open.call();
        call.session().set("card", "4111-1111").expect("it is open");
        call.commit();
        texts.push(chain(&manager.close(&open).await.expect_err("no server answers")));
    }
    assert_eq!(failures, 3);
    for text in texts {
        assert!(!text.contains(REDIS_PASSWORD) && !text.contains("4111-1111"), "{text}");
    }
}

/// Returns everything that an error and its sources print.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        write!(text, "\n{error} {error:?}").expect("writing to a string never fails");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn a_value_of_a_wrong_type_is_not_in_the_log() {
    // The message of serde's error contains the value that it met.
    let log = Everything::default();
    let _guard = listen(log.clone());
    let app = SessionsApp::start();
    let mut browser = app.visitor();
    browser.post("/api/session/set", json!({"key": "mail", "value": "alice@example.com"})).await;
    assert_eq!(browser.get("/api/session/readAsNumber?key=mail").await.status, 500);
    assert!(log.text().contains("the value of the session key"), "{}", log.text());
    Hidden::new().assert_absent(&log.text());
}

// ---- Security events ----

#[tokio::test]
async fn each_attack_logs_one_event() {
    let app = SessionsApp::start();
    let alice = app.alice().await;
    let value = alice.value("session");
    alice.clone().post("/api/auth/logout", json!({})).await;
    let events = async |cookie: &str| {
        // A second later the limit on events starts again.
        app.pass(Duration::from_secs(1));
        let log = Log::listen();
        let mut browser = app.visitor();
        browser.plant("session", cookie);
        browser.get("/api/auth/profile").await;
        log.lines()
    };
    let forged = events(&forged(&value)).await;
    assert_eq!(forged, ["WARN message=session cookie with a wrong signature cookie=\"session\" suppressed=0"]);

    let ended = events(&value).await;
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert!(ended[0].starts_with("INFO message=session cookie without a live session session="), "{ended:?}");
    let hash = ended[0].split("session=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a hash");
    assert!(hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    assert!(app.store.seen().contains(&format!("session:{hash}")), "the hash is the start of the store's key");

    assert_eq!(events("garbage").await, Vec::<String>::new(), "a foreign cookie is not an event");
}

#[tokio::test]
async fn a_planted_id_is_logged_and_not_adopted() {
    // Session fixation, with a cookie that was valid once.
    let app = SessionsApp::start();
    let mut attacker = app.visitor();
    attacker.post("/api/session/set", json!({"key": "a", "value": 1})).await;
    let planted = attacker.value("session");
    app.store.store().clear();
    let mut victim = app.visitor();
    victim.plant("session", &planted);
    let log = Log::listen();
    victim.post("/api/auth/login", login("alice@example.com", "wonderland-1")).await;
    let lines = log.lines();
    assert_eq!(lines.iter().filter(|line| line.contains("without a live session")).count(), 1, "{lines:?}");
    assert_eq!(attacker.get("/api/auth/profile").await.status, 401);
}

#[tokio::test]
async fn a_flood_of_forgeries_logs_ten_events_a_second_and_counts_the_rest() {
    let app = SessionsApp::start();
    let value = app.alice().await.value("session");
    let mut browser = app.visitor();
    browser.plant("session", &forged(&value));
    let log = Log::listen();
    for _ in 0..50 {
        browser.get("/api/auth/profile").await;
    }
    app.pass(Duration::from_secs(1));
    browser.get("/api/auth/profile").await;
    let lines = log.lines();
    assert_eq!(lines.len(), 11, "{lines:#?}");
    assert!(lines[10].contains("suppressed=40"), "{}", lines[10]);
}

#[tokio::test]
async fn a_failure_is_one_line_with_the_request_id_of_the_reply() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    app.store.fail(&[Kind::Set]);
    let log = Log::listen();
    let reply = alice.post("/api/session/set", json!({"key": "a", "value": 1})).await;
    let id = reply.header("x-request-id").expect("an id").to_owned();
    let lines = log.lines();
    let failures: Vec<_> = lines.iter().filter(|line| line.starts_with("ERROR")).collect();
    assert_eq!(failures.len(), 1, "{lines:#?}");
    assert!(failures[0].contains(&id) && failures[0].contains("session.set"), "{failures:?}");
    assert!(failures[0].contains("connection refused"), "the log must have the cause: {failures:?}");
}

// ---- `Debug` ----

/// The `Debug` output of everything that a handler and the end of the request get.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<(&'static str, String)>>>);

impl Shown {
    fn show(&self, what: &'static str, value: &dyn Debug) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((what, format!("{value:?}\n{value:#?}")));
    }

    fn taken(&self) -> Vec<(&'static str, String)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Records the `Debug` output of the keys and records that reach the store.
struct Showing(MemoryStore, Shown);

#[async_trait]
impl SessionStore for Showing {
    async fn get(&self, key: &StoreKey) -> Result<Option<velox_session::Record>, StoreError> {
        self.1.show("StoreKey", key);
        let record = self.0.get(key).await?;
        self.1.show("Record", &record);
        Ok(record)
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: velox_session::Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        self.1.show("StoreKey", key);
        self.1.show("Record", &record);
        self.0.set(key, record, expected, ttl).await
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        self.0.destroy(key, condition).await
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        self.0.touch(key, ttl).await
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, velox_session::Record)>, StoreError> {
        self.1.show("Owner", owner);
        self.0.sessions_of(owner).await
    }
}

/// Records the `Debug` output of the reply's head after the session has set its cookie.
struct AtTheEnd(Shown);

impl<C: Ctx> Middleware<C> for AtTheEnd {
    type Context = C;

    async fn call(&self, ctx: C, next: Next<C>) -> velox_rpc::Result<velox_rpc::procedure::Outcome> {
        let shown = self.0.clone();
        ctx.scope().on_end(async move |scope: RequestScope| {
            shown.show("Reply", &scope.reply());
            shown.show("RequestScope", &scope);
            Ok(())
        });
        next.run(ctx).await
    }
}

/// Runs a login and another request, whose handlers record the `Debug` output of everything that
/// they have.
async fn shown() -> (Shown, Hidden, String) {
    let shown = Shown::default();
    let store = Showing(MemoryStore::new(), shown.clone());
    let builder = session_middleware(SECRET).store(store).cookie_name("session").secure(false);
    shown.show("SessionBuilder", &builder);
    let session = builder.build().expect("good settings");
    shown.show("SessionMiddleware", &session);
    shown.show("Manager", session.manager());
    shown.show("RequiredSession", &session.required());
    shown.show("OptionalSession", &session.optional());
    shown.show("PlainSession", &session.middleware());
    let (at_login, at_look, at_plain) = (shown.clone(), shown.clone(), shown.clone());
    let router = Router::new("test")
        .procedure(
            "enter",
            procedure::<()>().use_(session.optional()).use_(AtTheEnd(shown.clone())).mutation(
                move |Call { ctx, .. }| {
                    let at_login = at_login.clone();
                    async move {
                        ctx.session.set("card", "4111-1111")?;
                        ctx.session.login(SessionUser::new("u1", "alice@example.com")).await?;
                        at_login.show("UserContext of nobody", &ctx);
                        Ok(1)
                    }
                },
            ),
        )
        .procedure(
            "look",
            procedure::<()>().use_(session.required()).query(move |Call { ctx, .. }| {
                at_look.show("Session", &ctx.session);
                at_look.show("SessionId", &ctx.session.id());
                at_look.show("UserContext", &ctx);
                at_look.show("Context", ctx.base());
                at_look.show("RequestScope", ctx.scope());
                at_look.show("Request", ctx.request());
                at_look.show("ReplyHead", &ctx.reply());
                at_look.show("SessionError", &ctx.session.get::<u32>("card").expect_err("a text"));
                let error: Error = ctx.session.set("userId", 1).expect_err("reserved").into();
                at_look.show("Error", &error);
                Ok(1)
            }),
        )
        .procedure(
            "plain",
            procedure::<()>().use_(session.middleware()).query(move |call| {
                at_plain.show("Call of a SessionContext", &call);
                Ok(call.ctx.session.is_new())
            }),
        );
    shown.show("Router", &router);
    let app = App::new(()).router(router);
    shown.show("App", &app);
    let mut browser = Browser::of(app, velox_session::clock::ManualClock::default());
    let login = browser.start(json(Method::POST, "/api/test/enter", "{}")).await;
    let line = login.header("set-cookie").expect("a cookie").to_owned();
    let value = line["session=".len()..].split(';').next().expect("a value").to_owned();
    browser.plant("session", &value);
    let mut look = get("/api/test/look");
    look.headers_mut().insert("authorization", "Bearer 4111-1111".parse().expect("a value"));
    assert_eq!(browser.send(look).await.status, 200);
    assert_eq!(browser.get("/api/test/plain").await.result(), false);
    let mut secrets = Hidden::new();
    secrets.add_cookie(&value);

    // The same session through the manager, without procedures.
    let mut headers = HeaderMap::new();
    headers.insert("cookie", format!("session={value}").parse().expect("a value"));
    let open = session.manager().open(&headers).await.expect("the store answers");
    shown.show("OpenSession", &open);
    let call = open.call();
    shown.show("CallScope", &call);
    let sessions = call.session().sessions().await.expect("a list");
    shown.show("SessionInfo", &sessions);
    // A handle is a hash, and its user may see it.
    shown.show("SessionHandle", &sessions[0].handle());
    shown.show("Counters", &session.manager().counters());
    call.session().set("a", 1).expect("it is open");
    call.commit();
    let closing = session.manager().close(&open).await.expect("it is saved");
    shown.show("Closing", &closing);
    let mut reply = HeaderMap::new();
    closing.apply(&mut reply);
    shown.show("HeaderMap", &reply);
    (shown, secrets, value)
}

#[tokio::test]
async fn debug_output_of_values_in_a_handler_shows_no_secret() {
    let (shown, secrets, _) = shown().await;
    let all = shown.taken();
    assert!(all.len() > 25, "{}", all.len());
    // Other tests cover these.
    for (what, text) in all.iter().filter(|(what, _)| !["Request", "SessionError"].contains(what)) {
        for secret in &secrets.0 {
            assert!(!text.contains(secret.as_str()), "`{secret}` in the Debug of {what}:\n{text}");
        }
    }
}

#[tokio::test]
async fn debug_output_of_a_request_shows_no_credentials() {
    let (shown, secrets, _) = shown().await;
    let all = shown.taken();
    let (_, request) = all.iter().find(|(what, _)| *what == "Request").expect("it was shown");
    secrets.assert_absent(request);
}

#[tokio::test]
async fn debug_output_of_an_error_shows_no_session_data() {
    let (shown, secrets, _) = shown().await;
    let all = shown.taken();
    let (_, error) = all.iter().find(|(what, _)| *what == "SessionError").expect("it was shown");
    secrets.assert_absent(error);
}

#[test]
fn debug_output_of_secrets_and_their_errors_shows_no_secret() {
    let weak = "changeme-changeme-changeme-please";
    let short = "hunter2-hunter2";
    let error = session_middleware([weak, short]).build().expect_err("wrong settings");
    let good = Secret::new(SECRET).expect("a good secret");
    let ring = Secrets::from([SECRET, weak]);
    let manager = session_middleware(good.clone()).store(MemoryStore::new()).build_manager().expect("good settings");
    let texts = [
        format!("{good:?} {ring:?} {manager:?} {error:?} {error}"),
        format!("{:?}", Secret::new(short).expect_err("short")),
        format!("{:?}", Secret::from_hex("zz").expect_err("not hex")),
        format!("{:?}", SessionError::Ended),
    ];
    for text in texts {
        for secret in [SECRET, weak, short] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

// ---- Replies ----

#[tokio::test]
async fn every_kind_of_401_is_the_same() {
    let app = SessionsApp::start();
    let answer = async |cookie: Option<&str>| {
        let mut browser = app.visitor();
        if let Some(cookie) = cookie {
            browser.plant("session", cookie);
        }
        browser.get("/api/auth/profile").await
    };
    let value = async |browser: Browser| browser.value("session");
    let expired = value(app.alice().await).await;
    app.pass(Duration::from_secs(86_400));
    let mut alice = app.alice().await;
    let ended = alice.value("session");
    alice.post("/api/auth/logout", json!({})).await.result();
    let mut alice = app.alice().await;
    let rotated = alice.value("session");
    alice.post("/api/session/regenerate", json!({})).await;
    let forged = forged(&ended);
    let unknown = {
        // The signature is valid, but the session is in another store.
        let other = SessionsApp::start();
        value(other.alice().await).await
    };
    let mut visitor = app.visitor();
    visitor.post("/api/session/set", json!({"key": "a", "value": 1})).await;
    let anonymous = visitor.value("session");

    let none = answer(None).await;
    assert_eq!(none.failure(), (401, "SESSION_UNAUTHORIZED".into()));
    assert_eq!(none.json()["message"], "Authentication required");
    for (what, cookie) in [
        ("forged", forged),
        ("expired", expired),
        ("ended", ended),
        ("rotated", rotated),
        ("unknown", unknown),
        ("anonymous", anonymous),
        ("garbage", "garbage".to_owned()),
        ("empty", String::new()),
        ("large", "x".repeat(5_000)),
    ] {
        assert_eq!(answer(Some(&cookie)).await, none, "{what}");
    }
}

/// An input whose errors might reveal a lot.
#[schema]
struct Order {
    #[validate(email)]
    mail: String,
    #[validate(length(max = 3))]
    note: String,
    count: u32,
}

/// Words that reveal how a service is built, or what went wrong inside.
const TELLTALES: [&str; 28] = [
    "serde",
    "velox",
    ".rs",
    "src/",
    "/work",
    "/root",
    "/home",
    "::",
    "panicked",
    "unwrap",
    "expect(",
    "line ",
    "column ",
    "invalid type",
    "missing field",
    "unknown field",
    "EOF",
    "redis",
    "postgres",
    "hunter2",
    "connection refused",
    "10.0.0.",
    "alloc",
    "core",
    "u32",
    "struct",
    "thread",
    "backtrace",
];

fn assert_tells_nothing(reply: &Reply) {
    let body = reply.text();
    // The class is part of the contract, and senders may know where their own JSON is wrong.
    let text = body.replace("VeloxError", "");
    let text = if text.contains("INVALID_JSON") { text.replace("line ", "").replace("column ", "") } else { text };
    for telltale in TELLTALES {
        assert!(!text.contains(telltale), "`{telltale}` in {body}");
    }
    for sent in ["4111-1111", "not-a-mail", "bob@example.com", "a wrong password"] {
        assert!(!body.contains(sent), "the input `{sent}` is in {body}"); // I9
    }
    let keys: Vec<_> = reply.json().as_object().expect("an envelope").keys().cloned().collect();
    for key in keys {
        let known = ["error", "message", "statusCode", "code", "details", "fields", "requestId", "guardName"];
        assert!(known.contains(&key.as_str()), "`{key}` in {body}");
    }
}

#[tokio::test]
async fn errors_reveal_nothing_about_the_implementation() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    alice.post("/api/session/set", json!({"key": "card", "value": "4111-1111"})).await;
    let mut replies = vec![
        alice.get("/api/session/readAsNumber?key=card").await,
        alice.get("/api/session/requiredThenBreak").await,
        alice.post("/api/session/setThenPanic", json!({"key": "card", "value": "4111-1111"})).await,
        alice.post("/api/session/setThenBreak", json!({"key": "card", "value": "4111-1111"})).await,
        alice.post("/api/session/set", json!({"key": "userId", "value": "4111-1111"})).await,
        alice.post("/api/session/set", json!({"key": "card", "value": "4111-1111".repeat(9_000)})).await,
        alice.post("/api/auth/login", login("bob@example.com", "a wrong password")).await,
        alice.post("/api/auth/login", json!({"email": "not-a-mail", "password": 4_111})).await,
        alice.post("/api/auth/login", json!(["4111-1111"])).await,
        alice.get("/api/nothing").await,
        alice.get("/api/auth/login").await,
    ];
    for body in
        ["{", "{\"email\":\"4111-1111\"", "4111-1111", "{\"a\":1,\"a\":2}", "\u{0}", "nul", "{\"email\":\"\\ud800\"}"]
    {
        replies.push(alice.send(json(Method::POST, "/api/auth/login", body)).await);
    }
    for kind in [Kind::Get, Kind::Set, Kind::Destroy] {
        app.store.fail(&[kind]);
        replies.push(alice.clone().post("/api/auth/login", login("alice@example.com", "wonderland-1")).await);
        replies.push(alice.clone().post("/api/auth/logout", json!({})).await);
    }
    app.store.fail(&[]);
    app.accounts.set_down(true);
    replies.push(alice.get("/api/auth/profile").await);
    let failed = replies.iter().filter(|reply| !reply.status.is_success());
    assert!(failed.clone().count() > 20);
    failed.for_each(assert_tells_nothing);
}

#[tokio::test]
async fn a_validation_error_names_the_field_and_the_rule_and_not_the_value() {
    // L2, I9
    let router = Router::new("orders")
        .procedure("place", procedure::<()>().input::<Order>().mutation(|Call { input, .. }| Ok(input.count)));
    let mut browser = Browser::of(App::new(()).router(router), velox_session::clock::ManualClock::default());
    for body in [
        json!({"mail": "not-a-mail", "note": "4111-1111", "count": "4111-1111"}),
        json!({"mail": ["4111-1111"], "note": {"4111-1111": 1}, "count": -1}),
        json!({"mail": null, "note": "4111-1111", "count": 1e300}),
        json!({}),
    ] {
        let reply = browser.post("/api/orders/place", body).await;
        assert_eq!(reply.failure(), (400, "VALIDATION_ERROR".into()));
        assert_tells_nothing(&reply);
    }
}
