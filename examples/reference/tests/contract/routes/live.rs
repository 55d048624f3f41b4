use std::time::Duration;

use http::Request;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use velox_tests::{Browser, Raw};

use crate::world::{ALICE, Reference, on_each_store};

/// A subscription over a socket, read event by event.
struct Stream(Raw);

impl Stream {
    /// Subscribes over HTTP/1.0, whose body has no chunks, and waits until the subscription is
    /// active.
    async fn open(reference: &Reference, target: &str, headers: &[(&str, &str)]) -> Self {
        let (head, mut stream) = Self::ask(reference, target, headers).await;
        assert!(head.starts_with("HTTP/1.0 200 ") && head.contains("content-type: text/event-stream\r\n"), "{head}");
        assert!(stream.next().await.starts_with("event: connected\n"));
        stream
    }

    async fn ask(reference: &Reference, target: &str, headers: &[(&str, &str)]) -> (String, Self) {
        let mut raw = Raw::connect(reference.address()).await;
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        raw.send(format!("GET {target} HTTP/1.0\r\n{headers}\r\n")).await;
        (raw.head().await, Self(raw))
    }

    /// Returns the next event and skips pings.
    async fn next(&mut self) -> String {
        loop {
            let event = self.0.until("\n\n").await;
            if !event.starts_with("event: ping\n") {
                return event;
            }
        }
    }

    async fn message(&mut self) -> Value {
        let event = self.next().await;
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
        serde_json::from_str(data).expect("JSON")
    }

    /// Returns the error with which the subscription failed.
    async fn failure(&mut self) -> Value {
        let event = loop {
            let event = self.next().await;
            if event.starts_with("event: ") {
                break event;
            }
        };
        let json = event.strip_prefix("event: serialized-error\ndata: ").expect("a failure");
        assert_eq!(self.0.rest().await, "", "it is the last");
        serde_json::from_str(json).expect("JSON")
    }
}

fn cookie(browser: &Browser) -> String {
    browser.cookie("session").map(|cookie| format!("session={}", cookie.value)).expect("logged in")
}

#[tokio::test]
async fn live_count_counts_to_its_end_by_both_wires() {
    let reference = Reference::start();
    for target in ["/api/live/count?to=3", "/trpc/live.count?input=%7B%22to%22%3A3%7D"] {
        let mut stream = Stream::open(&reference, target, &[]).await;
        assert_eq!(stream.0.rest().await, "data: 1\n\ndata: 2\n\ndata: 3\n\nevent: return\ndata: \n\n", "{target}");
    }
    for target in ["/api/live/count?to=0", "/api/live/count?to=1001", "/api/live/count"] {
        assert_eq!(reference.client().get(target).await.status, 400, "{target}");
    }
}

#[tokio::test]
async fn live_fails_gives_one_and_then_409() {
    let reference = Reference::start();
    for (target, status) in [("/api/live/fails", "statusCode"), ("/trpc/live.fails", "data")] {
        let mut stream = Stream::open(&reference, target, &[]).await;
        assert_eq!(stream.message().await, 1);
        let failure = stream.failure().await;
        let status = if status == "data" { &failure["data"]["httpStatus"] } else { &failure[status] };
        assert_eq!(*status, 409, "{failure}");
    }
}

#[tokio::test]
async fn live_feed_gives_what_is_published_from_then_on_or_behind_the_last_event() {
    let reference = Reference::start();
    let mut alice = reference.logged_in(&ALICE).await;
    let publish = async |alice: &mut Browser, room: &str, text: &str| {
        alice.post("/api/live/publish", json!({"room": room, "text": text})).await.result()["id"].clone()
    };
    assert_eq!(publish(&mut alice, "a", "before").await, 1);
    let mut streams = Vec::new();
    for target in ["/api/live/feed?room=a", "/trpc/live.feed?input=%7B%22room%22%3A%22a%22%7D"] {
        streams.push(Stream::open(&reference, target, &[]).await);
    }
    assert_eq!(publish(&mut alice, "b", "elsewhere").await, 1);
    assert_eq!(publish(&mut alice, "a", "hi").await, 2);
    for stream in &mut streams {
        assert_eq!(stream.next().await, "data: {\"id\":2,\"text\":\"hi\"}\nid: 2\n\n");
    }
    // `EventSource` reconnects like this. The header takes precedence over the input.
    for (target, headers) in [
        ("/api/live/feed?room=a", &[("last-event-id", "1")][..]),
        ("/api/live/feed?room=a&lastEventId=2", &[("last-event-id", "1")]),
        ("/api/live/feed?room=a&lastEventId=1", &[]),
        ("/trpc/live.feed?input=%7B%22room%22%3A%22a%22%7D", &[("last-event-id", "1")]),
        ("/trpc/live.feed?input=%7B%22room%22%3A%22a%22%2C%22lastEventId%22%3A%221%22%7D", &[]),
    ] {
        let mut stream = Stream::open(&reference, target, headers).await;
        assert_eq!(stream.message().await, json!({"id": 2, "text": "hi"}), "{target}");
    }
}

#[tokio::test]
async fn live_feed_has_the_last_hundred() {
    let reference = Reference::start();
    let mut alice = reference.logged_in(&ALICE).await;
    for number in 1..=103 {
        alice.post("/api/live/publish", json!({"room": "a", "text": number.to_string()})).await.result();
    }
    let mut stream = Stream::open(&reference, "/api/live/feed?room=a&lastEventId=0", &[]).await;
    for id in 4..=103 {
        assert_eq!(stream.message().await["id"], id);
    }
}

/// Tests ids that are forged, that belong to another room, or that are not ids.
#[tokio::test]
async fn live_feed_takes_no_harm_from_a_last_event_that_it_has_not_given() {
    let reference = Reference::start();
    let mut alice = reference.logged_in(&ALICE).await;
    let mut stream = Stream::open(&reference, "/api/live/feed?room=a&lastEventId=4000000000", &[]).await;
    alice.post("/api/live/publish", json!({"room": "a", "text": "hi"})).await.result();
    assert_eq!(stream.message().await["id"], 1);
    for id in ["x", "-1", "1e9", &"1".repeat(2000)] {
        let reply = reference.client().get(&format!("/api/live/feed?room=a&lastEventId={id}")).await;
        assert_eq!(reply.status, 400, "{id}");
    }
}

#[tokio::test]
async fn live_publish_needs_a_session_and_a_text() {
    let reference = Reference::start();
    let post = json!({"room": "a", "text": "hi"});
    assert_eq!(reference.browser().post("/api/live/publish", post).await.status, 401);
    let mut alice = reference.logged_in(&ALICE).await;
    for text in ["", &"x".repeat(201)] {
        assert_eq!(alice.post("/api/live/publish", json!({"room": "a", "text": text})).await.status, 400);
    }
}

#[tokio::test]
async fn live_mine_ticks_until_its_session_ends() {
    on_each_store(async |reference| {
        for (path, target) in [("/api/auth/logout", "/api/live/mine"), ("/api/auth/logout-all", "/trpc/live.mine")] {
            let mut alice = reference.logged_in(&ALICE).await;
            let mut stream = Stream::open(reference, target, &[("cookie", &cookie(&alice))]).await;
            for tick in 1..=3 {
                assert_eq!(stream.message().await, json!({"tick": tick}));
            }
            alice.post(path, json!({})).await.result();
            let began = Instant::now();
            let failure = stream.failure().await;
            assert!(failure.to_string().contains("UNAUTHORIZED"), "{failure}");
            assert!(began.elapsed() < Duration::from_secs(3));
        }
    })
    .await;
}

#[tokio::test]
async fn live_mine_ends_without_a_return_when_its_session_gets_a_new_id() {
    on_each_store(async |reference| {
        let mut alice = reference.logged_in(&ALICE).await;
        let mut stream = Stream::open(reference, "/trpc/live.mine", &[("cookie", &cookie(&alice))]).await;
        alice.post("/api/session/regenerate", json!({})).await.result();
        let rest = timeout(Duration::from_secs(3), stream.0.rest()).await.expect("it ends");
        assert!(!rest.contains("event: "), "{rest}");
        let mut stream = Stream::open(reference, "/trpc/live.mine", &[("cookie", &cookie(&alice))]).await;
        assert_eq!(stream.message().await, json!({"tick": 1}));
    })
    .await;
}

#[tokio::test]
async fn live_mine_is_refused_without_a_session_and_beyond_fifty() {
    let reference = Reference::start();
    assert_eq!(reference.browser().get("/api/live/mine").await.status, 401);
    let mut refused = Stream::open(&reference, "/trpc/live.mine", &[]).await;
    assert_eq!(refused.failure().await["data"]["code"], "UNAUTHORIZED");
    let alice = reference.logged_in(&ALICE).await;
    let cookie = cookie(&alice);
    let mut streams = Vec::new();
    for _ in 0..50 {
        streams.push(Stream::open(&reference, "/trpc/live.mine", &[("cookie", &cookie)]).await);
    }
    let (head, _) = Stream::ask(&reference, "/api/live/mine", &[("cookie", &cookie)]).await;
    assert!(head.starts_with("HTTP/1.0 429 "), "{head}");
    let mut refused = Stream::open(&reference, "/trpc/live.mine", &[("cookie", &cookie)]).await;
    assert_eq!(refused.failure().await["data"]["code"], "TOO_MANY_REQUESTS");
}

#[tokio::test]
async fn a_subscription_in_a_batch_is_400_and_by_post_405() {
    let reference = Reference::start();
    let client = reference.client().expecting("vary").expecting("allow");
    let reply = client.get("/trpc/live.fails,live.fails?batch=1").await;
    assert_eq!(reply.status, 400);
    let request = Request::post("/trpc/live.fails").header("content-type", "application/json").body(String::new());
    assert_eq!(client.send(request.expect("a request")).await.status, 405);
}
