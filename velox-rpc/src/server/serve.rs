//! The public API of the server: its settings, the bound listener, and [`App::serve`].

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
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
use super::addresses::{self, Address};
use super::answer::Hosted;
use super::conn::Host;
use super::error::ServeError;
use super::limits::{self, Limits};
use super::listener::{AnyListener, Listener};
use super::shutdown::{Shutdown, Signals, Until};
#[cfg(unix)]
use super::unix::UnixSocket;

/// An HTTP server with limits for untrusted clients. The defaults suit the open internet.
///
/// The server speaks HTTP/1.1 and HTTP/2 (with prior knowledge) on one port. It does not speak TLS
/// itself: put a TLS proxy in front of it, or pass a [`Listener`] that does the handshake. It does
/// not upgrade connections, so it cannot serve WebSockets.
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
    /// The table of routes, printed at start in development.
    routes: Option<String>,
}

impl Server {
    /// Makes a server with the default limits.
    ///
    /// The service is an application, or any tower service over `http` types, such as an
    /// [`axum::Router`](https://docs.rs/axum/latest/axum/struct.Router.html) that an application is
    /// mounted in.
    ///
    /// In [development](App::development), [`Bound::run`] prints the application's table of routes.
    /// The server cannot see an application that is mounted in another service. In that case, print
    /// its [`manifest`](AppService::manifest) yourself.
    ///
    /// The service finds the [`Peer`](crate::context::Peer) in the extensions of each request. If
    /// the service panics, the server answers 500.
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

    /// Binds every address that `address` resolves to. `localhost:3000` usually resolves to one
    /// IPv4 and one IPv6 address. With port 0, the server picks one free port and uses it for all
    /// of them.
    ///
    /// An address that this machine does not have is skipped if at least one other can be bound.
    /// For example, a name may have an IPv6 address on a machine without IPv6.
    ///
    /// # Errors
    ///
    /// Returns an error if the address cannot be parsed or resolved, if one of the addresses is
    /// taken or not permitted, or if this machine has none of them.
    // Returns a box instead of being an `async fn`, whose future has a type with the type of the
    // address. The compiler reports an address of a wrong type once more for each such future.
    pub fn bind(self, address: impl Address) -> Pin<Box<dyn Future<Output = Result<Bound, ServeError>> + Send>> {
        let addresses = addresses::resolve(address);
        Box::pin(async { self.bind_to(addresses?).await })
    }

    async fn bind_to(self, addresses: Vec<SocketAddr>) -> Result<Bound, ServeError> {
        let (listeners, addresses) = addresses::bind(addresses).await?;
        Ok(Bound { listening: self.listen(listeners), addresses })
    }

    /// Serves connections from a listener: a `TcpListener` that you bound yourself, another of
    /// tokio's listeners, or your own [`Listener`].
    ///
    /// # Examples
    ///
    /// A service manager such as systemd can pass an open socket to the process (socket
    /// activation). It arrives as a listener of std:
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

    /// Listens on a Unix socket at a path. If a socket file exists but nobody listens on it, for
    /// example after a crash, it is replaced. The server removes the file when it stops accepting
    /// connections.
    ///
    /// The permissions of the directory and the umask of the process decide who may connect. The
    /// peer of each request is [`Peer::Unix`](crate::context::Peer::Unix).
    ///
    /// # Errors
    ///
    /// Returns an error if another process listens on the path, if the path exists and is not a
    /// socket, or if the socket cannot be created.
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

    /// Reports where the server listens: in the log, or in development on stderr, below the table
    /// of routes. On stderr a newcomer sees it even if no subscriber shows the log.
    #[expect(clippy::print_stderr, reason = "development only, and switched off by `App::development(false)`")]
    fn announce(&self, addresses: &[SocketAddr]) {
        match &self.routes {
            Some(routes) => {
                let first = addresses.first().map(|address| format!("listening on http://{address}\n"));
                eprint!("{routes}{}", first.unwrap_or_default());
            }
            None => addresses.iter().for_each(|address| tracing::info!("listening on http://{address}")),
        }
    }

    /// Sets how long a client may take to send the head of a request. The default is 10 seconds.
    /// The server closes connections that take longer.
    ///
    /// The time for the first head includes setting up the connection. The time for later heads
    /// starts at their first byte.
    ///
    /// On HTTP/2, the server detects slow later heads with pings, which a client cannot answer in
    /// the middle of a head. These heads may take up to twice as long.
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.limits.header = limits::duration(timeout);
        self
    }

    /// Sets how long a client may take to send the whole body of a request. The default is 30
    /// seconds. The time starts when the server first waits for the body.
    ///
    /// If the body takes longer, the server answers 408. On HTTP/1 it then closes the connection.
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.limits.body = limits::duration(timeout);
        self
    }

    /// Sets how long a service may take to return the head of its reply. The default is 60 seconds;
    /// `Duration::MAX` means no limit. The server then answers 503.
    ///
    /// After the timeout, the server drops the service's future if the method is `GET`, `HEAD` or
    /// `OPTIONS`. With any other method the future keeps running, as it does when the client
    /// disconnects. It counts against the limits of its connection and of the server until it ends,
    /// and a server that shuts down waits for it.
    ///
    /// The time spent waiting for the request body does not count, nor does the body of the reply,
    /// so that streams are not cut off.
    ///
    /// An application has its own timeout: [`App::handler_timeout`]. If it is mounted in another
    /// service, this timeout holds until the request reaches the application, and for everything
    /// that the other service answers by itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use std::time::Duration;
    ///
    /// use velox_rpc::Server;
    /// use velox_rpc::http::{Request, Response};
    /// use velox_rpc::service::Body;
    ///
    /// let hello = tower::service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::from("hello"))));
    /// let server = Server::new(hello).handler_timeout(Duration::from_secs(20));
    /// # let _ = server;
    /// ```
    pub fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.limits.handler = limits::duration(timeout);
        self
    }

    /// Sets how long a client may take to read each 64 KiB of a reply, and the part that is left at
    /// its end. The default is 30 seconds.
    ///
    /// The server closes the connection of a client that reads more slowly. On HTTP/2, it only
    /// resets the stream if the client still reads the others. A client that does can leave up to
    /// 64 KiB at the end of each of the 100 streams unread.
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.limits.write = limits::duration(timeout);
        self
    }

    /// Sets how long a connection may stay open without a request. The default is 66 seconds.
    ///
    /// The server closes the connection up to one eighth later than that. When seven eighths of the
    /// [connections](Self::max_connections) are taken, it closes idle connections earlier, after
    /// one to two eighths of the time, to make room for others.
    ///
    /// Behind a load balancer, set this longer than the balancer's own idle timeout, which is
    /// usually 60 seconds. Otherwise the balancer may send a request on a connection that the
    /// server is closing, and answer 502.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.limits.idle = limits::duration(timeout);
        self
    }

    /// Sets how long the server continues to accept connections after it was told to stop. The
    /// default is zero.
    ///
    /// During this time the server works as before, but its [readiness
    /// check](crate::service::Health) answers 503, so that a load balancer stops sending clients to
    /// it. Set it a little longer than the load balancer takes to notice, which is a few seconds in
    /// Kubernetes. A second signal ends the time, and a third aborts the requests.
    pub fn shutdown_delay(mut self, delay: Duration) -> Self {
        self.limits.delay = delay.min(limits::LONGEST);
        self
    }

    /// Sets how long requests in flight may take to finish after the server has closed its
    /// listener. The default is 10 seconds. The server then aborts those that are left.
    pub fn shutdown_deadline(mut self, deadline: Duration) -> Self {
        self.limits.shutdown = limits::duration(deadline);
        self
    }

    /// Sets how many connections may be open at a time. The default is 10 000. The server answers
    /// further connections with 503 and `Retry-After` and closes them. If too many arrive at once
    /// to be answered, it closes them without an answer.
    ///
    /// One public IPv4 address or IPv6 /64 network may hold at most half of the connections, so
    /// that no single client can keep out all others. This does not apply to loopback and private
    /// addresses or to [trusted proxies](App::trusted_proxies). The server knows the trusted
    /// proxies only if it serves the application itself: if it serves another service, such as an
    /// axum router with the application in it, a proxy with a public address counts like any
    /// client.
    ///
    /// The limit of open files (`ulimit -n`, often 1,024) may allow fewer connections. The server
    /// then logs the lower number at start. It reserves one eighth of the files, and at least 32,
    /// for everything else, such as connections to a store.
    pub fn max_connections(mut self, count: usize) -> Self {
        self.limits.connections = count;
        self
    }

    /// Sets how many header fields a request may have. The default is 100. The server answers
    /// requests with more with 431. Any number other than 100 costs one allocation for each
    /// request.
    pub fn max_headers(mut self, count: usize) -> Self {
        self.limits.headers = count;
        self
    }

    /// Sets how many bytes the head of a request may have, from 8 KiB to 16 MiB. The default is 64
    /// KiB. The server answers larger heads with 431.
    pub fn max_header_bytes(mut self, bytes: usize) -> Self {
        self.limits.header_bytes = limits::header_bytes(bytes);
        self
    }
}

/// A server that is bound to its addresses. Clients can connect, and wait until it runs.
#[derive(Debug)]
#[must_use = "clients that connect wait until the server runs"]
pub struct Bound {
    listening: Listening,
    addresses: Vec<SocketAddr>,
}

impl Bound {
    /// Returns the first address that the server listens on. If you asked for port 0, it has the
    /// port that was chosen.
    pub fn local_addr(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Returns all addresses that the server listens on.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Serves until SIGTERM or Ctrl-C, then finishes the requests in flight. A second signal aborts
    /// them, or ends the [delay](Server::shutdown_delay) if there is one.
    ///
    /// In development it first prints the table of routes and the address to stderr. Otherwise it
    /// logs the addresses.
    ///
    /// # Errors
    ///
    /// Returns an error if the signal handlers cannot be installed.
    pub async fn run(self) -> Result<Shutdown, ServeError> {
        let signals = signals()?;
        self.listening.server.announce(&self.addresses);
        Ok(self.listening.until_signalled(signals).await)
    }

    /// Serves until the future `stop` completes, then finishes the requests in flight.
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
    /// If you drop this future, the listener and all connections close at once. Mutations that have
    /// begun continue for as long as the runtime does.
    pub async fn run_until(self, stop: impl Future<Output: Send> + Send) -> Shutdown {
        self.listening.run_until(stop).await
    }
}

/// A server with a listener of any kind, made by [`Server::listen`]. Clients can connect, and wait
/// until it runs.
#[must_use = "clients that connect wait until the server runs"]
pub struct Listening {
    server: Server,
    listener: AnyListener,
}

impl Listening {
    /// Serves until SIGTERM or Ctrl-C, like [`Bound::run`].
    ///
    /// # Errors
    ///
    /// Returns an error if the signal handlers cannot be installed.
    pub async fn run(self) -> Result<Shutdown, ServeError> {
        let signals = signals()?;
        self.server.announce(&[]);
        Ok(self.until_signalled(signals).await)
    }

    /// Serves until the future `stop` completes, like [`Bound::run_until`].
    pub async fn run_until(self, stop: impl Future<Output: Send> + Send) -> Shutdown {
        accept::serve(self.listener, self.server.host(), Until(Some(pin!(stop)))).await
    }

    /// Returns a box instead of being an `async fn`. Each application would compile the body of an
    /// `async fn` again where it awaits it, and with it all of hyper.
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

impl<S: 'static> App<S> {
    /// Serves with the default limits until SIGTERM or Ctrl-C, then finishes the requests in
    /// flight. To set other limits, use [`Server`]. In development it first prints the table of
    /// routes.
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
    /// Returns an error if the router or the configuration has mistakes, if the address cannot be
    /// listened on, or if the signal handlers cannot be installed.
    pub fn serve(self, address: impl Address) -> Pin<Box<dyn Future<Output = Result<(), ServeError>> + Send>> {
        let addresses = addresses::resolve(address);
        Box::pin(async {
            // A layer may need the runtime, which is there only now.
            Server::new(self.into_service()?).bind_to(addresses?).await?.run().await?;
            Ok(())
        })
    }
}
