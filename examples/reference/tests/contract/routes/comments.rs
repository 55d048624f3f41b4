use http::Method;
use serde_json::{Value, json};
use velox_tests::json as with_json;

use crate::world::{ALICE, BOB, Reference, UNAUTHORIZED, failed, failure};

fn nice() -> Value {
    json!({"id": "c1", "postId": "p1", "text": "Nice", "authorId": "u2"})
}

#[tokio::test]
async fn comments_list_comments_gives_those_of_the_post_or_not_found() {
    let reference = Reference::start();
    let api = reference.client();
    assert_eq!(api.get("/api/posts/p1/comments").await.outcome(), (200, json!([nice()])));
    assert_eq!(api.get("/api/posts/p2/comments").await.outcome(), (200, json!([])));
    let missing = api.get("/api/posts/p9/comments").await;
    assert_eq!(failure(&missing), failed(404, "NotFoundError", "Post with id p9 not found", "NOT_FOUND"));
}

#[tokio::test]
async fn comments_get_comment_is_not_found_also_under_a_wrong_post() {
    let reference = Reference::start();
    let api = reference.client();
    assert_eq!(api.get("/api/posts/p1/comments/c1").await.outcome(), (200, nice()));
    for (target, id) in [("/api/posts/p2/comments/c1", "c1"), ("/api/posts/p1/comments/c9", "c9")] {
        let message = format!("Comment with id {id} not found");
        assert_eq!(failure(&api.get(target).await), failed(404, "NotFoundError", &message, "NOT_FOUND"));
    }
}

#[tokio::test]
async fn comments_create_comment_is_201_by_the_user_and_ids_go_on_from_c2() {
    let reference = Reference::start();
    let mut alice = reference.logged_in(&ALICE).await;
    for id in ["c2", "c3"] {
        let made = alice.post("/api/posts/p2/comments", json!({"text": "Well", "authorId": "u2"})).await;
        assert_eq!(made.outcome(), (201, json!({"id": id, "postId": "p2", "text": "Well", "authorId": "u1"})));
    }
    let empty = alice.post("/api/posts/p2/comments", json!({"text": ""})).await;
    assert_eq!(empty.issues(), ["text: String must contain at least 1 character(s)"]);
    let nobody = reference.browser().post("/api/posts/p2/comments", json!({"text": "a"})).await;
    assert_eq!(failure(&nobody), UNAUTHORIZED());
}

#[tokio::test]
async fn comments_delete_comment_deletes_ones_own_and_refuses_anothers() {
    let reference = Reference::start();
    let delete = |target: &str| with_json(Method::DELETE, target, "");
    let nobody = reference.browser().send(delete("/api/posts/p1/comments/c1")).await;
    assert_eq!(failure(&nobody), UNAUTHORIZED());
    let alice = reference.logged_in(&ALICE).await.send(delete("/api/posts/p1/comments/c1")).await;
    assert_eq!(failure(&alice), failed(403, "VeloxError", "Not your comment", "FORBIDDEN"));
    let mut bob = reference.logged_in(&BOB).await;
    assert_eq!(bob.send(delete("/api/posts/p2/comments/c1")).await.status, 404);
    assert_eq!(bob.send(delete("/api/posts/p1/comments/c1")).await.outcome(), (204, Value::Null));
    assert_eq!(bob.get("/api/posts/p1/comments").await.result(), json!([]));
}
