//! Tests limits on what a client may send or hold, and errors of the addresses to listen on.

use super::super::ServeError;
use super::super::Server;
use super::*;
use crate::app::App;

fn head(fields: usize, filler: usize) -> String {
    let fields: String = (1..fields).map(|n| format!("x-{n}: {}\r\n", "v".repeat(filler))).collect();
    format!("GET /fine HTTP/1.1\r\nhost: test\r\n{fields}\r\n")
}

#[tokio::test]
async fn a_hundred_fields_are_accepted_and_one_more_is_431() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.send(head(100, 1)).await;
    assert!(client.reply().await.starts_with("HTTP/1.1 200 "));
    let mut client = server.connect().await;
    client.send(head(101, 1)).await;
    assert!(client.text_until_closed().await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn the_limit_of_fields_can_be_changed() {
    let server = Running::start(Limits { headers: 10, ..long() }).await;
    let mut client = server.connect().await;
    client.send(head(10, 1)).await;
    assert!(client.reply().await.starts_with("HTTP/1.1 200 "));
    let mut client = server.connect().await;
    client.send(head(11, 1)).await;
    assert!(client.text_until_closed().await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn a_too_large_head_is_431_and_the_reply_arrives() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.send(head(60, 1000)).await;
    assert!(client.reply().await.starts_with("HTTP/1.1 200 "));
    let mut client = server.connect().await;
    let _ = client.0.write_all(head(99, 10_000).as_bytes()).await;
    assert!(client.text_until_closed().await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn a_connection_above_the_cap_is_answered_503_and_the_others_are_served() {
    let server = Running::start(Limits { connections: 2, ..long() }).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    first.works().await;
    second.works().await;
    let mut third = server.connect().await;
    third.get("/fine").await;
    let text = third.reply().await;
    assert!(text.starts_with("HTTP/1.1 503 "), "{text}");
    assert!(text.contains("retry-after: 1\r\n"));
    assert!(text.ends_with("\"code\":\"SERVICE_UNAVAILABLE\"}"), "{text}");
    assert!(third.until_closed().await.is_empty());
    first.works().await;
}

#[tokio::test]
async fn a_freed_place_is_reused() {
    let server = Running::start(Limits { connections: 1, ..long() }).await;
    for _ in 0..20 {
        let mut client = server.connect().await;
        client.send("GET /fine HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await;
        let text = client.text_until_closed().await;
        // The server may learn a moment later than the client that the previous connection has
        // ended.
        assert!(text.starts_with("HTTP/1.1 200 ") || text.starts_with("HTTP/1.1 503 "), "{text}");
    }
    let clock = Clock::start();
    loop {
        let mut client = server.connect().await;
        client.get("/fine").await;
        if client.reply().await.starts_with("HTTP/1.1 200 ") {
            break;
        }
        assert!(clock.0.elapsed() < HANG);
    }
}

#[tokio::test]
async fn hundreds_of_idle_connections_do_not_keep_others_out() {
    let server = Running::start(long()).await;
    let mut idle = Vec::new();
    for _ in 0..400 {
        idle.push(server.connect().await);
    }
    server.connect().await.works().await;
}

fn service() -> crate::service::AppService {
    App::new(()).into_service().expect("an empty router has no mistakes")
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let taken = Server::new(service()).bind("127.0.0.1:0").await.expect("a free port");
    let address = taken.local_addr();
    let error = Server::new(service()).bind(address).await.expect_err("the port is taken");
    assert_eq!(error.to_string(), format!("cannot listen on {address}: address already in use"));
}

#[tokio::test]
async fn an_invalid_address_is_an_error() {
    for address in ["nonsense", "127.0.0.1", "127.0.0.1:99999", ""] {
        let error = Server::new(service()).bind(address).await.expect_err("no address");
        assert!(matches!(error, ServeError::Address { .. }), "{address}: {error}");
    }
}

#[tokio::test]
async fn extreme_settings_do_not_panic() {
    let bound = Server::new(service())
        .header_timeout(Duration::MAX)
        .body_timeout(Duration::MAX)
        .write_timeout(Duration::MAX)
        .idle_timeout(Duration::ZERO)
        .shutdown_deadline(Duration::MAX)
        .max_connections(usize::MAX)
        .max_headers(0)
        .max_header_bytes(usize::MAX)
        .bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let mut client = Client(TcpStream::connect(bound.local_addr()).await.expect("it listens"));
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(bound.run_until(async move { drop(stopped.await) }));
    client.get("/").await;
    client.until_closed().await;
    drop(stop);
    assert_eq!(ended(task).await, Shutdown::default());
}
