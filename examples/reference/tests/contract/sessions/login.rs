//! Login, logout and new session ids.

use serde_json::{Value, json};
use velox_tests::Browser;

use crate::world::{ALICE, BOB, Reference, SUCCESS, Visit, on_each_store};

/// Returns the browser of somebody who stole its cookie.
fn thief(reference: &Reference, browser: &Browser) -> Browser {
    let mut thief = reference.browser();
    thief.plant("session", &browser.value("session"));
    thief
}

#[tokio::test]
async fn login_makes_a_new_id_and_the_old_one_is_dead() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        browser.set("a", json!(1)).await;
        for account in [&ALICE, &ALICE, &BOB] {
            let (before, mut old) = (browser.value("session"), thief(reference, &browser));
            browser.login(account).await;
            assert_ne!(browser.value("session"), before);
            assert_eq!(old.info().await["isNew"], true);
            assert_eq!(old.profile().await, 401);
            assert_eq!(reference.sessions().await, 1);
        }
    })
    .await;
}

#[tokio::test]
async fn login_keeps_the_data_of_an_anonymous_session() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        browser.set("cart", json!(["a"])).await;
        browser.login(&ALICE).await;
        assert_eq!(browser.data().await, json!({"cart": ["a"]}));
        browser.login(&ALICE).await;
        assert_eq!(browser.data().await, json!({"cart": ["a"]}), "the same user's own data");
    })
    .await;
}

/// [R]
#[tokio::test]
async fn login_drops_the_data_of_a_session_of_another_user() {
    on_each_store(async |reference| {
        let mut browser = reference.logged_in(&ALICE).await;
        browser.set("cart", json!(["a"])).await;
        browser.login(&BOB).await;
        assert_eq!(browser.data().await, json!({}));
        assert_eq!(browser.info().await["userId"], "u2");
    })
    .await;
}

#[tokio::test]
async fn regenerate_makes_a_new_id_with_the_same_data_and_the_old_one_is_dead() {
    on_each_store(async |reference| {
        let mut browser = reference.logged_in(&ALICE).await;
        browser.set("a", json!(1)).await;
        let (before, mut old) = (browser.value("session"), thief(reference, &browser));
        assert_eq!(browser.post("/api/session/regenerate", json!({})).await.outcome(), SUCCESS.outcome());
        assert_ne!(browser.value("session"), before);
        assert_eq!((browser.profile().await, browser.data().await), (200, json!({"a": 1})));
        assert_eq!((old.profile().await, reference.sessions().await), (401, 1));
    })
    .await;
}

#[tokio::test]
async fn logout_deletes_the_row_and_the_cookie_on_its_path() {
    on_each_store(async |reference| {
        let mut browser = reference.logged_in(&ALICE).await;
        let mut old = thief(reference, &browser);
        let reply = browser.post("/api/auth/logout", Value::Null).await;
        assert_eq!(reply.outcome(), SUCCESS.outcome());
        let deletion = reply.header("set-cookie").expect("a deletion");
        assert!(deletion.starts_with("session=;") && deletion.contains("; Path=/"), "{deletion}");
        assert!(deletion.contains("Max-Age=0") || deletion.contains("Expires=Thu, 01 Jan 1970"), "{deletion}");
        assert_eq!((browser.cookie("session"), reference.sessions().await), (None, 0));
        assert_eq!((old.profile().await, browser.profile().await), (401, 401));
    })
    .await;
}

/// [R]
#[tokio::test]
async fn logout_all_ends_every_session_of_that_user_and_of_no_other() {
    on_each_store(async |reference| {
        let mut here = reference.logged_in(&ALICE).await;
        let mut there = reference.logged_in(&ALICE).await;
        let mut bob = reference.logged_in(&BOB).await;
        // The session belonged to another user before, and now belongs to Bob.
        let mut moved = reference.logged_in(&ALICE).await;
        moved.login(&BOB).await;
        assert_eq!(here.post("/api/auth/logout-all", json!({})).await.outcome(), SUCCESS.outcome());
        assert_eq!((here.profile().await, there.profile().await), (401, 401));
        assert_eq!((bob.profile().await, moved.profile().await), (200, 200));
        assert_eq!((here.cookie("session"), reference.sessions().await), (None, 2));
        // A user who logs in again is logged in.
        here.login(&ALICE).await;
        assert_eq!(here.profile().await, 200);
    })
    .await;
}
