//! Tests the link with a scripted server.

mod replicas;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What the server does when it gets a command.
enum Act {
    Answer(String),
    /// Answers and closes the connection.
    AnswerAndClose(&'static str),
    /// Closes the connection without an answer, as if it had carried out the command.
    Close,
    /// Does nothing.
    Wait,
}

/// A server and a log of what it was sent: the names of the commands, and `connection` for each
/// connection.
struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts a server that decides by the words of a command and by the number of commands before
    /// it.
    async fn start(decide: impl Fn(&[String], usize) -> Act + Send + Sync + 'static) -> Self {
        let (listener, _) = bind().await;
        Self::serve(listener, decide)
    }

    fn serve(listener: TcpListener, decide: impl Fn(&[String], usize) -> Act + Send + Sync + 'static) -> Self {
        let port = listener.local_addr().expect("it is bound").port();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let (decide, log) = (Arc::new(decide), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                log.lock().expect("not poisoned").push("connection".to_owned());
                tokio::spawn(serve(stream, Arc::clone(&decide), Arc::clone(&log)));
            }
        });
        Self { port, seen }
    }

    fn link(&self) -> Link {
        link_to(self.port)
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("not poisoned").clone()
    }

    fn count(&self, name: &str) -> usize {
        self.seen().iter().filter(|seen| *seen == name).count()
    }
}

async fn bind() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, port)
}

fn link_to(port: u16) -> Link {
    let link = Link::single(format!("redis://127.0.0.1:{port}")).expect("an address");
    link.with_deadline(Duration::from_millis(500))
}

async fn serve<D: Fn(&[String], usize) -> Act>(stream: TcpStream, decide: Arc<D>, log: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    while let Some(words) = command(&mut stream).await {
        // The commands that every connection begins with.
        if words[0] == "CLIENT" {
            stream.write_all(b"+OK\r\n").await.expect("it reads");
            continue;
        }
        let before = {
            let mut log = log.lock().expect("not poisoned");
            log.push(words[0].clone());
            log.iter().filter(|name| *name != "connection").count() - 1
        };
        match decide(&words, before) {
            Act::Answer(text) => stream.write_all(text.as_bytes()).await.expect("it reads"),
            Act::AnswerAndClose(text) => {
                stream.write_all(text.as_bytes()).await.expect("it reads");
                return;
            }
            Act::Close => return,
            Act::Wait => {}
        }
    }
}

async fn command(stream: &mut BufReader<TcpStream>) -> Option<Vec<String>> {
    let count = number(stream).await?;
    let mut words = Vec::new();
    for _ in 0..count {
        let mut word = vec![0; number(stream).await? + 2];
        stream.read_exact(&mut word).await.ok()?;
        word.truncate(word.len() - 2);
        words.push(String::from_utf8(word).expect("text"));
    }
    Some(words)
}

async fn number(stream: &mut BufReader<TcpStream>) -> Option<usize> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    line.trim_end().get(1..)?.parse().ok()
}

/// Lets time pass at once.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

fn get() -> Cmd {
    let mut cmd = redis::cmd("GET");
    cmd.arg("key");
    cmd
}

async fn ask(link: &Link, effect: Effect) -> Result<Value, LinkError> {
    link.call(&get(), b"key", effect).await
}

#[test]
fn no_output_shows_a_password() {
    let link = Link::single("redis://ada:hunter2@localhost:1/0").expect("an address");
    assert_eq!(format!("{link:?}"), r#"Link { route: Tcp("localhost", 1), deadline: 1s, replicas: None }"#);
    let link = Link::cluster(["redis://:hunter2@localhost:1", "redis://:hunter2@localhost:2"]).expect("addresses");
    assert_eq!(format!("{link:?}"), "Link { route: [localhost:1, localhost:2], deadline: 1s, replicas: None }");
    let link = Link::sentinel(["redis://:hunter2@localhost:1"], "redis://:hunter2@mymaster").expect("addresses");
    assert_eq!(format!("{link:?}"), r#"Link { route: Tcp("mymaster", 6379), deadline: 1s, replicas: None }"#);
    for url in ["redis://:hunter2@", "http://:hunter2@localhost", "redis://:hunter2@localhost/x", "hunter2"] {
        let error = Link::single(url).expect_err("no address");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
    assert!(Link::cluster([""; 0]).is_err());
    assert!(Link::cluster(["unix:///run/redis.sock"]).is_err());
    assert!(Link::sentinel([""; 0], "redis://mymaster").is_err());
    assert!(Link::sentinel(["redis://localhost:1"], "unix:///run/redis.sock").is_err());
}

#[tokio::test]
async fn nothing_connects_before_the_first_command_and_one_connection_serves_all() {
    let server = Server::start(|_, _| Act::Answer("$-1\r\n".to_owned())).await;
    let link = server.link();
    assert_eq!(server.count("connection"), 0);
    let commands: Vec<_> = (0..20)
        .map(|_| {
            let link = link.clone();
            tokio::spawn(async move { ask(&link, Effect::Once).await })
        })
        .collect();
    for command in commands {
        assert_eq!(command.await.expect("no panic").expect("an answer"), Value::Nil);
    }
    assert_eq!((server.count("connection"), server.count("GET")), (1, 20));
}

#[tokio::test]
async fn an_unknown_script_is_sent_as_text_once() {
    let server = Server::start(|words, before| match (words[0].as_str(), before) {
        ("EVALSHA", 0) => Act::Answer("-NOSCRIPT No matching script.\r\n".to_owned()),
        _ => Act::Answer(":1\r\n".to_owned()),
    })
    .await;
    let (link, script) = (server.link(), Script::new("return 1"));
    for _ in 0..2 {
        let answer = link.eval::<Value>(&script, &[b"key"], &["a", "b"], Effect::Once).await;
        assert_eq!(answer.expect("an answer"), Value::Int(1));
    }
    assert_eq!(server.seen(), ["connection", "EVALSHA", "EVAL", "EVALSHA"]);
}

#[tokio::test]
async fn a_command_is_retried_after_a_lost_reply_only_if_harmless() {
    let lossy = |_: &[String], before| if before == 0 { Act::Close } else { Act::Answer("+OK\r\n".to_owned()) };
    let server = Server::start(lossy).await;
    assert_eq!(ask(&server.link(), Effect::Idempotent).await.expect("an answer"), Value::Okay);
    assert_eq!(server.count("GET"), 2);
    let server = Server::start(lossy).await;
    let link = server.link();
    assert!(matches!(ask(&link, Effect::Once).await, Err(LinkError::Broken(_))));
    assert_eq!(server.count("GET"), 1);
    assert_eq!(ask(&link, Effect::Once).await.expect("an answer"), Value::Okay);
}

#[tokio::test]
async fn a_command_that_is_sent_once_is_not_sent_on_a_connection_that_has_ended() {
    let server = Server::start(|_, before| match before {
        0 => Act::AnswerAndClose("+OK\r\n"),
        _ => Act::Answer("+OK\r\n".to_owned()),
    })
    .await;
    let link = server.link();
    assert_eq!(ask(&link, Effect::Once).await.expect("an answer"), Value::Okay);
    pass(Duration::from_secs(2)).await;
    // The end of the connection arrives while the other one is used.
    let other = Server::start(|_, _| Act::Answer("+OK\r\n".to_owned())).await;
    ask(&other.link(), Effect::Once).await.expect("an answer");
    assert_eq!(ask(&link, Effect::Once).await.expect("an answer"), Value::Okay);
    assert_eq!(server.seen(), ["connection", "GET", "connection", "GET"]);
}

#[tokio::test]
async fn a_command_is_sent_twice_at_most() {
    let server = Server::start(|_, _| Act::Close).await;
    assert!(matches!(ask(&server.link(), Effect::Idempotent).await, Err(LinkError::Broken(_))));
    assert_eq!(server.count("GET"), 2);
}

#[tokio::test]
async fn a_silent_connection_ends_at_the_deadline_and_is_replaced() {
    let server =
        Server::start(|_, before| if before == 0 { Act::Wait } else { Act::Answer("+OK\r\n".to_owned()) }).await;
    let link = server.link();
    assert!(matches!(ask(&link, Effect::Idempotent).await, Err(LinkError::Deadline)));
    assert_eq!(ask(&link, Effect::Once).await.expect("an answer"), Value::Okay);
    assert_eq!(server.seen(), ["connection", "GET", "connection", "GET"]);
}

#[tokio::test]
async fn a_connection_to_a_demoted_master_is_replaced_once_a_second() {
    let server =
        Server::start(|_, _| Act::Answer("-READONLY You can't write against a read only replica.\r\n".to_owned()))
            .await;
    let link = server.link();
    for _ in 0..5 {
        assert!(matches!(ask(&link, Effect::Once).await, Err(LinkError::ReadOnly(_))));
    }
    assert_eq!(server.seen(), ["connection", "GET", "connection", "GET", "GET", "GET", "GET"]);
}

#[tokio::test]
async fn errors_of_the_server_are_classified() {
    let texts = [
        "-LOADING Redis is loading the dataset in memory\r\n",
        "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
        "-CLUSTERDOWN Hash slot not served\r\n",
        "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
        "-NOREPLICAS Not enough good replicas to write.\r\n",
        "-ERR Error running script (call to f_1): @user_script:1: -READONLY You can't write\r\n",
        "nonsense\r\n",
    ];
    let server = Server::start(move |_, before| Act::Answer(texts[before].to_owned())).await;
    let link = server.link();
    let mut names = Vec::new();
    for _ in texts {
        let error = format!("{:?}", ask(&link, Effect::Once).await.expect_err("an error"));
        names.push(error.split('(').next().expect("a name").to_owned());
    }
    assert_eq!(names, ["NotReady", "NotReady", "NotReady", "Refused", "Refused", "ReadOnly", "Broken"]);
}

#[tokio::test]
async fn an_unreachable_server_is_not_tried_for_a_while() {
    let (listener, port) = bind().await;
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            drop(stream);
        }
    });
    let link = link_to(port);
    for _ in 0..20 {
        assert!(matches!(ask(&link, Effect::Idempotent).await, Err(LinkError::Unreachable(_))));
    }
    let accepted = accepted.load(Ordering::SeqCst);
    assert!(accepted <= 3, "{accepted} connections");
}

#[tokio::test]
async fn after_an_answer_pauses_are_short_again() {
    let (listener, port) = bind().await;
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if count.fetch_add(1, Ordering::SeqCst) == 4 {
                let decide = |_: &[String], before| match before {
                    0 => Act::Answer("+OK\r\n".to_owned()),
                    _ => Act::Close,
                };
                serve(stream, Arc::new(decide), Arc::default()).await;
            }
        }
    });
    let link = link_to(port);
    for _ in 0..4 {
        assert!(matches!(ask(&link, Effect::Once).await, Err(LinkError::Unreachable(_))));
        pass(Duration::from_secs(1)).await;
    }
    assert_eq!(ask(&link, Effect::Once).await.expect("an answer"), Value::Okay);
    assert!(matches!(ask(&link, Effect::Once).await, Err(LinkError::Broken(_))));
    for attempts in [6, 7] {
        assert!(matches!(ask(&link, Effect::Once).await, Err(LinkError::Unreachable(_))));
        assert_eq!(accepted.load(Ordering::SeqCst), attempts);
    }
}

/// The server accepts connections and never greets.
#[tokio::test]
async fn connecting_is_part_of_the_deadline() {
    let (_listener, port) = bind().await;
    let link = link_to(port).with_deadline(Duration::from_millis(100));
    assert!(matches!(ask(&link, Effect::Idempotent).await, Err(LinkError::Deadline)));
}

#[tokio::test]
async fn an_existing_connection_only_gets_the_deadline() {
    let server =
        Server::start(|_, before| if before == 0 { Act::Answer("+OK\r\n".to_owned()) } else { Act::Wait }).await;
    let client = redis::Client::open(format!("redis://127.0.0.1:{}", server.port)).expect("an address");
    let connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let link = Link::own(connection).with_deadline(Duration::from_millis(100));
    assert_eq!(ask(&link, Effect::Once).await.expect("an answer"), Value::Okay);
    assert!(matches!(ask(&link, Effect::Idempotent).await, Err(LinkError::Deadline)));
    assert_eq!(server.seen(), ["connection", "GET", "GET"]);
}

/// The client remembers a slot that has moved, and asks once for a slot that is moving.
#[tokio::test]
async fn a_command_follows_redirects_of_the_cluster() {
    let other = Server::start(|_, _| Act::Answer("$2\r\nhi\r\n".to_owned())).await;
    let there = other.port;
    let first = Server::start(move |_, before| {
        let refusal = if before == 0 { "ASK" } else { "MOVED" };
        Act::Answer(format!("-{refusal} 12539 127.0.0.1:{there}\r\n"))
    })
    .await;
    let link = Link::cluster([format!("redis://127.0.0.1:{}", first.port)]).expect("an address");
    for _ in 0..3 {
        assert_eq!(ask(&link, Effect::Once).await.expect("an answer"), Value::BulkString(b"hi".to_vec()));
    }
    assert_eq!(first.seen(), ["connection", "GET", "GET"]);
    assert_eq!(other.seen(), ["connection", "ASKING", "GET", "GET", "GET"]);
}

#[tokio::test]
async fn a_command_with_a_lost_reply_is_not_resent_to_a_cluster() {
    let lossy = || Server::start(|_, _| Act::Close);
    let (first, second) = (lossy().await, lossy().await);
    let urls = [&first, &second].map(|server| format!("redis://127.0.0.1:{}", server.port));
    let link = Link::cluster(urls).expect("addresses");
    assert!(matches!(ask(&link, Effect::Once).await, Err(LinkError::Broken(_))));
    assert_eq!((first.count("GET"), second.count("GET")), (1, 0));
}

#[tokio::test]
async fn a_cluster_is_retried_after_a_node_was_unreachable() {
    let (gone, dead) = bind().await;
    drop(gone);
    let node = Server::start(move |_, before| {
        Act::Answer(if before < 2 { format!("-MOVED 12539 127.0.0.1:{dead}\r\n") } else { "+OK\r\n".to_owned() })
    })
    .await;
    let link = Link::cluster([format!("redis://127.0.0.1:{}", node.port)]).expect("an address");
    assert!(matches!(ask(&link, Effect::Once).await, Err(LinkError::Unreachable(_))));
    assert_eq!(ask(&link, Effect::Once).await.expect("an answer"), Value::Okay);
    assert_eq!((node.count("connection"), node.count("GET")), (1, 3));
}

#[tokio::test]
async fn a_silent_node_is_asked_last_for_other_slots() {
    let silent = Server::start(|_, _| Act::Wait).await;
    let node = Server::start(|_, _| Act::Answer("+OK\r\n".to_owned())).await;
    let urls = [&silent, &node].map(|server| format!("redis://127.0.0.1:{}", server.port));
    let link = Link::cluster(urls).expect("addresses").with_deadline(Duration::from_millis(100));
    assert!(matches!(ask(&link, Effect::Once).await, Err(LinkError::Deadline)));
    assert_eq!(ask(&link, Effect::Once).await.expect("an answer"), Value::Okay);
}
