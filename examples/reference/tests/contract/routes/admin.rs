use http::Request;
use serde_json::json;
use velox_tests::Reply;

use crate::world::{ADMIN, ALICE, BOB, Reference, TEMP, failed, failure};

async fn send(reference: &Reference, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let method = if body.is_empty() { "GET" } else { "POST" };
    let mut request = Request::builder().method(method).uri(target).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    reference.client().send(request.body(body.to_owned()).expect("a request")).await
}

const KEY: (&str, &str) = ("x-api-key", "key-123");
const CLOSED: (&str, &str) = ("x-closed", "1");

#[tokio::test]
async fn admin_get_stats_is_behind_the_api_key() {
    let reference = Reference::start();
    let target = "/api/admin/stats";
    assert_eq!(send(&reference, target, &[KEY], "").await.outcome(), (200, json!({"users": 3})));
    for headers in [&[][..], &[("x-api-key", "key-124")], &[("x-api-key", "")]] {
        let refused = send(&reference, target, headers, "").await;
        assert_eq!(failure(&refused), failed(401, "GuardError", "API key required", "GUARD_FAILED"));
        assert_eq!(refused.json()["guardName"], "apiKey");
    }
}

#[tokio::test]
async fn admin_create_report_is_201_behind_the_api_key_and_then_the_open_hours() {
    let reference = Reference::start();
    let target = "/api/admin/reports";
    let made = send(&reference, target, &[KEY], r#"{"title":"t"}"#).await;
    assert_eq!(made.outcome(), (201, json!({"title": "t"})));
    let closed = send(&reference, target, &[KEY, CLOSED], r#"{"title":"t"}"#).await;
    assert_eq!(failure(&closed), failed(403, "GuardError", "Closed", "GUARD_FAILED"));
    assert_eq!(closed.json()["guardName"], "openHours");
    assert_eq!(send(&reference, target, &[CLOSED], r#"{"title":"t"}"#).await.json()["guardName"], "apiKey");
    assert_eq!(send(&reference, target, &[KEY, ("x-closed", "0")], r#"{"title":"t"}"#).await.status, 201);
    let empty = send(&reference, target, &[KEY], r#"{"title":""}"#).await;
    assert_eq!(empty.issues(), ["title: String must contain at least 1 character(s)"]);
}

#[tokio::test]
async fn admin_list_accounts_is_for_administrators() {
    let reference = Reference::start();
    let all = json!([ALICE.shown(), BOB.shown(), ADMIN.shown(), TEMP.shown()]);
    assert_eq!(reference.logged_in(&ADMIN).await.get("/api/admin/accounts").await.outcome(), (200, all));
    let refused = reference.logged_in(&ALICE).await.get("/api/admin/accounts").await;
    assert_eq!(failure(&refused), failed(403, "GuardError", "Required role: admin", "GUARD_FAILED"));
    assert_eq!(refused.json()["guardName"], "hasRole:admin");
}
