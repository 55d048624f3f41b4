//! Tests the sessions of a user as browsers see them: listing, ending and limiting them, with the
//! memory store and with Redis.

use std::time::Duration;

use serde_json::{Value, json};
use velox_session::SessionBuilder;
use velox_session::clock::{Clock, ManualClock, SystemClock};
use velox_session::store::RedisStore;
use velox_tests::redis::{Fault, Proxy, RedisServer};
use velox_tests::{Browser, Kind, Probe, Reply, SECRET, SessionsApp};

/// An application over a store, with a clock that the test sets.
struct Stage {
    app: SessionsApp,
    redis: Option<(RedisServer, Proxy)>,
}

impl Stage {
    /// One application over the memory store, and one over Redis.
    async fn both() -> [Self; 2] {
        Self::both_with(|settings| settings).await
    }

    async fn both_with(change: impl Fn(SessionBuilder) -> SessionBuilder) -> [Self; 2] {
        let memory = Self { app: SessionsApp::with(&change), redis: None };
        let server = RedisServer::start().await;
        let proxy = Proxy::before(server.port()).await;
        // Redis has its own clock, which must show about the same time.
        let clock = ManualClock::at(SystemClock.now());
        let store = RedisStore::connect(&proxy.url()).expect("an address").with_clock(clock.clone());
        let app =
            SessionsApp::over(&Probe::new(&clock), &clock, SECRET, |settings| change(settings.store(store.clone())));
        [memory, Self { app, redis: Some((server, proxy)) }]
    }

    /// Logs Alice in with several browsers, one after another. Each session stores the browser's
    /// name.
    async fn alices<const N: usize>(&self) -> [Browser; N] {
        let mut all = Vec::new();
        for number in 0..N {
            self.app.pass(Duration::from_secs(1));
            let mut browser = self.app.alice().await;
            let device = json!({"key": "device", "value": format!("device {number}")});
            let reply = browser.post("/api/session/set", device).await;
            assert!(reply.status.is_success(), "{reply:?}");
            all.push(browser);
        }
        all.try_into().expect("the number of browsers matches")
    }

    /// Returns which of these browsers are logged in.
    async fn alive<'b>(&self, browsers: impl IntoIterator<Item = &'b Browser>) -> Vec<bool> {
        let mut alive = Vec::new();
        for browser in browsers {
            // Uses a copy, because the reply may remove the cookie.
            let status = browser.clone().get("/api/auth/profile").await.status.as_u16();
            assert!([200, 401].contains(&status), "{status}");
            alive.push(status == 200);
        }
        alive
    }

    /// The number of Alice's sessions, as an administrator sees them.
    async fn listed(&self) -> usize {
        list(&self.app.visitor().get("/api/users/sessionsOf?id=u1").await).len()
    }
}

fn list(reply: &Reply) -> Vec<Value> {
    reply.result().as_array().expect("a list").clone()
}

async fn act(browser: &mut Browser, procedure: &str) -> Reply {
    browser.post(&format!("/api/users/{procedure}"), json!({})).await
}

fn alice() -> Value {
    json!({"email": "alice@example.com", "password": "wonderland-1"})
}

// ---- Ending all sessions ----

#[tokio::test]
async fn logout_everywhere_ends_all_sessions_of_the_user_and_no_others() {
    for stage in Stage::both().await {
        let [mut first, mut second, third] = stage.alices().await;
        let bob = stage.app.bob().await;
        let mut anonymous = stage.app.visitor();
        anonymous.post("/api/session/set", json!({"key": "cart", "value": 3})).await;
        let before = second.clone();
        act(&mut second, "logoutAll").await.result();
        assert!(second.cookie("session").is_none());
        assert_eq!(stage.alive([&first, &before, &third, &bob]).await, [false, false, false, true]);
        assert_eq!(anonymous.get("/api/session/data").await.result()["cart"], 3);
        assert_eq!(stage.listed().await, 0);
        // The user can log in again.
        first.post("/api/auth/login", alice()).await.result();
        assert_eq!(stage.alive([&first]).await, [true]);
        assert_eq!(stage.app.manager.counters().revoked, 2);
    }
}

#[tokio::test]
async fn logout_others_keeps_the_current_session() {
    for stage in Stage::both().await {
        let [first, mut second, third] = stage.alices().await;
        let bob = stage.app.bob().await;
        act(&mut second, "logoutOthers").await.result();
        assert_eq!(stage.alive([&first, &second, &third, &bob]).await, [false, true, false, true]);
        assert_eq!(second.get("/api/session/data").await.result()["device"], "device 1");
        assert_eq!(stage.listed().await, 1);
    }
}

#[tokio::test]
async fn an_administrator_can_end_all_sessions_of_a_user() {
    for stage in Stage::both().await {
        let alices: [Browser; 3] = stage.alices().await;
        let bob = stage.app.bob().await;
        let mut administrator = stage.app.visitor();
        for ended in [3, 0] {
            let reply = administrator.post("/api/users/endAllOf", json!({"id": "u1"})).await;
            assert_eq!(reply.result(), json!({"ended": ended}));
        }
        assert_eq!(stage.alive(alices.iter().chain([&bob])).await, [false, false, false, true]);
    }
}

#[tokio::test]
async fn concurrent_requests_do_not_revive_an_ended_session() {
    for stage in Stage::both().await {
        for round in 0..10 {
            let mut alices: [Browser; 4] = stage.alices().await;
            let mut running = Vec::new();
            for (index, browser) in alices.iter().enumerate() {
                let target = ["/api/session/count", "/api/session/regenerate"][(index + round) % 2];
                let start = || (index, tokio::spawn(browser.start_post(target, &json!({}))));
                running.extend([start(), start()]);
            }
            let mut administrator = stage.app.visitor();
            let ending = administrator.post("/api/users/endAllOf", json!({"id": "u1"}));
            ending.await.result();
            for (index, request) in running {
                let reply = request.await.expect("no panic");
                assert!(reply.status.as_u16() < 500, "{reply:?}");
                let mut copy = alices[index].clone();
                copy.keep(&reply);
                assert_eq!(stage.alive([&copy, &alices[index]]).await, [false, false], "round {round}");
            }
            assert_eq!(stage.listed().await, 0, "round {round}");
            // The browsers go on as new visitors.
            for browser in &mut alices {
                assert_eq!(browser.get("/api/session/info").await.result()["isNew"], true);
            }
        }
    }
}

/// A session may get a new id after its user's sessions were listed and before they are ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logout_everywhere_ends_a_session_that_keeps_getting_new_ids() {
    for stage in Stage::both().await {
        for round in 0..10 {
            let [mut owner, mut thief] = stage.alices().await;
            let regenerating = tokio::spawn(async move {
                for _ in 0..100 {
                    thief.post("/api/session/regenerate", json!({})).await;
                }
                thief
            });
            act(&mut owner, "logoutAll").await.result();
            let thief = regenerating.await.expect("no panic");
            assert_eq!(stage.alive([&thief, &owner]).await, [false, false], "round {round}");
            assert_eq!(stage.listed().await, 0, "round {round}");
        }
    }
}

#[tokio::test]
async fn a_save_that_began_before_does_not_revive_the_session() {
    let [stage, _] = Stage::both().await;
    let [mut first, second] = stage.alices().await;
    let gate = stage.app.store.park(Kind::Set);
    let slow = tokio::spawn(second.start_post("/api/session/count", &json!({})));
    gate.reached().await;
    act(&mut first, "logoutAll").await.result();
    gate.open();
    let reply = slow.await.expect("no panic");
    assert!(!reply.headers.contains_key("set-cookie"), "{reply:?}");
    assert_eq!(stage.alive([&second]).await, [false]);
    assert_eq!(stage.app.store.store().len(), 0);
}

#[tokio::test]
async fn logout_everywhere_reports_a_failing_store() {
    // Whichever store call fails, the reply is 503 without a cookie, and a second attempt succeeds.
    let [memory, redis] = Stage::both().await;
    for (procedure, kinds) in [("logoutAll", &[Kind::End, Kind::Destroy][..]), ("logoutOthers", &[Kind::End])] {
        for &kind in kinds {
            let [mut first, second] = memory.alices().await;
            memory.app.store.fail(&[kind]);
            let reply = act(&mut first, procedure).await;
            memory.app.store.fail(&[]);
            assert_failed(&reply);
            if memory.alive([&first]).await == [true] {
                act(&mut first, procedure).await.result();
            } else {
                first.post("/api/auth/login", alice()).await.result();
                act(&mut first, "logoutOthers").await.result();
            }
            assert_eq!(memory.alive([&second]).await, [false], "{procedure}, {kind:?}");
        }
        let (server, proxy) = redis.redis.as_ref().expect("it uses Redis");
        let mut failed = 0;
        for nth in 0.. {
            server.command(&["FLUSHALL"]).await;
            let [mut first, second] = redis.alices().await;
            proxy.set_once_after(nth, Fault::Error("OOM no memory"));
            let reply = act(&mut first, procedure).await;
            if proxy.is_waiting() {
                // The request sent fewer commands. Reads use up the faults that are left.
                while proxy.is_waiting() {
                    first.get("/api/session/info").await;
                    redis.app.visitor().get("/api/users/sessionsOf?id=u1").await;
                }
                reply.result();
                break;
            }
            if reply.status == 200 {
                assert_eq!(redis.alive([&second]).await, [false], "{procedure}, command {nth}");
                continue;
            }
            failed += 1;
            assert_failed(&reply);
            first.post("/api/auth/login", alice()).await.result();
            act(&mut first, "logoutOthers").await.result();
            assert_eq!(redis.alive([&second]).await, [false], "{procedure}, command {nth}");
        }
        assert!(failed >= 2, "{failed}");
    }
}

fn assert_failed(reply: &Reply) {
    assert_eq!(reply.failure(), (503, "SESSION_UNAVAILABLE".to_owned()), "{reply:?}");
    assert!(!reply.headers.contains_key("set-cookie"), "{reply:?}");
}

// ---- The list of sessions ----

#[tokio::test]
async fn a_user_sees_their_own_sessions_and_no_id() {
    for stage in Stage::both().await {
        let mut alices: [Browser; 3] = stage.alices().await;
        stage.app.bob().await;
        let reply = alices[1].get("/api/users/sessions").await;
        let lines = list(&reply);
        let of = |key: &str| lines.iter().map(|line| line[key].clone()).collect::<Vec<_>>();
        assert_eq!(of("device"), ["device 2", "device 1", "device 0"]);
        assert_eq!(of("current"), [false, true, false]);
        for browser in &alices {
            let value = browser.value("session");
            let (id, mac) = value.split_once('.').expect("an id and a signature");
            assert!(!reply.text().contains(id) && !reply.text().contains(mac), "{reply:?}");
        }
        assert_eq!(stage.app.visitor().get("/api/users/sessions").await.status, 401);
    }
}

#[tokio::test]
async fn a_handle_does_not_work_as_a_cookie() {
    for stage in Stage::both().await {
        let [mut browser] = stage.alices().await;
        let value = browser.value("session");
        let mac = value.split_once('.').expect("an id and a signature").1;
        let handle = list(&browser.get("/api/users/sessions").await)[0]["handle"].as_str().expect("text").to_owned();
        for cookie in [handle.clone(), format!("{handle}.{mac}"), format!("{}.{mac}", &handle[..43])] {
            let mut thief = stage.app.visitor();
            thief.plant("session", &cookie);
            assert_eq!(stage.alive([&thief]).await, [false], "{cookie}");
        }
    }
}

#[tokio::test]
async fn a_session_is_ended_by_its_handle_and_only_by_its_user() {
    for stage in Stage::both().await {
        let [mut first, second, third] = stage.alices().await;
        let mut bob = stage.app.bob().await;
        let handles: Vec<_> = list(&first.get("/api/users/sessions").await)
            .iter()
            .map(|line| line["handle"].as_str().expect("text").to_owned())
            .collect();
        let end = async |browser: &mut Browser, handle: &str| {
            browser.post("/api/users/endSession", json!({"handle": handle})).await
        };
        assert_eq!(end(&mut bob, &handles[1]).await.result(), json!({"ended": false}), "another user's");
        for ended in [true, false] {
            assert_eq!(end(&mut first, &handles[1]).await.result(), json!({"ended": ended}));
        }
        assert_eq!(stage.alive([&first, &second, &third]).await, [true, false, true]);
        for wrong in ["", "../../etc", "*", &handles[0].to_uppercase()] {
            assert_eq!(end(&mut first, wrong).await.status, 400, "{wrong}");
        }
        // The newest session is first. Ending the own session is a logout.
        assert_eq!(end(&mut first, &handles[2]).await.result(), json!({"ended": true}));
        assert!(first.cookie("session").is_none());
        assert_eq!(stage.alive([&second, &third]).await, [false, true]);
    }
}

// ---- The limit ----

#[tokio::test]
async fn a_login_over_the_limit_ends_the_oldest() {
    for stage in Stage::both_with(|settings| settings.max_sessions_per_user(2)).await {
        let alices: [Browser; 4] = stage.alices().await;
        let bob = stage.app.bob().await;
        assert_eq!(stage.alive(alices.iter().chain([&bob])).await, [false, false, true, true, true]);
        assert_eq!(stage.listed().await, 2);
    }
}

#[tokio::test]
async fn concurrent_logins_stay_within_the_limit() {
    for stage in Stage::both_with(|settings| settings.max_sessions_per_user(2)).await {
        for round in 0..5 {
            let visitor = stage.app.visitor();
            let logins: Vec<_> =
                (0..6).map(|_| tokio::spawn(visitor.start_post("/api/auth/login", &alice()))).collect();
            let mut browsers = Vec::new();
            for login in logins {
                let reply = login.await.expect("no panic");
                assert!([200, 409].contains(&reply.status.as_u16()), "{reply:?}");
                assert_eq!(reply.status == 200, reply.headers.contains_key("set-cookie"), "{reply:?}");
                let mut browser = visitor.another();
                browser.keep(&reply);
                browsers.push(browser);
                let alive = stage.alive(&browsers).await.into_iter().filter(|alive| *alive).count();
                assert!(alive <= 2, "round {round}: {alive}");
            }
            let listed = stage.listed().await;
            assert!((1..=2).contains(&listed), "round {round}: {listed}");
        }
    }
}

#[tokio::test]
async fn a_login_that_cannot_be_saved_ends_no_other_session() {
    let [stage, _] = Stage::both_with(|settings| settings.max_sessions_per_user(1)).await;
    let [first] = stage.alices().await;
    stage.app.store.fail(&[Kind::Set]);
    let mut second = stage.app.visitor();
    assert_failed(&second.post("/api/auth/login", alice()).await);
    stage.app.store.fail(&[]);
    assert_eq!(stage.alive([&first, &second]).await, [true, false]);
}
