//! The cookie, and which cookies are accepted.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use velox_tests::{Browser, forged};

use crate::world::{ALICE, BOB, SECRET, TEMP, UNAUTHORIZED, Visit, failed, failure, on_each_store};

/// Makes a correctly signed cookie with this id.
pub fn signed(id: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
    mac.update(id.as_bytes());
    format!("{id}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// Returns whether the app treats the browser as a new visitor.
async fn is_new(browser: &mut Browser) -> bool {
    browser.info().await == json!({"isNew": true, "authenticated": false, "userId": null})
}

#[tokio::test]
async fn the_cookie_is_session_at_the_root_http_only_lax_not_secure_without_a_domain_for_86400_s() {
    on_each_store(async |reference| {
        let browser = reference.logged_in(&ALICE).await;
        let cookie = browser.cookie("session").expect("it is logged in");
        assert_eq!((cookie.path.as_str(), cookie.max_age), ("/", 86_400));
        assert_eq!(cookie.flags, ["HttpOnly", "SameSite=Lax"]);
    })
    .await;
}

#[tokio::test]
async fn its_value_is_an_id_of_32_bytes_and_the_mac_of_that_in_base64url() {
    on_each_store(async |reference| {
        let value = reference.logged_in(&ALICE).await.value("session");
        let (id, _) = value.split_once('.').expect("two parts");
        assert_eq!(URL_SAFE_NO_PAD.decode(id).expect("base64url").len(), 32);
        assert_eq!((id.len(), &value), (43, &signed(id)));
    })
    .await;
}

#[tokio::test]
async fn a_cookie_is_ignored_when_the_mac_is_wrong_or_missing_or_the_id_too_short_too_plain_or_unknown() {
    on_each_store(async |reference| {
        let value = reference.logged_in(&ALICE).await.value("session");
        let id = value.split_once('.').expect("two parts").0.to_owned();
        let unknown = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ";
        let short = signed(&unknown[..39]);
        let plain = signed("abababababababababababababababababababababa");
        for cookie in [forged(&value), id.clone(), format!("{id}."), signed(unknown), short, plain, String::new()] {
            let mut browser = reference.browser();
            browser.plant("session", &cookie);
            assert!(is_new(&mut browser).await, "{cookie}");
            assert_eq!(failure(&browser.get("/api/auth/profile").await), UNAUTHORIZED(), "{cookie}");
        }
        assert_eq!(reference.sessions().await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_id_of_a_client_is_never_taken_over_for_a_new_session() {
    on_each_store(async |reference| {
        let own = signed("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ");
        let mut browser = reference.browser();
        browser.plant("session", &own);
        browser.set("a", json!(1)).await;
        assert_ne!(browser.value("session"), own);
        let mut browser = reference.browser();
        browser.plant("session", &own);
        browser.login(&ALICE).await;
        assert_ne!(browser.value("session"), own);
        let mut browser = reference.browser();
        browser.plant("session", &own);
        assert!(is_new(&mut browser).await);
    })
    .await;
}

#[tokio::test]
async fn other_cookies_in_the_header_do_no_harm() {
    on_each_store(async |reference| {
        let value = reference.logged_in(&ALICE).await.value("session");
        for cookies in [
            format!("a=b; session={value}; c=d"),
            format!("session2=x; xsession=y; session={value}"),
            format!("a; b=\"c d\"; =e; f=; session={value}"),
        ] {
            let request = http::Request::get("/api/auth/profile").header("cookie", &cookies);
            let reply = reference.browser().send(request.body(Default::default()).expect("a request")).await;
            assert_eq!(reply.outcome(), (200, ALICE.shown()), "{cookies}");
        }
    })
    .await;
}

#[tokio::test]
async fn required_without_a_user_is_401_session_unauthorized() {
    on_each_store(async |reference| {
        let mut anonymous = reference.browser();
        anonymous.set("a", json!(1)).await;
        for mut browser in [reference.browser(), anonymous] {
            assert_eq!(failure(&browser.get("/api/auth/profile").await), UNAUTHORIZED());
            assert_eq!(failure(&browser.post("/api/auth/logout", Value::Null).await), UNAUTHORIZED());
        }
    })
    .await;
}

#[tokio::test]
async fn required_with_a_user_who_is_gone_is_401_user_not_found_and_ends_the_session() {
    on_each_store(async |reference| {
        let mut browser = reference.logged_in(&TEMP).await;
        let mut other = reference.logged_in(&TEMP).await;
        assert_eq!(browser.post("/api/auth/deactivate", json!({})).await.status, 200);
        assert_eq!(reference.sessions().await, 2, "deactivation alone ends no session");
        let gone = failed(401, "AuthError", "User not found", "USER_NOT_FOUND");
        assert_eq!(failure(&browser.get("/api/auth/profile").await), gone);
        assert_eq!((browser.cookie("session"), reference.sessions().await), (None, 1));
        assert_eq!(failure(&browser.get("/api/auth/profile").await), UNAUTHORIZED());
        // If the session is optional, nobody is logged in.
        assert_eq!(other.get("/api/auth/home").await.result(), json!({"user": null}));
    })
    .await;
}

#[tokio::test]
async fn optional_gives_the_user_or_none() {
    on_each_store(async |reference| {
        let mut browser = reference.browser();
        assert_eq!(browser.get("/api/auth/home").await.result(), json!({"user": null}));
        assert!(is_new(&mut browser).await);
        browser.login(&BOB).await;
        assert_eq!(browser.get("/api/auth/home").await.result(), json!({"user": BOB.shown()}));
        assert_eq!(browser.info().await, json!({"isNew": false, "authenticated": true, "userId": "u2"}));
    })
    .await;
}
