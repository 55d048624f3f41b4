//! Tests clients that disconnect, and calls that do not end.

use std::future::{Ready, pending, ready};
use std::io;

use tokio::io::{DuplexStream, duplex};
use tokio::task::JoinSet;
use tower::{ServiceExt, service_fn};
use tower_layer::{Identity, layer_fn};

use super::super::{Listener, Server};
use super::http2::{RST_STREAM, get, open};
use super::*;
use crate::app::App;
use crate::context::Peer;
use crate::error::Error;
use crate::procedure::procedure;
use crate::router::Router;
use crate::wire::trpc::Trpc;

impl Client {
    async fn post(&mut self, path: &str) {
        self.send(format!("POST {path} HTTP/1.1\r\nhost: test\r\n\r\n")).await;
    }

    /// Disconnects in a way that the server sees at once.
    fn reset(self) {
        self.0.set_zero_linger().expect("a socket");
    }
}

#[tokio::test]
async fn a_mutation_finishes_after_its_client_leaves() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.post("/wait").await;
    server.reached(1).await;
    client.reset();
    server.let_go(1);
    server.done(1).await;
}

#[tokio::test]
async fn a_query_is_dropped_when_its_client_leaves() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.get("/wait").await;
    server.reached(1).await;
    client.reset();
    server.dropped(1).await;
}

#[tokio::test]
async fn a_reset_http_2_stream_finishes_its_mutation() {
    let server = Running::start(long()).await;
    let mut client = server.connect2(&[]).await;
    client.send([open(1, "/wait"), get(3, "/wait")].concat()).await;
    server.reached(2).await;
    client.send(reset(1)).await;
    client.send(reset(3)).await;
    server.dropped(1).await;
    server.let_go(1);
    server.done(1).await;
}

fn reset(stream: u32) -> Vec<u8> {
    super::http2::frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())
}

#[tokio::test]
async fn streams_reset_in_a_loop_do_not_pile_up_work() {
    let server = Running::start(long()).await;
    let mut client = server.connect2(&[]).await;
    for number in 0..100 {
        client.send(open(2 * number + 1, "/wait")).await;
        server.reached(1).await;
        client.send(reset(2 * number + 1)).await;
    }
    client.send(open(201, "/wait")).await;
    let body = String::from_utf8(client.next(super::http2::DATA).await.payload).expect("text");
    assert!(body.contains("\"statusCode\":503"), "{body}");
    server.let_go(100);
    server.done(100).await;
}

#[tokio::test]
async fn unattended_work_keeps_the_place_of_its_connection() {
    let server = Running::start(Limits { connections: 1, ..long() }).await;
    let mut client = server.connect().await;
    client.post("/wait").await;
    server.reached(1).await;
    client.reset();
    // Gives the server time to see the disconnect. It refuses the other client before and after.
    tokio::time::sleep(SHORT).await;
    let mut other = server.connect().await;
    other.get("/fine").await;
    assert!(other.reply().await.starts_with("HTTP/1.1 503 "));
    server.let_go(1);
    server.done(1).await;
    let is_free = async {
        loop {
            let mut client = server.connect().await;
            client.get("/fine").await;
            if client.reply().await.starts_with("HTTP/1.1 200 ") {
                return;
            }
        }
    };
    timeout(HANG, is_free).await.expect("the place is free again");
}

#[tokio::test]
async fn a_shutdown_waits_for_unattended_work() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.post("/wait").await;
    server.reached(1).await;
    client.reset();
    let paths = server.paths.clone();
    let task = server.stop();
    tokio::time::sleep(SHORT).await;
    assert!(!task.is_finished());
    paths.go.add_permits(1);
    let shutdown = ended(task).await;
    assert_eq!((paths.done.available_permits(), shutdown.cut), (1, 0));
}

#[tokio::test]
async fn unattended_work_is_cut_at_the_deadline_and_counted() {
    let server = Running::start(Limits { shutdown: SHORT, ..long() }).await;
    let mut client = server.connect2(&[]).await;
    client.send([open(1, "/wait"), open(3, "/wait")].concat()).await;
    server.reached(2).await;
    client.send(reset(1)).await;
    let paths = server.paths.clone();
    let shutdown = ended(server.stop()).await;
    assert_eq!((shutdown.finished, shutdown.cut), (0, 2));
    count(&paths.dropped, 2).await;
}

/// `nc -N` and some HTTP/1.0 tools do this.
#[tokio::test]
async fn a_client_that_closes_its_half_after_the_request_is_answered() {
    let server = Running::start(long()).await;
    for head in
        ["GET /wait HTTP/1.1\r\nhost: test\r\n\r\n", "GET /wait HTTP/1.0\r\n\r\n", "POST /wait HTTP/1.0\r\n\r\n"]
    {
        let mut client = server.connect().await;
        client.send(head).await;
        server.reached(1).await;
        client.0.shutdown().await.expect("a socket");
        tokio::time::sleep(SHORT / 3).await;
        server.let_go(1);
        assert!(client.text_until_closed().await.ends_with("waited"), "{head}");
    }
}

#[tokio::test]
async fn a_large_reply_reaches_a_client_that_has_closed_its_half() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.get("/large").await;
    client.0.shutdown().await.expect("a socket");
    tokio::time::sleep(SHORT).await;
    assert!(client.until_closed().await.len() > LARGE);
}

#[tokio::test]
async fn a_body_cut_off_by_a_closed_half_is_not_waited_for() {
    let server = Running::start(long()).await;
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nabc").await;
    client.0.shutdown().await.expect("a socket");
    client.until_closed().await;
}

#[tokio::test]
async fn no_stream_is_sent_to_a_client_that_closed_its_half() {
    let server = Running::start(long()).await;
    let mut before = server.connect().await;
    before.get("/stream").await;
    server.reached(1).await;
    before.0.shutdown().await.expect("a socket");
    before.until_closed().await;
    server.dropped(1).await;
    let mut after = server.connect().await;
    after.send("GET /stream HTTP/1.1\r\nhost: test\r\n\r\n").await;
    after.0.shutdown().await.expect("a socket");
    after.until_closed().await;
    server.dropped(1).await;
}

fn get_wait() -> Request<Body> {
    Request::get("/wait").body(Body::empty()).expect("a request")
}

/// Makes an application whose calls wait like `/wait`.
fn app(paths: &Paths) -> App<()> {
    let wait = |paths: &Paths| {
        let paths = paths.clone();
        move || {
            let waiting = paths.clone().answer(get_wait());
            async move {
                waiting.await;
                Ok("waited")
            }
        }
    };
    let (query, mutation, patient, feed) = (wait(paths), wait(paths), wait(paths), wait(paths));
    let feed = move |_| {
        let waiting = feed();
        async move { waiting.await.map(|event| futures_util::stream::iter([Ok(event)])) }
    };
    let router = Router::new("test")
        .procedure("getIt", procedure().query(move |_| query()))
        .procedure("doIt", procedure().mutation(move |_| mutation()))
        .procedure("getPatiently", procedure().handler_timeout(Duration::MAX).query(move |_| patient()))
        .procedure("feed", procedure().subscription(feed));
    App::new(()).development(false).router(router).trpc(Trpc::at("/trpc")).handler_timeout(SHORT)
}

pub(super) fn hosted(app: App<()>) -> Hosted {
    match app.into_service().expect("it starts").into_parts() {
        (core, None) => Hosted::App(core),
        (_, Some(layered)) => Hosted::Boxed(layered),
    }
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_503_and_dropped() {
    let server = Running::serve(long(), |paths| hosted(app(paths))).await;
    let mut client = server.connect().await;
    let clock = Clock::start();
    client.get("/api/test/getIt").await;
    let reply = client.reply().await;
    clock.at_least(SHORT);
    assert!(reply.starts_with("HTTP/1.1 503 ") && reply.contains("\"statusCode\":503"), "{reply}");
    server.dropped(1).await;
    // The connection stays usable.
    client.get("/trpc/test.getIt").await;
    let reply = client.reply().await;
    assert!(reply.starts_with("HTTP/1.1 503 ") && reply.contains("\"httpStatus\":503"), "{reply}");
}

#[tokio::test]
async fn a_mutation_that_takes_too_long_is_503_and_finishes() {
    for layered in [false, true] {
        let with = |paths: &Paths| hosted(if layered { app(paths).layer(Identity::new()) } else { app(paths) });
        let server = Running::serve(long(), with).await;
        let mut client = server.connect().await;
        client.post("/api/test/doIt").await;
        let reply = client.text_until_closed().await;
        assert!(reply.starts_with("HTTP/1.1 503 ") && reply.contains("connection: close\r\n"), "{reply}");
        server.let_go(1);
        server.done(1).await;
    }
}

/// Calls a procedure without a limit, which takes longer than the others may.
async fn waits_patiently(server: &Running) {
    let mut client = server.connect().await;
    client.get("/api/test/getPatiently").await;
    server.reached(1).await;
    tokio::time::sleep(SHORT * 2).await;
    server.let_go(1);
    assert!(client.reply().await.ends_with("\"waited\""));
}

#[tokio::test]
async fn a_procedure_can_set_its_own_limit() {
    let server = Running::serve(long(), |paths| hosted(app(paths))).await;
    waits_patiently(&server).await;
}

#[tokio::test]
async fn a_subscription_may_take_longer_than_the_handler() {
    let server = Running::serve(long(), |paths| hosted(app(paths))).await;
    let mut client = server.connect().await;
    client.send("GET /api/test/feed HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await;
    server.reached(1).await;
    tokio::time::sleep(SHORT * 2).await;
    server.let_go(1);
    let reply = client.text_until_closed().await;
    assert!(reply.starts_with("HTTP/1.1 200 ") && reply.contains("data: \"waited\""), "{reply}");
}

#[tokio::test]
async fn mutations_of_two_hundred_leaving_clients_all_finish() {
    let server = Running::serve(long(), |paths| hosted(app(paths).handler_timeout(LONG))).await;
    for number in 0..200 {
        let mut client = server.connect().await;
        client.post("/api/test/doIt").await;
        server.reached(1).await;
        if number % 2 == 0 { client.reset() } else { drop(client) }
    }
    server.let_go(200);
    server.done(200).await;
}

#[tokio::test]
async fn a_service_that_takes_too_long_to_answer_a_safe_method_is_503_and_dropped() {
    let server = Running::start(Limits { handler: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    for method in ["GET", "OPTIONS"] {
        let clock = Clock::start();
        client.send(format!("{method} /wait HTTP/1.1\r\nhost: test\r\n\r\n")).await;
        let reply = client.reply().await;
        clock.at_least(SHORT);
        assert!(reply.starts_with("HTTP/1.1 503 ") && reply.contains("\"statusCode\":503"), "{reply}");
        server.dropped(1).await;
    }
    client.works().await;
}

#[tokio::test]
async fn a_service_that_takes_too_long_to_answer_another_method_is_503_and_finishes() {
    let server = Running::start(Limits { handler: SHORT, ..long() }).await;
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let mut client = server.connect().await;
        client.send(format!("{method} /wait HTTP/1.1\r\nhost: test\r\n\r\n")).await;
        let reply = client.text_until_closed().await;
        assert!(reply.starts_with("HTTP/1.1 503 ") && reply.contains("connection: close\r\n"), "{reply}");
        server.let_go(1);
        server.done(1).await;
    }
}

#[tokio::test]
async fn the_body_of_a_reply_may_take_longer_than_the_handler() {
    let server = Running::start(Limits { handler: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    client.get("/stream").await;
    server.reached(1).await;
    tokio::time::sleep(SHORT * 2).await;
    assert_eq!(server.paths.dropped.available_permits(), 0);
}

#[tokio::test]
async fn an_upload_may_take_longer_than_the_handler() {
    let server = Running::start(Limits { handler: SHORT, ..long() }).await;
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 6\r\n\r\nabc").await;
    tokio::time::sleep(SHORT * 2).await;
    client.send("def").await;
    assert!(client.reply().await.ends_with("abcdef"));
}

#[tokio::test]
async fn an_application_in_another_service_has_its_own_timeout() {
    let server =
        Running::serve(Limits { handler: SHORT, ..long() }, |paths| hosted(app(paths).layer(Identity::new()))).await;
    waits_patiently(&server).await;
}

/// The layer waits first, within the server's timeout.
#[tokio::test]
async fn the_timeout_of_an_application_starts_when_the_request_reaches_it() {
    let waiting = |paths: &Paths| {
        let paths = paths.clone();
        layer_fn(move |inner: BoxedService| {
            let paths = paths.clone();
            service_fn(move |request: Request<Body>| {
                let (inner, waiting) = (inner.clone(), paths.clone().answer(get_wait()));
                async move {
                    waiting.await;
                    inner.oneshot(request).await
                }
            })
        })
    };
    let server = Running::serve(long(), |paths| hosted(app(paths).layer(waiting(paths)))).await;
    let mut client = server.connect().await;
    client.get("/api/test/getIt").await;
    server.reached(1).await;
    let clock = Clock::start();
    server.let_go(1);
    server.reached(1).await;
    assert!(client.reply().await.starts_with("HTTP/1.1 503 "));
    clock.at_least(SHORT);
    server.dropped(1).await;
}

/// A listener with one connection, which no network delays: the clock of the test is paused.
struct Pipe(Option<DuplexStream>);

impl Listener for Pipe {
    type Stream = DuplexStream;
    type Handshake = Ready<io::Result<DuplexStream>>;

    async fn accept(&mut self) -> io::Result<(Self::Handshake, Peer)> {
        match self.0.take() {
            Some(stream) => Ok((ready(Ok(stream)), Peer::Unix)),
            None => pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn by_default_a_handler_has_sixty_seconds() {
    let never = procedure::<()>().query(async |_| pending::<Result<(), Error>>().await);
    let app = App::new(()).development(false).router(Router::new("test").procedure("getIt", never));
    let service = service_fn(async |_: Request<Body>| pending::<Result<Response<Body>, Infallible>>().await);
    for server in [Server::new(app.into_service().expect("it starts")), Server::new(service)] {
        let (mut client, stream) = duplex(4096);
        let _server = JoinSet::from_iter([server.listen(Pipe(Some(stream))).run_until(pending::<()>())]);
        let start = Instant::now();
        client.write_all(b"GET /api/test/getIt HTTP/1.1\r\nhost: test\r\n\r\n").await.expect("the server reads");
        let mut status = [0; 12];
        client.read_exact(&mut status).await.expect("a reply");
        assert_eq!((&status, start.elapsed().as_secs()), (b"HTTP/1.1 503", 60));
    }
}
