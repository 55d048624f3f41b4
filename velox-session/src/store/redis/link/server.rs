//! A server: where it is, and the connections to it.

use std::fmt;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, RedisResult, Value};
use tokio::time::Instant;

use super::LinkError;
use super::connection::Connection;
use super::request::Request;

/// A server: a connection for all that is sent to it, and one beside for writes that wait for replicas.
///
/// While a connection waits, Redis carries out nothing that comes behind on it: reads would wait for replicas, too.
pub(super) struct Server {
    client: Client,
    connection: Connection,
    waiting: Connection,
}

impl Server {
    /// The server at an address. Does not connect.
    pub(super) fn new(info: ConnectionInfo) -> Result<Self, LinkError> {
        #[cfg(feature = "redis-tls")]
        provide_tls();
        let client = Client::open(info).map_err(LinkError::Misconfigured)?;
        Ok(Self { client, connection: Connection::default(), waiting: Connection::default() })
    }

    /// Sends a command.
    pub(super) async fn send(&self, request: Request<'_>, until: Instant) -> Result<Value, LinkError> {
        let connection = if request.replicas.is_some() { &self.waiting } else { &self.connection };
        connection.send(self, request, until).await
    }

    /// Makes a connection. The caller sets a time for it.
    pub(super) async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.get_connection_info().addr().fmt(f)
    }
}

/// Lets rustls use ring, unless the application has chosen: otherwise it panics where several providers are built in.
#[cfg(feature = "redis-tls")]
fn provide_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error says that somebody else chose meanwhile.
        rustls::crypto::ring::default_provider().install_default().ok();
    }
}
