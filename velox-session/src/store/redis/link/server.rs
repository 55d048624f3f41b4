//! A server: where it is, and the connections to it.

use std::fmt;

use futures_util::future::select_ok;
use redis::aio::MultiplexedConnection;
use redis::cluster::NodeAddress;
use redis::sentinel::{Sentinel, SentinelNodeConnectionInfo};
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, RedisResult, TlsMode, Value};
use tokio::time::Instant;

use super::connection::Connection;
use super::error::LinkError;
use super::request::Request;

/// A server: a connection for all that is sent to it, and one beside for writes that wait for replicas.
///
/// While a connection waits, Redis carries out nothing that comes behind on it: reads would wait for replicas, too.
pub(super) struct Server {
    client: Client,
    /// Who is asked for the present address, if somebody is. The host of the client is the name of a master then.
    sentinels: Vec<ConnectionInfo>,
    connection: Connection,
    waiting: Connection,
}

impl Server {
    /// The server at an address, or the master whose name stands in place of a host, wherever these sentinels say that it is. Does not
    /// connect.
    pub(super) fn new(info: ConnectionInfo, sentinels: Vec<ConnectionInfo>) -> Result<Self, LinkError> {
        #[cfg(feature = "redis-tls")]
        provide_tls();
        let client = Client::open(info).map_err(LinkError::Misconfigured)?;
        Ok(Self { client, sentinels, connection: Connection::default(), waiting: Connection::default() })
    }

    /// Sends a command.
    pub(super) async fn send(&self, request: Request<'_>, until: Instant) -> Result<Value, LinkError> {
        let connection = if request.replicas.is_some() { &self.waiting } else { &self.connection };
        connection.send(self.connect(), request, until).await
    }

    /// Makes a connection. The caller sets a time for it.
    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let client = if self.sentinels.is_empty() { self.client.clone() } else { self.master().await? };
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        client.get_multiplexed_async_connection_with_config(&config).await
    }

    /// Asks for the present master. All sentinels are asked at once, and the first that names one counts: one after the other, a
    /// machine that took master and sentinel along would hold up each attempt.
    async fn master(&self) -> RedisResult<Client> {
        let info = self.client.get_connection_info();
        let settings = SentinelNodeConnectionInfo::default()
            .set_redis_connection_info(info.redis_settings().clone())
            .set_tcp_settings(info.tcp_settings().clone());
        let settings = match info.addr() {
            ConnectionAddr::TcpTls { insecure: false, .. } => settings.set_tls_mode(TlsMode::Secure),
            ConnectionAddr::TcpTls { .. } => settings.set_tls_mode(TlsMode::Insecure),
            _ => settings,
        };
        let name = NodeAddress::try_from(info.addr())?;
        let asked = self.sentinels.iter().map(async |sentinel| {
            Sentinel::build(vec![sentinel.clone()])?.async_master_for(name.host(), Some(&settings)).await
        });
        select_ok(asked.map(Box::pin)).await.map(|(client, _)| client)
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
