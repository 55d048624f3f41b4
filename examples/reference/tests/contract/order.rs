//! "Wire rules": the order of the steps of a procedure.

use http::Request;
use serde_json::json;

use crate::world::{ADMIN, ALICE, Reference, UNAUTHORIZED, failed, failure};

#[tokio::test]
async fn guards_given_before_the_first_middleware_come_before_input_validation() {
    let reference = Reference::start();
    let reply = reference.client().post("/api/admin/reports", "{}").await;
    assert_eq!(failure(&reply), failed(401, "GuardError", "API key required", "GUARD_FAILED"));
}

#[tokio::test]
async fn input_validation_comes_before_middlewares() {
    let reference = Reference::start();
    let mut browser = reference.browser();
    assert_eq!(
        browser.post("/api/mw/validate-order", json!({"n": "x"})).await.issues(),
        ["n: Expected number, received string"]
    );
    assert_eq!(failure(&browser.post("/api/mw/validate-order", json!({"n": 1})).await), UNAUTHORIZED());
    assert_eq!(browser.post("/api/comments", json!({})).await.status, 404);
    assert_eq!(browser.post("/api/posts/p1/comments", json!({})).await.issues(), ["text: Required"]);
}

/// [R]
#[tokio::test]
async fn a_guard_given_after_a_middleware_sees_what_it_put_on_the_context() {
    let reference = Reference::start();
    assert_eq!(failure(&reference.browser().get("/api/admin/accounts").await), UNAUTHORIZED());
    assert_eq!(reference.logged_in(&ALICE).await.get("/api/admin/accounts").await.status, 403);
    assert_eq!(reference.logged_in(&ADMIN).await.get("/api/admin/accounts").await.status, 200);
}

#[tokio::test]
async fn several_guards_are_asked_in_the_order_in_which_they_are_written() {
    let reference = Reference::start();
    let report = |key: Option<&str>| {
        let mut request = Request::post("/api/admin/reports").header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("x-api-key", key);
        }
        request.header("x-closed", "1").body(r#"{"title":"t"}"#.to_owned()).expect("a request")
    };
    assert_eq!(reference.client().send(report(None)).await.json()["guardName"], "apiKey");
    assert_eq!(reference.client().send(report(Some("key-123"))).await.json()["guardName"], "openHours");
}

#[tokio::test]
async fn middlewares_run_in_the_order_in_which_they_are_written() {
    let reference = Reference::start();
    let api = reference.client().expecting("x-after-one").expecting("x-after-two");
    let reply = api.get("/api/mw/context").await;
    assert_eq!(reply.result()["trace"], json!(["one:before", "two:before"]));
}

#[tokio::test]
async fn the_output_schema_comes_last_and_drops_fields_that_it_does_not_name() {
    let reference = Reference::start();
    assert_eq!(reference.client().get("/api/mw/output").await.text(), r#"{"id":"1","name":"shown"}"#);
}
