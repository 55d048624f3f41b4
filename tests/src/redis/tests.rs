//! Tests the Redis helpers that the other tests rely on.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, Value};

use super::{Fault, Proxy, RedisCluster, RedisServer};

async fn connect(url: &str) -> MultiplexedConnection {
    let client = Client::open(url).expect("an address");
    client.get_multiplexed_async_connection().await.expect("a connection")
}

async fn ask(connection: &mut MultiplexedConnection, words: &[&str]) -> redis::RedisResult<Value> {
    connection.send_packed_command(redis::cmd(words[0]).arg(&words[1..])).await
}

#[tokio::test]
async fn only_a_durable_server_keeps_its_data_across_a_restart() {
    for (mut server, kept) in [(RedisServer::start().await, Value::Nil), (RedisServer::durable().await, value("v"))] {
        assert_eq!(server.command(&["SET", "k", "v"]).await, Value::Okay);
        server.restart().await;
        assert_eq!(server.command(&["GET", "k"]).await, kept);
        assert_eq!(server.commandstats().await["get"], 1);
        let url = server.url();
        server.stop();
        assert!(Client::open(url).expect("an address").get_multiplexed_async_connection().await.is_err());
    }
}

#[tokio::test]
async fn a_replica_has_the_data_of_its_master_and_is_read_only() {
    let master = RedisServer::start().await;
    let replica = RedisServer::replica_of(&master).await;
    master.command(&["SET", "k", "v"]).await;
    replica.until("it has the key", async || replica.command(&["GET", "k"]).await == value("v")).await;
    assert!(
        matches!(replica.command(&["SET", "k", "w"]).await, Value::ServerError(error) if error.code() == "READONLY")
    );
}

#[tokio::test]
async fn a_paused_server_answers_after_it_is_resumed() {
    let server = RedisServer::start().await;
    let mut connection = connect(&server.url()).await;
    server.pause();
    let asked = tokio::spawn(async move { ask(&mut connection, &["PING"]).await });
    tokio::task::yield_now().await;
    assert!(!asked.is_finished());
    server.resume();
    asked.await.expect("no panic").expect("an answer");
}

#[tokio::test]
async fn a_cluster_moves_a_slot_with_its_keys() {
    let cluster = RedisCluster::start(3).await;
    let slot = cluster.slot_of("k").await;
    let from = cluster.owner(slot).await;
    let to = (from + 1) % 3;
    assert_eq!(cluster.nodes()[from].command(&["SET", "k", "v"]).await, Value::Okay);
    let code = |answer: Value| match answer {
        Value::ServerError(error) => error.code().to_owned(),
        other => panic!("no error: {other:?}"),
    };
    cluster.begin_to_move(slot, to).await;
    assert_eq!(code(cluster.nodes()[from].command(&["GET", "{k}another"]).await), "ASK");
    cluster.move_slot(slot, to).await;
    assert_eq!(code(cluster.nodes()[from].command(&["GET", "k"]).await), "MOVED");
    assert_eq!(cluster.nodes()[to].command(&["GET", "k"]).await, value("v"));
    assert_eq!(cluster.owner(slot).await, to);
}

#[tokio::test]
async fn a_proxy_counts_commands_that_are_sent_together_once() {
    let server = RedisServer::start().await;
    let proxy = Proxy::before(server.port()).await;
    let mut connection = connect(&proxy.url()).await;
    ask(&mut connection, &["SET", "k", "v"]).await.expect("an answer");
    let mut both = redis::pipe();
    both.cmd("GET").arg("k").cmd("DEL").arg("k");
    let answers: (String, u8) = both.query_async(&mut connection).await.expect("answers");
    assert_eq!(answers, ("v".to_owned(), 1));
    assert_eq!((proxy.connections(), proxy.requests(), proxy.round_trips()), (1, 3, 2));
}

#[tokio::test]
async fn a_proxy_injects_the_faults_it_is_told_to() {
    let server = RedisServer::start().await;
    let proxy = Proxy::before(server.port()).await;
    let mut connection = connect(&proxy.url()).await;

    proxy.set_once(Fault::Error("OOM command not allowed"));
    let answer = ask(&mut connection, &["INCR", "n"]).await.expect("an answer");
    assert!(matches!(answer, Value::ServerError(error) if error.code() == "OOM"));
    assert_eq!(server.command(&["GET", "n"]).await, Value::Nil);

    for (fault, stored) in [(Fault::LoseReply, "1"), (Fault::CutReply, "2"), (Fault::Nonsense, "2")] {
        let mut connection = connect(&proxy.url()).await;
        proxy.set_once(fault.clone());
        assert!(ask(&mut connection, &["INCR", "n"]).await.is_err(), "{fault:?}");
        assert_eq!(server.command(&["GET", "n"]).await, value(stored), "{fault:?}");
    }

    proxy.set(Fault::Silence);
    let silent = tokio::time::timeout(Duration::from_millis(50), ask(&mut connection, &["INCR", "n"])).await;
    assert!(silent.is_err());
    assert_eq!(server.command(&["GET", "n"]).await, value("2"));

    proxy.set(Fault::Refuse);
    assert!(Client::open(proxy.url()).expect("an address").get_multiplexed_async_connection().await.is_err());
    proxy.set(Fault::None);
    connect(&proxy.url()).await;
}

#[tokio::test]
async fn a_server_speaks_tls_and_asks_for_a_password() {
    let server = RedisServer::with_tls().await;
    let client = Client::open(server.tls()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    ask(&mut connection, &["PING"]).await.expect("an answer");
    let server = RedisServer::with_password("hunter2").await;
    assert_eq!(server.command(&["SET", "k", "v"]).await, Value::Okay);
}

fn value(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}
