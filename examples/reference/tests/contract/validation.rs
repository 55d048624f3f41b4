//! "Wire rules": validation errors, with the texts of Zod 3.

use http::Method;
use serde_json::{Value, json};

use crate::world::Reference;

async fn issues(body: Value) -> Vec<String> {
    let reference = Reference::start();
    reference.client().post("/api/users", body.to_string()).await.issues()
}

fn user(key: &str, value: Value) -> Value {
    let mut user = json!({"name": "A", "email": "a@example.com"});
    user[key] = value;
    user
}

#[tokio::test]
async fn every_bad_field_is_reported_at_once_and_paths_are_joined_with_dots() {
    let body = json!({"name": "", "email": "x", "age": 200, "address": {"city": "", "zip": "1"}});
    let expected = [
        "name: String must contain at least 1 character(s)",
        "email: Invalid email",
        "age: Number must be less than or equal to 150",
        "address.city: String must contain at least 1 character(s)",
        "address.zip: Invalid zip",
    ];
    assert_eq!(issues(body).await, expected);
    let mixed = json!({"name": 7, "email": "x", "age": "old", "address": {"city": ""}});
    let expected = [
        "name: Expected string, received number",
        "email: Invalid email",
        "age: Expected number, received string",
        "address.city: String must contain at least 1 character(s)",
        "address.zip: Required",
    ];
    assert_eq!(issues(mixed).await, expected);
}

#[tokio::test]
async fn a_missing_key_is_required() {
    assert_eq!(issues(json!({})).await, ["name: Required", "email: Required"]);
}

#[tokio::test]
async fn a_wrong_type_names_the_expected_and_the_received_one() {
    let reference = Reference::start();
    for (value, received) in
        [(json!("x"), "string"), (json!(true), "boolean"), (json!({}), "object"), (json!([]), "array")]
    {
        let body = user("age", value).to_string();
        let expected = [format!("age: Expected number, received {received}")];
        assert_eq!(reference.client().post("/api/users", body).await.issues(), expected);
    }
    let body = user("email", json!(null)).to_string();
    assert_eq!(reference.client().post("/api/users", body).await.issues(), ["email: Expected string, received null"]);
    let body = user("name", json!(7)).to_string();
    assert_eq!(reference.client().post("/api/users", body).await.issues(), ["name: Expected string, received number"]);
    // A text in the query is converted to a number first.
    let issues = reference.client().get("/api/users?page=x").await.issues();
    assert_eq!(issues, ["page: Expected number, received nan"]);
}

#[tokio::test]
async fn rules_have_the_texts_of_zod() {
    let reference = Reference::start();
    for (body, text) in [
        (user("email", json!("a@")), "email: Invalid email"),
        (user("name", json!("")), "name: String must contain at least 1 character(s)"),
        (user("name", json!("a".repeat(101))), "name: String must contain at most 100 character(s)"),
        (user("age", json!(-1)), "age: Number must be greater than or equal to 0"),
        (user("age", json!(151)), "age: Number must be less than or equal to 150"),
        (user("age", json!(1.5)), "age: Expected integer, received float"),
        (user("address", json!({"city": "X", "zip": "1234x"})), "address.zip: Invalid zip"),
    ] {
        assert_eq!(reference.client().post("/api/users", body.to_string()).await.issues(), [text]);
    }
}

#[tokio::test]
async fn what_is_just_within_the_rules_passes() {
    let reference = Reference::start();
    for body in [
        json!({"name": "a", "email": "1@example.com", "age": 0}),
        json!({"name": "a".repeat(100), "email": "2@example.com", "age": 150}),
        json!({"name": "é".repeat(100), "email": "3@example.com", "address": {"city": "X", "zip": "12345"}}),
    ] {
        assert_eq!(reference.client().post("/api/users", body.to_string()).await.status, 201, "{body}");
    }
}

#[tokio::test]
async fn put_and_patch_report_as_post_does() {
    let reference = Reference::start();
    let api = reference.client();
    let bad = json!({"name": "", "email": "x", "age": 151, "address": {"city": "X", "zip": "1"}}).to_string();
    let expected = [
        "name: String must contain at least 1 character(s)",
        "email: Invalid email",
        "age: Number must be less than or equal to 150",
        "address.zip: Invalid zip",
    ];
    assert_eq!(api.json(Method::PUT, "/api/users/1", bad.clone()).await.issues(), expected);
    assert_eq!(api.json(Method::PATCH, "/api/users/1", bad).await.issues(), expected);
    assert_eq!(api.json(Method::PUT, "/api/users/1", "{}").await.issues(), ["name: Required", "email: Required"]);
}
