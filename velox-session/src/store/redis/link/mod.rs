//! The connection to Redis: it sends a command and returns the answer or a typed error within the
//! deadline.
//!
//! It guarantees the following. Nothing connects before the first command. Everybody shares one
//! connection to each server, plus a second one for writes that wait for replicas. A connection
//! that broke, fell silent or leads to a demoted master is replaced, at most once a second if the
//! server may be at fault. After a server could not be reached, the next attempt is made after a
//! pause, and commands fail at once until then. A command that may have been carried out is
//! repeated only if that is harmless.
//!
//! The `redis` crate has a connection manager and a cluster client. This module uses neither. The
//! manager does not replace a connection that fell silent. The cluster client follows a moved slot
//! only if it may also repeat a write whose reply was lost.

mod cluster;
mod connection;
mod error;
mod request;
mod server;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::cluster::NodeAddress;
use redis::io::tcp::{TcpSettings, socket2};
use redis::{
    Cmd, ConnectionInfo, ErrorKind, FromRedisValue, IntoConnectionInfo, RedisError, ToRedisArgs, Value,
    from_redis_value,
};
use tokio::time::Instant;

use self::cluster::Cluster;
pub(super) use self::error::LinkError;
use self::request::Request;
pub(super) use self::request::{Effect, Replicas, Script};
use self::server::Server;

/// A connection to Redis. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Link {
    route: Route,
    deadline: Duration,
    /// The number of replicas that must have a write before it counts.
    replicas: Option<Replicas>,
}

#[derive(Clone)]
enum Route {
    Single(Arc<Server>),
    Cluster(Arc<Cluster>),
    /// Returns a clone of a connection that was made elsewhere.
    Own(Arc<dyn Fn() -> Box<dyn ConnectionLike + Send> + Send + Sync>),
}

impl Link {
    /// Returns a link to one server, or to a name that resolves to the present master. It does not
    /// connect.
    pub(super) fn single(target: impl IntoConnectionInfo) -> Result<Self, LinkError> {
        let server = Server::new(connection_info(target)?, Vec::new())?;
        Ok(Self::over(Route::Single(Arc::new(server))))
    }

    /// Returns a link to the master that these sentinels know under the name that is given as its
    /// host. It does not connect.
    pub(super) fn sentinel(
        targets: impl IntoIterator<Item = impl IntoConnectionInfo>,
        master: impl IntoConnectionInfo,
    ) -> Result<Self, LinkError> {
        let master = connection_info(master)?;
        NodeAddress::try_from(master.addr()).map_err(LinkError::Misconfigured)?;
        let server = Server::new(master, connection_infos(targets)?)?;
        Ok(Self::over(Route::Single(Arc::new(server))))
    }

    /// Returns a link to a cluster that contains these nodes. It does not connect.
    pub(super) fn cluster(targets: impl IntoIterator<Item = impl IntoConnectionInfo>) -> Result<Self, LinkError> {
        let cluster = Cluster::new(&connection_infos(targets)?)?;
        Ok(Self::over(Route::Cluster(Arc::new(cluster))))
    }

    /// Returns a link over a connection that was made elsewhere and is maintained there. This link
    /// only adds the deadline.
    pub(super) fn own(connection: impl ConnectionLike + Clone + Send + Sync + 'static) -> Self {
        Self::over(Route::Own(Arc::new(move || Box::new(connection.clone()))))
    }

    fn over(route: Route) -> Self {
        Self { route, deadline: DEADLINE, replicas: None }
    }

    /// Sets the deadline of each command, including connecting.
    pub(super) fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Returns the same link for commands that count only once replicas have them.
    pub(super) fn with_replicas(self, replicas: Option<Replicas>) -> Self {
        Self { replicas, ..self }
    }

    /// Returns whether one server has all keys, so that a script may use several. For a connection
    /// that was made elsewhere nobody knows this.
    pub(super) fn is_one_server(&self) -> bool {
        matches!(self.route, Route::Single(_))
    }

    /// Runs a script on keys that are in one slot of a cluster. The text of the script is sent only
    /// if the server does not know it.
    pub(super) async fn eval<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[&[u8]],
        args: impl ToRedisArgs,
        effect: Effect,
    ) -> Result<T, LinkError> {
        let until = Instant::now() + self.deadline;
        let key = keys.first().copied().unwrap_or_default();
        let answer = match self.send(&script.command(true, keys, &args), key, effect, until).await {
            Err(LinkError::Refused(error)) if error.code() == Some("NOSCRIPT") => {
                self.send(&script.command(false, keys, &args), key, effect, until).await
            }
            answer => answer,
        };
        from_redis_value(answer?).map_err(|_| LinkError::Unexpected)
    }

    /// Sends a command. The key decides which node of a cluster gets it.
    pub(super) async fn call<T: FromRedisValue>(&self, cmd: &Cmd, key: &[u8], effect: Effect) -> Result<T, LinkError> {
        let answer = self.send(cmd, key, effect, Instant::now() + self.deadline).await?;
        from_redis_value(answer).map_err(|_| LinkError::Unexpected)
    }

    /// Sends a command, and repeats it if the connection broke and repeating is harmless.
    async fn send(&self, cmd: &Cmd, key: &[u8], effect: Effect, until: Instant) -> Result<Value, LinkError> {
        let request = Request { cmd, effect, asking: false, replicas: self.replicas };
        let send = async || match &self.route {
            Route::Single(server) => server.send(request, until).await,
            Route::Cluster(cluster) => cluster.send(request, key, until).await,
            Route::Own(connection) => request.send(&mut *connection(), until).await,
        };
        match send().await {
            Err(LinkError::Broken(_)) if effect == Effect::Idempotent => send().await,
            answer => answer,
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(server) => server.fmt(f),
            Self::Cluster(cluster) => cluster.fmt(f),
            Self::Own(_) => f.write_str("Own(..)"),
        }
    }
}

fn connection_infos(
    targets: impl IntoIterator<Item = impl IntoConnectionInfo>,
) -> Result<Vec<ConnectionInfo>, LinkError> {
    let infos = targets.into_iter().map(connection_info).collect::<Result<Vec<_>, _>>()?;
    let nobody = || LinkError::Misconfigured(RedisError::from((ErrorKind::InvalidClientConfig, "no address")));
    if infos.is_empty() { Err(nobody()) } else { Ok(infos) }
}

/// Reads a target, and turns on TCP keepalive. The system then gives up half-open connections, and
/// the next command reconnects.
fn connection_info(target: impl IntoConnectionInfo) -> Result<ConnectionInfo, LinkError> {
    let info = target.into_connection_info().map_err(LinkError::Misconfigured)?;
    let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 3).with_retries(3);
    Ok(info.set_tcp_settings(TcpSettings::default().set_nodelay(true).set_keepalive(keepalive)))
}

const DEADLINE: Duration = Duration::from_secs(1);
const KEEPALIVE: Duration = Duration::from_secs(10);
