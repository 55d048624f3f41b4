//! Flash messages.

use serde_json::{Value, json};
use velox_tests::Browser;

use crate::world::{ALICE, SUCCESS, Visit, on_each_store};

async fn flash(browser: &mut Browser, key: &str, value: Value) {
    let reply = browser.post("/api/session/flash", json!({"key": key, "value": value})).await;
    assert_eq!(reply.outcome(), SUCCESS.outcome());
}

async fn read(browser: &mut Browser, key: &str) -> Value {
    browser.get(&format!("/api/session/flash?key={key}")).await.result()["message"].clone()
}

#[tokio::test]
async fn a_message_of_one_request_is_read_once_in_a_later_one() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        flash(&mut browser, "a", json!({"text": "hi"})).await;
        assert_eq!(read(&mut browser, "a").await, json!({"text": "hi"}));
        assert_eq!(read(&mut browser, "a").await, Value::Null);
        assert_eq!(read(&mut browser, "b").await, Value::Null);
    })
    .await;
}

/// [R]
#[tokio::test]
async fn a_message_stays_until_it_is_read() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        flash(&mut browser, "a", json!("first")).await;
        flash(&mut browser, "b", json!("second")).await;
        browser.info().await;
        browser.set("c", json!(1)).await;
        assert_eq!(read(&mut browser, "c").await, Value::Null);
        assert_eq!(read(&mut browser, "b").await, "second");
        assert_eq!(read(&mut browser, "a").await, "first");
    })
    .await;
}

/// [R]
#[tokio::test]
async fn a_message_can_still_be_read_after_login_in_the_same_request() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        flash(&mut browser, "a", json!("welcome")).await;
        let mut body = ALICE.credentials();
        body["key"] = json!("a");
        let reply = browser.post("/api/session/login-flash", body).await;
        assert_eq!(reply.outcome(), (200, json!({"message": "welcome"})));
        assert_eq!((read(&mut browser, "a").await, browser.profile().await), (Value::Null, 200));
    })
    .await;
}

#[tokio::test]
async fn a_message_is_no_data_of_the_session() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        flash(&mut browser, "a", json!(1)).await;
        assert_eq!(browser.data().await, json!({}));
    })
    .await;
}
