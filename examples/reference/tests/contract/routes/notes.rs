use http::Method;
use serde_json::{Value, json};

use crate::world::Reference;

#[tokio::test]
async fn notes_add_note_is_201_and_ids_go_on_from_1() {
    let reference = Reference::start();
    for id in ["1", "2"] {
        let reply = reference.client().post("/api/notes", r#"{"text":"a"}"#).await;
        assert_eq!(reply.outcome(), (201, json!({"id": id, "text": "a"})));
    }
    let empty = reference.client().post("/api/notes", r#"{"text":""}"#).await;
    assert_eq!(empty.issues(), ["text: String must contain at least 1 character(s)"]);
}

#[tokio::test]
async fn notes_find_notes_gives_those_whose_text_holds_q_and_the_tags() {
    let reference = Reference::start();
    let api = reference.client();
    for text in ["buy milk", "call Bob"] {
        api.post("/api/notes", json!({"text": text}).to_string()).await;
    }
    let all = api.get("/api/notes").await.result();
    assert_eq!((&all["q"], &all["tags"]), (&json!(""), &json!([])));
    assert_eq!(all["items"], json!([{"id": "1", "text": "buy milk"}, {"id": "2", "text": "call Bob"}]));
    let found = api.get("/api/notes?q=milk&tag=home").await.result();
    assert_eq!(found, json!({"q": "milk", "tags": ["home"], "items": [{"id": "1", "text": "buy milk"}]}));
    assert_eq!(api.get("/api/notes?tag=a&tag=b").await.result()["tags"], json!(["a", "b"]));
}

#[tokio::test]
async fn notes_edit_note_is_a_put() {
    let reference = Reference::start();
    let api = reference.client();
    api.post("/api/notes", r#"{"text":"a"}"#).await;
    let edited = api.json(Method::PUT, "/api/notes/1", r#"{"text":"b"}"#).await;
    assert_eq!(edited.outcome(), (200, json!({"id": "1", "text": "b"})));
    assert_eq!(api.get("/api/notes").await.result()["items"][0]["text"], "b");
}

#[tokio::test]
async fn notes_remove_note_is_a_delete_with_200_and_its_reason_or_null() {
    let reference = Reference::start();
    let api = reference.client();
    api.post("/api/notes", r#"{"text":"a"}"#).await;
    let removed = api.json(Method::DELETE, "/api/notes/1?reason=too+old", "").await;
    assert_eq!(removed.outcome(), (200, json!({"id": "1", "removed": true, "reason": "too old"})));
    assert_eq!(api.get("/api/notes").await.result()["items"], json!([]));
    let removed = api.json(Method::DELETE, "/api/notes/1", "").await;
    assert_eq!(removed.outcome(), (200, json!({"id": "1", "removed": true, "reason": Value::Null})));
}
