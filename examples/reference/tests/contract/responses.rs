//! "Wire rules": responses.

use http::Method;
use serde_json::{Value, json};
use velox_tests::get;

use crate::world::Reference;

#[tokio::test]
async fn responses_are_json_in_utf_8() {
    let reference = Reference::start();
    let api = reference.client();
    for target in ["/api/health", "/api/users", "/api/errors/custom", "/api/nope"] {
        assert_eq!(api.get(target).await.header("content-type"), Some("application/json; charset=utf-8"), "{target}");
    }
}

#[tokio::test]
async fn a_result_is_sent_as_its_json_and_null_as_null_with_200() {
    let reference = Reference::start();
    let reply = reference.client().get("/api/mw/null").await;
    assert_eq!((reply.status.as_u16(), reply.text()), (200, "null"));
    assert_eq!(reference.client().get("/api/health").await.text(), r#"{"status":"ok"}"#);
}

#[tokio::test]
async fn a_post_of_a_procedure_named_create_or_add_is_201_and_any_other_is_200() {
    let reference = Reference::start();
    let api = reference.client();
    for (target, body, status) in [
        ("/api/users", json!({"name": "Eve", "email": "eve@example.com"}), 201),
        ("/api/notes", json!({"text": "a"}), 201),
        ("/api/mw/post/a", json!({"text": "a"}), 200),
    ] {
        assert_eq!(api.post(target, body.to_string()).await.status, status, "{target}");
    }
}

#[tokio::test]
async fn a_delete_whose_result_is_null_is_204_with_an_empty_body_and_any_other_is_200() {
    let reference = Reference::start();
    let api = reference.client();
    let reply = api.json(Method::DELETE, "/api/users/1", "").await;
    assert_eq!((reply.status.as_u16(), reply.body.len()), (204, 0));
    assert_eq!(api.json(Method::DELETE, "/api/notes/1", "").await.status, 200);
}

#[tokio::test]
async fn a_procedure_that_returns_nothing_is_200_or_204_with_an_empty_body_or_null() {
    let reference = Reference::start();
    let reply = reference.client().post("/api/mw/nothing", "").await;
    assert!([200, 204].contains(&reply.status.as_u16()), "{reply:?}");
    assert_eq!(reply.outcome().1, Value::Null);
}

#[tokio::test]
async fn head_works_wherever_get_does() {
    let reference = Reference::start();
    let api = reference.client();
    for target in
        ["/api/health", "/api/users", "/api/users/1", "/api/users/99", "/api/mw/echo/a?q=b", "/api/posts/p1/comments"]
    {
        let mut head = get(target);
        *head.method_mut() = Method::HEAD;
        let (head, get) = (api.send(head).await, api.get(target).await);
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{target}");
        assert_eq!(head.header("content-length"), get.header("content-length"), "{target}");
    }
}
