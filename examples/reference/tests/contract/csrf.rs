//! "Routes": CSRF.

use http::Request;
use serde_json::json;
use velox_session::clock::{Clock, SystemClock};
use velox_tests::{Reply, forged};

use crate::sessions::cookie::signed;
use crate::world::{Reference, failed, failure};

/// A request to a protected procedure: its cookie, its token in the header, more headers and its
/// body.
#[derive(Default)]
struct Submission<'a> {
    cookie: Option<&'a str>,
    header: Option<&'a str>,
    more: &'a [(&'a str, &'a str)],
    body: &'a str,
}

async fn submit(reference: &Reference, submission: Submission<'_>) -> Reply {
    let mut request = Request::post("/api/csrf/submit").header("content-type", "application/json");
    if let Some(cookie) = submission.cookie {
        request = request.header("cookie", format!("csrf={cookie}"));
    }
    if let Some(header) = submission.header {
        request = request.header("x-csrf-token", header);
    }
    for (name, value) in submission.more {
        request = request.header(*name, *value);
    }
    reference.client().send(request.body(submission.body.to_owned()).expect("a request")).await
}

async fn get_token(reference: &Reference) -> (String, Reply) {
    let api = reference.client().expecting("set-cookie").expecting("cache-control");
    let reply = api.get("/api/csrf/token").await;
    let token = reply.result()["token"].as_str().expect("a token").to_owned();
    (token, reply)
}

/// Makes a correctly signed token with these times.
fn token(issued: u64, expires: u64) -> String {
    signed(&format!("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8.{issued}.{expires}"))
}

fn refused(reply: &Reply, code: &str) {
    let (status, error, message, tag) = failure(reply);
    assert_eq!((status, error.as_str(), tag.as_str()), (403, "CsrfError", code), "{message}");
}

#[tokio::test]
async fn csrf_get_token_gives_a_signed_token_of_3600_s_and_its_cookie() {
    let reference = Reference::start();
    let (token, reply) = get_token(&reference).await;
    let (before, _) = token.rsplit_once('.').expect("four parts");
    assert_eq!(token, signed(before));
    let parts: Vec<_> = before.split('.').collect();
    let times: Vec<u64> = parts[1..].iter().map(|part| part.parse().expect("Unix seconds")).collect();
    let now = SystemClock.now() / 1_000;
    assert_eq!((parts[0].len(), times.len(), times[1] - times[0]), (43, 2, 3_600));
    assert!((now - 5..=now).contains(&times[0]), "{token}");
    let cookie = format!("csrf={token}; Max-Age=3600; Path=/; SameSite=Lax");
    assert_eq!(reply.header("set-cookie"), Some(cookie.as_str()));
    assert_ne!(get_token(&reference).await.0, token);
}

#[tokio::test]
async fn csrf_submit_takes_the_token_in_the_header_or_in_the_body() {
    let reference = Reference::start();
    let (token, _) = get_token(&reference).await;
    let in_header = Submission { cookie: Some(&token), header: Some(&token), ..Default::default() };
    assert_eq!(submit(&reference, in_header).await.outcome(), (200, json!({"ok": true})));
    let body = json!({"_csrf": token}).to_string();
    let in_body = Submission { cookie: Some(&token), body: &body, ..Default::default() };
    assert_eq!(submit(&reference, in_body).await.outcome(), (200, json!({"ok": true})));
}

#[tokio::test]
async fn csrf_submit_looks_at_the_origin_or_else_the_referer_first() {
    let reference = Reference::start();
    let (token, _) = get_token(&reference).await;
    for (more, passes) in [
        (&[("host", "app.example"), ("origin", "http://app.example")][..], true),
        (&[("host", "app.example"), ("referer", "http://app.example/page?x=1")], true),
        (&[("host", "app.example"), ("origin", "http://app.example"), ("referer", "http://evil.example/")], true),
        (&[("host", "app.example"), ("origin", "http://evil.example")], false),
        (&[("host", "app.example"), ("origin", "https://app.example:444")], false),
        (&[("host", "app.example"), ("origin", "null")], false),
        (&[("host", "app.example"), ("referer", "http://evil.example/http://app.example/")], false),
    ] {
        let good = Submission { cookie: Some(&token), header: Some(&token), more, ..Default::default() };
        let reply = submit(&reference, good).await;
        match passes {
            true => assert_eq!(reply.status, 200, "{more:?}"),
            false => {
                refused(&reply, "CSRF_ORIGIN_MISMATCH");
                // CSRF is checked before everything else.
                refused(&submit(&reference, Submission { more, ..Default::default() }).await, "CSRF_ORIGIN_MISMATCH");
            }
        }
    }
}

#[tokio::test]
async fn csrf_submit_refuses_in_this_order_a_missing_cookie_a_missing_token_two_that_differ_a_wrong_mac_an_expired_one()
{
    let reference = Reference::start();
    let (good, _) = get_token(&reference).await;
    let (other, _) = get_token(&reference).await;
    let send = async |cookie, header| submit(&reference, Submission { cookie, header, ..Default::default() }).await;
    let missing = failed(403, "CsrfError", "CSRF cookie not found", "CSRF_MISSING_COOKIE");
    assert_eq!(failure(&send(None, None).await), missing);
    assert_eq!(failure(&send(None, Some(&good)).await), missing);
    let missing = failed(403, "CsrfError", "CSRF token not found in request", "CSRF_MISSING_TOKEN");
    assert_eq!(failure(&send(Some(&good), None).await), missing);
    let mismatch = failed(403, "CsrfError", "CSRF token mismatch", "CSRF_TOKEN_MISMATCH");
    assert_eq!(failure(&send(Some(&good), Some(&other)).await), mismatch);
    let (before, mac) = good.rsplit_once('.').expect("four parts");
    let wrong = format!("{before}.{}", forged(&format!("{}.{mac}", "a".repeat(43))).split_off(44));
    let expired = token(1_700_000_000, 1_700_003_600);
    let forged_and_expired = format!("{}A", &expired[..expired.len() - 1]);
    for wrong in [wrong.as_str(), "x", "a.b.c.d", &forged_and_expired] {
        refused(&send(Some(wrong), Some(wrong)).await, "CSRF_INVALID_SIGNATURE");
    }
    refused(&send(Some(&expired), Some(&expired)).await, "CSRF_TOKEN_EXPIRED");
}
