//! Tests two processes of the app with one Redis: changes to a session in one process end its
//! streams in the other.

use std::net::SocketAddr;

use serde_json::{Value, json};
use velox_tests::{Browser, Raw};

use crate::world::{ALICE, Reference};

/// Subscribes with the session of a browser and waits for the first event.
async fn streaming(address: SocketAddr, browser: &Browser) -> Raw {
    let mut stream = Raw::connect(address).await;
    let cookie = browser.value("session");
    let request = format!("GET /api/live/mine HTTP/1.1\r\nhost: {address}\r\ncookie: session={cookie}\r\n");
    stream.send(request + "connection: close\r\n\r\n").await;
    let head = stream.head().await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("content-type: text/event-stream\r\n"), "{head}");
    stream.until("data: {\"tick\":1}\n\n").await;
    stream
}

/// The error that ends a stream, or `None` if it ends without an error.
async fn failure(stream: &mut Raw) -> Option<Value> {
    let rest = stream.rest().await;
    let (_, error) = rest.split_once("event: serialized-error\ndata: ")?;
    serde_json::from_str(error.lines().next()?).ok()
}

#[tokio::test]
async fn a_logout_in_one_process_ends_the_streams_of_another() {
    let one = Reference::on_redis().await;
    let other = one.beside();
    for everywhere in [false, true] {
        let mut browser = one.logged_in(&ALICE).await;
        let mut streams = [streaming(other.address(), &browser).await, streaming(other.address(), &browser).await];
        let target = if everywhere { "/api/auth/logout-all" } else { "/api/auth/logout" };
        assert_eq!(browser.post(target, json!({})).await.status, 200);
        for stream in &mut streams {
            let error = failure(stream).await.expect("it is told");
            assert_eq!((&error["statusCode"], &error["code"]), (&json!(401), &json!("SESSION_UNAUTHORIZED")));
        }
    }
}

/// The client reconnects with the new cookie.
#[tokio::test]
async fn a_new_id_in_one_process_breaks_off_the_streams_of_another() {
    let one = Reference::on_redis().await;
    let other = one.beside();
    let mut browser = one.logged_in(&ALICE).await;
    let mut stream = streaming(other.address(), &browser).await;
    assert_eq!(browser.post("/api/session/regenerate", json!({})).await.status, 200);
    assert_eq!(failure(&mut stream).await, None);
    streaming(other.address(), &browser).await;
}
