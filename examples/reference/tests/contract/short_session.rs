//! "Sessions": the short ones, on both stores. Their seconds are real, so few tests wait for them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use velox_tests::Browser;

use crate::world::{ALICE, Reference, UNAUTHORIZED, failure};

async fn log_in(reference: &Reference) -> (Browser, Instant) {
    let mut browser = reference.browser();
    let reply = browser.post("/api/short/login", ALICE.credentials()).await;
    assert_eq!(reply.outcome(), (200, json!({"user": ALICE.shown()})));
    (browser, Instant::now())
}

async fn profile(browser: &mut Browser) -> u16 {
    browser.get("/api/short/profile").await.status.as_u16()
}

/// Waits until this much time has passed.
async fn until(start: Instant, milliseconds: u64) {
    tokio::time::sleep_until((start + Duration::from_millis(milliseconds)).into()).await;
}

async fn both() -> [Reference; 2] {
    [Reference::start(), Reference::on_redis().await]
}

#[tokio::test]
async fn its_cookie_is_short_below_its_path_http_only_and_strict() {
    for reference in both().await {
        let (browser, _) = log_in(&reference).await;
        let cookie = browser.cookie("short").expect("it is logged in");
        assert_eq!((cookie.path.as_str(), cookie.max_age), ("/api/short", 3));
        assert_eq!(cookie.flags, ["HttpOnly", "SameSite=Strict"]);
    }
}

#[tokio::test]
async fn its_user_is_the_id_and_the_email_of_the_session() {
    for reference in both().await {
        let (mut browser, _) = log_in(&reference).await;
        let user = json!({"id": "u1", "email": "alice@example.com"});
        assert_eq!(browser.get("/api/short/profile").await.outcome(), (200, user));
        assert_eq!(failure(&reference.browser().get("/api/short/profile").await), UNAUTHORIZED());
    }
}

#[tokio::test]
async fn it_has_a_store_of_its_own_and_is_no_main_session() {
    for reference in both().await {
        let (mut browser, _) = log_in(&reference).await;
        assert_eq!(reference.sessions().await, 0);
        assert_eq!(browser.get("/api/auth/profile").await.status, 401);
        let mut main = reference.browser();
        main.plant("session", &browser.value("short"));
        assert_eq!(main.get("/api/auth/profile").await.status, 401);
        let mut other = reference.logged_in(&ALICE).await;
        other.plant("short", &other.value("session"));
        assert_eq!(other.get("/api/short/profile").await.status, 401);
    }
}

#[tokio::test]
async fn touch_counts() {
    for reference in both().await {
        let mut browser = reference.browser();
        for count in 1..=3 {
            assert_eq!(browser.post("/api/short/touch", Value::Null).await.result(), json!({"count": count}));
        }
        assert_eq!(reference.browser().post("/api/short/touch", json!({})).await.result(), json!({"count": 1}));
    }
}

/// Three seconds without a request end the session. [R] A request that only reads extends it and
/// sends the renewed cookie. Six seconds after login it ends in any case [R], and neither its
/// cookie nor its row lives longer [R].
#[tokio::test]
async fn it_slides_on_reads_ends_3_s_after_the_last_request_and_6_s_after_login() {
    let (memory, redis) = tokio::join!(async { Reference::start() }, Reference::on_redis());
    tokio::join!(lives(&memory), lives(&redis), lives_from_login(&memory), lives_from_login(&redis));
}

async fn lives(reference: &Reference) {
    let (mut idle, idle_start) = log_in(reference).await;
    let (mut read, start) = log_in(reference).await;
    until(start, 2_000).await;
    assert_eq!(profile(&mut read).await, 200);
    assert_eq!(read.cookie("short").expect("it was renewed").max_age, 3);
    until(idle_start, 3_300).await;
    assert_eq!(profile(&mut idle).await, 401, "after 3 s without a request");
    until(start, 4_000).await;
    assert_eq!(profile(&mut read).await, 200, "reading has kept it alive");
    let left = read.cookie("short").expect("it was renewed").max_age;
    assert!((1..=2).contains(&left), "the cookie must not outlive the absolute timeout: {left}");
    // Somebody kept the cookie and sends it again.
    read.plant("short", &read.value("short"));
    until(start, 5_000).await;
    assert_eq!(profile(&mut read).await, 200);
    until(start, 6_300).await;
    assert_eq!(profile(&mut read).await, 401, "6 s after login");
    let touched = read.post("/api/short/touch", Value::Null).await;
    assert_eq!(touched.result(), json!({"count": 1}), "a new session");
}

/// [R] The time counts from login, not from the creation of the earlier session.
async fn lives_from_login(reference: &Reference) {
    let mut browser = reference.browser();
    let start = Instant::now();
    assert_eq!(browser.post("/api/short/touch", Value::Null).await.status, 200);
    until(start, 2_000).await;
    assert_eq!(browser.post("/api/short/login", ALICE.credentials()).await.status, 200);
    for moment in [4_000, 5_500, 7_000] {
        until(start, moment).await;
        assert_eq!(profile(&mut browser).await, 200, "{moment} ms after its creation");
    }
    until(start, 8_400).await;
    assert_eq!(profile(&mut browser).await, 401);
}
