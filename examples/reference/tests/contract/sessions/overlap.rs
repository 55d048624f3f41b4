//! Overlapping requests of one session. [R]
//!
//! The slow request loads the session first and saves it last. A test cannot see when it has loaded
//! the session, so it waits for a while.

use std::time::Duration;

use serde_json::{Value, json};
use velox_tests::{Browser, Reply};

use crate::world::{ALICE, Reference, SUCCESS, Visit, on_each_store};

/// Runs a slow write and another request in the meantime. Returns the reply to the write.
async fn during_a_slow_write(browser: &mut Browser, meanwhile: impl AsyncFnOnce(&mut Browser)) -> Reply {
    let slow = json!({"key": "slow", "value": 1, "delayMs": 1_500});
    let slow = tokio::spawn(browser.start_post("/api/session/data", &slow));
    tokio::time::sleep(Duration::from_millis(300)).await;
    meanwhile(browser).await;
    assert!(!slow.is_finished(), "the other request took longer than the slow one");
    slow.await.expect("a reply")
}

#[tokio::test]
async fn writes_to_different_keys_both_last() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        browser.set("before", json!(0)).await;
        let slow = during_a_slow_write(&mut browser, async |browser| browser.set("fast", json!(2)).await).await;
        assert_eq!(slow.outcome(), SUCCESS.outcome());
        assert_eq!(browser.data().await, json!({"before": 0, "fast": 2, "slow": 1}));
    })
    .await;
}

/// The requests that end or move a session while another request of it is running.
async fn is_not_brought_back(target: &str, body: Value) {
    on_each_store(async |reference: &Reference| {
        let mut browser = reference.logged_in(&ALICE).await;
        let dead = browser.value("session");
        let slow = during_a_slow_write(&mut browser, async |browser| {
            assert_eq!(browser.post(target, body.clone()).await.status, 200);
        })
        .await;
        let cookie = slow.header("set-cookie").unwrap_or_default();
        assert!(!cookie.contains(&dead), "the ended cookie is sent again: {slow:?}");
        let mut old = reference.browser();
        old.plant("session", &dead);
        assert_eq!((old.profile().await, old.info().await["isNew"].clone()), (401, json!(true)), "{slow:?}");
    })
    .await;
}

#[tokio::test]
async fn a_session_ended_by_logout_is_not_brought_back_by_a_request_that_saves_later() {
    is_not_brought_back("/api/auth/logout", json!({})).await;
}

#[tokio::test]
async fn a_session_ended_by_logout_all_is_not_brought_back_by_a_request_that_saves_later() {
    is_not_brought_back("/api/auth/logout-all", json!({})).await;
}

#[tokio::test]
async fn a_session_moved_by_login_is_not_brought_back_by_a_request_that_saves_later() {
    is_not_brought_back("/api/auth/login", ALICE.credentials()).await;
}

#[tokio::test]
async fn a_session_moved_by_regenerate_is_not_brought_back_by_a_request_that_saves_later() {
    is_not_brought_back("/api/session/regenerate", json!({})).await;
}
