use http::Request;
use serde_json::{Value, json};

use crate::world::{ALICE, Reference, UNAUTHORIZED, failure};

#[tokio::test]
async fn mw_get_context_shows_the_tenant_and_the_trace_and_sends_the_headers_of_one_and_two() {
    let reference = Reference::start();
    let api = reference.client().expecting("x-after-one").expecting("x-after-two");
    for (tenant, shown) in [(Some("acme"), "acme"), (None, "default")] {
        let mut request = Request::get("/api/mw/context");
        if let Some(tenant) = tenant {
            request = request.header("x-tenant", tenant);
        }
        let reply = api.send(request.body(String::new()).expect("a request")).await;
        assert_eq!(reply.outcome(), (200, json!({"tenant": shown, "trace": ["one:before", "two:before"]})));
        assert_eq!((reply.header("x-after-one"), reply.header("x-after-two")), (Some("1"), Some("1")));
    }
}

#[tokio::test]
async fn mw_short_circuit_is_answered_by_the_middleware() {
    let reference = Reference::start();
    assert_eq!(reference.client().get("/api/mw/short-circuit").await.outcome(), (200, json!({"from": "middleware"})));
}

#[tokio::test]
async fn mw_strip_output_sends_what_the_schema_names() {
    let reference = Reference::start();
    let reply = reference.client().get("/api/mw/output").await;
    assert_eq!(reply.outcome(), (200, json!({"id": "1", "name": "shown"})));
}

#[tokio::test]
async fn mw_bad_output_is_500() {
    let reference = Reference::start();
    assert_eq!(reference.client().get("/api/mw/bad-output").await.status, 500);
}

#[tokio::test]
async fn mw_validate_before_session_gives_its_input_to_who_is_logged_in() {
    let reference = Reference::start();
    let mut browser = reference.logged_in(&ALICE).await;
    for n in [1.0, -2.5, 0.0] {
        let reply = browser.post("/api/mw/validate-order", json!({"n": n})).await;
        assert_eq!(reply.result()["n"].as_f64(), Some(n));
    }
    let nobody = reference.browser().post("/api/mw/validate-order", json!({"n": 1})).await;
    assert_eq!(failure(&nobody), UNAUTHORIZED());
}

#[tokio::test]
async fn mw_return_nothing_and_return_null() {
    let reference = Reference::start();
    assert_eq!(reference.client().post("/api/mw/nothing", "").await.outcome().1, Value::Null);
    assert_eq!(reference.client().get("/api/mw/null").await.text(), "null");
}

#[tokio::test]
async fn mw_echo_param_gives_path_and_query() {
    let reference = Reference::start();
    assert_eq!(reference.client().get("/api/mw/echo/a?q=1").await.result(), json!({"slug": "a", "q": "1"}));
    assert_eq!(reference.client().get("/api/mw/echo/7").await.result(), json!({"slug": "7"}));
}

#[tokio::test]
async fn mw_post_param_gives_path_and_body_with_200() {
    let reference = Reference::start();
    let reply = reference.client().post("/api/mw/post/a%20b", r#"{"text":"t"}"#).await;
    assert_eq!(reply.outcome(), (200, json!({"slug": "a b", "text": "t"})));
}
