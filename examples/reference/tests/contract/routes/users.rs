use http::Method;
use serde_json::{Value, json};
use velox_tests::Reply;

use crate::world::{Reference, failed, failure};

fn ada() -> Value {
    json!({"id": "1", "name": "Ada Lovelace", "email": "ada@example.com", "age": 36})
}

fn not_found(reply: &Reply) {
    assert_eq!(failure(reply), failed(404, "NotFoundError", "User with id 99 not found", "NOT_FOUND"));
    assert_eq!((&reply.json()["resource"], &reply.json()["resourceId"]), (&json!("User"), &json!("99")));
}

fn conflict(reply: &Reply) {
    assert_eq!(failure(reply), failed(409, "VeloxError", "Email already taken", "CONFLICT"));
}

#[tokio::test]
async fn users_list_users_gives_a_page() {
    let reference = Reference::start();
    let api = reference.client();
    let names = |reply: Reply| -> Vec<String> {
        let items = reply.result()["items"].as_array().expect("items").clone();
        items.iter().map(|user| user["name"].as_str().expect("a name").to_owned()).collect()
    };
    let all = api.get("/api/users").await;
    let page = all.result();
    assert_eq!((&page["page"], &page["limit"], &page["total"]), (&json!(1), &json!(20), &json!(3)));
    assert_eq!(page["items"][0], ada());
    assert_eq!(names(all), ["Ada Lovelace", "Grace Hopper", "Alan Turing"]);
    let second = api.get("/api/users?page=2&limit=2").await;
    assert_eq!((second.result()["page"].clone(), second.result()["total"].clone()), (json!(2), json!(3)));
    assert_eq!(names(second), ["Alan Turing"]);
    assert_eq!(names(api.get("/api/users?page=9").await), [""; 0]);
}

#[tokio::test]
async fn users_list_users_searches_a_part_of_the_name_in_any_case() {
    let reference = Reference::start();
    let api = reference.client();
    for (search, total) in [("ADA", 1), ("a", 3), ("ing", 1), ("x", 0), ("", 3), ("grace+h", 1)] {
        let page = api.get(&format!("/api/users?search={search}")).await.result();
        assert_eq!(page["total"], total, "{search}");
    }
}

#[tokio::test]
async fn users_list_users_checks_page_and_limit() {
    let reference = Reference::start();
    let issues = async |query: &str| reference.client().get(&format!("/api/users?{query}")).await.issues();
    let least = "Number must be greater than or equal to 1";
    assert_eq!(issues("page=0").await, [format!("page: {least}")]);
    assert_eq!(issues("page=1.5").await, ["page: Expected integer, received float"]);
    assert_eq!(issues("limit=101").await, ["limit: Number must be less than or equal to 100"]);
    assert_eq!(
        issues("page=x&limit=0").await,
        ["page: Expected number, received nan".to_owned(), format!("limit: {least}")]
    );
}

#[tokio::test]
async fn users_get_user_gives_the_user_or_not_found() {
    let reference = Reference::start();
    assert_eq!(reference.client().get("/api/users/1").await.outcome(), (200, ada()));
    not_found(&reference.client().get("/api/users/99").await);
}

#[tokio::test]
async fn users_create_user_is_201_or_409_and_ids_go_on_from_4() {
    let reference = Reference::start();
    let api = reference.client();
    for id in ["4", "5"] {
        let body =
            json!({"name": "Eve", "email": format!("eve{id}@example.com"), "address": {"city": "X", "zip": "12345"}});
        let mut expected = body.clone();
        expected["id"] = json!(id);
        assert_eq!(api.post("/api/users", body.to_string()).await.outcome(), (201, expected));
    }
    conflict(&api.post("/api/users", json!({"name": "A", "email": "ada@example.com"}).to_string()).await);
    assert_eq!(api.get("/api/users").await.result()["total"], 5);
}

#[tokio::test]
async fn users_update_user_replaces() {
    let reference = Reference::start();
    let put = async |id: &str, body: Value| {
        reference.client().json(Method::PUT, &format!("/api/users/{id}"), body.to_string()).await
    };
    let body = json!({"name": "Ada", "email": "ada@example.com"});
    let replaced = json!({"id": "1", "name": "Ada", "email": "ada@example.com"});
    assert_eq!(put("1", body.clone()).await.outcome(), (200, replaced.clone()), "the age is gone");
    assert_eq!(reference.client().get("/api/users/1").await.result(), replaced);
    not_found(&put("99", body).await);
    conflict(&put("1", json!({"name": "Ada", "email": "grace@example.com"})).await);
}

#[tokio::test]
async fn users_patch_user_merges() {
    let reference = Reference::start();
    let patch = async |id: &str, body: Value| {
        reference.client().json(Method::PATCH, &format!("/api/users/{id}"), body.to_string()).await
    };
    assert_eq!(patch("1", json!({})).await.outcome(), (200, ada()));
    let mut expected = ada();
    expected["name"] = json!("Countess");
    expected["address"] = json!({"city": "London", "zip": "12345"});
    let change = json!({"name": "Countess", "address": {"city": "London", "zip": "12345"}});
    assert_eq!(patch("1", change).await.outcome(), (200, expected));
    not_found(&patch("99", json!({})).await);
    conflict(&patch("1", json!({"email": "grace@example.com"})).await);
}

#[tokio::test]
async fn users_delete_user_gives_null_or_not_found() {
    let reference = Reference::start();
    let delete = async |id: &str| reference.client().json(Method::DELETE, &format!("/api/users/{id}"), "").await;
    assert_eq!(delete("1").await.outcome(), (204, Value::Null));
    assert_eq!(reference.client().get("/api/users/1").await.status, 404);
    not_found(&delete("99").await);
}

#[tokio::test]
async fn a_user_is_sent_with_the_keys_it_has_in_their_order() {
    let reference = Reference::start();
    let ada = r#"{"id":"1","name":"Ada Lovelace","email":"ada@example.com","age":36}"#;
    assert_eq!(reference.client().get("/api/users/1").await.text(), ada);
}
