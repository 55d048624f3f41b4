//! Tests when and how the server closes connections.

use super::*;

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = Running::start(Limits { idle: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    client.works().await;
    let clock = Clock::start();
    assert!(client.until_closed().await.is_empty());
    clock.at_least(SHORT);
}

/// Waiting for the idle timeout itself would take longer than any test may.
#[tokio::test]
async fn idle_connections_are_closed_when_connections_are_scarce() {
    let idle = HANG + HANG / 8;
    let server = Running::start(Limits { idle, connections: 3, ..long() }).await;
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = server.connect().await;
        client.works().await;
        clients.push(client);
    }
    let mut busy = server.connect().await;
    busy.get("/wait").await;
    server.reached(1).await;
    let clock = Clock::start();
    // Closing one connection makes room, so the other may stay open.
    let (first, second) = clients.split_at_mut(1);
    tokio::select! {
        bytes = first[0].until_closed() => assert!(bytes.is_empty()),
        bytes = second[0].until_closed() => assert!(bytes.is_empty()),
    }
    clock.at_least(idle / 16);
    server.connect().await.works().await;
    server.let_go(1);
    assert!(busy.reply().await.ends_with("waited"));
}

#[tokio::test]
async fn a_connection_in_use_is_not_idle() {
    let server = Running::start(Limits { idle: Duration::from_secs(2), ..long() }).await;
    let mut client = server.connect().await;
    let clock = Clock::start();
    while clock.0.elapsed() < Duration::from_secs(5) {
        client.works().await;
        tokio::time::sleep(SHORT).await;
    }
}

#[tokio::test]
async fn a_client_refused_in_the_middle_of_its_upload_reads_the_reply() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.send("POST /ignore HTTP/1.1\r\nhost: test\r\ncontent-length: 50000000\r\n\r\n").await;
    // This is more than the sockets buffer. If nobody read it, the client would get a reset at the
    // end.
    let mut sent = 0;
    while sent < 16 * 1024 * 1024 && client.0.write_all(&[b'x'; 65536]).await.is_ok() {
        sent += 65536;
    }
    let text = client.text_until_closed().await;
    assert!(text.starts_with("HTTP/1.1 413 "), "after {sent} bytes: {text:?}");
}

#[tokio::test]
async fn a_client_that_keeps_sending_after_its_refusal_is_closed() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.send("POST /ignore HTTP/1.1\r\nhost: test\r\ncontent-length: 50000000\r\n\r\nabc").await;
    // This client never closes the connection itself.
    assert!(client.text_until_closed().await.starts_with("HTTP/1.1 413 "));
    let closed = async { while client.0.write_all(b"x").await.is_ok() {} };
    timeout(HANG, closed).await.expect("the server closes");
}

#[tokio::test]
async fn the_body_of_a_refused_request_is_not_read_as_a_request() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client
        .send("POST /ignore HTTP/1.1\r\nhost: test\r\ncontent-length: 1000\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: test\r\n\r\n")
        .await;
    let text = client.text_until_closed().await;
    assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
}

#[tokio::test]
async fn a_panic_of_the_service_is_a_500_and_keeps_the_connection() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.get("/panic").await;
    let reply = client.reply().await;
    assert!(reply.starts_with("HTTP/1.1 500 ") && reply.contains("\"code\":\"INTERNAL_SERVER_ERROR\""), "{reply}");
    client.works().await;
}

/// Returns a client that has sent the head of a request whose body is not read, and the reply.
async fn refused(server: &Running, head: &str) -> (Client, String) {
    let mut client = server.connect().await;
    client.send(format!("POST /ignore HTTP/1.1\r\nhost: test\r\n{head}\r\n")).await;
    let reply = client.reply().await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
    (client, reply)
}

/// RFC 9112, section 9.3: the server reads the rest of a body if that is cheap, so that the
/// connection can be used again.
#[tokio::test]
async fn the_small_rest_of_an_unread_body_is_drained_after_the_reply() {
    let server = Running::start(long()).await;
    for length in [1, 10, 256 * 1024] {
        let (mut client, reply) = refused(&server, &format!("content-length: {length}\r\n")).await;
        assert!(!reply.contains("connection: close"), "{reply}");
        client.send(vec![b'x'; length]).await;
        client.works().await;
        client.works().await;
    }
}

#[tokio::test]
async fn a_connection_with_a_drained_body_has_the_usual_idle_timeout() {
    let server = Running::start(Limits { header: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    client.send("POST /ignore HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\n").await;
    client.reply().await;
    client.send("0123456789").await;
    client.works().await;
    tokio::time::sleep(SHORT * 2).await;
    client.works().await;
}

/// RFC 9112, section 9.6: otherwise the reply tells the client that no further request is read.
#[tokio::test]
async fn a_connection_closed_for_an_unread_body_sends_connection_close() {
    let server = Running::start(long()).await;
    for head in [
        "content-length: 262145\r\n",
        "transfer-encoding: chunked\r\n",
        // The next bytes may be the next request or the body after all; the server cannot know.
        "content-length: 10\r\nexpect: 100-continue\r\n",
    ] {
        let (mut client, reply) = refused(&server, head).await;
        assert!(reply.contains("connection: close\r\n"), "{head}: {reply}");
        assert!(client.until_closed().await.is_empty());
    }
}

#[tokio::test]
async fn a_refused_head_leaves_the_connection_in_sync() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.send("POST /ignore HTTP/1.1\r\ncontent-length: 10\r\n\r\n").await;
    assert!(client.reply().await.starts_with("HTTP/1.1 400 "));
    client.send("0123456789").await;
    client.works().await;
}
