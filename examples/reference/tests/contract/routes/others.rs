//! Health, tasks and debug; errors are in `errors`, sessions in `sessions`.

use http::Method;
use serde_json::json;

use crate::world::{ALICE, Reference, SUCCESS, TEMP, Visit, on_each_store};

#[tokio::test]
async fn health_get_health_has_no_session_and_no_cookie() {
    on_each_store(async |reference| {
        let reply = reference.logged_in(&ALICE).await.get("/api/health").await;
        assert_eq!(reply.outcome(), (200, json!({"status": "ok"})));
        assert_eq!((reply.header("set-cookie"), reply.header("vary")), (None, None));
    })
    .await;
}

#[tokio::test]
async fn tasks_get_task_is_two_resources_deep_and_gives_its_input() {
    let reference = Reference::start();
    let reply = reference.client().get("/api/organizations/o1/projects/p1/tasks/t1?id=t2").await;
    assert_eq!(reply.outcome(), (200, json!({"orgId": "o1", "projectId": "p1", "id": "t1"})));
}

#[tokio::test]
async fn debug_count_sessions_counts_the_main_ones() {
    on_each_store(async |reference| {
        assert_eq!(reference.sessions().await, 0);
        reference.logged_in(&ALICE).await;
        reference.browser().set("a", json!(1)).await;
        reference.browser().post("/api/short/touch", json!({})).await;
        assert_eq!(reference.sessions().await, 2);
    })
    .await;
}

#[tokio::test]
async fn debug_reset_goes_back_to_the_seed_data_and_ends_all_sessions_of_both_kinds() {
    on_each_store(async |reference| {
        let api = reference.client();
        let mut browser = reference.logged_in(&TEMP).await;
        browser.post("/api/short/login", TEMP.credentials()).await;
        browser.post("/api/auth/deactivate", json!({})).await;
        api.json(Method::DELETE, "/api/users/1", "").await;
        api.post("/api/users", r#"{"name":"E","email":"e@example.com"}"#).await;
        api.post("/api/notes", r#"{"text":"a"}"#).await;
        assert_eq!(api.post("/api/debug/reset", "").await.outcome(), SUCCESS.outcome());
        assert_eq!(reference.sessions().await, 0);
        assert_eq!(browser.profile().await, 401);
        assert_eq!(browser.get("/api/short/profile").await.status, 401);
        assert_eq!(api.get("/api/users").await.result()["total"], 3);
        assert_eq!(api.get("/api/notes").await.result()["items"], json!([]));
        let made = api.post("/api/users", r#"{"name":"E","email":"e@example.com"}"#).await;
        assert_eq!(made.result()["id"], "4");
        browser.login(&TEMP).await;
    })
    .await;
}
