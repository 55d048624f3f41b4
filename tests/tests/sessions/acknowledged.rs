//! Tests that a 2xx means that the session has what the call wrote, whatever concurrent requests
//! do. Otherwise the call gets a 409. The tests run with the memory store and with Redis.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};
use velox_session::clock::{Clock, ManualClock, SystemClock};
use velox_session::store::RedisStore;
use velox_session::{MemoryStore, SessionStore};
use velox_tests::redis::{Latency, RedisServer};
use velox_tests::{Browser, Probe, Reply, SECRET, SessionsApp};

struct Stage {
    app: SessionsApp,
    /// `Some` if the store is a Redis, which has its own clock.
    redis: Option<RedisServer>,
}

impl Stage {
    async fn both() -> [Self; 2] {
        let clock = ManualClock::at(SystemClock.now());
        let app = |store: Arc<dyn SessionStore>| {
            SessionsApp::over(&Probe::new(&clock), &clock, SECRET, |settings| settings.store(store))
        };
        let memory = MemoryStore::new().with_clock(clock.clone());
        let server = RedisServer::start().await;
        let store = RedisStore::connect(&server.url()).expect("an address").with_clock(clock.clone());
        [Self { app: app(Arc::new(memory)), redis: None }, Self { app: app(Arc::new(store)), redis: Some(server) }]
    }

    /// Lets enough time pass that a mark is later than the requests before it. The application's
    /// clock passes far more than the real time that Redis counts, so that a slow machine does not
    /// make a call look younger than the mark.
    async fn moment(&self) {
        self.app.pass(Duration::from_secs(60));
        if self.redis.is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts a slow call, awaits `event` while the call waits, and returns the reply.
    async fn meanwhile<T>(
        &self,
        call: impl Future<Output = Reply> + Send + 'static,
        event: impl Future<Output = T>,
    ) -> (Reply, T) {
        let call = tokio::spawn(call);
        self.app.turnstile.reached().await;
        self.moment().await;
        let done = event.await;
        self.moment().await;
        self.app.turnstile.open();
        (call.await.expect("no panic"), done)
    }
}

fn slow(browser: &Browser, procedure: &str, deed: &str) -> impl Future<Output = Reply> + Send + 'static + use<> {
    browser.start_post(&format!("/api/slow/{procedure}"), &json!({ "deed": deed }))
}

fn account(name: &str) -> Value {
    let (email, password) = match name {
        "alice" => ("alice@example.com", "wonderland-1"),
        _ => ("bob@example.com", "builder-22"),
    };
    json!({"email": email, "password": password})
}

fn assert_conflict(reply: &Reply, context: &str) {
    assert_eq!(reply.failure(), (409, "SESSION_CONFLICT".to_owned()), "{context}: {reply:?}");
    assert!(!reply.headers.contains_key("set-cookie"), "{context}: {reply:?}");
}

/// The act of another request on the session while the call waits.
#[derive(Debug, Clone, Copy)]
enum Event {
    Regenerate,
    LoginOfTheSame,
    LoginOfAVisitor,
    LoginOfAnother,
    Logout,
    LogoutAll,
    Revoked,
}

const EVENTS: [Event; 7] = [
    Event::Regenerate,
    Event::LoginOfTheSame,
    Event::LoginOfAVisitor,
    Event::LoginOfAnother,
    Event::Logout,
    Event::LogoutAll,
    Event::Revoked,
];

impl Event {
    async fn begin(self, app: &SessionsApp) -> Browser {
        let mut browser = match self {
            Self::LoginOfAVisitor => app.visitor(),
            _ => app.alice().await,
        };
        browser.post("/api/session/set", json!({"key": "there", "value": 1})).await.result();
        browser
    }

    /// Performs the act in `browser`, which has the same cookie, and returns that browser.
    async fn happen(self, app: &SessionsApp, mut browser: Browser) -> Browser {
        let reply = match self {
            Self::Regenerate => browser.post("/api/session/regenerate", json!({})).await,
            Self::LoginOfTheSame | Self::LoginOfAVisitor => browser.post("/api/auth/login", account("alice")).await,
            Self::LoginOfAnother => browser.post("/api/auth/login", account("bob")).await,
            Self::Logout => browser.post("/api/auth/logout", json!({})).await,
            Self::LogoutAll => browser.post("/api/users/logoutAll", json!({})).await,
            Self::Revoked => app.visitor().post("/api/users/endAllOf", json!({"id": "u1"})).await,
        };
        assert!(reply.status.is_success(), "{self:?}: {reply:?}");
        browser
    }

    fn goes_on(self) -> bool {
        matches!(self, Self::Regenerate | Self::LoginOfTheSame | Self::LoginOfAVisitor)
    }
}

#[tokio::test]
async fn a_write_is_saved_in_the_session_that_goes_on_or_gets_409() {
    for stage in Stage::both().await {
        for event in EVENTS {
            for deed in ["set", "flash", "remove", "regenerate"] {
                let context = format!("{event:?}, {deed}");
                let browser = event.begin(&stage.app).await;
                let call = slow(&browser, "doAndWait", deed);
                let (reply, mut browser) = stage.meanwhile(call, event.happen(&stage.app, browser)).await;
                assert_conflict(&reply, &context);
                // No session has any of the call's data.
                let data = browser.get("/api/session/data").await.result();
                assert_eq!(data.get("slow"), None, "{context}");
                assert_eq!(data.get("there").is_some(), event.goes_on(), "{context}");
                assert_eq!(browser.get("/api/session/message?key=slow").await.result(), Value::Null, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_returned_update_is_saved_and_sends_no_cookie_of_the_old_id() {
    for stage in Stage::both().await {
        for event in EVENTS {
            let browser = event.begin(&stage.app).await;
            let call = slow(&browser, "doAndWait", "update");
            let (reply, mut browser) = stage.meanwhile(call, event.happen(&stage.app, browser)).await;
            assert_eq!(reply.result(), 1, "{event:?}");
            assert!(!reply.headers.contains_key("set-cookie"), "{event:?}: {reply:?}");
            let data = browser.get("/api/session/data").await.result();
            assert_eq!(data.get("count"), event.goes_on().then_some(&json!(1)), "{event:?}");
        }
    }
}

#[tokio::test]
async fn an_update_of_a_moved_or_ended_session_gets_409() {
    for stage in Stage::both().await {
        for event in EVENTS {
            let browser = event.begin(&stage.app).await;
            let call = slow(&browser, "waitAndDo", "update");
            let (reply, mut browser) = stage.meanwhile(call, event.happen(&stage.app, browser)).await;
            assert_conflict(&reply, &format!("{event:?}"));
            assert_eq!(browser.get("/api/session/data").await.result().get("count"), None, "{event:?}");
        }
    }
}

#[tokio::test]
async fn a_login_never_gets_409_for_changes_to_the_old_session() {
    for stage in Stage::both().await {
        for event in
            [Event::Regenerate, Event::LoginOfTheSame, Event::LoginOfAVisitor, Event::LoginOfAnother, Event::Logout]
        {
            let browser = event.begin(&stage.app).await;
            let call = slow(&browser, "doAndWait", "login");
            let (reply, _) = stage.meanwhile(call, event.happen(&stage.app, browser.clone())).await;
            let mut copy = browser.clone();
            copy.keep(&reply);
            assert_eq!(reply.status, 200, "{event:?}: {reply:?}");
            assert_eq!(copy.get("/api/auth/profile").await.result()["name"], "Alice", "{event:?}");
        }
    }
}

#[tokio::test]
async fn a_logout_also_ends_a_session_that_gets_a_new_id_meanwhile() {
    for stage in Stage::both().await {
        for event in [Event::Regenerate, Event::LoginOfTheSame] {
            let browser = event.begin(&stage.app).await;
            let call = slow(&browser, "doAndWait", "logout");
            let (reply, mut renewed) = stage.meanwhile(call, event.happen(&stage.app, browser)).await;
            assert_eq!(reply.status, 200, "{event:?}: {reply:?}");
            assert_eq!(renewed.get("/api/auth/profile").await.status, 401, "{event:?}");
        }
    }
}

#[tokio::test]
async fn a_login_that_began_before_all_sessions_ended_gets_409() {
    for stage in Stage::both().await {
        for procedure in ["endAllOf", "logoutAll", "logoutOthers"] {
            let [visitor, mut alice] = [stage.app.visitor(), stage.app.alice().await];
            let call = slow(&visitor, "waitAndDo", "login");
            let target = format!("/api/users/{procedure}");
            let ending = alice.post(&target, json!({"id": "u1"}));
            let (reply, ended) = stage.meanwhile(call, ending).await;
            assert!(ended.status.is_success(), "{ended:?}");
            assert_conflict(&reply, procedure);
            let listed = visitor.start_get("/api/users/sessionsOf?id=u1").await.result();
            assert_eq!(listed.as_array().map(Vec::len), Some(usize::from(procedure == "logoutOthers")), "{procedure}");
            // A login that starts later succeeds, and other users are unaffected.
            stage.app.alice().await;
            stage.app.bob().await;
            stage.app.visitor().post("/api/users/endAllOf", json!({"id": "u1"})).await.result();
            stage.moment().await;
        }
    }
}

#[tokio::test]
async fn one_request_can_log_in_and_end_all_other_sessions() {
    for stage in Stage::both().await {
        let alices = [stage.app.alice().await, stage.app.alice().await];
        stage.moment().await;
        let mut browser = stage.app.visitor();
        let reply = browser.post("/api/users/loginAlone", json!({})).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(browser.get("/api/auth/profile").await.status, 200);
        for mut other in alices {
            assert_eq!(other.get("/api/auth/profile").await.status, 401);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_increments_return_the_saved_values() {
    for stage in Stage::both().await {
        let alice = stage.app.alice().await;
        for round in 0..5 {
            let count = || tokio::spawn(alice.start_post("/api/session/count", &json!({})));
            let calls: Vec<_> = (0..12).map(|_| count()).collect();
            let mut returned = BTreeSet::new();
            for call in calls {
                let reply = call.await.expect("no panic");
                assert!(returned.insert(reply.result().as_u64()), "{reply:?} was returned twice");
            }
            assert_eq!(returned, (1..=12).map(|n| Some(12 * round + n)).collect());
        }
    }
}

#[tokio::test]
async fn an_update_is_kept_even_if_the_call_fails() {
    for stage in Stage::both().await {
        for mut browser in [stage.app.alice().await, stage.app.visitor()] {
            let reply = browser.post("/api/session/countThenBreak", json!({})).await;
            assert_eq!(reply.status, 500);
            let data = browser.get("/api/session/data").await.result();
            assert_eq!((data.get("count"), data.get("pending")), (Some(&json!(1)), None));
        }
    }
}

/// In each round of six concurrent writes at least one succeeds. The others get the present record
/// with the refusal, so they do not load it again.
#[tokio::test]
async fn a_refused_increment_costs_one_round_trip_on_a_slow_redis() {
    let server = RedisServer::start().await;
    let line = Latency::before(server.port(), Duration::from_millis(50)).await;
    let app = SessionsApp::with(|settings| {
        settings.store(RedisStore::connect(&line.url()).expect("an address")).clock(SystemClock)
    });
    let alice = app.alice().await;
    // Opens the connection and loads the scripts.
    for procedure in ["/api/session/count", "/api/session/set"] {
        alice.start_post(procedure, &json!({"key": "k5", "value": 0})).await;
    }
    for procedure in ["/api/session/count", "/api/session/set"] {
        let body = |n: usize| json!({"key": format!("k{n}"), "value": n});
        server.command(&["CONFIG", "RESETSTAT"]).await;
        let calls: Vec<_> = (0..6).map(|n| tokio::spawn(alice.start_post(procedure, &body(n)))).collect();
        for call in calls {
            let reply = call.await.expect("no panic");
            assert!(reply.status.is_success(), "{procedure}: {reply:?}");
        }
        // Six loads; then six writes at most in the first round, five in the second, and so on.
        let most = 6 + (1..=6).sum::<u64>();
        let scripts = server.commandstats().await["evalsha"];
        assert!((12..=most).contains(&scripts), "{procedure}: {scripts} scripts");
    }
    let data = alice.start_get("/api/session/data").await.result();
    assert_eq!(
        (data["count"].clone(), data["k5"].clone(), data.as_object().map(|data| data.len())),
        (json!(7), json!(5), Some(7))
    );
}

#[tokio::test]
async fn a_handle_still_works_after_the_session_gets_a_new_id() {
    for stage in Stage::both().await {
        let (mut first, mut second) = (stage.app.alice().await, stage.app.alice().await);
        let lines = first.get("/api/users/sessions").await.result();
        let other = lines.as_array().expect("a list").iter().find(|line| line["current"] == false).cloned();
        for target in ["/api/session/regenerate", "/api/session/regenerate", "/api/auth/login"] {
            second.post(target, account("alice")).await;
        }
        assert_eq!(second.get("/api/auth/profile").await.status, 200);
        let handle = other.expect("the second one")["handle"].clone();
        let reply = first.post("/api/users/endSession", json!({"handle": handle})).await;
        assert_eq!(reply.result(), json!({"ended": true}));
        assert_eq!(second.get("/api/auth/profile").await.status, 401);
        assert_eq!(first.get("/api/auth/profile").await.status, 200);
    }
}

#[tokio::test]
async fn a_head_request_slides_the_session_and_writes_nothing_else() {
    for stage in Stage::both().await {
        let mut alice = stage.app.alice().await;
        alice.post("/api/session/flash", json!({"key": "note", "value": "once"})).await.result();
        stage.app.pass(Duration::from_secs(120));
        for target in ["/api/session/message?key=note", "/api/session/countByQuery", "/api/session/loginByQuery"] {
            let mut head = Request::new(Full::default());
            (*head.method_mut(), *head.uri_mut()) = (Method::HEAD, target.parse().expect("a target"));
            let reply = alice.send(head).await;
            assert_eq!(reply.status, 200, "{target}: {reply:?}");
            // It slides once. The clock of Redis has not advanced, so there it does not slide.
            let slides = stage.redis.is_none() && target.contains("note");
            assert_eq!(reply.headers.contains_key("set-cookie"), slides, "{target}");
        }
        let data = alice.get("/api/session/data").await.result();
        assert_eq!(data, json!({}));
        assert_eq!(alice.get("/api/auth/profile").await.result()["name"], "Alice");
        assert_eq!(alice.get("/api/session/message?key=note").await.result(), "once");
    }
}
