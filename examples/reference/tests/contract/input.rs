//! "Wire rules": input.

use http::{Method, Request};
use serde_json::json;
use velox_tests::Reply;

use crate::world::Reference;

/// Sends a body with a content type, if one is given.
async fn send(reference: &Reference, target: &str, content_type: Option<&str>, body: &str) -> Reply {
    let mut request = Request::post(target);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    reference.client().send(request.body(body.to_owned()).expect("a request")).await
}

#[tokio::test]
async fn get_and_delete_take_path_parameters_and_query() {
    let reference = Reference::start();
    let api = reference.client();
    assert_eq!(api.get("/api/mw/echo/a?q=b").await.result(), json!({"slug": "a", "q": "b"}));
    let removed = api.json(Method::DELETE, "/api/notes/1?reason=old", r#"{"reason":"body"}"#).await;
    assert_eq!(removed.result(), json!({"id": "1", "removed": true, "reason": "old"}));
}

#[tokio::test]
async fn post_put_and_patch_take_path_parameters_and_json_body() {
    let reference = Reference::start();
    let api = reference.client();
    let posted = api.post("/api/mw/post/a?text=query", r#"{"text":"body"}"#).await;
    assert_eq!(posted.result(), json!({"slug": "a", "text": "body"}));
    let put = api.json(Method::PUT, "/api/users/1", r#"{"name":"A","email":"a@example.com"}"#).await;
    assert_eq!(put.result(), json!({"id": "1", "name": "A", "email": "a@example.com"}));
    let patched = api.json(Method::PATCH, "/api/users/1", r#"{"age":37}"#).await;
    assert_eq!(patched.result(), json!({"id": "1", "name": "A", "email": "a@example.com", "age": 37}));
}

/// [R]
#[tokio::test]
async fn a_path_parameter_wins_over_a_query_or_body_key_of_its_name() {
    let reference = Reference::start();
    let api = reference.client();
    assert_eq!(api.get("/api/mw/echo/a?slug=b").await.result(), json!({"slug": "a"}));
    let posted = api.post("/api/mw/post/a", r#"{"slug":"b","text":"t"}"#).await;
    assert_eq!(posted.result(), json!({"slug": "a", "text": "t"}));
    let put = api.json(Method::PUT, "/api/users/1", r#"{"id":"2","name":"A","email":"a@example.com"}"#).await;
    assert_eq!(put.result()["id"], "1");
    let patched = api.json(Method::PATCH, "/api/users/1", r#"{"id":"2","age":1}"#).await;
    assert_eq!(patched.result()["id"], "1");
    let deleted = api.json(Method::DELETE, "/api/notes/7?id=8", "").await;
    assert_eq!(deleted.result()["id"], "7");
}

#[tokio::test]
async fn keys_that_the_schema_does_not_know_are_dropped() {
    let reference = Reference::start();
    let api = reference.client();
    assert_eq!(api.get("/api/mw/echo/a?admin=1").await.result(), json!({"slug": "a"}));
    let posted = api.post("/api/notes", r#"{"text":"t","admin":true,"id":"99"}"#).await;
    assert_eq!(posted.result(), json!({"id": "1", "text": "t"}));
}

#[tokio::test]
async fn path_and_query_are_percent_decoded_and_plus_in_a_query_is_a_space() {
    let reference = Reference::start();
    let echoed = reference.client().get("/api/mw/echo/a%20b%2Fc%C3%A9+d?q=x+y%2Bz%26%3D").await;
    assert_eq!(echoed.result(), json!({"slug": "a b/cé+d", "q": "x y+z&="}));
}

#[tokio::test]
async fn a_repeated_query_key_is_an_array() {
    let reference = Reference::start();
    let found = reference.client().get("/api/notes?tag=a&tag=b").await;
    assert_eq!(found.result(), json!({"q": "", "tags": ["a", "b"], "items": []}));
}

/// [R]
#[tokio::test]
async fn an_empty_body_counts_as_no_body_whatever_the_content_type() {
    let reference = Reference::start();
    for content_type in [None, Some("application/json"), Some("text/plain"), Some("application/xml"), Some("x")] {
        assert_eq!(send(&reference, "/api/mw/nothing", content_type, "").await.status, 200, "{content_type:?}");
        assert_eq!(send(&reference, "/api/notes", content_type, "").await.issues(), [": Required"], "{content_type:?}");
    }
}

#[tokio::test]
async fn no_body_and_no_path_parameters_are_refused_as_required_at_the_empty_path() {
    let reference = Reference::start();
    for target in ["/api/users", "/api/notes", "/api/auth/login", "/api/session/data"] {
        assert_eq!(send(&reference, target, None, "").await.issues(), [": Required"], "{target}");
    }
    // With a path parameter, the input exists, and its keys are missing.
    assert_eq!(send(&reference, "/api/mw/post/a", None, "").await.issues(), ["text: Required"]);
}

#[tokio::test]
async fn a_body_that_is_json_but_no_object_is_a_validation_error() {
    let reference = Reference::start();
    for (body, found) in [("[]", "array"), (r#""x""#, "string"), ("7", "number"), ("null", "null"), ("true", "boolean")]
    {
        for target in ["/api/notes", "/api/mw/post/a"] {
            let issues = send(&reference, target, Some("application/json"), body).await.issues();
            assert_eq!(issues, [format!(": Expected object, received {found}")], "{target} {body}");
        }
    }
}

#[tokio::test]
async fn other_content_types_than_json_are_415_when_a_body_is_present() {
    let reference = Reference::start();
    for content_type in
        ["application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/html"]
    {
        let reply = send(&reference, "/api/notes", Some(content_type), r#"{"text":"t"}"#).await;
        assert_eq!(reply.status, 415, "{content_type}");
    }
    for content_type in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        let reply = send(&reference, "/api/notes", Some(content_type), r#"{"text":"t"}"#).await;
        assert_eq!(reply.status, 201, "{content_type}");
    }
}

#[tokio::test]
async fn bodies_above_1_048_576_bytes_are_413() {
    let reference = Reference::start();
    let body = |length: usize| {
        let rest = r#"{"text":""}"#.len();
        format!(r#"{{"text":"{}"}}"#, "a".repeat(length - rest))
    };
    let largest = body(1_048_576);
    assert_eq!(largest.len(), 1_048_576);
    assert_eq!(send(&reference, "/api/notes", Some("application/json"), &largest).await.status, 201);
    assert_eq!(send(&reference, "/api/notes", Some("application/json"), &body(1_048_577)).await.status, 413);
}
