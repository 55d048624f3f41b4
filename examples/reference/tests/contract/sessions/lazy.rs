//! The lazy middleware.

use serde_json::json;

use crate::world::{ALICE, Visit, on_each_store};

#[tokio::test]
async fn an_untouched_lazy_session_costs_nothing_and_changes_nothing() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        let reply = browser.get("/api/session/lazy").await;
        assert_eq!((reply.outcome(), reply.header("set-cookie")), ((200, json!({"ok": true})), None));
        assert_eq!(reference.sessions().await, 0);
        browser.login(&ALICE).await;
        browser.set("a", json!(1)).await;
        let before = browser.value("session");
        assert_eq!(browser.get("/api/session/lazy").await.status, 200);
        assert_eq!((browser.value("session"), browser.data().await), (before, json!({"a": 1})));
    })
    .await;
}

/// [R]
#[tokio::test]
async fn a_touched_lazy_session_is_the_visitor_s_own() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        assert_eq!(browser.get("/api/session/lazy-data").await.result(), json!({"data": {}}));
        browser.set("a", json!(1)).await;
        assert_eq!(browser.get("/api/session/lazy-data").await.result(), json!({"data": {"a": 1}}));
        assert_eq!(reference.browser().get("/api/session/lazy-data").await.result(), json!({"data": {}}));
    })
    .await;
}
