//! "Sessions": the layout in Redis.

use redis::Value as Reply;
use serde_json::{Value, json};
use velox_session::clock::{Clock, SystemClock};

use crate::world::{ALICE, Reference, SUCCESS, Visit};

/// Returns the record under a key, and its TTL in seconds.
async fn record(reference: &Reference, key: &str) -> (Value, i64) {
    let Reply::BulkString(text) = reference.redis().command(&["GET", key]).await else { panic!("no record at {key}") };
    let Reply::Int(ttl) = reference.redis().command(&["TTL", key]).await else { panic!("no TTL of {key}") };
    (serde_json::from_slice(&text).expect("JSON"), ttl)
}

/// Checks the times and returns the rest of the data.
fn timeless(record: &Value, ttl: i64, lifetime: i64) -> Value {
    let now = i64::try_from(SystemClock.now()).expect("small");
    let left = record["expiresAt"].as_i64().expect("Unix milliseconds") - now;
    assert!((lifetime * 1_000 - 3_000..=lifetime * 1_000).contains(&left), "{record}");
    assert!((ttl * 1_000 - left).abs() <= 2_000, "the TTL is the time until `expiresAt`: {ttl} s, {record}");
    let mut data = record["data"].clone();
    for key in ["_createdAt", "_lastAccessedAt"] {
        let at = data[key].take().as_i64().expect("Unix milliseconds");
        assert!((now - 3_000..=now).contains(&at), "{record}");
        data.as_object_mut().expect("an object").remove(key);
    }
    data
}

#[tokio::test]
async fn a_session_lies_under_session_and_its_id_as_json_with_a_ttl() {
    let reference = Reference::on_redis().await;
    let mut browser = reference.logged_in(&ALICE).await;
    browser.set("cart", json!(["a"])).await;
    let flash = browser.post("/api/session/flash", json!({"key": "success", "value": "hi"})).await;
    assert_eq!(flash.outcome(), SUCCESS.outcome());
    let id = browser.value("session").split_once('.').expect("two parts").0.to_owned();
    let (record, ttl) = record(&reference, &format!("session:{id}")).await;
    assert_eq!(record["id"], json!(id));
    let data = timeless(&record, ttl, 86_400);
    let expected =
        json!({"userId": "u1", "userEmail": "alice@example.com", "_flash": {"success": "hi"}, "cart": ["a"]});
    assert_eq!(data, expected);
}

#[tokio::test]
async fn a_short_session_lies_under_short_and_its_id() {
    let reference = Reference::on_redis().await;
    let mut browser = reference.browser();
    assert_eq!(browser.post("/api/short/login", ALICE.credentials()).await.status, 200);
    let id = browser.value("short").split_once('.').expect("two parts").0.to_owned();
    let (record, ttl) = record(&reference, &format!("short:{id}")).await;
    let mut data = timeless(&record, ttl, 3);
    data.as_object_mut().expect("an object").remove("_flash");
    assert_eq!(data, json!({"userId": "u1", "userEmail": "alice@example.com"}));
}
