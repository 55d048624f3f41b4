//! The connection to Redis: a command goes in, and its answer or a typed error comes out within the deadline.
//!
//! What always holds: nothing connects before the first command; one connection a server, shared by all, and one beside for
//! writes that wait for replicas, if any do; a connection that broke, fell silent or leads to a demoted master is replaced, at most
//! once a second where it may be the server's fault; a server that cannot be reached is asked again after a pause, and fails at
//! once until then; a command that may have been carried out is not sent again unless that is harmless.
//!
//! The crate `redis` has a manager of connections and a client for clusters. Neither is used: the former does not replace a
//! connection that fell silent. The latter follows a slot that moved only if it may also send a write again whose reply was lost.

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

/// A way to Redis. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Link {
    route: Route,
    deadline: Duration,
    /// Who must have what is sent before it counts.
    replicas: Option<Replicas>,
}

#[derive(Clone)]
enum Route {
    Single(Arc<Server>),
    Cluster(Arc<Cluster>),
    /// Gives a clone of a connection that was made elsewhere.
    Own(Arc<dyn Fn() -> Box<dyn ConnectionLike + Send> + Send + Sync>),
}

impl Link {
    /// To one server, or to a name that leads to the present master. Does not connect.
    pub(super) fn single(target: impl IntoConnectionInfo) -> Result<Self, LinkError> {
        let server = Server::new(connection_info(target)?, Vec::new())?;
        Ok(Self::over(Route::Single(Arc::new(server))))
    }

    /// To the master that these sentinels know by the name that stands in place of its host. Does not connect.
    pub(super) fn sentinel(
        targets: impl IntoIterator<Item = impl IntoConnectionInfo>,
        master: impl IntoConnectionInfo,
    ) -> Result<Self, LinkError> {
        let master = connection_info(master)?;
        NodeAddress::try_from(master.addr()).map_err(LinkError::Misconfigured)?;
        let server = Server::new(master, connection_infos(targets)?)?;
        Ok(Self::over(Route::Single(Arc::new(server))))
    }

    /// To a cluster, of which these are some nodes. Does not connect.
    pub(super) fn cluster(targets: impl IntoIterator<Item = impl IntoConnectionInfo>) -> Result<Self, LinkError> {
        let cluster = Cluster::new(&connection_infos(targets)?)?;
        Ok(Self::over(Route::Cluster(Arc::new(cluster))))
    }

    /// A connection that was made elsewhere, and that is looked after there: here it is only given the deadline.
    pub(super) fn own(connection: impl ConnectionLike + Clone + Send + Sync + 'static) -> Self {
        Self::over(Route::Own(Arc::new(move || Box::new(connection.clone()))))
    }

    fn over(route: Route) -> Self {
        Self { route, deadline: DEADLINE, replicas: None }
    }

    /// The link with another deadline for each command, connecting included.
    pub(super) fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same way, for commands that count only once replicas have them.
    pub(super) fn with_replicas(self, replicas: Option<Replicas>) -> Self {
        Self { replicas, ..self }
    }

    /// Whether one server has all keys, so that a script may touch several. Of a connection that was made elsewhere that is not known.
    pub(super) fn is_one_server(&self) -> bool {
        matches!(self.route, Route::Single(_))
    }

    /// Runs a script on some keys, which lie in one slot of a cluster. The server is sent its text once, when it does not know it.
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

    /// Sends a command. The key says which node of a cluster it is for.
    pub(super) async fn call<T: FromRedisValue>(&self, cmd: &Cmd, key: &[u8], effect: Effect) -> Result<T, LinkError> {
        let answer = self.send(cmd, key, effect, Instant::now() + self.deadline).await?;
        from_redis_value(answer).map_err(|_| LinkError::Unexpected)
    }

    /// Sends a command, and once more if the connection broke and that is harmless.
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

/// Reads a target, and sets what notices a link that is half open: the system gives it up, and the next command connects anew.
fn connection_info(target: impl IntoConnectionInfo) -> Result<ConnectionInfo, LinkError> {
    let info = target.into_connection_info().map_err(LinkError::Misconfigured)?;
    let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 3).with_retries(3);
    Ok(info.set_tcp_settings(TcpSettings::default().set_nodelay(true).set_keepalive(keepalive)))
}

const DEADLINE: Duration = Duration::from_secs(1);
const KEEPALIVE: Duration = Duration::from_secs(10);
