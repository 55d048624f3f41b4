//! A server: its address, and the connections to it.

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

/// A server with one connection for all commands, and a second one for writes that wait for
/// replicas.
///
/// While a connection waits, Redis carries out no other command on it. On a single connection,
/// reads would wait for replicas, too.
pub(super) struct Server {
    client: Client,
    /// The sentinels that know the present address, if any. The host of the client is then the name
    /// of a master.
    sentinels: Vec<ConnectionInfo>,
    connection: Connection,
    waiting: Connection,
}

impl Server {
    /// Returns the server at an address, or the master whose name is given as the host, wherever
    /// these sentinels locate it. It does not connect.
    pub(super) fn new(info: ConnectionInfo, sentinels: Vec<ConnectionInfo>) -> Result<Self, LinkError> {
        #[cfg(feature = "redis-tls")]
        provide_tls();
        let client = Client::open(info).map_err(LinkError::Misconfigured)?;
        Ok(Self { client, sentinels, connection: Connection::default(), waiting: Connection::default() })
    }

    pub(super) async fn send(&self, request: Request<'_>, until: Instant) -> Result<Value, LinkError> {
        let connection = if request.replicas.is_some() { &self.waiting } else { &self.connection };
        connection.send(self.connect(), request, until).await
    }

    /// Connects to the server. The caller sets a timeout.
    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let client = if self.sentinels.is_empty() { self.client.clone() } else { self.master().await? };
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        client.get_multiplexed_async_connection_with_config(&config).await
    }

    /// Asks all sentinels for the present master at the same time, and takes the first answer that
    /// names one. Asking one after the other would delay each attempt if a machine with both the
    /// master and a sentinel is down.
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

/// Makes rustls use ring unless the application has chosen a provider. Without a choice, rustls
/// panics if several providers are compiled in.
#[cfg(feature = "redis-tls")]
fn provide_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error means that another thread chose a provider meanwhile.
        rustls::crypto::ring::default_provider().install_default().ok();
    }
}
