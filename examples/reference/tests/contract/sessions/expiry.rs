//! The lifetime of a main session, as far as a test can see it without waiting for a day. See also
//! `short_session`.

use serde_json::json;

use crate::world::{ALICE, Visit, on_each_store};

#[tokio::test]
async fn a_request_that_only_reads_leaves_the_session_and_its_cookie_alive() {
    on_each_store(async |reference| {
        let mut browser = reference.logged_in(&ALICE).await;
        for target in ["/api/auth/profile", "/api/session/data", "/api/session/info"] {
            assert_eq!(browser.get(target).await.status, 200, "{target}");
            let left = browser.cookie("session").expect("it stays").max_age;
            assert!((86_400 / 2..=86_400).contains(&left), "{target}: {left}");
        }
        assert_eq!(reference.sessions().await, 1);
        assert_eq!(browser.info().await, json!({"isNew": false, "authenticated": true, "userId": "u1"}));
    })
    .await;
}
