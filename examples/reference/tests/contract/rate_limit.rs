//! "Routes": the rate limit.

use http::Request;
use serde_json::json;
use velox_session::clock::{Clock, SystemClock};
use velox_tests::Reply;

use crate::world::{Reference, SUCCESS, failed, failure};

async fn ask(reference: &Reference, client: &str) -> Reply {
    let names = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"];
    let api = names.into_iter().fold(reference.client(), |api, name| api.expecting(name));
    let request = Request::get("/api/limited").header("x-client-id", client);
    api.send(request.body(String::new()).expect("a request")).await
}

fn number(reply: &Reply, header: &str) -> u64 {
    reply.header(header).and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {header}: {reply:?}"))
}

#[tokio::test]
async fn three_requests_of_a_client_pass_and_every_answer_carries_the_headers() {
    let reference = Reference::start();
    for (remaining, status) in [(2, 200), (1, 200), (0, 200), (0, 429), (0, 429)] {
        let reply = ask(&reference, "a").await;
        assert_eq!(reply.status, status);
        assert_eq!((number(&reply, "x-ratelimit-limit"), number(&reply, "x-ratelimit-remaining")), (3, remaining));
        let left = number(&reply, "x-ratelimit-reset").checked_sub(SystemClock.now() / 1_000);
        assert!(left.is_some_and(|left| (50..=61).contains(&left)), "{reply:?}");
    }
}

/// [R]
#[tokio::test]
async fn over_it_429_auth_error_rate_limit_exceeded_and_retry_after() {
    let reference = Reference::start();
    for _ in 0..3 {
        let reply = ask(&reference, "a").await;
        assert_eq!((reply.outcome(), reply.header("retry-after")), ((200, json!({"ok": true})), None));
    }
    let refused = ask(&reference, "a").await;
    let message = "Too many requests, please try again later";
    assert_eq!(failure(&refused), failed(429, "AuthError", message, "RATE_LIMIT_EXCEEDED"));
    assert!((50..=60).contains(&number(&refused, "retry-after")), "{refused:?}");
}

#[tokio::test]
async fn clients_are_told_apart_by_x_client_id() {
    let reference = Reference::start();
    for _ in 0..4 {
        ask(&reference, "a").await;
    }
    assert_eq!((ask(&reference, "a").await.status.as_u16(), ask(&reference, "b").await.status.as_u16()), (429, 200));
    assert_eq!(reference.client().post("/api/debug/reset", "").await.outcome(), SUCCESS.outcome());
    assert_eq!(ask(&reference, "a").await.status, 200, "a reset restores the initial data");
}
