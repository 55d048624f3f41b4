//! Tests sessions as a browser sees them: their start and end, their data, and the calls of the
//! store.

use std::time::Duration;

use serde_json::{Value, json};
use velox_session::MemoryStore;
use velox_tests::{Browser, Kind, Probe, Reply, SECRET, SessionsApp, forged};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

const ALICE: (&str, &str) = ("alice@example.com", "wonderland-1");
const BOB: (&str, &str) = ("bob@example.com", "builder-22");

fn login((email, password): (&str, &str)) -> Value {
    json!({"email": email, "password": password})
}

async fn set(browser: &mut Browser, key: &str, value: impl Into<Value>) -> Reply {
    browser.post("/api/session/set", json!({"key": key, "value": value.into()})).await
}

async fn data(browser: &mut Browser) -> Value {
    browser.get("/api/session/data").await.result()
}

async fn is_logged_in(browser: &mut Browser) -> bool {
    browser.get("/api/session/info").await.result()["authenticated"] == true
}

fn has_cookie_line(reply: &Reply) -> bool {
    reply.headers.contains_key("set-cookie")
}

fn caching(reply: &Reply) -> (Option<&str>, Option<&str>) {
    (reply.header("cache-control"), reply.header("vary"))
}

const USED: (Option<&str>, Option<&str>) = (Some("no-store"), Some("Cookie"));
const UNUSED: (Option<&str>, Option<&str>) = (None, None);

// ---- Visitors without a session ----

#[tokio::test]
async fn a_visitor_without_data_gets_no_cookie_and_costs_no_store_call() {
    let app = SessionsApp::start();
    let mut visitor = app.visitor();
    let replies = [
        visitor.get("/api/session/info").await,
        visitor.get("/api/session/data").await,
        visitor.get("/api/session/message?key=success").await,
        visitor.get("/api/session/peek").await,
        visitor.get("/api/auth/home").await,
        visitor.get("/api/auth/profile").await,
        visitor.get("/api/short/profile").await,
        visitor.post("/api/auth/logout", json!({})).await,
        visitor.post("/api/auth/leave", json!({})).await,
        visitor.post("/api/session/regenerate", json!({})).await,
        visitor.post("/api/session/remove", json!({"key": "nothing"})).await,
        visitor.post("/api/auth/login", login(("alice@example.com", "wrong"))).await,
        visitor.post("/api/auth/login", login(("nobody@example.com", "wrong"))).await,
        visitor.post("/api/auth/login", json!({})).await,
    ];
    for reply in &replies {
        assert!(!has_cookie_line(reply), "{reply:?}");
        assert!(reply.status.as_u16() < 500, "{reply:?}");
    }
    assert_eq!((app.store.calls(), app.short_store.calls()), (vec![], vec![]));
}

#[tokio::test]
async fn the_first_write_creates_a_session() {
    let app = SessionsApp::start();
    let mut visitor = app.visitor();
    assert_eq!(visitor.get("/api/session/info").await.result()["isNew"], true);
    set(&mut visitor, "theme", "dark").await.result_of_nothing();
    assert_eq!(app.store.calls(), [Kind::Set]);
    assert_eq!(visitor.cookie("session").expect("a cookie").max_age, 86_400);
    assert_eq!(
        visitor.get("/api/session/info").await.result(),
        json!({"isNew": false, "authenticated": false, "userId": null})
    );
    assert_eq!(data(&mut visitor).await, json!({"theme": "dark"}));
}

#[tokio::test]
async fn ended_expired_and_forged_cookies_create_no_session() {
    let app = SessionsApp::start();
    let mut dead = app.alice().await;
    let value = dead.value("session");
    dead.post("/api/auth/logout", json!({})).await.result();
    let mut expired = app.bob().await;
    let bobs = expired.value("session");
    app.pass(DAY);
    dead.plant("session", &value);
    expired.plant("session", &bobs);
    let mut sham = app.visitor();
    sham.plant("session", &forged(&value));
    app.store.calls();
    for (browser, calls) in [(&mut dead, 1), (&mut expired, 1), (&mut sham, 0)] {
        for target in ["/api/auth/home", "/api/auth/profile", "/api/session/data", "/api/session/message?key=a"] {
            let reply = browser.get(target).await;
            assert!(!has_cookie_line(&reply), "{reply:?}");
            assert_eq!(app.store.calls(), vec![Kind::Get; calls], "{target}");
        }
    }
    assert_eq!(app.store.store().len(), 0);
}

#[tokio::test]
async fn a_failed_login_with_a_bad_cookie_creates_no_session() {
    let app = SessionsApp::start();
    let mut visitor = app.visitor();
    visitor.plant("session", "garbage");
    let reply = visitor.post("/api/auth/login", login(("alice@example.com", "wrong"))).await;
    assert_eq!(reply.failure(), (401, "INVALID_CREDENTIALS".into()));
    assert!(!has_cookie_line(&reply));
    assert_eq!(app.store.calls(), []);
}

#[tokio::test]
async fn a_flood_of_visitors_ends_no_session_of_a_user() {
    let app = SessionsApp::start();
    let small = Probe::over(MemoryStore::new().with_clock(app.clock.clone()).with_budget(8 * 1_024));
    let app = SessionsApp::over(&small, &app.clock, SECRET, |settings| settings);
    let mut user = app.visitor();
    user.post("/api/auth/login", login(ALICE)).await.result();
    let mut last = app.visitor();
    for _ in 0..30 {
        last = app.visitor();
        set(&mut last, "seen", true).await.result_of_nothing();
        assert!(small.store().len() <= 16);
    }
    assert_eq!(data(&mut last).await, json!({"seen": true}));
    assert_eq!(user.get("/api/auth/profile").await.result()["name"], "Alice");
}

// ---- Login, logout, regenerate ----

#[tokio::test]
async fn a_login_gives_a_new_id_and_ends_the_old_one_at_once() {
    let app = SessionsApp::start();
    let mut visitor = app.visitor();
    set(&mut visitor, "cart", 3).await.result_of_nothing();
    let mut thief = visitor.clone();
    visitor.post("/api/auth/login", login(ALICE)).await.result();
    assert_ne!(visitor.value("session"), thief.value("session"));
    assert_eq!(thief.get("/api/auth/profile").await.failure(), (401, "SESSION_UNAUTHORIZED".into()));
    assert_eq!(thief.get("/api/session/info").await.result()["isNew"], true);
    assert_eq!(visitor.get("/api/auth/profile").await.result()["name"], "Alice");
    assert_eq!(app.store.store().len(), 1);
}

#[tokio::test]
async fn a_second_login_gives_a_new_id_too() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    set(&mut alice, "cart", 3).await.result_of_nothing();
    let mut before = alice.clone();
    alice.post("/api/auth/login", login(ALICE)).await.result();
    assert_ne!(alice.value("session"), before.value("session"));
    assert_eq!(before.get("/api/auth/profile").await.status, 401);
    assert_eq!(data(&mut alice).await, json!({"cart": 3}));
}

#[tokio::test]
async fn an_unknown_id_is_never_adopted() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    let issued = alice.value("session");
    app.store.store().clear();
    set(&mut alice, "cart", 3).await.result_of_nothing();
    assert_ne!(alice.value("session"), issued);
    assert!(!is_logged_in(&mut alice).await);
    alice.plant("session", &issued);
    assert_eq!(alice.get("/api/session/info").await.result()["isNew"], true);
    alice.post("/api/auth/login", login(ALICE)).await.result();
    assert_ne!(alice.value("session"), issued);
}

#[tokio::test]
async fn a_login_keeps_the_data_of_a_visitor_and_drops_that_of_another_user() {
    let app = SessionsApp::start();
    let mut browser = app.visitor();
    set(&mut browser, "cart", 3).await.result_of_nothing();
    browser.post("/api/auth/login", login(ALICE)).await.result();
    assert_eq!(data(&mut browser).await, json!({"cart": 3}));
    browser.post("/api/session/flash", json!({"key": "note", "value": "for Alice"})).await.result_of_nothing();
    browser.post("/api/auth/login", login(BOB)).await.result();
    assert_eq!(data(&mut browser).await, json!({}));
    assert_eq!(browser.get("/api/session/message?key=note").await.result(), Value::Null);
    assert_eq!(browser.get("/api/auth/profile").await.result()["name"], "Bob");
}

#[tokio::test]
async fn regenerate_gives_a_new_id_to_the_same_session() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    set(&mut alice, "cart", 3).await.result_of_nothing();
    let mut before = alice.clone();
    alice.post("/api/session/regenerate", json!({})).await.result_of_nothing();
    assert_ne!(alice.value("session"), before.value("session"));
    assert_eq!(data(&mut alice).await, json!({"cart": 3}));
    assert!(is_logged_in(&mut alice).await);
    assert!(!is_logged_in(&mut before).await);
}

#[tokio::test]
async fn no_new_id_is_issued_if_the_old_one_cannot_be_ended() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    app.store.fail(&[Kind::Destroy]);
    let reply = alice.post("/api/session/regenerate", json!({})).await;
    assert_eq!((reply.status.as_u16(), has_cookie_line(&reply)), (503, false));
    app.store.fail(&[]);
    assert!(is_logged_in(&mut alice).await);
    let mut before = alice.clone();
    alice.post("/api/session/regenerate", json!({})).await.success();
    assert_eq!(before.get("/api/auth/profile").await.status, 401);
}

#[tokio::test]
async fn a_logout_ends_the_session_in_the_store_and_in_the_browser() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    let mut thief = alice.clone();
    let reply = alice.post("/api/auth/logout", json!({})).await;
    assert_eq!(reply.result(), json!({"success": true}));
    assert_eq!(alice.cookie("session"), None);
    assert_eq!(thief.get("/api/auth/profile").await.status, 401);
    assert_eq!(app.store.store().len(), 0);
}

#[tokio::test]
async fn a_logout_fails_if_the_store_fails_and_the_session_stays() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    app.store.fail(&[Kind::Destroy]);
    let reply = alice.post("/api/auth/logout", json!({})).await;
    assert_eq!(reply.failure(), (503, "SESSION_UNAVAILABLE".into()));
    assert!(!has_cookie_line(&reply));
    app.store.fail(&[]);
    assert_eq!(alice.get("/api/auth/profile").await.result()["name"], "Alice");
    assert_eq!(alice.post("/api/auth/logout", json!({})).await.status, 200);
    assert_eq!(alice.get("/api/auth/profile").await.status, 401);
}

#[tokio::test]
async fn a_logout_may_be_repeated_and_needs_no_session() {
    let app = SessionsApp::start();
    let alice = app.alice().await;
    let value = alice.value("session");
    for cookie in [value.as_str(), value.as_str(), "garbage", &forged(&value)] {
        let mut browser = app.visitor();
        browser.plant("session", cookie);
        assert_eq!(browser.post("/api/auth/leave", json!({})).await.status, 200, "{cookie}");
        // A logout removes any cookie, valid or not.
        assert_eq!(browser.cookie("session"), None, "{cookie}");
    }
    let reply = app.visitor().post("/api/auth/leave", json!({})).await;
    assert_eq!((reply.status.as_u16(), has_cookie_line(&reply)), (200, false));
    assert_eq!(app.visitor().post("/api/auth/logout", json!({})).await.status, 401);
}

#[tokio::test]
async fn a_failed_login_keeps_the_session_and_does_not_reveal_unknown_users() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    set(&mut alice, "cart", 3).await.result_of_nothing();
    let value = alice.value("session");
    let wrong = alice.post("/api/auth/login", login(("bob@example.com", "wrong"))).await;
    let unknown = alice.post("/api/auth/login", login(("nobody@example.com", "wrong"))).await;
    assert_eq!(wrong.failure(), (401, "INVALID_CREDENTIALS".into()));
    assert_eq!(wrong, unknown);
    assert_eq!(alice.value("session"), value);
    assert_eq!(alice.get("/api/auth/profile").await.result()["name"], "Alice");
    assert_eq!(data(&mut alice).await, json!({"cart": 3}));
}

#[tokio::test]
async fn no_input_can_set_the_user() {
    let app = SessionsApp::start();
    let mut browser = app.visitor();
    let sly = json!({
        "email": ALICE.0, "password": ALICE.1,
        "id": "u2", "userId": "u2", "userEmail": BOB.0, "user": {"id": "u2"}, "roles": ["admin"], "_createdAt": 0,
    });
    browser.post("/api/auth/login", sly).await.result();
    let profile = json!({"id": "u1", "email": "alice@example.com", "name": "Alice"});
    assert_eq!(browser.get("/api/auth/profile").await.result(), profile);

    browser.post("/api/auth/changeProfile", json!({"name": "Eve", "id": "u2", "email": BOB.0})).await.result();
    let profile = json!({"id": "u1", "email": "alice@example.com", "name": "Eve"});
    assert_eq!(browser.get("/api/auth/profile").await.result(), profile);

    let mut visitor = app.visitor();
    for key in ["userId", "userEmail", "_createdAt", "_flash", "_retired", "_"] {
        let reply = set(&mut visitor, key, "u1").await;
        assert!(!reply.status.is_success() && !has_cookie_line(&reply), "{key}: {reply:?}");
        assert!(!is_logged_in(&mut visitor).await, "{key}");
    }
}

// ---- Failed calls ----

#[tokio::test]
async fn a_write_of_a_call_with_a_client_error_is_kept() {
    let app = SessionsApp::start();
    let mut visitor = app.visitor();
    let reply = visitor.post("/api/session/setThenFail", json!({"key": "tries", "value": 1})).await;
    assert_eq!(reply.failure(), (422, "DELIBERATE".into()));
    assert_eq!(data(&mut visitor).await, json!({"tries": 1}));
}

#[tokio::test]
async fn a_write_of_a_call_with_a_server_error_is_dropped() {
    let app = SessionsApp::start();
    for procedure in ["/api/session/setThenBreak", "/api/session/setThenPanic", "/api/session/setThenSendText"] {
        let mut visitor = app.visitor();
        app.store.calls();
        let reply = visitor.post(procedure, json!({"key": "half", "value": "done"})).await;
        assert_eq!(reply.failure(), (500, "INTERNAL_SERVER_ERROR".into()));
        assert!(!has_cookie_line(&reply), "{procedure}");
        assert_eq!(app.store.calls(), [], "{procedure}");

        let mut alice = app.alice().await;
        set(&mut alice, "half", "before").await.result_of_nothing();
        alice.post(procedure, json!({"key": "half", "value": "done"})).await;
        assert_eq!(data(&mut alice).await, json!({"half": "before"}), "{procedure}");
    }
}

#[tokio::test]
async fn a_failed_call_keeps_its_login_logout_or_new_id() {
    let app = SessionsApp::start();
    for procedure in ["/api/auth/loginThenBreak", "/api/auth/loginThenPanic"] {
        let mut browser = app.visitor();
        assert_eq!(browser.post(procedure, login(ALICE)).await.status, 500);
        assert_eq!(browser.get("/api/auth/profile").await.result()["name"], "Alice", "{procedure}");
        assert_eq!(data(&mut browser).await, json!({}), "its writes are dropped");
    }
    let mut alice = app.alice().await;
    let mut before = alice.clone();
    assert_eq!(alice.post("/api/session/regenerateThenBreak", json!({})).await.status, 500);
    assert_ne!(alice.value("session"), before.value("session"));
    assert_eq!(before.get("/api/auth/profile").await.status, 401);

    let mut before = alice.clone();
    assert_eq!(alice.post("/api/auth/logoutThenBreak", json!({})).await.status, 500);
    assert_eq!(alice.cookie("session"), None);
    assert_eq!(before.get("/api/auth/profile").await.status, 401);
}

#[tokio::test]
async fn a_session_that_would_grow_too_large_is_unchanged() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    set(&mut alice, "cart", 3).await.result_of_nothing();
    let reply = set(&mut alice, "cart", "x".repeat(70_000)).await;
    assert_eq!(reply.failure(), (413, "SESSION_TOO_LARGE".into()));
    assert!(!has_cookie_line(&reply));
    assert_eq!(data(&mut alice).await, json!({"cart": 3}));
}

#[tokio::test]
async fn an_invalid_key_or_value_is_a_client_error() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    for key in ["userId", "userEmail", "_createdAt"] {
        assert_eq!(set(&mut alice, key, "u2").await.failure(), (400, "SESSION_KEY_RESERVED".into()), "{key}");
    }
    let deep = (0..120).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(set(&mut alice, "deep", deep).await.failure(), (400, "SESSION_VALUE_TOO_DEEP".into()));
    assert_eq!(alice.get("/api/auth/profile").await.result()["id"], "u1");
}

// ---- Flash messages ----

#[tokio::test]
async fn a_message_is_read_once_in_a_later_request() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    alice.post("/api/auth/changeProfile", json!({"name": "Alicia"})).await.result();
    for target in ["/api/auth/profile", "/api/session/message?key=another", "/api/session/data"] {
        alice.get(target).await.result();
    }
    assert_eq!(alice.get("/api/session/message?key=success").await.result(), "Profile updated!");
    assert_eq!(alice.get("/api/session/message?key=success").await.result(), Value::Null);
}

#[tokio::test]
async fn a_message_is_not_read_by_the_request_that_stores_it() {
    let app = SessionsApp::start();
    let mut visitor = app.visitor();
    let reply = visitor.post("/api/session/flashThenRead", json!({"key": "note", "value": "later"})).await;
    assert_eq!(reply.result(), Value::Null);
    assert_eq!(visitor.get("/api/session/message?key=note").await.result(), "later");
}

#[tokio::test]
async fn a_message_can_be_read_after_a_login_in_the_same_request() {
    let app = SessionsApp::start();
    let mut visitor = app.visitor();
    visitor
        .post("/api/session/flash", json!({"key": "note", "value": {"of": ["a", "visitor"]}}))
        .await
        .result_of_nothing();
    let sent = json!({"email": ALICE.0, "password": ALICE.1, "key": "note"});
    assert_eq!(
        visitor.post("/api/session/loginThenReadFlash", sent.clone()).await.result(),
        json!({"of": ["a", "visitor"]})
    );
    assert!(is_logged_in(&mut visitor).await);
    assert_eq!(visitor.post("/api/session/loginThenReadFlash", sent).await.result(), Value::Null);
}

#[tokio::test]
async fn a_message_read_by_a_failed_call_is_kept() {
    let app = SessionsApp::start();
    let mut visitor = app.visitor();
    visitor.post("/api/session/flash", json!({"key": "note", "value": "kept"})).await.result_of_nothing();
    assert_eq!(visitor.get("/api/session/messageThenBreak?key=note").await.status, 500);
    assert_eq!(visitor.get("/api/session/message?key=note").await.result(), "kept");
}

#[tokio::test]
async fn one_of_eight_readers_gets_the_message() {
    let app = SessionsApp::start();
    let mut visitor = app.visitor();
    visitor.post("/api/session/flash", json!({"key": "note", "value": "once"})).await.result_of_nothing();
    // Every request loads the session before the first of them saves it.
    let gates: Vec<_> = (0..8).map(|_| app.store.park(Kind::Set)).collect();
    let readers: Vec<_> = (0..8).map(|_| tokio::spawn(visitor.start_get("/api/session/message?key=note"))).collect();
    for gate in &gates {
        gate.reached().await;
    }
    gates.iter().for_each(velox_tests::Gate::open);
    let mut outcomes = Vec::new();
    for reader in readers {
        outcomes.push(reader.await.expect("no reader panics").result());
    }
    let delivered = outcomes.iter().filter(|message| **message == "once").count();
    assert_eq!((delivered, outcomes.iter().filter(|message| message.is_null()).count()), (1, 7), "{outcomes:?}");
    assert_eq!(visitor.get("/api/session/message?key=note").await.result(), Value::Null);
}

// ---- Expiry ----

#[tokio::test]
async fn an_unused_session_ends_to_the_millisecond() {
    // `plant` drops the age of the cookie, so that the server ends the session and not the browser.
    let app = SessionsApp::start();
    for (wait, live) in [(DAY - Duration::from_millis(1), true), (DAY, false)] {
        let mut alice = app.alice().await;
        let value = alice.value("session");
        alice.plant("session", &value);
        app.pass(wait);
        assert_eq!(is_logged_in(&mut alice).await, live);
    }
}

#[tokio::test]
async fn a_session_that_is_only_read_lives_on() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    for _ in 0..20 {
        app.pass(DAY / 2);
        assert_eq!(alice.get("/api/auth/profile").await.status, 200);
        assert_eq!(app.store.calls(), [Kind::Get, Kind::Touch]);
        assert_eq!(alice.cookie("session").expect("renewed").max_age, 86_400);
    }
}

#[tokio::test]
async fn a_read_renews_the_session_once_a_minute_at_most() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    app.pass(MINUTE - Duration::from_millis(1));
    let reply = alice.get("/api/auth/profile").await;
    assert_eq!((has_cookie_line(&reply), app.store.calls()), (false, vec![Kind::Get]));
    app.pass(Duration::from_millis(1));
    let reply = alice.get("/api/auth/profile").await;
    assert_eq!((has_cookie_line(&reply), app.store.calls()), (true, vec![Kind::Get, Kind::Touch]));
    let reply = alice.get("/api/auth/profile").await;
    assert_eq!((has_cookie_line(&reply), app.store.calls()), (false, vec![Kind::Get]));
}

#[tokio::test]
async fn a_request_that_does_not_touch_its_session_renews_it_too() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    app.pass(DAY / 2);
    let reply = alice.get("/api/session/peek").await;
    assert!(has_cookie_line(&reply));
    assert_eq!(caching(&reply), USED);
}

#[tokio::test]
async fn a_session_in_use_ends_at_its_absolute_timeout() {
    let app = SessionsApp::start();
    let mut alice = app.visitor();
    alice.post("/api/short/login", login(ALICE)).await.result();
    let value = alice.value("short");
    for _ in 0..5 {
        app.pass(SECOND);
        assert_eq!(alice.get("/api/short/profile").await.status, 200);
    }
    app.pass(SECOND - Duration::from_millis(1));
    alice.plant("short", &value);
    assert_eq!(alice.get("/api/short/profile").await.status, 200);
    alice.plant("short", &value);
    app.pass(Duration::from_millis(1));
    assert_eq!(alice.get("/api/short/profile").await.failure(), (401, "SESSION_UNAUTHORIZED".into()));
}

#[tokio::test]
async fn the_absolute_timeout_counts_from_the_login() {
    // Writing does not delay the end. Only a login starts the time again.
    let app = SessionsApp::start();
    let mut browser = app.visitor();
    browser.post("/api/short/touch", json!({})).await.result();
    for _ in 0..2 {
        app.pass(2 * SECOND);
        browser.post("/api/short/touch", json!({})).await.result();
    }
    browser.post("/api/short/login", login(ALICE)).await.result();
    for _ in 0..2 {
        app.pass(2 * SECOND);
        assert_eq!(browser.get("/api/short/profile").await.status, 200);
        browser.post("/api/short/touch", json!({})).await.result();
    }
    app.pass(2 * SECOND);
    assert_eq!(browser.get("/api/short/profile").await.status, 401);
    assert_eq!(browser.post("/api/short/touch", json!({})).await.result(), 1);
}

#[tokio::test]
async fn the_cookie_lives_as_long_as_the_record_in_whole_seconds() {
    let app = SessionsApp::start();
    let mut alice = app.visitor();
    alice.post("/api/short/login", login(ALICE)).await.result();
    let mut seen = Vec::new();
    for _ in 0..10 {
        let ttl = app.short_store.last_ttl().expect("it was kept");
        let cookie = alice.cookie("short").expect("a cookie");
        assert_eq!(cookie.max_age, ttl.as_secs());
        seen.push(cookie.max_age);
        app.pass(Duration::from_millis(500));
        alice.post("/api/short/touch", json!({})).await.result();
    }
    assert_eq!(seen, [3, 3, 3, 3, 3, 3, 3, 2, 2, 1]);
    assert_eq!(app.short_store.last_ttl(), Some(SECOND));
}

#[tokio::test]
async fn a_session_survives_a_clock_that_is_set_back() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    app.clock.set(1_700_000_000_000 - 300_000);
    assert_eq!(alice.get("/api/auth/profile").await.status, 200);
    assert!(app.store.last_ttl().expect("it was kept") <= DAY);
    set(&mut alice, "cart", 3).await.result_of_nothing();
    assert_eq!(app.store.last_ttl(), Some(DAY));
}

#[tokio::test]
async fn without_sliding_a_session_ends_a_day_after_its_login() {
    let app = SessionsApp::with(|settings| settings.sliding(false));
    let mut alice = app.alice().await;
    app.pass(DAY / 2);
    set(&mut alice, "cart", 3).await.result_of_nothing();
    assert_eq!(alice.cookie("session").expect("a cookie").max_age, 43_200);
    app.pass(DAY / 2 - SECOND);
    assert_eq!(alice.get("/api/auth/profile").await.status, 200);
    app.pass(SECOND);
    assert_eq!(alice.get("/api/auth/profile").await.status, 401);
}

// ---- The reply ----

#[tokio::test]
async fn a_call_never_sets_two_cookies() {
    // The test browser fails if it gets two.
    let app = SessionsApp::start();
    let mut browser = app.alice().await;
    let reply = browser.post("/api/session/everything", json!({})).await;
    assert_eq!(reply.headers.get_all("set-cookie").iter().count(), 1);
    assert_eq!(browser.get("/api/session/info").await.result()["userId"], "u2");
    assert_eq!(data(&mut browser).await, json!({"after": 2}));
    assert_eq!(app.store.store().len(), 1);
}

#[tokio::test]
async fn two_sessions_in_one_call_have_a_cookie_each() {
    let app = SessionsApp::start();
    let mut browser = app.visitor();
    let reply = browser.post("/api/short/both", json!({})).await;
    assert_eq!(reply.headers.get_all("set-cookie").iter().count(), 2);
    assert_eq!(caching(&reply), USED);
    assert_eq!(reply.headers.get_all("vary").iter().count(), 1);
    assert_ne!(browser.value("session"), browser.value("short"));
    assert_eq!(data(&mut browser).await, json!({"of": "main"}));
}

#[tokio::test]
async fn several_middlewares_load_and_save_the_session_once() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    let reply = alice.post("/api/session/layered", json!({})).await;
    assert_eq!(reply.result(), "u1");
    assert_eq!(app.store.calls(), [Kind::Get, Kind::Set]);
    assert_eq!(data(&mut alice).await, json!({"layered": true}));
}

#[tokio::test]
async fn only_replies_that_used_the_session_are_kept_out_of_caches() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    let mut visitor = app.visitor();
    for target in
        ["/api/session/info", "/api/session/data", "/api/session/plainData", "/api/auth/home", "/api/auth/profile"]
    {
        assert_eq!(caching(&alice.get(target).await), USED, "{target}");
        assert_eq!(caching(&visitor.get(target).await), USED, "{target}: the reply depends on the missing session");
    }
    let failing = json!({"key": "a", "value": 1});
    for target in ["/api/session/setThenFail", "/api/session/setThenBreak", "/api/session/setThenPanic"] {
        assert_eq!(caching(&alice.post(target, failing.clone()).await), USED, "{target}");
    }
    for target in ["/api/health/check", "/api/session/peek", "/api/nothing", "/api/session/set"] {
        assert_eq!(caching(&alice.get(target).await), UNUSED, "{target}");
        assert_eq!(caching(&visitor.get(target).await), UNUSED, "{target}");
    }
}

/// Values of `Cache-Control` that allow shared caches.
const SHARED: [&str; 8] = [
    "public, max-age=60",
    "PUBLIC",
    "max-age=60",
    "s-maxage=60, private",
    "private, immutable",
    "private|max-age=60, Public",
    "private=\"set-cookie, public\"",
    "no-cache",
];

/// The target of a handler that sends this `Cache-Control` and does this to its session.
fn saying(said: &str, does: &str) -> String {
    let query = [("said", said), ("does", does)];
    let query = query.map(|(key, value)| format!("{key}={}", value.replace('"', "%22").replace(' ', "+")));
    format!("/api/session/says?{}", query.join("&"))
}

#[tokio::test]
async fn no_shared_cache_may_store_a_reply_with_the_cookie() {
    // The handler does not touch the session, but the request renews it.
    let app = SessionsApp::start();
    for said in SHARED {
        let mut alice = app.alice().await;
        app.pass(2 * MINUTE);
        let reply = alice.get(&saying(said, "nothing")).await;
        assert!(has_cookie_line(&reply), "{reply:?}");
        assert_eq!(reply.headers.get_all("cache-control").iter().collect::<Vec<_>>(), ["no-store"], "{said}");
        assert_eq!(caching(&reply), USED, "{said}");
    }
    let mut alice = app.alice().await;
    let reply = alice.get(&saying("public, max-age=60", "nothing")).await;
    assert_eq!(caching(&reply), (Some("public, max-age=60"), None), "the reply does not depend on the session");
    app.pass(2 * MINUTE);
    let reply = alice.get(&saying("private, max-age=60", "nothing")).await;
    assert_eq!((has_cookie_line(&reply), caching(&reply)), (true, (Some("private, max-age=60"), Some("Cookie"))));
}

#[tokio::test]
async fn no_shared_cache_may_store_a_reply_that_used_the_session() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    for said in SHARED {
        for does in ["read", "write"] {
            let reply = alice.get(&saying(said, does)).await;
            assert_eq!((reply.status.as_u16(), caching(&reply)), (200, USED), "{said} {does}");
            assert_eq!(caching(&app.visitor().get(&saying(said, does)).await), USED, "{said} {does}");
        }
    }
}

#[tokio::test]
async fn no_shared_cache_may_store_an_error() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    for said in SHARED {
        for (does, status) in [("fail", 404), ("break", 500)] {
            for reply in [alice.get(&saying(said, does)).await, app.visitor().get(&saying(said, does)).await] {
                assert_eq!((reply.status.as_u16(), caching(&reply)), (status, (Some("no-store"), None)), "{said}");
            }
        }
        // The session cannot be saved.
        app.store.fail(&[Kind::Set]);
        let reply = alice.get(&saying(said, "write")).await;
        assert_eq!((reply.status.as_u16(), caching(&reply)), (503, USED), "{said}");
        app.store.fail(&[]);
    }
}

#[tokio::test]
async fn a_private_cache_control_of_the_handler_is_kept() {
    let app = SessionsApp::start();
    let reply = app.visitor().get("/api/session/cached").await;
    assert_eq!(reply.header("cache-control"), Some("private, max-age=5"));
    let vary: Vec<_> = reply.headers.get_all("vary").iter().collect();
    assert_eq!(vary, ["accept-language", "Cookie"]);
}

#[tokio::test]
async fn headers_that_a_proxy_adds_change_nothing() {
    let app = SessionsApp::start();
    let line = async |headers: &[(&str, &str)]| {
        let mut request = velox_tests::json(http::Method::POST, "/api/auth/login", login(ALICE).to_string());
        for (name, value) in headers {
            let name = http::HeaderName::try_from(*name).expect("a name");
            request.headers_mut().insert(name, value.parse().expect("a value"));
        }
        let mut browser = app.visitor();
        let reply = browser.send(request).await;
        let line = reply.header("set-cookie").expect("a cookie").replace(&browser.value("session"), "");
        (line, reply.json())
    };
    let added = [
        ("x-forwarded-for", "10.0.0.1"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=10.0.0.1;host=evil.example;proto=https"),
        ("x-forwarded-prefix", "/evil"),
        ("x-original-url", "/api/health/check"),
        ("x-http-method-override", "GET"),
    ];
    assert_eq!(line(&added).await, line(&[]).await);
}

// ---- Deleted users ----

#[tokio::test]
async fn the_session_of_a_deleted_user_ends_if_a_user_is_required() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    let value = alice.value("session");
    app.accounts.delete("u1");
    let reply = alice.get("/api/auth/profile").await;
    assert_eq!(reply.failure(), (401, "USER_NOT_FOUND".into()));
    assert_eq!(reply.json()["message"], "User not found");
    assert_eq!(alice.cookie("session"), None);
    assert_eq!(app.store.store().len(), 0);
    alice.plant("session", &value);
    assert_eq!(alice.get("/api/auth/profile").await.failure(), (401, "SESSION_UNAUTHORIZED".into()));
}

/// Alice after her account was deleted, with data in her session.
async fn gone(app: &SessionsApp) -> Browser {
    let mut alice = app.alice().await;
    set(&mut alice, "cart", 3).await.result_of_nothing();
    set(&mut alice, "count", 5).await.result_of_nothing();
    alice.post("/api/session/flash", json!({"key": "said", "value": "to Alice"})).await.success();
    app.accounts.delete("u1");
    alice
}

#[tokio::test]
async fn a_deleted_user_is_a_visitor_if_a_user_is_optional() {
    let app = SessionsApp::start();
    let mut alice = gone(&app).await;
    let value = alice.value("session");
    assert_eq!(alice.get("/api/auth/home").await.result(), Value::Null);
    let visitor = json!({"isNew": true, "authenticated": false, "userId": null});
    assert_eq!(alice.get("/api/session/info").await.result(), visitor);
    assert_eq!(data(&mut alice).await, json!({}));
    assert_eq!(alice.get("/api/session/message?key=said").await.result(), Value::Null);
    alice.post("/api/session/remove", json!({"key": "cart"})).await.success();
    alice.post("/api/session/regenerate", json!({})).await.success();
    // The session is unchanged, and the next call that requires a user is refused.
    assert_eq!((app.store.store().len(), alice.value("session")), (1, value));
    assert_eq!(alice.get("/api/session/plainData").await.result(), json!({"cart": 3, "count": 5}));
    assert_eq!(alice.get("/api/auth/profile").await.failure(), (401, "USER_NOT_FOUND".into()));
}

#[tokio::test]
async fn writing_after_the_user_was_deleted_begins_an_empty_session() {
    let writes: [(&str, Value, Value); 3] = [
        ("set", json!({"key": "theme", "value": "dark"}), json!({"theme": "dark"})),
        ("count", json!({}), json!({"count": 1})),
        ("flash", json!({"key": "said", "value": "to all"}), json!({})),
    ];
    for (target, body, written) in writes {
        let app = SessionsApp::start();
        let mut alice = gone(&app).await;
        let value = alice.value("session");
        let before = app.manager.counters();
        alice.post(&format!("/api/session/{target}"), body).await.success();
        // The old session ends and is counted as a logout.
        assert_ne!(alice.value("session"), value);
        let after = app.manager.counters();
        assert_eq!((after.logouts - before.logouts, after.begun - before.begun), (1, 1));
        assert_eq!(app.store.store().len(), 1);
        assert_eq!(data(&mut alice).await, written);
        let visitor = json!({"isNew": false, "authenticated": false, "userId": null});
        assert_eq!(alice.get("/api/session/info").await.result(), visitor);
        let message = if target == "flash" { json!("to all") } else { Value::Null };
        assert_eq!(alice.get("/api/session/message?key=said").await.result(), message);
        assert_eq!(alice.get("/api/auth/profile").await.failure(), (401, "SESSION_UNAUTHORIZED".into()));
        alice.plant("session", &value);
        assert_eq!(alice.get("/api/auth/profile").await.failure(), (401, "SESSION_UNAUTHORIZED".into()));
    }
}

#[tokio::test]
async fn a_login_after_the_user_was_deleted_begins_an_empty_session() {
    let app = SessionsApp::start();
    let mut browser = gone(&app).await;
    browser.post("/api/auth/login", login(BOB)).await.result();
    assert_eq!(browser.get("/api/session/info").await.result()["userId"], "u2");
    assert_eq!(data(&mut browser).await, json!({}));
    assert_eq!(browser.get("/api/session/message?key=said").await.result(), Value::Null);
    assert_eq!(app.store.store().len(), 1);
}

#[tokio::test]
async fn the_session_of_a_deleted_user_can_be_ended_if_a_user_is_optional() {
    let app = SessionsApp::start();
    let mut alice = gone(&app).await;
    alice.post("/api/auth/leave", json!({})).await.success();
    assert_eq!((alice.cookie("session"), app.store.store().len()), (None, 0));
}

#[tokio::test]
async fn a_failing_user_loader_is_an_error_and_the_session_stays() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    app.accounts.set_down(true);
    for target in ["/api/auth/profile", "/api/auth/home"] {
        let reply = alice.get(target).await;
        assert_eq!((reply.status.as_u16(), has_cookie_line(&reply)), (500, false), "{target}");
        assert_eq!(caching(&reply), USED, "{target}");
    }
    app.accounts.set_down(false);
    assert_eq!(alice.get("/api/auth/profile").await.result()["name"], "Alice");
}

// ---- Failures of the store ----

#[tokio::test]
async fn a_failing_store_is_503_without_a_cookie_and_the_session_survives() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    set(&mut alice, "cart", 3).await.result_of_nothing();
    let value = alice.value("session");
    let cases: [(Kind, &str, Option<Value>); 8] = [
        (Kind::Get, "/api/auth/profile", None),
        (Kind::Get, "/api/auth/home", None),
        (Kind::Get, "/api/session/peek", None),
        (Kind::Get, "/api/auth/login", Some(login(ALICE))),
        (Kind::Set, "/api/session/set", Some(json!({"key": "cart", "value": 4}))),
        (Kind::Set, "/api/auth/login", Some(login(BOB))),
        (Kind::Set, "/api/session/regenerate", Some(json!({}))),
        (Kind::Touch, "/api/auth/profile", None),
    ];
    for (kind, target, body) in cases {
        app.pass(2 * MINUTE);
        app.store.fail(&[kind]);
        let reply = match body {
            Some(body) => alice.post(target, body).await,
            None => alice.get(target).await,
        };
        assert_eq!(reply.failure(), (503, "SESSION_UNAVAILABLE".into()), "{kind:?} {target}");
        assert!(!has_cookie_line(&reply), "{kind:?} {target}");
    }
    app.store.fail(&[]);
    assert_eq!(alice.value("session"), value);
    assert_eq!(alice.get("/api/auth/profile").await.result()["name"], "Alice");
    assert_eq!(data(&mut alice).await, json!({"cart": 3}));
    assert_eq!(app.store.store().len(), 1);
}

#[tokio::test]
async fn the_reply_for_a_failing_store_is_kept_out_of_caches_too() {
    // This holds for every reply to a request that read or wrote the session.
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    app.store.fail(&[Kind::Set]);
    let unsaved = set(&mut alice, "cart", 3).await;
    app.store.fail(&[Kind::Get]);
    let unopened = alice.get("/api/auth/profile").await;
    assert_eq!((unsaved.status.as_u16(), unopened.status.as_u16()), (503, 503));
    assert_eq!((caching(&unsaved), caching(&unopened)), (USED, USED));
}

#[tokio::test]
async fn requests_without_a_session_work_while_the_store_fails() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    app.store.fail(&[Kind::Get, Kind::Set, Kind::Destroy, Kind::Touch]);
    assert_eq!(alice.get("/api/health/check").await.status, 200);
    assert_eq!(app.visitor().get("/api/auth/home").await.result(), Value::Null);
    assert_eq!(app.visitor().get("/api/auth/profile").await.status, 401);
    // The short session has its own store.
    assert_eq!(alice.post("/api/short/touch", json!({})).await.status, 200);
}

#[tokio::test]
async fn an_emptied_store_logs_users_out_and_they_can_log_in_again() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    app.store.store().clear();
    assert_eq!(alice.get("/api/auth/profile").await.status, 401);
    alice.post("/api/auth/login", login(ALICE)).await.result();
    assert_eq!(alice.get("/api/auth/profile").await.status, 200);
}

// ---- Concurrent requests ----

#[tokio::test]
async fn concurrent_writes_to_different_keys_are_both_kept() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    let gate = app.store.park(Kind::Set);
    let slow = tokio::spawn(alice.start_post("/api/session/set", &json!({"key": "a", "value": 1})));
    gate.reached().await;
    set(&mut alice, "b", 2).await.result_of_nothing();
    gate.open();
    slow.await.expect("no panic").result_of_nothing();
    assert_eq!(data(&mut alice).await, json!({"b": 2, "a": 1}));
}

#[tokio::test]
async fn no_update_is_lost() {
    // Every request loads the session before the first of them saves it.
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    let gates: Vec<_> = (0..20).map(|_| app.store.park(Kind::Set)).collect();
    let requests: Vec<_> = (0..20).map(|_| tokio::spawn(alice.start_post("/api/session/count", &json!({})))).collect();
    for gate in &gates {
        gate.reached().await;
    }
    gates.iter().for_each(velox_tests::Gate::open);
    for request in requests {
        assert_eq!(request.await.expect("no panic").status, 200);
    }
    assert_eq!(data(&mut alice).await, json!({"count": 20}));
}

/// Lets `act` end Alice's session while a slow request, which has loaded that session, waits to
/// save it. Returns the reply to the slow request and its browser.
async fn slow_request_beside(
    app: &SessionsApp,
    (kind, target, body): (Kind, &str, Option<Value>),
    act: (&str, Value),
) -> (Reply, Browser) {
    let alice = app.alice().await;
    app.pass(2 * MINUTE);
    let gate = app.store.park(kind);
    let slow = match &body {
        Some(body) => tokio::spawn(alice.start_post(target, body)),
        None => tokio::spawn(alice.start_get(target)),
    };
    gate.reached().await;
    alice.clone().post(act.0, act.1).await.success();
    gate.open();
    (slow.await.expect("no panic"), alice)
}

#[tokio::test]
async fn an_ended_session_is_not_brought_back_by_a_slow_request() {
    let slow: [(Kind, &str, Option<Value>); 4] = [
        (Kind::Set, "/api/session/set", Some(json!({"key": "a", "value": 1}))),
        (Kind::Set, "/api/session/count", Some(json!({}))),
        (Kind::Touch, "/api/auth/profile", None),
        (Kind::Touch, "/api/session/peek", None),
    ];
    let ends = [
        ("/api/auth/logout", json!({})),
        ("/api/session/regenerate", json!({})),
        ("/api/auth/login", login(ALICE)),
        ("/api/auth/login", login(BOB)),
    ];
    for slow in &slow {
        for end in &ends {
            let app = SessionsApp::start();
            let (reply, mut thief) = slow_request_beside(&app, slow.clone(), end.clone()).await;
            assert!(!has_cookie_line(&reply), "{slow:?} beside {end:?}: {reply:?}");
            assert!(reply.status.as_u16() < 500, "{slow:?} beside {end:?}: {reply:?}");
            assert!(!is_logged_in(&mut thief).await, "{slow:?} beside {end:?}");
            let live = usize::from(end.0 != "/api/auth/logout");
            assert_eq!(app.store.store().len(), live, "{slow:?} beside {end:?}");
        }
    }
}

#[tokio::test]
async fn a_slow_request_does_not_write_to_the_next_users_session() {
    let app = SessionsApp::start();
    let mut browser = app.alice().await;
    let gate = app.store.park(Kind::Set);
    let slow = tokio::spawn(browser.start_post("/api/session/set", &json!({"key": "of", "value": "Alice"})));
    gate.reached().await;
    browser.post("/api/auth/login", login(BOB)).await.result();
    gate.open();
    let reply = slow.await.expect("no panic");
    browser.keep(&reply);
    assert_eq!(browser.get("/api/auth/profile").await.result()["name"], "Bob");
    assert_eq!(data(&mut browser).await, json!({}));
}

#[tokio::test]
async fn two_concurrent_logins_of_a_visitor_both_work_and_end_the_visitors_id() {
    let app = SessionsApp::start();
    let mut visitor = app.visitor();
    set(&mut visitor, "cart", 3).await.result_of_nothing();
    let gates = [app.store.park(Kind::Set), app.store.park(Kind::Set)];
    let one = tokio::spawn(visitor.start_post("/api/auth/login", &login(ALICE)));
    let other = tokio::spawn(visitor.start_post("/api/auth/login", &login(BOB)));
    for gate in &gates {
        gate.reached().await;
    }
    gates.iter().for_each(velox_tests::Gate::open);
    for (login, name) in [(one, "Alice"), (other, "Bob")] {
        let reply = login.await.expect("no panic");
        assert_eq!(reply.status, 200, "{name}");
        let mut browser = visitor.another();
        browser.keep(&reply);
        assert_eq!(browser.get("/api/auth/profile").await.result()["name"], name);
    }
    assert_eq!(visitor.get("/api/session/info").await.result()["isNew"], true);
}

#[tokio::test]
async fn a_login_whose_browser_disconnects_leaves_the_old_session_or_the_new_one() {
    // The request is dropped while it waits for this store call.
    for (kind, nth) in [(Kind::Get, 0), (Kind::Set, 0), (Kind::Destroy, 0)] {
        let app = SessionsApp::start();
        let mut alice = app.alice().await;
        let passed: Vec<_> = (0..nth).map(|_| app.store.park(kind)).collect();
        passed.iter().for_each(velox_tests::Gate::open);
        let gate = app.store.park(kind);
        let slow = tokio::spawn(alice.start_post("/api/auth/login", &login(ALICE)));
        gate.reached().await;
        slow.abort();
        assert!(slow.await.expect_err("it was dropped").is_cancelled());
        let reply = alice.get("/api/auth/profile").await;
        assert!([200, 401].contains(&reply.status.as_u16()), "{kind:?} {nth}: {reply:?}");
        alice.post("/api/auth/login", login(ALICE)).await.result();
        assert_eq!(alice.get("/api/auth/profile").await.status, 200, "{kind:?} {nth}");
    }
}

#[tokio::test]
async fn a_request_that_waits_or_is_dropped_does_not_delay_others() {
    // A request waits at each store call that requests on one session make.
    let requests = [
        (Kind::Get, "/api/session/count"),
        (Kind::Set, "/api/session/count"),
        (Kind::Set, "/api/session/regenerate"),
        (Kind::Destroy, "/api/session/regenerate"),
        (Kind::Destroy, "/api/auth/logout"),
    ];
    for (kind, target) in requests {
        let app = SessionsApp::start();
        let mut alice = app.alice().await;
        let gate = app.store.park(kind);
        let slow = tokio::spawn(alice.start_post(target, &json!({})));
        gate.reached().await;
        let count = async |alice: &mut Browser| alice.post("/api/session/count", json!({})).await.result();
        assert_eq!(count(&mut alice).await, 1, "{target} waits in {kind:?}");
        slow.abort();
        assert!(slow.await.expect_err("it was dropped").is_cancelled());
        assert_eq!(count(&mut alice).await, 2, "{target} was dropped in {kind:?}");
        assert!(is_logged_in(&mut alice).await, "{target} was dropped in {kind:?}");
    }
}

#[tokio::test]
async fn sessions_never_mix() {
    let app = SessionsApp::start();
    let mut browsers = Vec::new();
    for number in 0..20u32 {
        let mut browser = if number % 2 == 0 { app.alice().await } else { app.bob().await };
        set(&mut browser, "number", number).await.result_of_nothing();
        browsers.push(browser);
    }
    let mut requests = Vec::new();
    for round in 0..400 {
        let number = round % browsers.len();
        let browser = browsers[number].clone();
        requests.push(tokio::spawn(async move {
            let data = browser.start_get("/api/session/data").await.result();
            let info = browser.start_get("/api/session/info").await.result();
            (number, data["number"].clone(), info["userId"].clone())
        }));
    }
    for request in requests {
        let (number, found, user) = request.await.expect("no panic");
        assert_eq!((found, user), (json!(number), json!(if number % 2 == 0 { "u1" } else { "u2" })));
    }
}

trait Ended {
    /// Checks that the call succeeded.
    fn success(&self);
    /// Checks that the call succeeded without a result.
    fn result_of_nothing(&self);
}

impl Ended for Reply {
    fn success(&self) {
        assert!(self.status.is_success(), "{self:?}");
    }

    fn result_of_nothing(&self) {
        self.success();
        assert!(self.body.is_empty() || self.body == "null", "{self:?}");
    }
}
