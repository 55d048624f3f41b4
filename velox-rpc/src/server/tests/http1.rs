//! Tests HTTP/1: pipelined requests, requests in pieces, `Expect`, and input that is not HTTP.

use super::*;

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    let all: String = (0..20).map(|n| format!("GET /{n} HTTP/1.1\r\nhost: test\r\n\r\n")).collect();
    client.send(all).await;
    for n in 0..20 {
        assert!(client.reply().await.ends_with(&format!("\r\n\r\n/{n}")));
    }
    client.works().await;
}

/// While a request waits, the server looks whether the client has left, and so reads what it sends.
#[tokio::test]
async fn what_is_sent_while_a_request_waits_is_read_after_it() {
    let server = Running::start(long()).await;
    for body in ["", "a body of more bytes than the server reads ahead"] {
        let mut client = server.connect().await;
        client.send(format!("POST /wait HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n", body.len())).await;
        server.reached(1).await;
        client.send(body).await;
        client.get("/fine").await;
        tokio::time::sleep(SHORT / 3).await;
        server.let_go(1);
        assert!(client.reply().await.ends_with("waited"));
        assert!(client.reply().await.ends_with("/fine"));
        client.works().await;
    }
}

#[tokio::test]
async fn a_request_may_come_byte_by_byte() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.0.set_nodelay(true).expect("a socket");
    for byte in b"POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 3\r\n\r\nabc" {
        client.send([*byte]).await;
        tokio::task::yield_now().await;
    }
    assert!(client.reply().await.ends_with("abc"));
    client.works().await;
}

#[tokio::test]
async fn a_method_that_starts_like_the_preface_is_http_1() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.send("PRI").await;
    tokio::time::sleep(SHORT).await;
    client.send("NT /fine HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert!(client.reply().await.ends_with("/fine"));
}

#[tokio::test]
async fn bytes_that_are_not_http_are_closed_or_answered_400() {
    let server = Running::start(Limits { header: SHORT, ..long() }).await;
    let strangers: [&[u8]; 5] = [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"GET /\r\n\r\n",
    ];
    for stranger in strangers {
        let mut client = server.connect().await;
        client.send(stranger).await;
        let text = client.text_until_closed().await;
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 400 "), "{stranger:?}: {text}");
    }
    server.connect().await.works().await;
}

#[tokio::test]
async fn a_client_that_closes_at_once_does_no_harm() {
    let server = Running::start(long()).await;
    for _ in 0..50 {
        drop(server.connect().await);
        let mut client = server.connect().await;
        client.send("GET / HT").await;
    }
    server.connect().await.works().await;
}

#[tokio::test]
async fn expect_continue_is_answered_when_the_body_is_needed() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n").await;
    assert!(client.reply().await.starts_with("HTTP/1.1 100 "));
    client.send("abc").await;
    assert!(client.reply().await.ends_with("abc"));

    let mut refused = server.connect().await;
    refused.send("POST /ignore HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n").await;
    assert!(refused.reply().await.starts_with("HTTP/1.1 413 "));
}
