//! Tests writes that wait for replicas.

use super::*;

impl Server {
    /// Returns a link to this server whose writes count once two replicas have them.
    fn waiting(&self) -> Link {
        waiting(self.link())
    }
}

fn waiting(link: Link) -> Link {
    link.with_replicas(Some(Replicas { count: 2, within: Duration::from_millis(300) }))
}

/// Starts a server that has as many replicas as its answer says.
async fn with_replicas(answer: &'static str) -> Server {
    Server::start(move |words, _| match words[0].as_str() {
        "WAIT" => Act::Answer(format!("{answer}\r\n")),
        _ => Act::Answer("+OK\r\n".to_owned()),
    })
    .await
}

#[tokio::test]
async fn a_write_counts_once_enough_replicas_have_it() {
    for (answer, counts) in [(":3", true), (":2", true), (":1", false), (":0", false), ("+OK", false)] {
        let server = with_replicas(answer).await;
        let link = server.waiting();
        let sent = ask(&link, Effect::Once).await;
        assert_eq!(sent.is_ok(), counts, "{answer}: {sent:?}");
        match sent {
            Ok(value) => assert_eq!(value, Value::Okay),
            Err(LinkError::TooFewReplicas { wanted, .. }) => assert_eq!(wanted, 2),
            Err(other) => panic!("{other:?}"),
        }
        assert_eq!(server.seen(), ["connection", "GET", "WAIT"]);
    }
}

#[tokio::test]
async fn the_error_has_the_number_of_replicas_and_no_data() {
    let server = with_replicas(":1").await;
    let error = ask(&server.waiting(), Effect::Once).await.expect_err("too few");
    assert_eq!(error.to_string(), "1 of 2 replicas of redis have the write");
    assert_eq!(format!("{error:?}"), "TooFewReplicas { reached: 1, wanted: 2, source: None }");
}

#[tokio::test]
async fn a_server_that_does_not_wait_fails_the_write() {
    let server = with_replicas("-ERR WAIT cannot be used with replica instances.").await;
    match ask(&server.waiting(), Effect::Once).await {
        Err(LinkError::TooFewReplicas { reached: 0, source: Some(_), .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_wait_is_never_unlimited_and_never_exceeds_the_deadline() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let server = Server::start(move |words, _| {
        if words[0] == "WAIT" {
            assert_eq!(words[1], "2");
            log.lock().expect("not poisoned").push(words[2].parse::<u64>().expect("milliseconds"));
        }
        Act::Answer(":2\r\n".to_owned())
    })
    .await;
    for within in [Duration::ZERO, Duration::from_millis(20), Duration::from_secs(3_600), Duration::MAX] {
        let link = server.link().with_replicas(Some(Replicas { count: 2, within }));
        ask(&link, Effect::Once).await.expect("an answer");
    }
    let told = told.lock().expect("not poisoned").clone();
    assert_eq!(told[..2], [1, 20]);
    assert!(told[2..].iter().all(|ms| (1..=450).contains(ms)), "{told:?}");
}

#[tokio::test]
async fn commands_without_a_wait_overtake_waiting_ones() {
    let server = Server::start(|words, _| match words[0].as_str() {
        "WAIT" => Act::Wait,
        _ => Act::Answer("+OK\r\n".to_owned()),
    })
    .await;
    let link = server.link();
    let write = tokio::spawn(async move { ask(&waiting(link.clone()), Effect::Once).await.map(|_| ()) });
    while server.count("WAIT") == 0 {
        tokio::task::yield_now().await;
    }
    let link = server.link();
    ask(&link, Effect::Idempotent).await.expect("an answer");
    assert!(matches!(write.await.expect("no panic"), Err(LinkError::Deadline)));
}

#[tokio::test]
async fn all_waiting_commands_share_one_connection() {
    let server = with_replicas(":2").await;
    let link = server.link();
    let writes = waiting(link.clone());
    for _ in 0..12 {
        ask(&link, Effect::Idempotent).await.expect("an answer");
        ask(&writes, Effect::Once).await.expect("an answer");
    }
    assert_eq!((server.count("connection"), server.count("GET"), server.count("WAIT")), (2, 24, 12));
}

#[tokio::test]
async fn an_unknown_script_sent_as_text_waits_too() {
    let server = Server::start(|words, _| match words[0].as_str() {
        "EVALSHA" => Act::Answer("-NOSCRIPT No matching script.\r\n".to_owned()),
        "WAIT" => Act::Answer(":2\r\n".to_owned()),
        _ => Act::Answer(":1\r\n".to_owned()),
    })
    .await;
    let answer = server.waiting().eval::<Value>(&Script::new("return 1"), &[b"key"], &["a"], Effect::Once).await;
    assert_eq!(answer.expect("an answer"), Value::Int(1));
    assert_eq!(server.seen(), ["connection", "EVALSHA", "WAIT", "EVAL", "WAIT"]);
}

#[tokio::test]
async fn a_write_is_not_sent_again_when_the_wait_is_lost() {
    let server = Server::start(|words, _| match words[0].as_str() {
        "WAIT" => Act::Close,
        _ => Act::Answer("+OK\r\n".to_owned()),
    })
    .await;
    assert!(matches!(ask(&server.waiting(), Effect::Once).await, Err(LinkError::Broken(_))));
    assert_eq!(server.count("GET"), 1);
}

/// `WAIT` goes to the node that has taken the write.
#[tokio::test]
async fn a_write_waits_on_the_node_it_is_redirected_to() {
    let other = with_replicas(":2").await;
    let there = other.port;
    let first = Server::start(move |words, before| {
        Act::Answer(match (words[0].as_str(), before) {
            ("WAIT", _) => ":0\r\n".to_owned(),
            (_, 0) => format!("-ASK 12539 127.0.0.1:{there}\r\n"),
            _ => format!("-MOVED 12539 127.0.0.1:{there}\r\n"),
        })
    })
    .await;
    let link = waiting(Link::cluster([format!("redis://127.0.0.1:{}", first.port)]).expect("an address"));
    for _ in 0..3 {
        assert_eq!(ask(&link, Effect::Once).await.expect("an answer"), Value::Okay);
    }
    let sent = |server: &Server| server.seen().into_iter().filter(|name| name != "connection").collect::<Vec<_>>();
    assert_eq!(sent(&first), ["GET", "WAIT", "GET", "WAIT"]);
    assert_eq!(sent(&other), ["ASKING", "GET", "WAIT", "GET", "WAIT", "GET", "WAIT"]);
}

#[tokio::test]
async fn an_existing_connection_waits_too() {
    for (answer, counts) in [(":2", true), (":1", false)] {
        let server = with_replicas(answer).await;
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", server.port)).expect("an address");
        let connection = client.get_multiplexed_async_connection().await.expect("a connection");
        let link = waiting(Link::own(connection));
        assert_eq!(ask(&link, Effect::Once).await.is_ok(), counts);
        assert_eq!(server.seen(), ["connection", "GET", "WAIT"]);
    }
}
