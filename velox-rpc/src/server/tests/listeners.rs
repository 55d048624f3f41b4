//! Tests where connections come from: addresses, passed sockets, Unix sockets, and listeners with a
//! handshake.

use std::collections::VecDeque;
use std::future::{Ready, pending, ready};
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};
use tower::layer::layer_fn;

use super::super::{Bound, Listener, Listening, ServeError, Server};
use super::*;
use crate::app::App;
use crate::context::Peer;
use crate::service::BoxedService;

fn server() -> Server {
    let answer = async |request: Request<Body>| {
        let peer: Peer = *request.extensions().get().expect("the server says it");
        let text = if peer == Peer::Unix { "unix" } else { "tcp" };
        Ok::<_, Infallible>(reply(StatusCode::OK, text))
    };
    Server::new(tower::service_fn(answer)).shutdown_deadline(LONG)
}

/// A server that runs until it is told to stop.
struct Served(oneshot::Sender<()>, JoinHandle<Shutdown>);

impl Served {
    fn bound(bound: Bound) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        Self(stop, tokio::spawn(bound.run_until(stopped)))
    }

    fn listening(listening: Listening) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        Self(stop, tokio::spawn(listening.run_until(stopped)))
    }

    async fn end(self) {
        self.0.send(()).expect("it runs");
        ended(self.1).await;
    }
}

async fn works(address: SocketAddr) {
    let mut client = Client(TcpStream::connect(address).await.expect("it listens"));
    client.get("/").await;
    assert!(client.reply().await.ends_with("tcp"), "{address}");
}

fn local(last: u8, port: u16) -> SocketAddr {
    (Ipv4Addr::new(127, 0, 0, last), port).into()
}

#[tokio::test]
async fn the_server_listens_on_all_addresses_with_one_port() {
    let bound = server().bind(&[local(1, 0), local(2, 0), local(1, 0)][..]).await.expect("free ports");
    let addresses = bound.local_addrs().to_vec();
    assert_eq!(addresses.len(), 2);
    assert_eq!((bound.local_addr(), addresses[0].port()), (addresses[0], addresses[1].port()));
    let served = Served::bound(bound);
    for address in [addresses[1], addresses[0], addresses[1], addresses[1]] {
        works(address).await;
    }
    served.end().await;
}

#[tokio::test]
async fn the_server_listens_on_every_address_of_a_name() {
    let bound = server().bind("localhost:0").await.expect("a free port");
    let addresses = bound.local_addrs().to_vec();
    let served = Served::bound(bound);
    for address in addresses {
        works(address).await;
    }
    served.end().await;
}

#[tokio::test]
async fn a_taken_address_is_an_error_and_a_missing_one_is_skipped() {
    let taken = TcpListener::bind(local(2, 0)).await.expect("a free port");
    let port = taken.local_addr().expect("bound").port();
    let error = server().bind(&[local(1, port), local(2, port)][..]).await.expect_err("taken");
    assert_eq!(error.to_string(), format!("cannot listen on 127.0.0.2:{port}: address already in use"));
    // This network is reserved for documentation, so no machine has an address in it.
    let missing: SocketAddr = "192.0.2.1:0".parse().expect("an address");
    let bound = server().bind(&[missing, local(1, 0)][..]).await.expect("one is there");
    assert_eq!(bound.local_addrs().len(), 1);
    let error = server().bind(missing).await.expect_err("missing");
    assert!(matches!(error, ServeError::Listen { address, .. } if address == missing), "{error}");
}

#[tokio::test]
async fn an_already_open_socket_is_served() {
    let opened = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    opened.set_nonblocking(true).expect("a socket");
    let address = opened.local_addr().expect("bound");
    let served = Served::listening(server().listen(TcpListener::from_std(opened).expect("a runtime")));
    works(address).await;
    served.end().await;
}

/// A fresh directory with a free path.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("velox-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.join("socket")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn works_at(path: &Path) {
    let mut stream = UnixStream::connect(path).await.expect("it listens");
    stream.write_all(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.expect("it reads");
    let mut text = String::new();
    timeout(HANG, stream.read_to_string(&mut text)).await.expect("it closes").expect("a reply");
    assert!(text.ends_with("unix"), "{text}");
}

#[tokio::test]
async fn a_unix_socket_is_served_and_its_file_removed_at_the_end() {
    let folder = Folder::new("served");
    let path = folder.path();
    let served = Served::listening(server().bind_unix(&path).await.expect("a free path"));
    works_at(&path).await;
    served.end().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn a_socket_file_that_a_crash_left_behind_is_replaced() {
    let folder = Folder::new("crash");
    let path = folder.path();
    drop(UnixListener::bind(&path).expect("a free path"));
    assert!(path.exists(), "the file still exists");
    let served = Served::listening(server().bind_unix(&path).await.expect("the address is free"));
    works_at(&path).await;
    served.end().await;
}

#[tokio::test]
async fn a_used_socket_path_or_another_file_is_an_error_and_stays() {
    let folder = Folder::new("taken");
    let path = folder.path();
    let _first = server().bind_unix(&path).await.expect("a free path");
    let error = server().bind_unix(&path).await.expect_err("somebody listens");
    assert_eq!(error.to_string(), format!("cannot listen on the socket {}: address already in use", path.display()));
    let file = folder.0.join("file");
    std::fs::write(&file, "kept").expect("a file");
    let error = server().bind_unix(&file).await.expect_err("no socket");
    assert!(matches!(error, ServeError::Socket { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "kept");
}

/// A listener that first fails with the given errors. The first `silent` handshakes never end.
struct Troubled {
    inner: TcpListener,
    failures: VecDeque<i32>,
    silent: usize,
}

impl Listener for Troubled {
    type Stream = TcpStream;
    type Handshake = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

    async fn accept(&mut self) -> io::Result<(Self::Handshake, Peer)> {
        if let Some(failure) = self.failures.pop_front() {
            return Err(io::Error::from_raw_os_error(failure));
        }
        let (stream, address) = self.inner.accept().await?;
        let handshake: Self::Handshake = if self.silent > 0 {
            self.silent -= 1;
            Box::pin(async move {
                let _held = stream;
                pending().await
            })
        } else {
            Box::pin(ready(Ok(stream)) as Ready<_>)
        };
        Ok((handshake, address.into()))
    }
}

async fn troubled(failures: &[i32], silent: usize, server: Server) -> (Served, SocketAddr) {
    let inner = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = inner.local_addr().expect("bound");
    let listener = Troubled { inner, failures: failures.iter().copied().collect(), silent };
    (Served::listening(server.listen(listener)), address)
}

#[tokio::test]
async fn a_listener_that_fails_to_accept_is_retried() {
    const EMFILE: i32 = 24;
    const ECONNABORTED: i32 = 103;
    let (served, address) = troubled(&[EMFILE, ECONNABORTED, EMFILE, EMFILE, ECONNABORTED], 0, server()).await;
    works(address).await;
    served.end().await;
}

#[tokio::test]
async fn an_endless_handshake_is_cut_off_and_delays_nobody() {
    let (served, address) = troubled(&[], 1, server().header_timeout(SHORT)).await;
    let mut silent = Client(TcpStream::connect(address).await.expect("it listens"));
    let clock = Clock::start();
    works(address).await;
    assert!(silent.until_closed().await.is_empty());
    clock.at_least(SHORT / 2);
    served.end().await;
}

#[tokio::test]
async fn a_handshake_does_not_delay_the_shutdown() {
    let (served, address) = troubled(&[], 1, server().header_timeout(LONG)).await;
    let _silent = TcpStream::connect(address).await.expect("it listens");
    works(address).await;
    served.end().await;
}

/// A listener that reports a made-up peer for each connection.
struct Elsewhere {
    inner: TcpListener,
    peers: VecDeque<Peer>,
}

impl Listener for Elsewhere {
    type Stream = TcpStream;
    type Handshake = Ready<io::Result<TcpStream>>;

    async fn accept(&mut self) -> io::Result<(Self::Handshake, Peer)> {
        let (stream, _) = self.inner.accept().await?;
        Ok((ready(Ok(stream)), self.peers.pop_front().expect("as many as connect")))
    }
}

/// Returns the status that a client at each address gets. Each connection stays open while the
/// later ones are made.
async fn statuses(server: Server, peers: &[&str]) -> Vec<String> {
    let inner = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = inner.local_addr().expect("bound");
    let parse = |text: &&str| Peer::Address(text.parse().expect("an address"));
    let served = Served::listening(server.listen(Elsewhere { inner, peers: peers.iter().map(parse).collect() }));
    let (mut open, mut statuses) = (Vec::new(), Vec::new());
    for _ in peers {
        let mut client = Client(TcpStream::connect(address).await.expect("it listens"));
        client.get("/").await;
        statuses.push(client.reply().await[9..12].to_owned());
        open.push(client);
    }
    drop(open);
    served.end().await;
    statuses
}

#[tokio::test]
async fn a_public_address_gets_at_most_half_of_the_connections() {
    let (one, same_network) = ("[2001:db8::1]:1", "[2001:db8::2]:1");
    let peers = [one, same_network, one, "203.0.113.7:1", "[::ffff:203.0.113.7]:1", "198.51.100.1:1"];
    let statuses = statuses(server().max_connections(4), &peers).await;
    assert_eq!(statuses, ["200", "200", "503", "200", "200", "503"]);
}

#[tokio::test]
async fn shared_addresses_can_use_all_connections() {
    for peer in ["127.0.0.1:1", "10.1.2.3:1", "[::1]:1", "[fd00::1]:1"] {
        assert_eq!(statuses(server().max_connections(3), &[peer; 3]).await, ["200"; 3], "{peer}");
    }
    let app = || App::new(()).development(false).trusted_proxies(["203.0.113.0/24"]);
    for app in [app(), app().layer(tower_layer::Identity::new())] {
        let server = Server::new(app.into_service().expect("it starts")).max_connections(3);
        assert_eq!(statuses(server, &["203.0.113.7:1"; 3]).await, ["404"; 3]);
    }
}

/// A layer may spawn a task, and `block_on(app.serve(…))` makes the future outside the runtime.
#[test]
fn an_application_is_not_built_before_serve_is_awaited() {
    let layer = layer_fn(|inner: BoxedService| {
        tokio::spawn(async {});
        inner
    });
    drop(App::new(()).layer(layer).serve("127.0.0.1:0"));
}
