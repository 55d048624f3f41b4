use http::Method;
use serde_json::{Value, json};
use velox_tests::json as with_json;

use crate::world::{ALICE, BOB, Reference, SUCCESS, TEMP, UNAUTHORIZED, Visit, failed, failure};

#[tokio::test]
async fn auth_login_gives_the_account_or_401_invalid_credentials() {
    let reference = Reference::start();
    let text = reference.browser().post("/api/auth/login", ALICE.credentials()).await;
    let account = r#"{"id":"u1","email":"alice@example.com","name":"Alice","roles":["user"]}"#;
    assert_eq!(text.text(), format!(r#"{{"user":{account}}}"#), "keys in this order");
    for (email, password) in
        [("alice@example.com", "builder-22"), ("nobody@example.com", "wonderland-1"), ("Alice@example.com", "x")]
    {
        let reply = reference.browser().post("/api/auth/login", json!({"email": email, "password": password})).await;
        assert_eq!(failure(&reply), failed(401, "AuthError", "Invalid credentials", "INVALID_CREDENTIALS"));
    }
    let reply = reference.browser().post("/api/auth/login", json!({"email": "x", "password": ""})).await;
    let expected = ["email: Invalid email", "password: String must contain at least 1 character(s)"];
    assert_eq!(reply.issues(), expected);
}

#[tokio::test]
async fn auth_logout_requires_a_session_and_ends_it() {
    let reference = Reference::start();
    let mut browser = reference.logged_in(&ALICE).await;
    assert_eq!(browser.post("/api/auth/logout", json!({})).await.outcome(), SUCCESS.outcome());
    assert_eq!(failure(&browser.post("/api/auth/logout", json!({})).await), UNAUTHORIZED());
}

#[tokio::test]
async fn auth_logout_all_requires_a_session() {
    let reference = Reference::start();
    assert_eq!(failure(&reference.browser().post("/api/auth/logout-all", json!({})).await), UNAUTHORIZED());
}

#[tokio::test]
async fn auth_get_profile_gives_the_account_as_it_is_now() {
    let reference = Reference::start();
    let mut browser = reference.logged_in(&BOB).await;
    assert_eq!(browser.get("/api/auth/profile").await.outcome(), (200, BOB.shown()));
    let mut elsewhere = reference.logged_in(&BOB).await;
    elsewhere.send(with_json(Method::PUT, "/api/auth/profile", r#"{"name":"Robert"}"#)).await;
    assert_eq!(browser.get("/api/auth/profile").await.result()["name"], "Robert");
}

#[tokio::test]
async fn auth_home_page_gives_the_account_or_null() {
    let reference = Reference::start();
    assert_eq!(reference.browser().get("/api/auth/home").await.outcome(), (200, json!({"user": Value::Null})));
    let home = reference.logged_in(&ALICE).await.get("/api/auth/home").await;
    assert_eq!(home.outcome(), (200, json!({"user": ALICE.shown()})));
}

#[tokio::test]
async fn auth_change_profile_changes_the_name_and_leaves_a_message() {
    let reference = Reference::start();
    let change = |name: &str| with_json(Method::PUT, "/api/auth/profile", json!({"name": name}).to_string());
    let mut browser = reference.logged_in(&ALICE).await;
    let mut expected = ALICE.shown();
    expected["name"] = json!("Alicia");
    assert_eq!(browser.send(change("Alicia")).await.outcome(), (200, expected));
    let message = browser.get("/api/session/flash?key=success").await;
    assert_eq!(message.result(), json!({"message": "Profile updated!"}));
    assert_eq!(browser.send(change("")).await.issues(), ["name: String must contain at least 1 character(s)"]);
    assert_eq!(failure(&reference.browser().send(change("Eve")).await), UNAUTHORIZED());
}

#[tokio::test]
async fn auth_deactivate_deletes_the_account_and_leaves_its_sessions() {
    let reference = Reference::start();
    let mut browser = reference.logged_in(&TEMP).await;
    assert_eq!(browser.post("/api/auth/deactivate", json!({})).await.outcome(), SUCCESS.outcome());
    assert_eq!(reference.sessions().await, 1);
    let again = reference.browser().post("/api/auth/login", TEMP.credentials()).await;
    assert_eq!(again.failure(), (401, "INVALID_CREDENTIALS".to_owned()));
    assert_eq!(browser.profile().await, 401);
    assert_eq!(failure(&reference.browser().post("/api/auth/deactivate", json!({})).await), UNAUTHORIZED());
}
