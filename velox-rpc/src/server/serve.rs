//! The public face of the server: its settings, the bound listener, and [`App::serve`].

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::{SocketAddr, ToSocketAddrs};
#[cfg(unix)]
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use crate::app::App;
use crate::context::TrustedProxies;
use crate::error::BoxError;
use crate::service::{AppService, Body, BoxedService};

use super::accept;
use super::addresses;
use super::answer::Hosted;
use super::conn::Host;
use super::error::ServeError;
use super::limits::{self, Limits};
use super::listener::{self, Listener};
use super::shutdown::{Shutdown, Signals, Until};
#[cfg(unix)]
use super::unix::UnixSocket;

/// A server and its limits. The defaults are fit for the open internet.
///
/// HTTP/1.1 and HTTP/2 (with prior knowledge) are served on one port. TLS is the business of what stands in front, or of a [`Listener`].
///
/// # Examples
///
/// ```no_run
/// # use velox_rpc::server::{ServeError, Server};
/// # use std::time::Duration;
/// # async fn run(service: velox_rpc::service::AppService) -> Result<(), ServeError> {
/// let bound = Server::new(service)
///     .idle_timeout(Duration::from_secs(20))
///     .max_connections(500)
///     .bind("127.0.0.1:3000")
///     .await?;
/// println!("listening on {}", bound.local_addr());
/// bound.run().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a server does nothing until it is bound and run"]
pub struct Server {
    service: Hosted,
    proxies: Option<Arc<TrustedProxies>>,
    limits: Limits,
    /// The routes that a developer is to see.
    routes: Option<String>,
}

impl Server {
    /// Makes a server with the default limits, for an application or for any tower service over `http` types, such as an
    /// [`axum::Router`](https://docs.rs/axum/latest/axum/struct.Router.html) in which an application is mounted.
    ///
    /// [`Bound::run`] prints the table of routes of an application in [development](App::development). If the application is mounted in
    /// another service, the server does not know of it: print its [`manifest`](AppService::manifest).
    ///
    /// The service finds the [`Peer`](crate::context::Peer) in the extensions of each request. A panic in it is a 500.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::convert::Infallible;
    ///
    /// use velox_rpc::http::{Request, Response};
    /// use velox_rpc::server::{ServeError, Server};
    /// use velox_rpc::service::Body;
    ///
    /// # async fn run() -> Result<(), ServeError> {
    /// let hello = tower::service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::from("hello"))));
    /// Server::new(hello).bind("127.0.0.1:3000").await?.run().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<Infallible>,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let app = (&service as &dyn Any).downcast_ref::<AppService>().cloned().map(AppService::into_parts);
        let proxies = app.as_ref().and_then(|(app, _)| app.edge.proxies.clone());
        let routes = app.as_ref().filter(|(app, _)| app.development).map(|(app, _)| app.manifest.to_string());
        let service = match app {
            Some((app, None)) => Hosted::App(app),
            Some((_, Some(layered))) => Hosted::Boxed(layered),
            None => Hosted::Boxed(BoxedService::new(service)),
        };
        Self { service, proxies, limits: Limits::default(), routes }
    }

    /// Listens on all of the addresses: `localhost:3000` is as a rule one of IPv4 and one of IPv6. Port 0 takes any free port, the same
    /// for all.
    ///
    /// An address that this machine does not have is left out, as long as there is another: a name may have an address of IPv6 where IPv6 is
    /// off.
    ///
    /// # Errors
    ///
    /// If the address is none, or one of its addresses cannot be listened on.
    pub async fn bind(self, address: impl ToSocketAddrs) -> Result<Bound, ServeError> {
        let addresses = address.to_socket_addrs().map_err(|error| ServeError::Address { error })?;
        let (listeners, addresses) = addresses::bind(addresses.collect()).await?;
        Ok(Bound { listening: self.listen(listeners), addresses })
    }

    /// Takes connections from a listener: a `TcpListener` that was bound elsewhere, one of another kind, or one of your own.
    ///
    /// # Examples
    ///
    /// A socket that a service manager has opened, as systemd does by socket activation, comes as one of std:
    ///
    /// ```
    /// # use velox_rpc::server::Server;
    /// # async fn run(service: velox_rpc::service::AppService) -> Result<(), Box<dyn std::error::Error>> {
    /// # let handed_over = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// handed_over.set_nonblocking(true)?;
    /// let listener = tokio::net::TcpListener::from_std(handed_over)?;
    /// let server = Server::new(service).listen(listener);
    /// # server.run_until(async {}).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn listen(self, listener: impl Listener) -> Listening {
        Listening { server: self, listener: Box::new(listener) }
    }

    /// Listens on a Unix socket at a path. A socket file on which nobody listens, such as a crash leaves behind, is replaced. The file is
    /// removed when the server has stopped accepting.
    ///
    /// Who may connect is decided by the permissions of the folder and by the umask of the process. Requests have
    /// [`Peer::Unix`](crate::context::Peer::Unix) for their peer.
    ///
    /// # Errors
    ///
    /// If somebody listens on the path, something else than a socket is there, or it cannot be written.
    #[cfg(unix)]
    pub async fn bind_unix(self, path: impl Into<PathBuf>) -> Result<Listening, ServeError> {
        let path = path.into();
        match UnixSocket::bind(&path).await {
            Ok(socket) => Ok(self.listen(socket)),
            Err(error) => Err(ServeError::Socket { path, error }),
        }
    }

    fn host(self) -> Host {
        Host::new(self.service, self.limits, self.proxies)
    }

    /// Shows a developer what there is to call. Not by `tracing`: a newcomer has not set that up yet.
    #[expect(clippy::print_stderr, reason = "development only, and switched off by `App::development(false)`")]
    fn show_routes(&self, address: Option<SocketAddr>) {
        let Some(routes) = &self.routes else { return };
        match address {
            Some(address) => eprintln!("{routes}listening on http://{address}"),
            None => eprint!("{routes}"),
        }
    }

    /// How long a client may take to send the head of a request, counted from the connection for the first, and from its first byte
    /// for the others. 10 s unless set. Above it, the connection is closed.
    ///
    /// HTTP/2 clients are found by pings, which they cannot answer in the middle of a head: their later heads may take twice as long.
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.limits.header = limits::duration(timeout);
        self
    }

    /// How long a client may take to send the whole of a request's body, counted from when the body is first waited for. 30 s unless
    /// set. Above it, the request is answered with 408 and the connection is closed.
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.limits.body = limits::duration(timeout);
        self
    }

    /// How long a client that reads slowly may take for each 64 KiB of a reply, and for what is left at its end. 30 s unless set.
    /// Above it, the connection is closed (HTTP/2: or the stream is reset, if only that is not read).
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.limits.write = limits::duration(timeout);
        self
    }

    /// How long a connection may stay open without a request. 66 s unless set. It is closed at most an eighth of that later. Once seven
    /// eighths of the [connections](Self::max_connections) are taken, it is closed after one to two eighths of that, to make room for others.
    ///
    /// Behind a load balancer it has to be longer than the balancer keeps a connection, which is 60 s as a rule. Else the balancer sends a
    /// request on a connection that is just being closed, and answers 502.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.limits.idle = limits::duration(timeout);
        self
    }

    /// How long requests in flight may take to finish after the server was told to stop. 10 s unless set. Above it, they are cut off.
    pub fn shutdown_deadline(mut self, deadline: Duration) -> Self {
        self.limits.shutdown = limits::duration(deadline);
        self
    }

    /// How many connections are open at a time. 10 000 unless set. Above it, a connection is answered with 503 and `Retry-After`,
    /// and closed; those that are open are served as before.
    ///
    /// One public address (of IPv6, one /64 network) has half of them at most, so that no single client can keep all others out. Addresses of
    /// this machine, of private networks and of [trusted proxies](App::trusted_proxies) may have all.
    ///
    /// Where the limit of open files does not allow so many (`ulimit -n`, often 1,024), there are fewer, and the log says so when the server
    /// starts: an eighth of the files, and 32 at least, is kept for everything else, such as connections to a store.
    pub fn max_connections(mut self, count: usize) -> Self {
        self.limits.connections = count;
        self
    }

    /// How many fields the head of a request may have. 100 unless set; above it, the answer is 431. Any other number than 100 costs
    /// an allocation a request.
    pub fn max_headers(mut self, count: usize) -> Self {
        self.limits.headers = count;
        self
    }

    /// How many bytes the head of a request may have, at least 8 KiB. 64 KiB unless set. Above it, the answer is 431.
    pub fn max_header_bytes(mut self, bytes: usize) -> Self {
        self.limits.header_bytes = limits::header_bytes(bytes);
        self
    }
}

/// A server that listens on addresses. Clients can connect; they are served once it runs.
#[derive(Debug)]
#[must_use = "clients that connect wait until the server runs"]
pub struct Bound {
    listening: Listening,
    addresses: Vec<SocketAddr>,
}

impl Bound {
    /// Where it listens: with the port that was chosen, if it was left open. The first address, if there are several.
    pub fn local_addr(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// All addresses on which it listens.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Serves until SIGTERM or Ctrl-C, then finishes the requests in flight. A second signal ends the wait for them.
    ///
    /// In development it prints the table of routes first.
    ///
    /// # Errors
    ///
    /// If the signals cannot be listened for.
    pub async fn run(self) -> Result<Shutdown, ServeError> {
        let signals = signals()?;
        self.listening.server.show_routes(Some(self.local_addr()));
        for address in &self.addresses {
            tracing::info!(%address, "listening");
        }
        Ok(self.listening.until_signalled(signals).await)
    }

    /// Serves until `stop` ends, then finishes the requests in flight.
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_rpc::server::{Server, ServeError};
    /// # async fn run(service: velox_rpc::service::AppService) -> Result<(), ServeError> {
    /// let bound = Server::new(service).bind("127.0.0.1:0").await?;
    /// let shutdown = bound.run_until(async { /* wait for something */ }).await;
    /// assert_eq!(shutdown.cut, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// To drop this future closes the listener and all connections at once. Mutations that have begun go on while there is a runtime.
    pub async fn run_until(self, stop: impl Future<Output: Send> + Send) -> Shutdown {
        self.listening.run_until(stop).await
    }
}

/// A server that listens on anything: what [`Server::listen`] gives. Clients can connect; they are served once it runs.
#[must_use = "clients that connect wait until the server runs"]
pub struct Listening {
    server: Server,
    listener: listener::Listening,
}

impl Listening {
    /// Serves until SIGTERM or Ctrl-C, as [`Bound::run`] does.
    ///
    /// # Errors
    ///
    /// If the signals cannot be listened for.
    pub async fn run(self) -> Result<Shutdown, ServeError> {
        let signals = signals()?;
        self.server.show_routes(None);
        Ok(self.until_signalled(signals).await)
    }

    /// Serves until `stop` ends, as [`Bound::run_until`] does.
    pub async fn run_until(self, stop: impl Future<Output: Send> + Send) -> Shutdown {
        accept::serve(self.listener, self.server.host(), Until(pin!(stop))).await
    }

    /// A box, and no `async fn`: the body of one is compiled where it is awaited, and with it the whole of hyper, in each
    /// application anew.
    fn until_signalled(self, signals: Signals) -> Pin<Box<dyn Future<Output = Shutdown> + Send>> {
        Box::pin(accept::serve(self.listener, self.server.host(), signals))
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listening").field("server", &self.server).finish_non_exhaustive()
    }
}

fn signals() -> Result<Signals, ServeError> {
    Signals::listen().map_err(|error| ServeError::Signals { error })
}

impl<S: Send + Sync + 'static> App<S> {
    /// Serves with the default limits until SIGTERM or Ctrl-C, then finishes the requests in flight. For other limits, see
    /// [`Server`]. In development it prints the table of routes first.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use velox_rpc::server::ServeError;
    /// # use velox_rpc::App;
    /// # async fn run() -> Result<(), ServeError> {
    /// App::new(()).serve("127.0.0.1:3000").await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the router has mistakes, or the address cannot be listened on.
    pub async fn serve(self, address: impl ToSocketAddrs) -> Result<(), ServeError> {
        Server::new(self.into_service()?).bind(address).await?.run().await?;
        Ok(())
    }
}
