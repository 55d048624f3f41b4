//! The other end of a connection.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// The other end of the connection that carries a request: the client, or the last proxy before
/// this server.
///
/// velox's own server puts it into the extensions of each request, where layers can find it.
/// Handlers use [`Request::peer`](super::Request::peer). Other servers can set it, too. With the
/// feature `axum`, velox also reads the `ConnectInfo<SocketAddr>` of `axum::serve`. For other
/// servers, use [`App::peer_from`](crate::App::peer_from).
///
/// # Examples
///
/// ```
/// use std::net::SocketAddr;
///
/// use velox_rpc::context::Peer;
/// use velox_rpc::{App, Call, Router, procedure};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), velox_rpc::StartError> {
/// let who = Router::new("who")
///     .procedure("getPeer", procedure::<()>().query(|Call { ctx, .. }| Ok(ctx.request().peer().map(|peer| peer.to_string()))));
/// let app = App::new(()).router(who).into_service()?;
///
/// let address: SocketAddr = "203.0.113.7:51000".parse().unwrap();
/// let request = http::Request::get("/api/who/getPeer").extension(Peer::from(address)).body(String::new()).unwrap();
/// assert_eq!(app.call(request).await.status(), 200);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Peer {
    /// The address of a TCP connection.
    Address(SocketAddr),
    /// A Unix socket, so a process on this machine.
    Unix,
}

impl Peer {
    /// Returns the IP address, or `None` for a Unix socket.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address.ip()),
            Self::Unix => None,
        }
    }
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}
