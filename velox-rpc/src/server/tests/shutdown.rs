//! Tests graceful shutdown.

use tower_layer::Identity;

use super::leaving::hosted;
use super::*;
use crate::app::App;

#[tokio::test]
async fn a_request_in_flight_is_finished() {
    let server = Running::start(long()).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = server.connect().await;
        client.get("/wait").await;
        clients.push(client);
    }
    server.reached(20).await;
    let paths = server.paths.clone();
    let task = server.stop();
    tokio::time::sleep(SHORT).await;
    assert!(!task.is_finished());
    paths.go.add_permits(20);
    for client in &mut clients {
        let text = client.text_until_closed().await;
        assert!(text.contains("connection: close\r\n") && text.ends_with("waited"), "{text}");
    }
    let shutdown = ended(task).await;
    assert_eq!((shutdown.finished, shutdown.cut), (20, 0));
}

#[tokio::test]
async fn a_request_sent_just_before_the_signal_is_answered() {
    for _ in 0..20 {
        let server = Running::start(long()).await;
        let mut client = server.connect().await;
        client.get("/fine").await;
        let task = server.stop();
        assert!(client.reply().await.ends_with("/fine"));
        assert_eq!(ended(task).await.cut, 0);
    }
}

/// A load balancer keeps such connections open. Its next request may be in transit when the server
/// is told to stop.
#[tokio::test]
async fn a_request_on_an_idle_connection_at_the_signal_is_the_last() {
    let server = Running::start(long()).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = server.connect().await;
        client.works().await;
        clients.push(client);
    }
    let address = server.address;
    let task = server.stop();
    // A refused connection shows that the shutdown has begun.
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(HANG, refused).await.expect("the listener is closed");
    for client in &mut clients {
        client.get("/fine").await;
    }
    for client in &mut clients {
        let text = client.text_until_closed().await;
        assert!(text.contains("connection: close\r\n") && text.ends_with("/fine"), "{text:?}");
    }
    assert_eq!(ended(task).await.cut, 0);
}

#[tokio::test]
async fn once_told_to_stop_it_is_not_ready() {
    for layered in [false, true] {
        let app = || App::new(()).development(false).health("/health");
        let with = |_: &Paths| hosted(if layered { app().layer(Identity::new()) } else { app() });
        let server = Running::serve(long(), with).await;
        let mut clients = [server.connect().await, server.connect().await];
        for client in &mut clients {
            client.get("/health/ready").await;
            assert!(client.reply().await.starts_with("HTTP/1.1 200 "));
        }
        let [mut ready, mut live] = clients;
        let address = server.address;
        let task = server.stop();
        let refused = async { while TcpStream::connect(address).await.is_ok() {} };
        timeout(HANG, refused).await.expect("the listener is closed");
        live.get("/health/live").await;
        ready.get("/health/ready").await;
        let reply = ready.text_until_closed().await;
        assert!(reply.starts_with("HTTP/1.1 503 ") && reply.contains("\"failed\":[\"shutdown\"]"), "{reply}");
        assert!(live.text_until_closed().await.starts_with("HTTP/1.1 200 "));
        ended(task).await;
    }
}

#[tokio::test]
async fn the_listener_closes_after_the_delay() {
    let server = Running::start(Limits { delay: SHORT, ..long() }).await;
    let mut idle = server.connect().await;
    idle.works().await;
    let clock = Clock::start();
    let task = server.stop();
    idle.works().await;
    ended(task).await;
    clock.at_least(SHORT);
}

#[tokio::test]
async fn idle_silent_and_half_sent_connections_do_not_delay_the_end() {
    let server = Running::start(long()).await;
    let mut idle = server.connect().await;
    idle.works().await;
    let _silent = server.connect().await;
    let mut half = server.connect().await;
    half.send("GET / HTTP/1.1\r\nhost:").await;
    let mut half_of_a_later_one = server.connect().await;
    half_of_a_later_one.works().await;
    half_of_a_later_one.send("GET / HT").await;
    let mut preface = server.connect().await;
    preface.send("PRI * HTTP/2.0\r\n").await;
    // Once this client is served, the server has seen all of the above.
    server.connect().await.works().await;
    let shutdown = ended(server.stop()).await;
    assert_eq!((shutdown.finished, shutdown.cut), (0, 0));
    assert!(idle.until_closed().await.is_empty());
}

#[tokio::test]
async fn a_missing_body_delays_the_shutdown_only_until_its_deadline() {
    let server = Running::start(Limits { body: SHORT * 2, ..long() }).await;
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nabc").await;
    server.connect().await.works().await;
    let shutdown = ended(server.stop()).await;
    assert_eq!((shutdown.finished, shutdown.cut), (1, 0));
    assert!(client.text_until_closed().await.starts_with("HTTP/1.1 408 "));
}

#[tokio::test]
async fn remaining_connections_are_cut_at_the_deadline_and_counted() {
    let server = Running::start(Limits { shutdown: SHORT, ..long() }).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = server.connect().await;
        client.get("/wait").await;
        clients.push(client);
    }
    server.reached(3).await;
    let paths = server.paths.clone();
    let clock = Clock::start();
    let task = server.stop();
    paths.go.add_permits(1);
    let shutdown = ended(task).await;
    clock.at_least(SHORT);
    assert_eq!(shutdown.cut, 2);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_at_the_deadline() {
    let server = Running::start(Limits { shutdown: SHORT, ..long() }).await;
    let mut deaf = server.connect().await;
    deaf.get("/large").await;
    server.connect().await.works().await;
    ended(server.stop()).await;
    assert!(deaf.until_closed().await.len() < LARGE);
}

#[tokio::test]
async fn no_new_connections_are_accepted() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.get("/wait").await;
    server.reached(1).await;
    let (address, paths) = (server.address, server.paths.clone());
    let task = server.stop();
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(HANG, refused).await.expect("the listener is closed");
    paths.go.add_permits(1);
    assert_eq!(ended(task).await.cut, 0);
}

#[tokio::test]
async fn a_reply_that_is_being_read_is_read_to_its_end() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.get("/large").await;
    let mut first = [0; 1024];
    client.0.read_exact(&mut first).await.expect("the reply has begun");
    let task = server.stop();
    assert!(client.until_closed().await.len() > LARGE - 1024);
    assert_eq!(ended(task).await.cut, 0);
}
