//! Tests subscriptions over a socket: clients that leave or do not read, and a server that shuts
//! down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::{self, Stream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tower_http::compression::CompressionLayer;
use velox_rpc::server::Shutdown;
use velox_rpc::{App, Router, Server, procedure};
use velox_tests::Raw;

/// Counts the events and the dropped streams of an application.
#[derive(Clone, Default)]
struct Streams(Arc<Counts>);

#[derive(Default)]
struct Counts {
    given: AtomicUsize,
    dropped: AtomicUsize,
}

impl Streams {
    fn given(&self) -> usize {
        self.0.given.load(Ordering::SeqCst)
    }

    /// Waits until `count` streams were dropped.
    async fn dropped(&self, count: usize) {
        let all = async {
            while self.0.dropped.load(Ordering::SeqCst) < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(HANG, all).await.expect("the stream is dropped");
    }

    /// Yields `count` events of 10 kB, and then waits forever.
    fn stream(&self, count: usize) -> impl Stream<Item = velox_rpc::Result<String>> + Send + use<> {
        let held = Held(self.clone());
        stream::unfold((held, count), |(held, left)| async move {
            if left == 0 {
                return std::future::pending().await;
            }
            held.0.0.given.fetch_add(1, Ordering::SeqCst);
            Some((Ok("x".repeat(10_000)), (held, left - 1)))
        })
    }
}

struct Held(Streams);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

fn app(streams: &Streams) -> App<()> {
    let (quiet, flood) = (streams.clone(), streams.clone());
    let live = Router::new("live")
        .procedure("quiet", procedure().subscription(move |_| quiet.stream(1)))
        .procedure("flood", procedure().subscription(move |_| flood.stream(usize::MAX)));
    App::new(()).router(live).trpc("/trpc")
}

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Shutdown>,
}

impl Running {
    async fn start(server: Server) -> Self {
        let bound = server.bind("127.0.0.1:0").await.expect("a free port");
        let address = bound.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(bound.run_until(async {
            let _ = stopped.await;
        }));
        Self { address, stop, server }
    }

    async fn of(app: App<()>) -> Self {
        Self::start(Server::new(app.into_service().expect("good routes"))).await
    }

    async fn stop(self) -> Shutdown {
        self.stop.send(()).expect("it runs");
        timeout(HANG, self.server).await.expect("it ends").expect("no panic")
    }
}

/// Subscribes over HTTP/1.1 and waits for the first event.
async fn subscribed(address: SocketAddr, path: &str) -> Raw {
    let mut client = Raw::connect(address).await;
    client.send(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n")).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("content-type: text/event-stream\r\n"), "{head}");
    client
}

/// Subscribes over HTTP/2 and waits for the first event.
async fn subscribed_by_http2(address: SocketAddr, path: &str) -> reqwest::Response {
    let client = reqwest::Client::builder().http2_prior_knowledge().build().expect("a client");
    let mut reply = client.get(format!("http://{address}{path}")).send().await.expect("a reply");
    let first = reply.chunk().await.expect("a frame").expect("an event");
    assert!(first.starts_with(b"event: connected\n"), "{first:?}");
    reply
}

#[tokio::test]
async fn the_stream_of_a_disconnected_client_is_dropped_at_once() {
    let streams = Streams::default();
    let server = Running::of(app(&streams)).await;
    for (dropped, path) in [(1, "/trpc/live.quiet"), (2, "/api/live/quiet")] {
        drop(subscribed(server.address, path).await);
        streams.dropped(dropped).await;
    }
    drop(subscribed_by_http2(server.address, "/trpc/live.quiet").await);
    streams.dropped(3).await;
}

/// Only the buffers keep events for such a client.
#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_at_the_write_deadline() {
    let streams = Streams::default();
    let service = app(&streams).into_service().expect("good routes");
    let server = Running::start(Server::new(service).write_timeout(Duration::from_millis(300))).await;
    let deaf = subscribed(server.address, "/trpc/live.flood").await;
    streams.dropped(1).await;
    let given = streams.given();
    assert!(given < 3000, "the buffers of both sockets took {given} events of 10 kB");
    drop(deaf);
    let deaf = subscribed_by_http2(server.address, "/trpc/live.flood").await;
    streams.dropped(2).await;
    assert!(streams.given() - given < 3000);
    drop(deaf);
}

#[tokio::test]
async fn a_shutdown_ends_subscriptions_so_that_clients_reconnect() {
    let streams = Streams::default();
    let server = Running::of(app(&streams)).await;
    let mut client = subscribed(server.address, "/trpc/live.quiet").await;
    let mut other = subscribed_by_http2(server.address, "/api/live/quiet").await;
    let shutdown = server.stop().await;
    assert_eq!((shutdown.finished, shutdown.cut), (2, 0));
    let rest = client.rest().await;
    assert!(rest.contains("event: connected\n") && rest.ends_with("\r\n0\r\n\r\n"), "{rest}");
    assert!(!rest.contains("event: return"), "{rest}");
    let mut rest = Vec::new();
    while let Some(frame) = other.chunk().await.expect("it ends in order") {
        rest.extend(frame);
    }
    assert!(!String::from_utf8_lossy(&rest).contains("event: return"));
    streams.dropped(2).await;
}

/// Layers around the application make no difference.
#[tokio::test]
async fn a_shutdown_ends_subscriptions_below_layers_and_in_axum() {
    let streams = Streams::default();
    let layered = app(&streams).layer(CompressionLayer::new()).into_service().expect("good routes");
    let within = axum::Router::new().fallback_service(app(&streams).into_service().expect("good routes"));
    for server in [Server::new(layered), Server::new(within)] {
        let server = Running::start(server).await;
        let mut client = subscribed(server.address, "/trpc/live.quiet").await;
        assert_eq!(server.stop().await.cut, 0);
        assert!(!client.rest().await.contains("event: return"));
    }
}

/// The time after which a test fails instead of hanging.
const HANG: Duration = Duration::from_secs(20);
