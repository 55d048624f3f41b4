//! When a session is created, and which data it keeps.

use http::Method;
use serde_json::{Value, json};
use velox_tests::{Reply, json as with_json};

use crate::world::{ALICE, SUCCESS, Visit, failed, failure, on_each_store};

/// Returns the number of cookies that a reply sets.
fn cookies(reply: &Reply) -> usize {
    reply.headers.get_all("set-cookie").iter().count()
}

/// [R]
#[tokio::test]
async fn no_session_comes_into_being_by_reading_by_a_401_or_by_a_failed_login() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        for target in [
            "/api/session/info",
            "/api/session/data",
            "/api/session/flash?key=a",
            "/api/auth/home",
            "/api/auth/profile",
            "/api/session/lazy",
            "/api/session/lazy-data",
        ] {
            assert_eq!(cookies(&browser.get(target).await), 0, "{target}");
        }
        let wrong = json!({"email": "alice@example.com", "password": "wrong"});
        let failed = browser.post("/api/auth/login", wrong).await;
        assert_eq!((failed.status.as_u16(), cookies(&failed)), (401, 0));
        let nothing = browser.send(with_json(Method::DELETE, "/api/session/data/a", "")).await;
        assert_eq!(nothing.status, 204);
        assert_eq!(reference.sessions().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_session_comes_into_being_with_the_first_write() {
    on_each_store(async |reference| {
        for (number, (target, body)) in [
            ("/api/session/data", json!({"key": "a", "value": 1})),
            ("/api/session/flash", json!({"key": "a", "value": 1})),
            ("/api/auth/login", ALICE.credentials()),
        ]
        .into_iter()
        .enumerate()
        {
            let reply = reference.browser().post(target, body).await;
            assert_eq!((cookies(&reply), reference.sessions().await), (1, number as u64 + 1), "{target}");
        }
    })
    .await;
}

#[tokio::test]
async fn data_is_kept_as_it_was_set_and_removed() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        let values = [json!(1), json!("a"), json!(null), json!(false), json!([1, {"b": 2.5}]), json!({"é": "☃"})];
        for (number, value) in values.iter().enumerate() {
            browser.set(&format!("k{number}"), value.clone()).await;
        }
        let data = browser.data().await;
        assert_eq!(data.as_object().expect("an object").values().cloned().collect::<Vec<_>>(), values);
        assert_eq!(browser.send(with_json(Method::DELETE, "/api/session/data/k0", "")).await.status, 204);
        assert_eq!((browser.data().await.get("k0"), browser.data().await.get("k1")), (None, Some(&json!("a"))));
        // The internal keys are not visible.
        browser.login(&ALICE).await;
        assert_eq!(browser.data().await.as_object().expect("an object").len(), 5);
    })
    .await;
}

#[tokio::test]
async fn a_write_is_saved_also_when_the_procedure_ends_in_an_error() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        let reply = browser.post("/api/session/fail", json!({"key": "a", "value": [1]})).await;
        assert_eq!(failure(&reply), failed(422, "VeloxError", "Deliberate failure", "DELIBERATE"));
        assert_eq!(cookies(&reply), 1);
        assert_eq!(browser.data().await, json!({"a": [1]}));
    })
    .await;
}

#[tokio::test]
async fn a_write_renews_the_cookie_and_set_cookie_carries_the_lifetime_left() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        browser.set("a", json!(1)).await;
        for (target, body) in [
            ("/api/session/data", json!({"key": "a", "value": 2})),
            ("/api/session/flash", json!({"key": "a", "value": 2})),
            ("/api/session/regenerate", json!({})),
        ] {
            let reply = browser.post(target, body).await;
            assert_eq!((reply.outcome(), cookies(&reply)), (SUCCESS.outcome(), 1), "{target}");
            assert_eq!(browser.cookie("session").expect("it was set").max_age, 86_400, "{target}");
        }
        let removed = browser.send(with_json(Method::DELETE, "/api/session/data/a", "")).await;
        assert_eq!(cookies(&removed), 1);
    })
    .await;
}

#[tokio::test]
async fn a_slow_write_waits_as_long_as_it_is_told() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        let body = json!({"key": "a", "value": 1, "delayMs": 20});
        assert_eq!(browser.post("/api/session/data", body).await.outcome(), SUCCESS.outcome());
        for (delay, issue) in [
            (json!(-1), "delayMs: Number must be greater than or equal to 0"),
            (json!(5001), "delayMs: Number must be less than or equal to 5000"),
            (json!(1.5), "delayMs: Expected integer, received float"),
        ] {
            let body = json!({"key": "a", "value": Value::Null, "delayMs": delay});
            assert_eq!(browser.post("/api/session/data", body).await.issues(), [issue]);
        }
    })
    .await;
}
