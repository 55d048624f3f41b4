//! Tests clients that are slow to send or to read.

use super::*;

#[tokio::test]
async fn a_client_that_never_sends_a_byte_is_closed() {
    let server = Running::start(Limits { header: SHORT, ..long() }).await;
    let clock = Clock::start();
    assert!(server.connect().await.until_closed().await.is_empty());
    clock.at_least(SHORT);
}

#[tokio::test]
async fn a_partial_preface_of_http_2_is_closed() {
    let server = Running::start(Limits { header: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    let clock = Clock::start();
    client.send("PRI * HTTP/2.0\r\n").await;
    client.until_closed().await;
    clock.at_least(SHORT / 2);
}

#[tokio::test]
async fn an_unfinished_head_is_closed_despite_slow_bytes() {
    let server = Running::start(Limits { header: SHORT, ..long() }).await;
    let client = server.connect().await;
    let (mut read, mut write) = client.0.into_split();
    let drip = tokio::spawn(async move {
        write.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n").await.expect("the first bytes are taken");
        loop {
            if write.write_all(b"x").await.is_err() {
                return;
            }
            tokio::time::sleep(SHORT / 10).await;
        }
    });
    let mut bytes = Vec::new();
    let _ = timeout(HANG, read.read_to_end(&mut bytes)).await.expect("the server closes");
    drip.abort();
    assert!(bytes.is_empty());
}

#[tokio::test]
async fn a_later_head_has_the_header_deadline_too() {
    let server = Running::start(Limits { header: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    client.works().await;
    let clock = Clock::start();
    client.send("GET / HTTP/1.1\r\nhost:").await;
    assert!(client.until_closed().await.is_empty());
    clock.at_least(SHORT);
}

#[tokio::test]
async fn the_header_deadline_does_not_apply_to_idle_connections() {
    let server = Running::start(Limits { header: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    client.works().await;
    tokio::time::sleep(SHORT * 3).await;
    client.works().await;
}

#[tokio::test]
async fn the_header_deadline_does_not_apply_to_running_handlers() {
    let server = Running::start(Limits { header: SHORT, idle: SHORT, write: SHORT, body: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    client.get("/wait").await;
    server.reached(1).await;
    tokio::time::sleep(SHORT * 3).await;
    server.let_go(1);
    assert!(client.reply().await.ends_with("waited"));
}

#[tokio::test]
async fn an_unfinished_body_gets_408_and_the_connection_closes() {
    let server = Running::start(Limits { body: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    let clock = Clock::start();
    client.send("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nabc").await;
    let text = client.text_until_closed().await;
    clock.at_least(SHORT);
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert!(text.contains("connection: close\r\n"), "{text}");
}

#[tokio::test]
async fn a_slowly_sent_body_does_not_get_more_time() {
    let server = Running::start(Limits { body: SHORT, ..long() }).await;
    let client = server.connect().await;
    let (mut read, mut write) = client.0.into_split();
    let drip = tokio::spawn(async move {
        write
            .write_all(b"POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 100000\r\n\r\n")
            .await
            .expect("the head is taken");
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    });
    let mut bytes = Vec::new();
    let _ = timeout(HANG, read.read_to_end(&mut bytes)).await.expect("the server closes");
    drip.abort();
    assert!(String::from_utf8_lossy(&bytes).starts_with("HTTP/1.1 408 "));
}

#[tokio::test]
async fn a_chunked_body_has_the_deadline_too() {
    let server = Running::start(Limits { body: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n").await;
    assert!(client.text_until_closed().await.starts_with("HTTP/1.1 408 "));
}

#[tokio::test]
async fn a_body_that_comes_in_time_is_read() {
    let server = Running::start(Limits { body: LONG, header: SHORT, idle: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 6\r\n\r\nabc").await;
    tokio::time::sleep(SHORT * 3).await;
    client.send("def").await;
    assert!(client.reply().await.ends_with("abcdef"));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_and_others_are_served() {
    let server = Running::start(Limits { write: SHORT, ..long() }).await;
    let mut deaf = server.connect().await;
    deaf.get("/large").await;
    tokio::time::sleep(SHORT * 3).await;
    server.connect().await.works().await;
    // If the server had continued to serve it, the whole reply would arrive.
    assert!(deaf.until_closed().await.len() < LARGE);
}

#[tokio::test]
async fn a_client_that_reads_slowly_but_steadily_gets_all() {
    let server = Running::start(Limits { write: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    client.send("GET /large HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await;
    let (mut total, mut bytes) = (0, vec![0; 1024 * 1024]);
    loop {
        let read = timeout(HANG, client.0.read(&mut bytes)).await.expect("the server goes on").expect("no reset");
        if read == 0 {
            break;
        }
        total += read;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(total > LARGE);
}
